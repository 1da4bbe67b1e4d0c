//! Caching, validation and ranges.

use crate::inspect::field::Spec::{Draft, Paper, Rfc, Vendor};
use crate::inspect::field::Status::{Browsers, Deprecated, Provisional};
use crate::inspect::field::{Field, Group, Shape, Takes, Word, word};
use crate::inspect::value;

const IN: Group = Group::Caching;
const IF: Group = Group::Conditional;
const RANGE: Group = Group::Range;

pub(super) static CACHING: &[Field] = &[
    IN.both("Cache-Control", Rfc(9111, "5.2"), "Who may keep and reuse this response, and for how long; in a request, which stored answers are good enough.")
        .list()
        .read(value::directives)
        .words(CACHE_CONTROL),
    IN.response("Age", Rfc(9111, "5.1"), "How many seconds ago the origin server made or confirmed this response.").read(value::seconds),
    IN.response("Expires", Rfc(9111, "5.3"), "When the response becomes stale; max-age wins over it.").read(value::date),
    IN.both("Pragma", Rfc(9111, "5.4"), "no-cache for caches of HTTP/1.0; Cache-Control says it today.")
        .status(Deprecated)
        .list()
        .read(value::with_parameters)
        .words(&[word("no-cache", "ask the origin server before reuse")]),
    IN.response("Vary", Rfc(9110, "12.5.5"), "Which fields of the request had a part in choosing this response: a stored one fits only requests with the same.")
        .list()
        .read(value::names),
    IN.both("Date", Rfc(9110, "6.6.1"), "When the message was made.").read(value::date),
    IN.response("CDN-Cache-Control", Rfc(9213, "3.1"), "Cache-Control for CDNs only.")
        .structured(Shape::Dictionary)
        .words(CACHE_CONTROL),
    IN.response("Cloudflare-CDN-Cache-Control", Vendor("Cloudflare"), "Cache-Control for Cloudflare only.").structured(Shape::Dictionary).words(CACHE_CONTROL),
    IN.response("Vercel-CDN-Cache-Control", Vendor("Vercel"), "Cache-Control for Vercel only.").structured(Shape::Dictionary).words(CACHE_CONTROL),
    IN.response("Netlify-CDN-Cache-Control", Vendor("Netlify"), "Cache-Control for Netlify only.").structured(Shape::Dictionary).words(CACHE_CONTROL),
    IN.response("Cache-Status", Rfc(9211, "2"), "What each cache did with the request, the cache nearest the origin first.")
        .structured(Shape::SfList)
        .words(CACHE_STATUS),
    IN.response("Surrogate-Control", Paper("Edge Architecture Specification 2.2"), "Cache-Control for surrogates: caches that work for the origin.")
        .status(Provisional)
        .list()
        .read(value::directives)
        .words(CACHE_CONTROL),
    IN.request("Surrogate-Capability", Paper("Edge Architecture Specification 2.1"), "What the surrogate in between can do.")
        .status(Provisional)
        .list()
        .read(value::with_parameters),
    IN.response("Surrogate-Key", Vendor("Fastly"), "Tags by which the response can be dropped from the CDN.").read(value::words),
    IN.response("Cache-Tag", Vendor("Cloudflare"), "Tags by which the response can be dropped from the CDN.").list().read(value::tokens),
    IN.response("Edge-Control", Vendor("Akamai"), "Cache-Control for Akamai only.").list().read(value::directives).words(CACHE_CONTROL),
    IN.response("Edge-Cache-Tag", Vendor("Akamai"), "Tags by which the response can be dropped from the CDN.").list().read(value::tokens),
    IN.response("Cache-Groups", Rfc(9875, "2"), "Groups of responses that become invalid together.").structured(Shape::SfList),
    IN.response("Cache-Group-Invalidation", Rfc(9875, "3"), "Groups of stored responses that this answer makes invalid.").structured(Shape::SfList),
    IN.response("No-Vary-Search", Draft("draft-ietf-httpbis-no-vary-search"), "Which parts of the query make no difference to the response.")
        .status(Browsers)
        .structured(Shape::Dictionary)
        .words(&[
            word("key-order", "the order of the parameters makes no difference"),
            word("params", "these parameters make no difference"),
            word("except", "all but these make no difference"),
        ]),
    IN.response("X-Cache", Vendor("Squid"), "Whether a cache on the way had the answer.")
        .list()
        .read(value::words)
        .words(HITS),
    IN.response("X-Cache-Hits", Vendor("Varnish"), "How often the stored response was used, one number a cache.").list().read(value::tokens),
    IN.response("X-Cache-Lookup", Vendor("Squid"), "Whether the cache found a stored response, whatever it then did.").list().read(value::words).words(HITS),
    IN.response("X-Cache-Status", Vendor("Nginx"), "What the cache did with the request.").read(value::words).words(HITS),
    IN.response("X-Proxy-Cache", Vendor("Nginx"), "What the cache did with the request.").read(value::words).words(HITS),
    IN.response("X-Cacheable", Vendor("Varnish"), "Whether the cache may keep the response, as a VCL sets it.").read(value::words),
    IN.response("X-Varnish", Vendor("Varnish"), "The number of this request, and of the one that stored the response.").read(value::words),
    IN.response("X-Drupal-Cache", Vendor("Drupal"), "Whether the page came from Drupal's cache.").read(value::words).words(HITS),
    IN.response("X-Drupal-Dynamic-Cache", Vendor("Drupal"), "Whether parts of the page came from Drupal's cache.").read(value::words).words(HITS),
    IN.response("X-Magento-Cache-Debug", Vendor("Magento"), "Whether the page came from Magento's cache.").read(value::words).words(HITS),
    IN.response("X-LiteSpeed-Cache", Vendor("LiteSpeed"), "Whether the page came from LiteSpeed's cache.").read(value::words).words(HITS),
    IN.response("X-Rack-Cache", Vendor("Rack"), "What Ruby's Rack::Cache did.").list().read(value::words),
    IN.response("X-Accel-Expires", Vendor("Nginx"), "For Nginx only: how long to keep the response.").read(value::text),
    IN.response("X-Accel-Buffering", Vendor("Nginx"), "Whether Nginx may hold the response back before passing it on.")
        .read(value::token)
        .words(&[word("no", "passed on as it comes"), word("yes", "may be held back")]),
    IN.response("X-Accel-Redirect", Vendor("Nginx"), "For Nginx only: which of its own files to send instead.").read(value::uri),
    IN.response("X-Sendfile", Vendor("Apache httpd"), "For the server only: which file to send instead."),
];

