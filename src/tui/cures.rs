//! What a person can do about a failure: a sentence for every kind, phase and side, and for a client
//! that does not trust us the recipe for that very client.
//!
//! The failure's own words tell what happened and why; what stands here comes behind them.

use crate::exchange::{Failure, Kind, Phase, Side};

/// What a person can do about a failure.
#[must_use]
pub fn cure(failure: &Failure) -> &'static str {
    match (failure.kind, failure.phase, failure.side) {
        (kind, Phase::Parent, _) => parent(kind),
        (Kind::Refused, ..) => "Is the server running, and on this port? `ss -ltn` lists what listens.",
        (Kind::Unresolvable, ..) => {
            "Check the host's name; hopscope asks this machine's resolver: `getent hosts NAME` asks the same."
        }
        (Kind::TimedOut, phase, side) => timed_out(phase, side),
        (Kind::Reset | Kind::Closed, phase, side) => cut(phase, side),
        (Kind::GaveUp, ..) => "The client did not wait longer: look for a timeout or a cancel on its side.",
        (Kind::Untrusted, ..) => untrusted(&failure.says),
        (Kind::CertificateRefused, ..) => {
            "Start the client with `hopscope run -- CMD`, or leave this host unread with --tunnel HOST."
        }
        (Kind::Handshake, _, Side::Origin) => handshake(&failure.says),
        (Kind::Handshake, _, Side::Client) => {
            "The client did not speak TLS as expected; --tunnel HOST leaves it unread."
        }
        (Kind::Malformed, _, Side::Client) => {
            "The client's bytes break the clause above: Raw (8) shows them; the fault is in the client."
        }
        (Kind::Malformed, _, Side::Origin) => {
            "The server's bytes break the clause above: Raw (8) shows them; the fault is in the server."
        }
        (Kind::TooLarge, ..) => {
            "It is longer than config.toml's [limits] allow; raise `head` or `fields` there if it may be."
        }
        (Kind::TooMany, ..) => {
            "config.toml's [limits] say how many there may be; raise them if these are meant."
        }
        (Kind::Loop, ..) => {
            "The request is addressed to hopscope itself; two hopscopes in a row need --pseudonym."
        }
        (Kind::Unreachable, ..) => {
            "Is the network up, and is there a route to this address? `ip route get ADDRESS` tells."
        }
        (Kind::Denied, ..) => {
            "hopscope asks for a user and password (--auth): give them to the client, as in \
             http://USER:PASSWORD@HOST:PORT."
        }
    }
}

/// What happened and why, without the cure that some failures' words end with for the command line:
/// here it stands by itself.
#[must_use]
pub fn cause(failure: &Failure) -> &str {
    let ending = match failure.kind {
        Kind::Untrusted => ". Trust its root",
        Kind::CertificateRefused => ". Let it trust",
        _ => return &failure.says,
    };
    failure.says.split_once(ending).map_or(failure.says.as_str(), |(cause, _)| cause)
}

/// The cure with the host's name in it, to be copied as it is.
#[must_use]
pub fn cure_for(failure: &Failure, host: &str) -> String {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let cure = cure(failure);
    if name.is_empty() {
        return cure.to_owned();
    }
    let named = [("=HOST", "="), ("--tunnel HOST", "--tunnel "), ("hosts NAME", "hosts ")];
    named.iter().fold(cure.to_owned(), |cure, (from, to)| cure.replace(from, &format!("{to}{name}")))
}

fn parent(kind: Kind) -> &'static str {
    match kind {
        Kind::Denied => {
            "Give its credentials in --upstream http://USER:PASS@HOST:PORT, or go round it: --upstream-for HOST=direct."
        }
        Kind::Untrusted => {
            "Trust the parent proxy's root with --origin-ca FILE, or pass it by --origin-insecure=HOST."
        }
        Kind::Loop => "Two hopscopes in a row need different names: start one with --pseudonym NAME.",
        Kind::Unreachable => {
            "The parent proxy's own log should say why it could not get an answer from the origin."
        }
        _ => "Is the parent proxy (--upstream) running, and does it speak what its URL says?",
    }
}

fn timed_out(phase: Phase, side: Side) -> &'static str {
    match (phase, side) {
        (Phase::Request, Side::Client) => {
            "The client was slower than config.toml's [limits] allow; raise them if it may be."
        }
        (Phase::Body, Side::Client) => "The client paused: limits.write_timeout says for how long it may.",
        (Phase::Send, Side::Client) => {
            "The client stopped sending: limits.body_timeout and limits.response_timeout say how long it may."
        }
        (Phase::Send, Side::Origin) => {
            "The server stopped reading the request: its log may say why. limits.write_timeout may be raised."
        }
        (_, Side::Client) => {
            "The client did not go on in time; config.toml's [limits] say how long it may take."
        }
        (Phase::Resolve, _) => {
            "Does this machine's resolver answer? limits.connect_timeout says how long it may."
        }
        (Phase::Connect, _) => {
            "Is the server up, and is a firewall dropping packets? limits.connect_timeout says how long it may take."
        }
        (Phase::Tls, _) => {
            "Does the server speak TLS on this port? limits.tls_timeout says how long it may take."
        }
        (Phase::Wait | Phase::Response, _) => {
            "The server took the request and did not answer: its log may say why. limits.response_timeout may be raised."
        }
        (_, Side::Origin) => {
            "The server stopped in the middle: its log may say why; the limits are in config.toml."
        }
    }
}

