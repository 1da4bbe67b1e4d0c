//! Caching: directives, ages, dates, validators, Vary.

use super::routing::broken;
use crate::inspect::field::Spec::Rfc;
use crate::inspect::field::Takes;
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Directive, Line};
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::table;
use crate::inspect::value::{Form, decimal, how_long, read_date};

pub static RULES: &[Rule] = &[
    error("cache-directive-needs-seconds", Rfc(9111, "4.2.1"), "This directive takes a number of seconds; with anything else caches treat the response as stale, or ignore the directive.", "Write a whole number of seconds.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=1h\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=3600\n")
        .messages(needs_seconds),
    warn("cache-directive-takes-nothing", Rfc(9111, "5.2"), "This directive has no value; caches ignore the value or the directive.", "Remove = and what follows.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-store=1\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-store\n")
        .messages(takes_nothing),
    warn("cache-directive-repeated", Rfc(9111, "4.2.1"), "A directive that stands twice with two values is read by some caches by its first, by others by its last.", "Write it once.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=5, max-age=10\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=5\n")
        .messages(directive_repeated),
    warn("cache-directives-conflict", Rfc(9111, "5.2.2"), "These directives contradict each other: caches follow the stricter one.", "Keep the one that is meant.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: private, public\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: private\n")
        .responses(directives_conflict),
    warn("no-store-with-lifetime", Rfc(9111, "5.2.2.5"), "no-store keeps the response out of every cache, so a lifetime beside it says nothing, unless must-understand stands there too.", "Drop max-age, or drop no-store.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-store, max-age=600\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: must-understand, no-store, max-age=600\n")
        .responses(no_store_with_lifetime),
    warn("cache-directive-misspelt", Rfc(9111, "5.2"), "Caches ignore directives that they do not know: this one is close to one that they do.", "Correct the spelling.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: nocache, max_age=0\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-cache, max-age=0\n")
        .messages(directive_misspelt),
    warn("cache-number-quoted", Rfc(9111, "4.2.1"), "The number stands in quotes: a recipient may read it, but a sender must not write it so.", "Remove the quotes.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=\"60\"\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60\n")
        .messages(number_quoted),
    info("cache-names-unquoted", Rfc(9111, "5.2.2.4"), "no-cache and private take names of fields in quotes, even one name: a sender should not write it without.", "Write no-cache=\"set-cookie\".")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-cache=set-cookie, max-age=60\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-cache=\"set-cookie\", max-age=60\n")
        .responses(names_unquoted),
    warn("s-maxage-with-private", Rfc(9111, "5.2.2.10"), "s-maxage speaks to shared caches, and private keeps the response out of them.", "Drop one of them.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: private, s-maxage=60\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: private, max-age=60\n")
        .responses(s_maxage_with_private),
    info("immutable-without-lifetime", Rfc(8246, "2"), "immutable holds while the response is fresh, and nothing says for how long that is.", "Add max-age.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: immutable\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=31536000, immutable\n")
        .responses(immutable_without_lifetime),
    warn("cache-directive-wrong-side", Rfc(9111, "5.2"), "This directive means something on the other side only: here nobody acts on it.", "Remove it.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: only-if-cached\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-cache\n")
        .messages(directive_wrong_side),
    warn("cache-control-syntax", Rfc(9111, "5.2"), "What breaks off here is not read: the directives behind it may be lost.", "Write directives with commas between them, values with spaces in quotes.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60, {x}\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60, x\n")
        .messages(broken),
    error("age-not-seconds", Rfc(9111, "5.1"), "Age is a whole number of seconds, not negative; caches ignore another value, and the response looks younger than it is.", "Write digits.")
        .about(&["Age"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAge: -5\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAge: 5\n")
        .responses(broken),
    warn("age-very-large", Rfc(9111, "5.1"), "More than a year in caches: rather a fault of a clock.", "Look at the clock of the cache.")
        .about(&["Age"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAge: 2147483648\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAge: 60\n")
        .responses(age_very_large),
    info("older-than-its-lifetime", Rfc(9111, "4.2"), "The response is older than the time for which it is fresh: it was stale on arrival.", "Look at the cache that sent it, or raise the lifetime.")
        .about(&["Age", "Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60\nAge: 90\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60\nAge: 30\n")
        .responses(older_than_lifetime),
    info("expires-not-a-date", Rfc(9111, "5.3"), "A value that is no date, as 0 or -1, means: already stale. It works where no max-age stands beside it, but Cache-Control says it plainly.", "Send Cache-Control: no-cache, or max-age=0.")
        .about(&["Expires"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nExpires: 0\n", "HTTP/1.1 200 OK\nContent-Length: 0\nExpires: Mon, 23 Nov 2026 12:00:00 GMT\n")
        .responses(expires_not_a_date),
    warn("expires-broken", Rfc(9111, "5.3"), "Written like a date, but none that caches can read: they take the response for stale.", "Write it like Sun, 06 Nov 1994 08:49:37 GMT.")
        .about(&["Expires"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nExpires: Wed, 28 Jul 2021 00:10:59 +0000\n", "HTTP/1.1 200 OK\nContent-Length: 0\nExpires: Mon, 23 Nov 2026 12:00:00 GMT\n")
        .responses(expires_broken),
    info("expires-unused", Rfc(9111, "5.3"), "Expires says something else than max-age, and max-age wins: a recipient must ignore Expires, even one that is no date.", "Drop Expires, or make both say the same.")
        .about(&["Expires"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nCache-Control: max-age=60\nExpires: Mon, 23 Nov 2026 13:00:00 GMT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nCache-Control: max-age=60\nExpires: Mon, 23 Nov 2026 12:01:00 GMT\n")
        .responses(expires_unused),
    error("date-syntax", Rfc(9110, "5.6.7"), "This is none of the three forms of a date, so recipients ignore it.", "Write it like Sun, 06 Nov 1994 08:49:37 GMT.")
        .about(&["Date", "Last-Modified", "If-Modified-Since", "If-Unmodified-Since", "Sunset", "Accept-Datetime", "Memento-Datetime"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nLast-Modified: 2026-11-23T12:00:00Z\n", "HTTP/1.1 200 OK\nContent-Length: 0\nLast-Modified: Mon, 23 Nov 2026 12:00:00 GMT\n")
        .messages(broken),
    warn("date-obsolete-form", Rfc(9110, "5.6.7"), "Recipients must read this form, but senders must not write it.", "Write it like Sun, 06 Nov 1994 08:49:37 GMT.")
        .about(&["Date", "Last-Modified", "Expires", "If-Modified-Since", "If-Unmodified-Since", "Retry-After"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon Nov 23 12:31:07 2026\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:31:07 GMT\n")
        .messages(date_obsolete_form),
    info("date-wrong-weekday", Rfc(9110, "5.6.7"), "The name of the day is not that of this date; most recipients do not mind.", "Let a library write dates.")
        .about(&["Date", "Last-Modified", "Expires", "If-Modified-Since", "If-Unmodified-Since"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nDate: Sun, 23 Nov 2026 12:31:07 GMT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:31:07 GMT\n")
        .messages(date_wrong_weekday),
    error("date-repeated", Rfc(9110, "6.6.1"), "Two Dates: ages and lifetimes come out differently by the one or the other.", "Send it once.")
        .about(&["Date"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:31:07 GMT\nDate: Mon, 23 Nov 2026 12:31:09 GMT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:31:07 GMT\n")
        .messages(date_repeated),
    warn("date-skewed", Rfc(9110, "6.6.1"), "The server's clock and ours differ: ages and lifetimes that are reckoned from Date come out wrong.", "Set the clock by NTP.")
        .about(&["Date"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 18:00:00 GMT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:00:00 GMT\n")
        .responses(date_skewed),
    info("date-missing", Rfc(9110, "6.6.1"), "Without Date the age of the response cannot be reckoned, and caches take the time of arrival.", "Send Date, if there is a clock.")
        .about(&["Date"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nExpires: Mon, 23 Nov 2026 12:00:00 GMT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 11:00:00 GMT\nExpires: Mon, 23 Nov 2026 12:00:00 GMT\n")
        .responses(date_missing),
    warn("modified-in-the-future", Rfc(9110, "8.8.2.1"), "A server must not say that a resource was changed later than the message was made: such a validator proves nothing.", "Send Date's time instead.")
        .about(&["Last-Modified"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nLast-Modified: Mon, 23 Nov 2026 13:00:00 GMT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nLast-Modified: Mon, 23 Nov 2026 11:00:00 GMT\n")
        .responses(modified_in_the_future),
    error("etag-syntax", Rfc(9110, "8.8.3"), "An entity tag stands in quotes, with W/ before them when it is weak; another form is not compared as it should be.", "Write \"tag\" or W/\"tag\".")
        .about(&["ETag"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nETag: abc\n", "HTTP/1.1 200 OK\nContent-Length: 0\nETag: \"abc\"\n")
        .responses(broken),
    warn("vary-everything", Rfc(9110, "12.5.5"), "Vary: * says that no other request ever fits: the response cannot be used from a cache.", "Name the fields that matter, or send no-store.")
        .about(&["Vary"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nVary: *\n", "HTTP/1.1 200 OK\nContent-Length: 0\nVary: Accept-Encoding\n")
        .responses(vary_everything),
    info("vary-repeats", Rfc(9110, "12.5.5"), "A name stands twice in Vary; it does no harm.", "Write it once.")
        .about(&["Vary"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nVary: Origin, accept, origin\n", "HTTP/1.1 200 OK\nContent-Length: 0\nVary: Origin, accept\n")
        .responses(vary_repeats),
    error("vary-syntax", Rfc(9110, "12.5.5"), "Vary is a list of field names, or *; what is no name may make caches mix responses up.", "Write names with commas between them.")
        .about(&["Vary"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nVary: Accept Encoding\n", "HTTP/1.1 200 OK\nContent-Length: 0\nVary: Accept-Encoding\n")
        .responses(broken),
    info("vary-by-client", Rfc(9110, "12.5.5"), "A response that varies by User-Agent or Cookie is hardly ever used again: nearly every client's differs.", "Vary by something with few values.")
        .about(&["Vary"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60\nVary: User-Agent\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60\nVary: Accept-Encoding\n")
        .responses(vary_by_client),
    warn("vary-lacks-encoding", Rfc(9110, "12.5.5"), "The content is packed, and shared caches may keep it: without Vary they give it to clients that cannot unpack it too.", "Send Vary: Accept-Encoding.")
        .about(&["Vary"])
        .example("GET / HTTP/1.1\nHost: h\nAccept-Encoding: gzip\n\nHTTP/1.1 200 OK\nContent-Length: 9\nCache-Control: public, max-age=60\nContent-Encoding: gzip\n", "GET / HTTP/1.1\nHost: h\nAccept-Encoding: gzip\n\nHTTP/1.1 200 OK\nContent-Length: 9\nCache-Control: public, max-age=60\nContent-Encoding: gzip\nVary: Accept-Encoding\n")
        .responses(vary_lacks_encoding),
    info("pragma-in-response", Rfc(9111, "5.4"), "Pragma means something in requests only; caches do not read it here.", "Send Cache-Control: no-cache.")
        .about(&["Pragma"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nPragma: no-cache\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: no-cache\n")
        .responses(pragma_in_response),
    info("pragma-alone", Rfc(9111, "5.4"), "Only caches of HTTP/1.0 need Pragma; others may not heed it.", "Send Cache-Control: no-cache too.")
        .about(&["Pragma"])
        .example("GET / HTTP/1.1\nHost: h\nPragma: no-cache\n", "GET / HTTP/1.1\nHost: h\nPragma: no-cache\nCache-Control: no-cache\n")
        .requests(pragma_alone),
    info("lifetime-guessed", Rfc(9111, "4.2.2"), "Nothing says how long the response is fresh, so a cache may guess it from Last-Modified.", "Say it with max-age, or no-cache.")
        .about(&["Last-Modified"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nLast-Modified: Mon, 23 Nov 2026 11:00:00 GMT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nLast-Modified: Mon, 23 Nov 2026 11:00:00 GMT\nCache-Control: no-cache\n")
        .responses(lifetime_guessed),
    warn("not-modified-lacks", Rfc(9110, "15.4.5"), "A 304 must repeat Cache-Control, Content-Location, Date, ETag, Expires and Vary as the 200 would have had them; without any validator the stored copy cannot be chosen.", "Send ETag or Last-Modified with 304.")
        .example("HTTP/1.1 304 Not Modified\nDate: Mon, 23 Nov 2026 12:00:00 GMT\n", "HTTP/1.1 304 Not Modified\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nETag: \"a\"\n")
        .responses(not_modified_lacks),
    info("not-modified-metadata", Rfc(9110, "15.4.5"), "A 304 should not say of the content what the client has stored already: Content-Type and the like do not guide the update of a cache, and may overwrite what was right.", "Leave it out of a 304.")
        .about(&["Content-Type", "Content-Encoding", "Content-Language", "Content-Range"])
        .example("HTTP/1.1 304 Not Modified\nETag: \"a\"\nContent-Type: text/html\n", "HTTP/1.1 304 Not Modified\nETag: \"a\"\n")
        .responses(not_modified_metadata),
    warn("not-modified-other-tag", Rfc(9111, "4.3.4"), "The 304 names by a strong tag a state that the client did not ask about: a cache must not update with it what it has stored.", "Send the tag that matched If-None-Match, or the content.")
        .about(&["ETag", "If-None-Match"])
        .example("GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\n\nHTTP/1.1 304 Not Modified\nETag: \"b\"\n", "GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\n\nHTTP/1.1 304 Not Modified\nETag: \"a\"\n")
        .responses(not_modified_other_tag),
    info("login-and-shared-caches", Rfc(9111, "3.5"), "The request carried Authorization, and this response allows shared caches to keep it all the same.", "Send private, unless everybody may have it.")
        .about(&["Cache-Control"])
        .example("GET / HTTP/1.1\nHost: h\nAuthorization: Bearer abc\n\nHTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: public, max-age=60\n", "GET / HTTP/1.1\nHost: h\nAuthorization: Bearer abc\n\nHTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: private, max-age=60\n")
        .responses(login_and_shared),
    warn("cookie-and-shared-caches", Rfc(9111, "7.3"), "A shared cache may keep this response with its Set-Cookie, and give one user's cookie to the next.", "Send private, or no-cache=\"set-cookie\".")
        .about(&["Set-Cookie", "Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: public, max-age=60\nSet-Cookie: a=1; Secure; SameSite=Lax\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: private, max-age=60\nSet-Cookie: a=1; Secure; SameSite=Lax\n")
        .responses(cookie_and_shared),
    warn("cdn-cache-control-syntax", Rfc(9213, "2.1"), "A targeted field that is no dictionary is ignored whole, and Cache-Control holds.", "Write max-age=60, keys in lower case.")
        .about(&["CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Vercel-CDN-Cache-Control", "Netlify-CDN-Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCDN-Cache-Control: Max-Age=60\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCDN-Cache-Control: max-age=60\n")
        .responses(broken),
];

fn word_of(directive: &Directive<'_>) -> Option<&'static crate::inspect::field::Word> {
    let field = table::field(b"cache-control")?;
    let of_other_side = || table::of_other_side(field, directive.name).map(|(_, word)| word);
    field.word(directive.name).or_else(of_other_side)
}

fn needs_seconds(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, directive) in case.message.cache_control() {
        let seconds = word_of(&directive).is_some_and(|word| word.takes == Takes::Seconds);
        let free = directive.is("max-stale") && directive.value.is_none();
        if seconds && !free && decimal(&directive.plain()).is_none() {
            found.part(line, &directive.span, "a whole number of seconds is expected");
        }
    }
}

fn takes_nothing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, directive) in case.message.cache_control() {
        if directive.value.is_some() && word_of(&directive).is_some_and(|word| word.takes == Takes::Nothing) {
            found.part(line, &directive.span, "this directive has no value");
        }
    }
}

fn number_quoted(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, directive) in case.message.cache_control() {
        let seconds = word_of(&directive).is_some_and(|word| word.takes == Takes::Seconds);
        if seconds
            && directive.value.is_some_and(|value| value.starts_with(b"\""))
            && decimal(&directive.plain()).is_some()
        {
            found.part(line, &directive.span, "the number stands in quotes");
        }
    }
}

fn directive_repeated(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let all: Vec<_> = case.message.cache_control().collect();
    for (at, (line, directive)) in all.iter().enumerate() {
        let before =
            all.iter().take(at.min(100)).find(|(_, other)| other.name.eq_ignore_ascii_case(directive.name));
        let known = line.field.is_none_or(|field| field.word(directive.name).is_some());
        if known && before.is_some_and(|(_, other)| other.value != directive.value) {
            found.part(line, &directive.span, "stood here before with another value");
        }
    }
}

/// The first directive of that name.
fn directive<'c>(case: &'c Case<'_>, name: &str) -> Option<(&'c Line<'c>, Directive<'c>)> {
    case.message.cache_control().find(|(_, directive)| directive.is(name))
}

fn has(case: &Case<'_>, name: &str) -> bool {
    directive(case, name).is_some()
}

fn directives_conflict(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let fallback = has(case, "must-understand");
    for (one, other) in [("public", "private"), ("public", "no-store"), ("immutable", "no-store")] {
        if has(case, one)
            && !(fallback && other == "no-store")
            && let Some((line, directive)) =
                directive(case, other).filter(|(_, directive)| directive.value.is_none())
        {
            found.part(line, &directive.span, format!("contradicts {one}"));
        }
    }
}

fn no_store_with_lifetime(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let lifetime = directive(case, "max-age")
        .filter(|(_, directive)| decimal(&directive.plain()).is_some_and(|seconds| seconds > 0));
    // must-understand should have no-store beside it, for caches that do not know it (RFC 9111 5.2.2.3).
    let ends = has(case, "no-store") && !has(case, "must-understand");
    if let Some((line, directive)) = lifetime.filter(|_| ends) {
        found.part(line, &directive.span, "no-store beside it: nothing is kept for so long");
    }
}

fn directive_misspelt(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, directive) in case.message.cache_control() {
        if word_of(&directive).is_some() {
            continue;
        }
        let squeezed = squeeze(directive.name);
        let Some(field) = table::field(b"cache-control") else { return };
        let mut words = field.words.iter().chain(table::words_asked(field));
        if let Some(word) = words.find(|word| squeeze(word.name.as_bytes()) == squeezed) {
            found.part(line, &directive.span, format!("{} is meant, perhaps", word.name));
        }
    }
}

fn squeeze(name: &[u8]) -> Vec<u8> {
    name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

fn names_unquoted(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, directive) in case.message.cache_control() {
        let named = directive.is("no-cache") || directive.is("private");
        if named && directive.value.is_some_and(|value| value.first().is_some_and(|byte| *byte != b'"')) {
            found.part(line, &directive.span, "the names of fields stand in quotes here");
        }
    }
}

fn s_maxage_with_private(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let private = directive(case, "private").is_some_and(|(_, directive)| directive.value.is_none());
    if let Some((line, directive)) = directive(case, "s-maxage").filter(|_| private) {
        found.part(line, &directive.span, "private keeps shared caches out");
    }
}

fn immutable_without_lifetime(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let lifetime = has(case, "max-age") || has(case, "s-maxage") || case.message.has("Expires");
    if let Some((line, directive)) = directive(case, "immutable").filter(|_| !lifetime) {
        found.part(line, &directive.span, "holds while fresh, and no lifetime is given");
    }
}

fn directive_wrong_side(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const REQUEST: [&str; 3] = ["only-if-cached", "max-stale", "min-fresh"];
    const RESPONSE: [&str; 8] = [
        "must-revalidate",
        "proxy-revalidate",
        "s-maxage",
        "public",
        "private",
        "immutable",
        "stale-while-revalidate",
        "must-understand",
    ];
    let odd: &[&str] = if case.message.is_request() { &RESPONSE } else { &REQUEST };
    for (line, directive) in case.message.cache_control() {
        if odd.iter().any(|name| directive.is(name)) {
            found.part(line, &directive.span, "nobody acts on this directive on this side");
        }
    }
}

fn age_very_large(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Age") {
        if let Some(seconds) = decimal(line.value).filter(|seconds| *seconds > 31_536_000) {
            found.value(line, format!("{} in caches", how_long(seconds)));
        }
    }
}

fn older_than_lifetime(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some((line, age)) =
        case.message.first("Age").and_then(|line| decimal(line.value).map(|age| (line, age)))
    else {
        return;
    };
    let lifetime = ["s-maxage", "max-age"]
        .iter()
        .find_map(|name| directive(case, name))
        .and_then(|(_, directive)| decimal(&directive.plain()));
    if let Some(lifetime) = lifetime.filter(|lifetime| *lifetime > 0 && age > *lifetime) {
        found.value(line, format!("{} old, and fresh for {} only", how_long(age), how_long(lifetime)));
    }
}

/// Whether it is short, as 0 and -1 are, which say on purpose that the response is stale.
fn is_plainly_stale(value: &[u8]) -> bool {
    !value.iter().any(u8::is_ascii_alphabetic)
}

/// For how long max-age says that the response is fresh: beside it Expires must be ignored (RFC 9111 5.3).
fn max_age(case: &Case<'_>) -> Option<u64> {
    directive(case, "max-age").and_then(|(_, directive)| decimal(&directive.plain()))
}

/// The Expires lines that decide, or say what max-age says too.
fn decisive<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c Line<'c>> {
    let beaten = max_age(case).is_some_and(|seconds| seconds > 0);
    case.message.lines.iter().filter(move |line| !beaten && line.is("Expires"))
}

fn expires_not_a_date(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in decisive(case).filter(|line| is_plainly_stale(line.value)) {
        if read_date(line.value, case.view.arrived).is_err() {
            found.value(line, "no date: the response counts as stale already");
        }
    }
}

fn expires_broken(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in decisive(case).filter(|line| !is_plainly_stale(line.value)) {
        if let Err(at) = read_date(line.value, case.view.arrived) {
            found.part(
                line,
                &(at..line.value.len()),
                "no date that caches can read: the response counts as stale already",
            );
        }
    }
}

fn expires_unused(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some((line, seconds)) = case.message.first("Expires").zip(max_age(case)) else { return };
    let Ok(expires) = read_date(line.value, case.view.arrived) else {
        if seconds > 0 {
            found.value(line, format!("no date, and ignored: max-age {} wins", how_long(seconds)));
        }
        return;
    };
    let date = case.message.first("Date").map(|line| read_date(line.value, case.view.arrived));
    let Some(Ok(date)) = date else { return };
    let own = (expires.unix - date.unix).max(0).unsigned_abs();
    // A CDN writes both at different moments: near enough is equal.
    if own.abs_diff(seconds) > 60 + seconds / 10 {
        found.value(line, format!("says {}, and max-age {} wins", how_long(own), how_long(seconds)));
    }
}

fn dates<'c>(
    rule: &Rule,
    case: &'c Case<'_>,
) -> impl Iterator<Item = (&'c Line<'c>, crate::inspect::value::Date)> {
    let fields = rule.fields;
    let lines = case.message.lines.iter().filter(move |line| fields.iter().any(|name| line.is(name)));
    lines.filter_map(|line| read_date(line.value, case.view.arrived).ok().map(|date| (line, date)))
}

fn date_obsolete_form(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, date) in dates(rule, case).filter(|(_, date)| date.form != Form::Fixdate) {
        found.value(line, date.form.as_str());
    }
}

fn date_wrong_weekday(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, _) in dates(rule, case).filter(|(_, date)| !date.right_day) {
        found.value(line, "that date is another day of the week");
    }
}

fn date_repeated(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Date").skip(1) {
        found.name(line, "Date stands here a second time");
    }
}

fn date_skewed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(arrived) = case.view.arrived else { return };
    let age = case.message.first("Age").and_then(|line| decimal(line.value)).unwrap_or(0);
    for line in case.message.all("Date") {
        let Ok(date) = read_date(line.value, case.view.arrived) else { continue };
        let ahead = date.unix - arrived;
        // Behind by its Age is no skew; a stored answer may also come without one.
        let skewed = ahead > 60 || (age == 0 && ahead < -60 && !from_cache(case));
        if skewed {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            found.value(line, format!("{} {side} the time of arrival", how_long(ahead.unsigned_abs())));
        }
    }
}

/// Whether something else than Age says that a cache had it.
fn from_cache(case: &Case<'_>) -> bool {
    ["Age", "X-Cache", "CF-Cache-Status", "Cache-Status", "Via", "X-Cache-Hits", "X-Served-By"]
        .iter()
        .any(|name| case.message.has(name))
}

fn date_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !case.message.has("Date")
        && (200..500).contains(&case.message.status())
        && let Some(line) = case.message.first("Expires").or_else(|| case.message.first("Last-Modified"))
    {
        found.name(line, "counts from Date, which is missing");
    }
}

fn modified_in_the_future(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(line) = case.message.first("Last-Modified") else { return };
    let read = |line: &Line<'_>| read_date(line.value, case.view.arrived);
    let (Ok(modified), Some(Ok(date))) = (read(line), case.message.first("Date").map(read)) else {
        return;
    };
    if modified.unix > date.unix + 1 {
        found.value(line, format!("{} after Date", how_long((modified.unix - date.unix).unsigned_abs())));
    }
}

fn vary_everything(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, _) in case.message.members("Vary").filter(|(_, _, name)| *name == b"*") {
        found.part(line, &span, "no other request fits this response");
    }
}

fn vary_repeats(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let names: Vec<_> = case.message.members("Vary").collect();
    for (at, (line, span, name)) in names.iter().enumerate() {
        if names.iter().take(at.min(50)).any(|(_, _, other)| other.eq_ignore_ascii_case(name)) {
            found.part(line, span, "this name stood in Vary before");
        }
    }
}

fn vary_by_client(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !is_shared(case) {
        return;
    }
    for (line, span, name) in case.message.members("Vary") {
        if name.eq_ignore_ascii_case(b"user-agent") || name.eq_ignore_ascii_case(b"cookie") {
            found.part(line, &span, "nearly every client differs here");
        }
    }
}

/// Whether shared caches are asked to keep the response.
fn is_shared(case: &Case<'_>) -> bool {
    let lifetime = has(case, "max-age") || has(case, "s-maxage");
    lifetime && !has(case, "private") && !has(case, "no-store") && !has(case, "no-cache")
}

fn vary_lacks_encoding(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // An address that names the coding holds one form only: nothing was chosen.
    let asked =
        case.request.is_some_and(|request| request.has("Accept-Encoding") && !names_coding(request.target()));
    let named = case.message.lists("Vary", "accept-encoding") || case.message.lists("Vary", "*");
    if asked
        && !named
        && is_shared(case)
        && let Some(line) = case
            .message
            .first("Content-Encoding")
            .filter(|line| !line.value.eq_ignore_ascii_case(b"identity"))
    {
        found.name(line, "Vary does not name Accept-Encoding: caches give the packed form to everybody");
    }
}

/// Whether a path names a coding: `app.js.gz`, `app.br.js`.
fn names_coding(target: &[u8]) -> bool {
    let path = target.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let coding =
        |part: &[u8]| [&b"gz"[..], b"gzip", b"br", b"zst"].iter().any(|one| part.eq_ignore_ascii_case(one));
    file.split(|byte| *byte == b'.').skip(1).any(coding)
}

fn pragma_in_response(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Pragma") {
        found.name(line, "caches read Pragma in requests only");
    }
}

fn pragma_alone(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !case.message.has("Cache-Control") {
        for line in case.message.all("Pragma").filter(|line| line.value.eq_ignore_ascii_case(b"no-cache")) {
            found.name(line, "without Cache-Control only very old caches heed it");
        }
    }
}

fn lifetime_guessed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let silent =
        !case.message.has("Cache-Control") && !case.message.has("Expires") && !case.message.has("Pragma");
    let cacheable = matches!(case.message.status(), 200 | 203 | 300 | 301 | 404 | 410);
    if let Some(line) = case.message.first("Last-Modified").filter(|_| silent && cacheable) {
        found.name(line, "no lifetime is given: caches may guess one from this");
    }
}

fn not_modified_lacks(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    let asked = case.request.is_none_or(|request| request.has("If-None-Match"));
    if message.status() == 304 && asked && !message.has("ETag") && !message.has("Last-Modified") {
        found.start(0..message.head.start_line().len(), "neither ETag nor Last-Modified");
    }
}

fn not_modified_metadata(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 304 {
        for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
            found.name(line, "told with the content already: it has no place in a 304");
        }
    }
}

fn not_modified_other_tag(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(request) = case.request.filter(|_| case.message.status() == 304) else { return };
    let strong = |line: &&Line<'_>| line.value.first() == Some(&b'"');
    let Some(line) = case.message.first("ETag").filter(strong) else { return };
    let mut asked = request.members("If-None-Match").map(|(_, _, tag)| tag).peekable();
    let named = |tag: &[u8]| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == line.value;
    if asked.peek().is_some() && !asked.any(named) {
        found.value(line, "not among the tags of If-None-Match: a cache must not go by this 304");
    }
}

fn login_and_shared(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let login = case.request.is_some_and(|request| request.has("Authorization"));
    if let Some((line, directive)) = ["public", "s-maxage"]
        .iter()
        .find_map(|name| directive(case, name))
        .filter(|_| login && is_shared(case))
    {
        found.part(line, &directive.span, "shared caches may keep what a login was needed for");
    }
}

fn cookie_and_shared(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let explicit = has(case, "public") || has(case, "s-maxage");
    if let Some(line) = case.message.first("Set-Cookie").filter(|_| explicit && is_shared(case)) {
        found.name(line, "shared caches may keep this cookie and give it to others");
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::all_said;

    #[test]
    fn rfc9111_5_3_max_age_wins_over_an_expires_that_is_no_date() {
        let of = |lines: &str| format!("HTTP/1.1 200 OK\nContent-Length: 0\n{lines}");
        let (zero, zone) = ("Expires: 0\n", "Expires: Wed, 28 Jul 2027 00:10:59 +0000\n");
        let stale = "the response counts as stale already";
        for (rule, expires) in [("expires-not-a-date", zero), ("expires-broken", zone)] {
            let examples = [
                (of(expires), stale),
                (of(&format!("Cache-Control: max-age=0\n{expires}")), stale),
                (of(&format!("Cache-Control: max-age=3600\n{expires}")), ""),
            ];
            for (example, words) in &examples {
                all_said(rule, &[(example, words)]);
            }
            all_said(
                "expires-unused",
                &[(&examples[2].0, "ignored: max-age 1 h wins"), (&examples[1].0, "")],
            );
        }
    }

    #[test]
    fn rfc9111_4_3_4_which_tags_a_304_may_have() {
        let of = |asked: &str, tag: &str| {
            format!(
                "GET / HTTP/1.1\nHost: h\nIf-None-Match: {asked}\n\nHTTP/1.1 304 Not Modified\nETag: {tag}\n"
            )
        };
        for (asked, tag, words) in [
            ("\"a\"", "\"b\"", "not among the tags"),
            ("\"a\", \"c\"", "\"b\"", "not among the tags"),
            ("\"a\", \"b\"", "\"b\"", ""),
            ("W/\"b\"", "\"b\"", ""),
            ("*", "\"b\"", ""),
            // A weak validator selects no stored response.
            ("\"a\"", "W/\"b\"", ""),
        ] {
            all_said("not-modified-other-tag", &[(&of(asked, tag), words)]);
        }
    }

    #[test]
    fn rfc9111_5_2_2_3_no_store_is_for_caches_that_do_not_know_must_understand() {
        const FIELD: &str = "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: must-understand, no-store, public, max-age=60\n";
        all_said("no-store-with-lifetime", &[(FIELD, "")]);
        all_said("cache-directives-conflict", &[(FIELD, "")]);
    }
}
