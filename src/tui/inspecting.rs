//! Tests of the header inspector's screens: heads with something to say, at the sizes that matter.

use super::fake::{self, Stage};
use crate::exchange::{Cause, Edit, Exchange, Head, Scheme};
use bytes::Bytes;

const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (140, 40)];

/// An exchange with these heads, which Via was added to on their way.
fn passed(scheme: Scheme, request: &str, response: &str) -> Exchange {
    let head = |text: &str| Some(Bytes::from(text.trim_end().replace('\n', "\r\n") + "\r\n\r\n"));
    let mut exchange = fake::with(1, |summary| summary.scheme = scheme);
    let sent = |text: &str| head(&format!("{}\nVia: 1.1 hopscope", text.trim_end()));
    let heads = &mut exchange.heads;
    (heads.request_received, heads.request_sent) = (head(request), sent(request));
    (heads.response_received, heads.response_sent) = (head(response), sent(response));
    let via = |text: &str| {
        let line = Head::parse(head(text).unwrap()).fields().len() + 1;
        vec![Edit { before: None, after: u16::try_from(line).ok(), cause: Cause::Via }]
    };
    (exchange.request_edits, exchange.response_edits) = (via(request), via(response));
    if let Some(target) = request.split(' ').nth(1) {
        target.clone_into(&mut exchange.summary.path);
    }
    for (body, text) in [(&mut exchange.request_body, request), (&mut exchange.response_body, response)] {
        // What came is what was promised.
        let promised = Head::parse(head(text).unwrap()).value("Content-Length").map(<[u8]>::to_vec);
        let promised = promised.and_then(|digits| String::from_utf8(digits).ok()?.parse().ok());
        (body.length, body.complete) = (promised.unwrap_or(0), true);
    }
    exchange
}

fn on_host(mut exchange: Exchange, host: &str, status: u16) -> Exchange {
    host.clone_into(&mut exchange.summary.host);
    exchange.summary.status = Some(status);
    exchange
}

/// The Request or Response tab after these keys, at every size.
fn at_every_size(name: &str, exchange: &Exchange, keys: &str) {
    for (columns, lines) in SIZES {
        let mut stage = Stage::new(columns, lines, vec![exchange.clone()]);
        stage.press("<enter>");
        stage.press(keys);
        insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), stage.screen());
    }
}

/// 21:58:33, so 87 s before the arrival at 22:00:00.
fn cached() -> Exchange {
    let request =
        "GET /app.7f3.js HTTP/1.1\nHost: cdn.shop.test\nAccept-Encoding: br, gzip\nUser-Agent: Mozilla/5.0\n";
    let response = "HTTP/1.1 200 OK\ncontent-type: text/javascript; charset=utf-8\ndate: Mon, 23 Nov 2026 21:58:33 GMT\nage: 86\ncache-control: public, max-age=300, s-maxage=600, stale-while-revalidate=30\nexpires: Mon, 23 Nov 2026 22:10:00 GMT\netag: \"33a64df5\"\nlast-modified: Sun, 22 Nov 2026 09:14:02 GMT\nvary: Accept-Encoding, Origin, accept-encoding\ncontent-encoding: br\ncontent-length: 18211\ncache-status: shield-2; fwd=stale, edge-1; hit; ttl=513\nvia: 1.1 shield-2, 2 edge-1\nalt-svc: h3=\":443\"; ma=86400\nx-cache: HIT\nserver-timing: cdn-cache;desc=HIT, edge;dur=2.1\n";
    on_host(passed(Scheme::Https, request, response), "cdn.shop.test", 200)
}

fn login() -> Exchange {
    let request = "POST /login HTTP/1.1\nHost: shop.test\nContent-Length: 20\nContent-Type: application/x-www-form-urlencoded\nUser-Agent: Mozilla/5.0\nCookie: theme=dark\n";
    let response = "HTTP/1.1 303 See Other\nLocation: /account\nSet-Cookie: __Host-sid=8f3a77c2d19b4e6f8f3a77c2d1; Path=/; Secure; HttpOnly; Domain=shop.test\nSet-Cookie: track=1f; SameSite=None\nSet-Cookie: csrf=9c21; Path=/\nSet-Cookie: theme=dark; Expires=Tue, 31-Feb-2027 10:00:00 GMT\nSet-Cookie: rem=u7; Max-Age=94608000; Secure; HttpOnly\nSet-Cookie: old=; Max-Age=0\nSet-Cookie: uid=7; Domain=other.test\nCache-Control: no-store\nStrict-Transport-Security: max-age=31536000; includeSubDomains\nReferrer-Policy: strict-origin-when-cross-origin\nContent-Length: 0\n";
    on_host(passed(Scheme::Https, request, response), "shop.test", 303)
}

