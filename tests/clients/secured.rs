//! What is known of TLS on both legs, told by real clients: `show --part tls`, and the key log.

use super::openssl::curl;
use super::origins::{ca, ca_file};
use super::programs::{installed, output, text};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::origin::Origin;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn tls(proxy: &Serving, row: &Value) -> Value {
    serde_json::from_str(&proxy.said(&["show", &row["id"].to_string(), "--part", "tls", "--json"])).unwrap()
}

#[test]
fn both_legs_of_an_intercepted_connection() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::trusting();
    let url = format!("https://localhost:{}/", origin.address().port());
    assert_eq!(curl(&proxy, &url), (200, "ok".to_owned()));
    assert_eq!(curl(&proxy, &url), (200, "ok".to_owned()));
    let row = proxy.to("/");
    let both = tls(&proxy, &row);
    for (side, issuer) in [("client", "hopscope CA"), ("origin", "hopscope CA")] {
        let tls = &both[side]["tls"];
        assert_eq!(tls["version"], "TLSv1.3", "{both:#}");
        assert!(tls["group"].is_string() && tls["handshake_us"].as_u64() > Some(0), "{tls:#}");
        assert_eq!((&tls["sni"], &tls["resumed"]), (&json!("localhost"), &json!(false)));
        let leaf = &tls["chain"][0];
        assert!(leaf["issuer"].as_str().unwrap().contains(issuer), "{leaf:#}");
        assert_eq!((&leaf["names"], &leaf["key"]), (&json!(["localhost"]), &json!("EC P-256")));
        assert_eq!(leaf["sha256"].as_str().unwrap().len(), 95);
        let hello = &tls["hello"];
        assert!(hello["ja4"].as_str().unwrap().starts_with("t13d"), "{hello:#}");
        assert_eq!(hello["sni"], "localhost");
        assert!(hello["extensions"].as_array().unwrap().contains(&json!("key_share")), "{hello:#}");
    }
    assert_eq!(
        (&both["client"]["tls"]["trusted"], &both["origin"]["tls"]["trusted"]),
        (&Value::Null, &json!(true))
    );
    assert_ne!(
        both["client"]["tls"]["hello"]["ja4"], both["origin"]["tls"]["hello"]["ja4"],
        "ours is our own"
    );
    let page = proxy.part(&row, "tls");
    for words in [
        "group",
        "handshake   full, ",
        "key         EC P-256",
        "the client offered",
        "hopscope offered",
        "JA4 ",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // The CONNECT shows what was in its tunnel.
    let connect = proxy.row("the CONNECT", |row| row["method"] == "CONNECT");
    assert_eq!(tls(&proxy, &connect)["client"], both["client"]);
}

#[test]
fn the_hello_in_a_tunnel_that_is_relayed_unread() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let proxy = Serving::start(&["--tunnel", "localhost"]);
    let url = format!("https://localhost:{}/", origin.address().port());
    let mut command = proxy.sandbox.command("curl");
    command.args(["-q", "-sS", "--max-time", "30", "-x", &proxy.url(), "--insecure", &url]);
    assert_eq!(output(command).stdout, b"ok");
    let row = proxy.row("the tunnel", |row| row["method"] == "CONNECT");
    let tls = &tls(&proxy, &row)["client"]["tls"];
    assert_eq!(
        (&tls["version"], &tls["sni"], &tls["chain"]),
        (&Value::Null, &json!("localhost"), &json!([]))
    );
    assert_eq!(tls["hello"]["alpn"], json!(["h2", "http/1.1"]));
    assert!(proxy.part(&row, "tls").contains("only what the client offered is known"));
}

#[test]
fn the_key_log_has_the_secrets_of_both_legs() {
    if !installed("curl") {
        return;
    }
    let origin = Origin::secured_answering(Arc::clone(&ca().server), OK);
    let sandbox = Sandbox::new();
    let (log, roots) = (sandbox.path("keys.log"), ca_file(&sandbox));
    let proxy = Serving::with(sandbox, &["--origin-ca", text(&roots)], &[("SSLKEYLOGFILE", text(&log))]);
    let url = format!("https://localhost:{}/", origin.address().port());
    assert_eq!(curl(&proxy, &url), (200, "ok".to_owned()));
    let said = std::fs::read_to_string(&log).unwrap();
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0", "CLIENT_TRAFFIC_SECRET_0"] {
        // The second word is the client's random: curl's, and ours.
        let of = said.lines().filter_map(|line| line.strip_prefix(label)?.split_whitespace().next());
        assert_eq!(of.collect::<BTreeSet<_>>().len(), 2, "{label}: {said}");
    }
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&log).unwrap().permissions()) & 0o777,
        0o600
    );
}

#[test]
fn a_key_log_that_cannot_be_written_is_an_error_at_the_start() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.hopscope(&["serve", "--listen", "127.0.0.1:0"]);
    let ended = output({
        command.env("SSLKEYLOGFILE", "/nowhere/keys.log");
        command
    });
    let says = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(3), "{says}");
    assert!(
        says.contains("SSLKEYLOGFILE: /nowhere/keys.log cannot be written") && says.contains("name a file"),
        "{says}"
    );
}
