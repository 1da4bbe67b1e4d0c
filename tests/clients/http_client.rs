//! Python's http.client and urllib.request, as plain as they are.

use super::ledger::{clauses, explains, failure, has, lines, says, start, values};
use super::origins::httpbin;
use super::programs::Python;
use super::serving::Serving;
use crate::support::origin::Origin;
use serde_json::{Value, json};

const SCRIPT: &str = "http_client.py";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `[["Name","value"], …]` as lines.
fn fields(value: &Value) -> Vec<String> {
    let pairs = value.as_array().unwrap().iter();
    pairs.map(|pair| format!("{}: {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect()
}

#[test]
fn head_and_post_through_set_tunnel() {
    let (Some(python), Some(bin)) = (Python::with("http.client"), httpbin()) else { return };
    let proxy = Serving::trusting();
    let origins = [bin.secure.as_str(), &bin.plain];
    let said = python.run(&proxy, SCRIPT, "tunnel", &origins);
    assert_eq!(said.iter().map(|one| &one["status"]).collect::<Vec<_>>(), [200; 4]);
    for (number, origin) in origins.into_iter().enumerate() {
        let head = proxy.to(&format!("?head={number}"));
        let whole = proxy.whole(&head);
        explains(&whole);
        assert_eq!(fields(&said[2 * number]["fields"]), lines(&whole, "response_sent"));
        assert_eq!((&said[2 * number]["body"], head["response_bytes"].as_u64()), (&json!(""), Some(0)));
        let post = proxy.to(&format!("?post={number}"));
        explains(&proxy.whole(&post));
        assert_eq!(proxy.bytes(&post, "request"), b"a=1");
        assert_eq!(proxy.bytes(&post, "response"), said[2 * number + 1]["body"].as_str().unwrap().as_bytes());
        let authority = origin.split("//").nth(1).unwrap();
        // httpbin's server closes after each answer, so the client may have come back with a second CONNECT.
        let connect = proxy.row("CONNECT", |row| row["method"] == "CONNECT" && row["host"] == authority);
        assert!(has(&connect, "intercepted") && connect["status"] == 200, "{connect}");
        let received = text(&proxy.bytes(&connect, "request-received"));
        assert!(received.starts_with(&format!("CONNECT {authority} HTTP/1.")), "{received}");
        for line in ["User-Agent: tunnel/1\r\n".to_owned(), format!("X-Tunnel: t{number}\r\n")] {
            assert!(received.contains(&line), "{received}");
            assert!(!text(&proxy.bytes(&head, "request-sent")).contains(&line));
        }
    }
}

#[test]
fn a_request_without_host_is_refused_and_explained() {
    let Some(python) = Python::with("http.client") else { return };
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let proxy = Serving::start(&[]);
    let url = format!("http://{}", origin.address());
    let said = python.run(&proxy, SCRIPT, "no-host", &[&url]).remove(0);
    assert_eq!(said["status"], 400);
    assert!(said["body"].as_str().unwrap().contains("Host"), "{said}");
    let row = proxy.to("/no-host");
    assert_eq!((row["status"].as_u64(), failure(&row)), (Some(400), ["client", "request", "malformed"]));
    assert!(has(&row, "ours") && says(&row).contains("Host") && says(&row).contains("RFC 9112 3.2"), "{row}");
    let received = text(&proxy.bytes(&row, "request-received"));
    assert_eq!(received, format!("GET {url}/no-host HTTP/1.1\r\nX-Kept: 1\r\n\r\n"));
    assert_eq!(origin.connections(), 0);
}

#[test]
fn a_folded_line_is_kept_exactly_and_sent_unfolded() {
    let Some(python) = Python::with("http.client") else { return };
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let proxy = Serving::start(&[]);
    let said = python.run(&proxy, SCRIPT, "folded", &[&format!("http://{}", origin.address())]).remove(0);
    let row = proxy.to("/folded");
    assert!(text(&proxy.bytes(&row, "request-received")).contains("X-Two: first\r\n\tsecond\r\n"));
    assert_eq!(said["status"], 200, "{row}");
    let whole = proxy.whole(&row);
    explains(&whole);
    assert!(clauses(&whole, "request").contains(&"RFC 9112 5.2".to_owned()), "{whole:#}");
    let sent = values(&whole, "request_sent", "x-two").remove(0);
    assert_eq!(sent.split_whitespace().collect::<Vec<_>>(), ["first", "second"]);
    assert!(!sent.contains(['\r', '\n']), "{sent}");
    assert_eq!(proxy.bytes(&row, "request-sent"), origin.received(0));
}

#[test]
fn bodies_of_every_kind() {
    let Some(python) = Python::with("http.client") else { return };
    let origin = Origin::start(|peer, _| {
        while peer.awaits() {
            peer.read_message();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxy = Serving::start(&[]);
    python.run(&proxy, SCRIPT, "bodies", &[&format!("http://{}", origin.address())]);
    let file = "file ".repeat(2000);
    for (name, body, chunked) in [
        ("str", "text \u{e9}", false),
        ("file", &file, true),
        ("iterable", "one two three", true),
        ("encoded", "four five", true),
    ] {
        let row = proxy.to(&format!("/{name}"));
        let whole = proxy.whole(&row);
        explains(&whole);
        let body: Vec<u8> = body.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect();
        assert_eq!(proxy.bytes(&row, "request"), body, "{name}");
        for head in ["request_received", "request_sent"] {
            let codings = values(&whole, head, "transfer-encoding");
            assert_eq!(codings, if chunked { vec!["chunked"] } else { vec![] }, "{name}");
            assert_eq!(values(&whole, head, "content-length").len(), usize::from(!chunked), "{name}");
        }
    }
    let seen = text(&origin.received(0));
    assert!(seen.contains("one ") && seen.contains("five") && seen.ends_with("\r\n0\r\n\r\n"), "{seen}");
}

#[test]
fn not_found_a_redirect_with_a_body_and_an_old_answer() {
    let Some(python) = Python::with("http.client") else { return };
    let origin = Origin::start(|peer, _| {
        let head = text(&peer.read_head());
        peer.send(match head.split(' ').nth(1).unwrap() {
            "/404" => "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nnothing",
            "/302" => "HTTP/1.1 302 Found\r\nLocation: /404\r\nContent-Length: 5\r\n\r\nmoved",
            _ => "HTTP/1.0 200 Fine\r\nX-Old: 1\r\n\r\nuntil the end",
        });
    });
    let proxy = Serving::start(&[]);
    let said = python.run(&proxy, SCRIPT, "answers", &[&format!("http://{}", origin.address())]);
    let expected = [(404, "nothing", "Not Found"), (302, "moved", "Found"), (200, "until the end", "Fine")];
    for (one, (status, body, reason)) in said.iter().zip(expected) {
        assert_eq!(
            (&one["status"], &one["body"], &one["reason"]),
            (&json!(status), &json!(body), &json!(reason))
        );
        // Each hop states its own version (RFC 9110 6.2).
        assert_eq!(one["version"], 11);
        let row = proxy.to(one["name"].as_str().unwrap());
        let whole = proxy.whole(&row);
        explains(&whole);
        assert_eq!(row["state"], "done");
        assert_eq!(fields(&one["fields"]), lines(&whole, "response_sent"));
        assert_eq!(proxy.bytes(&row, "response"), body.as_bytes());
    }
    let whole = proxy.whole(&proxy.to("/old"));
    assert_eq!(start(&whole, "response_received"), "HTTP/1.0 200 Fine");
    assert!(clauses(&whole, "response").contains(&"RFC 9110 6.2".to_owned()), "{whole:#}");
}

#[test]
fn urllib_sees_the_fields_that_we_sent() {
    let (Some(python), Some(bin)) = (Python::with("urllib.request"), httpbin()) else { return };
    let proxy = Serving::trusting();
    let said = python.run(&proxy, SCRIPT, "urllib-info", &[&bin.plain, &bin.secure]);
    for one in &said {
        let row = proxy.row("response-headers", |row| row["url"] == one["url"]);
        let whole = proxy.whole(&row);
        explains(&whole);
        assert_eq!(fields(&one["info"]), lines(&whole, "response_sent"));
        assert_eq!(values(&whole, "response_sent", "x-two"), ["a", "b"]);
        assert!(values(&whole, "request_sent", "user-agent")[0].starts_with("Python-urllib/"));
    }
    assert_eq!(said.len(), 2);
}
