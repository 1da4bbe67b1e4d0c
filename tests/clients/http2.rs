//! Clients that speak HTTP/2, and what rides on it, against origins that do and origins that do not.

use super::forwarder::forwarder;
use super::ledger::{explains, has, lines, start, values};
use super::origins::{Asgi, Nginx, certificates};
use super::programs::{Node, Python, file, installed, output, text};
use super::serving::Serving;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const SCRIPT: &str = "http2_client.py";

fn authority(url: &str) -> &str {
    url.split("//").nth(1).unwrap()
}

fn curl(proxy: &Serving, arguments: &[&str]) -> Vec<u8> {
    let (url, ca) = (proxy.url(), proxy.ca());
    let told = ["-q", "-sS", "--max-time", "30", "-x", &url, "--cacert", text(&ca)];
    let mut command = proxy.sandbox.command("curl");
    command.args(told).args(arguments);
    let output = output(command);
    assert!(output.status.success(), "curl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The row of a path with its four heads, every difference explained.
#[track_caller]
fn explained(proxy: &Serving, path: &str) -> Value {
    let whole = proxy.whole(&proxy.to(path));
    explains(&whole);
    whole
}

#[test]
fn curl_speaks_http2_where_the_origin_does_and_http1_where_it_does_not() {
    if !installed("curl") {
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let proxy = Serving::trusting();
    for (origin, version, sent) in [(&nginx.http2, "2", "HTTP/2"), (&nginx.secure, "1.1", "HTTP/1.1")] {
        let url = format!("{origin}/headers");
        let seen = curl(&proxy, &["--http2", "-w", "%{http_version}", &url]);
        let host = authority(origin);
        let protocol = if version == "2" { "2.0" } else { "1.1" };
        assert_eq!(
            String::from_utf8(seen).unwrap(),
            format!(
                "{protocol} hopscope|{host}|{}\n{version}",
                if version == "2" { "HTTP/2.0" } else { "HTTP/1.1" }
            )
        );
        let row = proxy.row(&url, |row| row["url"] == url.as_str());
        assert_eq!(row["version"], sent, "{row}");
        let whole = proxy.whole(&row);
        explains(&whole);
        assert_eq!(start(&whole, "request_sent"), format!("GET /headers {sent}"));
        assert_eq!(values(&whole, "response_sent", "set-cookie"), ["a=1", "b=2"]);
    }
}

#[test]
fn bodies_pass_both_ways_over_http2() {
    if !installed("curl") {
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let proxy = Serving::trusting();
    let large = nginx.large();
    let sent = file(&proxy.sandbox, "body", &large);
    curl(&proxy, &["--http2", "-T", text(&sent), &format!("{}/upload/two", nginx.http2)]);
    assert_eq!(nginx.uploaded("two"), large);
    assert_eq!(curl(&proxy, &["--http2", &format!("{}/large", nginx.http2)]), large);
    for (path, message) in [("/upload/two", "request"), ("/large", "response")] {
        let row = proxy.to(path);
        assert_eq!(row["version"], "HTTP/2");
        assert_eq!(proxy.bytes(&row, message), large, "{path}");
        explained(&proxy, path);
    }
}

#[test]
fn nghttp_and_h2load_offer_nothing_but_http2() {
    if !installed("nghttp") || !installed("h2load") {
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let proxy = Serving::trusting();
    // To an origin of HTTP/1.1 the requests are translated.
    for (origin, sent) in [(&nginx.http2, "HTTP/2"), (&nginx.secure, "HTTP/1.1")] {
        let near = forwarder(proxy.address(), authority(origin));
        let mut nghttp = proxy.sandbox.command("nghttp");
        let named = format!(":authority: {}", authority(origin));
        nghttp.args(["-H", &named, "-H", "trailer: x-t", "--trailer", "x-t: 1", "-d"]);
        nghttp.arg(file(&proxy.sandbox, "posted", b"posted")).arg(format!("https://{near}/headers?{sent}"));
        let ran = output(nghttp);
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success() && said.contains(&format!("|{sent}")), "{said}");
        let whole = explained(&proxy, &format!("/headers?{sent}"));
        assert_eq!(start(&whole, "request_sent"), format!("POST /headers?{sent} {sent}"));

        let mut h2load = proxy.sandbox.command("h2load");
        h2load.args(["-n", "400", "-c", "4", "-m", "20"]);
        h2load.arg(format!("--connect-to={near}")).arg(format!("{origin}/small.txt?{sent}"));
        let ran = output(h2load);
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(said.contains("400 succeeded, 0 failed"), "{said}");
        let path = format!("{origin}/small.txt?{sent}");
        let rows = proxy.rows(&path, 400, |row| row["url"] == path.as_str());
        assert!(rows.iter().all(|row| row["state"] == "done" && row["status"] == 200));
    }
}

#[test]
fn httpx_and_hyper_h2() {
    let Some(python) = Python::with("httpx, h2, hypercorn") else { return };
    let asgi = Asgi::start(&python);
    let proxy = Serving::trusting();
    let said = http2_client(&python, &proxy, "httpx", &[&asgi.secure]);
    assert_eq!((&said[0]["version"], &said[0]["status"]), (&json!("HTTP/2"), &json!(200)));
    assert_eq!((&said[0]["echo"]["version"], &said[0]["echo"]["length"]), (&json!("2"), &json!(10)));

    let said = http2_client(&python, &proxy, "raw", &[&asgi.secure]);
    let whole = explained(&proxy, "/anything?raw");
    let received = lines(&whole, "request_received");
    let names: Vec<_> = received.iter().map(|line| line.rsplit_once(": ").unwrap()).collect();
    let expected = [
        (":method", "POST"),
        (":authority", authority(&asgi.secure)),
        (":scheme", "https"),
        (":path", "/anything?raw"),
        ("x-b", "1"),
        ("x-a", "2"),
        ("x-b", "3"),
        ("te", "trailers"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
    ];
    assert_eq!(names, expected);
    assert_eq!(lines(&whole, "request_sent")[..10], received[..], "{whole:#}");
    let echo: Value = serde_json::from_str(said[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(echo["length"], 7);
    let seen = |name: &str| -> Vec<&str> {
        let pairs = echo["headers"].as_array().unwrap().iter();
        pairs.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap()).collect()
    };
    assert_eq!((seen("x-b"), seen("via")), (vec!["1", "3"], vec!["2.0 hopscope"]));
}

#[test]
fn two_hundred_streams_at_once_keep_their_bodies_apart() {
    let Some(python) = Python::with("httpx, h2, hypercorn") else { return };
    let asgi = Asgi::start(&python);
    let proxy = Serving::trusting();
    let said = http2_client(&python, &proxy, "streams", &[&asgi.secure]);
    assert_eq!(said, [json!({"equal": 200, "of": 200})]);
    let rows = proxy.rows("/echo", 200, |row| row["url"].as_str().unwrap().ends_with("/echo"));
    assert!(rows.iter().all(|row| row["state"] == "done" && row["request_bytes"] == row["response_bytes"]));
}

#[test]
fn grpc_calls_with_their_status_in_trailers() {
    let Some(python) = Python::with("grpc") else { return };
    let proxy = Serving::trusting();
    let said = http2_client(&python, &proxy, "grpc", &[]);
    assert_eq!((&said[0]["answer"], &said[0]["trailers"]), (&json!("cba"), &json!([["x-trailer", "kept"]])));
    assert_eq!(said[1]["answers"], json!(["n0", "n1", "n2"]));
    assert_eq!(
        (&said[2]["code"], &said[2]["details"]),
        (&json!("NOT_FOUND"), &json!("no such thing: 100 %"))
    );
    for path in ["/test.Echo/Whole", "/test.Echo/Several", "/test.Echo/Refused"] {
        let whole = explained(&proxy, path);
        assert_eq!(start(&whole, "request_sent"), format!("POST {path} HTTP/2"));
        assert!(lines(&whole, "request_sent").contains(&"te: trailers".to_owned()), "{whole:#}");
    }
    let several = proxy.part(&proxy.to("/test.Echo/Several"), "messages");
    assert_eq!(several.matches("grpc").count(), 4, "{several}");
}

#[test]
fn websockets_pass_untouched_and_are_kept_message_by_message() {
    let Some(python) = Python::with("websockets.asyncio.client") else { return };
    let proxy = Serving::trusting();
    let said = http2_client(&python, &proxy, "websockets", &[]);
    for (one, compression) in said.iter().zip([json!(null), json!("deflate")]) {
        assert_eq!(one["compression"], compression);
        assert_eq!(one["seen"], json!([true, true, true, true, "in three pieces"]), "{one}");
        assert_eq!((&one["pong"], &one["code"]), (&json!(true), &json!(1001)));
    }
    for path in ["/None", "/deflate"] {
        let row = proxy.to(path);
        assert!(has(&row, "upgraded") && row["state"] == "done", "{row}");
        let messages = proxy.part(&row, "messages");
        for words in ["hello again", "in three pieces", "ping", "pong", "1001", "going away"] {
            assert!(messages.contains(words), "{words} in {messages}");
        }
    }
}

#[test]
fn node_sees_early_hints_and_trailers_over_http2() {
    let Some(node) = Node::alone() else { return };
    let proxy = Serving::trusting();
    let (certificate, key) = certificates(&proxy.sandbox);
    let said = node.run(&proxy, "http2_client.js", "whole", &[text(&certificate), text(&key)]);
    let one = &said[0];
    assert_eq!((&one["status"], &one["interim"], &one["code"]), (&json!(200), &json!([103]), &json!(0)));
    assert_eq!((&one["via"], &one["trailers"]), (&json!("2.0 hopscope"), &json!({"x-sum": "abc"})));
    let body: Value = serde_json::from_str(one["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"via": "2.0 hopscope", "body": "from node", "trailers": "kept"}));
    explained(&proxy, "/whole");
}

#[test]
fn chromium_loads_a_page_with_many_parts_a_websocket_and_an_event_source() {
    let Some(python) = Python::with("hypercorn") else { return };
    if !installed("chromium") || !has_certutil() {
        return;
    }
    let asgi = Asgi::start(&python);
    let proxy = Serving::trusting();
    let report = asgi.report_of(&proxy, "/");
    let events: Vec<_> = (0..5).map(|number| format!("tick {number}")).collect();
    assert_eq!(report, json!({"resources": 50, "echo": ["text", 3, 1000, true], "events": events}));
    let rows = proxy.rows("/resource/", 50, |row| row["url"].as_str().unwrap().contains("/resource/"));
    assert!(rows.iter().all(|row| row["version"] == "HTTP/2" && row["state"] == "done"));
    // Over HTTP/2 a WebSocket is asked for by CONNECT (RFC 8441).
    let echo = proxy.row("/echo", |row| row["url"].as_str().unwrap().ends_with("/echo"));
    let messages = proxy.part(&echo, "messages");
    assert!(
        messages.contains("text") && messages.contains("1000") && messages.contains("enough"),
        "{messages}"
    );
    let events = proxy.part(&proxy.to("/events"), "messages");
    assert_eq!(events.matches("tick 4").count(), 1, "{events}");
}

/// It has no `--version` that succeeds.
/// Whether certutil is there, which `-V` does not tell; said aloud where it is not.
pub fn has_certutil() -> bool {
    let found =
        Command::new("certutil").arg("-H").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: certutil is not installed (apt-get install libnss3-tools)");
    }
    found
}

fn http2_client(python: &Python, proxy: &Serving, case: &str, origins: &[&str]) -> Vec<Value> {
    let (certificate, key) = certificates(&proxy.sandbox);
    let arguments: Vec<_> =
        [text(&certificate), text(&key)].into_iter().chain(origins.iter().copied()).collect();
    python.run(proxy, SCRIPT, case, &arguments)
}
