//! Runs case files against a real proxy: each step in order, then what was recorded.

use super::trace::{Act, Case, End, Form, Record, Step, Text, fill, parse, replaced};
use super::words;
use crate::support::client::Peer;
use crate::support::proxy::Proxy;
use hopscope::exchange::{Exchange, Head};
use hopscope::hop::replay_edits;
use std::net::{SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

/// The date that stands for the one that we added.
const DATE: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

/// Runs all cases of a file and fails with the titles of those that failed. A part of
/// a title in the environment as `CASE` runs only the cases that contain it.
pub fn run(proxy: &Proxy, file: &str) {
    let only = std::env::var("CASE").unwrap_or_default();
    let mut failed = Vec::new();
    for case in parse(file).iter().filter(|case| case.title.contains(&only)) {
        if catch_unwind(AssertUnwindSafe(|| Running::of(proxy).play(case))).is_err() {
            failed.push(case.title.clone());
        }
    }
    assert!(failed.is_empty(), "{} failed:\n  {}", failed.len(), failed.join("\n  "));
}

/// A case under way.
struct Running<'a> {
    proxy: &'a Proxy,
    listener: TcpListener,
    names: Vec<(&'static str, String)>,
    client: Option<Peer>,
    clients: Vec<SocketAddr>,
    origin: Option<Peer>,
    client_over: bool,
    crossed: Crossed,
    _nobody: socket2::Socket,
    _silent: Silent,
}

/// The heads that crossed the sockets, in order.
#[derive(Default)]
struct Crossed {
    request_received: Vec<Vec<u8>>,
    request_sent: Vec<Vec<u8>>,
    response_received: Vec<Vec<u8>>,
    response_sent: Vec<Vec<u8>>,
    interim: Vec<Vec<u8>>,
}

impl<'a> Running<'a> {
    fn of(proxy: &'a Proxy) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = bound_only();
        let silent = Silent::new();
        let nobody_at = nobody.local_addr().unwrap().as_socket().unwrap();
        let names = vec![
            ("origin", listener.local_addr().unwrap().to_string()),
            ("port", listener.local_addr().unwrap().port().to_string()),
            ("proxy", proxy.address().to_string()),
            ("nobody", nobody_at.to_string()),
            ("silent", silent.address().to_string()),
            ("unresolvable", unresolvable()),
            ("date", DATE.to_owned()),
        ];
        Self {
            proxy,
            listener,
            names,
            client: None,
            clients: Vec::new(),
            origin: None,
            client_over: false,
            crossed: Crossed::default(),
            _nobody: nobody,
            _silent: silent,
        }
    }

    fn play(mut self, case: &Case) {
        for step in &case.steps {
            let played = catch_unwind(AssertUnwindSafe(|| self.step(step)));
            if let Err(panic) = played {
                eprintln!("in {:?}, line {}", case.title, step.line);
                std::panic::resume_unwind(panic);
            }
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.conclude(case))) {
            eprintln!("in {:?}, at its end", case.title);
            std::panic::resume_unwind(panic);
        }
    }

    fn step(&mut self, step: &Step) {
        match &step.act {
            Act::Send(text) => self.send(step.end, text),
            Act::Expect(text) => self.expect(step.end, text),
            Act::Ends => self.peer(step.end).finish(),
            Act::Resets => {
                self.peer(step.end).reset();
                self.drop_peer(step.end);
            }
            Act::Closed => {
                let rest = self.peer(step.end).read_to_close();
                assert!(rest.is_empty(), "before the close came \"{}\"", rest.escape_ascii());
                self.drop_peer(step.end);
            }
            Act::Connects => {
                self.drop_peer(step.end);
                self.peer(step.end);
            }
            Act::Secures(name) => self.secure(step.end, name),
        }
    }

    /// The connection at one end; made (or accepted) when there is none.
    fn peer(&mut self, end: End) -> &mut Peer {
        match end {
            End::Client => {
                let address = self.proxy.address();
                let clients = &mut self.clients;
                self.client.get_or_insert_with(|| {
                    let peer = Peer::connect(address);
                    clients.push(peer.address());
                    peer
                })
            }
            End::Origin => {
                let listener = &self.listener;
                self.origin.get_or_insert_with(|| Peer::new(accept(listener)))
            }
        }
    }

    fn drop_peer(&mut self, end: End) {
        match end {
            End::Client => (self.client, self.client_over) = (None, true),
            End::Origin => self.origin = None,
        }
    }

    fn secure(&mut self, end: End, name: &str) {
        let pem = self.proxy.pem();
        match end {
            End::Client => {
                self.client = self.client.take().map(|peer| peer.secured(pem, name).unwrap());
            }
            End::Origin => {
                let config = self.proxy.origin_ca().server_for(name);
                self.peer(end);
                self.origin = self.origin.take().map(|peer| peer.accepted(config).unwrap());
            }
        }
    }

    fn send(&mut self, end: End, text: &Text) {
        let bytes = text.bytes(&self.names);
        if end == End::Client {
            self.client_over = false;
        }
        self.peer(end).send(&bytes);
        if text.form != Form::More {
            self.crossed.note(end, true, &bytes);
        }
    }

    fn expect(&mut self, end: End, text: &Text) {
        let wanted = text.bytes(&self.names);
        let dated = text.written.contains("{date}");
        let peer = self.peer(end);
        let mut came = peer.read_up_to(wanted.len());
        if undated(&came, dated) != wanted {
            came.extend_from_slice(&peer.rest());
            let shown = undated(&came, dated);
            panic!("{end:?} was to get (-) and got (+):\n{}", words::difference(&wanted, &shown));
        }
        if text.form != Form::More {
            self.crossed.note(end, false, &came);
        }
    }

    /// Nothing more may come at either end; then the records are looked at.
    fn conclude(&mut self, case: &Case) {
        if let Some(client) = &mut self.client {
            client.finish();
        }
        if let Some(mut origin) = self.origin.take() {
            let rest = origin.read_to_close();
            assert!(rest.is_empty(), "the origin got more: \"{}\"", rest.escape_ascii());
            origin.finish();
        }
        if let Some(mut client) = self.client.take() {
            let rest = client.read_to_close();
            assert!(rest.is_empty(), "the client got more: \"{}\"", rest.escape_ascii());
        }
        self.listener.set_nonblocking(true).unwrap();
        assert!(self.listener.accept().is_err(), "the origin got one more connection");
        let mut exchanges = Vec::new();
        let (last, before) = self.clients.split_last().expect("a case has a client");
        for client in before {
            exchanges.extend(self.proxy.exchanges_of(*client, 1));
        }
        exchanges.extend(self.proxy.exchanges_of(*last, case.records.len() - exchanges.len()));
        self.crossed.compare(&exchanges);
        assert_eq!(exchanges.len(), case.records.len(), "exchanges recorded");
        for (exchange, record) in exchanges.iter().zip(&case.records) {
            self.compare(exchange, record);
        }
    }

    fn compare(&self, exchange: &Exchange, record: &Record) {
        let head = |raw: &Option<bytes::Bytes>| raw.clone().map(Head::parse);
        let heads = &exchange.heads;
        let [request_received, request_sent, response_received, response_sent] = [
            head(&heads.request_received),
            head(&heads.request_sent),
            head(&heads.response_received),
            head(&heads.response_sent),
        ];
        let pairs = [
            (&request_received, &exchange.request_edits, &request_sent),
            (&response_received, &exchange.response_edits, &response_sent),
        ];
        // What we answer ourselves does not come from what was received.
        for (received, edits, sent) in pairs.into_iter().take(if exchange.is_ours() { 1 } else { 2 }) {
            if let (Some(received), Some(sent)) = (received, sent) {
                let explained = replay_edits(received, sent, edits);
                assert_eq!(explained, Ok(()), "the edits must explain the sent head: {edits:?}");
            }
        }
        let request = words::edits(&exchange.request_edits, request_received.as_ref(), request_sent.as_ref());
        let response =
            words::edits(&exchange.response_edits, response_received.as_ref(), response_sent.as_ref());
        let mut wanted = vec![format!("exchange {}", fill(&record.exchange, &self.names))];
        let mut came = vec![format!("exchange {}", words::exchange(exchange))];
        for (name, written, told) in [
            ("request", &record.request, request),
            ("response", &record.response, response),
            ("bodies", &record.bodies, words::bodies(exchange)),
        ] {
            if let Some(written) = written {
                wanted
                    .extend(format!("{name} {}", fill(written, &self.names)).split(" · ").map(str::to_owned));
                came.extend(format!("{name} {told}").split(" · ").map(str::to_owned));
            }
        }
        let (wanted, came) = (wanted.join("\n"), came.join("\n"));
        assert!(
            wanted == came,
            "the record was to say (-) and says (+):\n{}",
            words::difference(wanted.as_bytes(), came.as_bytes())
        );
    }
}

