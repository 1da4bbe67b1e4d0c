//! requests against httpbin: what httpbin echoes is what we say we sent, and what requests prepared
//! differs from it by what the ledger says.

use super::ledger::{clauses, explains, failure, has, lines, says, start, values};
use super::origins::{HttpBin, Nginx, httpbin};
use super::programs::Python;
use super::serving::Serving;
use crate::support::origin::Origin;
use base64::Engine;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SCRIPT: &str = "requests_client.py";

fn ready() -> Option<(Python, &'static HttpBin, Serving)> {
    Some((Python::with("requests")?, httpbin()?, Serving::trusting()))
}

/// Lines of a head as httpbin shows them: through WSGI, which capitalises names and joins repeated ones.
fn as_echoed(lines: &[String]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..].to_lowercase();
        let name = name.split('-').map(capital).collect::<Vec<_>>().join("-");
        let value = value.trim();
        all.entry(name)
            .and_modify(|known| *known = format!("{known},{value}"))
            .or_insert_with(|| value.to_owned());
    }
    all
}

fn named<'a>(calls: &'a [Value], name: &str) -> &'a Value {
    calls.iter().find(|call| call["name"] == name).unwrap()
}

/// One call against its row: prepared, received, sent and echoed agree.
#[track_caller]
fn agrees(proxy: &Serving, call: &Value) -> Value {
    let url = call["url"].as_str().unwrap();
    let row = proxy.row(url, |row| row["url"] == url);
    let whole = proxy.whole(&row);
    assert_eq!((&row["method"], &row["status"]), (&call["method"], &call["status"]));
    explains(&whole);
    let prepared = call["prepared"].as_array().unwrap();
    let prepared =
        prepared.iter().map(|pair| format!("{}: {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
    let prepared: Vec<String> = prepared.collect();
    let received = lines(&whole, "request_received");
    // http.client beneath requests writes Host itself, first unless requests set fields of its own there.
    assert!(received[0].starts_with("Host: "), "{received:?}");
    assert_eq!(received[1..], prepared);
    let sent = lines(&whole, "request_sent");
    let gone: Vec<_> = received.iter().filter(|line| !sent.contains(line)).collect();
    let added: Vec<_> = sent.iter().filter(|line| !received.contains(line)).collect();
    assert_eq!(gone, ["Connection: keep-alive"]);
    assert_eq!(added, ["Via: 1.1 hopscope"]);
    let expected = if url.starts_with("http:") {
        &["RFC 9112 3.2.1", "RFC 9110 7.6.1", "RFC 9110 7.6.3"][..]
    } else {
        &["RFC 9110 7.6.1", "RFC 9110 7.6.3"]
    };
    let mut named = clauses(&whole, "request");
    named.sort();
    let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(named, expected);
    if let Some(echoed) = call["echo"]["headers"].as_object() {
        let echoed: BTreeMap<_, _> =
            echoed.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        assert_eq!(echoed, as_echoed(&sent));
    }
    let answered = call["answered"].as_array().unwrap().iter();
    let answered: BTreeMap<_, _> =
        answered.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect();
    for line in lines(&whole, "response_sent") {
        let (name, value) = line.split_once(": ").unwrap();
        assert_eq!(answered.get(name), Some(&value), "{line}");
    }
    if call["streamed"] == false {
        let body = base64::engine::general_purpose::STANDARD.decode(call["body"].as_str().unwrap()).unwrap();
        assert_eq!(proxy.bytes(&row, "request"), body);
    }
    whole
}

fn every_call(origin: impl Fn(&HttpBin) -> &str) {
    let Some((python, bin, proxy)) = ready() else { return };
    let calls = python.run(&proxy, SCRIPT, "calls", &[origin(bin)]);
    assert_eq!(calls.len(), 19);
    for call in &calls {
        agrees(&proxy, call);
    }
    let echo = |name: &str| &named(&calls, name)["echo"];
    let twice = json!(["1", "2"]);
    assert_eq!(echo("params-dict")["args"], json!({"a": twice, "b": "c d", "show_env": "1"}));
    assert_eq!(echo("params-tuples")["args"]["a"], twice);
    assert_eq!(echo("params-bytes")["args"]["raw"], "A/x");
    assert_eq!(echo("data-dict")["form"], json!({"a": twice, "b": "é"}));
    assert_eq!(echo("data-tuples")["form"], json!({"a": twice}));
    assert!(
        echo("data-bytes")["data"].as_str().unwrap().starts_with("data:application/octet-stream;base64,")
    );
    assert_eq!(echo("data-file")["data"], "from a file".repeat(1000));
    assert_eq!(echo("json")["json"], json!({"n": 1, "t": "é"}));
    assert_eq!(echo("multipart")["form"], json!({"f": "v"}));
    assert!(echo("multipart")["files"]["file"].as_str().unwrap().contains("base64"));
    assert_eq!(echo("cookies")["headers"]["Cookie"], "a=1; b=2");
    assert_eq!(echo("token")["headers"]["X-Tokenauth"], "t0k3n");
    let whole = proxy.whole(&proxy.row("token", |row| row["url"].as_str().unwrap().contains("/token")));
    assert!(lines(&whole, "request_sent").contains(&"X-TokenAuth: t0k3n".to_owned()));
    let whole = proxy.whole(&proxy.row("headers", |row| row["url"].as_str().unwrap().contains("/headers")));
    for line in ["x-lower: 1", "X-UPPER: two words", "User-Agent: own/1"] {
        assert!(lines(&whole, "request_sent").contains(&line.to_owned()), "{line}: {whole:#}");
    }
}

#[test]
fn every_call_plain() {
    every_call(|bin| &bin.plain);
}

#[test]
fn every_call_in_tls() {
    every_call(|bin| &bin.secure);
}

#[test]
fn basic_and_digest() {
    let Some((python, bin, proxy)) = ready() else { return };
    let calls = python.run(&proxy, SCRIPT, "auth", &[&bin.secure]);
    let statuses: Vec<_> = calls.iter().map(|call| call["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 401, 200]);
    let whole = agrees(&proxy, named(&calls, "basic"));
    assert_eq!(values(&whole, "request_sent", "authorization"), ["Basic YW5uOnNlY3JldA=="]);
    agrees(&proxy, named(&calls, "basic-wrong"));
    let rows = proxy.rows("digest", 2, |row| row["url"].as_str().unwrap().contains("/digest-auth/"));
    assert_eq!((&rows[0]["status"], &rows[1]["status"]), (&json!(401), &json!(200)));
    let challenge = values(&proxy.whole(&rows[0]), "response_sent", "www-authenticate");
    let answer = values(&proxy.whole(&rows[1]), "request_sent", "authorization");
    let nonce = challenge[0].split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(answer[0].contains(nonce), "{challenge:?} {answer:?}");
}

#[test]
fn cookies_and_redirects() {
    let Some((python, bin, proxy)) = ready() else { return };
    let calls = python.run(&proxy, SCRIPT, "redirects", &[&bin.plain]);
    assert_eq!(named(&calls, "redirect")["history"], json!([302, 302]));
    for (end, status) in [("/redirect/2", 302), ("/relative-redirect/1", 302), ("/get", 200)] {
        assert_eq!(proxy.to(end)["status"], status, "{end}");
    }
    let whole = agrees(&proxy, named(&calls, "not-followed"));
    assert_eq!(
        (&whole["status"], values(&whole, "response_sent", "location")),
        (&json!(307), vec!["/get".into()])
    );
    let cookies = named(&calls, "cookies");
    assert_eq!(cookies["cookies"], json!({"flavour": "oat", "size": "2"}));
    assert_eq!(cookies["echo"]["cookies"], cookies["cookies"]);
    let set = proxy.row("set", |row| row["url"].as_str().unwrap().contains("/cookies/set"));
    assert_eq!(
        values(&proxy.whole(&set), "response_sent", "set-cookie"),
        ["flavour=oat; Path=/", "size=2; Path=/"]
    );
    assert_eq!(
        values(&proxy.whole(&proxy.to("/cookies")), "request_sent", "cookie"),
        ["flavour=oat; size=2"]
    );
}

#[test]
fn verification_off() {
    let Some((python, bin, proxy)) = ready() else { return };
    assert_eq!(python.run(&proxy, SCRIPT, "unverified", &[&bin.secure]), [json!({"status": 200})]);
    let row = proxy.to("?verify=False");
    assert!(row["failure"].is_null() && row["scheme"] == "https", "{row}");
}

#[test]
fn a_session_keeps_both_connections() {
    let (Some(python), Some(nginx)) = (Python::with("requests"), Nginx::start()) else { return };
    let proxy = Serving::trusting();
    assert_eq!(python.run(&proxy, SCRIPT, "keep-alive", &[&nginx.secure]).len(), 4);
    let rows = proxy.rows("kept", 4, |row| row["url"].as_str().unwrap().contains("?kept="));
    let ends: Vec<_> = rows
        .iter()
        .map(|row| proxy.whole(row)["connections"].clone())
        .map(|both| (both["client"]["id"].as_u64().unwrap(), both["origin"]["id"].as_u64().unwrap()))
        .collect();
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    assert!(proxy.part(&rows[3], "timing").contains("already open"));
    assert_eq!(proxy.rows("CONNECT", 1, |row| row["method"] == "CONNECT").len(), 1);
}

#[test]
fn retries_are_rows_of_their_own() {
    let Some(python) = Python::with("requests") else { return };
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let origin = Origin::start(move |peer, _| {
        while peer.awaits() {
            peer.read_head();
            let answer = match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 | 1 => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone",
            };
            peer.send(answer);
        }
    });
    let proxy = Serving::start(&[]);
    let said = python.run(&proxy, SCRIPT, "retries", &[&format!("http://{}", origin.address())]);
    assert_eq!(said, [json!({"status": 200, "text": "done", "tries": 3})]);
    let rows = proxy.rows("tries", 3, |_| true);
    let statuses: Vec<_> = rows.iter().map(|row| row["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [503, 503, 200]);
}

#[test]
fn a_client_that_gives_up_waiting() {
    let Some(python) = Python::with("requests") else { return };
    let origin = Origin::start(|peer, _| {
        peer.read_head();
        peer.awaits();
    });
    let proxy = Serving::start(&[]);
    let said = python.run(&proxy, SCRIPT, "timeout", &[&format!("http://{}", origin.address())]);
    assert_eq!(said, [json!({"error": "ReadTimeout"})]);
    let row = proxy.to("/silent");
    assert_eq!((row["state"].as_str(), failure(&row)), (Some("aborted"), ["client", "wait", "gave-up"]));
    let words: Vec<_> = says(&row).split(' ').collect();
    assert_eq!(
        (words[..4].join(" "), words[5..].join(" ")),
        ("client gave up after".into(), "s waiting for the answer".into())
    );
    let seconds: f64 = words[4].parse().unwrap();
    assert!((0.5..5.0).contains(&seconds), "{seconds}");
}

#[test]
fn streaming_both_ways() {
    let Some((python, bin, proxy)) = ready() else { return };
    for origin in [&bin.plain, &bin.secure] {
        let said = python.run(&proxy, SCRIPT, "upload", &[origin]).remove(0);
        assert_eq!(said["sent"], said["echoed"]);
        let row = proxy.row("generator", |row| row["url"].as_str().unwrap().starts_with(origin.as_str()));
        let whole = proxy.whole(&row);
        explains(&whole);
        assert_eq!(values(&whole, "request_sent", "transfer-encoding"), ["chunked"]);
        assert_eq!(row["request_bytes"], said["length"]);
        assert_eq!(hex(&proxy.bytes(&row, "request")), said["sent"]);
    }
    let Some(nginx) = Nginx::start() else { return };
    for origin in [&nginx.plain, &nginx.secure] {
        let said = python.run(&proxy, SCRIPT, "download", &[origin]).remove(0);
        let large = nginx.large();
        assert_eq!(
            (said["digest"].as_str(), said["length"].as_u64()),
            (Some(&*hex(&large)), Some(large.len() as u64))
        );
        let row = proxy.row("large", |row| row["url"] == format!("{origin}/large"));
        assert!(proxy.bytes(&row, "response") == large, "the capture's body differs");
        assert!(!has(&row, "truncated"));
        assert!(start(&proxy.whole(&row), "response_sent").starts_with("HTTP/1.1 200"));
    }
}

fn hex(bytes: &[u8]) -> String {
    hopscope::ca::sha256(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
