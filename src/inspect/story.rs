//! Exchanges that belong together: a redirect and what followed, a preflight and its request, a 401 and the
//! next try, a 304 and the stored answer, ranges of one resource, and where a cookie or token was first seen and
//! last used.
//!
//! They are told by what the heads say, among exchanges of one client near each other; nothing is guessed
//! from order alone.

#[path = "story_values.rs"]
mod values;

use super::verdict::Verdicts;
use super::{Recorded, read_date};
use crate::exchange::{Exchange, ExchangeId, Head, MessageKind, Summary};
use serde::Serialize;

/// How another exchange belongs to this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The other one.
    pub id: u64,
    /// `redirected-by`, `leads-to`, `preflight-for`, `preflighted-by`, `tried-again-as`, `again-after`,
    /// `stored-answer`, `still-good-by`, `other-range`, `set-by`, `first-seen`, `last-used`.
    pub tie: &'static str,
    /// In words.
    pub says: String,
}

/// One exchange with what its heads say.
pub struct Chapter<'e> {
    summary: &'e Summary,
    recorded: Recorded,
    verdicts: Verdicts,
}

impl<'e> Chapter<'e> {
    /// Reads an exchange.
    #[must_use]
    pub fn of(exchange: &'e Exchange) -> Self {
        let recorded = Recorded::of(exchange);
        Self { summary: &exchange.summary, verdicts: recorded.verdicts(), recorded }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.summary.id
    }

    fn request(&self) -> Option<&Head> {
        self.recorded.head(MessageKind::RequestReceived)
    }

    fn response(&self) -> Option<&Head> {
        let received = self.recorded.head(MessageKind::ResponseReceived);
        received.or_else(|| self.recorded.head(MessageKind::ResponseSent))
    }

    fn asked(&self, name: &str) -> Option<&[u8]> {
        self.request()?.value(name)
    }

    fn answered(&self, name: &str) -> Option<&[u8]> {
        self.response()?.value(name)
    }

    fn status(&self) -> u16 {
        self.summary.status.unwrap_or(0)
    }

    /// The other as people name it: `#12 GET, 302`.
    fn named(&self) -> String {
        let status = self.summary.status.map(|status| format!(", {status}")).unwrap_or_default();
        format!("#{} {}{status}", self.summary.id.0, self.summary.method)
    }
}

/// Whether two rows may belong together at all, so that it is worth reading the other: one client, and one
/// site or a redirect between them.
#[must_use]
pub fn may_belong(this: &Summary, other: &Summary) -> bool {
    let redirect = |row: &Summary| row.status.is_some_and(|status| (300..400).contains(&status));
    let same = site(&this.host) == site(&other.host);
    this.id != other.id && client(this) == client(other) && (same || redirect(this) || redirect(other))
}

