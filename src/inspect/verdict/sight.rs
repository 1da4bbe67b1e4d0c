//! What the engines look at: one request, one response, and what is known around them.

use crate::exchange::Scheme;
use crate::inspect::message::{Directive, Line, Message, View};
use crate::inspect::value::read_date;
use std::borrow::Cow;

/// Both heads of an exchange, as far as they are known.
pub(super) struct Sight<'a> {
    pub(super) request: Option<&'a Message<'a>>,
    pub(super) response: Option<&'a Message<'a>>,
    pub(super) view: &'a View<'a>,
}

impl<'a> Sight<'a> {
    /// The method; GET where the request is not known, for most answers answer that.
    pub(super) fn method(&self) -> &'a [u8] {
        self.request.map_or(&b"GET"[..], |request| request.method())
    }

    /// The first line of a field of the request.
    pub(super) fn asked(&self, name: &str) -> Option<&'a Line<'a>> {
        self.request?.first(name)
    }

    /// The first line of a field of the response.
    pub(super) fn answered(&self, name: &str) -> Option<&'a Line<'a>> {
        self.response?.first(name)
    }

    /// When the response arrived; by its own Date where that is not known.
    pub(super) fn arrived(&self) -> Option<i64> {
        self.view.arrived.or_else(|| self.date())
    }

    /// What Date says.
    pub(super) fn date(&self) -> Option<i64> {
        read_date(self.answered("Date")?.value, self.view.arrived).ok().map(|date| date.unix)
    }

    /// Scheme and host as an origin; the port is in it only where Host or the target gives one.
    pub(super) fn origin(&self) -> Option<String> {
        let scheme = self.view.scheme?.as_str();
        let authority = self.authority()?;
        let port = if self.view.scheme == Some(Scheme::Https) { ":443" } else { ":80" };
        let bare = authority.strip_suffix(port).unwrap_or(&authority);
        Some(format!("{scheme}://{bare}").to_ascii_lowercase())
    }

    /// The authority that the client asked, as it wrote it.
    fn authority(&self) -> Option<String> {
        let from_target = self.request.and_then(|request| {
            let target = std::str::from_utf8(request.target()).ok()?;
            let rest = target.split_once("://")?.1;
            rest.split(['/', '?', '#']).next().map(str::to_owned)
        });
        let from_pseudo = || {
            let line = self.request?.pseudo.iter().find(|line| line.is(":authority"))?;
            Some(text(line.value).into_owned())
        };
        let from_host = || Some(text(self.asked("Host")?.value).into_owned());
        from_target.or_else(from_pseudo).or_else(from_host).or_else(|| self.view.host.map(str::to_owned))
    }

    /// The path of the target, without its query.
    pub(super) fn path(&self) -> Option<String> {
        let target = text(self.request?.target()).into_owned();
        let path = match target.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
            None => &target,
        };
        path.split(['?', '#']).next().filter(|path| path.starts_with('/')).map(str::to_owned)
    }

    /// The whole address, where it is known.
    pub(super) fn url(&self) -> Option<url::Url> {
        let target = text(self.request?.target());
        let whole = if target.contains("://") { target.into_owned() } else { self.origin()? + &target };
        url::Url::parse(&whole).ok()
    }

    /// Whether a browser takes the place for trustworthy: TLS, or this machine itself.
    pub(super) fn is_trustworthy(&self) -> bool {
        let local = self.view.host.is_some_and(|host| {
            host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "::1"
        });
        self.view.scheme != Some(Scheme::Http) || local
    }
}

/// Bytes as text, what is not UTF-8 replaced.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The first directive of that name in Cache-Control.
pub(super) fn directive<'m>(message: &'m Message<'m>, name: &str) -> Option<Directive<'m>> {
    message.cache_control().map(|(_, directive)| directive).find(|directive| directive.is(name))
}
