//! TLS of connections as JSON; `hopscope help json` documents the names.

use crate::ca::Certificate;
use crate::ca::certificate::fingerprint;
use crate::exchange::{ClientHello, Connection, TlsFacts, Verdict, tls_names};
use serde_json::{Value, json};

/// A connection with all that is known of its TLS.
pub fn connection(connection: &Connection) -> Value {
    let tls = connection.tls.as_ref().map(tls);
    json!({"id": connection.id.0, "peer": connection.peer, "local": connection.local, "tls": tls})
}

fn tls(tls: &TlsFacts) -> Value {
    let untrusted = match &tls.verdict {
        Some(Verdict::Untrusted(why)) => Some(why),
        _ => None,
    };
    json!({
        "version": tls.is_secured().then_some(&tls.version),
        "cipher": tls.is_secured().then_some(&tls.cipher),
        "group": tls.group,
        "alpn": tls.alpn,
        "sni": tls.sni,
        "resumed": tls.resumed,
        "handshake_us": tls.took,
        "trusted": tls.verdict.as_ref().map(|verdict| *verdict == Verdict::Trusted),
        "untrusted": untrusted,
        "stapled": tls.ocsp.is_some(),
        "ocsp": tls.ocsp.map(|ocsp| json!({
            "status": ocsp.status.as_str(),
            "produced": ocsp.produced,
            "next": ocsp.next,
            "revoked": ocsp.revoked,
        })),
        "client_certificate": tls.client_certificate.as_str(),
        "chain": tls.chain.iter().map(|der| certificate(der)).collect::<Vec<_>>(),
        "hello": tls.hello.as_deref().and_then(ClientHello::parse).as_ref().map(hello),
    })
}

fn certificate(der: &[u8]) -> Value {
    let sha256 = fingerprint(der);
    let Some(known) = Certificate::read(der) else { return json!({ "sha256": sha256 }) };
    let [not_before, not_after] = known.moments();
    json!({
        "subject": known.subject,
        "issuer": known.issuer,
        "self_signed": known.self_signed,
        "names": known.names,
        "not_before": not_before,
        "not_after": not_after,
        "key": known.key,
        "weak_key": known.weak_key,
        "signature": known.signature,
        "sha256": sha256,
    })
}

fn hello(hello: &ClientHello) -> Value {
    let names = |numbers: &[u16], name: fn(u16) -> String| -> Vec<String> {
        numbers.iter().map(|number| name(*number)).collect()
    };
    let alpn: Vec<_> = hello.alpn.iter().map(|name| String::from_utf8_lossy(name)).collect();
    let versions = if hello.versions.is_empty() { vec![hello.version] } else { hello.versions.clone() };
    json!({
        "ja4": hello.ja4(),
        "ja3": hello.ja3(),
        "ja3_text": hello.ja3_text(),
        "sni": hello.server_name,
        "alpn": alpn,
        "versions": names(&versions, tls_names::version),
        "ciphers": names(&hello.ciphers, tls_names::cipher),
        "groups": names(&hello.groups, tls_names::group),
        "signatures": names(&hello.signatures, tls_names::signature),
        "extensions": names(&hello.extensions, tls_names::extension),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::json::HELP;
    use super::*;

    #[test]
    fn help_names_every_field() {
        let facts = TlsFacts {
            chain: vec![include_bytes!("../../tui/fixtures/leaf.der").to_vec()],
            hello: Some(include_bytes!("../../exchange/fixtures/chromium.bin").to_vec()),
            ..TlsFacts::default()
        };
        let value = tls(&facts);
        for object in [&value, &value["chain"][0], &value["hello"]] {
            for name in object.as_object().unwrap().keys() {
                assert!(HELP.contains(&format!("\n    {name} ")), "{name}");
            }
        }
        assert_eq!(value["version"], Value::Null, "only offered");
        assert_eq!(value["chain"][0]["key"], "EC P-256");
    }
}
