//! The real proxy, in this process, on a port of its own, recording into a temporary folder.
//!
//! ```text
//! let proxy = Proxy::start(|settings| settings.auth = Some("u:p".to_owned()));
//! let mut client = Peer::connect(proxy.address());
//! let me = client.address();
//! let exchange = proxy.exchange_of(me);         // once it is over and committed
//! ```

use super::authority::TestCa;
use super::client::DEADLINE;
use hopscope::ca::{Authority, Interceptor};
use hopscope::config::Settings;
use hopscope::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Side, State, Summary};
use hopscope::forward::Learned;
use hopscope::listener::{self, Running};
use hopscope::recorder::Recorder;
use hopscope::store::{Inbox, Numbered, Reader, Store};
use hopscope::upstream::OriginTls;
use std::collections::HashSet;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use tempfile::TempDir;

/// A proxy at work. Dropped, it drains.
pub struct Proxy {
    running: Option<Running>,
    store: Option<Store>,
    inbox: Arc<Inbox>,
    address: SocketAddr,
    pem: String,
    origin_ca: TestCa,
    capture: PathBuf,
    rows: Arc<Rows>,
    /// Exchanges that were already handed out: a client's port may come again.
    handed_out: Mutex<HashSet<ExchangeId>>,
    _home: TempDir,
}

/// The newest state of every list row, as the store's writer told it.
#[derive(Default)]
struct Rows {
    all: Mutex<Vec<Summary>>,
    changed: Condvar,
}

impl Proxy {
    /// Starts one with the default settings as changed; it trusts [`Proxy::origin_ca`].
    pub fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let origin_ca = TestCa::new();
        let mut settings = Settings { ca_dir: home.path().join("ca"), ..Settings::default() };
        settings.listen = vec!["127.0.0.1:0".parse().unwrap()];
        settings.origin.ca = vec![origin_ca.path().to_owned()];
        change(&mut settings);
        let settings = Arc::new(settings);
        let authority = Arc::new(Authority::load_or_create(&settings.ca_dir).unwrap());
        let pem = authority.pem().to_owned();
        let interceptor = settings
            .intercept
            .enabled
            .then(|| Arc::new(Interceptor::new(authority).since(settings.intercept.min_tls)));
        let capture = home.path().join("capture.hop");
        let store = Store::open(&capture, &settings.capture, listener::shards()).unwrap();
        let rows = Arc::new(Rows::default());
        let told = Arc::clone(&rows);
        store.subscribe(Box::new(move |changed| told.note(changed)));
        let recorder =
            Recorder::new(store.inbox(), store.next_exchange(), store.next_connection(), &settings.capture);
        let (tls, _) = OriginTls::new(&settings.origin).unwrap();
        let sockets = listener::bind(&settings).unwrap();
        let running =
            listener::start(&settings, &sockets, &recorder, interceptor.as_ref(), &Arc::new(tls)).unwrap();
        drop(sockets);
        let address = running.addresses()[0];
        let inbox = store.inbox();
        Self {
            running: Some(running),
            store: Some(store),
            inbox,
            address,
            pem,
            origin_ca,
            capture,
            rows,
            handed_out: Mutex::default(),
            _home: home,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that its clients must trust, in PEM form.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The CA whose origins it trusts.
    pub fn origin_ca(&self) -> &TestCa {
        &self.origin_ca
    }

    /// Where the wire puts what it sees; its budget can be used up by a test.
    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// What it has learned of clients that refuse its certificate.
    pub fn learned(&self) -> &Learned {
        self.running.as_ref().unwrap().learned()
    }

    /// Waits until so many exchanges of a client (by its address) are over, and reads them in order;
    /// those that it has returned before do not count.
    pub fn exchanges_of(&self, client: SocketAddr, count: usize) -> Vec<Exchange> {
        let client = client.to_string();
        let reader = self.reader();
        let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        let exchanges = self.rows.wait(&format!("{count} exchanges of {client} that are over"), |all| {
            let fresh = all.iter().filter(|row| row.client == client && !handed_out.contains(&row.id));
            let over = fresh.filter(|row| row.state != State::Open);
            let mut ids: Vec<ExchangeId> = over.map(|row| row.id).collect();
            ids.sort();
            // A row may be told before it is committed.
            let read = ids.into_iter().map(|id| reader.exchange(id).unwrap());
            let all: Vec<Exchange> = read.collect::<Option<_>>()?;
            (all.len() >= count).then_some(all)
        });
        handed_out.extend(exchanges.iter().map(|exchange| exchange.summary.id));
        exchanges
    }

    /// Waits until a client's only exchange is over, and reads it.
    pub fn exchange_of(&self, client: SocketAddr) -> Exchange {
        self.exchanges_of(client, 1).remove(0)
    }

    /// Waits for a list row, of an exchange still open perhaps.
    pub fn row(&self, mut fits: impl FnMut(&Summary) -> bool) -> Summary {
        self.rows.wait("a row", |all| all.iter().find(|row| fits(row)).cloned())
    }

    /// Reads a connection from the capture.
    pub fn connection(&self, id: ConnectionId) -> Connection {
        self.reader().connection(id).unwrap().unwrap()
    }

    /// Reads a body from the capture.
    pub fn body(&self, exchange: &Exchange, side: Side) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.reader().body(exchange, side).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Waits until so many messages of an exchange can be read, and reads them: it may still be open.
    pub fn said(&self, id: ExchangeId, count: u64) -> Vec<Numbered> {
        let reader = self.reader();
        self.rows.wait(&format!("{count} messages of {id:?}"), |_| {
            let said = reader.messages(id, 0..u64::MAX, usize::MAX).unwrap();
            (said.len() as u64 >= count).then_some(said)
        })
    }

    /// One message with its whole payload.
    pub fn message(&self, id: ExchangeId, number: u64) -> Numbered {
        self.reader().message(id, number).unwrap().unwrap()
    }

    /// The capture's folder.
    pub fn capture(&self) -> &Path {
        &self.capture
    }

    /// Stops as on a signal: exchanges under way finish, the capture is closed.
    pub fn drain(&mut self) {
        if let Some(running) = self.running.take() {
            running.drain();
        }
        if let Some(store) = self.store.take() {
            store.close().unwrap();
        }
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.capture).unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.drain();
        }
    }
}

impl Rows {
    fn note(&self, changed: &[Summary]) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        for row in changed {
            match all.iter_mut().find(|known| known.id == row.id) {
                Some(known) => *known = row.clone(),
                None => all.push(row.clone()),
            }
        }
        self.changed.notify_all();
    }

    fn wait<T>(&self, what: &str, mut found: impl FnMut(&[Summary]) -> Option<T>) -> T {
        let mut value = None;
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, _) = self
            .changed
            .wait_timeout_while(all, DEADLINE, |all| {
                value = found(all);
                value.is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        value.unwrap_or_else(|| panic!("waited {DEADLINE:?} in vain for {what}; rows: {all:#?}"))
    }
}
