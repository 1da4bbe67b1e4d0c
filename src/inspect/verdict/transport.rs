//! How the client is to reach this host from now on: HSTS (RFC 6797) and Alt-Svc (RFC 7838).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::exchange::Scheme;
use crate::inspect::field::Spec::{Rfc, Vendor};
use crate::inspect::message::pieces;
use crate::inspect::value::{decimal, how_long, in_words, unquoted};
use serde::Serialize;

/// What browsers will remember.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transport {
    /// Until when they use TLS only, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_until: Option<i64>,
    /// Whether hosts below this one are meant too.
    pub subdomains: bool,
    /// Alternatives offered, as protocol and place.
    pub offers: Vec<String>,
    /// In one sentence.
    pub says: String,
    /// What leads to it.
    pub steps: Vec<Step>,
}

impl Transport {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &["Strict-Transport-Security", "Alt-Svc", "Upgrade-Insecure-Requests"];
        Told { topic: "transport", bad: false, says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Transport> {
    let (mut said, mut steps) = (Vec::new(), Vec::new());
    let (https_until, subdomains) = strict(sight, &mut said, &mut steps);
    let offers = offered(sight, &mut said, &mut steps);
    if said.is_empty() {
        return None;
    }
    Some(Transport { https_until, subdomains, offers, says: said.join("; "), steps })
}

/// Only the first field counts (RFC 6797 8.1), and only over TLS.
fn strict(sight: &Sight<'_>, said: &mut Vec<String>, steps: &mut Vec<Step>) -> (Option<i64>, bool) {
    let Some(line) = sight.answered("Strict-Transport-Security") else { return (None, false) };
    if sight.view.scheme == Some(Scheme::Http) {
        said.push("Strict-Transport-Security came without TLS: ignored".to_owned());
        steps.push(Step::test(false, "a policy that comes without TLS is ignored", Rfc(6797, "8.1")));
        return (None, false);
    }
    let directives = line.directives(b';');
    let has = |name| directives.iter().any(|directive| directive.is(name));
    let Some(seconds) = directives.iter().find(|one| one.is("max-age")).and_then(|one| decimal(&one.plain()))
    else {
        said.push("Strict-Transport-Security without max-age: ignored".to_owned());
        steps.push(Step::test(false, "max-age is missing or no number", Rfc(6797, "6.1.1")));
        return (None, false);
    };
    let below = has("includeSubDomains");
    let hosts = if below { "this host and all below it" } else { "this host, not those below it" };
    if seconds == 0 {
        said.push("HSTS: forgotten (max-age=0)".to_owned());
        steps.push(Step::fact("max-age=0: browsers forget the policy", Rfc(6797, "6.1.1")));
        return (None, below);
    }
    let until = i64::try_from(seconds).ok().and_then(|seconds| sight.arrived()?.checked_add(seconds));
    let until = until.filter(|unix| *unix < 253_402_300_800);
    let end = until.map(|unix| format!(", until {}", in_words(unix))).unwrap_or_default();
    steps.push(Step::fact(format!("https only for {}{end}", how_long(seconds)), Rfc(6797, "6.1.1")));
    steps.push(Step::fact(
        format!("includeSubDomains {}: {hosts}", if below { "given" } else { "missing" }),
        Rfc(6797, "6.1.2"),
    ));
    if has("preload") {
        let fits = below && seconds >= 31_536_000;
        let says = "preload: browsers' lists want a year at least, and includeSubDomains";
        steps.push(Step::test(fits, says, Vendor("Chromium")));
    }
    said.push(format!("https only for {hosts}{end}"));
    (until, below)
}

fn offered(sight: &Sight<'_>, said: &mut Vec<String>, steps: &mut Vec<Step>) -> Vec<String> {
    let Some(line) = sight.answered("Alt-Svc") else { return Vec::new() };
    if line.value == b"clear" {
        said.push("alternatives are to be forgotten".to_owned());
        steps.push(Step::fact("clear: all alternatives of this origin are forgotten", Rfc(7838, "3")));
        return Vec::new();
    }
    let mut offers = Vec::new();
    for (_, member) in line.members().into_iter().take(20) {
        let mut parts = pieces(member, b';').into_iter().map(|(_, piece)| piece);
        let Some((name, place)) = parts.next().and_then(halves) else { continue };
        let kept = parts
            .filter_map(halves)
            .find(|(name, _)| *name == b"ma")
            .and_then(|(_, ma)| decimal(&unquoted(ma)));
        let offer = format!("{} at {}", text(name), text(&unquoted(place)));
        let says = format!("offers {offer} for {}", how_long(kept.unwrap_or(86_400)));
        steps.push(Step::fact(says, Rfc(7838, "3.1")));
        offers.push(offer);
    }
    let best = offers.iter().any(|offer| offer.starts_with("h3 "));
    if best {
        said.push("offers HTTP/3".to_owned());
    } else if let Some(first) = offers.first() {
        said.push(format!("offers {first}"));
    }
    offers
}

fn halves(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', piece)?;
    Some((piece.get(..at)?, piece.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOON, judge};

    #[test]
    fn rfc6797_8_1_only_over_tls_and_only_the_first() {
        let two = "HTTP/1.1 200 OK\nStrict-Transport-Security: max-age=60; includeSubDomains\nStrict-Transport-Security: max-age=9\n";
        let transport = judge("https://h.test/", "", two).transport.unwrap();
        assert_eq!((transport.https_until, transport.subdomains), (Some(NOON + 60), true));
        let plain = judge("http://h.test/", "", two).transport.unwrap();
        assert_eq!((plain.https_until, plain.says.contains("ignored")), (None, true));
    }

    #[test]
    fn rfc6797_6_1_1_max_age_is_needed() {
        for (value, says) in [
            ("includeSubDomains", "without max-age"),
            ("max-age=0", "forgotten"),
            ("max-age=x", "without max-age"),
        ] {
            let response = format!("HTTP/1.1 200 OK\nStrict-Transport-Security: {value}\n");
            let transport = judge("https://h.test/", "", &response).transport.unwrap();
            assert!(transport.says.contains(says), "{value}: {}", transport.says);
        }
    }

    #[test]
    fn rfc7838_3_what_is_offered() {
        let response = "HTTP/1.1 200 OK\nAlt-Svc: h3=\":443\"; ma=3600, h2=\"alt.test:8443\"\n";
        let transport = judge("https://h.test/", "", response).transport.unwrap();
        assert_eq!(transport.offers, ["h3 at :443", "h2 at alt.test:8443"]);
        assert_eq!(transport.steps[0].says, "offers h3 at :443 for 1 h");
        assert_eq!(transport.steps[1].says, "offers h2 at alt.test:8443 for 1 day");
        assert!(
            judge("https://h.test/", "", "HTTP/1.1 200 OK\nAlt-Svc: clear\n")
                .transport
                .unwrap()
                .offers
                .is_empty()
        );
    }
}
