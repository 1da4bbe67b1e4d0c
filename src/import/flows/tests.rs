//! Flows as mitmproxy writes them.

use super::super::Imported;
use super::*;
use crate::exchange::{Flags, Kind, MessageForm, Side, State};

/// Three flows of mitmproxy 11: a POST with its answer, a WebSocket, one that found nobody.
const FLOWS: &[u8] = include_bytes!("three.flows");

fn read(bytes: &[u8]) -> (Vec<Imported>, Report) {
    let mut all = Vec::new();
    let report = super::read(&mut &bytes[..], &mut |imported| {
        all.push(imported);
        Ok(())
    });
    (all, report.unwrap())
}

#[test]
fn flows_of_mitmproxy_are_read() {
    let (all, report) = read(FLOWS);
    assert_eq!((all.len(), report.left_out, &report.broken), (3, 0, &None));
    let posted = &all[0];
    let summary = &posted.exchange.summary;
    assert_eq!((summary.method.as_str(), summary.status, summary.state), ("POST", Some(200), State::Done));
    assert!(summary.path.starts_with("/cart?id=7") && summary.started > 1_600_000_000_000_000);
    let head = posted.exchange.heads.request_received.as_ref().unwrap();
    assert!(head.starts_with(b"POST /cart?id=7 HTTP/1.1\r\n"), "{head:?}");
    assert_eq!(posted.bodies, [b"a=1".to_vec(), b"{\"ok\":true}".to_vec()]);
    assert!(summary.duration.is_some() && posted.exchange.timing.response_head.is_some());
    assert_eq!(posted.connections.len(), 2);
    let socket = &all[1];
    assert!(socket.exchange.summary.flags.has(Flags::UPGRADED));
    let first = &socket.messages[0].1;
    assert_eq!(
        (first.side, first.form, &first.payload[..]),
        (Side::Client, MessageForm::Text, &b"hello"[..])
    );
    let failed = &all[2].exchange.summary;
    assert_eq!(failed.state, State::Failed);
    assert_eq!(failed.failure.as_ref().map(|failure| failure.kind), Some(Kind::Refused));
}

#[test]
fn a_file_that_was_cut_gives_what_stood_before() {
    for cut in [1, 5, 100, FLOWS.len() / 2, FLOWS.len() - 1] {
        let (all, report) = read(&FLOWS[..cut]);
        assert!(all.len() < 3 && report.broken.is_some(), "{cut}: {report:?}");
    }
}

#[test]
fn what_is_no_exchange_is_counted() {
    let (all, report) = read(b"22:4:type;3:tcp;2:id;1:x;}4:true!");
    assert_eq!((all.len(), report.left_out), (0, 2));
    assert_eq!(report.why.as_deref(), Some("entry 1: a tcp flow is no exchange"));
}
