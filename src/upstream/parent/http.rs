//! A parent that speaks HTTP: CONNECT through it (RFC 9110 9.3.6), and what its refusals mean.

use super::super::Leg;
use super::failed;
use crate::config::Parent;
use crate::exchange::{Authority, Failure, Head, Kind, Phase, Side};
use crate::hop::{self, Bounds};
use bytes::Bytes;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Characters of a parent's own words that are told.
const TOLD: usize = 200;

/// Sends a CONNECT and reads its answer to the last byte of its head and not beyond: what follows
/// a 2xx is the origin's. The answer's head is left in `answer`.
pub(super) async fn connect(
    leg: &mut Leg,
    parent: &Parent,
    target: &Authority,
    head: &[u8],
    bounds: &Bounds,
    answer: &mut Option<Bytes>,
) -> Result<(), Failure> {
    let broken = |error: io::Error| {
        let how = match error.kind() {
            io::ErrorKind::UnexpectedEof => "closed the connection",
            io::ErrorKind::InvalidData => "sent a head larger than limits.head allows",
            _ => "reset the connection",
        };
        failed(parent, Kind::Closed, &format!("{how} before it answered CONNECT {target}"))
    };
    leg.write_all(head).await.map_err(broken)?;
    leg.flush().await.map_err(broken)?;
    loop {
        let head = Head::parse(Bytes::from(read_head(leg, bounds.head).await.map_err(broken)?));
        *answer = Some(head.raw().clone());
        match hop::check_response(&head, false, true, bounds) {
            // RFC 9110 15.2: interim responses may come before.
            Ok(facts) if facts.status < 200 => {}
            Ok(facts) if facts.status < 300 => return Ok(()),
            Ok(facts) => return Err(refusal(parent, target, &head, facts.status)),
            Err(fault) => {
                let what =
                    format!("answered CONNECT {target} with no HTTP: {} ({})", fault.says, fault.clause);
                return Err(failed(parent, Kind::Malformed, &what));
            }
        }
    }
}

