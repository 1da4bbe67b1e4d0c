//! HARs as others write them, ours again, and hostile ones.

use super::super::{Imported, Report};
use crate::exchange::{
    Body, BodyPlace, Cause, Edit, Failure, Heads, Interim, MessageFlags, Note, Phase, Timing,
};
use crate::exchange::{
    Exchange, Flags, Kind, Message, MessageForm, Side, Spoken, State, Truncation, Tunnelled, Unopened,
};
use crate::export::tests::exchange;
use crate::export::{Har, Kept, Outgoing};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::io::{self, Read};

fn read(bytes: &[u8]) -> (Vec<Imported>, Report) {
    let mut all = Vec::new();
    let report = super::read(&mut &bytes[..], &mut |imported| {
        all.push(imported);
        Ok(())
    });
    (all, report.unwrap())
}

fn one(entry: &Value) -> Imported {
    let har = json!({"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": [entry]}});
    let (mut all, report) = read(har.to_string().as_bytes());
    assert_eq!(
        (all.len(), report.left_out, report.by.as_deref()),
        (1, 0, Some("WebInspector 537.36")),
        "{report:?}"
    );
    all.remove(0)
}

fn chrome() -> Value {
    json!({
        "startedDateTime": "2023-11-14T22:13:20.000Z", "time": 34.5, "connection": "5249",
        "_initiator": {"type": "other"}, "_priority": "High", "_resourceType": "fetch",
        "request": {
            "method": "POST", "url": "https://h.test/a?b=c#d", "httpVersion": "http/2.0", "headersSize": -1, "bodySize": 3,
            "headers": [
                {"name": ":authority", "value": "h.test"}, {"name": ":method", "value": "POST"},
                {"name": ":path", "value": "/a?b=c"}, {"name": ":scheme", "value": "https"},
                {"name": "content-type", "value": "text/plain"}],
            "queryString": [{"name": "b", "value": "c"}], "cookies": [],
            "postData": {"mimeType": "text/plain", "text": "hé"}},
        "response": {
            "status": 200, "statusText": "", "httpVersion": "http/2.0", "headersSize": -1, "bodySize": -1, "_transferSize": 190,
            "headers": [{"name": "content-encoding", "value": "br"}, {"name": "content-type", "value": "image/PNG; a=b"}],
            "cookies": [], "redirectURL": "",
            "content": {"size": 3, "mimeType": "image/png", "text": "AAEC", "encoding": "base64"}},
        "serverIPAddress": "[::1]", "cache": {},
        "timings": {"blocked": 1.5, "dns": -1, "connect": 8.0, "ssl": 6.0, "send": 0.5, "wait": 20, "receive": 4.5, "_queued": 1},
    })
}

#[test]
fn chromes_entries_are_read() {
    let one = one(&chrome());
    let (exchange, summary) = (&one.exchange, &one.exchange.summary);
    assert_eq!((summary.url().as_str(), summary.started), ("https://h.test/a?b=c", 1_700_000_000_000_000));
    assert_eq!((summary.status, summary.state, summary.version.as_str()), (Some(200), State::Done, "HTTP/2"));
    assert_eq!(summary.media_type.as_deref(), Some("image/png"));
    assert!(summary.flags.has(Flags::DECODED));
    let head = exchange.heads.request_received.as_ref().unwrap();
    assert!(head.starts_with(b"POST /a?b=c HTTP/2\r\n:authority: h.test\r\n:method: POST\r\n"), "{head:?}");
    assert_eq!(one.bodies, ["hé".as_bytes().to_vec(), vec![0, 1, 2]]);
    let timing = &exchange.timing;
    assert_eq!(
        (timing.request_head, timing.connected, timing.secured),
        (Some(1_500), Some(3_500), Some(9_500))
    );
    assert_eq!(
        (timing.response_head, timing.response_end, summary.duration),
        (Some(30_000), Some(34_500), Some(34_500))
    );
    assert_eq!(one.connections[0].peer.unwrap().to_string(), "[::1]:443");
}

