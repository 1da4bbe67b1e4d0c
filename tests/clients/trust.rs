//! Clients that do not trust us, and origins that we do not trust.

use super::ledger::{failure, has, says};
use super::origins::{ca, httpbin};
use super::programs::{Node, Python, installed, output, script, text};
use super::serving::Serving;
use crate::support::authority::TestCa;
use crate::support::origin::Origin;
use serde_json::Value;
use std::process::Command;
use std::sync::Arc;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The CONNECT of a client that did not take our certificate: its alert and the cure.
#[track_caller]
fn refused(proxy: &Serving, url: &str, more: &[&str]) {
    let authority = url.split("//").nth(1).unwrap();
    let row = proxy.row("the CONNECT", |row| row["method"] == "CONNECT" && row["host"] == authority);
    assert_eq!(failure(&row), ["client", "tls", "certificate-refused"], "{row}");
    for words in ["does not trust hopscope's CA", text(&proxy.ca()), "--tunnel HOST"].iter().chain(more) {
        assert!(says(&row).contains(words), "{words}: {row}");
    }
    let page = proxy.said(&["show", &row["id"].to_string()]);
    assert!(page.contains("certificate-refused (tls, client side)"), "{page}");
}

#[test]
fn requests_without_our_authority() {
    let (Some(python), Some(bin)) = (Python::with("requests"), httpbin()) else { return };
    let proxy = Serving::trusting();
    let said = python.run(&proxy, "requests_client.py", "distrusting", &[&bin.secure]).remove(0);
    assert_eq!(said["error"], "SSLError", "{said}");
    refused(&proxy, &bin.secure, &["unknown_ca", "REQUESTS_CA_BUNDLE"]);
}

