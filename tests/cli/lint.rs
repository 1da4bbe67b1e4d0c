//! `hopscope lint` and `hopscope explain` as scripts see them.

use crate::support::Sandbox;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::process::Stdio;

const BROKEN: &str = r#"{"id":"a","kind":"response","start":"HTTP/1.1 200 OK","lines":["Content-Length: 5","Transfer-Encoding: chunked","Content-Type: text/plain"]}"#;
const HEALTHY: &str = r#"{"id":2,"kind":"response","start":"HTTP/1.1 200 OK","lines":["Date: Mon, 23 Nov 2026 12:00:00 GMT","Content-Type: text/plain","Content-Length: 5","Cache-Control: no-cache","X-Own: 1"]}"#;

/// Exit code, stdout, stderr of `lint` with this on stdin.
fn lint(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Sandbox::new()
        .hopscope(&[&["lint"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn each_block_is_answered_by_one_line() {
    let (code, out, _) = lint(&[], &format!("{BROKEN}\n{HEALTHY}\n"));
    assert_eq!(code, Some(0));
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    let finding = &answers[0]["findings"][0];
    assert_eq!(finding["lint"], "length-and-transfer-encoding");
    assert_eq!(finding["severity"], "error");
    assert_eq!((&finding["line"], &finding["field"]), (&Value::from(1), &Value::from("Content-Length")));
    assert_eq!(finding["span"], serde_json::json!([0, 14]));
    assert_eq!(finding["cite"], "RFC 9112 6.3");
    assert_eq!(answers[1]["id"], 2);
    assert_eq!(answers[1]["findings"], serde_json::json!([]));
    assert_eq!(answers[1]["fields"][0]["means"], "When the message was made.");
    assert_eq!(answers[1]["fields"][4]["known"], false);
}

#[test]
fn the_exit_code_follows_the_asked_level() {
    let fact = r#"{"id":3,"start":"HTTP/1.1 200 OK","lines":["Content-Length: 0","Expires: 0"]}"#;
    let warning = r#"{"id":4,"start":"HTTP/1.1 204 No Content","lines":["Content-Length: 0"]}"#;
    for (level, input, code) in [
        ("error", BROKEN, 1),
        ("error", warning, 0),
        ("warn", warning, 1),
        ("warn", fact, 0),
        ("warn", BROKEN, 1),
    ] {
        assert_eq!(lint(&["--fail-on", level], input).0, Some(code), "{level}: {input}");
    }
}

#[test]
fn text_shows_the_line_the_rule_and_the_cure() {
    let (code, out, err) = lint(&["--to", "text"], &format!("{BROKEN}\n{HEALTHY}\n"));
    assert_eq!(code, Some(0));
    assert_eq!(
        out,
        "a  HTTP/1.1 200 OK\n\
         E   1  Content-Length: 5\n       Content-Length beside Transfer-Encoding  length-and-transfer-encoding (RFC 9112 6.3)\n\
         \u{20}      Send one of them.\n"
    );
    assert_eq!(err, "2 blocks: 1 error, 0 warnings, 0 facts\n");
}

#[test]
fn captured_bytes_reach_no_terminal_as_they_are() {
    let block = r#"{"id":1,"start":"HTTP/1.1 200 OK","lines":["Content-Length: 0","X-A: \u001b[2Jx"]}"#;
    let (_, out, _) = lint(&["--to", "text"], block);
    assert!(out.contains("control-in-value") && !out.contains('\u{1b}'), "{out}");
}

#[test]
fn a_line_that_is_no_block_is_named_and_the_others_are_answered() {
    let (code, out, err) = lint(&[], &format!("{{\"id\":1}}\n\n{HEALTHY}\n"));
    assert_eq!((code, out.lines().count()), (Some(5), 1));
    assert!(err.contains("line 1 is no header block"), "{err}");
}

#[test]
fn blocks_may_come_from_a_file() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("blocks.jsonl");
    fs::write(&file, BROKEN).unwrap();
    let ran = sandbox.run(&["lint", file.to_str().unwrap(), "--to", "json", "--fail-on", "error"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 1));
    assert_eq!(sandbox.run(&["lint", "/nonexistent"]).code, Some(5));
}

#[test]
fn explain_says_what_each_part_means() {
    let ran = Sandbox::new().run(&["explain", "cache-control: max-age=300, no-store, {"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for text in [
        "Cache-Control  RFC 9111 5.2, standard",
        "fresh for so long: 5 min  (RFC 9111 5.2.2.1)",
        "keep no copy",
        "^ a directive begins",
    ] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
    assert!(Sandbox::new().run(&["explain", "x-amz-meta-a"]).stdout.contains("Amazon S3"));
    assert_eq!(Sandbox::new().run(&["explain", "X-Nobody"]).code, Some(5));
}
