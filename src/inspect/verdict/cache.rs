//! Caching: may it be stored, by whom, fresh for how long (RFC 9111, RFC 5861, RFC 9213).

use super::sight::{Sight, directive, text};
use super::{Step, Told};
use crate::inspect::field::Spec::Rfc;
use crate::inspect::message::Message;
use crate::inspect::value::{decimal, how_long, in_words, read_date};
use serde::Serialize;

/// Statuses that may be stored without a word about it (RFC 9110 15.1).
const HEURISTIC: [u16; 12] = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
/// Statuses whose rules of caching are known to caches in use, for must-understand (RFC 9111 5.2.2.3).
const UNDERSTOOD: [u16; 5] = [302, 303, 304, 307, 451];

/// What the lifetime rests on, in the order in which caches ask (RFC 9111 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// `s-maxage`, which speaks to shared caches.
    SMaxage,
    /// `max-age`.
    MaxAge,
    /// `Expires` less `Date`.
    Expires,
    /// Nothing is said: a tenth of the time since `Last-Modified` is the custom (RFC 9111 4.2.2).
    Guess,
    /// Nothing is said and nothing can be guessed.
    None,
}

/// What caches do with the response.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and a name of the JSON contract"
)]
pub struct Cache {
    /// Whether a cache of one user, a browser's, may store it (RFC 9111 3).
    pub store_private: bool,
    /// Whether a shared cache may: a proxy's, a CDN's.
    pub store_shared: bool,
    /// Seconds since the origin made or validated it, on arrival (RFC 9111 4.2.3); nought where nobody may
    /// store it, for then nobody reckons with it. The steps have the arithmetic in any case.
    pub age: u64,
    /// Seconds of its whole life for which a browser's cache takes it for fresh, by what it says
    /// (RFC 9111 4.2.1); nought where nobody may store it.
    pub fresh_private: u64,
    /// The same for shared caches.
    pub fresh_shared: u64,
    /// What `fresh_private` rests on.
    pub source_private: Source,
    /// What `fresh_shared` rests on.
    pub source_shared: Source,
    /// Seconds that caches may take it for fresh by their own guess, where it says nothing.
    pub guess: u64,
    /// Whether a cache must ask the origin before each use: `no-cache` (RFC 9111 5.2.2.4).
    pub validate_first: bool,
    /// Whether no later request fits it: `Vary: *` (RFC 9111 4.1).
    pub never_fits: bool,
    /// Whether it must not be used once stale: `must-revalidate` and its like.
    pub must_revalidate: bool,
    /// Seconds for which it may be used stale while it is being asked for again (RFC 5861 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_while_revalidate: Option<u64>,
    /// Seconds for which it may be used stale when the origin fails (RFC 5861 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_if_error: Option<u64>,
    /// When a browser's cache takes it for stale, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<i64>,
    /// In one sentence.
    pub says: String,
    /// The arithmetic.
    pub steps: Vec<Step>,
}

