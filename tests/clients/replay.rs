//! `hopscope replay`: what reaches the origin the second time, who sends it, and what is said of it.

use super::serving::Serving;
use crate::support::authority::TestCa;
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::{Ran, Sandbox};
use serde_json::Value;
use std::io::Write as _;
use std::process::Stdio;

const OK: &str = "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 22:00:00 GMT\r\nContent-Length: 2\r\n\r\nok";

/// Each answer on a connection of its own, so that the bytes of each request stand apart.
fn origin() -> Origin {
    Origin::start(|peer, _| {
        peer.read_message();
        peer.send(OK.replace("Date", "Connection: close\r\nDate"));
    })
}

/// Sends one request through the proxy, and returns its row.
fn recorded(proxy: &Serving, request: &[u8], path: &str) -> Value {
    let mut client = Peer::connect(proxy.address());
    client.send(request);
    client.read_message();
    proxy.to(path)
}

fn post(origin: &Origin, path: &str, body: &str) -> Vec<u8> {
    let to = origin.address();
    format!(
        "POST http://{to}{path} HTTP/1.1\r\nhOST: {to}\r\nX-A:1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nx-a: 2\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn replay(proxy: &Serving, row: &Value, arguments: &[&str]) -> Ran {
    let id = row["id"].to_string();
    let all: Vec<_> = ["replay", &id].iter().chain(arguments).copied().collect();
    proxy.sandbox.run(&all)
}

/// The row of a replay that went well.
#[track_caller]
fn replayed(proxy: &Serving, row: &Value, arguments: &[&str]) -> Value {
    let all: Vec<_> = ["--yes", "--json"].iter().chain(arguments).copied().collect();
    let ran = replay(proxy, row, &all);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn as_is_the_origin_gets_the_same_bytes_again() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let row = recorded(&proxy, &post(&origin, "/as-is", "{\"qty\":1}"), "/as-is");
    let again = replayed(&proxy, &row, &[]);
    assert_eq!(origin.ended(1).escape_ascii().to_string(), origin.ended(0).escape_ascii().to_string());
    assert_eq!((&again["parent"], &again["flags"][0]), (&row["id"], &Value::from("replay")));
    assert_eq!(again["client"], "replay");
    for head in ["request-received", "request-sent", "request"] {
        assert_eq!(proxy.bytes(&again, head), proxy.bytes(&row, head), "{head}");
    }
    let line = replay(&proxy, &row, &["--yes"]).stdout;
    let (id, url) = (row["id"].to_string(), row["url"].as_str().unwrap());
    assert!(
        line.contains(&format!(" POST {url} 200 ")) && line.contains(&format!("replay of #{id}")),
        "{line}"
    );
}

#[test]
fn the_exact_bytes_as_sent() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let row = recorded(&proxy, &post(&origin, "/as-sent", "abc"), "/as-sent");
    let again = replayed(&proxy, &row, &["--message", "request-sent"]);
    assert_eq!(origin.ended(1), origin.ended(0));
    assert_eq!(proxy.bytes(&again, "request-received"), proxy.bytes(&row, "request-sent"));
    assert_eq!(proxy.bytes(&again, "request-sent"), proxy.bytes(&row, "request-sent"));
    assert_eq!(proxy.whole(&again)["edits"]["request"], Value::Array(Vec::new()));
    let refused = replay(&proxy, &row, &["--message", "request-sent", "--set", "A: b", "--yes"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}

#[test]
fn another_body_is_followed_by_its_length() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let row = recorded(&proxy, &post(&origin, "/body", "{\"qty\":1}"), "/body");
    let file = proxy.sandbox.path("body.json");
    std::fs::write(&file, "{\"qty\":12345}").unwrap();
    replayed(
        &proxy,
        &row,
        &["--body", file.to_str().unwrap(), "--set", "X-A: 3", "--remove", "content-type"],
    );
    let got = String::from_utf8(origin.ended(1)).unwrap();
    assert!(
        got.contains("\r\nX-A: 3\r\nContent-Length: 13\r\n") && got.ends_with("\r\n\r\n{\"qty\":12345}"),
        "{got}"
    );
    assert!(!got.contains("x-a: 2") && !got.contains("Content-Type"), "{got}");
}

#[test]
fn a_body_from_stdin() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let row = recorded(&proxy, &post(&origin, "/stdin", "abc"), "/stdin");
    let mut command = proxy.sandbox.hopscope(&["replay", &row["id"].to_string(), "--yes", "--body", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"from stdin").unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(origin.ended(1).ends_with(b"\r\n\r\nfrom stdin"));
}

#[test]
fn a_chunked_body_with_trailers_stays_chunked() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let to = origin.address();
    let request = format!(
        "PUT http://{to}/chunked HTTP/1.1\r\nHost: {to}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"
    );
    let row = recorded(&proxy, request.as_bytes(), "/chunked");
    replayed(&proxy, &row, &[]);
    assert_eq!(origin.ended(1).escape_ascii().to_string(), origin.ended(0).escape_ascii().to_string());
    assert!(origin.ended(1).ends_with(b"\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"));
}

