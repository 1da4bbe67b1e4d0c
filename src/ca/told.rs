//! What is known of a connection's TLS, line by line in words: the TLS tab and `show --part tls` say the same.
//!
//! Texts are the peers' in part: whoever shows them sanitises.

use super::certificate::{Certificate, fingerprint};
use crate::exchange::{ClientCertificate, ClientHello, Ocsp, OcspStatus, Side, TlsFacts, Verdict, tls_names};
use crate::text::units;
use time::OffsetDateTime;

/// Names of a certificate that are told; the others are counted.
const NAMES: usize = 8;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is: at most eleven columns.
    pub label: &'static str,
    /// What it says.
    pub value: String,
    /// What to think of it.
    pub tone: Tone,
}

/// What to think of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    Plain,
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// It is worth a look.
    Notable,
    /// It names what the lines below it are about.
    Title,
    /// It is seldom looked for.
    Quiet,
}

/// What the handshake settled.
#[must_use]
pub fn handshake(tls: &TlsFacts, side: Side) -> Vec<Told> {
    if !tls.is_secured() {
        let mut told = vec![notable("handshake", not_settled(side, tls))];
        told.extend(client_certificate(tls.client_certificate));
        return told;
    }
    let mut told = vec![plain("version", &tls.version), plain("cipher", &tls.cipher)];
    told.push(plain("group", tls.group.as_deref().unwrap_or("none took part")));
    told.push(plain("ALPN", tls.alpn.as_deref().unwrap_or("not agreed")));
    told.push(plain("SNI", tls.sni.as_deref().unwrap_or("not sent")));
    told.push(plain("handshake", &how(tls)));
    told.push(verdict(tls, side));
    told.extend(tls.ocsp.map(|ocsp| stapled(&ocsp)));
    told.extend(client_certificate(tls.client_certificate));
    told
}

/// A certificate of the chain, counted from the leaf.
#[must_use]
pub fn certificate(number: usize, der: &[u8]) -> Vec<Told> {
    let label = if number == 0 { "certificate" } else { "issuer" };
    let Some(known) = Certificate::read(der) else {
        return vec![notable(label, "its bytes are no well-formed certificate")];
    };
    let mut told = vec![Told { label, value: known.subject.clone(), tone: Tone::Title }];
    let signer = if known.self_signed { "itself" } else { known.issuer.as_str() };
    told.push(plain("signed by", &format!("{signer}, {}", known.signature)));
    if !known.names.is_empty() {
        told.push(plain("names", &names(&known.names)));
    }
    told.push(plain("valid", &known.days()));
    let tone = if known.weak_key { Tone::Bad } else { Tone::Plain };
    let weak = if known.weak_key { ", too weak" } else { "" };
    told.push(Told { label: "key", value: format!("{}{weak}", known.key), tone });
    told.push(Told { label: "SHA-256", value: fingerprint(der), tone: Tone::Quiet });
    told
}

/// What a `ClientHello` offered, with its fingerprints.
#[must_use]
pub fn offered(hello: &[u8]) -> Vec<Told> {
    let Some(hello) = ClientHello::parse(hello) else {
        return vec![notable("hello", "its bytes cannot be read")];
    };
    let lists = |numbers: &[u16], name: fn(u16) -> String| {
        numbers.iter().map(|number| name(*number)).collect::<Vec<_>>().join(", ")
    };
    let alpn: Vec<_> = hello.alpn.iter().map(|name| String::from_utf8_lossy(name)).collect();
    let versions = if hello.versions.is_empty() { vec![hello.version] } else { hello.versions.clone() };
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    vec![
        plain("JA4", &hello.ja4()),
        plain("JA3", &hello.ja3()),
        plain("SNI", hello.server_name.as_deref().unwrap_or("not sent")),
        plain("ALPN", &or_none(alpn.join(", "))),
        plain("versions", &lists(&versions, tls_names::version)),
        plain("ciphers", &lists(&hello.ciphers, tls_names::cipher)),
        plain("groups", &or_none(lists(&hello.groups, tls_names::group))),
        plain("signatures", &or_none(lists(&hello.signatures, tls_names::signature))),
        plain("extensions", &or_none(lists(&hello.extensions, tls_names::extension))),
    ]
}

fn plain(label: &'static str, value: &str) -> Told {
    Told { label, value: value.to_owned(), tone: Tone::Plain }
}

fn notable(label: &'static str, value: &str) -> Told {
    Told { label, value: value.to_owned(), tone: Tone::Notable }
}

fn not_settled(side: Side, tls: &TlsFacts) -> &'static str {
    match (side, &tls.hello) {
        (Side::Client, Some(_)) => {
            "not hopscope's, or it came to nothing: only what the client offered is known"
        }
        (Side::Origin, Some(_)) => "it came to nothing: only what hopscope offered is known",
        (_, None) => "it came to nothing",
    }
}

