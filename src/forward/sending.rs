//! The request on its way: the connection, the head for it, the body, and the wait for an answer.

use super::answer::stand_in;
use super::note::{self, is_sent};
use super::origin::{self, Wanted};
use super::respond::Life;
use super::response::ResponseBody;
use super::{blame, parent, websocket};
use crate::config::Reuse;
use crate::exchange::{Failure, Head, Interim, Side};
use crate::hop::{self, Fault, Forwarded, Framing, RequestHop, Route, Version};
use crate::recorder::BodyTee;
use crate::tap::{End, HeadOf, Interims, OutHead};
use crate::upstream::{self, Awaited, Broken, Relay, RequestBody, Sending, Source, Upstream};
use bytes::Bytes;
use h2::Reason;
use hyper::Response;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::Poll;
use std::time::Instant;

/// 1xx responses kept of one exchange; more are passed on and not kept.
const INTERIMS: usize = 100;
/// Times that a request is sent again at most; an origin that always refuses has answered.
const AGAIN: usize = 3;

/// A request's body on this side of its way.
enum Upload {
    /// Nothing of it has gone out.
    First(Source),
    /// What went out, nobody has looked at: it goes out again.
    Again(Box<Relay>),
}

impl Life {
    /// The request goes to its origin and the answer comes back.
    pub(super) async fn forward(self, route: &Route, body: Source) -> Response<ResponseBody> {
        let shard = &self.client.shard;
        if self.client.tunnel.is_none() && shard.is_ourselves(&route.authority) {
            return self.refuse(&blame::self_loop(&shard.settings.pseudonym));
        }
        let (mut body, mut wanted) = (Some(Upload::First(body)), self.wanted(route));
        // What may go no further reaches no origin, so the head is made first.
        let mut ready = match self.through_the_hop(route, wanted.version) {
            Ok(forwarded) => Some((wanted.version, forwarded)),
            Err(fault) => return self.refuse(&fault),
        };
        for sent in 0.. {
            let mut upstream = match origin::reach(&self.client, route, &self.recording, wanted).await {
                Ok(upstream) => upstream,
                Err(failure) => return self.fail(failure),
            };
            // Extended CONNECT only where the origin has said so (RFC 8441 3); else as an Upgrade.
            let shared = upstream.shared().filter(|_| self.facts.extended || self.opens_websocket()).cloned();
            if let Some(shared) = shared
                && !shared.takes_extended_connect().await
            {
                if wanted.only {
                    return self.fail(blame::no_extended_connect(route));
                }
                wanted = Wanted { version: Version::Http11, only: true, ..wanted };
                continue;
            }
            upstream.belongs_to(&self.recording, &self.abort);
            let version = upstream.version();
            if version == Version::Http2
                && !self.facts.extended
                && self.opens_websocket()
                && let Err(fault) = has_key(&self.head)
            {
                return self.refuse(&fault);
            }
            let ready = ready.take().filter(|(made_for, _)| *made_for == version);
            let made = ready.map_or_else(|| self.through_the_hop(route, version), |(_, made)| Ok(made));
            let forwarded = match made {
                Ok(forwarded) => forwarded,
                Err(fault) => return self.refuse(&fault),
            };
            let outcome = self.send(&mut upstream, forwarded, &mut body).await;
            let broken = match outcome {
                Ok(upstream::Answer::Response(received)) => {
                    let untouched = body.and_then(Upload::into_source);
                    return self.relay(upstream, received, untouched);
                }
                Ok(upstream::Answer::Refused { raw, fault }) => return self.nonsense(raw, &fault),
                Ok(upstream::Answer::Cut) => return self.fail(blame::cut(self.end.body_fault())),
                Ok(upstream::Answer::Broken(broken)) => broken,
                Err(failure) => return self.fail(failure),
            };
            if upstream.is_stalled() {
                return self.fail(blame::unread(Side::Origin, shard.settings.limits.write_timeout));
            }
            body = body.or_else(|| upstream.reclaim().map(Upload::Again));
            if sent >= AGAIN || !self.may_retry(broken, upstream.is_reused(), body.is_some()) {
                return self.broken(broken, route, !upstream.is_reused());
            }
            note::attempt(&self.recording, &upstream, broken);
            wanted.fresh = true;
        }
        self.broken(Broken::Lost(ErrorKind::UnexpectedEof), route, false)
    }

