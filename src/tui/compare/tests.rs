//! Tests of the compare screen: keys in, screens out.

use super::*;
use crate::exchange::Flags;
use crate::exchange::{BodyPlace, Exchange, ExchangeId, Failure, Kind, Phase, Side as At, State};
use crate::tui::fake::{self, Stage};
use crate::tui::update::Effect;
use bytes::Bytes;

const SIZES: [(u16, u16); 4] = [(80, 24), (140, 40), (40, 8), (1, 1)];

/// Response fields that any two answers differ in.
fn dated(seconds: u32, length: usize) -> String {
    format!("Date: Mon, 23 Nov 2026 22:00:{seconds:02} GMT\r\nContent-Length: {length}\r\n")
}

/// An exchange with these response fields and this body.
fn answered(id: u64, fields: &str, body: &[u8]) -> Exchange {
    let mut exchange = fake::with(id, |summary| summary.response_bytes = body.len() as u64);
    let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
    exchange.heads.response_received = Some(Bytes::from(head));
    exchange.response_body.place = BodyPlace::Inline(body.to_vec());
    exchange
}

fn json(id: u64, seconds: u32, total: &str) -> Exchange {
    let body = format!("{{\"id\":{id},\"total\":{total},\"items\":[1,2]}}");
    let fields = format!("{}Content-Type: application/json\r\nETag: \"a1\"\r\n", dated(seconds, body.len()));
    let mut exchange = answered(id, &fields, body.as_bytes());
    "POST".clone_into(&mut exchange.summary.method);
    "/v1/cart".clone_into(&mut exchange.summary.path);
    exchange
}

/// A POST and its edited replay.
fn cart() -> Vec<Exchange> {
    let request = |debug: &str, length| {
        Bytes::from(format!(
            "POST /v1/cart HTTP/1.1\r\nHost: api.shop.test\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{debug}\r\n"
        ))
    };
    let (mut first, mut again) = (json(18309, 1, "12.50"), json(18317, 31, "25.00"));
    first.heads.request_received = Some(request("X-Debug: 1\r\n", 9));
    again.heads.request_received = Some(request("", 10));
    first.request_body.place = BodyPlace::Inline(b"{\"qty\":1}".to_vec());
    again.request_body.place = BodyPlace::Inline(b"{\"qty\":12}".to_vec());
    again.summary.flags.add(Flags::REPLAY);
    again.summary.parent = Some(ExchangeId(18309));
    vec![first, again]
}

/// A comparison of the last exchange, at a size.
fn compared(columns: u16, lines: u16, exchanges: Vec<Exchange>) -> Stage {
    let mut stage = Stage::new(columns, lines, exchanges);
    stage.press("G=");
    stage
}

fn at_every_size(name: &str, exchanges: &dyn Fn() -> Vec<Exchange>) {
    for (columns, lines) in SIZES {
        let screen = compared(columns, lines, exchanges()).screen();
        insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), screen);
    }
}

fn plain(left: (&str, &[u8]), right: (&str, &[u8])) -> Vec<Exchange> {
    let fields = |kind: &str, body: &[u8], seconds| format!("{}{kind}", dated(seconds, body.len()));
    vec![answered(1, &fields(left.0, left.1, 1), left.1), answered(2, &fields(right.0, right.1, 2), right.1)]
}

fn hostile() -> Vec<Exchange> {
    let mut all = plain(
        ("X-\x1b]0;owned\x07: \u{202e}\u{200b}1\r\n", b"\x1b[2J\xff\n\xc2\x9b"),
        ("X-\x1b]0;owned\x07: 長い長い\x1b[31m\r\n", b"\x1b]52;c;aGk=\x07\n\r"),
    );
    for exchange in &mut all {
        "G\x1b[31mT".clone_into(&mut exchange.summary.method);
        "evil\u{202e}tset.\x07test".clone_into(&mut exchange.summary.host);
    }
    all
}

#[test]
fn a_replay_beside_its_original() {
    at_every_size("json", &cart);
}

#[test]
fn two_that_are_the_same() {
    at_every_size("equal", &|| plain(("X-A: 1\r\n", b"same"), ("X-A: 1\r\n", b"same")));
}

#[test]
fn heads_that_differ() {
    at_every_size("heads", &|| {
        plain(
            ("Server: a\r\nX-Only-Left: 1\r\nVary: Accept\r\nX-Request-Id: 7f3a\r\n", b""),
            (
                "Server: b\r\nVary: Accept\r\nX-Only-Right: a rather long value, which goes on and on and on and is nowhere cut, however narrow its column may be\r\nX-Request-Id: 91c0\r\n",
                b"",
            ),
        )
    });
}

