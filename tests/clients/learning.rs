//! Real clients that do not trust us: after two refusals their host is left alone, which can be undone.

use super::ledger::{has, says};
use super::origins::{ca, ca_file};
use super::programs::{installed, output, text};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::origin::Origin;
use serde_json::Value;
use std::sync::Arc;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/// What curl ends with that trusts only this file.
fn curl(proxy: &Serving, url: &str, trusted: &str, more: &[&str]) -> Option<i32> {
    let mut command = proxy.sandbox.command("curl");
    command.args(["-q", "-sS", "--max-time", "20", "-x", &proxy.url(), "--cacert", trusted, url]).args(more);
    let ended = output(command);
    assert!(!ended.status.success() || ended.stdout == b"ok");
    ended.status.code()
}

/// curl's word for a certificate that it does not take.
const UNTRUSTED: Option<i32> = Some(60);

#[test]
fn curl_comes_through_at_its_third_try_and_one_command_undoes_it() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let (url, theirs) = (format!("https://{}", origin.address()), ca_file(&proxy.sandbox));
    let tries = || curl(&proxy, &url, text(&theirs), &[]);
    assert_eq!([tries(), tries()], [UNTRUSTED; 2]);
    let refusals = proxy.rows("refusals", 2, |row| row["failure"]["kind"] == "certificate-refused");
    // Which of them is heard first is not said: each has a thread of its own.
    let second = |row: &Value| says(row).contains("That was refusal 2: the host is left alone");
    assert_eq!(refusals.iter().filter(|row| second(row)).count(), 1, "{refusals:#?}");
    assert_eq!(tries(), Some(0));
    let row = proxy.row("the tunnel", |row| has(row, "learned"));
    assert!(has(&row, "tunnel"), "{row}");
    proxy.aloud(&["127.0.0.1 is left alone from now on: curl/", "`hopscope intercept 127.0.0.1` ends that"]);
    let page = proxy.said(&["show", &row["id"].to_string()]);
    for words in ["learned from this client's refusals: curl/", "refused our certificate 2 times", "; until "]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let whole = proxy.whole(&row);
    assert_eq!(
        (&whole["tunnelled"]["why"], &whole["tunnelled"]["spoken"]),
        (&"learned".into(), &"tls".into())
    );
    assert_eq!(proxy.said(&["ls", "is:learned"]).lines().count(), 1);
    // Another program of the same machine, which trusts us, is intercepted as before.
    assert_eq!(curl(&proxy, &url, text(&proxy.ca()), &["--tls-max", "1.2"]), Some(0));
    proxy.row("its request", |row| row["method"] == "GET");
    assert!(proxy.said(&["intercept"]).starts_with("127.0.0.1  curl/"));
    proxy.said(&["intercept", "127.0.0.1"]);
    assert_eq!(proxy.said(&["intercept"]), "");
    assert_eq!([tries(), tries(), tries()], [UNTRUSTED; 3]);
}

#[test]
fn what_is_to_be_intercepted_by_name_is_not_learned() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let sandbox = Sandbox::new();
    let theirs = ca_file(&sandbox);
    let proxy = Serving::in_sandbox(sandbox, &["--origin-ca", text(&theirs), "--intercept", "127.0.0.1"]);
    let url = format!("https://{}", origin.address());
    for _ in 0..3 {
        assert_eq!(curl(&proxy, &url, text(&theirs), &[]), UNTRUSTED);
    }
}