impl Crossed {
    fn note(&mut self, end: End, sent: bool, bytes: &[u8]) {
        let head = head_of(bytes).to_vec();
        let interim = head.starts_with(b"HTTP/1.1 1") && !head.starts_with(b"HTTP/1.1 101");
        match (end, sent) {
            (End::Client, true) => self.request_received.push(head),
            (End::Origin, false) => self.request_sent.push(head),
            (End::Origin, true) if interim => self.interim.push(head),
            (End::Origin, true) => self.response_received.push(head),
            (End::Client, false) if interim => {}
            (End::Client, false) => self.response_sent.push(head),
        }
    }

    /// The capture holds the heads as they crossed the sockets, byte for byte.
    fn compare(&self, exchanges: &[Exchange]) {
        let interim: Vec<&[u8]> = exchanges
            .iter()
            .flat_map(|exchange| &exchange.interim)
            .map(|interim| &interim.head[..])
            .collect();
        same("interim heads", &self.interim, &interim);
        let recorded = |which: fn(&Exchange) -> Option<&bytes::Bytes>| -> Vec<&[u8]> {
            exchanges.iter().filter_map(which).map(|raw| &raw[..]).collect()
        };
        same("request received", &self.request_received, &recorded(|e| e.heads.request_received.as_ref()));
        same("request sent", &self.request_sent, &recorded(|e| e.heads.request_sent.as_ref()));
        same("response received", &self.response_received, &recorded(|e| e.heads.response_received.as_ref()));
        same("response sent", &self.response_sent, &recorded(|e| e.heads.response_sent.as_ref()));
    }
}

