//! The response on its way back: its head by the rules, its body relayed, or what it becomes instead.

use super::answer::stand_in;
use super::blame;
use super::context::After;
use super::note::{self, is_sent};
use super::respond::Life;
use super::response::{ResponseBody, Rest, Switched};
use super::upload;
use crate::exchange::{Failure, Flags, Head, Kind, Phase, Side};
use crate::hop::{self, Fault, Framing, ResponseHop};
use crate::recorder::BodyTee;
use crate::tap::{End, HeadOf, OutHead};
use crate::upstream::parent::{self, Through};
use crate::upstream::{self, Joint, Received, Relay, Source, Upstream};
use bytes::Bytes;
use hyper::Response;
use std::time::SystemTime;

impl Life {
    /// The response goes back to the client.
    pub(super) fn relay(
        self,
        mut upstream: Upstream,
        received: Received,
        body: Option<Source>,
    ) -> Response<ResponseBody> {
        let Received { head, facts, at, body: answer, from, never_indexed } = received;
        let (head, facts) = (&head, &facts);
        if let Through::Proxy(_) = upstream.key().through
            && facts.status >= 400
            && let Some(failure) = self.turned_away(&upstream, head, facts.status)
        {
            return self.not_let_through(head.raw().clone(), failure);
        }
        let opened = (200..300).contains(&facts.status);
        if self.facts.extended && opened && !from.is_http2() {
            return self.fail(blame::no_switch(facts.status));
        }
        // An Upgrade that went on as an extended CONNECT: success is a 101 to the client (RFC 8441 5).
        let accept = self.websocket_key(&from).filter(|_| opened).map(|key| hop::websocket_accept(&key));
        let switches = facts.switches || (self.facts.extended && opened) || accept.is_some();
        // An early answer, behind which nobody takes the rest of the request: the client is told
        // (RFC 9112 9.5, 9.6). Else the request goes on (RFC 9110 7.5).
        let uploading = self.is_uploading();
        let early = uploading && (self.facts.expects_continue || !facts.persistent);
        let wanted = self.facts.persistent && !early && !self.client.shard.drain.is_cancelled();
        let key = self.key_of_ours();
        let checked =
            if facts.switches { hop::check_switch(&self.head, head, key.as_deref()) } else { Ok(()) };
        let hop = ResponseHop { websocket_accept: accept.as_deref(), ..self.response_hop(wanted) };
        let forwarded = match checked.and_then(|()| hop::forward_response(head, facts, &hop)) {
            Ok(forwarded) => forwarded,
            Err(fault) => return self.nonsense(head.raw().clone(), &fault),
        };
        note::response(&self.recording, head, facts, at, forwarded.edits);
        if binds_connection(&self.head, head) {
            upstream.bind_to_client();
        }
        let over = matches!(forwarded.framing, Framing::None | Framing::Length(0)) && !switches;
        let close = !forwarded.persistent;
        let upload = uploading && !early && (!close || self.end.is_http2());
        let of = HeadOf::Response { over: over && (!upload || self.end.is_http2()) };
        let sent = self.recording.watcher();
        let out = OutHead { raw: forwarded.raw, framing: forwarded.framing, closes: close, of, sent };
        self.end.queue(out, never_indexed);
        if switches {
            if accept.is_some() {
                self.recording.note(|exchange| exchange.summary.status = Some(101));
            }
            return self.switch(upstream, answer, body);
        }
        self.end.resume();
        if over {
            let rest = Rest { keep: facts.persistent, upload };
            let body = self.over(upstream, rest);
            return stand_in(facts.status, body, close);
        }
        let tee = BodyTee::of_response(self.recording.clone(), &self.head, head);
        let ends = (self.end.clone(), from.clone());
        let relay = Relay::new(answer, forwarded.framing, Side::Origin, tee, from, self.end).under(head);
        let rest = Rest { keep: facts.persistent, upload: !early && !close };
        let body = ResponseBody::relayed(relay, upstream, self.client, ends, self.recording, rest);
        stand_in(facts.status, body, close)
    }