fn preflight() -> Exchange {
    let request = "OPTIONS /v1/items/9 HTTP/1.1\nHost: api.shop.test\nOrigin: https://app.shop.test\nAccess-Control-Request-Method: PUT\nAccess-Control-Request-Headers: content-type,x-api-key\nSec-Fetch-Mode: cors\n";
    let response = "HTTP/1.1 204 No Content\nDate: Mon, 23 Nov 2026 22:00:00 GMT\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true\nAccess-Control-Allow-Methods: GET, POST\nAccess-Control-Allow-Headers: content-type\nAccess-Control-Max-Age: 86400\nConnection: keep-alive\n";
    on_host(passed(Scheme::Https, request, response), "api.shop.test", 204)
}

fn websocket() -> Exchange {
    let request = "GET /ws HTTP/1.1\nHost: chat.shop.test\nUpgrade: websocket\nConnection: Upgrade\nOrigin: https://chat.shop.test\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Protocol: chat.v1, chat.v2\nSec-WebSocket-Extensions: permessage-deflate\n";
    let response = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\nSec-WebSocket-Protocol: chat.v3\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\nDate: Mon, 23 Nov 2026 22:00:00 GMT\n";
    on_host(passed(Scheme::Https, request, response), "chat.shop.test", 101)
}

fn broken() -> Exchange {
    let request = "GET /data HTTP/1.1\nHost: old.shop.test\nVia: 1.0 fred, 1.1 (Apache/1.1)\nConnection: \u{201c}Connection\u{201d}\nAuthorization: Basic ZGV2OnMzY3JldA==\n";
    let response = "HTTP/1.1 200 OK\nContent-Length: 120\nContent-Length: 118\nTransfer-Encoding: chunked, gzip\nContent-Type: text/html;charset=utf8\nX Debug: 1\nDate: Mon Nov 23 22:00:00 2026\nWarning: 110 - \"Response is Stale\"\nSet-Cookie: a=1\n ;Path=/\n";
    on_host(passed(Scheme::Http, request, response), "old.shop.test", 200)
}

#[test]
fn a_cached_answer() {
    at_every_size("inspect_cached", &cached(), "3jjjj");
}

#[test]
fn a_login_that_sets_many_cookies() {
    at_every_size("inspect_login", &login(), "3jj");
}

#[test]
fn a_preflight_that_is_refused() {
    at_every_size("inspect_preflight", &preflight(), "3jjjj");
}

#[test]
fn a_websocket_that_must_fail() {
    at_every_size("inspect_websocket", &websocket(), "3jjj");
}

#[test]
fn a_broken_answer_and_a_broken_request() {
    at_every_size("inspect_broken", &broken(), "3jjj");
    at_every_size("inspect_broken_request", &broken(), "2jj");
}

#[test]
fn what_hopscope_changed_stands_among_the_lines() {
    at_every_size("inspect_changed", &fake::passed(1), "2jjj");
}

#[test]
fn enter_gives_the_pane_most_of_the_room_and_x_takes_it_away() {
    at_every_size("inspect_tall", &cached(), "3jjjj<enter>");
    at_every_size("inspect_plain", &cached(), "3jjjjX");
}

/// The terminal's sizes where a pane leaves no room for the lines that it explains.
const SMALL: [(u16, u16); 4] = [(79, 24), (60, 20), (40, 10), (40, 8)];

#[test]
fn where_there_is_no_room_for_a_pane_enter_opens_a_sheet() {
    for (columns, lines) in SMALL {
        let mut stage = Stage::new(columns, lines, vec![cached()]);
        let mut all = String::new();
        // The lines alone, the sheet over them, and its next page.
        for keys in ["<enter>3jjjj", "<enter>", "<pgdn>"] {
            stage.press(keys);
            all.push_str(&stage.screen());
            all.push('\n');
        }
        insta::assert_snapshot!(format!("inspect_sheet_{columns}x{lines}"), all);
    }
}

#[test]
fn where_names_leave_values_little_room_these_stand_below() {
    let mut stage = Stage::new(60, 20, vec![login()]);
    stage.press("<enter>3jj");
    insta::assert_snapshot!("inspect_login_60x20", stage.screen());
}

