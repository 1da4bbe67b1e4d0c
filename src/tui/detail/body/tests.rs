//! Tests of the Body tab: keys in, screen out.

use crate::exchange::{Body, BodyPlace, Exchange, State, Truncation};
use crate::tui::fake::{self, Stage};
use crate::view::Octets;
use flate2::Compression;
use flate2::read::GzEncoder;
use ratatui::style::Modifier;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const CART: &str = r#"{"id":7,"currency":"EUR","items":[{"name":"Café au lait","price":2.5,"tags":["hot","milk"]},{"name":"a \"quoted\" name","price":-1e3,"tags":[]}],"note":null,"open":true}"#;

fn kept(bytes: &[u8]) -> Body {
    let length = bytes.len() as u64;
    Body { length, kept: length, complete: true, place: BodyPlace::Inline(bytes.to_vec()), ..Body::default() }
}

/// An exchange whose response is this.
fn answered(fields: &str, bytes: &[u8]) -> Exchange {
    let mut exchange = fake::passed(1);
    let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
    exchange.heads.response_received = Some(head.into_bytes().into());
    exchange.response_edits.clear();
    exchange.response_body = kept(bytes);
    exchange
}

/// An exchange whose request is this, and whose response has no body.
fn asked(fields: &str, bytes: &[u8]) -> Exchange {
    let mut exchange = answered("Content-Type: text/plain", b"");
    let head = format!("POST /v1/cart HTTP/1.1\r\nHost: api.shop.test\r\n{fields}\r\n\r\n");
    exchange.heads.request_received = Some(head.into_bytes().into());
    exchange.request_edits.clear();
    exchange.request_body = kept(bytes);
    exchange
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzEncoder::new(text, Compression::default()).read_to_end(&mut out).unwrap();
    out
}

fn at(columns: u16, lines: u16, exchange: Exchange, keys: &str) -> Stage {
    let mut stage = Stage::new(columns, lines, vec![exchange]);
    stage.press("4<enter>");
    stage.work();
    stage.press(keys);
    stage.work();
    stage
}

fn snapshots(name: &str, exchange: &Exchange, keys: &str) {
    for (columns, lines) in [(80, 24), (140, 40), (40, 8), (1, 1)] {
        let screen = at(columns, lines, exchange.clone(), keys).screen();
        insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), screen);
    }
}

#[test]
fn json() {
    let exchange = answered("Content-Type: application/json; charset=utf-8", CART.as_bytes());
    snapshots("json", &exchange, "jjjj");
    snapshots("json_folded", &exchange, "jjjjza");
    snapshots("json_raw", &exchange, "p");
}

#[test]
fn json_that_breaks() {
    let body = "{\"id\": 7, \"items\": [1, 2 3],\n\"note\": \"\u{1b}[31mred\u{202e}\"}\n";
    snapshots("json_broken", &answered("Content-Type: application/json", body.as_bytes()), "");
}

#[test]
fn coded_bodies() {
    let html = "<!doctype html><html><head><title>Error</title></head><body><h1>Price service unavailable</h1><pre>TimeoutError: upstream price-db:5432\n  at Pool.acquire (pool.js:214)</pre></body></html>";
    let fields = "Content-Type: text/html\r\nContent-Encoding: gzip";
    snapshots("html", &answered(fields, &gzip(html.as_bytes())), "");
    let text: String = (0..4000).map(|number| format!("line {number}\n")).collect();
    let mut cut = gzip(text.as_bytes());
    cut.truncate(8112);
    let fields = "Content-Type: text/plain\r\nContent-Encoding: gzip";
    snapshots("gzip_cut", &answered(fields, &cut), "jj");
    let fields = "Content-Type: text/plain\r\nContent-Encoding: compress";
    snapshots("undecodable", &answered(fields, b"\x1f\x9d\x90hello\xff\x00"), "");
    let fields = "Content-Type: text/plain\r\nContent-Encoding: br";
    snapshots("no_brotli", &answered(fields, b"this is not brotli at all"), "");
}

#[test]
fn forms_and_parts() {
    let form = "q=caf%C3%A9+au+lait&page=2&token=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U&remember=&evil=%1b%5b2J";
    snapshots("form", &asked("Content-Type: application/x-www-form-urlencoded", form.as_bytes()), "");
    let parts = b"--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA holiday\r\n--XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"beach.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\r\n--XX--\r\n";
    snapshots("multipart", &asked("Content-Type: multipart/form-data; boundary=XX", parts), "");
}

#[test]
fn bytes() {
    let png: Vec<u8> = b"\x89PNG\r\n\x1a\n".iter().copied().chain((0..=255).cycle().take(600)).collect();
    snapshots("hex", &answered("Content-Type: image/png", &png), "j");
}

