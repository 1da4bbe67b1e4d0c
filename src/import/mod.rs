//! Exchanges from the files of other programs: HAR, mitmproxy's flows, Fiddler's, Charles' and Burp's sessions, curl commands,
//! raw requests, our own JSON lines.
//!
//! ```text
//! file ──detect──> Form ──read──> Imported (exchange, bodies, messages) ──> whoever keeps it
//!                              └> Report: what was read, what was not, and why
//! ```
//!
//! Files come from anywhere. They are read as streams, an exchange at a time, each within a bound of memory;
//! where a file is damaged, what stood before stays read. What a file does not tell is not made up.

mod burp;
mod charles;
mod curl;
mod detect;
mod flows;
mod har;
mod heads;
mod json;
mod lines;
mod moment;
mod raw;
mod saz;

pub use detect::{Form, detect, instead};

use crate::exchange::{
    Connection, ConnectionId, Exchange, ExchangeId, Flags, Heads, Message, Scheme, State, Summary, Timing,
};
use std::io::{self, Read};

/// Octets of one body or message that are kept: more of it is cut, and counted.
pub const LARGEST: usize = 64 << 20;
/// Octets of one exchange that are kept.
const WHOLE: usize = 160 << 20;

/// An exchange as a file tells it. Its number, its connections' and those of the exchanges that it names are the
/// file's own, 0 where it has none.
#[derive(Debug)]
pub struct Imported {
    /// All but the bodies, whose places are left to whoever keeps them.
    pub exchange: Exchange,
    /// The bodies' octets: the request's, the response's.
    pub bodies: [Vec<u8>; 2],
    /// Messages with their numbers.
    pub messages: Vec<(u64, Message)>,
    /// What is known of its connections: the client's, the origin's.
    pub connections: Vec<Connection>,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Who wrote it, in its own words.
    pub by: Option<String>,
    /// Exchanges read.
    pub read: u64,
    /// Entries that are no exchanges, or cannot be read.
    pub left_out: u64,
    /// Why the first of these was.
    pub why: Option<String>,
    /// Bodies and messages that were too large, and are cut.
    pub cut: u64,
    /// Why reading ended before the file did.
    pub broken: Option<String>,
}

impl Report {
    fn leave_out(&mut self, why: impl Into<String>) {
        self.left_out += 1;
        let number = self.read + self.left_out;
        self.why.get_or_insert_with(|| format!("entry {number}: {}", why.into()));
    }
}

/// Takes what is read; an error of it ends the reading.
pub type Sink<'a> = dyn FnMut(Imported) -> io::Result<()> + 'a;

/// Reads a file in a form. Errors are the sink's alone: what is wrong with the file is in the report.
pub fn read(form: Form, input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    match form {
        Form::Har => har::read(input, sink),
        Form::Flows => flows::read(input, sink),
        Form::Json => lines::read(input, sink),
        Form::Charles => charles::read(input, sink),
        Form::Burp => burp::read(input, sink),
        Form::Fiddler => saz::read(input, sink),
        Form::Curl => curl::read(input, sink),
        Form::Raw => raw::read(input, sink),
    }
}

/// An exchange of which nothing is known yet.
fn blank() -> Exchange {
    Exchange {
        summary: Summary {
            id: ExchangeId(0),
            started: 0,
            client: String::new(),
            scheme: Scheme::Http,
            method: String::new(),
            host: String::new(),
            path: String::new(),
            version: "HTTP/1.1".to_owned(),
            status: None,
            state: State::Done,
            request_bytes: 0,
            response_bytes: 0,
            messages: 0,
            duration: None,
            ttfb: None,
            media_type: None,
            failure: None,
            flags: Flags::default(),
            parent: None,
            note: None,
        },
        heads: Heads::default(),
        request_edits: Vec::new(),
        response_edits: Vec::new(),
        request_body: crate::exchange::Body::default(),
        response_body: crate::exchange::Body::default(),
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing::default(),
        client_connection: ConnectionId(0),
        origin_connection: None,
        tunnel: None,
        tunnelled: None,
    }
}
