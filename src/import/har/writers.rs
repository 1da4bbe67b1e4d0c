//! Entries in the shapes that programs write them in, each with what is particular to it. Made after real files; names,
//! places and contents are our own.

use super::super::{Imported, Report};
use crate::exchange::{Flags, Note, State};
use serde_json::{Value, json};

fn read(bytes: &[u8]) -> (Vec<Imported>, Report) {
    let mut all = Vec::new();
    let report = super::read(&mut &bytes[..], &mut |imported| {
        all.push(imported);
        Ok(())
    });
    (all, report.unwrap())
}

fn written(creator: &Value, entries: &Value) -> Vec<Imported> {
    let har = json!({"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}});
    let (all, report) = read(har.to_string().as_bytes());
    assert_eq!((report.left_out, report.broken.as_deref()), (0, None), "{report:?}");
    assert!(report.by.is_some());
    all
}

fn head(bytes: Option<&bytes::Bytes>) -> &str {
    bytes.map_or("", |bytes| std::str::from_utf8(bytes).unwrap())
}

#[test]
fn charles() {
    let field = |name: &str, value: &str| json!({"name": name, "value": value});
    let all = written(
        &json!({"name": "Charles Proxy", "version": "4.6.4"}),
        &json!([{
            "startedDateTime": "2023-05-16T15:48:07.559+08:00", "time": 91,
            "request": {"method": "POST", "url": "https://api.shop.test/login", "httpVersion": "HTTP/2.0", "cookies": [],
                "headers": [field(":method", "POST"), field(":authority", "api.shop.test"), field(":scheme", "https"),
                    field(":path", "/login"), field("cookie", "a=1"), field("cookie", "b=2")],
                "queryString": [], "postData": {"mimeType": "application/json", "text": "{\"user\":\"é\"}"},
                "headersSize": 237, "bodySize": 13},
            "response": {"_charlesStatus": "COMPLETE", "status": 200, "statusText": null, "httpVersion": "HTTP/2.0",
                "cookies": [{"name": "t", "value": "1", "expires": null, "comment": null, "_maxAge": null}],
                "headers": [field(":status", "200"), field("content-type", "application/json"),
                    field("set-cookie", "t=1; Path=/")],
                "content": {"size": 11, "mimeType": "application/json", "text": "eyJvayI6dHJ1ZX0=", "encoding": "base64"},
                "redirectURL": null, "headersSize": 826, "bodySize": 11},
            "serverIPAddress": "192.0.2.30", "cache": {},
            "timings": {"dns": -1, "connect": -1, "ssl": -1, "send": 1, "wait": 90, "receive": 0},
        }, {
            "startedDateTime": "2023-05-16T15:48:08.000+08:00", "time": 5,
            "request": {"method": "GET", "url": "http://h.test/", "httpVersion": "HTTP/1.1", "headers": [], "bodySize": 0},
            "response": {"_charlesStatus": "EXCEPTION", "status": null, "statusText": null, "httpVersion": "HTTP/1.1",
                "headers": [], "content": {}, "bodySize": 0},
            "timings": {"send": 0, "wait": 5, "receive": 0},
        }]),
    );
    let first = &all[0].exchange;
    assert_eq!(
        head(first.heads.request_received.as_ref()),
        "POST /login HTTP/2\r\n:method: POST\r\n:authority: api.shop.test\r\n:scheme: https\r\n:path: /login\r\ncookie: a=1\r\ncookie: b=2\r\n\r\n"
    );
    assert_eq!(all[0].bodies, ["{\"user\":\"é\"}".as_bytes().to_vec(), b"{\"ok\":true}".to_vec()]);
    assert_eq!(first.summary.started, 1_684_223_287_559_000);
    assert_eq!((first.summary.ttfb, first.summary.duration), (Some(91_000), Some(91_000)));
    assert_eq!((all[1].exchange.summary.status, all[1].exchange.summary.state), (None, State::Aborted));
}

#[test]
fn fiddler() {
    let har = json!({"log": {"pages": [], "comment": "exported @ 28/06/2016", "entries": [{
        "pageref": "0", "time": 33, "serverIPAddress": "192.0.2.133", "connection": "ClientPort:19744;EgressPort:19746",
        "request": {"headersSize": 432, "postData": {"text": "", "mimeType": ""}, "queryString": [],
            "headers": [{"name": "Host", "value": "h.test"}], "bodySize": 0, "url": "http://h.test/a.js", "cookies": [],
            "method": "GET", "httpVersion": "HTTP/1.1"},
        "timings": {"blocked": -1, "ssl": 0, "receive": 1, "wait": 18, "dns": 0, "send": 0, "connect": 14},
        "response": {"headersSize": 597, "bodySize": 20, "statusText": "OK", "redirectURL": "", "status": 200,
            "httpVersion": "HTTP/1.1", "cookies": [],
            "content": {"compression": 10, "text": "/* a script, 30 octets long */", "size": 30, "mimeType": "text/javascript"},
            "headers": [{"name": "Content-Encoding", "value": "gzip"}, {"name": "Content-Length", "value": "20"}]},
        "comment": "[#3]", "startedDateTime": "2016-06-28T21:42:02.7601496+01:00", "cache": {},
    }], "creator": {"name": "Fiddler", "comment": "https://fiddler2.com", "version": "4.6.2.2"}, "version": "1.2"}});
    let (all, report) = read(format!("\u{feff}{har}").as_bytes());
    assert_eq!((report.by.as_deref(), report.read), (Some("Fiddler 4.6.2.2"), 1));
    let summary = &all[0].exchange.summary;
    assert_eq!((summary.started, summary.response_bytes), (1_467_146_522_760_149, 20));
    assert!(summary.flags.has(Flags::DECODED));
    assert_eq!(summary.note, Note::new("[#3]"));
    assert_eq!(all[0].bodies[1].len(), 30);
    assert_eq!(all[0].connections[0].peer.unwrap().to_string(), "192.0.2.133:80");
    assert_eq!(summary.duration, Some(33_000));
}

#[test]
fn mitmproxy_has_securing_behind_connecting() {
    let entry = |time: f64| {
        json!({
            "startedDateTime": "2023-07-25T10:42:01.726810+00:00", "time": time,
            "request": {"method": "GET", "url": "https://h.test/", "httpVersion": "HTTP/2.0", "cookies": [],
                "headers": [{"name": "accept", "value": "*/*"}], "queryString": [], "headersSize": 61, "bodySize": 0},
            "response": {"status": 200, "statusText": "", "httpVersion": "HTTP/2.0", "cookies": [], "headers": [],
                "content": {"size": 0, "compression": 0, "mimeType": "", "text": ""}, "redirectURL": "",
                "headersSize": 416, "bodySize": 0},
            "cache": {}, "timings": {"connect": 120.5, "ssl": 100.25, "send": 3.0, "receive": 4.0, "wait": 112.0},
        })
    };
    let all = written(
        &json!({"name": "mitmproxy", "version": "10.0", "comment": ""}),
        &json!([entry(339.75), entry(239.5)]),
    );
    let phases = |at: usize| {
        let timing = &all[at].exchange.timing;
        (timing.connected, timing.secured, timing.response_end)
    };
    assert_eq!(phases(0), (Some(120_500), Some(220_750), Some(339_750)));
    assert_eq!(phases(1), (Some(20_250), Some(120_500), Some(239_500)), "as HAR 1.2 and browsers have it");
}

#[test]
fn what_browsers_and_clients_leave_empty() {
    let entry = json!({
        "pageref": "page_0", "startedDateTime": "2023-03-30T00:13:32.542Z", "time": 0.064,
        "request": {"method": "GET", "url": "https://h.test/style.css", "httpVersion": "", "cookies": {"name": "a", "value": "b"},
            "headers": [], "queryString": [], "postData": {"mimeType": "", "text": "", "params": []}, "headersSize": -1,
            "bodySize": -1, "settingEncodeUrl": true},
        "response": {"status": 200, "statusText": "", "httpVersion": "", "cookies": [],
            "headers": [{"name": "Content-Type", "value": "text/css"}],
            "content": {"size": 0, "compression": 0, "mimeType": "text/css", "text": "a{}"}, "redirectURL": "",
            "headersSize": -1, "bodySize": -1},
        "cache": {}, "timings": {"blocked": 0, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0.03, "receive": 0.03},
        "_fetchType": "Memory Cache", "comment": "",
    });
    for creator in [
        json!({"name": "WebKit Web Inspector", "version": "1.0"}),
        json!({"name": "Insomnia REST Client", "version": "insomnia.desktop.app:v2022.1.1"}),
        json!({"name": "Internet Explorer Network Inspector", "version": "11.0", "comment": null}),
    ] {
        let all = written(&creator, &json!([entry]));
        let exchange = &all[0].exchange;
        assert_eq!(head(exchange.heads.request_received.as_ref()), "GET /style.css HTTP/1.1\r\n\r\n");
        assert_eq!((exchange.summary.request_bytes, exchange.request_body.complete), (0, true));
        assert_eq!((exchange.summary.note.as_ref(), &all[0].bodies[1][..]), (None, &b"a{}"[..]));
    }
}

#[test]
fn proxyman_and_http_toolkit() {
    let request = json!({"method": "GET", "url": "https://h.test/ws", "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": [{"name": "Host", "value": "h.test"}], "queryString": [], "headersSize": 0, "bodySize": 0});
    let all = written(
        &json!({"name": "Proxyman", "version": "5.1", "comment": "Proxyman HAR"}),
        &json!([{"_id": "7", "_name": "ws", "_clientName": "curl", "startedDateTime": "2024-01-02T03:04:05.006Z", "time": 12,
            "request": request, "comment": "check this\nlater",
            "response": {"status": 101, "statusText": "Switching Protocols", "httpVersion": "HTTP/1.1", "cookies": [],
                "headers": [], "content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": 0, "bodySize": 0},
            "cache": {}, "timings": {"send": 1, "wait": 11, "receive": 0}}]),
    );
    assert_eq!(all[0].exchange.summary.note, Note::new("check this later"));
    let all = written(
        &json!({"name": "HTTP Toolkit", "version": "2024-01-02"}),
        &json!([{"startedDateTime": "2024-01-02T03:04:05.006Z", "time": -1, "request": request,
            "response": {"status": 101, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
                "content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": -1, "bodySize": -1},
            "cache": {}, "timings": {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0, "receive": 0},
            "_resourceType": "websocket",
            "_webSocketMessages": [{"type": "send", "time": 1_704_164_645.106, "opcode": 1, "data": "hi"},
                {"type": "receive", "time": 1_704_164_645.206, "opcode": 2, "data": "AAE="}],
            "_webSocketClose": {"code": 1000, "reason": "", "time": 1_704_164_646.0}},
            {"startedDateTime": "2024-01-02T03:04:05.006Z", "time": 3, "request": request,
            "response": {"status": 0, "statusText": "", "httpVersion": "", "headers": [], "content": {}, "bodySize": 0},
            "timings": {"send": 0, "wait": 0, "receive": 0}}]),
    );
    let said: Vec<_> = all[0].messages.iter().map(|(_, message)| &message.payload[..]).collect();
    assert_eq!(said, [&b"hi"[..], &[0, 1]]);
    assert!(all[0].messages[0].1.at.abs_diff(100_000) < 1_000, "{}", all[0].messages[0].1.at);
    assert_eq!(all[1].exchange.summary.state, State::Aborted);
}

#[test]
fn webpagetest_lists_the_request_line_and_mitmproxy_unpacks_requests() {
    let entry = json!({
        "startedDateTime": "2016-05-29T10:42:01.000Z", "time": 5,
        "request": {"method": "POST", "url": "http://h.test/a?b=http://c/", "httpVersion": "HTTP/1.1", "bodySize": 9,
            "headers": [{"name": "POST /a?b=http", "value": "//c/ HTTP/1.1"}, {"name": "Host", "value": "h.test"},
                {"name": "Posted", "value": "1"}, {"name": "Content-Encoding", "value": "gzip"}],
            "postData": {"mimeType": "text/plain", "text": "unpacked"}},
        "response": {"status": 204, "statusText": "", "httpVersion": "HTTP/1.1", "headers": [], "content": {}, "bodySize": 0},
        "timings": {"send": 0, "wait": 5, "receive": 0},
    });
    let all = written(&json!({"name": "WebPagetest", "version": "2.19"}), &json!([entry]));
    let (exchange, flags) = (&all[0].exchange, all[0].exchange.summary.flags);
    assert_eq!(
        head(exchange.heads.request_received.as_ref()),
        "POST /a?b=http://c/ HTTP/1.1\r\nHost: h.test\r\nPosted: 1\r\nContent-Encoding: gzip\r\n\r\n"
    );
    assert!(flags.has(Flags::REQUEST_DECODED) && !flags.has(Flags::DECODED));
}
