//! The one place where commands meet the proxy and the store.

use super::format::size;
use super::guards::{self, Guards};
use super::holder::{self, Holder};
use super::plan::Plan;
use super::records::Records;
use crate::ca::{Authority, Interceptor};
use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Flags, Note, Order, Side, Summary};
use crate::forward::Lesson;
use crate::listener::{self, Running};
use crate::query::Query;
use crate::recorder::Recorder;
use crate::replay::Replayer;
use crate::store::captures::Captures;
use crate::store::control::{Control, Reply, Request, Status};
use crate::store::{self, Figures, Inbox, Losses, Numbered, Reader, Search, Store};
use crate::upstream::OriginTls;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Called with rows as they are opened, changed or finished; must not block.
pub(super) type OnRows = Box<dyn Fn(&[Summary]) + Send + Sync>;

/// A proxy at work.
pub(super) struct Engine {
    running: Running,
    store: Store,
    /// Whether the capture outlives the process.
    kept: bool,
    control: Option<Control>,
    warnings: Vec<String>,
}

/// Why it did not start.
#[derive(Debug)]
pub(super) enum StartError {
    Taken(SocketAddr, Option<Holder>),
    Bind(SocketAddr, std::io::Error),
    /// A file of roots or the authority cannot be used.
    Authority(String),
    Other(anyhow::Error),
}

/// Opens the capture, binds, and begins to serve.
pub(super) fn start(
    plan: &Plan,
    authority: &Arc<Authority>,
    on_rows: Option<OnRows>,
) -> Result<Engine, StartError> {
    let settings = Arc::new(plan.settings.clone());
    let (tls, mut warnings) =
        OriginTls::new(&settings.origin).map_err(|error| StartError::Authority(error.to_string()))?;
    let tls = Arc::new(tls);
    // Clients may speak TLS with ourselves, whether what they CONNECT to is opened or not.
    let interceptor =
        Some(Arc::new(Interceptor::new(Arc::clone(authority)).since(settings.intercept.min_tls)));
    let sockets = listener::bind(&settings).map_err(not_started)?;
    let (store, kept) = open(plan).map_err(StartError::Other)?;
    if let Some(on_rows) = on_rows {
        store.subscribe(on_rows);
    }
    let recorder =
        Recorder::new(store.inbox(), store.next_exchange(), store.next_connection(), &settings.capture);
    let running =
        listener::start(&settings, &sockets, &recorder, interceptor.as_ref(), &tls).map_err(not_started)?;
    warm(interceptor.filter(|_| settings.intercept.enabled), tls);
    let control = if kept { Some(control(&store, &running)?) } else { None };
    warnings.extend(store.warnings().iter().cloned());
    warnings.extend(super::key_log::notice());
    Ok(Engine { running, store, kept, control, warnings })
}

fn not_started(error: listener::StartError) -> StartError {
    match error {
        listener::StartError::Taken { address } => StartError::Taken(address, holder::of(address)),
        listener::StartError::Bind { address, source } => StartError::Bind(address, source),
        listener::StartError::Thread(_) => StartError::Other(error.into()),
    }
}

/// Keys and roots are made ready beside the first client, not before it: a start must not wait for them.
fn warm(interceptor: Option<Arc<Interceptor>>, tls: Arc<OriginTls>) {
    let ready = move || {
        if let Some(interceptor) = interceptor {
            interceptor.warm();
        }
        tls.warm();
    };
    // Without the thread they are made when first needed.
    let _ = std::thread::Builder::new().name("warm".to_owned()).spawn(ready);
}

