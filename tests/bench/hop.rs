//! What the rules of the hop cost: a browser's request and an ordinary answer, each step alone.
//!
//! The bar is 1.5 µs for check and forward each; they run twice an exchange.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "fixed heads pass the check")]

mod measure;
mod messages;

use bytes::Bytes;
use hopscope::exchange::Head;
use hopscope::hop::{
    Bounds, Destination, RequestHop, ResponseHop, Version, check_request, check_response, forward_request,
    forward_response, head_end, route,
};
use measure::micros;
use messages::{REQUEST, RESPONSE};
use std::hint::black_box;

const BOUNDS: Bounds = Bounds { fields: 1_000, head: 256 * 1024 };

fn main() {
    request(&Head::parse(Bytes::from_static(REQUEST)));
    response(&Head::parse(Bytes::from_static(RESPONSE)));
}

fn request(head: &Head) {
    let facts = check_request(head, &BOUNDS).expect("a good request");
    let Ok(Destination::Origin(found)) = route(head, &facts, None) else { return };
    let hop = RequestHop {
        pseudonym: "hopscope",
        via: true,
        route: &found,
        toward: Version::Http11,
        websocket_key: None,
        persistent: true,
    };
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
        websocket_accept: None,
    };
    time("response: index", || Head::parse(head.raw().clone()));
    time("response: check", || check_response(black_box(head), false, false, &BOUNDS));
    time("response: forward", || forward_response(black_box(head), &facts, &hop));
}

/// Prints nanoseconds a call.
fn time<T>(name: &str, call: impl FnMut() -> T) {
    println!("{name:<18} {:>6.0} ns", micros(50_000, call) * 1e3);
}
