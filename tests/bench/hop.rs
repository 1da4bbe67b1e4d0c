//! What the rules of the hop cost: a browser's request and an ordinary answer, each step alone.
//!
//! The bar is 1.5 µs for check and forward each; they run twice an exchange.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "fixed heads pass the check")]

use bytes::Bytes;
use hopscope::exchange::Head;
use hopscope::hop::{
    Bounds, Destination, RequestHop, ResponseHop, Version, check_request, check_response, forward_request,
    forward_response, head_end, route,
};
use std::hint::black_box;
use std::time::Instant;

const BOUNDS: Bounds = Bounds { fields: 1_000, head: 256 * 1024 };

const REQUEST: &[u8] = b"GET http://example.org/a/b/c?d=e&f=g HTTP/1.1\r\nHost: example.org\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
Referer: http://example.org/\r\nDNT: 1\r\nConnection: keep-alive\r\n\
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n\
Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n\
Sec-Fetch-Site: same-origin\r\nPriority: u=0, i\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 16:00:00 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\nContent-Length: 1024\r\n\
Last-Modified: Tue, 24 Nov 2026 15:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"65600000-400\"\r\n\
Cache-Control: max-age=3600\r\nVary: Accept-Encoding\r\nSet-Cookie: a=b; Path=/; HttpOnly\r\n\
Accept-Ranges: bytes\r\n\r\n";

fn main() {
    request(&Head::parse(Bytes::from_static(REQUEST)));
    response(&Head::parse(Bytes::from_static(RESPONSE)));
}

fn request(head: &Head) {
    let facts = check_request(head, &BOUNDS).expect("a good request");
    let Ok(Destination::Origin(found)) = route(head, &facts, None) else { return };
    let hop = RequestHop { pseudonym: "hopscope", via: true, route: &found };
    time("head end", || head_end(black_box(REQUEST), 0));
    time("request: index", || Head::parse(head.raw().clone()));
    time("request: check", || check_request(black_box(head), &BOUNDS));
    time("request: route", || route(black_box(head), &facts, None));
    time("request: forward", || forward_request(black_box(head), &facts, &hop));
}

fn response(head: &Head) {
    let facts = check_response(head, false, false, &BOUNDS).expect("a good response");
    let hop = ResponseHop {
        pseudonym: "hopscope",
        via: true,
        client_version: Version::Http11,
        client_persistent: true,
        now: None,
    };
    time("response: index", || Head::parse(head.raw().clone()));
    time("response: check", || check_response(black_box(head), false, false, &BOUNDS));
    time("response: forward", || forward_response(black_box(head), &facts, &hop));
}

/// Prints the best of ten rounds, in nanoseconds a call.
fn time<T>(name: &str, mut call: impl FnMut() -> T) {
    let calls = 50_000_u32;
    let round = |_| {
        let begin = Instant::now();
        for _ in 0..calls {
            black_box(call());
        }
        begin.elapsed()
    };
    let best = (0..10).map(round).min().unwrap_or_default();
    println!("{name:<18} {:>6.0} ns", best.as_secs_f64() * 1e9 / f64::from(calls));
}
