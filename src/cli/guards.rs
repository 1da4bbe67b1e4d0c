//! `hopscope allow` and `hopscope intercept`: letting clients in, and undoing what refusals taught; the
//! interface's keys for it do the same.

use super::args::{Allow, Intercept};
use super::capture;
use super::door::Out;
use super::exit::{Exit, Halt, Outcome};
use crate::forward::{Consent, Learned};
use crate::store::control::{self, Reply, Request};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The guards of a proxy: of this process, or of the one that records a capture.
#[derive(Clone, Debug)]
pub(super) enum Guards {
    /// Ours.
    Here(Arc<Learned>, Arc<Consent>),
    /// Of whoever records this capture.
    Elsewhere(PathBuf),
}

impl Guards {
    /// Intercepts a host again that was left alone.
    pub(super) fn intercept(&self, host: &str) -> Result<String, String> {
        let was = match self {
            Self::Here(learned, _) => learned.forget(host),
            Self::Elsewhere(capture) => ask(capture, &Request::Intercept { host: host.to_owned() })?,
        };
        let before = if was { "is intercepted again" } else { "was not left alone" };
        Ok(format!("{host} {before}; refused or not, nothing more is learned of it in this run"))
    }

    /// Lets a client in.
    pub(super) fn allow(&self, client: IpAddr) -> Result<String, String> {
        let waited = match self {
            Self::Here(_, consent) => consent.allow(client),
            Self::Elsewhere(capture) => ask(capture, &Request::Allow { client })?,
        };
        let how = if waited { "is served" } else { "will be served when it comes" };
        Ok(format!("{client} {how}, until hopscope ends"))
    }

    /// What is left alone and who waits, a line each.
    fn standing(&self) -> Result<(Vec<String>, Vec<IpAddr>), String> {
        match self {
            Self::Here(learned, consent) => Ok((left_alone(learned), consent.waiting())),
            Self::Elsewhere(capture) => match control::ask(capture, &Request::Guards) {
                Ok(Reply::Guards { left_alone, waiting }) => Ok((left_alone, waiting)),
                Ok(other) => Err(unexpected(other)),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// Who waits to be let in.
    pub(super) fn waiting(&self) -> Vec<IpAddr> {
        // A process that has ended lets nobody in.
        self.standing().map(|(_, waiting)| waiting).unwrap_or_default()
    }

    /// What another process is answered.
    pub(super) fn answer(&self) -> Reply {
        match self.standing() {
            Ok((left_alone, waiting)) => Reply::Guards { left_alone, waiting },
            Err(says) => Reply::Error { says },
        }
    }
}

/// What is left alone by now, and why, a line each.
pub(super) fn left_alone(learned: &Learned) -> Vec<String> {
    learned.lessons().iter().map(|lesson| format!("{}  {}", lesson.host, lesson.says())).collect()
}

/// Whether it changed anything.
fn ask(capture: &Path, request: &Request) -> Result<bool, String> {
    match control::ask(capture, request) {
        Ok(Reply::Changed { changed }) => Ok(changed),
        Ok(other) => Err(unexpected(other)),
        Err(error) => Err(error.to_string()),
    }
}

fn unexpected(reply: Reply) -> String {
    match reply {
        Reply::Error { says } => says,
        _ => "the process that records answered something else: is it an older hopscope?".to_owned(),
    }
}

/// `hopscope allow [ADDRESS]`.
pub(super) fn allow(typed: &Allow) -> Outcome {
    let guards = Guards::Elsewhere(capture::path(typed.chosen.capture.as_deref())?);
    match typed.address {
        Some(client) => said(guards.allow(client)),
        None => {
            listed(guards.standing().map(|(_, waiting)| waiting.iter().map(ToString::to_string).collect()))
        }
    }
}

/// `hopscope intercept [HOST]`.
pub(super) fn intercept(typed: &Intercept) -> Outcome {
    let guards = Guards::Elsewhere(capture::path(typed.chosen.capture.as_deref())?);
    match &typed.host {
        Some(host) => said(guards.intercept(&host.to_lowercase())),
        None => listed(guards.standing().map(|(left_alone, _)| left_alone)),
    }
}

fn said(outcome: Result<String, String>) -> Outcome {
    super::door::say(outcome.map_err(|says| Halt::new(Exit::Failed, says))?);
    Ok(Exit::Ok)
}

fn listed(lines: Result<Vec<String>, String>) -> Outcome {
    let mut out = Out::stdout();
    for line in lines.map_err(|says| Halt::new(Exit::Failed, says))? {
        out.line(line)?;
    }
    out.flush()?;
    Ok(Exit::Ok)
}
