//! Tests of the detail's tabs: every kind of exchange on every tab, at the sizes that matter.

use super::fake::{self, BEGAN, Stage};
use crate::exchange::{
    BodyPlace, ConnectionId, Exchange, ExchangeId, Failure, Flags, Kind, Phase, Scheme, Side, State, Timing,
};
use crate::text::{sanitize, width};
use bytes::Bytes;

const SIZES: [(u16, u16); 4] = [(80, 24), (140, 40), (40, 8), (1, 1)];

/// The tabs but Body.
const TABS: [u8; 7] = [1, 2, 3, 5, 6, 7, 8];

/// All tabs of one exchange at a size, under each other.
fn tabs(exchange: &Exchange, columns: u16, lines: u16) -> String {
    let mut stage = Stage::new(columns, lines, vec![exchange.clone()]);
    stage.press("<enter>");
    let mut all = String::new();
    for tab in TABS {
        stage.press(&tab.to_string());
        all.push_str(&stage.screen());
        all.push('\n');
    }
    all
}

fn at_every_size(name: &str, exchange: &Exchange) {
    for (columns, lines) in SIZES {
        insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), tabs(exchange, columns, lines));
    }
}

fn plain() -> Exchange {
    let mut exchange = fake::passed(1);
    exchange.summary.scheme = Scheme::Http;
    (exchange.client_connection, exchange.origin_connection) =
        (ConnectionId(11), Some((ConnectionId(12), true)));
    exchange.timing = Timing {
        request_head: Some(100),
        request_sent: Some(250),
        request_end: Some(250),
        response_head: Some(28_000),
        response_sent: Some(28_100),
        response_end: Some(31_000),
        ..Timing::default()
    };
    exchange
}

fn under_way() -> Exchange {
    let mut exchange = fake::passed(1);
    exchange.summary.started = BEGAN + 600_000_000 - 3_200_000;
    (exchange.summary.state, exchange.summary.status) = (State::Open, None);
    (exchange.summary.duration, exchange.summary.ttfb) = (None, None);
    (exchange.summary.response_bytes, exchange.summary.media_type) = (0, None);
    (exchange.heads.response_received, exchange.heads.response_sent) = (None, None);
    exchange.response_edits.clear();
    exchange.response_body = crate::exchange::Body::default();
    let timing = &mut exchange.timing;
    (timing.response_head, timing.response_sent, timing.response_end) = (None, None, None);
    exchange
}

fn tunnel() -> Exchange {
    let mut exchange = fake::with(1, |summary| {
        "CONNECT".clone_into(&mut summary.method);
        "pinned.app.test".clone_into(&mut summary.host);
        summary.path.clear();
        summary.flags = Flags::TUNNEL;
        summary.media_type = None;
        summary.response_bytes = 38_000;
    });
    (exchange.client_connection, exchange.origin_connection) =
        (ConnectionId(11), Some((ConnectionId(12), false)));
    exchange.heads.request_received = Some(Bytes::from_static(
        b"CONNECT pinned.app.test:443 HTTP/1.1\r\nHost: pinned.app.test:443\r\nUser-Agent: okhttp/4.12.0\r\n\r\n",
    ));
    exchange.heads.response_sent = Some(Bytes::from_static(b"HTTP/1.1 200 Connection Established\r\n\r\n"));
    (exchange.heads.request_sent, exchange.heads.response_received) = (None, None);
    exchange.request_edits.clear();
    exchange.response_edits.clear();
    exchange.timing = Timing {
        request_head: Some(100),
        resolved: Some(600),
        connected: Some(3_000),
        response_sent: Some(3_100),
        ..Timing::default()
    };
    exchange
}

const HOSTILE: &[u8] =
    b"x\x1b[31m\x1b]52;c;aGk=\x07\x9b2J\xe2\x80\xae\xe2\x80\x8b\xcc\x81\xff\x00\x7f\xc2\x9b";