    /// The parent proxy wants credentials of us: the client has none for it, and none are passed on
    /// (RFC 9110 11.7.1). Another answer that a proxy made is passed on, and told apart from the origin's.
    fn turned_away(&self, upstream: &Upstream, head: &Head, status: u16) -> Option<Failure> {
        let parent = self.client.shard.parent(upstream.key().through)?;
        if status == 407 {
            return Some(parent::refusal(parent, &upstream.key().authority, head, status));
        }
        if let Some(words) = parent::is_from_a_proxy(head, status) {
            let what = format!("passed on an answer that a proxy made, not the origin: {words}");
            self.recording.fail(parent::failed(parent, Kind::Unreachable, &what));
        }
        None
    }

    fn not_let_through(self, raw: Bytes, failure: Failure) -> Response<ResponseBody> {
        let at = self.recording.elapsed();
        self.recording.note(|exchange| {
            exchange.heads.response_received = Some(raw);
            exchange.timing.response_head = Some(at);
        });
        self.fail(failure)
    }

    /// A response that ends with its head.
    fn over(self, mut upstream: Upstream, rest: Rest) -> ResponseBody {
        self.recording.note(|exchange| exchange.response_body.complete = true);
        upstream.rest();
        if rest.upload && self.end.is_http2() {
            return ResponseBody::Uploading(upstream);
        }
        if rest.upload {
            upload::go_on(self.client, upstream, self.recording);
        } else if rest.keep && is_sent(&self.recording) && upstream::is_usable(&mut upstream) {
            self.client.keep(upstream);
        }
        ResponseBody::Empty
    }

    pub(super) fn response_hop(&self, client_persistent: bool) -> ResponseHop<'_> {
        let settings = &self.client.shard.settings;
        ResponseHop {
            pseudonym: &settings.pseudonym,
            via: settings.via,
            client_version: self.facts.version,
            client_persistent,
            now: Some(SystemTime::now()),
            websocket_accept: None,
        }
    }

    /// The client's key, where its Upgrade went on to this end as an extended CONNECT.
    fn websocket_key(&self, from: &End) -> Option<Vec<u8>> {
        let translated = !self.facts.extended && from.is_http2() && self.opens_websocket();
        self.head.value("Sec-WebSocket-Key").filter(|_| translated).map(<[u8]>::to_vec)
    }

    /// The key that was sent in place of an extended CONNECT's, which has none (RFC 8441 5).
    fn key_of_ours(&self) -> Option<Vec<u8>> {
        let sent = self.recording.note(|exchange| exchange.heads.request_sent.clone());
        let sent = Head::parse(sent.filter(|_| self.facts.extended)?);
        sent.value("Sec-WebSocket-Key").filter(|_| self.opens_websocket()).map(<[u8]>::to_vec)
    }

    /// 101, or 2xx to an extended CONNECT: what carried the request is the other protocol's from here on
    /// (RFC 9110 7.8, RFC 8441 5).
    fn switch(self, upstream: Upstream, answer: Source, body: Option<Source>) -> Response<ResponseBody> {
        let joint = Joint::default();
        let Some(origin) = upstream.into_parts(answer, &joint) else {
            return stand_in(101, ResponseBody::Empty, false);
        };
        self.recording.note(|exchange| exchange.summary.flags.add(Flags::UPGRADED));
        match body {
            Some(body) if self.end.is_http2() => {
                self.recording.note(|exchange| exchange.summary.status = Some(200));
                let switched = Switched { origin, body, joint, recording: self.recording };
                stand_in(200, ResponseBody::Switched(Box::new(switched)), false)
            }
            _ => {
                self.client.then(After::Upgraded { origin, recording: self.recording });
                stand_in(101, ResponseBody::Empty, false)
            }
        }
    }

    /// The origin's answer was refused: 502, and what came is kept (RFC 9110 15.6.3).
    pub(super) fn nonsense(self, raw: Bytes, fault: &Fault) -> Response<ResponseBody> {
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
        let says =
            format!("the origin's answer is not usable: {} ({})", fault.says, blame::place(fault, false));
        self.fail(Failure { side: Side::Origin, phase: Phase::Response, kind, says })
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