#[test]
fn what_chromium_saw_and_playwright_wrote_is_read_whole() {
    let (all, report) = read(include_bytes!("chromium.har"));
    assert_eq!((all.len(), report.left_out, &report.broken), (9, 0, &None));
    assert!(report.by.is_some_and(|by| by.starts_with("Playwright")));
    let seen: Vec<_> = all
        .iter()
        .map(|one| {
            let summary = &one.exchange.summary;
            (summary.method.as_str(), summary.path.as_str(), summary.status.unwrap(), one.messages.len())
        })
        .collect();
    let wanted = [
        ("GET", "/", 200, 0),
        ("GET", "/i.png", 200, 0),
        ("GET", "/s.js", 200, 0),
        ("POST", "/api?x=1", 200, 0),
        ("PUT", "/bin", 204, 0),
        ("GET", "/missing", 404, 0),
        ("GET", "/redirect", 302, 0),
        ("GET", "/ws", 101, 2),
        ("GET", "/api?x=2", 200, 0),
    ];
    assert_eq!(seen, wanted);
    assert_eq!(all[1].bodies[1], [0x89, b'P', b'N', b'G', 0, 0xff, 0xfe]);
    assert_eq!(all[3].bodies, [b"{\"a\":1}".to_vec(), b"{\"ok\":true}".to_vec()]);
    let page = all[0].exchange.heads.response_received.as_ref().unwrap();
    assert!(
        page.windows(22).filter(|part| part.eq_ignore_ascii_case(b"\r\nset-cookie: a=1; pat")).count() == 1
    );
    // Playwright leaves out a body that is no text: that it is missing is said.
    assert_eq!(all[4].exchange.request_body.truncated, Some(Truncation::Absent));
    let said = &all[7].messages[1].1;
    assert_eq!(&said.payload[..], b"hi");
    assert!(said.at < 10_000_000, "{} microseconds after the request", said.at);
}

#[test]
fn other_programs_have_other_ways() {
    let mut firefox = chrome();
    firefox["startedDateTime"] = json!("2023-11-14T23:13:20.000+01:00");
    firefox["request"]["httpVersion"] = json!("HTTP/1.1");
    firefox["request"]["headers"] = json!([{"name": "Host", "value": "h.test"}]);
    firefox["request"]["postData"] = json!({"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a b", "value": "1"}, {"name": "c"}]});
    firefox["timings"] = json!({"send": 0});
    let firefox = one(&firefox);
    assert_eq!(firefox.exchange.summary.started, 1_700_000_000_000_000);
    assert_eq!(firefox.bodies[0], b"a+b=1&c=");
    assert_eq!(
        firefox.exchange.heads.request_received.unwrap(),
        "POST /a?b=c HTTP/1.1\r\nHost: h.test\r\n\r\n"
    );

    let mut fiddler = chrome();
    fiddler["startedDateTime"] = json!("2023-11-14T22:13:20.1234567Z");
    fiddler["response"] = json!({"status": "404", "statusText": "Not Found", "httpVersion": "HTTP/1.1", "headers": [], "bodySize": 12, "content": {"size": 12}});
    fiddler["connection"] = json!("ClientPort:51234");
    let fiddler = one(&fiddler);
    assert_eq!(fiddler.exchange.heads.response_received.unwrap(), "HTTP/1.1 404 Not Found\r\n\r\n");
    assert_eq!(fiddler.exchange.response_body.truncated, Some(Truncation::Absent));
    assert_eq!(fiddler.exchange.response_body.length, 12);

    let mut failed = chrome();
    failed["response"] =
        json!({"status": 0, "_error": "net::ERR_CONNECTION_REFUSED", "headers": [], "content": {"size": 0}});
    let failed = one(&failed).exchange.summary;
    assert_eq!(
        (failed.status, failed.state, failed.failure.unwrap().kind),
        (None, State::Failed, Kind::Refused)
    );

    let mut socket = chrome();
    socket["request"]["url"] = json!("wss://h.test/chat");
    socket["_webSocketMessages"] = json!([
        {"type": "send", "time": 1_700_000_001.5, "opcode": 1, "data": "hi"},
        {"type": "receive", "time": 1_700_000_002.0, "opcode": 2, "data": "AAE="}]);
    let socket = one(&socket);
    let said: Vec<_> = socket
        .messages
        .iter()
        .map(|(number, message)| (*number, message.side, message.form, message.at, message.payload.to_vec()))
        .collect();
    assert_eq!(said[0], (0, Side::Client, MessageForm::Text, 1_500_000, b"hi".to_vec()));
    assert_eq!(said[1], (1, Side::Origin, MessageForm::Binary, 2_000_000, vec![0, 1]));
}

