//! Clients at the doors beside plain HTTP: SOCKS5, and TLS with the proxy itself; with credentials and without.

use super::ledger::{failure, has};
use super::origins::{ca, ca_file};
use super::programs::{Python, installed, output, text};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::origin::Origin;
use serde_json::Value;
use std::sync::Arc;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A proxy that trusts the origins of these tests; with credentials, when asked.
fn proxy(auth: Option<&str>) -> Serving {
    let sandbox = Sandbox::new();
    let roots = ca_file(&sandbox);
    let mut all = vec!["--origin-ca", text(&roots)];
    all.extend(auth.iter().flat_map(|auth| ["--auth", auth]));
    Serving::in_sandbox(sandbox, &all)
}

/// An origin in the clear and one in TLS, both by name.
fn origins() -> (Origin, Origin, [String; 2]) {
    let (plain, secure) = (Origin::answering(OK), Origin::secured_answering(Arc::clone(&ca().server), OK));
    let urls = [
        format!("http://localhost:{}/plain", plain.address().port()),
        format!("https://localhost:{}/secure", secure.address().port()),
    ];
    (plain, secure, urls)
}

fn curl(proxy: &Serving, door: &str, arguments: &[&str]) -> String {
    let (mut command, ca) = (proxy.sandbox.command("curl"), proxy.ca());
    command.args(["-q", "-sS", "--max-time", "30", "-x", &format!("{door}{}", proxy.address())]);
    command.args(["--cacert", text(&ca), "--proxy-cacert", text(&ca), "-w", "%{http_code}"]).args(arguments);
    let ended = output(command);
    String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr)
}

#[test]
fn curl_by_socks5_and_tls() {
    if !installed("curl") {
        return;
    }
    let (plain, secure, urls) = origins();
    let proxy = proxy(None);
    for door in ["socks5://", "socks5h://", "https://"] {
        for url in &urls {
            assert_eq!(curl(&proxy, door, &[url]), "ok200", "{door} {url}");
        }
    }
    // What is behind SOCKS5 is read as behind a CONNECT.
    for end in ["/plain", "/secure"] {
        let rows = proxy.rows(end, 3, |row| row["url"].as_str().unwrap().ends_with(end));
        assert!(rows.iter().all(|row| row["status"] == 200 && row["method"] == "GET"), "{rows:?}");
    }
    let asked = proxy.rows("SOCKS5", 4, |row| row["version"] == "SOCKS5");
    assert!(asked.iter().all(|row| row["method"] == "CONNECT" && has(row, "intercepted")), "{asked:?}");
    let by_name = |row: &&Value| row["host"].as_str().unwrap().starts_with("localhost:");
    assert_eq!(asked.iter().filter(by_name).count(), 2, "socks5h leaves the name to us");
    assert!(plain.connections() > 0 && secure.connections() > 0);
}

#[test]
fn curl_with_credentials_at_every_door() {
    if !installed("curl") {
        return;
    }
    let (_plain, _secure, urls) = origins();
    let proxy = proxy(Some("me:secret"));
    for door in ["http://", "socks5h://", "https://"] {
        for url in &urls {
            assert_eq!(curl(&proxy, door, &["--proxy-user", "me:secret", url]), "ok200", "{door} {url}");
        }
        assert!(!curl(&proxy, door, &["--proxy-user", "me:wrong", &urls[0]]).starts_with("ok"), "{door}");
        assert!(!curl(&proxy, door, &[&urls[1]]).starts_with("ok"), "{door}");
    }
    let denied = proxy.rows("denied", 6, |row| row["failure"]["kind"] == "denied");
    assert!(denied.iter().all(|row| failure(row) == ["client", "request", "denied"]), "{denied:?}");
}

/// Runs a case of the script; what it saw.
fn python(
    program: &Python,
    proxy: &Serving,
    case: &str,
    (user, password): (&str, &str),
    urls: &[String],
) -> Vec<Value> {
    let mut command = program.script(&proxy.sandbox, "doors_client.py");
    command.args([case, &proxy.address().to_string(), text(&proxy.ca()), user, password]).args(urls);
    let ended = output(command);
    let (stdout, stderr) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{stdout}{stderr}");
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn python_by_socks5_and_tls() {
    let (Some(_), Some(program)) = (Python::with("requests"), Python::with("socks")) else { return };
    let (_plain, _secure, urls) = origins();
    for (auth, given) in [(None, ("", "")), (Some("me:secret"), ("me", "secret"))] {
        let proxy = proxy(auth);
        for (case, count) in [("socks", 4), ("manager", 2), ("tls", 2)] {
            let said = python(&program, &proxy, case, given, &urls);
            assert_eq!(said.len(), count, "{case}");
            assert!(said.iter().all(|one| one["status"] == 200 && one["body"] == "ok"), "{case}: {said:?}");
        }
    }
    let proxy = proxy(Some("me:secret"));
    let said = python(&program, &proxy, "socks", ("me", "wrong"), &urls[..1]);
    assert!(said.iter().all(|one| one["error"] == "ConnectionError"), "{said:?}");
}

#[test]
fn requests_with_its_own_proxy_authentication() {
    let Some(program) = Python::with("socks") else { return };
    let (plain, _secure, urls) = origins();
    let proxy = proxy(Some("me:secret"));
    let said = python(&program, &proxy, "proxy_auth", ("me", "secret"), &urls[..1]);
    assert_eq!((&said[0]["status"], &said[0]["body"]), (&200.into(), &"ok".into()), "{said:?}");
    let seen = String::from_utf8(plain.received(0)).unwrap().to_lowercase();
    assert!(!seen.contains("authorization"), "{seen}");
    let said = python(&program, &proxy, "proxy_auth", ("me", "wrong"), &urls[..1]);
    assert_eq!(said[0]["status"], 407, "{said:?}");
}
