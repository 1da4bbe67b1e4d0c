//! A HAR as another reader reads it.

use super::*;
use crate::exchange::{
    BodyPlace, Exchange, Failure, Kind, Message, MessageFlags, MessageForm, Phase, Truncation,
};
use crate::export::outgoing::tests::InHand;
use crate::export::request::tests::exchange;
use bytes::Bytes;
use serde_json::{Value, json};

fn written(exchanges: &[Exchange], messages: Vec<Message>) -> Value {
    let kept = InHand(messages);
    let mut har = Har::begin(Vec::new()).unwrap();
    for exchange in exchanges {
        har.entry(&Outgoing::new(exchange, &kept, None)).unwrap();
    }
    serde_json::from_slice(&har.end().unwrap()).unwrap()
}

fn answered(response: &str, body: &[u8]) -> Exchange {
    let head = b"POST http://h.test/a?b=c%20d&e HTTP/1.1\r\nHost: h.test\r\nCookie: a=1; b=2\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: text/plain\r\n\r\n";
    let mut exchange = exchange(head, "h.test", b"hi\xff");
    exchange.summary.version = "HTTP/1.1".to_owned();
    exchange.request_body.place = BodyPlace::Inline(b"hi\xff".to_vec());
    exchange.heads.response_received = Some(Bytes::copy_from_slice(response.as_bytes()));
    exchange.response_body.place = BodyPlace::Inline(body.to_vec());
    (exchange.response_body.length, exchange.response_body.kept) = (body.len() as u64, body.len() as u64);
    exchange
}

#[test]
fn an_entry_has_what_the_format_asks_for() {
    let answer = "HTTP/1.1 302 Found\r\nContent-Type: text/html\r\nLocation: /x\r\nSet-Cookie: s=1; Path=/; HttpOnly\r\n\r\n";
    let har = written(&[answered(answer, "hä\u{1}".as_bytes())], Vec::new());
    assert_eq!(har["log"]["version"], "1.2");
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["startedDateTime"], "1970-01-01T00:00:00.000000Z");
    let request = &entry["request"];
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("http://h.test/a?b=c%20d&e")));
    assert_eq!(request["queryString"], json!([{"name": "b", "value": "c d"}, {"name": "e", "value": ""}]));
    let names: Vec<_> =
        request["headers"].as_array().unwrap().iter().map(|field| field["name"].clone()).collect();
    assert_eq!(names, ["Host", "Cookie", "X-A", "x-a", "Content-Type"]);
    assert_eq!(request["cookies"][1], json!({"name": "b", "value": "2"}));
    assert_eq!(
        (&request["postData"]["text"], &request["postData"]["encoding"]),
        (&json!("aGn/"), &json!("base64"))
    );
    let response = &entry["response"];
    assert_eq!((&response["status"], &response["redirectURL"]), (&json!(302), &json!("/x")));
    assert_eq!(response["content"], json!({"size": 4, "mimeType": "text/html", "text": "hä\u{1}"}));
    assert_eq!(response["cookies"][0]["httpOnly"], true);
    for key in ["cache", "timings", "time"] {
        assert!(!entry[key].is_null(), "{key}");
    }
}

#[test]
fn failures_and_cuts_are_said() {
    let mut failed = answered("", b"");
    failed.heads.response_received = None;
    let says = "127.0.0.1:9 refused the connection".to_owned();
    failed.summary.failure =
        Some(Failure { side: Side::Origin, phase: Phase::Connect, kind: Kind::Refused, says });
    let mut cut = answered("HTTP/1.1 200 OK\r\n\r\n", b"beginning");
    (cut.response_body.length, cut.response_body.truncated) = (100, Some(Truncation::Limit));
    let har = written(&[failed, cut], Vec::new());
    let response = |at: usize| &har["log"]["entries"][at]["response"];
    assert_eq!(
        (&response(0)["status"], &response(0)["_error"]),
        (&json!(0), &json!("127.0.0.1:9 refused the connection"))
    );
    assert_eq!(response(1)["bodySize"], 100);
    let comment = response(1)["content"]["comment"].as_str().unwrap();
    assert!(comment.starts_with("9 of 100 bytes were kept: "), "{comment}");
}

#[test]
fn websocket_messages_have_chromes_form() {
    let message = |side, form, payload: &'static [u8]| Message {
        at: 1_500_000,
        side,
        form,
        wire: 8,
        length: payload.len() as u64,
        payload: Bytes::from_static(payload),
        says: String::new(),
        flags: MessageFlags::default(),
    };
    let mut upgraded = answered("HTTP/1.1 101 Switching Protocols\r\n\r\n", b"");
    upgraded.summary.messages = 3;
    let messages = vec![
        message(Side::Client, MessageForm::Text, b"hi"),
        message(Side::Origin, MessageForm::Binary, b"\x01"),
        message(Side::Origin, MessageForm::Event, b"tick"),
    ];
    let har = written(&[upgraded], messages);
    let entry = &har["log"]["entries"][0];
    let sent = &entry["_webSocketMessages"][0];
    assert_eq!(
        [&sent["type"], &sent["time"], &sent["opcode"], &sent["data"]],
        [&json!("send"), &json!(1.5), &json!(1), &json!("hi")]
    );
    assert_eq!(entry["_webSocketMessages"][1]["data"], "AQ==");
    assert_eq!(entry["_webSocketMessages"].as_array().unwrap().len(), 2);
    assert_eq!(entry["_hopscope"]["messages"][0]["data"], "tick");
}