#[test]
fn rfc9113_8_3_pseudo_fields_tell_a_version_that_is_not_told() {
    let versions = |request: &str, response: &str, pseudo: bool| {
        let mut entry = chrome();
        entry["request"]["httpVersion"] = json!(request);
        entry["response"]["httpVersion"] = json!(response);
        if !pseudo {
            entry["request"]["headers"] = json!([{"name": "accept", "value": "*/*"}]);
        }
        let heads = one(&entry).exchange.heads;
        let text = |head: Option<Bytes>| String::from_utf8(head.unwrap().to_vec()).unwrap();
        let (asked, answered) = (text(heads.request_received), text(heads.response_received));
        let first = asked.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap().to_owned();
        (first, answered.split(' ').next().unwrap().to_owned())
    };
    for (request, response, pseudo, asked, answered) in [
        ("unknown", "unknown", true, "HTTP/2", "HTTP/2"),
        ("", "", true, "HTTP/2", "HTTP/2"),
        ("unknown", "h3", true, "HTTP/3", "HTTP/3"),
        ("HTTP/1.1", "unknown", true, "HTTP/2", "HTTP/2"),
        ("unknown", "http/1.1", false, "HTTP/1.1", "HTTP/1.1"),
        ("http/2.0", "", false, "HTTP/2", "HTTP/2"),
        ("unknown", "unknown", false, "HTTP/1.1", "HTTP/1.1"),
    ] {
        let wanted = (asked.to_owned(), answered.to_owned());
        assert_eq!(versions(request, response, pseudo), wanted, "{request} {response} {pseudo}");
    }
}

#[test]
fn bodies_are_as_long_as_they_are_and_not_cut_for_not_being_there() {
    let answer = |content: Value| {
        let mut entry = chrome();
        entry["response"]["headers"] = json!([{"name": "via", "value": "1.1 a\n1.1 b"}]);
        entry["response"]["content"] = content;
        one(&entry)
    };
    for (text, length) in [("AAEC", 3), ("AAE=", 2), ("AA==", 1), ("AAECAw", 4)] {
        let made = answer(json!({"size": length, "text": text, "encoding": "base64"}));
        assert_eq!(made.exchange.response_body.length, length, "{text}");
    }
    let made = answer(json!({"size": 9, "mimeType": "image/png"}));
    let body = &made.exchange.response_body;
    assert_eq!((body.length, body.complete, body.truncated), (9, true, Some(Truncation::Absent)));
    assert!(made.exchange.summary.flags.has(Flags::PARTIAL));
    let head = made.exchange.heads.response_received.unwrap();
    assert_eq!(head, "HTTP/2 200 \r\n:status: 200\r\nvia: 1.1 a\r\nvia: 1.1 b\r\n\r\n");
}

#[test]
fn what_is_no_exchange_is_counted_and_the_rest_is_read() {
    let mut odd = chrome();
    odd["request"]["url"] = json!("data:text/plain,x");
    let har = json!({"log": {"entries": [odd, 7, {}, chrome()], "pages": []}, "more": [[[]]]});
    let (all, report) = read(format!("\u{feff}{har}").as_bytes());
    assert_eq!((all.len(), report.read, report.left_out, &report.broken), (1, 1, 3, &None));
    assert_eq!(report.why.as_deref(), Some("entry 1: data is no URL of HTTP"));
}

#[test]
fn a_har_that_was_cut_gives_what_stood_before() {
    let har = json!({"log": {"entries": [chrome(), chrome(), chrome()]}}).to_string();
    for cut in [0, 1, 10, har.len() / 2, har.len() - 4] {
        let (all, report) = read(&har.as_bytes()[..cut]);
        assert!(all.len() <= 3 && report.broken.is_some(), "{cut}: {report:?}");
    }
    let (all, report) = read(&har.as_bytes()[..har.len() - 10]);
    assert_eq!(all.len(), 2);
    assert!(report.broken.unwrap().contains("it ends in the middle"));
    assert!(read(b"{\"a\":1}").1.broken.unwrap().contains("no log with entries"));
}

