//! One exchange, from the request head to the response head.

use super::answer::{Answer, stand_in};
use super::context::{After, Client};
use super::response::{ResponseBody, is_sent};
use super::{blame, credentials, note, origin, page, tunnel};
use crate::exchange::{Failure, Flags, Head, Interim, Kind, Phase, Side};
use crate::hop::{
    self, Destination, Fault, Forwarded, Framing, RequestFacts, RequestHop, ResponseFacts, ResponseHop,
    Route, Version,
};
use crate::recorder::{BodyTee, Recording};
use crate::tap::{Arrival, HeadOf, OutHead};
use crate::upstream::{self, Relay, RequestBody, Sending, Upstream};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Request, Response};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Instant, SystemTime};

/// 1xx responses kept of one exchange; more are passed on and not kept.
const INTERIMS: usize = 100;

/// Answers one request of a client's connection. hyper's request is only a stand-in; the real
/// head comes from the tap.
pub async fn respond(
    client: Arc<Client>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    client.shard.recorder.ready().await;
    let arrival = number(&request).and_then(|number| client.tap.take_request(number));
    Ok(match arrival {
        Some(Arrival::Request { number, head, facts, at }) => {
            let recording = note::begin(&client, head.raw().clone(), at);
            client.proven();
            let life = Life { client, recording, head, facts, number };
            life.run(request.into_body()).await
        }
        Some(Arrival::Refused { raw, fault, at, .. }) => {
            let recording = note::begin(&client, raw.clone(), at);
            note::request_line(&recording, &Head::parse(raw));
            refuse(&client, &recording, &fault, false)
        }
        Some(Arrival::Response { .. }) | None => stand_in(500, ResponseBody::Empty, true),
    })
}

fn number(request: &Request<Incoming>) -> Option<u64> {
    match request.uri().authority() {
        Some(authority) => authority.host().parse().ok(),
        None => request.uri().path().strip_prefix('/')?.parse().ok(),
    }
}

/// Records a refused head with its failure and answers it.
fn refuse(client: &Client, recording: &Recording, fault: &Fault, to_head: bool) -> Response<ResponseBody> {
    let kind = match fault.status {
        408 => Kind::TimedOut,
        414 | 431 => Kind::TooLarge,
        508 => Kind::Loop,
        _ => Kind::Malformed,
    };
    let says = format!("{} ({}, byte {})", fault.says, fault.clause, fault.offset);
    recording.fail(Failure { side: Side::Client, phase: Phase::Request, kind, says });
    recording.open();
    Answer::refusal(fault, &client.shard.settings.pseudonym).send(client, recording, to_head, false)
}

/// One exchange under way.
struct Life {
    client: Arc<Client>,
    recording: Recording,
    head: Head,
    facts: RequestFacts,
    number: u64,
}

impl Life {
    async fn run(self, body: Incoming) -> Response<ResponseBody> {
        note::request_line(&self.recording, &self.head);
        if self.facts.framing == Framing::None {
            self.recording.note(|exchange| exchange.request_body.complete = true);
        }
        let tunnel = self.client.tunnel.as_ref().map(|tunnel| (tunnel.scheme, &tunnel.authority));
        let destination = match hop::route(&self.head, &self.facts, tunnel) {
            Ok(destination) => destination,
            Err(fault) => return self.refuse(&fault),
        };
        note::destination(&self.recording, &destination, self.facts.connect);
        self.recording.open();
        if let Some(answer) =
            credentials::refused(&self.client, &self.recording, &self.head).or_else(|| self.local())
        {
            return self.answer(answer);
        }
        match destination {
            Destination::Origin(route) if self.asks_for_us(&route) => {
                self.answer(page::page(&self.client, &self.head))
            }
            Destination::Ourselves => self.answer(page::page(&self.client, &self.head)),
            Destination::Origin(route) if self.facts.connect => self.connect(&route).await,
            Destination::Origin(route) => self.forward(&route, body).await,
        }
    }

