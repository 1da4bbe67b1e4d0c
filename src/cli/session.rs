//! A proxy from start to drain: its notice in the runtime folder, its words on stderr.

use super::door::say;
use super::engine::{self, Engine, OnRows, StartError};
use super::exit::{Exit, Halt};
use super::holder::Holder;
use super::plan::Plan;
use super::runtime::{self, Notice, Posted};
use crate::ca::Authority;
use crate::config::{Places, Settings};
use std::net::SocketAddr;
use std::sync::Arc;

/// A running proxy.
pub(super) struct Session {
    pub(super) engine: Engine,
    pub(super) authority: Arc<Authority>,
    pub(super) notice: Notice,
    /// Who is served, where others can reach us.
    open: Option<&'static str>,
    _posted: Posted,
}

impl Session {
    /// Starts what was planned and posts its notice.
    pub(super) fn start(plan: &Plan, on_rows: Option<OnRows>) -> Result<Self, Halt> {
        let authority = Authority::load_or_create(&plan.settings.ca_dir)
            .map_err(|error| Halt::new(Exit::Unavailable, error))
            .map(Arc::new)?;
        let engine =
            engine::start(plan, &authority, on_rows).map_err(|error| refused(error, &plan.places))?;
        let notice = Notice::of_us(plan.private, engine.addresses(), engine.capture(), authority.path());
        let posted = notice.post(&plan.places).map_err(|error| {
            Halt::new(Exit::Failed, format!("{}: cannot be written: {error}", plan.places.runtime.display()))
        })?;
        Ok(Self { engine, authority, notice, open: open(&plan.settings), _posted: posted })
    }

    /// Has what happens at the door said on stderr.
    pub(super) fn speak(&self) {
        self.engine.speak(say);
    }

    /// Says where it listens and which authority it uses.
    pub(super) fn announce(&self) {
        for address in self.engine.addresses() {
            say(format!("listening on {address}"));
        }
        self.open.into_iter().for_each(say);
        let made = if self.authority.created() { " (made now; clients must trust it)" } else { "" };
        say(format!("authority {}{made}", self.authority.path().display()));
        self.authority.warning().into_iter().for_each(say);
        self.engine.warnings().iter().for_each(say);
        if let Some(capture) = self.engine.capture() {
            say(format!("recording into {}", capture.display()));
        }
    }

    /// Lets exchanges under way finish and says what was not kept.
    pub(super) fn drain(self) {
        self.engine.drain().iter().for_each(say);
    }
}

/// Who is served, where others can reach us and need not say who they are.
fn open(settings: &Settings) -> Option<&'static str> {
    if settings.allow_open && settings.auth.is_none() && settings.allow.is_empty() {
        return Some("an open proxy: whoever reaches it is served (--allow-open)");
    }
    settings.asks_for_consent().then_some(
        "only neighbours are served, each once you let it in: `hopscope allow ADDRESS`, a in the interface, or \
         --allow CIDR for all of a network",
    )
}

/// A refusal in words: who has the port, and what to do.
pub(super) fn refused(error: StartError, places: &Places) -> Halt {
    match error {
        StartError::Taken(address, holder) => {
            let ours =
                runtime::running(places).into_iter().find(|notice| notice.addresses.contains(&address));
            Halt::new(Exit::Unavailable, taken(address, holder.as_ref(), ours.as_ref()))
        }
        StartError::Bind(address, error) => {
            Halt::new(Exit::Unavailable, format!("cannot listen on {address}: {error}"))
        }
        StartError::Authority(error) => Halt::new(Exit::Unavailable, error),
        StartError::Other(error) => error.into(),
    }
}

fn taken(address: SocketAddr, holder: Option<&Holder>, ours: Option<&Notice>) -> String {
    if let Some(notice) = ours {
        return format!(
            "already running, pid {}: it listens on {address}; `hopscope open` watches it, \
             --listen 127.0.0.1:0 starts another on a free port",
            notice.pid
        );
    }
    let by = match holder {
        Some(holder) if holder.name == "hopscope" => {
            return format!(
                "already running, pid {}: it listens on {address}; --listen 127.0.0.1:0 takes a free port",
                holder.pid
            );
        }
        Some(holder) => format!("by {} (pid {})", holder.name, holder.pid),
        None => "by another process".to_owned(),
    };
    format!("{address} is taken {by}: stop it, or take a free port with --listen 127.0.0.1:0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_names_its_holder_and_the_way_out() {
        let address = "127.0.0.1:8080".parse().unwrap();
        let holder = |name: &str| Holder { pid: 42, name: name.to_owned() };
        assert_eq!(
            taken(address, Some(&holder("nginx")), None),
            "127.0.0.1:8080 is taken by nginx (pid 42): stop it, or take a free port with --listen 127.0.0.1:0"
        );
        assert!(taken(address, Some(&holder("hopscope")), None).starts_with("already running, pid 42: "));
        assert!(taken(address, None, None).contains("by another process"));
    }
}