fn control(store: &Store, running: &Running) -> Result<Control, StartError> {
    let status = Status {
        pid: std::process::id(),
        listen: running.addresses().to_vec(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capture: store.path().to_owned(),
        figures: Figures::default(),
    };
    let (inbox, replayer) = (store.inbox(), Replayer::new(running, store.path()));
    let guards = Guards::Here(Arc::clone(running.learned()), Arc::clone(running.consent()));
    let (learned, consent) = (Arc::clone(running.learned()), Arc::clone(running.consent()));
    let answer = Box::new(move |request| match request {
        Request::Status => Reply::Status(Status { figures: inbox.figures(), ..status.clone() }),
        Request::Flag { ids, flag, on } => flagged(&inbox, &ids, Flags(flag), on),
        Request::Note { id, text } => noted(&inbox, id, &text),
        Request::Replay { orders } => replayed(&replayer, &orders),
        Request::Guards => guards.answer(),
        Request::Intercept { host } => Reply::Changed { changed: learned.forget(&host) },
        Request::Allow { client } => Reply::Changed { changed: consent.allow(client) },
    });
    Control::serve(store.path(), answer).map_err(|error| StartError::Other(error.into()))
}

fn flagged(inbox: &Inbox, ids: &[u64], flag: Flags, on: bool) -> Reply {
    if !store::may_set(flag) {
        return Reply::Error { says: format!("{} is no mark that a person sets", flag.0) };
    }
    match inbox.flag(ids.iter().copied().map(ExchangeId).collect(), flag, on) {
        Ok(()) => Reply::Done,
        Err(error) => Reply::Error { says: error.to_string() },
    }
}

fn noted(inbox: &Inbox, id: u64, text: &str) -> Reply {
    match inbox.note(ExchangeId(id), Note::new(text)) {
        Ok(()) => Reply::Done,
        Err(error) => Reply::Error { says: error.to_string() },
    }
}

/// Begins replays for another process; the first that cannot be sent ends it.
fn replayed(replayer: &Replayer, orders: &[Order]) -> Reply {
    let (mut ids, mut notes) = (Vec::new(), Vec::new());
    for order in orders {
        match replayer.replay(order) {
            Ok(sent) => {
                ids.push(sent.id().0);
                notes.extend(sent.notes);
            }
            Err(error) => return Reply::Error { says: error.to_string() },
        }
    }
    Reply::Replayed { ids, notes }
}

/// What sends replays into a capture that nobody records: the proxy without a listener. It holds the
/// capture's lock and answers at its door meanwhile.
pub(super) fn start_sender(plan: &Plan, capture: &Path) -> Result<Engine, StartError> {
    let mut settings = plan.settings.clone();
    (settings.listen, settings.capture.path) = (Vec::new(), Some(capture.to_owned()));
    (settings.capture.enabled, settings.intercept.enabled) = (true, false);
    let settings = Arc::new(settings);
    let (tls, mut warnings) =
        OriginTls::new(&settings.origin).map_err(|error| StartError::Authority(error.to_string()))?;
    let store = Store::open(capture, &settings.capture, listener::shards())
        .map_err(|error| StartError::Other(error.into()))?;
    let recorder =
        Recorder::new(store.inbox(), store.next_exchange(), store.next_connection(), &settings.capture);
    let running = listener::start(&settings, &[], &recorder, None, &Arc::new(tls)).map_err(not_started)?;
    let control = Some(control(&store, &running)?);
    warnings.extend(store.warnings().iter().cloned());
    Ok(Engine { running, store, kept: true, control, warnings })
}

/// The capture to record into, after old ones were removed; whether it is kept.
fn open(plan: &Plan) -> anyhow::Result<(Store, bool)> {
    let settings = &plan.settings.capture;
    let shards = listener::shards();
    if !settings.enabled {
        return Ok((Store::temporary(settings, shards)?, false));
    }
    let captures = Captures::in_folder(plan.places.data.join("captures"));
    tell_of_old(&captures, settings);
    let path = settings.path.clone().unwrap_or_else(|| captures.new_path());
    Ok((Store::open(&path, settings, shards)?, true))
}

/// Lets captures go whose time is over. One that does not go is no reason not to record.
fn tell_of_old(captures: &Captures, settings: &crate::config::Capture) {
    match captures.retain(settings.retain_bytes, settings.retain_age) {
        Err(error) => super::door::say(format!("old captures stay for now: {error}")),
        Ok(gone) => {
            for gone in gone {
                let but = match gone.marked {
                    0 => String::new(),
                    marked => {
                        format!(
                            ", but for {} that you marked or noted",
                            super::format::counted(marked, "exchange")
                        )
                    }
                };
                super::door::say(format!("removed the old capture {}{but}", gone.capture.path.display()));
            }
        }
    }
}

impl Engine {
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        self.running.addresses()
    }

    /// The capture's folder, if it is kept.
    pub(super) fn capture(&self) -> Option<&Path> {
        self.kept.then(|| self.store.path())
    }

    /// Where the exchanges are, kept or not.
    pub(super) fn folder(&self) -> &Path {
        self.store.path()
    }

    /// What could not be recorded so far, asked for again and again.
    pub(super) fn losses(&self) -> impl Fn() -> Losses + Send + use<> {
        let inbox = self.store.inbox();
        move || inbox.losses()
    }

    /// Calls `f` with rows whose marks changed; it must not block.
    pub(super) fn on_marks(&self, f: OnRows) {
        self.store.subscribe_marks(f);
    }

    /// Where marks are handed to.
    pub(super) fn inbox(&self) -> Arc<Inbox> {
        self.store.inbox()
    }

    /// Exchanges under way, asked for again and again.
    pub(super) fn live(&self) -> impl Fn(ExchangeId) -> Option<Exchange> + Send + use<> {
        let inbox = self.store.inbox();
        move |id| inbox.live(id)
    }

    /// What it has learned, and whom it lets in.
    pub(super) fn guards(&self) -> Guards {
        Guards::Here(Arc::clone(self.running.learned()), Arc::clone(self.running.consent()))
    }

    /// The hosts that it leaves alone because their clients refused our certificate, and why, a line each.
    pub(super) fn left_alone(&self) -> Vec<String> {
        guards::left_alone(self.running.learned())
    }

    /// Who waits to be let in, asked again and again.
    pub(super) fn waiting(&self) -> impl Fn() -> Vec<IpAddr> + Send + use<> {
        let consent = Arc::clone(self.running.consent());
        move || consent.waiting()
    }

    /// Has every lesson of a refusal, and every client that waits, said in words.
    pub(super) fn speak(&self, say: fn(String)) {
        self.running.learned().tell(Box::new(move |lesson| {
            let Lesson { host, .. } = lesson;
            say(format!(
                "{host} is left alone from now on: {}. `hopscope intercept {host}` ends that, --tunnel {host} keeps it",
                lesson.says()
            ));
        }));
        self.store.inbox().on_trouble(Box::new(move |trouble| match trouble {
            Some(why) => say(format!(
                "nothing can be recorded now ({why}): the traffic goes on, and what finds no room is counted; make room"
            )),
            None => say("recording again".to_owned()),
        }));
        self.running.consent().tell(Box::new(move |client| {
            say(format!("{client} asks to be served: `hopscope allow {client}` lets it in, or start with --allow {client}"));
        }));
    }

    /// Sends exchanges of the capture again.
    pub(super) fn replayer(&self) -> Replayer {
        Replayer::new(&self.running, self.store.path())
    }

    /// What the person ought to know about the start.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Lets exchanges under way finish and writes everything down. Says what went wrong with that.
    pub(super) fn drain(self) -> Vec<String> {
        self.running.drain();
        drop(self.control);
        let inbox = self.store.inbox();
        let failed = self.store.close().err().map(|error| error.to_string());
        failed.into_iter().chain(not_kept(&inbox.losses())).collect()
    }
}

