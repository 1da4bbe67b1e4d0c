//! Verdicts: what follows from the heads of an exchange, each with the arithmetic that leads to it.
//!
//! A rule says that something is wrong; a verdict says what will happen: kept by a cache and until when,
//! stored as a cookie or not, readable by a script or not. Each engine is one file, pure, and silent where
//! the exchange gives it nothing to say. Times count from the arrival: captures are opened years later.

mod api;
mod auth;
mod cache;
mod conditional;
mod cookies;
mod cors;
mod framing;
mod negotiation;
mod path;
mod redirect;
#[cfg(test)]
mod sample;
mod sent_cookies;
mod sight;
mod step;
mod transport;
mod websocket;

pub use api::Api;
pub use auth::{Auth, Credentials};
pub use cache::{Cache, Source};
pub use conditional::{Conditional, Ranged};
pub use cookies::{Cookie, Fate};
pub use cors::{Cors, CorsKind};
pub use framing::{End, Framing};
pub use negotiation::Negotiation;
pub use path::{Path, Stop};
pub use redirect::Redirect;
pub use sent_cookies::SentCookies;
pub use step::Step;
pub use transport::Transport;
pub use websocket::Handshake;

use super::message::{Message, View};
use crate::exchange::MessageKind;
use serde::Serialize;
use sight::Sight;

/// Everything that follows from the heads of one exchange.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verdicts {
    /// How the request's body is delimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_framing: Option<Framing>,
    /// How the response's body is delimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<Framing>,
    /// Whether it may be kept, by whom, and for how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What the conditions of the request came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditional: Option<Conditional>,
    /// What came of the ranges asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Ranged>,
    /// Each cookie that the response sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<Cookie>,
    /// The cookies that the request carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_cookies: Option<SentCookies>,
    /// Whether a script of another origin may read it, or may send what it asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// Credentials, challenges, and what came of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What was asked for, what came, and what a cache tells requests apart by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negotiation: Option<Negotiation>,
    /// How the client is to reach this host from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// Whether the WebSocket may open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket: Option<Handshake>,
    /// Who passed it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// Where it sends the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<Redirect>,
    /// How many calls are left, and where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,
}

/// One verdict in words.
#[derive(Clone, Copy, Debug)]
pub struct Told<'v> {
    /// Its topic, as in JSON.
    pub topic: &'static str,
    /// Whether something will fail or be refused.
    pub bad: bool,
    /// The verdict in one sentence. May repeat bytes of the message: sanitise before it meets a terminal.
    pub says: &'v str,
    /// What leads to it.
    pub steps: &'v [Step],
    /// The fields it rests on.
    pub fields: &'static [&'static str],
}

/// What follows from the heads of an exchange.
///
/// The response is taken as it was received, the request as the client sent it; what is not known of
/// either is left out. Where the client got another answer, one of ours, what caches and browsers do follows
/// from that one.
#[must_use]
pub fn verdicts(view: &View<'_>) -> Verdicts {
    let of = |kinds: [MessageKind; 2]| {
        let found = kinds.into_iter().find_map(|kind| view.heads[kind as usize].map(|head| (kind, head)));
        found.map(|(kind, head)| Message::of(kind, head))
    };
    let request = of([MessageKind::RequestReceived, MessageKind::RequestSent]);
    let response = of([MessageKind::ResponseReceived, MessageKind::ResponseSent]);
    let got = of([MessageKind::ResponseSent, MessageKind::ResponseReceived]);
    let other = got.as_ref().filter(|got| response.as_ref().is_some_and(|own| own.status() != got.status()));
    let received = Sight { request: request.as_ref(), response: response.as_ref(), view };
    // What was sent on has the last hop in it, which is hopscope.
    let sent = of([MessageKind::RequestSent, MessageKind::RequestReceived]);
    let passed = Sight {
        request: sent.as_ref(),
        response: got.as_ref().filter(|_| other.is_none()).or(response.as_ref()),
        view,
    };
    let sight = Sight { request: request.as_ref(), response: other.or(response.as_ref()), view };
    if view.trailers {
        return Verdicts::default();
    }
    Verdicts {
        request_framing: framing::of_request(&sight),
        framing: framing::of_response(&received),
        cache: cache::of(&sight),
        conditional: conditional::of(&sight),
        range: conditional::of_range(&sight),
        cookies: cookies::of(&sight),
        sent_cookies: sent_cookies::of(&sight),
        cors: cors::of(&sight),
        auth: auth::of(&sight),
        negotiation: negotiation::of(&sight),
        transport: transport::of(&sight),
        websocket: websocket::of(&sight),
        // Of hopscope alone there is nothing to tell.
        path: path::of(&received).and_then(|_| path::of(&passed)),
        redirect: redirect::of(&sight),
        api: api::of(&sight),
    }
}

impl Verdicts {
    /// Each verdict in words, the gravest topics first.
    #[must_use]
    pub fn told(&self) -> Vec<Told<'_>> {
        let mut told = Vec::new();
        told.extend(self.websocket.as_ref().map(Handshake::told));
        told.extend(self.cors.as_ref().map(Cors::told));
        told.extend(self.auth.as_ref().map(Auth::told));
        told.extend(self.redirect.as_ref().map(Redirect::told));
        told.extend(self.conditional.as_ref().map(Conditional::told));
        told.extend(self.range.as_ref().map(Ranged::told));
        told.extend(self.cache.as_ref().map(Cache::told));
        told.extend(self.cookies.iter().map(Cookie::told));
        told.extend(self.sent_cookies.as_ref().map(SentCookies::told));
        told.extend(self.api.as_ref().map(Api::told));
        told.extend(self.negotiation.as_ref().map(Negotiation::told));
        told.extend(self.transport.as_ref().map(Transport::told));
        told.extend(self.path.as_ref().map(Path::told));
        told.extend(self.framing.as_ref().map(|framing| framing.told("framing")));
        told.extend(self.request_framing.as_ref().map(|framing| framing.told("request_framing")));
        told
    }
}