    /// Our own pages, asked for by our name or at our address through ourselves.
    fn asks_for_us(&self, route: &Route) -> bool {
        let named = matches!(route.authority.host.as_str(), "hopscope.internal" | "hopscope");
        let ours = || self.client.shard.is_ourselves(&route.authority) && page::is_page(&self.head);
        !self.facts.connect && self.client.tunnel.is_none() && (named || ours())
    }

    /// CONNECT: a tunnel, or the reason why there is none.
    async fn connect(self, route: &Route) -> Response<ResponseBody> {
        if self.client.shard.is_ourselves(&route.authority) {
            return self.refuse(&blame::self_loop(&self.client.shard.settings.pseudonym));
        }
        let dialed = tunnel::connect(&self.client, route, &self.recording).await;
        dialed.unwrap_or_else(|failure| self.fail(failure))
    }

    /// The request goes to its origin and the answer comes back.
    async fn forward(self, route: &Route, body: Incoming) -> Response<ResponseBody> {
        let shard = &self.client.shard;
        if self.client.tunnel.is_none() && shard.is_ourselves(&route.authority) {
            return self.refuse(&blame::self_loop(&shard.settings.pseudonym));
        }
        let forwarded = match self.through_the_hop(route) {
            Ok(forwarded) => forwarded,
            Err(fault) => return self.refuse(&fault),
        };
        self.recording.note(|exchange| exchange.request_edits = forwarded.edits);
        let mut body = Some(body);
        let mut fresh = false;
        loop {
            let mut upstream = match origin::reach(&self.client, route, &self.recording, fresh).await {
                Ok(upstream) => upstream,
                Err(failure) => return self.fail(failure),
            };
            let reused = upstream.is_used();
            let head = self.out_head(forwarded.raw.clone(), forwarded.framing);
            let outgoing = self.outgoing(&mut body, forwarded.framing, &upstream);
            let mut sending = upstream.send(self.facts.head_method, self.facts.upgrade, head, outgoing);
            match self.wait(&mut upstream, &mut sending).await {
                Ok(upstream::Answer::Response { head, facts, at, body }) => {
                    return self.relay(upstream, (head, facts, at), body, sending.number());
                }
                Ok(upstream::Answer::Refused { raw, fault }) => return self.nonsense(raw, &fault),
                Ok(upstream::Answer::Broken(kind)) if reused && self.may_retry(kind) => {
                    note::attempt(&self.recording, &upstream, kind);
                    fresh = true;
                }
                Ok(upstream::Answer::Broken(kind)) => return self.fail(blame::broken(kind, route)),
                Ok(upstream::Answer::Cut) => return self.fail(blame::cut(self.client.tap.body_fault())),
                Err(failure) => return self.fail(failure),
            }
        }
    }

    /// The head for the origin: as the rules make it, or as it is where a replay asks for that.
    fn through_the_hop(&self, route: &Route) -> Result<Forwarded, Fault> {
        if self.client.is_as_sent() {
            let (raw, framing) = (self.head.raw().clone(), self.facts.framing);
            return Ok(Forwarded { raw, edits: Vec::new(), framing, persistent: true });
        }
        let settings = &self.client.shard.settings;
        let hop = RequestHop {
            pseudonym: &settings.pseudonym,
            via: settings.via,
            route,
            toward: Version::Http11,
        };
        hop::forward_request(&self.head, &self.facts, &hop)
    }

    fn out_head(&self, raw: Bytes, framing: Framing) -> OutHead {
        OutHead { raw, framing, closes: true, of: HeadOf::Request, sent: self.recording.watcher() }
    }

    fn outgoing(&self, body: &mut Option<Incoming>, framing: Framing, upstream: &Upstream) -> RequestBody {
        if matches!(framing, Framing::None | Framing::Length(0)) {
            self.recording.note(|exchange| exchange.request_body.complete = true);
            return RequestBody::Empty;
        }
        let Some(incoming) = body.take() else { return RequestBody::Empty };
        let tee = BodyTee::new(self.recording.clone(), Side::Client);
        let from = (self.client.tap.clone(), self.number);
        let relay =
            Relay::new(incoming, framing, Side::Client, tee, from, upstream.tap().clone()).under(&self.head);
        RequestBody::Relayed(Box::new(relay))
    }

