//! The row of a client that would not take our certificate: its alert, or its silence, and its own cure.

use crate::ca::recipe;
use crate::exchange::{Failure, Head, Kind, Phase, Refused, Side};
use crate::forward::{How, Shard, Tunnel};
use crate::recorder::Recording;
use std::path::Path;

/// Characters of a client's name that are told.
const NAME: usize = 40;

/// The failure of a CONNECT whose client did not take the certificate that the authority in the file `ca`
/// signed; the client is known by the CONNECT's User-Agent. Refused too often, the host is left alone.
pub(super) fn in_tunnel(
    refused: &Refused,
    ca: &Path,
    shard: &Shard,
    tunnel: &Tunnel,
    recording: &Recording,
) -> Failure {
    let head = recording.note(|exchange| exchange.heads.request_received.clone()).map(Head::parse);
    let agent = head.as_ref().and_then(|head| head.value("user-agent")).unwrap_or_default();
    let mut failure = failure(refused, ca, agent);
    if let Some(learned) = learn(refused, agent, shard, tunnel) {
        failure.says.push_str(&learned);
    }
    failure
}

/// What the refusal taught, in words.
fn learn(refused: &Refused, agent: &[u8], shard: &Shard, tunnel: &Tunnel) -> Option<String> {
    let (program, host) = (tunnel.program.as_ref()?, &tunnel.authority.host);
    if shard.is_asked_for(host, tunnel.server_name.as_deref()) {
        return None;
    }
    let client = match name(agent) {
        unnamed if unnamed.is_empty() => {
            format!("the client at {} with JA4 {}", program.address, program.ja4)
        }
        named => format!("{named} at {}", program.address),
    };
    let how = How { says: &how(refused), silent: refused.alert.is_none() };
    let lesson = shard.learned.refused(program, &tunnel.authority.to_string(), &client, how)?;
    Some(format!(
        ". That was refusal {}: the host is left alone for this client until {} (intercept.learn)",
        lesson.refusals,
        lesson.end()
    ))
}

/// The same of a client that has said nothing yet.
pub(super) fn unnamed(refused: &Refused, ca: &Path) -> Failure {
    failure(refused, ca, b"")
}

fn failure(refused: &Refused, ca: &Path, agent: &[u8]) -> Failure {
    let how = how(refused);
    let cure = match recipe(agent, ca) {
        Some(recipe) => format!("Tell {} of it: {recipe}", name(agent)),
        None => format!(
            "Let it trust {} (curl --cacert, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, for others SSL_CERT_FILE)",
            ca.display()
        ),
    };
    let says = format!(
        "client refused our certificate {how}: it does not trust hopscope's CA. {cure}, or leave the host alone \
         with --tunnel HOST"
    );
    Failure { side: Side::Client, phase: Phase::Tls, kind: Kind::CertificateRefused, says }
}

fn how(refused: &Refused) -> String {
    match &refused.alert {
        Some(alert) => format!("with the alert {alert}"),
        None => "by closing the connection".to_owned(),
    }
}

/// The first product of a User-Agent: it is the client's own text.
fn name(agent: &[u8]) -> String {
    let first = agent.split(|byte| *byte == b' ').next().unwrap_or_default();
    first.iter().filter(|byte| byte.is_ascii_graphic()).take(NAME).map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_its_own_cure_and_a_stranger_all_of_them() {
        let says = |alert: Option<&str>, agent: &[u8]| {
            failure(&Refused { alert: alert.map(str::to_owned) }, Path::new("/ca.pem"), agent).says
        };
        assert_eq!(
            says(Some("unknown_ca"), b"curl/8.5.0"),
            "client refused our certificate with the alert unknown_ca: it does not trust hopscope's CA. Tell \
             curl/8.5.0 of it: curl --cacert /ca.pem, or leave the host alone with --tunnel HOST"
        );
        let stranger = says(None, b"");
        assert!(
            stranger.contains("by closing the connection") && stranger.contains("SSL_CERT_FILE"),
            "{stranger}"
        );
        assert!(says(None, b"node\x1b[2J").contains("Tell node[2J of it: NODE_EXTRA_CA_CERTS=/ca.pem"));
    }
}
