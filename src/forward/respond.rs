//! One exchange, from the request head to the response head.

use super::answer::Answer;
use super::context::Client;
use super::response::ResponseBody;
use super::{blame, credentials, note, page, tunnel};
use crate::exchange::{Failure, Head, Kind, Phase, Side};
use crate::hop::{self, Destination, Fault, Framing, RequestFacts, Route};
use crate::recorder::Recording;
use crate::tap::End;
use crate::upstream::{Abort, Source};
use bytes::Bytes;
use hyper::Response;
use std::sync::Arc;

/// Records a refused head with its failure and answers it.
pub(super) fn refuse(
    client: &Client,
    end: &End,
    recording: &Recording,
    fault: &Fault,
    to_head: bool,
) -> Response<ResponseBody> {
    let kind = match fault.status {
        408 => Kind::TimedOut,
        414 | 431 => Kind::TooLarge,
        508 => Kind::Loop,
        _ => Kind::Malformed,
    };
    let says = format!("{} ({})", fault.says, blame::place(fault, false));
    recording.fail(Failure { side: Side::Client, phase: Phase::Request, kind, says });
    recording.open();
    Answer::refusal(fault, &client.shard.settings.pseudonym).send(end, recording, to_head, false)
}

/// One exchange under way.
pub(super) struct Life {
    pub(super) client: Arc<Client>,
    pub(super) recording: Recording,
    pub(super) head: Head,
    pub(super) facts: RequestFacts,
    /// The client's end.
    pub(super) end: End,
    /// Fields that must not be put into a compression table (RFC 7541 7.1.3).
    pub(super) never_indexed: Vec<Bytes>,
    /// How the origin's stream ends if the client's does.
    pub(super) abort: Abort,
}

impl Life {
    pub(super) async fn run(self, body: Source) -> Response<ResponseBody> {
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
        if let Some(peer) = credentials::asks(&self.client) {
            // Boxed: hardly any exchange waits for this.
            Box::pin(credentials::consent(&self.client, peer)).await;
        }
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
            // Boxed: a tunnel's beginning is larger than the whole of another exchange.
            Destination::Origin(route) if self.facts.connect => Box::pin(self.connect(&route, body)).await,
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
    async fn connect(self, route: &Route, body: Source) -> Response<ResponseBody> {
        if self.client.shard.is_ourselves(&route.authority) {
            return self.refuse(&blame::self_loop(&self.client.shard.settings.pseudonym));
        }
        if let Err(fault) = hop::refuse_loop(&self.head, &self.client.shard.settings.pseudonym) {
            return self.refuse(&fault);
        }
        let dialed = tunnel::connect(&self.client, &self.end, route, &self.recording, body).await;
        dialed.unwrap_or_else(|failure| self.fail(failure))
    }

    /// RFC 9110 7.6.2: TRACE and OPTIONS that may go no further are answered here.
    fn local(&self) -> Option<Answer> {
        if self.client.is_as_sent() {
            return None;
        }
        let local = hop::local_answer(&self.head)?;
        Some(Answer::local(local))
    }

    pub(super) fn refuse(&self, fault: &Fault) -> Response<ResponseBody> {
        self.end.resume();
        refuse(&self.client, &self.end, &self.recording, fault, self.facts.head_method)
    }

    pub(super) fn fail(&self, failure: Failure) -> Response<ResponseBody> {
        let answer = Answer::failure(&failure, &self.client.shard.settings.pseudonym);
        self.recording.fail(failure);
        self.answer(answer)
    }

    /// An answer of ours. The connection stays open only when nothing of the request is left to read.
    fn answer(&self, answer: Answer) -> Response<ResponseBody> {
        self.end.resume();
        let persistent = self.facts.persistent
            && matches!(self.facts.framing, Framing::None | Framing::Length(0))
            && !self.client.shard.drain.is_cancelled();
        answer.send(&self.end, &self.recording, self.facts.head_method, persistent)
    }
}