fn cut(phase: Phase, side: Side) -> &'static str {
    match (phase, side) {
        (Phase::Connect | Phase::Resolve, _) => {
            "The server, or something before it, turned the connection away; is it a plain HTTP port?"
        }
        (Phase::Tls, Side::Origin) => {
            "Does the server speak TLS on this port, and does it know this host's name?"
        }
        (Phase::Tls, Side::Client) => {
            "Some clients close when they do not trust a certificate: `hopscope run -- CMD` lets them trust it."
        }
        (Phase::Send | Phase::Wait, Side::Origin) => {
            "The server ended the connection itself, perhaps by a crash or a limit; its log should say why."
        }
        (Phase::Body | Phase::Response, Side::Origin) => {
            "The response is incomplete: what came is kept. The server's log should say why it stopped."
        }
        (Phase::Tunnel, Side::Origin) => {
            "hopscope only passes such bytes on; the server ended it, and its log may say why."
        }
        (Phase::Tunnel, Side::Client) => "hopscope only passes such bytes on; the client ended it.",
        (_, Side::Origin) => "The server ended the connection itself; its log should say why.",
        (_, Side::Client) => "The client went away; look for a timeout or a cancel on its side.",
    }
}

/// By the verdict's words, which stand in the failure's.
fn untrusted(says: &str) -> &'static str {
    let says = |part: &str| says.contains(part);
    if says("expired") {
        "The server needs a new certificate; meanwhile --origin-insecure=HOST lets this host pass."
    } else if says("not valid before") {
        "Is a clock wrong, the server's or this machine's? --origin-insecure=HOST lets this host pass."
    } else if says("revoked") {
        "Its issuer took it back: ask the server's owner; --origin-insecure=HOST lets this host pass all the same."
    } else if says("not valid for this name") {
        "Ask for the server by a name that its certificate has, or let it pass with --origin-insecure=HOST."
    } else if says("self-signed") {
        "If it is yours, trust this very certificate with --origin-ca FILE, or pass it by --origin-insecure=HOST."
    } else if says("unknown issuer") {
        "Trust the issuer with --origin-ca FILE (a company's or a test's own CA), or pass it by --origin-insecure=HOST."
    } else if ["too weak", "version 1"].iter().any(|words| says(words)) {
        "If it is yours, have one made that fits, or let it pass with --origin-insecure=HOST."
    } else {
        "Trust its root with --origin-ca FILE, or let it pass with --origin-insecure=HOST."
    }
}

fn handshake(says: &str) -> &'static str {
    if says.contains("does not speak TLS") {
        "Ask for it with http:// instead, or find the port on which it speaks TLS."
    } else if says.contains("client certificate") {
        "Give it one with origin.client_certificates in config.toml, or leave it unread with --tunnel HOST."
    } else {
        "Does the server speak TLS on this port, and a version from 1.2 up?"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: Kind, phase: Phase, side: Side, says: &str) -> Failure {
        Failure { side, phase, kind, says: says.to_owned() }
    }

    #[test]
    fn every_failure_has_a_sentence_with_a_cure() {
        for kind in Kind::ALL {
            for phase in Phase::ALL {
                for side in [Side::Client, Side::Origin] {
                    let cure = cure(&failure(*kind, *phase, side, ""));
                    assert!(
                        cure.ends_with(['.', '?']) && cure.len() > 40,
                        "{kind:?} {phase:?} {side:?}: {cure}"
                    );
                    assert!(cure.len() <= 120, "two lines at most: {cure}");
                }
            }
        }
    }

    #[test]
    fn an_untrusted_certificate_is_cured_by_its_reason() {
        for (says, cure_says) in [
            ("expired on 2024-01-01", "new certificate"),
            ("revoked on 2024-01-01, as its own OCSP response says", "took it back"),
            ("not valid for this name: other.test", "a name that its certificate has"),
            ("self-signed, and not a trusted root", "--origin-ca FILE"),
            ("unknown issuer: CN=Corp CA", "Trust the issuer with --origin-ca FILE"),
        ] {
            let cure = cure(&failure(Kind::Untrusted, Phase::Tls, Side::Origin, says));
            assert!(cure.contains(cure_says) && cure.contains("--origin-insecure=HOST"), "{says}: {cure}");
        }
    }

    #[test]
    fn the_cure_stands_once_and_names_the_host() {
        let says = "the certificate of h is not trusted: self-signed. Trust its root with --origin-ca FILE";
        let failure = failure(Kind::Untrusted, Phase::Tls, Side::Origin, says);
        assert_eq!(cause(&failure), "the certificate of h is not trusted: self-signed");
        assert!(cure_for(&failure, "h.test:8443").contains("--origin-insecure=h.test."));
        assert!(cure_for(&failure, "").contains("--origin-insecure=HOST"));
    }
}