    /// What to ask for: what the origin is believed to speak, but HTTP/1.1 for an Upgrade, which has no
    /// other form (RFC 9110 7.8).
    fn wanted(&self, route: &Route) -> Wanted {
        let only = self.facts.upgrade || self.client.is_as_sent();
        let version = if only { Version::Http11 } else { self.client.toward(route) };
        Wanted { version, only, fresh: false }
    }

    /// One sending, up to the answer's head.
    async fn send(
        &self,
        upstream: &mut Upstream,
        forwarded: Forwarded,
        body: &mut Option<Upload>,
    ) -> Result<upstream::Answer, Failure> {
        let (framing, awaited) = (forwarded.framing, Awaited::default());
        self.recording.note(|exchange| exchange.request_edits = forwarded.edits);
        let head = (self.out_head(forwarded.raw, framing), self.never_indexed.clone());
        let http1 = upstream.version() != Version::Http2;
        let switches = self.facts.extended || if http1 { self.facts.upgrade } else { self.opens_websocket() };
        let form = (self.facts.head_method, switches);
        match upstream.send(form, head, |end| self.outgoing(body, framing, end, &awaited)) {
            Ok(mut sending) => self.wait(upstream, &mut sending, &awaited).await,
            Err(broken) => Ok(upstream::Answer::Broken(broken)),
        }
    }

    /// The origin failed before it answered, on a `fresh` connection or one used before. Its `RST_STREAM`
    /// is carried over to a client that has one (RFC 9113 7); any other client, and any other failure, is
    /// answered in words.
    fn broken(self, broken: Broken, route: &Route, fresh: bool) -> Response<ResponseBody> {
        let in_vain = fresh && self.client.shard.tls.asked_in_vain(&route.authority.host);
        let failure = blame::broken(broken, route, self.client.asked_parent(route), in_vain);
        match broken {
            Broken::Reset(code) if self.end.is_http2() => {
                self.recording.fail(failure);
                stand_in(502, ResponseBody::Reset(code), false)
            }
            _ => self.fail(failure),
        }
    }

    /// The head for the origin: as the rules make it, or as it is where a replay asks for that.
    fn through_the_hop(&self, route: &Route, toward: Version) -> Result<Forwarded, Fault> {
        if self.client.is_as_sent() {
            let (raw, framing) = (self.head.raw().clone(), self.facts.framing);
            return Ok(Forwarded { raw, edits: Vec::new(), framing, persistent: true });
        }
        let settings = &self.client.shard.settings;
        let key = (self.facts.extended && toward != Version::Http2).then(websocket::key);
        let hop = RequestHop {
            pseudonym: &settings.pseudonym,
            via: settings.via,
            route,
            toward,
            websocket_key: key.as_deref(),
            persistent: settings.origin.reuse != Reuse::Never,
        };
        match self.client.asked_parent(route) {
            None => hop::forward_request(&self.head, &self.facts, &hop),
            Some(asked) => {
                hop::forward_to_parent(&self.head, &self.facts, &hop, parent::authorization(asked).as_deref())
            }
        }
    }

    /// Whether it asks for a WebSocket, by either form, so that one can be made of the other.
    pub(super) fn opens_websocket(&self) -> bool {
        !self.client.is_as_sent() && hop::opens_websocket(&self.head, &self.facts)
    }

    fn out_head(&self, raw: Bytes, framing: Framing) -> OutHead {
        OutHead { raw, framing, closes: true, of: HeadOf::Request, sent: self.recording.watcher() }
    }

