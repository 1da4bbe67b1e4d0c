//! For tests: a source in memory with one exchange of every kind, and an interface to press keys on.

use super::app::{App, Screen};
use super::detail;
use super::fill::{fill, search};
use super::gravest;
use super::source::{Deed, Row, Seeking, Source, Status, Tell, Told, Unread};
use super::theme::Theme;
use super::update::{Effect, Event, update};
use crate::exchange::{
    Body, BodyPlace, Cause, Connection, ConnectionId, Edit, Exchange, ExchangeId, Failure, Flags, Heads,
    Kind, Message, MessageFlags, MessageForm, Phase, Scheme, Side, State, Summary, Timing, TlsFacts, Verdict,
};
use crate::query::{Name, Query};
use crate::store::{Found, Numbered, Seek, Sought};
use crate::view::Octets;
use bytes::Bytes;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// 2026-11-23 22:00:00 UTC.
pub const BEGAN: i64 = 1_795_471_200_000_000;

/// Exchanges in memory.
pub struct Fake {
    /// Whether every question is answered by an error.
    pub broken: bool,
    pub exchanges: Vec<Exchange>,
    /// What is said within exchanges, by their numbers, in order.
    pub messages: BTreeMap<u64, Vec<Numbered>>,
    /// A response body too large to lie in an exchange.
    pub large: Option<Arc<dyn Octets>>,
    pub status: Status,
    /// Rows that a search looks through each time.
    pub slice: Arc<AtomicUsize>,
}

impl Fake {
    fn said(&self, id: ExchangeId) -> &[Numbered] {
        self.messages.get(&id.0).map_or(&[], Vec::as_slice)
    }
}

/// A search that looks through a slice each time.
#[derive(Debug)]
struct Looking {
    /// Rising.
    rows: Vec<Summary>,
    query: Query,
    slice: Arc<AtomicUsize>,
}

impl Seeking for Looking {
    fn found(&mut self, _: Duration) -> Result<Found, Unread> {
        let slice = self.rows.split_off(self.rows.len().saturating_sub(self.slice.load(SeqCst)));
        let looked_to = if self.rows.is_empty() { 0 } else { slice.first().map_or(0, |row| row.id.0) };
        let ids = slice.iter().rev().filter(|row| self.query.matches(row)).map(|row| row.id.0).collect();
        Ok(Found { ids, looked_to })
    }
}

impl Source for Fake {
    fn rows_after(&self, after: ExchangeId, limit: usize) -> Result<Vec<Row>, Unread> {
        let rows = self.exchanges.iter().map(|exchange| Row::of(&exchange.summary));
        Ok(rows.filter(|row| row.id > after).take(limit).collect())
    }

    fn summaries(&self, from: ExchangeId, to: ExchangeId) -> Result<Vec<Summary>, Unread> {
        if self.broken {
            return Err(Unread("disk I/O error\x1b[2J".to_owned()));
        }
        let summaries = self.exchanges.iter().map(|exchange| &exchange.summary);
        Ok(summaries.filter(|summary| (from..=to).contains(&summary.id)).cloned().collect())
    }

    fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, Unread> {
        Ok(self.exchanges.iter().find(|exchange| exchange.summary.id == id).cloned())
    }

    fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, Unread> {
        Ok(Some(connection(id)))
    }

    fn body(&self, exchange: &Exchange, side: Side) -> Result<Arc<dyn Octets>, Unread> {
        if let Some(large) = self.large.as_ref().filter(|_| side == Side::Origin) {
            return Ok(Arc::clone(large));
        }
        let bytes = match &exchange.body(side).place {
            BodyPlace::Inline(bytes) => Bytes::from(bytes.clone()),
            _ => Bytes::new(),
        };
        Ok(Arc::new(bytes))
    }

    fn message_count(&self, id: ExchangeId) -> Result<u64, Unread> {
        Ok(self.said(id).last().map_or(0, |last| last.number + 1))
    }

    fn messages(&self, id: ExchangeId, numbers: Range<u64>) -> Result<Vec<Numbered>, Unread> {
        Ok(self.said(id).iter().filter(|found| numbers.contains(&found.number)).cloned().collect())
    }