    /// Waits for the final response head; interim ones pass to the client meanwhile.
    async fn wait(
        &self,
        upstream: &mut Upstream,
        sending: &mut Sending,
    ) -> Result<upstream::Answer, Failure> {
        let limit = self.client.shard.settings.limits.response_timeout;
        let mut deadline = Instant::now() + limit;
        poll_fn(|cx| {
            let answer = upstream.poll_answer(cx, sending);
            self.pass_interims(upstream);
            if answer.is_ready() {
                return answer.map(Ok);
            }
            while upstream.poll_until(cx, deadline).is_ready() {
                if !self.is_uploading() {
                    return Poll::Ready(Err(blame::too_slow(limit)));
                }
                deadline = Instant::now() + limit;
            }
            Poll::Pending
        })
        .await
    }

    /// Whether the client is still sending the body: then the origin's time has not begun.
    fn is_uploading(&self) -> bool {
        self.facts.framing != Framing::None && !is_sent(&self.recording)
    }

    /// RFC 9110 15.2: 1xx responses are passed on, but never to an HTTP/1.0 client.
    fn pass_interims(&self, upstream: &Upstream) {
        for (head, facts) in upstream.tap().take_interims() {
            let passed = self.facts.version == Version::Http11 && {
                let raw = hop::forward_interim(&head, &facts, &self.response_hop(true)).raw;
                self.client.tap.inject(&raw)
            };
            let interim =
                Interim { at: self.recording.elapsed(), head: head.raw().clone(), forwarded: passed };
            self.recording.note(|exchange| {
                if exchange.interim.len() < INTERIMS {
                    exchange.interim.push(interim);
                }
            });
        }
    }

    /// The response goes back to the client.
    fn relay(
        self,
        mut upstream: Upstream,
        (head, facts, at): (Head, ResponseFacts, Instant),
        body: Incoming,
        number: u64,
    ) -> Response<ResponseBody> {
        // The answer is over before the request is: nobody sends the rest on (RFC 9112 9.6).
        let bodiless = matches!(facts.framing, Framing::None | Framing::Length(0)) && !facts.switches;
        let early = (self.facts.expects_continue || bodiless) && self.is_uploading();
        let wanted = self.facts.persistent && !early && !self.client.shard.drain.is_cancelled();
        let forwarded = match hop::forward_response(&head, &facts, &self.response_hop(wanted)) {
            Ok(forwarded) => forwarded,
            Err(fault) => return self.nonsense(head.raw().clone(), &fault),
        };
        note::response(&self.recording, &head, &facts, at, forwarded.edits);
        if binds_connection(&self.head, &head) {
            upstream.bind_to_client();
        }
        let over = matches!(forwarded.framing, Framing::None | Framing::Length(0));
        let close = !forwarded.persistent;
        self.client.tap.queue(OutHead {
            raw: forwarded.raw,
            framing: forwarded.framing,
            closes: close,
            of: HeadOf::Response { over: over && !facts.switches },
            sent: self.recording.watcher(),
        });
        if facts.switches {
            return self.switch(upstream);
        }
        self.client.tap.resume(self.number);
        if over {
            self.recording.note(|exchange| exchange.response_body.complete = true);
            upstream.rest();
            if facts.persistent && is_sent(&self.recording) && upstream::is_usable(&mut upstream) {
                self.client.keep(upstream);
            }
            return stand_in(facts.status, ResponseBody::Empty, close);
        }
        let tee = BodyTee::new(self.recording.clone(), Side::Origin);
        let from = (upstream.tap().clone(), number);
        let relay = Relay::new(body, forwarded.framing, Side::Origin, tee, from, self.client.tap.clone())
            .under(&head);
        let body = ResponseBody::relayed(relay, upstream, self.client, self.recording, facts.persistent);
        stand_in(facts.status, body, close)
    }

