//! How both connections of an exchange were secured.

use crate::ca::told::{self, Told};
use crate::exchange::{Connection, Side, TlsFacts};

/// Client's side, then the origin's.
pub(super) fn lines(client: Option<&Connection>, origin: Option<&Connection>) -> Vec<String> {
    let mut lines = side("client", client);
    lines.extend(side("origin", origin));
    lines
}

fn side(name: &str, connection: Option<&Connection>) -> Vec<String> {
    let Some(connection) = connection else { return vec![format!("{name}: no connection")] };
    let peer = connection.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string());
    let mut lines = vec![format!("{name}: connection {} with {peer}", connection.id.0)];
    match &connection.tls {
        None => lines.push("  not secured (plain TCP)".to_owned()),
        Some(tls) => lines.extend(facts(tls, connection.side)),
    }
    lines
}

fn facts(tls: &TlsFacts, side: Side) -> Vec<String> {
    let mut lines = told::handshake(tls, side).iter().map(line).collect::<Vec<_>>();
    for (number, der) in tls.chain.iter().enumerate() {
        lines.push(String::new());
        lines.extend(told::certificate(number, der).iter().map(line));
    }
    if let Some(hello) = &tls.hello {
        let who = if side == Side::Client { "the client" } else { "hopscope" };
        lines.extend([String::new(), format!("  {who} offered")]);
        lines.extend(told::offered(hello).iter().map(line));
    }
    lines
}

fn line(told: &Told) -> String {
    format!("  {:<11} {}", told.label, told.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ConnectionId, Verdict};

    #[test]
    fn both_sides() {
        let origin = Connection {
            id: ConnectionId(2),
            side: Side::Origin,
            opened: 0,
            peer: "192.0.2.1:443".parse().ok(),
            local: None,
            tls: Some(TlsFacts {
                version: "TLSv1.3".into(),
                cipher: "TLS_AES_128_GCM_SHA256".into(),
                sni: Some("shop.test".into()),
                verdict: Some(Verdict::Untrusted("self-signed".into())),
                took: Some(11_800),
                chain: vec![include_bytes!("../../tui/fixtures/leaf.der").to_vec()],
                hello: Some(include_bytes!("../../exchange/fixtures/curl.bin").to_vec()),
                ..TlsFacts::default()
            }),
            dialling: None,
            frames: Vec::new(),
        };
        insta::assert_snapshot!(lines(None, Some(&origin)).join("\n"), @r"
        client: no connection
        origin: connection 2 with 192.0.2.1:443
          version     TLSv1.3
          cipher      TLS_AES_128_GCM_SHA256
          group       none took part
          ALPN        not agreed
          SNI         shop.test
          handshake   full, 12ms
          verdict     NOT trusted: self-signed

          certificate CN=localhost
          signed by   O=Shop Test, CN=Shop Test Root, ecdsa-with-SHA256
          names       localhost, 127.0.0.1
          valid       2026-11-24 to 2036-11-21
          key         EC P-256
          SHA-256     5E:C1:AB:56:EE:1A:CE:2C:2D:36:88:04:DE:84:E5:FC:62:F6:CF:39:84:AE:11:2F:15:91:84:97:EB:95:B8:DB

          hopscope offered
          JA4         t13d3112h2_e8f1e7e78f70_b26ce05bbdd6
          JA3         0149f47eabf9a20d0893e2a44e5a6323
          SNI         api.shop.test
          ALPN        h2, http/1.1
          versions    TLSv1.3, TLSv1.2, TLSv1.1, TLSv1.0
          ciphers     TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, TLS_DHE_RSA_WITH_AES_256_CBC_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, TLS_DHE_RSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_DHE_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_256_GCM_SHA384, TLS_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_256_CBC_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA256, TLS_RSA_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA, TLS_EMPTY_RENEGOTIATION_INFO_SCSV
          groups      x25519, secp256r1, x448, secp521r1, secp384r1, ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144, ffdhe8192
          signatures  ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384, ecdsa_secp521r1_sha512, ed25519, ed448, rsa_pss_pss_sha256, rsa_pss_pss_sha384, rsa_pss_pss_sha512, rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512, rsa_pkcs1_sha256, rsa_pkcs1_sha384, rsa_pkcs1_sha512, ecdsa_sha224, rsa_pkcs1_sha224, dsa_sha224, dsa_sha256, dsa_sha384, dsa_sha512
          extensions  server_name, ec_point_formats, supported_groups, application_layer_protocol_negotiation, encrypt_then_mac, extended_main_secret, post_handshake_auth, signature_algorithms, supported_versions, psk_key_exchange_modes, key_share, padding
        ");
    }
}