/// What directives mean in responses (RFC 9111 5.2.2).
pub(super) static CACHE_CONTROL: &[Word] = &[
    word("max-age", "fresh for so long").takes(Takes::Seconds).at(Rfc(9111, "5.2.2.1")),
    word("s-maxage", "in shared caches fresh for so long; wins over max-age there")
        .takes(Takes::Seconds)
        .at(Rfc(9111, "5.2.2.10")),
    word("no-cache", "ask the origin server before each reuse").takes(Takes::Names).at(Rfc(9111, "5.2.2.4")),
    word("no-store", "keep no copy").takes(Takes::Nothing).at(Rfc(9111, "5.2.2.5")),
    word("private", "only the user's own cache may keep it").takes(Takes::Names).at(Rfc(9111, "5.2.2.7")),
    word("public", "any cache may keep it, also where it otherwise would not")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.2.9")),
    word("must-revalidate", "once stale, never used without asking")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.2.2")),
    word("proxy-revalidate", "once stale, shared caches never use it without asking")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.2.8")),
    word("must-understand", "kept only by caches that know this status")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.2.3")),
    word("no-transform", "the content must not be changed on the way")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.2.6")),
    word("immutable", "will not change while it is fresh: no need to ask on reload")
        .takes(Takes::Nothing)
        .at(Rfc(8246, "2")),
    word("stale-while-revalidate", "may be used stale for so long while it is asked for anew")
        .takes(Takes::Seconds)
        .at(Rfc(5861, "3")),
    word("stale-if-error", "may be used stale for so long when the origin fails")
        .takes(Takes::Seconds)
        .at(Rfc(5861, "4")),
    word("pre-check", "an old extension of Internet Explorer").at(Vendor("Microsoft")),
    word("post-check", "an old extension of Internet Explorer").at(Vendor("Microsoft")),
];

/// What directives mean in requests (RFC 9111 5.2.1).
pub(super) static CACHE_CONTROL_ASKED: &[Word] = &[
    word("max-age", "the client takes no answer that is older than so long")
        .takes(Takes::Seconds)
        .at(Rfc(9111, "5.2.1.1")),
    word(
        "max-stale",
        "the client takes a stale answer, up to so long past its lifetime; without a number however old",
    )
    .takes(Takes::Seconds)
    .at(Rfc(9111, "5.2.1.2")),
    word("min-fresh", "the client wants it fresh for so long yet")
        .takes(Takes::Seconds)
        .at(Rfc(9111, "5.2.1.3")),
    word("no-cache", "no stored answer unless the origin server confirms it")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.1.4")),
    word("no-store", "keep no copy of this request nor of its answer")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.1.5")),
    word("no-transform", "the content must not be changed on the way")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.1.6")),
    word("only-if-cached", "the client wants a stored answer or none")
        .takes(Takes::Nothing)
        .at(Rfc(9111, "5.2.1.7")),
    word("stale-if-error", "the client takes a stale answer when the origin fails")
        .takes(Takes::Seconds)
        .at(Rfc(5861, "4")),
];