/// As many octets as are asked for, made as they are read.
struct Endless {
    start: Vec<u8>,
    at: usize,
    left: u64,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.start.get(self.at..).unwrap_or_default();
        if !rest.is_empty() {
            let count = rest.len().min(into.len());
            into[..count].copy_from_slice(&rest[..count]);
            self.at += count;
            return Ok(count);
        }
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        into[..count].fill(b'[');
        self.left -= count as u64;
        Ok(count)
    }
}

#[test]
fn hostile_files_end_in_words() {
    let start = b"{\"log\":{\"entries\":[{\"request\":".to_vec();
    let mut deep = Endless { start, at: 0, left: u64::MAX };
    let report = super::read(&mut deep, &mut |_| Ok(())).unwrap();
    assert!(report.broken.unwrap().contains("levels deep"));
    let start = b"{\"log\":{\"entries\":[{\"request\":{\"method\":\"".to_vec();
    let mut long = Endless { start, at: 0, left: 300 << 20 };
    let report = super::read(&mut long, &mut |_| Ok(())).unwrap();
    assert!(report.broken.unwrap().contains("it ends in the middle"));
    let (all, report) =
        read(b"{\"log\":{\"entries\":[{\"request\":{\"method\":\"G\xff\",\"url\":\"http://h\xfe/\x80\"}}]}}");
    assert_eq!((all.len(), report.read), (1, 1));
}

/// An exchange in hand, with its messages.
struct InHand(Vec<(u64, Message)>);

impl Kept for InHand {
    fn body(&self, exchange: &Exchange, side: Side) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &exchange.body(side).place {
            BodyPlace::Inline(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            _ => Box::new(io::empty()),
        })
    }

    fn messages(
        &self,
        _: crate::exchange::ExchangeId,
        each: &mut dyn FnMut(u64, Message) -> io::Result<()>,
    ) -> io::Result<()> {
        self.0.iter().try_for_each(|(number, message)| each(*number, message.clone()))
    }

    fn connection(
        &self,
        _: crate::exchange::ConnectionId,
    ) -> io::Result<Option<crate::exchange::Connection>> {
        Ok(None)
    }
}

fn any_head() -> impl Strategy<Value = Option<Bytes>> {
    of(prop_oneof![
        "(GET|POST) /[a-z?=&]{0,8} HTTP/1.1\r\n(X-[a-z]{1,5}: .{0,9}\r\n){0,4}\r\n".prop_map(Bytes::from),
        vec(any::<u8>(), 0..60).prop_map(Bytes::from),
    ])
}

fn any_body() -> impl Strategy<Value = Body> {
    let bytes = prop_oneof![vec(any::<u8>(), 0..50), "(?s).{0,50}".prop_map(String::into_bytes)];
    let more = (
        any::<bool>(),
        of(select(vec![Truncation::Pressure, Truncation::Limit, Truncation::Disk])),
        1_u64..99,
    );
    let trailers = (of(vec(any::<u8>(), 0..20)), vec((1_u16..9, select(Cause::ALL)), 0..2));
    (bytes, more, trailers).prop_map(|(bytes, (complete, truncated, missing), (trailers, withheld))| {
        let kept = bytes.len() as u64;
        Body {
            length: kept + if truncated.is_some() { missing } else { 0 },
            kept,
            complete,
            truncated,
            place: BodyPlace::Inline(bytes),
            trailers: trailers.map(Bytes::from),
            withheld,
        }
    })
}

fn any_edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (of(0_u16..40), of(0_u16..40), select(Cause::ALL));
    vec(edit.prop_map(|(before, after, cause)| Edit { before, after, cause }), 0..4)
}

fn any_tunnelled() -> impl Strategy<Value = Tunnelled> {
    let words = (select(Unopened::ALL), of(".{0,8}"), of(any::<bool>()), of(select(Spoken::ALL)));
    (words, of(any::<u32>()), of(any::<u32>())).prop_map(|((why, says, first, spoken), client, origin)| {
        Tunnelled {
            why,
            says,
            first: first.map(|client| if client { Side::Client } else { Side::Origin }),
            spoken,
            client_ended: client.map(u64::from),
            origin_ended: origin.map(u64::from),
        }
    })
}