    fn message(&self, id: ExchangeId, number: u64) -> Result<Option<Numbered>, Unread> {
        Ok(self.said(id).iter().find(|found| found.number == number).cloned())
    }

    fn find_message(&self, id: ExchangeId, seek: &Seek<'_>) -> Result<Sought, Unread> {
        let holds = |found: &&Numbered| {
            let Numbered { number, message, .. } = found;
            let here = if seek.forward { *number >= seek.from } else { *number <= seek.from };
            here && [message.says.as_bytes(), &message.payload].into_iter().any(seek.holds)
        };
        let mut said = self.said(id).iter();
        let found = if seek.forward { said.find(holds) } else { said.rev().find(holds) };
        Ok(found.map_or(Sought::Nowhere, |found| Sought::Found(found.number)))
    }

    fn search(&self, query: &Query, below: Option<ExchangeId>) -> Result<Box<dyn Seeking>, Unread> {
        if self.broken {
            return Err(Unread("disk I/O error".to_owned()));
        }
        let below = below.unwrap_or(ExchangeId(u64::MAX));
        let rows = self.exchanges.iter().map(|exchange| exchange.summary.clone());
        let rows = rows.filter(|summary| summary.id < below).collect();
        Ok(Box::new(Looking { rows, query: query.clone(), slice: Arc::clone(&self.slice) }))
    }

    fn sift(&self, query: &Query, ids: &[u64]) -> Result<Vec<u64>, Unread> {
        if self.broken {
            return Err(Unread("disk I/O error".to_owned()));
        }
        let meant = |id: &u64| {
            self.exchanges.iter().any(|known| known.summary.id.0 == *id && query.matches(&known.summary))
        };
        Ok(ids.iter().copied().filter(meant).collect())
    }

    fn seen(&self, field: Name) -> Result<Vec<(String, u64)>, Unread> {
        let status = |row: &Summary| row.status.map(|status| status.to_string());
        let of = |row: &Summary| if field == Name::Status { status(row) } else { None };
        let mut values: Vec<(String, u64)> = Vec::new();
        for value in self.exchanges.iter().filter_map(|exchange| of(&exchange.summary)) {
            match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, count)) => *count += 1,
                None => values.push((value, 1)),
            }
        }
        Ok(values)
    }

    fn act(&self, deed: Deed, tell: Tell) {
        tell(Told::Done(format!("done: {deed:?}")));
    }

    fn status(&self) -> Status {
        self.status.clone()
    }
}

/// An interface on a source.
pub struct Stage {
    pub app: App,
    pub source: Fake,
    /// Rows that a search looks through between two keys; all when `None`.
    pub slice: Option<usize>,
}

impl Stage {
    pub fn new(width: u16, height: u16, exchanges: Vec<Exchange>) -> Self {
        let source = Fake {
            broken: false,
            exchanges,
            messages: BTreeMap::new(),
            large: None,
            status: status(),
            slice: Arc::default(),
        };
        let theme = Theme { colour: true, ascii: false };
        let mut app = App::new(Rect::new(0, 0, width, height), theme, source.status());
        app.now = BEGAN + 600_000_000;
        let rows = source.rows_after(ExchangeId(0), usize::MAX).unwrap();
        update(&mut app, Event::Rows(rows));
        fill(&mut app, &source);
        Self { app, source, slice: None }
    }

    /// Presses keys: characters, or names between `<` and `>`.
    pub fn press(&mut self, keys: &str) -> Option<Effect> {
        let mut effect = None;
        for key in parse_keys(keys) {
            effect = update(&mut self.app, Event::Key(key));
            if self.slice.is_some() {
                self.scan_once();
            } else {
                self.scan();
            }
        }
        effect
    }

    /// Lets a search go on for a slice.
    pub fn scan_once(&mut self) {
        self.source.slice.store(self.slice.unwrap_or(usize::MAX), SeqCst);
        search(&mut self.app, &self.source, self.slice.unwrap_or(usize::MAX));
        fill(&mut self.app, &self.source);
    }

    /// Lets a search come to its end.
    pub fn scan(&mut self) {
        self.scan_once();
        while self.app.filter.is_working() {
            self.scan_once();
        }
    }