#[test]
fn bodies_that_are_not_whole() {
    let mut exchange = answered("Content-Type: text/plain", b"the first line\nthe second li");
    (exchange.response_body.length, exchange.response_body.truncated) = (71_000, Some(Truncation::Limit));
    snapshots("truncated", &exchange, "");
    exchange.response_body.truncated = None;
    exchange.response_body.complete = false;
    let screen = at(80, 24, exchange.clone(), "").screen();
    assert!(screen.contains("Incomplete: it ended before its framing promised."), "{screen}");
    exchange.summary.state = State::Open;
    let screen = at(80, 24, exchange.clone(), "").screen();
    assert!(screen.contains("Still arriving: this is what has come so far."), "{screen}");
    exchange.response_body = Body { length: 9, complete: true, ..Body::default() };
    let screen = at(80, 24, exchange, "").screen();
    assert!(screen.contains("9 B passed; none of them are in the capture."), "{screen}");
}

#[test]
fn an_empty_body() {
    snapshots("empty", &answered("Content-Length: 0", b""), "");
}

#[test]
fn the_other_body_and_back() {
    let mut exchange = answered("Content-Type: text/plain", b"the answer");
    exchange.request_body = kept(b"the question");
    let mut stage = at(80, 24, exchange, "");
    assert!(stage.screen().contains("the answer") && stage.screen().contains("H: response body"));
    stage.press("H");
    assert!(stage.screen().contains("the question") && stage.screen().contains("H: request body"));
    stage.press("H");
    assert!(stage.screen().contains("the answer"));
}

#[test]
fn the_view_turns_and_comes_round() {
    let mut stage = at(80, 24, answered("Content-Type: application/json", b"{\"a\":1}"), "");
    let title = |stage: &Stage| stage.screen().lines().nth(3).unwrap().trim().to_owned();
    assert!(title(&stage).starts_with("JSON  application/json  7 B") && title(&stage).ends_with('$'));
    for begins in ["raw", "hex", "JSON"] {
        stage.press("p");
        assert!(title(&stage).starts_with(begins), "{}", title(&stage));
    }
}

#[test]
fn the_path_follows_the_cursor_and_the_value_is_at_hand() {
    let stage = at(80, 24, answered("Content-Type: application/json", CART.as_bytes()), "jjjjjj");
    assert!(stage.screen().contains("$.items[0].price"), "{}", stage.screen());
    let (path, value) = stage.app.detail.body.path_and_value().unwrap();
    assert_eq!((path.as_str(), value.as_slice()), ("$.items[0].price", &b"2.5"[..]));
    assert_eq!(stage.app.detail.body.text().unwrap().get(0, 9), br#"{"id":7,""#);
}

#[test]
fn folding_by_arrows_and_by_z() {
    let mut stage = at(80, 24, answered("Content-Type: application/json", CART.as_bytes()), "jjj<left>");
    assert!(stage.screen().contains("▸   \"items\": […],  2 items"), "{}", stage.screen());
    stage.press("<right>");
    assert!(stage.screen().contains("Café"));
    stage.press("jj<left><left>");
    assert!(stage.screen().contains("▸     {…},  3 members"), "{}", stage.screen());
    stage.press("zM");
    assert!(!stage.screen().contains("6 \"currency\"") && stage.screen().contains("▸   \"items\": […]"));
    stage.press("zR");
    assert!(stage.screen().contains("\"milk\""));
    stage.press("zj");
    assert!(stage.screen().contains("$.items[0]"), "a key that means nothing behind z means itself");
}

#[test]
fn searching_finds_marks_and_comes_round() {
    let text: String = (0..300).map(|number| format!("line number {number}\n")).collect();
    let mut stage = at(80, 24, answered("Content-Type: text/plain", text.as_bytes()), "/Number 1");
    assert!(stage.screen().contains("/ Number 1"), "{}", stage.screen());
    stage.press("<esc>/number 25<enter>");
    assert!(stage.screen().contains("26/300 lines"), "{}", stage.screen());
    let buffer = stage.buffer();
    assert!(buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count() >= 9);
    for (keys, line) in [("n", "251/300"), ("n", "252/300"), ("N", "251/300"), ("NN", "260/300")] {
        stage.press(keys);
        stage.work();
        stage.work();
        assert!(stage.screen().contains(line), "{keys}: {}", stage.screen());
    }
    stage.press("/nowhere<enter>");
    stage.work();
    assert!(stage.screen().contains("Not in this body."), "{}", stage.screen());
}

#[test]
fn a_hit_in_what_is_folded_is_opened() {
    let mut stage = at(80, 24, answered("Content-Type: application/json", CART.as_bytes()), "zM/milk<enter>");
    stage.work();
    assert!(stage.screen().contains("$.items[0].tags[1]"), "{}", stage.screen());
}

#[test]
fn long_lines_are_wrapped_or_panned_and_never_laid_out_whole() {
    let text = format!("{}END\nlast", "0123456789".repeat(100_000));
    let mut stage = at(80, 24, answered("Content-Type: text/plain", text.as_bytes()), "");
    assert!(stage.screen().lines().skip(4).take(19).all(|line| line.contains("0123456789")));
    stage.press("G");
    stage.work();
    assert!(stage.screen().contains("END") && stage.screen().contains("2/2 lines"), "{}", stage.screen());
    stage.press("gzw");
    let panned = |stage: &Stage| stage.screen().lines().nth(4).unwrap().to_owned();
    assert!(panned(&stage).contains(" 1 0123456789"));
    stage.press("l");
    assert!(panned(&stage).contains(" 1 8901234567"), "{}", panned(&stage));
    stage.press("h");
    assert!(panned(&stage).contains(" 1 0123456789"));
}

#[test]
fn hostile_bodies_reach_no_terminal_and_no_end() {
    let hostile = b"\x1b]52;c;aGk=\x07\xff\xfe\xe2\x80\xae\xc2\x9b2J\r\n\x00\t\xf0\x9f";
    let deep = "[".repeat(100_000);
    for (fields, body) in [
        ("Content-Type: text/plain", hostile.to_vec()),
        ("Content-Type: text/html", [b"<p a='".as_slice(), hostile].concat()),
        ("Content-Type: application/json", [b"{\"".as_slice(), hostile].concat()),
        ("Content-Type: application/json", deep.into_bytes()),
        ("Content-Type: \x1b[31m/x; boundary=\x1b", hostile.to_vec()),
        ("Content-Type: multipart/form-data; boundary=\x07", b"--\x07\r\n\x1b: \x1b\r\n\r\n\x1b".to_vec()),
        ("Content-Type: a/b\r\nContent-Encoding: \x1b[31m", hostile.to_vec()),
        ("Content-Type: application/x-www-form-urlencoded", b"%1b[2J=%e2%80%ae".to_vec()),
    ] {
        for (columns, lines) in [(80, 24), (140, 40), (40, 8)] {
            let mut stage = at(columns, lines, answered(fields, &body), "");
            for keys in ["j", "p", "G", "p", "gzw", "l", "zM", "zR", "/\u{1b}", "<esc>", "q4"] {
                stage.press(keys);
                stage.work();
                for cell in &stage.buffer().content {
                    assert_eq!(crate::text::sanitize(cell.symbol()), cell.symbol(), "{fields:?} {keys:?}");
                }
            }
        }
    }
}

/// Many bytes that are made when they are read, and count what was.
struct Large {
    length: u64,
    line: &'static [u8],
    read: AtomicU64,
}

impl Octets for Large {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.len().saturating_sub(at)).unwrap().min(into.len());
        self.read.fetch_add(rest as u64, Ordering::Relaxed);
        let first = usize::try_from(at).unwrap() % self.line.len();
        let mut from = first;
        let mut into = into.get_mut(..rest).unwrap();
        while !into.is_empty() {
            let count = into.len().min(self.line.len() - from);
            let (now, later) = into.split_at_mut(count);
            now.copy_from_slice(&self.line[from..from + count]);
            (into, from) = (later, 0);
        }
        Ok(rest)
    }
}