    fn response_hop(&self, client_persistent: bool) -> ResponseHop<'_> {
        let settings = &self.client.shard.settings;
        ResponseHop {
            pseudonym: &settings.pseudonym,
            via: settings.via,
            client_version: self.facts.version,
            client_persistent,
            now: Some(SystemTime::now()),
        }
    }

    /// 101: the connection is the other protocol's from here on (RFC 9110 7.8).
    fn switch(self, upstream: Upstream) -> Response<ResponseBody> {
        if let Some(origin) = upstream.into_parts() {
            self.recording.note(|exchange| exchange.summary.flags.add(Flags::UPGRADED));
            self.client.then(After::Upgraded { origin, recording: self.recording });
        }
        stand_in(101, ResponseBody::Empty, false)
    }

    /// The origin's answer was refused: 502, and what came is kept (RFC 9110 15.6.3).
    fn nonsense(self, raw: Bytes, fault: &Fault) -> Response<ResponseBody> {
        let at = self.recording.elapsed();
        self.recording.note(|exchange| {
            exchange.heads.response_received = Some(raw);
            exchange.timing.response_head = Some(at);
        });
        let kind = match fault.clause {
            "RFC 6585 5" => Kind::TooLarge,
            "RFC 9112 8" => Kind::Closed,
            _ => Kind::Malformed,
        };
        let says = format!(
            "the origin's answer is not usable: {} ({}, byte {})",
            fault.says, fault.clause, fault.offset
        );
        self.fail(Failure { side: Side::Origin, phase: Phase::Response, kind, says })
    }

    /// RFC 9110 9.2.2: sent again only if that cannot do harm: no byte of an answer came, the
    /// method is idempotent, and there is no body that is gone by now.
    fn may_retry(&self, kind: ErrorKind) -> bool {
        let method = self.head.request_line().map_or(&b""[..], |(method, ..)| method);
        let idempotent = matches!(method, b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"PUT" | b"DELETE");
        let died = matches!(
            kind,
            ErrorKind::UnexpectedEof
                | ErrorKind::ConnectionReset
                | ErrorKind::BrokenPipe
                | ErrorKind::ConnectionAborted
        );
        let unsent = self.recording.note(|exchange| exchange.heads.request_sent.is_none());
        died && matches!(self.facts.framing, Framing::None | Framing::Length(0)) && (idempotent || unsent)
    }

    /// RFC 9110 7.6.2: TRACE and OPTIONS that may go no further are answered here.
    fn local(&self) -> Option<Answer> {
        if self.client.is_as_sent() {
            return None;
        }
        let local = hop::local_answer(&self.head)?;
        Some(Answer::local(local))
    }

    fn refuse(&self, fault: &Fault) -> Response<ResponseBody> {
        self.client.tap.resume(self.number);
        refuse(&self.client, &self.recording, fault, self.facts.head_method)
    }

    fn fail(&self, failure: Failure) -> Response<ResponseBody> {
        let answer = Answer::failure(&failure, &self.client.shard.settings.pseudonym);
        self.recording.fail(failure);
        self.answer(answer)
    }

    /// An answer of ours. The connection stays open only when nothing of the request is left to read.
    fn answer(&self, answer: Answer) -> Response<ResponseBody> {
        self.client.tap.resume(self.number);
        let persistent = self.facts.persistent
            && matches!(self.facts.framing, Framing::None | Framing::Length(0))
            && !self.client.shard.drain.is_cancelled();
        answer.send(&self.client, &self.recording, self.facts.head_method, persistent)
    }
}

/// NTLM and Negotiate authenticate a connection, not a request: it must stay this client's own.
fn binds_connection(request: &Head, response: &Head) -> bool {
    let bound = |value: &[u8]| {
        let scheme = value.split(|byte| *byte == b' ').next().unwrap_or(value);
        scheme.eq_ignore_ascii_case(b"ntlm") || scheme.eq_ignore_ascii_case(b"negotiate")
    };
    request.values("authorization").any(bound) || response.values("www-authenticate").any(bound)
}