#[test]
fn texts_that_differ() {
    at_every_size("text", &|| {
        plain(
            ("Content-Type: text/plain\r\n", b"one\ntwo\nthree\nfour\nfive\nsix\nseven\n"),
            ("Content-Type: text/plain\r\n", b"one\ntwo\nthree\n4\nfour and a half\nfive\nsix\nseven"),
        )
    });
}

#[test]
fn binary_bodies_that_differ() {
    at_every_size("binary", &|| {
        plain(("", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"), ("", b"\x89PNG\r\n\x1a\n\0\0\0\x0eIHDR\0\x01\x02"))
    });
}

#[test]
fn one_that_failed_and_one_under_way() {
    at_every_size("failed", &|| {
        let mut all = plain(("", b"a"), ("", b"a"));
        all[1].heads.response_received = None;
        all[1].summary.status = None;
        all[1].summary.state = State::Failed;
        all[1].summary.failure = Some(Failure {
            side: At::Origin,
            phase: Phase::Connect,
            kind: Kind::Refused,
            says: "connect refused by 192.0.2.7:443 (origin)\x1b[2J".to_owned(),
        });
        all
    });
}

#[test]
fn bytes_that_would_drive_a_terminal() {
    at_every_size("hostile", &hostile);
    for (columns, lines) in [(80, 24), (140, 40), (40, 8), (300, 80)] {
        let stage = compared(columns, lines, hostile());
        for cell in &stage.buffer().content {
            assert_eq!(crate::text::sanitize(cell.symbol()), cell.symbol(), "{columns}x{lines}");
        }
        let screen = stage.screen();
        assert!(screen.lines().all(|line| width::columns(line) <= usize::from(columns)), "{screen}");
    }
}

#[test]
fn one_under_way_is_compared_again_when_it_is_over() {
    let mut all = plain(("", b"a"), ("", b"b"));
    let whole = all[1].clone();
    all[1].summary.state = State::Open;
    all[1].heads.response_received = None;
    let mut stage = compared(80, 24, all);
    assert!(stage.screen().contains("right: no response yet: still under way"), "{}", stage.screen());
    stage.change(whole);
    stage.press("G");
    assert!(stage.screen().contains("+    1  b"), "{}", stage.screen());
}

#[test]
fn what_is_compared_with_what() {
    let ids = |stage: &Stage| stage.app.compare.wanted;
    // A replay with its original, wherever that is.
    assert_eq!(ids(&compared(80, 24, cart())), Some(Wanted::Pair(18309, 18317)));
    // Else with the last one that asked the same.
    let others = vec![
        fake::passed(1),
        fake::passed(2),
        fake::with(3, |summary| "/other".clone_into(&mut summary.path)),
        fake::passed(4),
    ];
    assert_eq!(ids(&compared(80, 24, others.clone())), Some(Wanted::Pair(2, 4)));
    // Two marked ones before anything else.
    let mut marked = others;
    marked[0].summary.flags.add(Flags::MARKED);
    marked[2].summary.flags.add(Flags::MARKED);
    assert_eq!(ids(&compared(80, 24, marked)), Some(Wanted::Pair(1, 3)));
}

#[test]
fn without_a_partner_it_says_so_and_stays() {
    let alone = vec![fake::passed(1), fake::with(2, |summary| "/other".clone_into(&mut summary.path))];
    let stage = compared(80, 24, alone);
    assert_eq!(stage.app.screen(), Screen::List);
    assert!(stage.screen().contains("Nothing to compare #2 with"), "{}", stage.screen());
    let orphan = fake::with(2, |summary| summary.parent = Some(ExchangeId(1)));
    let stage = compared(80, 24, vec![orphan]);
    assert!(
        stage.screen().contains("#1 cannot be compared: it is not in this capture"),
        "{}",
        stage.screen()
    );
    let mut stage = Stage::new(80, 24, Vec::new());
    assert_eq!((stage.press("="), stage.app.screen()), (None, Screen::List));
}

#[test]
fn a_capture_that_cannot_be_read_leaves_the_screen() {
    let mut stage = Stage::new(80, 24, vec![fake::passed(1), fake::passed(2)]);
    stage.source.broken = true;
    stage.press("=");
    assert_eq!(stage.app.screen(), Screen::List);
    assert!(stage.app.message.as_deref().is_some_and(|says| says.contains("could not be read")));
}

#[test]
fn back_leads_to_where_it_was_opened() {
    for (keys, out, screen) in
        [("G", "q", Screen::List), ("G<enter>", "<esc>", Screen::Detail), ("G7", "q", Screen::Detail)]
    {
        let mut stage = Stage::new(80, 24, cart());
        stage.press(keys);
        stage.press("=");
        assert_eq!(stage.app.screen(), Screen::Compare);
        assert_eq!(stage.press(out), None::<Effect>);
        assert_eq!(stage.app.screen(), screen, "{keys}");
    }
    let mut stage = Stage::new(140, 40, cart());
    stage.press("<tab>=q");
    assert_eq!(stage.app.screen(), Screen::Side);
}

#[test]
fn expected_differences_are_folded_and_shown_again() {
    let mut stage = compared(140, 40, cart());
    assert!(stage.screen().contains("≈ Date: ") && stage.screen().contains("each message has its own time"));
    stage.press(".");
    let screen = stage.screen();
    assert!(!screen.contains("≈") && screen.contains("not shown, as expected: content-length"), "{screen}");
    stage.press(".");
    assert!(stage.screen().contains("≈ Date: "));
}

#[test]
fn each_message_alone_or_both() {
    let mut stage = compared(140, 40, cart());
    for (requests, answers) in [(true, true), (true, false), (false, true), (true, true)] {
        let screen = stage.screen();
        assert_eq!(screen.contains("request as received"), requests, "{screen}");
        assert_eq!(screen.contains("response as received"), answers, "{screen}");
        stage.press("H");
    }
}

#[test]
fn from_change_to_change_and_round_the_end() {
    let mut stage = compared(40, 12, cart());
    let mut tops = vec![*stage.app.compare.top_mut()];
    for _ in 0..3 {
        stage.press("n");
        tops.push(*stage.app.compare.top_mut());
    }
    assert!(tops.windows(2).all(|pair| pair[0] < pair[1]), "{tops:?}");
    stage.press("GN");
    let last = *stage.app.compare.top_mut();
    assert!(last < stage.app.compare.last_top(page(&stage.app)));
    stage.press("gN");
    let around = *stage.app.compare.top_mut();
    assert!(around > 0, "before the first one comes the last one");
    stage.press("n");
    assert!(*stage.app.compare.top_mut() <= around);
    // Where all was to be expected there is nowhere to go.
    let mut stage = compared(80, 24, plain(("", b"a"), ("", b"a")));
    stage.press("n");
    assert_eq!(*stage.app.compare.top_mut(), 0);
}

#[test]
fn the_help_over_it_knows_what_works_here() {
    let mut stage = compared(80, 24, cart());
    stage.press("?");
    for action in [Action::Hop, Action::Noise, Action::NextHit, Action::HitBefore] {
        assert!(crate::tui::actions::works(action, &stage.app), "{action:?}");
    }
    stage.press("?");
    assert_eq!(stage.app.screen(), Screen::Compare);
}

#[test]
fn it_scrolls_within_its_text() {
    let mut stage = compared(40, 8, cart());
    stage.press("jj");
    assert_eq!(*stage.app.compare.top_mut(), 2);
    stage.press("G");
    let end = *stage.app.compare.top_mut();
    stage.press("j ");
    assert_eq!(*stage.app.compare.top_mut(), end);
    stage.press("g");
    assert_eq!(*stage.app.compare.top_mut(), 0);
}

#[test]
fn no_size_makes_it_fail() {
    let mut stage = compared(80, 24, hostile());
    for (columns, lines) in (0..120).step_by(7).flat_map(|columns| (0..12).map(move |lines| (columns, lines)))
    {
        stage.resize(columns, lines);
        stage.press("nNG.H");
        stage.buffer();
    }
}

#[test]
fn without_colour_and_in_ascii_the_marks_still_tell() {
    let mut stage = compared(140, 40, cart());
    (stage.app.theme.colour, stage.app.theme.ascii) = (false, true);
    stage.press("H");
    let screen = stage.screen();
    assert!(screen.is_ascii(), "{screen}");
    assert!(
        screen.contains(" - X-Debug: 1")
            && screen.contains(" ~ $.qty 1")
            && screen.contains(" = Content-Length"),
        "{screen}"
    );
}