    fn outgoing(
        &self,
        body: &mut Option<Upload>,
        framing: Framing,
        end: &End,
        awaited: &Awaited,
    ) -> RequestBody {
        // What follows an extended CONNECT is no body, but another protocol's.
        if self.facts.extended || (end.is_http2() && self.opens_websocket()) {
            return if end.is_http2() { RequestBody::Open } else { RequestBody::Empty };
        }
        if matches!(framing, Framing::None | Framing::Length(0)) {
            self.recording.note(|exchange| exchange.request_body.complete = true);
            return RequestBody::Empty;
        }
        let relay = match body.take() {
            None => return RequestBody::Empty,
            Some(Upload::Again(relay)) => relay.again(framing, end.clone()),
            Some(Upload::First(source)) => {
                let tee = BodyTee::of_request(self.recording.clone(), &self.head);
                Relay::new(source, framing, Side::Client, tee, self.end.clone(), end.clone())
                    .under(&self.head)
            }
        };
        RequestBody::Relayed(Box::new(relay.telling(awaited)))
    }

    /// Waits for the final response head; interim ones pass to the client meanwhile. The origin has its time
    /// from when it has the whole request, and until then the client must go on sending it.
    async fn wait(
        &self,
        upstream: &mut Upstream,
        sending: &mut Sending,
        awaited: &Awaited,
    ) -> Result<upstream::Answer, Failure> {
        let limits = &self.client.shard.settings.limits;
        let (limit, stall) = (limits.response_timeout, limits.body_timeout);
        let mut deadline = Instant::now() + limit;
        poll_fn(|cx| {
            let answer = upstream.poll_answer(cx, sending);
            self.pass_interims(upstream.interims(cx));
            if answer.is_ready() {
                return answer.map(Ok);
            }
            loop {
                let stalled = awaited.since().map(|since| since + stall);
                if upstream.poll_until(cx, stalled.map_or(deadline, |at| at.min(deadline))).is_pending() {
                    return Poll::Pending;
                }
                let now = Instant::now();
                if stalled.is_some_and(|at| at <= now) {
                    return Poll::Ready(Err(blame::stalled(stall)));
                }
                if !self.is_uploading() {
                    return Poll::Ready(Err(blame::too_slow(limit)));
                }
                deadline = now + limit;
            }
        })
        .await
    }

    /// Whether the client is still sending the body: then the origin's time has not begun.
    pub(super) fn is_uploading(&self) -> bool {
        self.facts.framing != Framing::None && !self.facts.extended && !is_sent(&self.recording)
    }

    /// RFC 9110 15.2: 1xx responses are passed on, but never to an HTTP/1.0 client.
    fn pass_interims(&self, interims: Interims) {
        for (head, facts) in interims {
            let passed = self.facts.version >= Version::Http11 && {
                let raw = hop::forward_interim(&head, &facts, &self.response_hop(true)).raw;
                self.end.inject(&raw)
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

    /// RFC 9110 9.2.2: sent again only if that cannot do harm: no byte of an answer came, the
    /// method is idempotent, and there is no body that is gone by now. What an origin has not looked at
    /// can be sent again whatever the method, with its body if that is `still_there` (RFC 9113 8.7).
    fn may_retry(&self, broken: Broken, reused: bool, still_there: bool) -> bool {
        let bodiless = matches!(self.facts.framing, Framing::None | Framing::Length(0));
        let kind = match broken {
            Broken::Unprocessed(_) => return bodiless || still_there,
            Broken::Alert(_) => return false,
            Broken::Reset(code) => {
                return code == u32::from(Reason::REFUSED_STREAM) && (bodiless || still_there);
            }
            Broken::Lost(_) if !bodiless => return false,
            Broken::Lost(kind) => kind,
        };
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
        died && reused && (idempotent || unsent)
    }
}

/// Without a key there is no answer to a client's Upgrade (RFC 6455 4.2.1); the origin that could say so is not
/// told of it (RFC 8441 5).
fn has_key(head: &Head) -> Result<(), Fault> {
    let says = "The request asks for a WebSocket without a Sec-WebSocket-Key.";
    head.value("Sec-WebSocket-Key").map(|_| ()).ok_or_else(|| Fault::new(400, 0, "RFC 6455 4.2.1", says))
}

impl Upload {
    /// The body as it comes, if nothing of it has gone out.
    fn into_source(self) -> Option<Source> {
        match self {
            Self::First(source) => Some(source),
            Self::Again(_) => None,
        }
    }
}