const CACHE_STATUS: &[Word] = &[
    word("hit", "answered from the cache"),
    word("fwd", "asked further on, because"),
    word("fwd-status", "the status that came back"),
    word("stored", "the answer was kept"),
    word("collapsed", "joined with another request for the same"),
    word("ttl", "fresh for so many seconds yet; negative: stale"),
    word("key", "the key it is kept under"),
    word("detail", "more, in the cache's own words"),
];

const HITS: &[Word] = &[
    word("HIT", "a cache had the answer"),
    word("HIT,", "a cache had the answer"),
    word("TCP_HIT", "a cache had the answer on its disk"),
    word("TCP_MEM_HIT", "a cache had the answer in memory"),
    word("MISS", "no cache had the answer: the origin was asked"),
    word("MISS,", "no cache had the answer"),
    word("TCP_MISS", "no cache had the answer: the origin was asked"),
    word("Hit", "a cache had the answer"),
    word("EXPIRED", "the stored answer was stale: the origin was asked"),
    word("STALE", "a stale answer was used"),
    word("UPDATING", "a stale answer was used while a new one is fetched"),
    word("REVALIDATED", "the origin confirmed the stored answer"),
    word("BYPASS", "the cache was passed by"),
    word("DYNAMIC", "not the kind of thing that is cached"),
    word("UNCACHEABLE", "may not be cached"),
];

pub(super) static CONDITIONAL: &[Field] = &[
    IF.response(
        "ETag",
        Rfc(9110, "8.8.3"),
        "A tag for exactly this state of the resource, to ask later whether it changed.",
    )
    .in_trailers()
    .read(value::etag),
    IF.response(
        "Last-Modified",
        Rfc(9110, "8.8.2"),
        "When the resource was last changed, as the server knows.",
    )
    .read(value::date),
    IF.request(
        "If-None-Match",
        Rfc(9110, "13.1.2"),
        "Do it only if the resource is in none of these states: a stored copy is checked with it.",
    )
    .list()
    .read(value::etags),
    IF.request(
        "If-Match",
        Rfc(9110, "13.1.1"),
        "Do it only if the resource is in one of these states: nobody else's change is overwritten.",
    )
    .list()
    .read(value::etags),
    IF.request("If-Modified-Since", Rfc(9110, "13.1.3"), "Send it only if it changed after that time.")
        .read(value::date),
    IF.request("If-Unmodified-Since", Rfc(9110, "13.1.4"), "Do it only if nothing changed after that time.")
        .read(value::date),
    IF.request("If", Rfc(4918, "10.4"), "Do it only if these states and locks hold (WebDAV)."),
    IF.request(
        "If-Schedule-Tag-Match",
        Rfc(6638, "8.3"),
        "Do it only if the meeting's scheduling state is still this one (CalDAV).",
    )
    .read(value::quoted),
    IF.response("Schedule-Tag", Rfc(6638, "8.2"), "A tag for the scheduling state of a meeting (CalDAV).")
        .read(value::quoted),
    IF.request(
        "A-IM",
        Rfc(3229, "10.5.3"),
        "Which kinds of differences between two states the client understands.",
    )
    .list()
    .read(value::weighted),
    IF.response("IM", Rfc(3229, "10.5.2"), "Which kind of difference between two states this response is.")
        .list()
        .read(value::tokens),
    IF.response("Delta-Base", Rfc(3229, "10.5.1"), "The state that this difference starts from.")
        .read(value::etag),
    IF.request("Accept-Datetime", Rfc(7089, "2.1.1"), "Asks for the resource as it was at that time.")
        .read(value::date),
    IF.response("Memento-Datetime", Rfc(7089, "2.1.1"), "The time whose state of the resource this is.")
        .read(value::date),
];

pub(super) static RANGES: &[Field] = &[
    RANGE.request("Range", Rfc(9110, "14.2"), "Asks for a part of the content only.").read(value::range),
    RANGE
        .request(
            "If-Range",
            Rfc(9110, "13.1.5"),
            "Send the part if the resource is still in this state, else send it whole.",
        )
        .read(value::etag_or_date),
    RANGE
        .both("Content-Range", Rfc(9110, "14.4"), "Which part of the whole content this is.")
        .read(value::content_range),
    RANGE
        .response("Accept-Ranges", Rfc(9110, "14.3"), "Whether parts of the content can be asked for.")
        .list()
        .read(value::tokens)
        .words(&[
            word("bytes", "parts can be asked for by their bytes"),
            word("none", "only the whole can be asked for"),
        ]),
];