/// Cache-Control has most to say: paging through it must show the last step and every verdict.
#[test]
fn all_of_a_sheet_can_be_read_by_pages() {
    for (columns, lines) in [(100, 30), (80, 24)].into_iter().chain(SMALL) {
        let mut stage = Stage::new(columns, lines, vec![cached()]);
        stage.press("<enter>3jjjj<enter>");
        let mut read = String::new();
        for _ in 0..40 {
            read.push_str(&stage.screen().split_whitespace().collect::<Vec<_>>().join(" "));
            stage.press("<pgdn>");
        }
        for words in ["─ cache-control", "RFC 9111 5.2.2.1", "what follows", "offers HTTP/3"] {
            assert!(read.contains(words), "{columns}x{lines}: {words} is nowhere");
        }
        stage.press("<pgup>".repeat(40).as_str());
        let first = if columns < 80 { "may keep" } else { "Who may keep and reuse" };
        assert!(stage.screen().contains(first), "{columns}x{lines}: back at the beginning");
        stage.press("<pgdn>jk");
        assert!(stage.screen().contains(first), "another line begins at its beginning");
    }
}

#[test]
fn a_sheet_is_left_before_the_exchange_is() {
    let mut stage = Stage::new(60, 20, vec![cached()]);
    stage.press("<enter>3jjjj");
    assert!(stage.screen().contains("enter explain"), "{}", stage.screen());
    assert!(!stage.screen().contains("what follows"));
    for leave in ["<esc>", "q", "<enter>", "X"] {
        stage.press("<enter>");
        assert!(stage.screen().contains("line 4") && stage.screen().contains("enter close"));
        stage.press(leave);
        assert!(!stage.screen().contains("· line 4"), "{leave} closes it: {}", stage.screen());
        assert!(stage.screen().contains("[3 Resp]"), "{leave} stays in the exchange");
    }
    stage.press("<esc>");
    assert!(!stage.screen().contains("[3 Resp]"));
}

#[test]
fn no_size_and_no_line_breaks_the_sheet() {
    for exchange in [cached(), login(), broken()] {
        for columns in [1, 2, 3, 5, 12, 39, 40, 41, 60, 79, 80, 81, 119, 120, 140] {
            for lines in [1, 2, 3, 4, 5, 8, 9, 12, 18, 19, 28] {
                let mut stage = Stage::new(columns, lines, vec![exchange.clone()]);
                stage.press("<enter>3<enter>jj<pgdn>j<pgdn><pgup>wX<enter>wGk<enter>2jj");
                _ = stage.screen();
            }
        }
    }
}

#[test]
fn w_goes_from_finding_to_finding_and_to_the_other_message() {
    let mut stage = Stage::new(100, 30, vec![broken()]);
    stage.press("<enter>2");
    let mut seen = Vec::new();
    for _ in 0..40 {
        stage.press("w");
        let place = stage.app.detail.place_under_cursor().unwrap();
        if seen.contains(&place) {
            break;
        }
        seen.push(place);
    }
    let request =
        seen.iter().filter(|(kind, _)| *kind == crate::exchange::MessageKind::RequestReceived).count();
    assert!(request >= 2 && seen.len() > request + 3, "{seen:?}");
    let first = seen[0];
    assert_eq!(stage.app.detail.place_under_cursor(), Some(first), "it goes round");
    stage.press("W");
    assert_eq!(stage.app.detail.place_under_cursor(), seen.last().copied());
}

#[test]
fn secrets_are_masked_until_they_are_asked_for() {
    let mut stage = Stage::new(140, 40, vec![login()]);
    stage.press("<enter>3jj");
    let masked = stage.screen();
    assert!(masked.contains("__Host-sid=••••") && !masked.contains("8f3a77c2"), "{masked}");
    let (_, value, _) = stage.app.detail.field_under_cursor().unwrap();
    assert!(value.starts_with(b"__Host-sid=8f3a77c2"), "what is copied is the value itself");
    stage.press("x");
    assert!(stage.screen().contains("8f3a77c2d19b4e6f8f3a77c2d1"));
    stage.press("x");
    assert!(!stage.screen().contains("8f3a77c2"));
}

#[test]
fn the_strip_below_the_list_names_the_gravest_findings() {
    let stage = Stage::new(80, 24, vec![login()]);
    let screen = stage.screen();
    assert!(screen.contains("E Set-Cookie: the __Host- prefix forbids Domain"), "{screen}");
}

#[test]
fn overview_names_what_belongs_together() {
    let mut answer = passed(
        Scheme::Https,
        "GET /account HTTP/1.1\nHost: shop.test\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n",
    );
    answer.summary.id = crate::exchange::ExchangeId(2);
    "GET".clone_into(&mut answer.summary.method);
    let stage = |keys: &str| {
        let mut stage = Stage::new(80, 24, vec![login(), on_host(answer.clone(), "shop.test", 200)]);
        stage.press(keys);
        stage.screen()
    };
    let first = stage("g1<enter>");
    assert!(first.contains("redirect    followed by #2 GET, 200"), "{first}");
    let second = stage("G1<enter>");
    assert!(second.contains("redirect    sent here by #1"), "{second}");
}