fn hostile() -> Exchange {
    let text = String::from_utf8_lossy(HOSTILE).into_owned();
    let mut exchange = fake::with(1, |summary| {
        for field in [&mut summary.method, &mut summary.host, &mut summary.path, &mut summary.version] {
            field.push_str(&text);
        }
        summary.client.push_str(&text);
        summary.media_type = Some(text.clone());
        summary.failure = Some(Failure {
            side: Side::Origin,
            phase: Phase::Body,
            kind: Kind::Malformed,
            says: text.clone(),
        });
    });
    let head =
        [b"GET /", HOSTILE, b" HTTP/1.1\r\nX-", HOSTILE, b": ", HOSTILE, b"\r\n", HOSTILE, b"\r\n\r\n"]
            .concat();
    let head = Bytes::from(head);
    let heads = &mut exchange.heads;
    for place in [
        &mut heads.request_received,
        &mut heads.request_sent,
        &mut heads.response_received,
        &mut heads.response_sent,
    ] {
        *place = Some(head.clone());
    }
    exchange.response_body.trailers = Some(Bytes::from([b"X-", HOSTILE, b": ", HOSTILE, b"\r\n"].concat()));
    exchange.attempts.push(crate::exchange::Attempt { at: 1, connection: ConnectionId(2), says: text });
    exchange.interim.push(crate::exchange::Interim { at: 1, head, forwarded: true });
    exchange
}

#[test]
fn a_plain_exchange() {
    at_every_size("tabs_plain", &plain());
}

#[test]
fn a_secured_exchange_with_changes_on_both_messages() {
    at_every_size("tabs_secured", &fake::passed(1));
}

#[test]
fn a_failed_exchange() {
    at_every_size("tabs_failed", &fake::failed(1));
}

#[test]
fn an_exchange_under_way() {
    at_every_size("tabs_under_way", &under_way());
}

#[test]
fn a_tunnel() {
    at_every_size("tabs_tunnel", &tunnel());
}

#[test]
fn a_tunnel_whose_hello_was_overheard() {
    let mut exchange = tunnel();
    exchange.client_connection = ConnectionId(fake::OFFERED);
    for (columns, lines) in [(80, 24), (140, 40)] {
        let mut stage = Stage::new(columns, lines, vec![exchange.clone()]);
        stage.press("<enter>6");
        insta::assert_snapshot!(format!("tls_overheard_{columns}x{lines}"), stage.screen());
    }
}

#[test]
fn every_kind_of_failure_says_what_why_and_what_to_do() {
    let mut all = String::new();
    let phases = [
        (Kind::Refused, Phase::Connect, Side::Origin),
        (Kind::Unresolvable, Phase::Resolve, Side::Origin),
        (Kind::TimedOut, Phase::Connect, Side::Origin),
        (Kind::TimedOut, Phase::Wait, Side::Origin),
        (Kind::TimedOut, Phase::Request, Side::Client),
        (Kind::Reset, Phase::Wait, Side::Origin),
        (Kind::Closed, Phase::Body, Side::Origin),
        (Kind::Untrusted, Phase::Tls, Side::Origin),
        (Kind::CertificateRefused, Phase::Tls, Side::Client),
        (Kind::Handshake, Phase::Tls, Side::Origin),
        (Kind::Malformed, Phase::Request, Side::Client),
        (Kind::TooLarge, Phase::Request, Side::Client),
        (Kind::TooMany, Phase::Request, Side::Client),
        (Kind::Loop, Phase::Request, Side::Client),
        (Kind::GaveUp, Phase::Wait, Side::Client),
        (Kind::Unreachable, Phase::Connect, Side::Origin),
        (Kind::Denied, Phase::Request, Side::Client),
    ];
    assert!(Kind::ALL.iter().all(|kind| phases.iter().any(|(told, ..)| told == kind)));
    for (kind, phase, side) in phases {
        let mut exchange = fake::failed(1);
        let says = format!("WHAT HAPPENED AND WHY ({})", kind.as_str());
        exchange.summary.failure = Some(Failure { side, phase, kind, says });
        exchange.heads.request_received =
            Some(Bytes::from_static(b"CONNECT h:443 HTTP/1.1\r\nUser-Agent: curl/8.5.0\r\n\r\n"));
        let mut stage = Stage::new(80, 24, vec![exchange]);
        stage.press("<enter>");
        let screen = stage.screen();
        assert!(screen.contains("WHAT HAPPENED") && screen.contains("what to do"), "{screen}");
        let told = screen.lines().skip(3).skip_while(|line| !line.starts_with(" failed"));
        for line in told.take_while(|line| !line.is_empty()) {
            all.push_str(line);
            all.push('\n');
        }
        all.push('\n');
    }
    insta::assert_snapshot!("tabs_failures", all);
}