impl Cache {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "Cache-Control",
            "Expires",
            "Age",
            "Date",
            "Last-Modified",
            "Pragma",
            "Vary",
            "ETag",
            "CDN-Cache-Control",
            "Surrogate-Control",
        ];
        Told { topic: "cache", bad: false, says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Cache> {
    let response = sight.response.filter(|response| response.status() >= 200)?;
    // The answer to a CONNECT is the beginning of a tunnel.
    if sight.method() == b"CONNECT" {
        return None;
    }
    let mut steps = Vec::new();
    let (store_private, private_why) = may_store(sight, response, false);
    let (store_shared, shared_why) = may_store(sight, response, true);
    for (who, may, (why, cite)) in
        [("a browser's cache", store_private, private_why), ("shared caches", store_shared, shared_why)]
    {
        let verb = if may { "may" } else { "must not" };
        steps.push(Step::test(may, format!("{who} {verb} store it: {why}"), Rfc(9111, cite)));
    }
    let stored = store_private || store_shared;
    let old = age(sight, response, &mut steps);
    let age = if stored { old } else { 0 };
    let (source_private, fresh_private) = lifetime(sight, response, false, stored);
    let (source_shared, fresh_shared) = lifetime(sight, response, true, stored);
    let mut cache = Cache {
        store_private,
        store_shared,
        age,
        fresh_private,
        fresh_shared,
        source_private,
        source_shared,
        guess: if source_private == Source::Guess { guess(sight, response) } else { 0 },
        validate_first: unqualified(response, "no-cache"),
        never_fits: response.lists("Vary", "*"),
        must_revalidate: ["must-revalidate", "proxy-revalidate"]
            .iter()
            .any(|name| directive(response, name).is_some()),
        stale_while_revalidate: seconds(response, "stale-while-revalidate"),
        stale_if_error: seconds(response, "stale-if-error"),
        fresh_until: None,
        says: String::new(),
        steps,
    };
    if stored {
        cache.explain(response, sight);
    }
    cache.says = cache.sentence(response.status());
    Some(cache)
}

/// Whether it may be stored, and the reason with its section (RFC 9111 3).
fn may_store(sight: &Sight<'_>, response: &Message<'_>, shared: bool) -> (bool, (String, &'static str)) {
    let refused = |why: &str, cite| (false, (why.to_owned(), cite));
    let status = response.status();
    let explicit = is_explicit(response, shared);
    let must_understand = directive(response, "must-understand").is_some();
    // What it says itself comes before what follows from its method: that is what people look for.
    if directive(response, "no-store").is_some() && !must_understand {
        return refused("no-store", "5.2.2.5");
    }
    match sight.method() {
        b"GET" | b"HEAD" => {}
        b"POST" if explicit && answers_its_target(sight, response) => {}
        b"POST" => {
            return refused(
                "a POST is only cacheable with a lifetime and a Content-Location of its own target",
                "3",
            );
        }
        method => return (false, (format!("caches keep no answers to {}", text(method)), "3")),
    }
    if sight.request.is_some_and(|request| directive(request, "no-store").is_some()) {
        return refused("the request says no-store", "5.2.1.5");
    }
    let understood = HEURISTIC.contains(&status) || UNDERSTOOD.contains(&status);
    if must_understand && !understood {
        return refused("must-understand, and caches do not know this status", "5.2.2.3");
    }
    if shared && unqualified(response, "private") {
        return refused("private", "5.2.2.7");
    }
    let released =
        ["public", "must-revalidate", "s-maxage"].iter().find(|name| directive(response, name).is_some());
    if shared && released.is_none() && sight.asked("Authorization").is_some() {
        return refused(
            "the request had Authorization, and neither public, must-revalidate nor s-maxage allows it",
            "3.5",
        );
    }
    if explicit {
        let why = if status == 304 { "it refreshes what is stored" } else { "it says so itself" };
        return (true, (why.to_owned(), "3"));
    }
    if HEURISTIC.contains(&status) {
        return (true, (format!("a {status} may be stored without a word about it"), "3"));
    }
    match status {
        304 => (true, ("it refreshes what is stored".to_owned(), "4.3.4")),
        _ => (false, (format!("a {status} is stored only when it says for how long"), "3")),
    }
}

/// Whether something in it speaks of its being stored (RFC 9111 3, last item).
fn is_explicit(response: &Message<'_>, shared: bool) -> bool {
    let has = |name| directive(response, name).is_some();
    has("public")
        || has("max-age")
        || response.has("Expires")
        || (shared && has("s-maxage"))
        || (!shared && unqualified(response, "private"))
}

/// Whether Content-Location names the target itself, as an answer to POST needs (RFC 9110 9.3.3).
fn answers_its_target(sight: &Sight<'_>, response: &Message<'_>) -> bool {
    let Some((url, place)) = sight.url().zip(response.first("Content-Location")) else { return false };
    url.join(&text(place.value)).is_ok_and(|place| place == url)
}

/// Whether a directive stands without a list of fields: with one it is about these only (RFC 9111 5.2.2.4).
fn unqualified(response: &Message<'_>, name: &str) -> bool {
    response.cache_control().any(|(_, directive)| directive.is(name) && directive.plain().is_empty())
}

/// RFC 9111 4.2.3, without the delay of the request, which a head does not tell.
fn age(sight: &Sight<'_>, response: &Message<'_>, steps: &mut Vec<Step>) -> u64 {
    let said = response.members("Age").next().and_then(|(_, _, member)| decimal(member));
    let apparent = sight.view.arrived.zip(sight.date()).map(|(arrived, date)| seconds_between(date, arrived));
    let age = apparent.unwrap_or(0).max(said.unwrap_or(0));
    let says = match (apparent, said) {
        (Some(apparent), Some(said)) => format!("age = max(apparent {apparent}, Age {said}) = {age} s"),
        (Some(apparent), None) => format!("age = arrival - Date = {apparent} s"),
        (None, Some(said)) => format!("age = Age = {said} s"),
        (None, None) => "age = 0 s: neither Age nor Date tells more".to_owned(),
    };
    steps.push(Step::fact(says, Rfc(9111, "4.2.3")));
    age
}

/// From one time to a later one; nought when it is earlier.
fn seconds_between(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

/// RFC 9111 4.2.1; a number that cannot be read makes the response stale.
fn lifetime(sight: &Sight<'_>, response: &Message<'_>, shared: bool, stored: bool) -> (Source, u64) {
    if !stored {
        return (Source::None, 0);
    }
    for (name, source) in [("s-maxage", Source::SMaxage), ("max-age", Source::MaxAge)] {
        if (shared || source == Source::MaxAge) && directive(response, name).is_some() {
            return (source, seconds(response, name).unwrap_or(0));
        }
    }
    if let Some(line) = response.first("Expires") {
        let from = sight.date().or(sight.view.arrived);
        let until = read_date(line.value, from).ok().map(|date| date.unix);
        return (Source::Expires, until.zip(from).map_or(0, |(until, from)| seconds_between(from, until)));
    }
    let guessed = guess(sight, response) > 0;
    (if guessed { Source::Guess } else { Source::None }, 0)
}

/// A tenth of the time since it was changed (RFC 9111 4.2.2).
fn guess(sight: &Sight<'_>, response: &Message<'_>) -> u64 {
    let allowed = HEURISTIC.contains(&response.status()) || directive(response, "public").is_some();
    let from = sight.date().or(sight.view.arrived);
    let modified = response.first("Last-Modified").and_then(|line| read_date(line.value, from).ok());
    match modified.zip(from).filter(|_| allowed) {
        Some((modified, from)) => seconds_between(modified.unix, from) / 10,
        None => 0,
    }
}

/// A number of seconds, at most 2^31 (RFC 9111 1.2.2).
fn seconds(response: &Message<'_>, name: &str) -> Option<u64> {
    decimal(&directive(response, name)?.plain()).map(|seconds| seconds.min(1 << 31))
}

impl Cache {
    /// Adds the lines about lifetimes, and when it grows stale.
    fn explain(&mut self, response: &Message<'_>, sight: &Sight<'_>) {
        for (who, may, source, lifetime) in [
            ("browsers", self.store_private, self.source_private, self.fresh_private),
            ("shared caches", self.store_shared, self.source_shared, self.fresh_shared),
        ] {
            if may {
                self.steps.push(lifetime_step(who, source, lifetime, self.guess));
            }
        }
        if self.validate_first {
            self.steps
                .push(Step::fact("no-cache: the origin is asked before each use", Rfc(9111, "5.2.2.4")));
        }
        if self.never_fits {
            self.steps.push(Step::fact("Vary: * fits no later request", Rfc(9111, "4.1")));
        }
        if self.must_revalidate {
            self.steps
                .push(Step::fact("once stale it must not be used without asking", Rfc(9111, "5.2.2.2")));
        }
        for (seconds, says, section) in [
            (self.stale_while_revalidate, "while it is being asked for again", "3"),
            (self.stale_if_error, "when the origin fails", "4"),
        ] {
            if let Some(seconds) = seconds {
                let says = format!("stale for up to {} it may be used {says}", how_long(seconds));
                self.steps.push(Step::fact(says, Rfc(5861, section)));
            }
        }
        if let Some(step) = self.kept_by_fewer(response) {
            self.steps.push(step);
        }
        if let Some(line) = response.first("CDN-Cache-Control") {
            let says = format!("CDNs that know it follow CDN-Cache-Control instead: {}", text(line.value));
            self.steps.push(Step::fact(says, Rfc(9213, "2.2")));
        }
        if self.store_private && self.source_private != Source::Guess && !self.validate_first {
            let left = i64::try_from(self.fresh_private).ok().zip(i64::try_from(self.age).ok());
            let until = left.and_then(|(fresh, age)| sight.arrived()?.checked_add(fresh.checked_sub(age)?));
            self.fresh_until = until.filter(|_| self.fresh_private > self.age);
        }
    }

    /// Where caches in use keep less than they may: storing is never a duty (RFC 9111 3).
    fn kept_by_fewer(&self, response: &Message<'_>) -> Option<Step> {
        if self.store_shared && response.has("Set-Cookie") {
            let says =
                "that it sets cookies forbids nothing, but nginx, Varnish and others keep no such answer";
            return Some(Step::fact(says, Rfc(9111, "7.3")));
        }
        let says = "a 206 is kept only by caches that put ranges together";
        (response.status() == 206).then(|| Step::fact(says, Rfc(9111, "3.3")))
    }

    fn sentence(&self, status: u16) -> String {
        if !self.store_private && !self.store_shared {
            return "not stored by any cache".to_owned();
        }
        if self.never_fits {
            return "stored perhaps, but never used: no later request fits Vary: *".to_owned();
        }
        let browser = self.one(self.store_private, self.source_private, self.fresh_private);
        let shared = self.one(self.store_shared, self.source_shared, self.fresh_shared);
        let old =
            if self.age > 0 { format!("{} old on arrival; ", how_long(self.age)) } else { String::new() };
        let until = self.fresh_until.filter(|unix| (0..253_402_300_800).contains(unix));
        let until = until.map(|unix| format!(" (until {})", in_words(unix))).unwrap_or_default();
        let what = if status == 304 { "refreshes what is stored; " } else { "" };
        if browser == shared {
            return format!("{what}{old}every cache: {browser}{until}");
        }
        format!("{what}{old}browser: {browser}{until} · shared: {shared}")
    }

    /// What one kind of cache does.
    fn one(&self, may: bool, source: Source, lifetime: u64) -> String {
        if !may {
            return "not stored".to_owned();
        }
        if self.validate_first {
            return "stored, and asked about before each use".to_owned();
        }
        match (source, lifetime.checked_sub(self.age).filter(|left| *left > 0)) {
            (Source::None, _) => "stored, and stale at once: no lifetime is given".to_owned(),
            (Source::Guess, _) => format!("fresh for as long as it guesses, about {}", how_long(self.guess)),
            (_, Some(left)) if self.age > 0 => {
                format!("FRESH for {left} s more ({lifetime} - {})", self.age)
            }
            (_, Some(left)) => format!("FRESH for {}", how_long(left)),
            (_, None) if lifetime == 0 => "STALE at once: asked about before each use".to_owned(),
            (_, None) => format!("STALE on arrival ({lifetime} - {} s)", self.age),
        }
    }
}

fn lifetime_step(who: &str, source: Source, lifetime: u64, guess: u64) -> Step {
    let long = how_long(lifetime);
    let (says, section) = match source {
        Source::SMaxage => (format!("lifetime for {who}: s-maxage = {lifetime} s ({long})"), "5.2.2.10"),
        Source::MaxAge => (format!("lifetime for {who}: max-age = {lifetime} s ({long})"), "5.2.2.1"),
        Source::Expires => (format!("lifetime for {who}: Expires - Date = {lifetime} s ({long})"), "5.3"),
        Source::Guess => {
            (format!("no lifetime for {who}: (Date - Last-Modified) / 10 = {guess} s is the custom"), "4.2.2")
        }
        Source::None => (format!("no lifetime for {who}, and nothing to guess one from"), "4.2.1"),
    };
    Step::fact(says, Rfc(9111, section))
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