    /// Does what is done between two keys, until nothing is left to be done.
    pub fn work(&mut self) {
        while detail::has_work(&self.app) {
            detail::work(&mut self.app, &self.source);
        }
        while gravest::has_work(&self.app) {
            gravest::work(&mut self.app, &self.source);
        }
        fill(&mut self.app, &self.source);
    }

    /// Something happened to exchanges.
    pub fn change(&mut self, exchange: Exchange) {
        let summary = exchange.summary.clone();
        self.source.exchanges.retain(|other| other.summary.id != summary.id);
        self.source.exchanges.push(exchange);
        self.source.exchanges.sort_by_key(|exchange| exchange.summary.id);
        update(&mut self.app, Event::Changed(vec![summary]));
        fill(&mut self.app, &self.source);
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        update(&mut self.app, Event::Resize(width, height));
        fill(&mut self.app, &self.source);
    }

    pub fn buffer(&self) -> Buffer {
        let mut buffer = Buffer::empty(self.app.area);
        super::draw(&self.app, &mut buffer);
        buffer
    }

    /// The screen as text, blanks at line ends cut off.
    pub fn screen(&self) -> String {
        text(&self.buffer())
    }
}

/// A screen for the footer's test.
pub fn app_on(screen: Screen, width: u16, height: u16, full: bool) -> App {
    let mut stage = Stage::new(width, height, if full { varied() } else { Vec::new() });
    let keys = match screen {
        Screen::List => "",
        Screen::Side => "<tab>",
        Screen::Detail => "<enter>",
        Screen::Compare => "=",
        Screen::Help => "?",
        Screen::Typing => "/",
    };
    stage.press(keys);
    stage.app
}

pub fn key_event((code, ctrl): (KeyCode, bool)) -> KeyEvent {
    KeyEvent::new(code, if ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE })
}

fn parse_keys(keys: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = keys.chars();
    while let Some(c) = rest.next() {
        if c != '<' {
            events.push(key_event((KeyCode::Char(c), false)));
            continue;
        }
        let name: String = rest.by_ref().take_while(|c| *c != '>').collect();
        events.push(key_event(match name.as_str() {
            "enter" => (KeyCode::Enter, false),
            "esc" => (KeyCode::Esc, false),
            "tab" => (KeyCode::Tab, false),
            "backtab" => (KeyCode::BackTab, false),
            "home" => (KeyCode::Home, false),
            "end" => (KeyCode::End, false),
            "bs" => (KeyCode::Backspace, false),
            "up" => (KeyCode::Up, false),
            "down" => (KeyCode::Down, false),
            "pgdn" => (KeyCode::PageDown, false),
            "pgup" => (KeyCode::PageUp, false),
            "left" => (KeyCode::Left, false),
            "right" => (KeyCode::Right, false),
            ctrl => (KeyCode::Char(ctrl.chars().last().unwrap()), true),
        }));
    }
    events
}