async fn read_head(leg: &mut Leg, limit: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut ahead = [0; 4096];
    loop {
        let seen = head.len();
        match leg {
            Leg::Tcp(tcp) => {
                let peeked = tcp.peek(&mut ahead).await?;
                if peeked == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                head.extend_from_slice(ahead.get(..peeked).unwrap_or_default());
                head.truncate(hop::head_end(&head, seen).unwrap_or(head.len()));
                let taken = head.len().saturating_sub(seen);
                tcp.read_exact(ahead.get_mut(..taken).unwrap_or_default()).await?;
            }
            // What was decrypted waits in the TLS engine: a byte costs no system call.
            Leg::Tls(tls) => head.push(tls.read_u8().await?),
        }
        if hop::head_end(&head, seen).is_some() {
            return Ok(head);
        }
        if head.len() > limit {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// What it means that a parent did not let a request through.
#[must_use]
pub fn refusal(parent: &Parent, target: &Authority, head: &Head, status: u16) -> Failure {
    let reason = head.status_line().map(|(_, _, reason)| clean(reason)).unwrap_or_default();
    let said = format!("{status} {reason}").trim_end().to_owned();
    let own = own_words(head).map(|words| format!(" ({words})")).unwrap_or_default();
    match status {
        407 => failed(parent, Kind::Denied, &format!("{}{own}", wants_credentials(parent, head))),
        508 => failed(parent, Kind::Loop, &format!("has seen this request before: {said}{own}")),
        502..=504 => {
            let kind = if status == 504 { Kind::TimedOut } else { Kind::Unreachable };
            let says = format!("the parent proxy {parent} could not reach {target}: {said}{own}");
            Failure { side: Side::Origin, phase: Phase::Connect, kind, says }
        }
        _ => failed(parent, Kind::Denied, &format!("does not let {target} be asked for: {said}{own}")),
    }
}

/// RFC 9110 15.5.8.
fn wants_credentials(parent: &Parent, head: &Head) -> String {
    let offers: Vec<&[u8]> =
        head.fields().filter(|field| field.is("Proxy-Authenticate")).map(|field| field.value).collect();
    let is_basic = |offer: &&[u8]| {
        offer.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
            || offer.windows(7).any(|part| part.eq_ignore_ascii_case(b", basic"))
    };
    let offered = offers.iter().map(|offer| clean(offer)).collect::<Vec<_>>().join("; ");
    match &parent.credentials {
        _ if !offers.iter().any(is_basic) && !offers.is_empty() => {
            format!("asks for credentials (407) in a way that hopscope does not speak: {offered}")
        }
        None => format!("asks for credentials (407): {offered}"),
        Some(_) => format!("did not take the credentials that it was given (407): {offered}"),
    }
}

/// Whether an answer says of itself that a proxy made it, and in which words.
#[must_use]
pub fn is_from_a_proxy(head: &Head, status: u16) -> Option<String> {
    own_words(head).filter(|_| status >= 400)
}

/// A proxy's own error: Squid's field, or Proxy-Status with an error (RFC 9209 2.1.1).
fn own_words(head: &Head) -> Option<String> {
    let squid = head.value("x-squid-error").map(|value| format!("X-Squid-Error: {}", clean(value)));
    squid.or_else(|| {
        let status = head.value("proxy-status").filter(|value| contains(value, b"error="))?;
        Some(format!("Proxy-Status: {}", clean(status)))
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A few words without control characters.
fn clean(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).take(TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(parent: &str, head: &str) -> Failure {
        let head = Head::parse(Bytes::from(format!("HTTP/1.1 {head}\r\n\r\n")));
        let status = head.status_line().unwrap().1;
        let target = Authority { host: "a.test".to_owned(), port: 443 };
        refusal(&Parent::parse(parent).unwrap(), &target, &head, status)
    }

    #[test]
    fn a_parents_refusals_are_told_from_what_it_tells_of_the_origin() {
        let plain = "http://p:1";
        let mine = "http://u:p@p:1";
        for (parent, head, phase, kind, part) in [
            (
                plain,
                "407 No\r\nProxy-Authenticate: Basic realm=\"x\"",
                Phase::Parent,
                Kind::Denied,
                "asks for credentials (407): Basic realm",
            ),
            (
                mine,
                "407 No\r\nProxy-Authenticate: basic",
                Phase::Parent,
                Kind::Denied,
                "did not take the credentials",
            ),
            (mine, "407 No\r\nProxy-Authenticate: NTLM", Phase::Parent, Kind::Denied, "does not speak: NTLM"),
            (
                plain,
                "403 Forbidden",
                Phase::Parent,
                Kind::Denied,
                "does not let a.test:443 be asked for: 403 Forbidden",
            ),
            (
                plain,
                "503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111",
                Phase::Connect,
                Kind::Unreachable,
                "could not reach a.test:443: 503 Service Unavailable (X-Squid-Error: ERR_CONNECT_FAIL 111)",
            ),
            (plain, "504 Late", Phase::Connect, Kind::TimedOut, "504 Late"),
            (plain, "508 Loop Detected", Phase::Parent, Kind::Loop, "seen this request before"),
            (plain, "200 \x1b[2J", Phase::Parent, Kind::Denied, "200 [2J"),
        ] {
            let failure = told(parent, head);
            assert_eq!((failure.phase, failure.kind), (phase, kind), "{head}");
            assert!(failure.says.contains(part) && !failure.says.contains("u:p"), "{}", failure.says);
        }
    }

    #[test]
    fn rfc9209_an_answer_may_say_that_a_proxy_made_it() {
        let head = |lines: &str| Head::parse(Bytes::from(format!("HTTP/1.1 502 Bad\r\n{lines}\r\n\r\n")));
        assert!(is_from_a_proxy(&head("Proxy-Status: inner; error=dns_error"), 502).is_some());
        assert!(is_from_a_proxy(&head("X-Squid-Error: ERR_DNS_FAIL 0"), 503).is_some());
        assert_eq!(is_from_a_proxy(&head("Proxy-Status: cdn; next-hop=a"), 502), None);
        assert_eq!(is_from_a_proxy(&head("Server: nginx"), 502), None);
    }
}
