//! The first things that happened, for the checks of the onboarding: a request, an exchange read out of
//! TLS, a client that refused our certificate.

use super::source::{Source, Unread};
use crate::ca::recipe;
use crate::exchange::{ExchangeId, Head, Kind, Scheme, Summary};
use std::path::Path;

/// Bytes of a User-Agent that are looked at.
const AGENT: usize = 80;

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Firsts {
    /// The first request, in words behind its number.
    pub request: Option<(u64, String)>,
    /// The first exchange read out of TLS, in words behind its number.
    pub opened: Option<(u64, String)>,
    /// The last client that refused our certificate, until one does not.
    pub refused: Option<Refused>,
    /// The recipe that is chosen.
    pub recipe: usize,
}

/// A client that refused our certificate.
#[derive(Debug)]
pub struct Refused {
    id: ExchangeId,
    cause: String,
    /// Its User-Agent; `None` until it was looked for.
    agent: Option<String>,
}

impl Firsts {
    /// Takes in an exchange that was opened, changed or finished.
    pub fn note(&mut self, summary: &Summary) {
        earliest(&mut self.request, summary);
        if summary.scheme == Scheme::Https && summary.method != "CONNECT" {
            earliest(&mut self.opened, summary);
            if self.refused.as_ref().is_some_and(|refused| refused.id < summary.id) {
                self.refused = None;
            }
        }
        let failure = summary.failure.as_ref().filter(|failure| failure.kind == Kind::CertificateRefused);
        if let Some(failure) = failure {
            // What happened; the cure that may stand behind it names every client's.
            let cause = failure.says.split(". ").next().unwrap_or_default().to_owned();
            self.refused = Some(Refused { id: summary.id, cause, agent: None });
        }
    }

    /// Looks for the name of a client that refused our certificate, once.
    pub fn learn(&mut self, source: &dyn Source) -> Result<(), Unread> {
        let Some(refused) = self.refused.as_mut().filter(|refused| refused.agent.is_none()) else {
            return Ok(());
        };
        refused.agent = Some(String::new());
        let exchange = source.exchange(refused.id)?;
        let head = exchange.and_then(|exchange| exchange.heads.request_received).map(Head::parse);
        if let Some(agent) = head.as_ref().and_then(|head| head.value("user-agent")) {
            let agent = agent.get(..agent.len().min(AGENT)).unwrap_or_default();
            refused.agent = Some(String::from_utf8_lossy(agent).into_owned());
        }
        Ok(())
    }
}

impl Refused {
    /// Who refused, and how.
    #[must_use]
    pub fn says(&self) -> String {
        match self.agent.as_deref() {
            None | Some("") => self.cause.clone(),
            Some(agent) => format!("{} ({agent})", self.cause),
        }
    }

    /// What makes this client trust the certificate in the file `ca`, as a shell takes it.
    #[must_use]
    pub fn cure(&self, ca: &str) -> String {
        match recipe(self.agent.as_deref().unwrap_or_default().as_bytes(), Path::new(ca)) {
            Some(how) => format!("fix: {how}"),
            None => format!("fix: start it with `hopscope run -- CMD`, or have it trust {ca}"),
        }
    }
}

/// Exchanges are told of as they end, which is not the order in which they began.
fn earliest(first: &mut Option<(u64, String)>, summary: &Summary) {
    let id = summary.id.0;
    if first.as_ref().is_none_or(|(known, _)| id < *known) {
        *first = Some((id, in_words(summary)));
    }
}

fn in_words(summary: &Summary) -> String {
    let url = summary.url();
    let short: String = url.chars().take(512).collect();
    format!("#{} {} {short}", summary.id.0, summary.method)
}

#[cfg(test)]
mod tests {
    use crate::exchange::{Failure, Flags, Kind, Phase, Side, State};
    use crate::tui::fake::{self, Stage};
    use bytes::Bytes;

    fn refused(id: u64, agent: &str) -> crate::exchange::Exchange {
        let mut exchange = fake::with(id, |summary| {
            "CONNECT".clone_into(&mut summary.method);
            "api.shop.test".clone_into(&mut summary.host);
            summary.path.clear();
            (summary.status, summary.state) = (Some(200), State::Failed);
            summary.failure = Some(Failure {
                side: Side::Client,
                phase: Phase::Tls,
                kind: Kind::CertificateRefused,
                says: "the client refused our certificate: alert unknown_ca from 127.0.0.1:51240".to_owned(),
            });
        });
        let head = format!("CONNECT api.shop.test:443 HTTP/1.1\r\nUser-Agent: {agent}\r\n\r\n");
        exchange.heads.request_received = Some(Bytes::from(head));
        exchange
    }

    #[test]
    fn the_checks_turn_as_traffic_arrives() {
        let mut stage = Stage::new(80, 24, Vec::new());
        assert!(stage.screen().contains("… first request") && stage.screen().contains("… HTTPS decrypted"));
        stage.change(fake::with(1, |summary| {
            "CONNECT".clone_into(&mut summary.method);
            summary.path.clear();
            summary.flags.add(Flags::INTERCEPTED);
        }));
        let screen = stage.screen();
        assert!(screen.contains("✓ first request     #1 CONNECT api.shop.test"), "{screen}");
        assert!(screen.contains("TLS was opened, no request came through it yet"), "{screen}");
        stage.change(fake::passed(2));
        let screen = stage.screen();
        assert!(screen.contains("✓ HTTPS decrypted   #2 GET https://api.shop.test/v1/items"), "{screen}");
    }

    #[test]
    fn a_refusal_is_said_with_who_refused_and_its_cure_until_it_is_cured() {
        for (agent, cure) in [
            ("python-requests/2.32", "fix: REQUESTS_CA_BUNDLE=/home/ada"),
            ("Python-urllib/3.13", "fix: SSL_CERT_FILE=/home/ada"),
            ("curl/8.5.0", "fix: curl --cacert /home/ada"),
            ("Thing/1\x1b[2J", "fix: start it with `hopscope run -- CMD`"),
        ] {
            let mut stage = Stage::new(140, 40, Vec::new());
            stage.change(refused(1, agent));
            let screen = stage.screen();
            assert!(screen.contains("✗ HTTPS decrypted") && screen.contains("alert unknown_ca"), "{screen}");
            assert!(screen.contains(cure), "{screen}");
            stage.change(fake::passed(2));
            assert!(stage.screen().contains("✓ HTTPS decrypted"), "{}", stage.screen());
        }
    }

    #[test]
    fn a_few_rows_on_the_checks_are_gone() {
        let mut stage = Stage::new(80, 24, Vec::new());
        for id in 1..=9 {
            stage.change(fake::passed(id));
        }
        assert!(stage.screen().contains("✓ HTTPS decrypted") || stage.app.list_places().rows.height < 16);
        stage.change(fake::passed(10));
        assert!(!stage.screen().contains("HTTPS decrypted"));
    }
}