fn how(tls: &TlsFacts) -> String {
    let kind = if tls.resumed { "an earlier session went on" } else { "full" };
    match tls.took {
        Some(took) => format!("{kind}, {}", units::duration(took)),
        None => kind.to_owned(),
    }
}

fn verdict(tls: &TlsFacts, side: Side) -> Told {
    let kept = if tls.resumed { " (judged when the session began, or since)" } else { "" };
    match (&tls.verdict, side) {
        (Some(Verdict::Trusted), _) => {
            let value = format!("trusted: chains to a known root and names the host{kept}");
            Told { label: "verdict", value, tone: Tone::Good }
        }
        (Some(Verdict::Untrusted(why)), _) => {
            Told { label: "verdict", value: format!("NOT trusted: {why}{kept}"), tone: Tone::Bad }
        }
        (None, Side::Client) => plain("shown", "a certificate by hopscope's own authority"),
        (None, Side::Origin) => notable("verdict", "not judged"),
    }
}

/// The stapled response (RFC 6960 2.2, 2.4). One that is out of date tells nothing of today.
fn stapled(ocsp: &Ocsp) -> Told {
    let day = |seconds: Option<i64>| {
        let moment = OffsetDateTime::from_unix_timestamp(seconds?).ok()?;
        Some(format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute()))
    };
    let stale = ocsp.next.is_some_and(|next| next < OffsetDateTime::now_utc().unix_timestamp());
    let (says, tone) = match ocsp.status {
        OcspStatus::Good if stale => ("good, but out of date", Tone::Notable),
        OcspStatus::Good => ("good", Tone::Good),
        OcspStatus::Revoked => ("REVOKED", Tone::Bad),
        OcspStatus::Unknown => ("its responder does not know the certificate", Tone::Notable),
        OcspStatus::Silent => ("a response is stapled that says nothing of this certificate", Tone::Notable),
    };
    let times = [("revoked", ocsp.revoked), ("made", ocsp.produced), ("next", ocsp.next)];
    let times = times.into_iter().filter_map(|(word, time)| Some(format!(", {word} {}", day(time)?)));
    let value = format!("{says}{} (stapled; its signature is not checked)", times.collect::<String>());
    Told { label: "OCSP", value, tone }
}

fn client_certificate(what: ClientCertificate) -> Option<Told> {
    match what {
        ClientCertificate::NotAsked => None,
        ClientCertificate::Withheld => Some(notable("client cert", "the server asked for one, and got none")),
        ClientCertificate::Given => {
            Some(plain("client cert", "the server asked for one, and got that of origin.client_certificates"))
        }
    }
}

fn names(all: &[String]) -> String {
    let told = all.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMES) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit_their_column() {
        let hello = include_bytes!("../exchange/fixtures/curl.bin");
        let tls = TlsFacts {
            version: "TLSv1.3".to_owned(),
            cipher: "TLS_AES_128_GCM_SHA256".to_owned(),
            ocsp: Some(Ocsp { produced: Some(1_767_323_046), ..Ocsp::SILENT }),
            client_certificate: ClientCertificate::Given,
            ..TlsFacts::default()
        };
        let all =
            [handshake(&tls, Side::Origin), certificate(0, b"x"), offered(hello), offered(b"GET")].concat();
        assert!(all.iter().all(|told| told.label.len() <= 11 && !told.value.is_empty()), "{all:#?}");
        assert!(all.len() > 18);
    }

    #[test]
    fn a_stapled_response_is_told_with_its_times() {
        let ocsp = |status, next| Ocsp { status, produced: Some(0), next, revoked: None };
        let says = |ocsp: Ocsp| stapled(&ocsp).value;
        assert_eq!(
            says(ocsp(OcspStatus::Good, Some(i64::from(u32::MAX)))),
            "good, made 1970-01-01 00:00 UTC, next 2106-02-07 06:28 UTC (stapled; its signature is not checked)"
        );
        assert!(says(ocsp(OcspStatus::Good, Some(60))).starts_with("good, but out of date, made "));
        let revoked = Ocsp { revoked: Some(86_400), ..ocsp(OcspStatus::Revoked, None) };
        assert!(says(revoked).starts_with("REVOKED, revoked 1970-01-02 00:00 UTC, made "));
    }

    #[test]
    fn what_came_to_nothing_says_so() {
        let tls = TlsFacts::offered(None, vec![0x16]);
        let says = |side| handshake(&tls, side).remove(0).value;
        assert!(says(Side::Client).contains("what the client offered"));
        assert!(says(Side::Origin).contains("what hopscope offered"));
    }
}