#[test]
fn nothing_hostile_reaches_the_screen_on_any_tab() {
    for (columns, lines) in [(80, 24), (140, 40), (40, 8), (300, 80)] {
        let mut stage = Stage::new(columns, lines, vec![hostile()]);
        stage.press("<enter>");
        for keys in ["1", "2", "3", "5", "6", "7", "8", "p", "p/x1b", "<enter>nN", "2/\\x"] {
            stage.press(keys);
            for _ in 0..20 {
                let buffer = stage.buffer();
                for cell in &buffer.content {
                    assert_eq!(sanitize(cell.symbol()), cell.symbol(), "{keys} at {columns}x{lines}");
                }
                let screen = stage.screen();
                assert!(screen.lines().all(|line| width::columns(line) <= usize::from(columns)), "{screen}");
                stage.press(if stage.app.typing.is_some() { "b" } else { "<pgdn>" });
            }
            if stage.app.typing.is_some() {
                stage.press("<esc>");
            }
        }
    }
}

#[test]
fn an_exchange_under_way_is_read_anew_once_a_second() {
    let mut stage = Stage::new(80, 24, vec![under_way()]);
    stage.press("<enter>5");
    assert!(stage.screen().contains("3.20s so far"), "{}", stage.screen());
    stage.app.now += 900_000;
    stage.press("j");
    assert!(stage.screen().contains("3.20s so far"), "not before a second has passed");
    stage.app.now += 100_000;
    stage.press("j");
    assert!(stage.screen().contains("4.20s so far"), "{}", stage.screen());
}

#[test]
fn an_exchange_that_is_over_is_not_read_again_by_the_clock() {
    let mut stage = Stage::new(80, 24, vec![fake::passed(1)]);
    stage.press("<enter>");
    stage.app.now += 5_000_000;
    stage.app.detail.tick(stage.app.now);
    assert!(!stage.app.detail.stale);
}

#[test]
fn what_is_not_readable_for_a_moment_stays_in_view() {
    let mut stage = Stage::new(80, 24, vec![under_way()]);
    stage.press("<enter>2");
    stage.source.exchanges.clear();
    stage.app.now += 2_000_000;
    stage.press("j");
    assert!(stage.screen().contains("7f3a"), "{}", stage.screen());
}

#[test]
fn a_redirect_says_where_it_leads_and_a_304_what_it_means() {
    let mut exchange = fake::with(1, |summary| summary.status = Some(302));
    let head = b"HTTP/1.1 302 Found\r\nLocation: /signin?next=%2F\r\n\r\n";
    exchange.heads.response_received = Some(Bytes::from_static(head));
    exchange.heads.response_sent = Some(Bytes::from_static(head));
    let mut stage = Stage::new(80, 24, vec![exchange]);
    stage.press("<enter>");
    let screen = stage.screen();
    assert!(screen.contains("302 Found: it is elsewhere for now"), "{screen}");
    assert!(screen.contains(" leads to    /signin?next=%2F"), "{screen}");

    let mut exchange = fake::with(2, |summary| summary.status = Some(304));
    exchange.heads.response_sent = Some(Bytes::from_static(b"HTTP/1.1 304 \r\n\r\n"));
    stage.change(exchange);
    stage.press("qG<enter>");
    assert!(stage.screen().contains("304 Not Modified: the client's copy is good"), "{}", stage.screen());
}

