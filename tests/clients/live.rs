//! A second process reads what the first is recording, and both agree with the bytes on the sockets.

use super::serving::Serving;
use crate::support::client::{DEADLINE, Peer};
use crate::support::origin::Origin;
use serde_json::Value;
use std::sync::mpsc;
use std::time::Instant;

fn listed(proxy: &Serving) -> Vec<Value> {
    let lines = proxy.said(&["ls", "--json"]);
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn raw_heads_and_bodies_are_what_the_sockets_saw() {
    let answer = b"HTTP/1.1 207  Odd \t reason \r\nX-a:1\r\nx-A:\t 2 \r\nSet-Cookie: a\r\nX-B: \xff\xfe\r\nset-cookie: b\r\nContent-Length: 4\r\n\r\nbody";
    let origin = Origin::answering(&answer[..]);
    let proxy = Serving::start(&[]);
    let head = format!(
        "POST http://{0}/p?q HTTP/1.1\r\nhOST:{0}\r\nX-Z:  spaced \t\r\nx-z: é\r\nConnection: X-Gone\r\nX-Gone: 1\r\nContent-Length: 3\r\n\r\n",
        origin.address()
    );
    let mut client = Peer::connect(proxy.address());
    client.send(format!("{head}abc"));
    let (answered, body) = client.read_message();
    let row = proxy.to("/p?q");
    let sent = [proxy.bytes(&row, "request-sent"), proxy.bytes(&row, "request")].concat();
    assert_eq!(proxy.bytes(&row, "request-received"), head.as_bytes());
    assert_eq!(sent.escape_ascii().to_string(), origin.received(0).escape_ascii().to_string());
    assert_eq!(proxy.bytes(&row, "response-received"), answer[..answer.len() - 4]);
    assert_eq!(proxy.bytes(&row, "response-sent"), answered);
    assert_eq!((proxy.bytes(&row, "response"), &body[..]), (b"body".to_vec(), &b"body"[..]));
    let hops = proxy.part(&row, "hops");
    assert!(hops.contains("RFC 9110 7.6.1") && hops.contains("X-Gone"), "{hops}");
}

#[test]
fn an_exchange_under_way_is_listed_and_then_done() {
    let (go, told) = mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        told.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let proxy = Serving::start(&[]);
    let mut client = Peer::connect(proxy.address());
    client.send(format!("GET http://{0}/slow HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    let began = Instant::now();
    let open = loop {
        if let Some(row) = listed(&proxy).pop() {
            break row;
        }
        assert!(began.elapsed() < DEADLINE, "an exchange under way is never listed");
    };
    assert_eq!((open["state"].as_str(), &open["status"]), (Some("open"), &Value::Null));
    assert!(proxy.bytes(&open, "request-sent").starts_with(b"GET /slow HTTP/1.1\r\n"));
    go.send(()).unwrap();
    assert_eq!(client.read_message().1, b"ok");
    let row = proxy.to("/slow");
    assert_eq!(listed(&proxy), std::slice::from_ref(&row));
    assert_eq!((row["state"].as_str(), &row["id"]), (Some("done"), &open["id"]));
    // Stopped in order, and read as the last capture.
    let shown = proxy.said(&["show", &row["id"].to_string(), "-c", "last"]);
    assert!(shown.contains("GET http://"), "{shown}");
    assert_eq!(proxy.stop(), Some(0));
}