#[test]
fn curl_without_our_authority() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let url = format!("https://{}", origin.address());
    for version in ["--tlsv1.3", "--tls-max=1.2"] {
        let mut command = proxy.sandbox.command("curl");
        command.args(["-q", "-sS", "--max-time", "20", "-x", &proxy.url()]);
        // curl wants the limit as a word of its own.
        command.args(version.split('=')).arg(&url);
        let ended = output(command);
        assert_eq!(ended.status.code(), Some(60), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    refused(&proxy, &url, &["unknown_ca", "Tell curl/", "of it: curl --cacert "]);
    let rows = proxy.rows("both", 2, |row| row["failure"]["kind"] == "certificate-refused");
    assert_eq!(rows.len(), 2);
}

#[test]
fn node_without_our_authority() {
    let Some(node) = Node::with_undici() else { return };
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let url = format!("https://{}", origin.address());
    let said = node.run(&proxy, "undici_client.js", "distrusting", &[&url]).remove(0);
    let code = said["code"].as_str().unwrap_or_else(|| panic!("{said}"));
    assert!(["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SELF_SIGNED_CERT_IN_CHAIN"].contains(&code), "{said}");
    let authority = url.split("//").nth(1).unwrap();
    let row = proxy.row("the CONNECT", |row| row["method"] == "CONNECT" && row["host"] == authority);
    assert_eq!(failure(&row), ["client", "tls", "certificate-refused"], "{row}");
    assert!(says(&row).contains("NODE_EXTRA_CA_CERTS"), "{row}");
}

/// What a program that asks for a URL through the proxy printed.
fn asked(mut command: Command) -> String {
    let ended = output({
        command.env_remove("_JAVA_OPTIONS");
        command
    });
    let said = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
    assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    said
}

#[test]
fn pythons_own_library_without_our_authority() {
    let Some(python) = Python::with("http.client") else { return };
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let url = format!("https://{}", origin.address());
    let said = python.run(&proxy, "http_client.py", "distrusting", &[&url]).remove(0);
    assert_eq!(said["error"], "SSLCertVerificationError", "{said}");
    // It says nothing of itself in CONNECT.
    refused(&proxy, &url, &["unknown_ca", "SSL_CERT_FILE"]);
}

#[test]
fn java_without_our_authority() {
    if !installed("javac") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let url = format!("https://{}", origin.address());
    let mut command = proxy.sandbox.command("java");
    command.arg(script("Untrusting.java")).args([&proxy.url(), &url]);
    assert_eq!(asked(command), "refused");
    refused(&proxy, &url, &["alert certificate_unknown", "Tell Java/", "-Djavax.net.ssl.trustStore=FILE"]);
}

#[test]
fn go_without_our_authority() {
    // Not every version knows --version.
    if !Command::new("go").arg("version").output().is_ok_and(|ended| ended.status.success()) {
        eprintln!("skipped: go is not installed (apt-get install golang-go, a large package)");
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let url = format!("https://{}", origin.address());
    let mut command = proxy.sandbox.command("go");
    command.arg("run").arg(script("untrusting.go")).args([&proxy.url(), &url]);
    assert_eq!(asked(command), "refused");
    refused(&proxy, &url, &["alert bad_certificate", "Tell Go-http-client/1.1 of it: SSL_CERT_FILE="]);
}

#[test]
fn chromium_without_our_authority() {
    if !installed("chromium") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let url = format!("https://{}", origin.address());
    let mut command = proxy.sandbox.command("chromium");
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--dump-dom",
    ]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.arg("--proxy-bypass-list=<-loopback>").arg(format!("--proxy-server={}", proxy.url()));
    command.arg(format!("--user-data-dir={}", proxy.sandbox.path("chromium").display())).arg(&url);
    output(command);
    refused(&proxy, &url, &["Tell Mozilla/5.0 of it: import ", "into the browser's authorities"]);
}

#[test]
fn an_origin_that_we_do_not_trust() {
    let Some(python) = Python::with("requests") else { return };
    let stranger = TestCa::new();
    let origin = Origin::secured_answering(stranger.server(), OK);
    let url = format!("https://{}/", origin.address());
    let proxy = Serving::trusting();
    let said = python.run(&proxy, "requests_client.py", "errors", &[&url]).remove(0);
    assert_eq!(said["status"], 502, "{said}");
    let row = proxy.row("the request", |row| row["url"] == url);
    assert_eq!((row["status"].as_u64(), failure(&row)), (Some(502), ["origin", "tls", "untrusted"]), "{row}");
    assert!(says(&row).contains("unknown issuer"), "{row}");
    let answer = said["text"].as_str().unwrap();
    assert!(answer.contains(says(&row)) && answer.contains("--origin-ca FILE"), "{answer}");
    assert!(
        said["proxy_status"].as_str().unwrap().starts_with("hopscope; error=tls_certificate_error"),
        "{said}"
    );
    assert!(proxy.part(&row, "tls").contains("verdict     NOT trusted: unknown issuer"));
    // Nothing of the request went to it.
    assert_eq!(origin.ended(0), b"");
}

#[test]
fn an_origin_that_we_do_not_trust_and_let_pass() {
    let Some(python) = Python::with("requests") else { return };
    let stranger = TestCa::new();
    let origin = Origin::secured_answering(stranger.server(), OK);
    let url = format!("https://{}/", origin.address());
    for flag in ["--origin-insecure", "--origin-insecure=127.0.0.1"] {
        let proxy = Serving::start(&[flag]);
        let said = python.run(&proxy, "requests_client.py", "errors", &[&url]).remove(0);
        assert_eq!((said["status"].as_u64(), said["text"].as_str()), (Some(200), Some("ok")), "{flag}");
        let row = proxy.row("the request", |row| row["url"] == url);
        assert!(has(&row, "unverified") && row["failure"].is_null(), "{row}");
        let whole = proxy.whole(&row);
        assert_eq!(whole["connections"]["origin"]["tls"]["trusted"], Value::Bool(false));
        assert!(proxy.part(&row, "tls").contains("NOT trusted"));
    }
    let proxy = Serving::start(&["--origin-insecure=other.test"]);
    let said = python.run(&proxy, "requests_client.py", "errors", &[&url]).remove(0);
    assert_eq!(said["status"], 502);
}
