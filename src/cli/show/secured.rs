//! How both connections of an exchange were secured.

use crate::exchange::{Connection, TlsFacts, Verdict};

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
        Some(tls) => lines.extend(facts(tls)),
    }
    lines
}

fn facts(tls: &TlsFacts) -> Vec<String> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let mut lines = vec![
        format!("  version  {}", tls.version),
        format!("  cipher   {}", tls.cipher),
        format!("  alpn     {}", or_none(&tls.alpn)),
        format!("  sni      {}", or_none(&tls.sni)),
        format!("  chain    {}", super::super::format::counted(tls.chain.len() as u64, "certificate")),
    ];
    match &tls.verdict {
        None => {}
        Some(Verdict::Trusted) => {
            lines.push("  verdict  trusted: chains to a root and names the host".to_owned());
        }
        Some(Verdict::Untrusted(why)) => lines.push(format!("  verdict  NOT trusted: {why}")),
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ConnectionId, Side};

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
                ..TlsFacts::default()
            }),
            frames: Vec::new(),
        };
        insta::assert_snapshot!(lines(None, Some(&origin)).join("\n"), @r"
        client: no connection
        origin: connection 2 with 192.0.2.1:443
          version  TLSv1.3
          cipher   TLS_AES_128_GCM_SHA256
          alpn     none
          sni      shop.test
          chain    0 certificates
          verdict  NOT trusted: self-signed
        ");
    }
}
