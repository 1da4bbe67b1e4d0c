//! What Python's exceptions mean here: each odd answer of an origin is a row with its cause, and the client
//! gets a 502 that it can read, or, where an answer had begun, exactly as much as came.

use super::ledger::{failure, has, says};
use super::programs::Python;
use super::serving::Serving;
use crate::support::client::Peer;
use crate::support::origin::Origin;
use serde_json::{Value, json};

/// Answers by the path that is asked for, and closes.
fn odd(peer: &mut Peer) {
    let head = String::from_utf8(peer.read_head()).unwrap();
    match head.split(' ').nth(1).unwrap() {
        "/bad-status" => peer.send("HTTP/1.1 abc Nonsense\r\nContent-Length: 0\r\n\r\n"),
        "/no-http" => peer.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        "/http-0.9" => peer.send("<html>a bare body, as HTTP/0.9 has it</html>\r\n\r\n"),
        "/long-line" => peer.send(format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(300_000))),
        "/client-long" => {
            peer.send(format!(
                "HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 2\r\n\r\nok",
                "x".repeat(70_000)
            ));
        }
        "/close" => {}
        "/reset" => peer.reset(),
        "/half-head" => peer.send("HTTP/1.1 200 OK\r\nContent-Le"),
        "/cut-length" => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart of it"),
        "/cut-chunks" => {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\npart of it\r\n5\r\nab");
        }
        path => panic!("{path}"),
    }
}

fn seen_by(script: &str, case: &str, paths: &[&str]) -> Option<(Serving, Origin, Vec<Value>)> {
    let python = Python::with(if script.starts_with("requests") { "requests" } else { "http.client" })?;
    let origin = Origin::start(|peer, _| odd(peer));
    let proxy = Serving::start(&[]);
    let urls: Vec<_> = paths.iter().map(|path| format!("http://{}{path}", origin.address())).collect();
    let said = python.run(&proxy, script, case, &urls.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.len(), paths.len());
    Some((proxy, origin, said))
}

const NO_ANSWER: [(&str, [&str; 3]); 7] = [
    ("/bad-status", ["origin", "response", "malformed"]),
    ("/no-http", ["origin", "response", "malformed"]),
    ("/http-0.9", ["origin", "response", "malformed"]),
    ("/long-line", ["origin", "response", "too-large"]),
    ("/close", ["origin", "wait", "closed"]),
    ("/reset", ["origin", "wait", "reset"]),
    ("/half-head", ["origin", "response", "closed"]),
];

#[track_caller]
fn explained(proxy: &Serving, said: &[Value]) {
    for (one, (path, cause)) in said.iter().zip(NO_ANSWER) {
        let row = proxy.to(path);
        assert_eq!(one["status"], 502, "{path}: {one}");
        assert_eq!((row["status"].as_u64(), failure(&row)), (Some(502), cause), "{path}: {row}");
        assert!(has(&row, "ours") && row["state"] == "failed", "{row}");
        let text = one["text"].as_str().unwrap();
        assert!(text.starts_with("hopscope could not get an answer") && text.contains(says(&row)), "{text}");
        assert_eq!(proxy.bytes(&row, "response"), text.as_bytes());
    }
}

#[test]
fn urllib_reads_why_there_is_no_answer() {
    let paths = NO_ANSWER.map(|(path, _)| path);
    let Some((proxy, _origin, said)) = seen_by("http_client.py", "broken", &paths) else { return };
    explained(&proxy, &said);
    for one in &said {
        let fields = one["info"].as_array().unwrap();
        let status = fields.iter().find(|pair| pair[0] == "Proxy-Status").unwrap_or_else(|| panic!("{one}"));
        assert!(status[1].as_str().unwrap().starts_with("hopscope; error="), "{status}");
    }
    let raw = proxy.bytes(&proxy.to("/bad-status"), "response-received");
    assert_eq!(raw, b"HTTP/1.1 abc Nonsense\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn requests_reads_why_there_is_no_answer() {
    let paths = NO_ANSWER.map(|(path, _)| path);
    let Some((proxy, _origin, said)) = seen_by("requests_client.py", "errors", &paths) else { return };
    explained(&proxy, &said);
}

#[test]
fn a_cut_body_stays_a_cut_body() {
    let paths = ["/cut-length", "/cut-chunks"];
    let Some((proxy, _origin, said)) = seen_by("http_client.py", "broken", &paths) else { return };
    assert_eq!((&said[0]["error"], &said[0]["partial"]), (&json!("IncompleteRead"), &json!("part of it")));
    assert_eq!((&said[1]["error"], &said[1]["partial"]), (&json!("IncompleteRead"), &json!("part of itab")));
    for (path, body) in [("/cut-length", "part of it"), ("/cut-chunks", "part of itab")] {
        let row = proxy.to(path);
        assert_eq!(
            (row["status"].as_u64(), failure(&row)),
            (Some(200), ["origin", "body", "closed"]),
            "{row}"
        );
        assert!(!has(&row, "ours"), "{row}");
        let whole = proxy.whole(&row);
        assert_eq!(whole["bodies"]["response"]["complete"], false);
        assert_eq!(proxy.bytes(&row, "response"), body.as_bytes());
    }
    let Some((_proxy, _origin, said)) = seen_by("requests_client.py", "errors", &paths) else { return };
    assert_eq!(
        (&said[0]["error"], &said[1]["error"]),
        (&json!("ChunkedEncodingError"), &json!("ChunkedEncodingError"))
    );
}

/// What is too long for the client alone passes us: we are not stricter than our own limits.
#[test]
fn a_line_that_only_the_client_finds_too_long() {
    let Some((proxy, _origin, said)) = seen_by("http_client.py", "broken", &["/client-long"]) else { return };
    assert_eq!(said[0]["error"], "LineTooLong");
    let row = proxy.to("/client-long");
    assert_eq!(row["status"], 200);
    assert!(proxy.bytes(&row, "response-sent").len() > 70_000);
}
