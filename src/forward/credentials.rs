//! Our own credentials (`--auth`): asked for outside of tunnels, by Basic (RFC 7617).

use super::answer::Answer;
use super::context::Client;
use crate::exchange::{Failure, Head, Kind, Phase, Side};
use crate::recorder::Recording;

/// RFC 9110 11.7: our own credentials, asked for outside tunnels only.
pub(super) fn refused(client: &Client, recording: &Recording, head: &Head) -> Option<Answer> {
    let expected = client.shard.settings.auth.as_deref()?;
    // A replay comes from the person whose hopscope this is.
    if client.tunnel.is_some() || client.again.is_some() {
        return None;
    }
    let given = head.value("proxy-authorization").and_then(basic);
    if given.is_some_and(|given| same(&given, expected.as_bytes())) {
        return None;
    }
    let says = "hopscope was started with --auth: send its user name and password as proxy credentials.\n";
    let failure = Failure {
        side: Side::Client,
        phase: Phase::Request,
        kind: Kind::Denied,
        says: "the client sent no proxy credentials, or wrong ones".to_owned(),
    };
    recording.fail(failure);
    Some(
        Answer::text(407, says.to_owned())
            .with("Proxy-Authenticate", "Basic realm=\"hopscope\", charset=\"UTF-8\""),
    )
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