fn large(length: u64, fields: &str, line: &'static [u8]) -> (Stage, Arc<Large>) {
    let mut exchange = answered(fields, b"");
    exchange.response_body =
        Body { length, kept: length, complete: true, place: BodyPlace::File([0; 32]), ..Body::default() };
    let mut stage = Stage::new(80, 24, vec![exchange]);
    let octets = Arc::new(Large { length, line, read: AtomicU64::new(0) });
    stage.source.large = Some(Arc::clone(&octets) as Arc<dyn Octets>);
    (stage, octets)
}

#[test]
fn opening_a_large_body_and_going_to_its_end_read_a_little() {
    for (fields, line) in [
        ("Content-Type: text/plain", &b"a line of text, as long as lines are\n"[..]),
        ("Content-Type: text/plain", b"no line at all "),
        ("Content-Type: application/octet-stream", b"\x00\x01\x02"),
        ("Content-Type: application/json", b"{\"a\":\"no JSON\"}, "),
    ] {
        let (mut stage, octets) = large(100_000_000, fields, line);
        stage.press("4<enter>");
        let screen = stage.screen();
        assert!(screen.contains("100 000 000 B"), "{screen}");
        let opened = octets.read.swap(0, Ordering::Relaxed);
        assert!(opened < 8_000_000, "{fields}: {opened} bytes for the first paint");
        stage.press("ppG");
        stage.screen();
        let end = octets.read.load(Ordering::Relaxed);
        assert!(end < 16_000_000, "{fields}: {end} bytes for the end");
    }
}

#[test]
fn the_end_of_a_large_tree_is_reached_in_steps_while_keys_are_served() {
    let (mut stage, octets) =
        large(8_000_000, "Content-Type: application/x-ndjson", b"{\"number\":[1,2,{\"x\":\"y\"}]}\n");
    stage.press("4<enter>G");
    assert!(stage.screen().contains("reading "), "{}", stage.screen());
    assert!(octets.read.load(Ordering::Relaxed) < 10_000_000);
    stage.press("j");
    assert!(!stage.screen().contains("reading "), "another key gives it up");
    stage.press("G");
    stage.work();
    assert!(stage.screen().contains("Not valid JSON at byte 8 000 000"), "{}", stage.screen());
}