#[test]
fn links_and_losses_are_told() {
    let mut exchange = fake::with(2, |summary| {
        summary.parent = Some(ExchangeId(1));
        summary.flags = Flags::REPLAY;
    });
    exchange.tunnel = Some(ExchangeId(1));
    exchange.response_body.complete = false;
    exchange.response_body.kept = 100;
    exchange.response_body.truncated = Some(crate::exchange::Truncation::Limit);
    exchange.response_body.place = BodyPlace::Nowhere;
    let mut stage = Stage::new(80, 24, vec![exchange]);
    stage.press("<enter>");
    let screen = stage.screen();
    for says in [
        "replay of   #1",
        "came through CONNECT #1",
        "cut short: it ended before its framing promised",
        "only the first 100 B are kept: the limit capture.max_body was",
    ] {
        assert!(screen.contains(says), "{says}: {screen}");
    }
}

#[test]
fn a_body_that_a_file_does_not_hold_is_not_cut_short() {
    let mut exchange = fake::with(2, |summary| {
        summary.client = String::new();
        summary.flags = Flags(Flags::PARTIAL.0 | Flags::TRUNCATED.0);
    });
    exchange.response_body.kept = 0;
    exchange.response_body.truncated = Some(crate::exchange::Truncation::Absent);
    exchange.response_body.place = BodyPlace::Nowhere;
    let mut stage = Stage::new(100, 30, vec![exchange]);
    stage.press("<enter>");
    let screen = stage.screen();
    for says in ["the file that it was imported from holds no body", "as the file lists them"] {
        assert!(screen.contains(says), "{says}: {screen}");
    }
    assert!(!screen.contains("cut short") && !screen.contains("marks"), "{screen}");
}

#[test]
fn the_coded_size_and_the_decoded_one() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&[b'a'; 2148]).unwrap();
    let coded = encoder.finish().unwrap();
    let mut exchange = fake::passed(1);
    let head = Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    exchange.heads.response_received = Some(head);
    exchange.response_body.length = coded.len() as u64;
    exchange.response_body.kept = coded.len() as u64;
    exchange.response_body.place = BodyPlace::Inline(coded);
    let mut stage = Stage::new(80, 24, vec![exchange]);
    stage.press("<enter>");
    assert!(stage.screen().contains("B in gzip, 2 148 B decoded"), "{}", stage.screen());
}

#[test]
fn raw_heads_turn_to_hex_and_back() {
    let mut stage = Stage::new(80, 24, vec![fake::passed(1)]);
    stage.press("<enter>8");
    assert!(stage.screen().contains("Host: api.shop.test\\r\\n"), "{}", stage.screen());
    stage.press("p");
    let screen = stage.screen();
    assert!(
        screen.contains(" 00000000  47 45 54 20 68 74 74 70 3a 2f 2f 61 70 69 2e 73  GET http://api.s"),
        "{screen}"
    );
    stage.press("p");
    assert!(stage.screen().contains("Host: api.shop.test\\r\\n"));
    stage.press("2p");
    assert!(!stage.app.detail.hex, "only where heads are shown byte for byte");
}

#[test]
fn a_refused_head_is_shown_with_its_offending_byte_clause_and_side() {
    let mut exchange = fake::failed(1);
    let head = b"GET http://127.0.0.1:19081/v1 HTTP/1.1\r\nX-Name : v\r\nHost: h\r\n\r\n";
    exchange.heads.request_received = Some(Bytes::from_static(head));
    exchange.summary.status = Some(400);
    exchange.summary.failure = Some(Failure {
        side: Side::Client,
        phase: Phase::Request,
        kind: Kind::Malformed,
        says: "White space stands before the colon. (RFC 9112 5.1, byte 46)".to_owned(),
    });
    let mut stage = Stage::new(140, 40, vec![exchange]);
    assert!(stage.screen().contains("malformed request"), "the list: {}", stage.screen());
    stage.press("<enter>8");
    insta::assert_snapshot!(stage.screen());
    stage.press("p");
    assert!(stage.screen().contains("RFC 9112 5.1, byte 46 (hex 2e): "), "in hex as well");
    stage.press("7");
    let hops = stage.screen();
    assert!(
        hops.contains("Not sent on: White space stands before the colon. (RFC 9112 5.1, byte 46)"),
        "{hops}"
    );
}