/// What the capture lacks, in words.
fn not_kept(losses: &Losses) -> Option<String> {
    let parts = [
        (losses.bodies, "body", format!(" cut short ({})", size(losses.bytes))),
        (losses.records, "record", String::new()),
        (losses.messages, "message", String::new()),
    ];
    let named = parts.into_iter().filter(|(count, ..)| *count > 0);
    let named: Vec<String> = named
        .map(|(count, one, more)| match (count, one) {
            (1, one) => format!("1 {one}{more}"),
            (count, "body") => format!("{count} bodies{more}"),
            (count, one) => format!("{count} {one}s{more}"),
        })
        .collect();
    (!named.is_empty())
        .then(|| format!("not kept, for want of room or time on the disk: {}", named.join(", ")))
}

/// Opens a capture for reading.
pub(super) fn records(path: &Path) -> anyhow::Result<Box<dyn Records>> {
    Ok(Box::new(Reader::open(path)?))
}

impl Records for Reader {
    fn after(&mut self, id: ExchangeId, limit: usize) -> anyhow::Result<Vec<Summary>> {
        let ids = self.ids_after(id, limit)?;
        match (ids.first(), ids.last()) {
            (Some(first), Some(last)) => Ok(self.summaries(*first, *last)?),
            _ => Ok(Vec::new()),
        }
    }

    fn before(&mut self, id: Option<ExchangeId>, limit: usize) -> anyhow::Result<Vec<Summary>> {
        Ok(match id {
            Some(id) => Reader::before(self, id, limit)?,
            None => self.newest(limit)?,
        })
    }

    fn exchange(&mut self, id: ExchangeId) -> anyhow::Result<Option<Exchange>> {
        Ok(Reader::exchange(self, id)?)
    }

    fn connection(&mut self, id: ConnectionId) -> anyhow::Result<Option<Connection>> {
        Ok(Reader::connection(self, id)?)
    }

    fn body(&mut self, exchange: &Exchange, side: Side) -> anyhow::Result<Box<dyn Read>> {
        Ok(Box::new(Reader::body(self, exchange, side)?))
    }

    fn messages(&mut self, id: ExchangeId, from: u64, limit: usize) -> anyhow::Result<Vec<Numbered>> {
        Ok(Reader::messages(self, id, from..u64::MAX, limit)?)
    }

    fn message(&mut self, id: ExchangeId, number: u64) -> anyhow::Result<Option<Numbered>> {
        Ok(Reader::message(self, id, number)?)
    }

    fn search(&mut self, query: &Query, each: &mut dyn FnMut(&[u64]) -> bool) -> anyhow::Result<()> {
        let mut search = Search::start(self.path(), query, None)?;
        loop {
            let found = search.wait(Duration::from_secs(1))?;
            if !each(&found.ids) || found.is_over() {
                return Ok(());
            }
        }
    }

    fn rows(&mut self, ids: &[u64]) -> anyhow::Result<Vec<Summary>> {
        Ok(self.summaries_of(ids)?)
    }

    fn count(&mut self) -> anyhow::Result<u64> {
        Ok(self.listed(ExchangeId(u64::MAX))?)
    }
}
