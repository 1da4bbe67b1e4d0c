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
fn verdicts_stand_beside_the_findings() {
    let response = r#"{"id":1,"start":"HTTP/1.1 200 OK","at":1795435200,"url":"https://shop.test/","lines":["Date: Mon, 23 Nov 2026 11:58:33 GMT","Cache-Control: max-age=300, s-maxage=600","Content-Length: 5","Set-Cookie: a=1; SameSite=None"],"request":{"start":"GET / HTTP/1.1","lines":["Host: shop.test","Origin: https://app.test"]}}"#;
    let (_, out, _) = lint(&[], response);
    let verdicts: Value = serde_json::from_str::<Value>(&out).unwrap()["verdicts"].take();
    let cache = &verdicts["cache"];
    assert_eq!((&cache["store_shared"], &cache["age"]), (&Value::from(true), &Value::from(87)));
    assert_eq!((&cache["fresh_private"], &cache["fresh_shared"]), (&Value::from(300), &Value::from(600)));
    assert_eq!(cache["steps"][2]["cite"], "RFC 9111 4.2.3");
    assert_eq!(verdicts["cookies"][0]["reason"], "SameSiteNoneInsecure");
    assert_eq!(verdicts["cors"]["errors"], serde_json::json!(["MissingAllowOriginHeader"]));
    assert_eq!(
        (&verdicts["framing"]["end"], &verdicts["framing"]["length"]),
        (&Value::from("length"), &Value::from(5))
    );
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
        "fresh for 5 min  (RFC 9111 5.2.2.1)",
        "keep no copy",
        "^ a directive begins",
    ] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
    assert!(Sandbox::new().run(&["explain", "x-amz-meta-a"]).stdout.contains("Amazon S3"));
    assert_eq!(Sandbox::new().run(&["explain", "X-Nobody"]).code, Some(5));
}

#[test]
fn explain_takes_several_and_what_the_shell_parted() {
    let explain = |arguments: &[&str]| Sandbox::new().run(&[&["explain"], arguments].concat());
    for (arguments, texts) in [
        (&["Host", "Accept"][..], &["Host  RFC 9110 7.2", "Accept  RFC 9110 12.5.1"][..]),
        (&["Via: 1.1 x", "Date: Mon, 23 Nov 2026 12:00:00 GMT"], &["who passed it on", "IMF-fixdate"]),
        (
            &["Cache-Control:", "no-cache,", "max-stale=30"],
            &["up to 30 s past its lifetime", "(RFC 9111 5.2.1.4)"],
        ),
        (&[":status: 200"], &["RFC 9113 8.3.2", "it was done as asked"]),
        (&[":protocol"], &["RFC 8441 4", "connect-udp"]),
        (&["Access-Control-Allow-Headers: *"], &["any field but Authorization"]),
        (&["Proxy-Authorization"], &["for the next proxy that asks for it"]),
        (&["Proxy-Authenticate"], &["from a proxy to its next client only"]),
    ] {
        let ran = explain(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        for text in texts {
            assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
        }
    }
    let ran = explain(&["X-Nobody", "Age"]);
    assert_eq!(ran.code, Some(5));
    assert!(ran.stdout.starts_with("Age  RFC 9111 5.1"), "{}", ran.stdout);
    assert!(!explain(&["Content-Type"]).stdout.contains("how welcome"));
}

#[test]
fn rfc9111_5_2_directives_are_explained_on_their_side() {
    let value = |directives: &str| {
        let out = Sandbox::new().run(&["explain", &format!("Cache-Control: {directives}")]).stdout;
        out.rsplit_once("\n\n").map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let asked = value("max-age=0, max-stale=30");
    assert!(
        asked.contains("In a request:") && asked.contains("5.2.1.1") && !asked.contains("5.2.2.1"),
        "{asked}"
    );
    let answered = value("max-age=0, public");
    assert!(answered.contains("In a response:") && !answered.contains("5.2.1.1"), "{answered}");
    let both = value("no-cache");
    assert!(both.contains("5.2.1.4") && both.contains("5.2.2.4"), "{both}");
}

const HAR: &str = r#"{"log":{"entries":[{"startedDateTime":"2026-11-23T12:00:00Z","time":5,
    "request":{"method":"GET","url":"https://shop.test/","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"shop.test"}]},
    "response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Length","value":"0"},{"name":"Set-Cookie","value":"sid=s3cret; SameSite=None"}]}}]}}"#;

#[test]
fn a_har_file_is_looked_at_without_a_proxy() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("bug.har");
    fs::write(&file, HAR).unwrap();
    let name = file.to_str().unwrap();
    let text = sandbox.run(&["lint", name, "--to", "text", "--fail-on", "error"]);
    assert_eq!(text.code, Some(1), "{}", text.stderr);
    assert!(
        text.stdout.starts_with("#1  GET https://shop.test/  200\nresponse received:\n"),
        "{}",
        text.stdout
    );
    assert!(text.stdout.contains("Set-Cookie: sid=••••; SameSite=None") && !text.stdout.contains("s3cret"));
    let json = sandbox.run(&["lint", name]);
    let looked: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&looked["id"], &looked["url"]), (&Value::from(1), &Value::from("https://shop.test/")));
    assert_eq!(looked["findings"][0]["message"], "response-received");
    assert_eq!(looked["verdicts"]["cookies"][0]["reason"], "SameSiteNoneInsecure");
    fs::write(&file, "{\"log\":{}}").unwrap();
    assert_eq!(sandbox.run(&["lint", name]).code, Some(5));
}