fn any_messages() -> impl Strategy<Value = Vec<(u64, Message)>> {
    let message =
        (any::<u32>(), any::<bool>(), select(MessageForm::ALL), vec(any::<u8>(), 0..20), ".{0,8}", 0_u8..16);
    let made = message.prop_map(|(at, client, form, payload, says, flags)| Message {
        at: u64::from(at),
        side: if client { Side::Client } else { Side::Origin },
        form,
        wire: payload.len() as u64 + 2,
        length: payload.len() as u64,
        payload: Bytes::from(payload),
        says,
        flags: MessageFlags(flags),
    });
    vec(made, 0..4).prop_map(|messages| (0..).map(|number| number * 2).zip(messages).collect())
}

prop_compose! {
    fn any_exchange()(
        heads in (any_head(), any_head(), any_head(), any_head()),
        edits in (any_edits(), any_edits()),
        bodies in (any_body(), any_body()),
        texts in (".{0,8}", ".{0,8}", ".{0,8}", ".{0,8}", of(".{0,8}")),
        numbers in (any::<i64>(), of(any::<u32>()), of(any::<u32>()), of(100_u16..600), 0_u32..4096),
        state in select(vec![State::Done, State::Aborted, State::Failed]),
        failure in of((any::<bool>(), select(Phase::ALL), select(Kind::ALL), ".{0,20}")),
        interim in vec((any::<u32>(), vec(any::<u8>(), 0..9)), 0..2),
        moments in vec(of(0_u64..1 << 40), 9),
        tunnelled in of(any_tunnelled()),
        note in of(".{0,20}"),
    ) -> Exchange {
        let mut made = exchange(b"", "", b"");
        let summary = &mut made.summary;
        (summary.client, summary.method, summary.host, summary.path, summary.media_type) = texts;
        (summary.started, summary.state) = (numbers.0, state);
        (summary.duration, summary.ttfb) = (numbers.1.map(u64::from), numbers.2.map(u64::from));
        (summary.status, summary.flags) = (numbers.3, Flags(numbers.4 & !(Flags::DECODED.0 | Flags::REQUEST_DECODED.0)));
        summary.set_note(note.and_then(|text| Note::new(&text)));
        summary.failure = failure.map(|(client, phase, kind, says)| Failure {
            side: if client { Side::Client } else { Side::Origin }, phase, kind, says,
        });
        (summary.request_bytes, summary.response_bytes) = (bodies.0.length, bodies.1.length);
        made.heads = Heads {
            request_received: heads.0, request_sent: heads.1, response_received: heads.2, response_sent: heads.3,
        };
        made.tunnelled = tunnelled.map(Box::new);
        (made.request_edits, made.response_edits) = edits;
        (made.request_body, made.response_body) = bodies;
        made.interim = interim.into_iter().map(|(at, head)| Interim { at: at.into(), head: head.into(), forwarded: at % 2 == 0 }).collect();
        made.timing = Timing {
            request_head: moments[0], resolved: moments[1], connected: moments[2], secured: moments[3],
            request_sent: moments[4], request_end: moments[5], response_head: moments[6],
            response_sent: moments[7], response_end: moments[8],
        };
        made
    }
}

proptest! {
    #[test]
    fn what_was_exported_is_imported_the_same(mut made in any_exchange(), messages in any_messages()) {
        made.summary.messages = messages.last().map_or(0, |(last, _)| last + 1);
        let kept = InHand(messages);
        let mut har = Har::begin(Vec::new()).unwrap();
        har.entry(&Outgoing::new(&made, &kept, None)).unwrap();
        let (mut all, report) = read(&har.end().unwrap());
        prop_assert_eq!((report.read, report.left_out, report.broken), (1, 0, None));
        let mut again = all.remove(0);
        for (side, bytes) in [Side::Client, Side::Origin].into_iter().zip(again.bodies) {
            again.exchange.body_mut(side).place = BodyPlace::Inline(bytes);
        }
        prop_assert_eq!(format!("{:?}", again.exchange), format!("{made:?}"));
        prop_assert_eq!(again.messages, kept.0);
    }

    #[test]
    fn no_file_is_too_odd(bytes in vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
        let mut har = json!({"log": {"entries": [chrome()]}}).to_string().into_bytes();
        let at = at.index(har.len());
        har.splice(at..at, bytes);
        let _ = read(&har);
    }
}
