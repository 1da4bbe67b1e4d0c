//! Who may use this proxy: clients of the right network (`--allow`) with the right credentials
//! (`--auth`, by Basic, RFC 7617). Asked outside of tunnels: what is inside has come through a CONNECT.

use super::answer::Answer;
use super::context::Client;
use crate::exchange::{Failure, Head, Kind, Phase, Side};
use crate::recorder::Recording;
use std::net::SocketAddr;

/// The answer to a client that may not, or may not yet.
pub(super) fn refused(client: &Client, recording: &Recording, head: &Head) -> Option<Answer> {
    // A replay comes from the person whose hopscope this is.
    if client.tunnel.is_some() || client.again.is_some() {
        return None;
    }
    stranger(client, recording).or_else(|| unauthorized(client, recording, head))
}

fn stranger(client: &Client, recording: &Recording) -> Option<Answer> {
    let peer = client.peer.parse::<SocketAddr>().ok()?.ip();
    if client.shard.settings.admits(peer) {
        return None;
    }
    recording.fail(denied(format!("{peer} is in no network of allow (--allow CIDR)")));
    let says = format!("hopscope does not serve clients at {peer}: its --allow CIDR names other networks.\n");
    Some(Answer::text(403, says).closing())
}

/// RFC 9110 11.7.1: 407 until our own credentials come.
fn unauthorized(client: &Client, recording: &Recording, head: &Head) -> Option<Answer> {
    let expected = client.shard.settings.auth.as_deref()?;
    let given = head.value("proxy-authorization").and_then(basic);
    if given.is_some_and(|given| same(&given, expected.as_bytes())) {
        return None;
    }
    let says = "hopscope was started with --auth: send its user name and password as proxy credentials.\n";
    recording.fail(denied("the client sent no proxy credentials, or wrong ones".to_owned()));
    Some(
        Answer::text(407, says.to_owned())
            .with("Proxy-Authenticate", "Basic realm=\"hopscope\", charset=\"UTF-8\""),
    )
}

fn denied(says: String) -> Failure {
    Failure { side: Side::Client, phase: Phase::Request, kind: Kind::Denied, says }
}

/// The credentials of `Basic` (RFC 7617 2).
fn basic(value: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    let (scheme, token) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    base64::engine::general_purpose::STANDARD.decode(token.trim_ascii()).ok()
}

/// Compares secrets in a time that does not tell where they differ.
fn same(given: &[u8], expected: &[u8]) -> bool {
    given.len() == expected.len() && given.iter().zip(expected).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}