fn same(what: &str, crossed: &[Vec<u8>], recorded: &[&[u8]]) {
    let (crossed, recorded) = (crossed.concat(), recorded.concat());
    assert!(
        crossed == recorded,
        "{what}: crossed the socket (-) and is recorded (+):\n{}",
        words::difference(&crossed, &recorded)
    );
}

fn head_of(bytes: &[u8]) -> &[u8] {
    let skipped = bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let bytes = &bytes[skipped..];
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    &bytes[..end.unwrap_or(bytes.len())]
}

/// The date that we added, within a day of now, becomes the one that stands in the cases.
fn undated(bytes: &[u8], dated: bool) -> Vec<u8> {
    const NAME: &[u8] = b"\r\nDate: ";
    let at = bytes.windows(NAME.len()).position(|window| window == NAME).map(|at| at + NAME.len());
    let value = at.and_then(|at| std::str::from_utf8(bytes.get(at..at + DATE.len())?).ok());
    let now = SystemTime::now();
    let recent = value.and_then(|value| httpdate::parse_http_date(value).ok()).is_some_and(|date| {
        now.duration_since(date).or_else(|_| date.duration_since(now)).is_ok_and(|gap| gap.as_secs() < 86_400)
    });
    match value {
        Some(value) if dated && recent => replaced(bytes, value.as_bytes(), DATE.as_bytes()),
        _ => bytes.to_vec(),
    }
}

/// Accepts, within the deadline.
fn accept(listener: &TcpListener) -> std::net::TcpStream {
    let socket = socket2::SockRef::from(listener);
    socket.set_read_timeout(Some(crate::support::client::DEADLINE)).unwrap();
    listener.accept().expect("the origin gets a connection").0
}

/// A port that is taken though nobody listens there: connecting is refused, for certain.
fn bound_only() -> socket2::Socket {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket
}

/// A port that answers no more: its queue of connections is full and nobody accepts.
struct Silent {
    socket: socket2::Socket,
    _held: Vec<std::net::TcpStream>,
}

impl Silent {
    fn new() -> Self {
        let socket = bound_only();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(20));
        let held = std::iter::from_fn(|| connect().ok()).collect();
        Self { socket, _held: held }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap().as_socket().unwrap()
    }
}

/// The system's words for a name that does not resolve, which differ from machine to machine.
fn unresolvable() -> String {
    use std::net::ToSocketAddrs;
    let error = "nowhere.invalid:80".to_socket_addrs().unwrap_err().to_string();
    error.trim_start_matches("failed to lookup address information: ").to_owned()
}
