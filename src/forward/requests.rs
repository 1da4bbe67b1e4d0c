//! Where exchanges begin: a request of a connection of HTTP/1, or on a stream of HTTP/2.

use super::answer::stand_in;
use super::context::Client;
use super::respond::{Life, refuse};
use super::response::ResponseBody;
use super::{blame, note};
use crate::exchange::{Failure, Head, Kind, Phase, Side};
use crate::hop::Fault;
use crate::recorder::Recording;
use crate::tap::{Arrival, End, Handle, http2};
use crate::upstream::{Abort, Source, code_name};
use hyper::body::Incoming;
use hyper::{Request, Response};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Answers one request of a client's connection. hyper's request is only a stand-in; the real
/// head comes from the tap.
pub async fn respond(
    client: Arc<Client>,
    tap: Handle,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    client.shard.recorder.ready().await;
    let arrival = number(&request).and_then(|number| tap.take_request(number));
    Ok(match arrival {
        Some(Arrival::Request { number, head, facts, at }) => {
            let recording = note::begin(&client, head.raw().clone(), at);
            client.proven();
            let (end, abort) = (End::Http1 { tap, number }, Abort::default());
            let life = Life { client, recording, head, facts, end, never_indexed: Vec::new(), abort };
            life.run(Source::Http1(request.into_body())).await
        }
        Some(Arrival::Refused { raw, fault, at, number }) => {
            let recording = note::begin(&client, raw.clone(), at);
            // Who asks, however badly, takes our certificate.
            client.proven();
            let to_head = is_head(&raw);
            note::request_line(&recording, &Head::parse(raw));
            refuse(&client, &End::Http1 { tap, number }, &recording, &fault, to_head)
        }
        Some(Arrival::Response { .. }) | None => stand_in(500, ResponseBody::Empty, true),
    })
}

/// "the server MUST NOT send content in the response" to HEAD (RFC 9110 9.3.2), a refusal neither.
fn is_head(raw: &[u8]) -> bool {
    raw.starts_with(b"HEAD ")
}

fn number(request: &Request<Incoming>) -> Option<u64> {
    match request.uri().authority() {
        Some(authority) => authority.host().parse().ok(),
        None => request.uri().path().strip_prefix('/')?.parse().ok(),
    }
}

/// The answer to a request on a stream, to be waited for; dropped, it lets the request go.
pub type Answering = Pin<Box<dyn Future<Output = Response<ResponseBody>> + Send>>;

/// The exchange of one stream.
#[derive(Debug)]
pub struct Asked {
    /// How long the client may take nothing of the answer.
    pub write_limit: Duration,
    /// How long the rest of the request may take behind a whole answer.
    pub rest_limit: Duration,
    recording: Recording,
    abort: Abort,
}

impl Asked {
    /// Takes the request on a stream from the tap; `None` would mean that h2 made one up.
    #[must_use]
    pub fn take(
        client: Arc<Client>,
        tap: http2::Handle,
        stream: u32,
        body: Source,
    ) -> Option<(Self, Answering)> {
        let request = tap.take_request(stream)?;
        let recording = note::begin(&client, request.head.raw().clone(), request.at);
        client.proven();
        let limits = &client.shard.settings.limits;
        let (write_limit, rest_limit) = (limits.write_timeout, limits.response_timeout);
        let (end, abort) = (End::Http2 { tap, stream }, Abort::by_code());
        let answer: Answering = match request.facts {
            Ok(facts) => {
                let life = Life {
                    client,
                    recording: recording.clone(),
                    head: request.head,
                    facts,
                    end,
                    never_indexed: request.never_indexed,
                    abort: abort.clone(),
                };
                Box::pin(life.run(body))
            }
            Err(fault) => {
                note::request_line(&recording, &request.head);
                let to_head = is_head(request.head.raw());
                let response = refuse(&client, &end, &recording, &fault, to_head);
                Box::pin(std::future::ready(response))
            }
        };
        Some((Self { write_limit, rest_limit, recording, abort }, answer))
    }

    /// The client reset the stream: letting go of this resets the origin's with the same code.
    pub fn reset(&self, code: u32) {
        self.abort.with(code);
        self.recording.reset(&code_name(code));
    }

    /// The client took nothing of the answer for too long.
    pub fn stalled(&self) {
        self.recording.fail(blame::unread(Side::Client, self.write_limit));
    }

    /// The client broke the protocol on a stream that was under way, and that was reset for it.
    pub fn broke(&self, fault: Option<&Fault>, code: u32) {
        let says = match fault {
            Some(fault) => format!("{} ({})", fault.says, fault.clause),
            None => "the client broke the rules of HTTP/2".to_owned(),
        };
        let says = format!("{says}; the stream was ended with {}", code_name(code));
        let (side, phase, kind) = (Side::Client, Phase::Request, Kind::Malformed);
        self.recording.fail(Failure { side, phase, kind, says });
    }

    /// The exchange's record.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }
}

/// Records what the tap refused by `RST_STREAM` or GOAWAY: no engine saw it.
pub fn refused(client: &Client, refused: &http2::Refused) {
    let recording = note::begin(client, refused.head.raw().clone(), refused.at);
    note::request_line(&recording, &refused.head);
    let fault = &refused.fault;
    let what = if refused.stream == 0 { "The connection" } else { "The stream" };
    let says =
        format!("{} {what} was ended with {}. ({})", fault.says, refused.code, blame::place(fault, false));
    recording.fail(Failure { side: Side::Client, phase: Phase::Request, kind: Kind::Malformed, says });
    recording.open();
}