pub fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let mut out = String::new();
    for line in buffer.content.chunks(width.max(1)) {
        let mut text = String::new();
        let mut skip = 0;
        for cell in line {
            if skip == 0 {
                text.push_str(cell.symbol());
                skip = crate::text::width::columns(cell.symbol());
            }
            skip = skip.saturating_sub(1);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

pub fn status() -> Status {
    Status {
        listening: vec![([127, 0, 0, 1], 8080).into()],
        capture: Some("2026-11-23-2200".to_owned()),
        recording: true,
        recorder: None,
        ca: Some("/home/ada/.local/share/hopscope/certs/ca.pem".into()),
        cut_bodies: 0,
        lost_records: 0,
        cut_messages: 0,
        trouble: None,
        waiting: Vec::new(),
        replays_unasked: false,
    }
}

pub fn summary(id: u64) -> Summary {
    Summary {
        id: ExchangeId(id),
        started: BEGAN,
        client: "127.0.0.1:51234".to_owned(),
        scheme: Scheme::Https,
        method: "GET".to_owned(),
        host: "api.shop.test".to_owned(),
        path: "/v1/items?page=2".to_owned(),
        version: "HTTP/1.1".to_owned(),
        status: Some(200),
        state: State::Done,
        request_bytes: 0,
        response_bytes: 14_200,
        messages: 0,
        duration: Some(31_000),
        ttfb: Some(28_000),
        media_type: Some("application/json".to_owned()),
        failure: None,
        flags: Flags::default(),
        parent: None,
        note: None,
    }
}

/// A GET that passed, with edits on both messages.
pub fn passed(id: u64) -> Exchange {
    let summary = summary(id);
    let heads = Heads {
        request_received: Some(Bytes::from_static(
            b"GET http://api.shop.test/v1/items?page=2 HTTP/1.1\r\nHost: api.shop.test\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nProxy-Connection: Keep-Alive\r\nConnection: x-trace\r\nX-Trace: 7f3a\r\n\r\n",
        )),
        request_sent: Some(Bytes::from_static(
            b"GET /v1/items?page=2 HTTP/1.1\r\nHost: api.shop.test\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nVia: 1.1 hopscope\r\n\r\n",
        )),
        response_received: Some(Bytes::from_static(
            b"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 22:00:00 GMT\r\nContent-Type: application/json\r\nSet-Cookie: sid=8f02c2; Path=/\r\nset-cookie: theme=dark\r\nKeep-Alive: timeout=5\r\nContent-Length: 14200\r\n\r\n",
        )),
        response_sent: Some(Bytes::from_static(
            b"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 22:00:00 GMT\r\nContent-Type: application/json\r\nSet-Cookie: sid=8f02c2; Path=/\r\nset-cookie: theme=dark\r\nContent-Length: 14200\r\nVia: 1.1 hopscope\r\n\r\n",
        )),
    };
    let edit = |before, after, cause| Edit { before, after, cause };
    Exchange {
        summary,
        heads,
        request_edits: vec![
            edit(Some(0), Some(0), Cause::TargetForm),
            edit(Some(4), None, Cause::HopByHop),
            edit(Some(5), None, Cause::Connection),
            edit(Some(6), None, Cause::NamedByConnection),
            edit(None, Some(4), Cause::Via),
        ],
        response_edits: vec![edit(Some(5), None, Cause::HopByHop), edit(None, Some(6), Cause::Via)],
        request_body: Body { complete: true, ..Body::default() },
        response_body: Body {
            length: 14_200,
            kept: 14_200,
            complete: true,
            place: BodyPlace::Inline(Vec::new()),
            ..Body::default()
        },
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing {
            request_head: Some(200),
            resolved: Some(600),
            connected: Some(3_000),
            secured: Some(9_000),
            request_sent: Some(9_200),
            request_end: Some(9_200),
            response_head: Some(28_000),
            response_sent: Some(28_100),
            response_end: Some(31_000),
        },
        client_connection: ConnectionId(1),
        origin_connection: Some((ConnectionId(2), false)),
        tunnel: None,
        tunnelled: None,
    }
}

/// An exchange of which only the row matters.
pub fn with(id: u64, change: impl FnOnce(&mut Summary)) -> Exchange {
    let mut exchange = passed(id);
    change(&mut exchange.summary);
    exchange
}

/// A request that found nobody listening; we answered.
pub fn failed(id: u64) -> Exchange {
    let mut exchange = passed(id);
    exchange.summary = Summary {
        scheme: Scheme::Http,
        host: "127.0.0.1:19081".to_owned(),
        path: "/v1/price/7?currency=EUR".to_owned(),
        status: Some(502),
        state: State::Failed,
        response_bytes: 88,
        messages: 0,
        duration: Some(3_000),
        ttfb: None,
        media_type: Some("text/plain".to_owned()),
        failure: Some(Failure {
            side: Side::Origin,
            phase: Phase::Connect,
            kind: Kind::Refused,
            says: "connect refused by 127.0.0.1:19081 (origin)".to_owned(),
        }),
        flags: Flags::OURS,
        ..summary(id)
    };
    exchange.heads = Heads {
        request_received: Some(Bytes::from_static(
            b"GET http://127.0.0.1:19081/v1/price/7?currency=EUR HTTP/1.1\r\nHost: 127.0.0.1:19081\r\n\r\n",
        )),
        request_sent: None,
        response_received: None,
        response_sent: Some(Bytes::from_static(
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nProxy-Status: hopscope; error=connection_refused\r\nContent-Length: 88\r\n\r\n",
        )),
    };
    exchange.request_edits.clear();
    exchange.response_edits.clear();
    exchange.response_body = Body { length: 88, complete: true, ..Body::default() };
    exchange.timing = Timing { request_head: Some(200), resolved: Some(600), ..Timing::default() };
    exchange.origin_connection = None;
    exchange
}

/// A message within an exchange.
pub fn said(number: u64, at: u64, (side, form): (Side, MessageForm), says: &str, payload: &[u8]) -> Numbered {
    let message = Message {
        at,
        side,
        form,
        wire: payload.len() as u64 + 2,
        length: payload.len() as u64,
        payload: Bytes::copy_from_slice(payload),
        says: says.to_owned(),
        flags: MessageFlags::default(),
    };
    Numbered { number, message, kept: payload.len() as u64 }
}

/// A WebSocket within which so much was said.
pub fn socket(id: u64, messages: u64, open: bool) -> Exchange {
    let mut exchange = with(id, |summary| {
        "live.shop.test".clone_into(&mut summary.host);
        "/ws".clone_into(&mut summary.path);
        (summary.status, summary.messages, summary.media_type) = (Some(101), messages, None);
        summary.response_bytes = 38_000;
        if open {
            summary.started = BEGAN + 600_000_000 - 3_200_000;
            (summary.state, summary.duration) = (State::Open, None);
        }
    });
    exchange.response_body = Body { length: 38_000, complete: !open, ..Body::default() };
    exchange
}

/// An event stream of [`ticks`], over.
pub fn events(id: u64, count: u64) -> Exchange {
    let mut exchange = with(id, |summary| {
        "/events".clone_into(&mut summary.path);
        summary.media_type = Some("text/event-stream".to_owned());
        summary.messages = count;
    });
    let body: String = (0..count).map(|number| format!("data: tick {number}\n\n")).collect();
    let length = body.len() as u64;
    let place = BodyPlace::Inline(body.into_bytes());
    exchange.response_body = Body { length, kept: length, complete: true, place, ..Body::default() };
    exchange
}

/// Events, a millisecond apart.
pub fn ticks(count: u64) -> Vec<Numbered> {
    let tick = |number: u64| {
        let payload = format!("tick {number}");
        said(number, number * 1000, (Side::Origin, MessageForm::Event), "", payload.as_bytes())
    };
    (0..count).map(tick).collect()
}

/// One row of every kind.
pub fn varied() -> Vec<Exchange> {
    let tls_refused = Failure {
        side: Side::Client,
        phase: Phase::Tls,
        kind: Kind::CertificateRefused,
        says: "the client refused our certificate: alert unknown_ca from 127.0.0.1:51240".to_owned(),
    };
    let mut hostile = with(18320, |s| {
        "G\x1b[31mT".clone_into(&mut s.method);
        "evil\u{202e}tset.\x07test".clone_into(&mut s.host);
        "/\x1b]52;c;aGk=\x07\u{200b}\u{9b}2J/長い/\u{301}x".clone_into(&mut s.path);
    });
    hostile.heads.request_received = Some(Bytes::from_static(
        b"G\x1b[31mT /\xff\xfe HTTP/1.1\r\nX-\x1b]0;owned\x07: \xe2\x80\xae\x00\x7f\r\n\r\n",
    ));
    hostile.request_edits.clear();
    vec![
        with(18306, |s| {
            "CONNECT".clone_into(&mut s.method);
            "api.shop.test:443".clone_into(&mut s.host);
            s.path.clear();
            s.flags.add(Flags::INTERCEPTED);
        }),
        passed(18307),
        with(18308, |s| {
            "cdn.shop.test".clone_into(&mut s.host);
            "/app.9f3c.js".clone_into(&mut s.path);
            (s.status, s.response_bytes, s.duration) = (Some(304), 0, Some(4_000));
        }),
        with(18309, |s| {
            "POST".clone_into(&mut s.method);
            "/v1/cart".clone_into(&mut s.path);
            (s.status, s.response_bytes, s.duration) = (Some(201), 312, Some(88_000));
        }),
        with(18310, |s| {
            "/v1/items/991".clone_into(&mut s.path);
            (s.status, s.response_bytes) = (Some(404), 88);
        }),
        with(18311, |s| {
            "shop.test".clone_into(&mut s.host);
            "/login".clone_into(&mut s.path);
            (s.status, s.response_bytes) = (Some(301), 0);
        }),
        with(18312, |s| {
            "DELETE".clone_into(&mut s.method);
            "/v1/accounts/7d21f0aa-5b1e-4c4e-9a43-c1a1f1e7a0b2/carts/42?notify=true".clone_into(&mut s.path);
            (s.status, s.response_bytes) = (Some(204), 0);
        }),
        with(18313, |s| {
            "/v1/price/7?currency=EUR".clone_into(&mut s.path);
            (s.status, s.response_bytes, s.duration) = (Some(500), 2_148, Some(1_940_000));
        }),
        failed(18314),
        with(18315, |s| {
            "CONNECT".clone_into(&mut s.method);
            "pinned.app.test:8443".clone_into(&mut s.host);
            s.path.clear();
            s.flags.add(Flags::TUNNEL);
            (s.state, s.duration, s.response_bytes) = (State::Open, None, 38_000);
        }),
        with(18316, |s| {
            "cdn.shop.test".clone_into(&mut s.host);
            "/video.mp4".clone_into(&mut s.path);
            (s.status, s.state, s.duration, s.response_bytes) = (None, State::Open, None, 0);
        }),
        with(18317, |s| {
            s.flags.add(Flags::REPLAY);
            s.parent = Some(ExchangeId(18309));
        }),
        with(18318, |s| {
            "CONNECT".clone_into(&mut s.method);
            "pinned.app.test".clone_into(&mut s.host);
            s.path.clear();
            (s.status, s.state, s.response_bytes) = (None, State::Failed, 0);
            s.failure = Some(tls_refused);
        }),
        with(18319, |s| {
            "a-very-long-subdomain.of.some.customer.shop.test:8443".clone_into(&mut s.host);
            (s.state, s.status) = (State::Aborted, Some(200));
        }),
        hostile,
    ]
}

/// A client's connection of which only the hello is known.
pub const OFFERED: u64 = 21;

/// Connections by number: 1 is a client's and 2 an origin's, secured; 11 and 12 the same without TLS.
fn connection(id: ConnectionId) -> Connection {
    let client = id.0 % 10 == 1;
    let leaf = include_bytes!("fixtures/leaf.der").to_vec();
    let issuer = include_bytes!("fixtures/issuer.der").to_vec();
    let tls = TlsFacts {
        version: "TLSv1.3".to_owned(),
        cipher: "TLS_AES_128_GCM_SHA256".to_owned(),
        alpn: Some("http/1.1".to_owned()),
        sni: Some("api.shop.test".to_owned()),
        chain: if client { vec![leaf] } else { vec![leaf, issuer] },
        verdict: (!client).then_some(Verdict::Trusted),
        group: Some("X25519MLKEM768".to_owned()),
        took: Some(if client { 2_140 } else { 11_800 }),
        ocsp: (!client).then_some(crate::exchange::Ocsp {
            status: crate::exchange::OcspStatus::Good,
            produced: Some(1_700_000_000),
            next: Some(i64::from(u32::MAX)),
            revoked: None,
        }),
        hello: Some(include_bytes!("fixtures/hello.bin").to_vec()),
        ..TlsFacts::default()
    };
    Connection {
        id,
        side: if client { Side::Client } else { Side::Origin },
        opened: BEGAN,
        peer: Some(if client { ([127, 0, 0, 1], 51234).into() } else { ([192, 0, 2, 7], 443).into() }),
        local: None,
        tls: match id.0 {
            OFFERED => Some(TlsFacts::offered(tls.sni, tls.hello.unwrap_or_default())),
            0..10 => Some(tls),
            _ => None,
        },
        dialling: None,
        frames: Vec::new(),
    }
}