#[test]
fn a_body_in_a_file_of_the_capture() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let body = "0123456789abcdef".repeat(100_000);
    let row = recorded(&proxy, &post(&origin, "/large", &body), "/large");
    let again = replayed(&proxy, &row, &[]);
    assert!(origin.ended(1) == origin.ended(0), "the bodies differ");
    assert_eq!(again["request_bytes"], 1_600_000);
}

#[test]
fn what_came_through_an_opened_tunnel_goes_to_its_origin() {
    let ca = TestCa::new();
    let origin = Origin::secured(ca.server(), |peer, _| {
        peer.read_message();
        peer.send(OK.replace("Date", "Connection: close\r\nDate"));
    });
    let proxy = Serving::start(&["--origin-ca", ca.path().to_str().unwrap()]);
    let authority = format!("localhost:{}", origin.address().port());
    let pem = std::fs::read_to_string(proxy.ca()).unwrap();
    let mut client = Peer::tunnel(proxy.address(), &authority).secured(&pem, "localhost").unwrap();
    client.send(format!("GET /inside?q HTTP/1.1\r\nHost: {authority}\r\nX-A: 1\r\n\r\n"));
    client.read_message();
    let row = proxy.to("/inside?q");
    let again = replayed(&proxy, &row, &[]);
    assert_eq!(origin.ended(1), origin.ended(0));
    assert_eq!((&again["scheme"], &again["url"]), (&Value::from("https"), &row["url"]));
    // A replay of a replay knows its way too.
    replayed(&proxy, &again, &[]);
    assert_eq!(origin.ended(2), origin.ended(0));
}