#[test]
fn an_answer_in_place_of_a_refused_one_is_not_compared_with_it() {
    let mut exchange = fake::failed(1);
    exchange.heads.request_sent = exchange.heads.request_received.clone();
    exchange.heads.response_received = Some(Bytes::from_static(b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n"));
    exchange.summary.failure = Some(Failure {
        side: Side::Origin,
        phase: Phase::Response,
        kind: Kind::Malformed,
        says: "the origin's answer is not usable: NUL (RFC 9110 5.5, byte 21)".to_owned(),
    });
    let mut stage = Stage::new(140, 40, vec![exchange]);
    stage.press("<enter>7");
    let hops = stage.screen();
    assert!(
        hops.contains("X: a\\x00b") && hops.contains("Made by hopscope and sent to the client:"),
        "{hops}"
    );
    assert!(!hops.contains("a bug"), "{hops}");
    stage.press("8");
    assert!(stage.screen().contains("RFC 9110 5.5, byte 21 (hex 15): "), "{}", stage.screen());
}

#[test]
fn frames_stand_behind_the_heads_by_leg() {
    let note = |at, side, sent, kind, flags, says: &str| crate::exchange::FrameNote {
        at,
        side,
        sent,
        kind,
        flags,
        stream: 1,
        length: 18,
        count: if kind == 0 { 3 } else { 1 },
        says: says.to_owned(),
    };
    let mut exchange = fake::passed(1);
    let (client, origin) = (Side::Client, Side::Origin);
    exchange.frames = vec![
        note(120, client, false, 1, 5, "weight 256, depends on 0"),
        note(900, origin, true, 1, 5, ""),
        note(28_000, origin, false, 1, 4, ""),
        note(28_100, origin, false, 0, 0, ""),
        note(28_200, client, true, 1, 4, ""),
        note(31_000, origin, false, 3, 0, "CANCEL"),
        note(
            31_500,
            client,
            true,
            7,
            0,
            &format!("NO_ERROR, last stream 7: {}", "\x1b[2Jcalm down ".repeat(8)),
        ),
    ];
    for (columns, lines) in [(80, 40), (140, 40), (40, 30)] {
        let mut stage = Stage::new(columns, lines, vec![exchange.clone()]);
        stage.press("<enter>8G");
        insta::assert_snapshot!(format!("raw_frames_{columns}x{lines}"), stage.screen());
    }
}

#[test]
fn a_field_of_a_megabyte_is_laid_out_within_bounds_on_every_tab() {
    let mut exchange = fake::passed(1);
    let head = [b"GET / HTTP/1.1\r\nX-Big: ", &vec![b'x'; 1 << 20][..], b"\r\nHost: h\r\n\r\n"].concat();
    let head = Bytes::from(head);
    exchange.heads.request_received = Some(head.clone());
    exchange.heads.request_sent = Some(head);
    exchange.request_edits.clear();
    for (columns, lines) in SIZES {
        let mut stage = Stage::new(columns, lines, vec![exchange.clone()]);
        stage.press("<enter>");
        for tab in ["1", "2", "7", "8", "p"] {
            stage.press(tab);
            let page = usize::from(lines);
            let room = usize::from(columns).saturating_sub(8).max(1);
            // Two heads of at most 8 KiB, or 64 KiB in hex, and what stands around them.
            let most = if tab == "p" { 2 * 65_536 / 2 } else { 2 * 8192usize.div_ceil(room) };
            assert!(stage.app.detail.last_top(page) <= most + 4000, "{tab} at {columns}x{lines}");
        }
    }
    let mut stage = Stage::new(80, 24, vec![exchange]);
    stage.press("<enter>2j");
    assert_eq!(stage.app.detail.field_under_cursor().unwrap().1.len(), 1 << 20, "what is copied is whole");
    stage.press("/B more<enter>");
    assert!(stage.screen().contains("… 1 040 384 B more: o opens it in $PAGER"), "{}", stage.screen());
}
