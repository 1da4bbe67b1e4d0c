//! curl through the proxy, in the ways in which it can be pointed at one.

use super::ledger::{explains, failure, has, lines, says, start, values};
use super::origins::Nginx;
use super::programs::{file, installed, output, text};
use super::serving::Serving;
use crate::support::origin::Origin;
use std::process::Stdio;

/// Runs curl against a proxy that it is told of; its exit code, stdout and stderr.
fn curl(proxy: &Serving, arguments: &[&str]) -> (i32, Vec<u8>, String) {
    let url = proxy.url();
    // What comes later wins, so that a test can name another.
    let told = ["-q", "-sS", "--max-time", "30", "-x", &url];
    let mut command = proxy.sandbox.command("curl");
    command.args(told).args(arguments);
    let output = output(command);
    (output.status.code().unwrap(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[track_caller]
fn body(proxy: &Serving, arguments: &[&str]) -> Vec<u8> {
    let (code, stdout, stderr) = curl(proxy, arguments);
    assert_eq!(code, 0, "curl {arguments:?}: {stderr}");
    stdout
}

fn ready() -> Option<(Nginx, Serving)> {
    installed("curl").then_some(())?;
    Some((Nginx::start()?, Serving::trusting()))
}

#[test]
fn plain_and_https_verified_against_our_authority() {
    let Some((nginx, proxy)) = ready() else { return };
    assert_eq!(body(&proxy, &[&format!("{}/small.txt", nginx.plain)]), b"0123456789");
    let row = proxy.to("/small.txt");
    let whole = proxy.whole(&row);
    assert_eq!((row["scheme"].as_str(), row["status"].as_u64()), (Some("http"), Some(200)));
    explains(&whole);
    assert_eq!(start(&whole, "request_sent"), "GET /small.txt HTTP/1.1");
    let ca = proxy.ca();
    let secured = format!("{}/headers", nginx.secure);
    let seen = body(&proxy, &["--cacert", text(&ca), &secured]);
    let host = nginx.secure.trim_start_matches("https://");
    assert_eq!(String::from_utf8(seen).unwrap(), format!("1.1 hopscope|{host}|HTTP/1.1\n"));
    let row = proxy.to("/headers");
    let whole = proxy.whole(&row);
    explains(&whole);
    assert_eq!(row["url"], secured);
    assert_eq!(values(&whole, "response_sent", "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(whole["connections"]["origin"]["tls"]["trusted"], true);
    assert_eq!(whole["connections"]["client"]["tls"]["sni"], "localhost");
    let connect = proxy.row("the CONNECT", |row| row["method"] == "CONNECT");
    assert!(has(&connect, "intercepted") && connect["state"] == "done", "{connect}");
}

#[test]
fn a_tunnel_to_a_plain_origin_and_tls_to_the_listener() {
    let Some((nginx, proxy)) = ready() else { return };
    let url = format!("{}/small.txt?tunnel", nginx.plain);
    assert_eq!(body(&proxy, &["--proxytunnel", &url]), b"0123456789");
    let row = proxy.to("?tunnel");
    explains(&proxy.whole(&row));
    assert_eq!((&row["url"], row["scheme"].as_str()), (&url.into(), Some("http")));
    let connect = proxy.row("the CONNECT", |row| row["method"] == "CONNECT");
    assert!(has(&connect, "intercepted"), "{connect}");
    let ca = proxy.ca();
    let listener = format!("https://{}", proxy.address());
    for (origin, query) in [(&nginx.plain, "tls-plain"), (&nginx.secure, "tls-tls")] {
        let url = format!("{origin}/small.txt?{query}");
        let told = ["-x", &listener, "--proxy-cacert", text(&ca), "--cacert", text(&ca), &url];
        assert_eq!(body(&proxy, &told), b"0123456789");
        let row = proxy.to(query);
        let whole = proxy.whole(&row);
        explains(&whole);
        assert_eq!(row["url"], url);
        assert!(whole["connections"]["client"]["tls"]["version"].is_string(), "{whole:#}");
    }
}

#[test]
fn uploads_with_a_length_and_in_chunks() {
    let Some((nginx, proxy)) = ready() else { return };
    let content: Vec<u8> = (0..50_000_u32).flat_map(u32::to_be_bytes).collect();
    let path = file(&proxy.sandbox, "content", &content);
    let ca = proxy.ca();
    for (origin, name) in [(&nginx.plain, "plain"), (&nginx.secure, "tls")] {
        for (how, from) in [("length", text(&path)), ("chunked", "-")] {
            let name = format!("{name}-{how}");
            let url = format!("{origin}/upload/{name}");
            let mut command = proxy.sandbox.command("curl");
            command.args(["-q", "-sS", "--max-time", "30", "-x", &proxy.url(), "--cacert", text(&ca)]);
            command.args(["-T", from, &url]).stdin(Stdio::from(std::fs::File::open(&path).unwrap()));
            let ended = output(command);
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            assert_eq!(nginx.uploaded(&name), content);
            let row = proxy.to(&name);
            let whole = proxy.whole(&row);
            explains(&whole);
            assert_eq!((row["method"].as_str(), row["status"].as_u64()), (Some("PUT"), Some(201)));
            assert_eq!(row["request_bytes"], content.len());
            assert_eq!(proxy.bytes(&row, "request"), content);
            let chunked = values(&whole, "request_sent", "transfer-encoding");
            assert_eq!(chunked, if how == "chunked" { vec!["chunked"] } else { vec![] });
        }
    }
}

#[test]
fn head_range_http_1_0_and_many_fields() {
    let Some((nginx, proxy)) = ready() else { return };
    let url = |query: &str| format!("{}/small.txt?{query}", nginx.plain);
    let head = String::from_utf8(body(&proxy, &["-I", &url("head")])).unwrap();
    assert!(head.contains("Content-Length: 10\r\n"), "{head}");
    let row = proxy.to("?head");
    assert_eq!((row["method"].as_str(), row["response_bytes"].as_u64()), (Some("HEAD"), Some(0)));
    assert_eq!(proxy.bytes(&row, "response-sent"), head.as_bytes());
    assert_eq!(body(&proxy, &["-r", "2-5", &url("range")]), b"2345");
    let row = proxy.to("?range");
    assert_eq!(row["status"], 206);
    assert_eq!(values(&proxy.whole(&row), "response_received", "content-range"), ["bytes 2-5/10"]);
    assert_eq!(body(&proxy, &["--http1.0", &url("old")]), b"0123456789");
    let whole = proxy.whole(&proxy.to("?old"));
    explains(&whole);
    assert_eq!(whole["version"], "HTTP/1.0");
    assert!(start(&whole, "request_sent").ends_with("HTTP/1.1"));
    assert_eq!(values(&whole, "request_sent", "via"), ["1.0 hopscope"]);
    let fields: Vec<_> = (0..300).map(|number| format!("X-Field-{number}: value {number}")).collect();
    let told: Vec<_> = fields.iter().flat_map(|field| ["-H", field]).collect();
    let target = url("many");
    body(&proxy, &[&told[..], &[&target]].concat());
    let whole = proxy.whole(&proxy.to("?many"));
    for head in ["request_received", "request_sent"] {
        let found: Vec<_> =
            lines(&whole, head).into_iter().filter(|line| line.starts_with("X-Field-")).collect();
        assert_eq!(found, fields);
    }
}

#[test]
fn an_upload_that_waits_for_100_continue() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::start(|peer, _| {
        let head = String::from_utf8(peer.read_head()).unwrap();
        assert!(head.contains("Expect: 100-continue\r\n"), "{head}");
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(peer.read_exact(5), b"hello");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let proxy = Serving::start(&[]);
    let url = format!("http://{}/continue", origin.address());
    let told = ["--expect100-timeout", "20", "-H", "Expect: 100-continue", "-d", "hello", &url];
    assert_eq!(body(&proxy, &told), b"ok");
    let row = proxy.to("/continue");
    assert_eq!((row["status"].as_u64(), row["request_bytes"].as_u64()), (Some(200), Some(5)));
    let page = proxy.said(&["show", &row["id"].to_string()]);
    assert!(page.contains("interim   HTTP/1.1 100 Continue"), "{page}");
}

#[test]
fn credentials_are_asked_for_and_kept_from_the_origin() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let proxy = Serving::start(&["--auth", "ann:secret"]);
    let url = |query: &str| format!("http://{}/?{query}", origin.address());
    let told = ["-o", "/dev/null", "-w", "%{http_code}"];
    for (query, credentials) in [("none", &[][..]), ("wrong", &["-U", "ann:guess"][..])] {
        let target = url(query);
        assert_eq!(body(&proxy, &[&told[..], credentials, &[&target]].concat()), b"407");
        let row = proxy.to(query);
        assert_eq!((row["status"].as_u64(), failure(&row)), (Some(407), ["client", "request", "denied"]));
        assert!(has(&row, "ours") && says(&row).contains("credentials"), "{row}");
    }
    assert_eq!(origin.connections(), 0);
    assert_eq!(body(&proxy, &["-U", "ann:secret", &url("right")]), b"ok");
    let whole = proxy.whole(&proxy.to("right"));
    explains(&whole);
    assert_eq!(values(&whole, "request_received", "proxy-authorization").len(), 1);
    assert!(!String::from_utf8(origin.received(0)).unwrap().to_lowercase().contains("proxy-auth"));
    // A CONNECT is asked too; what comes through its tunnel is not.
    let (code, _, stderr) = curl(&proxy, &["--proxytunnel", &url("refused")]);
    assert!(code != 0 && stderr.contains("407"), "{code} {stderr}");
    assert_eq!(body(&proxy, &["--proxytunnel", "-U", "ann:secret", &url("tunnel")]), b"ok");
    assert_eq!(proxy.to("tunnel")["status"], 200);
}