/// Every way in which others belong to this one, in their order. Others of another client are passed by.
#[must_use]
pub fn links(this: &Chapter<'_>, others: &[Chapter<'_>]) -> Vec<Link> {
    let own = client(this.summary);
    let near = others.iter().filter(|other| other.id() != this.id() && client(other.summary) == own);
    let (before, after): (Vec<_>, Vec<_>) = near.partition(|other| other.id() < this.id());
    let mut links = Vec::new();
    // The nearest one is the one that is meant.
    let tie = |links: &mut Vec<Link>, found: Option<&&Chapter<'_>>, tie: &'static str, says: &str| {
        if let Some(other) = found {
            links.push(Link { id: other.id().0, tie, says: format!("{says} {}", other.named()) });
        }
    };
    let last = |test: &dyn Fn(&Chapter<'_>) -> bool| before.iter().rev().find(|other| test(other)).copied();
    let next = |test: &dyn Fn(&Chapter<'_>) -> bool| after.iter().find(|other| test(other)).copied();
    tie(&mut links, last(&|other| redirects(other, this)).as_ref(), "redirected-by", "sent here by");
    tie(
        &mut links,
        last(&|other| is_preflight_of(other, this)).as_ref(),
        "preflighted-by",
        "allowed by the preflight",
    );
    tie(&mut links, last(&|other| is_again(other, this)).as_ref(), "again-after", "with credentials after");
    tie(
        &mut links,
        last(&|other| is_stored_for(other, this)).as_ref(),
        "stored-answer",
        "the stored answer came with",
    );
    tie(
        &mut links,
        last(&|other| is_other_range(other, this)).as_ref(),
        "other-range",
        "another range of it came with",
    );
    tie(&mut links, next(&|other| redirects(this, other)).as_ref(), "leads-to", "followed by");
    tie(&mut links, next(&|other| is_preflight_of(this, other)).as_ref(), "preflight-for", "preflight for");
    tie(
        &mut links,
        next(&|other| is_again(this, other)).as_ref(),
        "tried-again-as",
        "tried again with credentials as",
    );
    tie(
        &mut links,
        next(&|other| is_stored_for(this, other)).as_ref(),
        "still-good-by",
        "found still good by",
    );
    links.extend(values::links(this, &before, &after));
    links
}

/// What hosts share a cookie jar's corner: the domain that somebody registered, or the host itself.
fn site(host: &str) -> &str {
    let bare = super::recorded::without_port(host);
    psl::domain_str(bare).unwrap_or(bare)
}

/// Whether the first one's Location leads to the second (RFC 9110 15.4).
fn redirects(from: &Chapter<'_>, to: &Chapter<'_>) -> bool {
    let Some(redirect) = &from.verdicts.redirect else { return false };
    let target = redirect.to.split('#').next().unwrap_or_default();
    redirect.method == to.summary.method && same_address(target, &to.summary.url())
}

/// Whether the first asks whether the second may be sent (Fetch, CORS-preflight fetch).
fn is_preflight_of(first: &Chapter<'_>, second: &Chapter<'_>) -> bool {
    first.summary.method == "OPTIONS"
        && first.asked("Access-Control-Request-Method") == Some(second.summary.method.as_bytes())
        && first.asked("Origin").is_some_and(|origin| second.asked("Origin") == Some(origin))
        && same_address(&first.summary.url(), &second.summary.url())
}

/// Whether the second asks the same with credentials that the first, refused, did not have (RFC 9110 11.6).
fn is_again(first: &Chapter<'_>, second: &Chapter<'_>) -> bool {
    let field = match first.status() {
        401 => "Authorization",
        407 => "Proxy-Authorization",
        _ => return false,
    };
    first.summary.method == second.summary.method
        && second.asked(field).is_some_and(|credentials| first.asked(field) != Some(credentials))
        && same_address(&first.summary.url(), &second.summary.url())
}

/// Whether the second says that what the first brought is still good (RFC 9110 15.4.5).
fn is_stored_for(first: &Chapter<'_>, second: &Chapter<'_>) -> bool {
    if second.status() != 304
        || first.status() != 200
        || !same_address(&first.summary.url(), &second.summary.url())
    {
        return false;
    }
    let tag = first.answered("ETag").map(opaque);
    let asked = second.request().into_iter().flat_map(|head| head.members("If-None-Match"));
    let by_tag = tag.is_some_and(|tag| asked.map(opaque).any(|one| one == tag));
    let time =
        |value: Option<&[u8]>| value.and_then(|value| read_date(value, None).ok()).map(|date| date.unix);
    let modified = time(first.answered("Last-Modified"));
    by_tag || (tag.is_none() && modified.is_some() && modified == time(second.asked("If-Modified-Since")))
}

/// Whether both brought parts of the same state of one resource (RFC 9110 14).
fn is_other_range(first: &Chapter<'_>, second: &Chapter<'_>) -> bool {
    first.status() == 206
        && second.status() == 206
        && first.answered("ETag").is_some()
        && first.answered("ETag") == second.answered("ETag")
        && same_address(&first.summary.url(), &second.summary.url())
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// The client's address without its port: a browser uses several connections.
fn client(summary: &Summary) -> &str {
    summary.client.rsplit_once(':').map_or(summary.client.as_str(), |(host, _)| host)
}

/// Whether two addresses are the same once both are written alike.
fn same_address(one: &str, other: &str) -> bool {
    one == other
        || url::Url::parse(one).ok().is_some_and(|one| url::Url::parse(other).is_ok_and(|other| one == other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Body, ConnectionId, Heads, Scheme, State, Timing};
    use bytes::Bytes;

    fn exchange(id: u64, method: &str, path: &str, asked: &str, status: u16, answered: &str) -> Exchange {
        let head = |text: String| Some(Bytes::from(text.replace('\n', "\r\n") + "\r\n"));
        let summary = Summary {
            id: ExchangeId(id),
            started: 0,
            client: format!("127.0.0.1:{}", 50_000 + id),
            scheme: Scheme::Https,
            method: method.to_owned(),
            host: "shop.test".to_owned(),
            path: path.to_owned(),
            version: "HTTP/1.1".to_owned(),
            status: Some(status),
            state: State::Done,
            request_bytes: 0,
            response_bytes: 0,
            messages: 0,
            duration: Some(1),
            ttfb: Some(1),
            media_type: None,
            failure: None,
            flags: crate::exchange::Flags::default(),
            parent: None,
            note: None,
        };
        Exchange {
            summary,
            heads: Heads {
                request_received: head(format!("{method} {path} HTTP/1.1\nHost: shop.test\n{asked}")),
                response_received: head(format!("HTTP/1.1 {status} x\n{answered}")),
                ..Heads::default()
            },
            request_edits: Vec::new(),
            response_edits: Vec::new(),
            request_body: Body::default(),
            response_body: Body::default(),
            interim: Vec::new(),
            attempts: Vec::new(),
            frames: Vec::new(),
            timing: Timing::default(),
            client_connection: ConnectionId(1),
            origin_connection: None,
            tunnel: None,
            tunnelled: None,
        }
    }

    /// The ties of the exchange of that number among all of them.
    fn ties(exchanges: &[Exchange], id: u64) -> Vec<(u64, &'static str)> {
        let chapters: Vec<_> = exchanges.iter().map(Chapter::of).collect();
        let this = chapters.iter().find(|chapter| chapter.id() == ExchangeId(id)).unwrap();
        links(this, &chapters).into_iter().map(|link| (link.id, link.tie)).collect()
    }

    #[test]
    fn rfc9110_15_4_a_redirect_and_what_followed() {
        let all = [
            exchange(1, "POST", "/login", "", 303, "Location: /account\n"),
            exchange(2, "GET", "/other", "", 200, ""),
            exchange(3, "GET", "/account", "", 200, ""),
        ];
        assert_eq!(ties(&all, 1), [(3, "leads-to")]);
        assert_eq!(ties(&all, 3), [(1, "redirected-by")]);
        assert_eq!(ties(&all, 2), []);
    }

    #[test]
    fn fetch_4_8_a_preflight_and_its_request() {
        let origin = "Origin: https://app.test\n";
        let asks = format!("{origin}Access-Control-Request-Method: PUT\n");
        let all = [
            exchange(1, "OPTIONS", "/a", &asks, 204, ""),
            exchange(2, "PUT", "/b", origin, 200, ""),
            exchange(3, "PUT", "/a", origin, 200, ""),
        ];
        assert_eq!(ties(&all, 1), [(3, "preflight-for")]);
        assert_eq!(ties(&all, 3), [(1, "preflighted-by")]);
    }

    #[test]
    fn rfc9110_11_6_a_refusal_and_the_next_try() {
        let all = [
            exchange(1, "GET", "/a", "", 401, ""),
            exchange(2, "GET", "/a", "", 401, ""),
            exchange(3, "GET", "/a", "Authorization: Basic YTpi\n", 200, ""),
        ];
        assert_eq!(ties(&all, 2), [(3, "tried-again-as")]);
        assert_eq!(ties(&all, 3), [(2, "again-after")]);
    }

    #[test]
    fn rfc9110_15_4_5_a_304_and_the_stored_answer() {
        let all = [
            exchange(1, "GET", "/a", "", 200, "ETag: W/\"1\"\n"),
            exchange(2, "GET", "/a", "", 200, "ETag: \"2\"\n"),
            exchange(3, "GET", "/a", "If-None-Match: \"1\"\n", 304, "ETag: \"1\"\n"),
        ];
        assert_eq!(ties(&all, 3), [(1, "stored-answer")]);
        assert_eq!(ties(&all, 1), [(3, "still-good-by")]);
        assert_eq!(ties(&all, 2), []);
    }

    #[test]
    fn rfc9110_14_ranges_of_one_state() {
        let all = [
            exchange(1, "GET", "/v", "Range: bytes=0-4\n", 206, "ETag: \"1\"\n"),
            exchange(2, "GET", "/v", "Range: bytes=5-9\n", 206, "ETag: \"1\"\n"),
        ];
        assert_eq!(ties(&all, 2), [(1, "other-range")]);
    }

    #[test]
    fn a_cookie_and_a_token_from_first_to_last() {
        let sid = "Cookie: sid=8f3a77c2d19b\n";
        let token = "Authorization: Bearer abcdefgh\n";
        let all = [
            exchange(1, "POST", "/login", "", 200, "Set-Cookie: sid=8f3a77c2d19b; Path=/\n"),
            exchange(2, "GET", "/a", &format!("{sid}{token}"), 200, ""),
            exchange(3, "GET", "/b", "Cookie: sid=another-value\n", 200, ""),
            exchange(4, "GET", "/c", &format!("{token}{sid}"), 200, ""),
        ];
        assert_eq!(ties(&all, 1), [(4, "last-used")]);
        assert_eq!(ties(&all, 2), [(1, "set-by"), (4, "last-used"), (4, "last-used")]);
        assert_eq!(ties(&all, 3), []);
        assert_eq!(ties(&all, 4), [(2, "first-seen"), (1, "set-by")]);
        let chapters: Vec<_> = all.iter().map(Chapter::of).collect();
        let told = links(&chapters[3], &chapters);
        assert_eq!(told[0].says, "Authorization (Bearer) was first seen in #2 GET, 200");
        assert_eq!(told[1].says, "cookie sid was set by #1 POST, 200");
        assert!(!format!("{told:?}").contains("8f3a77"), "a value is told");
    }

    #[test]
    fn another_clients_exchanges_are_another_story() {
        let mut all =
            [exchange(1, "GET", "/a", "", 302, "Location: /b\n"), exchange(2, "GET", "/b", "", 200, "")];
        all[1].summary.client = "192.0.2.7:80".to_owned();
        assert_eq!(ties(&all, 1), []);
    }
}