/// As Firefox writes it: names in capitals, a Connection that is not sent, and no bodies.
const LISTED: &str = r#"{"log":{"creator":{"name":"Firefox","version":"111.0"},"entries":[{"startedDateTime":"2026-11-23T12:00:00Z","time":5,
    "request":{"method":"GET","url":"https://shop.test/a.png","httpVersion":"HTTP/2","headers":[{"name":"Host","value":"shop.test"},{"name":"User-Agent","value":"Mozilla/5.0"},{"name":"Connection","value":"keep-alive"}]},
    "response":{"status":200,"statusText":"","httpVersion":"HTTP/2","headers":[{"name":"content-type","value":"image/png"},{"name":"content-length","value":"743"},{"name":"Server","value":"x"}],"content":{"size":0,"mimeType":"image/png"},"bodySize":-1}}]}}"#;

#[test]
fn rfc9113_8_2_a_browser_s_list_is_no_message_of_http2() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("listed.har");
    fs::write(&file, LISTED).unwrap();
    let json = sandbox.run(&["lint", file.to_str().unwrap(), "--fail-on", "warn"]);
    assert_eq!(json.code, Some(0), "{}", json.stdout);
    let looked: Value = serde_json::from_str(&json.stdout).unwrap();
    let found = looked["findings"].as_array().unwrap().iter();
    let found: Vec<_> = found.filter(|found| found["field"] == "Connection").collect();
    assert_eq!((found.len(), &found[0]["lint"]), (1, &Value::from("connection-listed")));
}

/// As Chrome writes what it did not see on the wire: no version, provisional headers, text decoded, lines joined, no body.
const RETOLD: &str = r#"{"log":{"creator":{"name":"WebInspector","version":"537.36"},"entries":[
    {"startedDateTime":"2026-11-23T12:00:00Z","time":5,
    "request":{"method":"GET","url":"https://shop.test/","httpVersion":"unknown","headersSize":-1,"headers":[{"name":"accept","value":"*/*"},{"name":":authority","value":"shop.test"}]},
    "response":{"status":200,"statusText":"","httpVersion":"unknown","headers":[{"name":"content-type","value":"text/html"},{"name":"content-encoding","value":"gzip"},{"name":"vary","value":"accept-encoding"},{"name":"content-length","value":"99"},{"name":"date","value":"Mon, 23 Nov 2026 12:00:00 GMT"}],"content":{"size":6,"text":"<html>"}}},
    {"startedDateTime":"2026-11-23T12:00:00Z","time":5,
    "request":{"method":"GET","url":"http://shop.test/","httpVersion":"","headersSize":-1,"headers":[{"name":"Accept","value":"*/*"}]},
    "response":{"status":200,"statusText":"OK","httpVersion":"","headers":[{"name":"Content-Type","value":"image/png"},{"name":"Content-Length","value":"743"},{"name":"Via","value":"1.1 a\n1.1 b"},{"name":"Date","value":"Mon, 23 Nov 2026 12:00:00 GMT"}],"content":{"size":743}}},
    {"startedDateTime":"2026-11-23T12:00:00Z","time":5,
    "request":{"method":"GET","url":"http://shop.test/","httpVersion":"","headers":[]},
    "response":{"status":200,"statusText":"OK","httpVersion":"","headers":[{"name":"Content-Type","value":"image/gif"},{"name":"Content-Length","value":"1"},{"name":"Date","value":"Mon, 23 Nov 2026 12:00:00 GMT"},{"name":"ETag","value":"x"}],"content":{"size":1,"text":"AA==","encoding":"base64"}}}]}}"#;

#[test]
fn what_a_browser_did_not_record_is_not_missing() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("retold.har");
    fs::write(&file, RETOLD).unwrap();
    let out = sandbox.run(&["lint", file.to_str().unwrap(), "--to", "json"]).stdout;
    let found: Vec<_> = out
        .lines()
        .map(|line| {
            let looked: Value = serde_json::from_str(line).unwrap();
            let found = looked["findings"].as_array().unwrap();
            let heavy = found.iter().filter(|found| found["severity"] != "info");
            heavy.map(|found| found["lint"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, [vec![], vec![], vec!["etag-syntax".to_owned()]], "{out}");
}

#[test]
fn sarif_is_one_document_with_its_rules() {
    let (code, out, _) = lint(&["--to", "sarif", "--fail-on", "error"], &format!("{HEALTHY}\n{BROKEN}\n"));
    assert_eq!(code, Some(1));
    let document: Value = serde_json::from_str(&out).unwrap();
    let run = &document["runs"][0];
    let result = &run["results"][0];
    assert_eq!((&document["version"], &result["level"]), (&Value::from("2.1.0"), &Value::from("error")));
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    let (code, out, _) = lint(&["--to", "sarif"], HEALTHY);
    let empty: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &empty["runs"][0]["results"]), (Some(0), &serde_json::json!([])));
}