#[test]
fn when_nobody_records_the_command_sends_itself() {
    let sandbox = Sandbox::new();
    let kept = sandbox.path("kept.hop");
    let capture = kept.to_str().unwrap();
    let (origin, proxy) = (origin(), Serving::start(&["--capture", capture]));
    let row = recorded(&proxy, &post(&origin, "/later", "abc"), "/later");
    assert_eq!(proxy.stop(), Some(0));
    let ran = sandbox.run(&["replay", &row["id"].to_string(), "-c", capture, "--yes", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(origin.ended(1), origin.ended(0));
    let again: Value = serde_json::from_str(&ran.stdout).unwrap();
    let listed = sandbox.run(&["ls", "--json", "-c", capture]).stdout;
    assert!(listed.lines().any(|line| serde_json::from_str::<Value>(line).unwrap() == again), "{listed}");
}

#[test]
fn fifty_times_five_at_once() {
    let origin = Origin::answering(OK);
    let proxy = Serving::start(&[]);
    let to = origin.address();
    let row =
        recorded(&proxy, format!("GET http://{to}/many HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes(), "/many");
    let ran = replay(&proxy, &row, &["--count", "50", "--concurrency", "5"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 50), "{}", ran.stderr);
    assert!(ran.stderr.contains("50 requests sent, 0 failed"), "{}", ran.stderr);
    let got: Vec<u8> = (0..origin.connections()).flat_map(|number| origin.received(number)).collect();
    assert_eq!(String::from_utf8(got).unwrap().matches("GET /many HTTP/1.1\r\n").count(), 51);
}

#[test]
fn what_is_not_safe_is_not_sent_unasked() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let to = origin.address();
    let request = format!("DELETE http://{to}/gone HTTP/1.1\r\nHost: {to}\r\n\r\n");
    let row = recorded(&proxy, request.as_bytes(), "/gone");
    let alone = replay(&proxy, &row, &[]);
    assert_eq!(alone.code, Some(2));
    assert!(
        alone.stderr.contains("DELETE is not safe to repeat, and nobody can be asked here: --yes"),
        "{}",
        alone.stderr
    );
    let often = replay(&proxy, &row, &["--count", "3"]);
    assert_eq!(often.code, Some(2));
    assert!(often.stderr.contains("3 such requests would go"), "{}", often.stderr);
    let dry = replay(&proxy, &row, &["--dry-run", "--count", "3"]);
    assert_eq!((dry.code, dry.stdout), (Some(0), request));
    assert!(dry.stderr.contains("3 times") && dry.stderr.contains("nothing was sent"), "{}", dry.stderr);
    assert_eq!(origin.connections(), 1);
    replayed(&proxy, &row, &[]);
    assert_eq!(origin.connections(), 2);
}

#[test]
fn an_origin_that_is_gone_is_a_row_with_its_failure() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let row = recorded(&proxy, &post(&origin, "/down", "abc"), "/down");
    drop(origin);
    let ran = replay(&proxy, &row, &["--yes", "--json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let again: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&again["failure"]["kind"], &again["parent"]), (&Value::from("refused"), &row["id"]));
}

#[test]
fn a_body_that_was_not_kept_whole_is_refused_in_words() {
    let (origin, proxy) = (origin(), Serving::start(&["--max-body", "1000"]));
    let row = recorded(&proxy, &post(&origin, "/cut", &"x".repeat(5_000)), "/cut");
    let ran = replay(&proxy, &row, &["--yes"]);
    assert_eq!(ran.code, Some(5));
    assert!(
        ran.stderr.contains("the capture holds only the first 1 kB of 5 kB; give another with --body FILE"),
        "{}",
        ran.stderr
    );
    assert_eq!(origin.connections(), 1);
}

#[test]
fn another_origin_and_what_differs_in_its_answer() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let other = Origin::answering("HTTP/1.1 201 Created\r\nDate: x\r\nContent-Length: 2\r\n\r\nno");
    let row = recorded(&proxy, &post(&origin, "/moved", "abc"), "/moved");
    let target = format!("http://{}", other.address());
    let ran = replay(&proxy, &row, &["--yes", "--target", &target, "--diff"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stdout.contains("\n- status 200\n+ status 201\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n--- #") && ran.stdout.contains("\n+++ #"), "{}", ran.stdout);
    assert!(ran.stdout.contains("(not shown, as expected: date)"), "{}", ran.stdout);
    let got = String::from_utf8(other.received(0)).unwrap();
    assert!(got.starts_with(&format!("POST /moved HTTP/1.1\r\nhOST: {}\r\n", other.address())), "{got}");
    assert_eq!(replay(&proxy, &row, &["--yes", "--diff"]).code, Some(0));
}

#[test]
fn mistakes_are_said_before_anything_is_sent() {
    let (origin, proxy) = (origin(), Serving::start(&[]));
    let row = recorded(&proxy, &post(&origin, "/typo", "abc"), "/typo");
    for (arguments, code, says) in [
        (&["--set", "no colon"][..], 2, "a field line is written Name: value"),
        (&["--target", "ftp://x"], 2, "a target is written http://host"),
        (&["--body", "/nonexistent"], 5, "/nonexistent: cannot be read"),
        (&["999"], 5, "there is no exchange #999"),
    ] {
        let ran = replay(&proxy, &row, arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!(origin.connections(), 1);
}
