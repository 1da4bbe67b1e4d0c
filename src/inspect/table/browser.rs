//! What browsers and servers tell each other: clients, hints, reports, traces, `WebSocket`.

use crate::inspect::field::Spec::{Draft, Paper, Rfc, Vendor, W3c, Whatwg};
use crate::inspect::field::Status::{Browsers, Provisional, Vendor as Custom};
use crate::inspect::field::{Field, Group, Shape, Takes, Word, word};
use crate::inspect::value;

const IN: Group = Group::Browser;
const HINT: Group = Group::Hints;
const SEE: Group = Group::Observing;
const WS: Group = Group::WebSocket;

pub(super) static BROWSER: &[Field] = &[
    IN.request("User-Agent", Rfc(9110, "10.1.5"), "Which program asks, and what it is like.")
        .read(value::products),
    IN.response("Server", Rfc(9110, "10.2.4"), "Which program answered.").read(value::products),
    IN.request("Referer", Rfc(9110, "10.1.3"), "The page from which this was asked.").read(value::uri),
    IN.request("From", Rfc(9110, "10.1.2"), "The mail address of whoever runs the client; robots use it."),
    IN.request(
        "Sec-Fetch-Site",
        W3c("Fetch Metadata"),
        "Whether the asking page is of the same origin, the same site, or another.",
    )
    .structured(Shape::Item)
    .words(&[
        word("same-origin", "a page of this very origin asks"),
        word("same-site", "a page of the same site asks"),
        word("cross-site", "a page of another site asks"),
        word("none", "the user asks: typed, a bookmark, a new window"),
    ]),
    IN.request(
        "Sec-Fetch-Mode",
        W3c("Fetch Metadata"),
        "How the browser asks: for a page, for a part of one, with or without CORS.",
    )
    .structured(Shape::Item)
    .words(&[
        word("navigate", "for a page to go to"),
        word("cors", "by the rules of CORS"),
        word("no-cors", "for a part of a page, not to be read by scripts"),
        word("same-origin", "within the origin only"),
        word("websocket", "for a WebSocket"),
    ]),
    IN.request("Sec-Fetch-Dest", W3c("Fetch Metadata"), "What the answer will be used as.")
        .structured(Shape::Item)
        .words(&[
            word("document", "a page"),
            word("iframe", "a page in a frame"),
            word("frame", "a page in a frame"),
            word("script", "a script"),
            word("style", "a style sheet"),
            word("image", "an image"),
            word("font", "a font"),
            word("empty", "whatever a script makes of it"),
            word("worker", "a worker"),
            word("serviceworker", "a service worker"),
            word("manifest", "a manifest"),
            word("audio", "audio"),
            word("video", "video"),
            word("websocket", "a WebSocket"),
        ]),
    IN.request("Sec-Fetch-User", W3c("Fetch Metadata"), "The user's own action caused this request.")
        .structured(Shape::Item),
    IN.request("Sec-Purpose", Whatwg("Fetch"), "The browser asks early, before the user does.")
        .structured(Shape::SfList)
        .words(&[
            word("prefetch", "to have it when the user asks"),
            word("prerender", "the page is also made ready"),
        ]),
    IN.request("Purpose", Vendor("Chromium"), "Sec-Purpose before it was a standard.").read(value::token),
    IN.request("X-Moz", Vendor("Mozilla"), "Sec-Purpose before it was a standard.").read(value::token),
    IN.request("Ping-From", Whatwg("HTML"), "The page whose link was followed.").read(value::uri),
    IN.request("Ping-To", Whatwg("HTML"), "Where the followed link leads.").read(value::uri),
    IN.request(
        "Last-Event-ID",
        Whatwg("HTML"),
        "The last event that arrived before an event stream broke off.",
    )
    .read(value::id),
    IN.request("Service-Worker", W3c("Service Workers"), "The script of a service worker is asked for.")
        .status(Browsers)
        .read(value::token)
        .words(&[word("script", "the worker's script")]),
    IN.response(
        "Service-Worker-Allowed",
        W3c("Service Workers"),
        "For which paths this service worker may work.",
    )
    .status(Browsers)
    .read(value::uri),
    IN.request(
        "Service-Worker-Navigation-Preload",
        W3c("Service Workers"),
        "The page is asked for while its service worker starts.",
    )
    .status(Browsers)
    .words(&[word("true", "asked while the worker starts")]),
    IN.response("Speculation-Rules", Whatwg("HTML"), "Where the rules are for fetching pages early.")
        .status(Browsers)
        .structured(Shape::SfList),
    IN.request("Sec-Speculation-Tags", Whatwg("HTML"), "Which rule made the browser ask early.")
        .status(Browsers)
        .structured(Shape::SfList),
    IN.response(
        "Supports-Loading-Mode",
        W3c("Prerendering Revamped"),
        "In which special ways this page may be loaded.",
    )
    .status(Browsers)
    .structured(Shape::SfList)
    .words(&[
        word("credentialed-prerender", "may be rendered early across origins of the site"),
        word("fenced-frame", "may be shown in a fenced frame"),
    ]),
    IN.response("X-DNS-Prefetch-Control", Vendor("Mozilla"), "Whether names in links are resolved early.")
        .status(Browsers)
        .read(value::token)
        .words(&[word("on", "resolved early"), word("off", "not before they are needed")]),
    IN.response(
        "Snapshot-Content-Location",
        W3c("Web Packaging"),
        "The address that the content of a saved copy had.",
    )
    .status(Browsers)
    .read(value::uri),
    IN.response(
        "Attribution-Reporting-Register-Source",
        W3c("Attribution Reporting"),
        "An advertisement was seen or clicked: remember it.",
    )
    .status(Browsers)
    .read(value::json),
    IN.response(
        "Attribution-Reporting-Register-Trigger",
        W3c("Attribution Reporting"),
        "Something was bought: match it with an advertisement.",
    )
    .status(Browsers)
    .read(value::json),
    IN.request(
        "Attribution-Reporting-Eligible",
        W3c("Attribution Reporting"),
        "What the answer may register for advertisements.",
    )
    .status(Browsers)
    .structured(Shape::Dictionary),
    IN.request(
        "Attribution-Reporting-Support",
        W3c("Attribution Reporting"),
        "Whether the browser, the system or both measure advertisements.",
    )
    .status(Browsers)
    .structured(Shape::Dictionary),
    IN.request(
        "Sec-Browsing-Topics",
        W3c("Topics API"),
        "Topics that the browser found the user to be interested in.",
    )
    .status(Browsers)
    .structured(Shape::SfList),
    IN.response("Observe-Browsing-Topics", W3c("Topics API"), "This visit may count for the user's topics.")
        .status(Browsers)
        .structured(Shape::Item),
    IN.request(
        "X-Client-Data",
        Vendor("Chromium"),
        "Which experiments this Chrome takes part in; sent to Google only.",
    ),
];

pub(super) static HINTS: &[Field] = &[
    HINT.response("Accept-CH", Rfc(8942, "3.1"), "Which client hints the server would like to get.")
        .structured(Shape::SfList),
    HINT.response(
        "Accept-CH-Lifetime",
        Draft("draft-ietf-httpbis-client-hints-07"),
        "How long Accept-CH was remembered; given up.",
    )
    .status(Custom)
    .read(value::seconds),
    HINT.response(
        "Critical-CH",
        Draft("draft-davidben-http-client-hint-reliability"),
        "Hints without which the answer is wrong: ask again with them.",
    )
    .status(Browsers)
    .structured(Shape::SfList),
    HINT.request(
        "Sec-CH-UA",
        W3c("User-Agent Client Hints"),
        "The browser's brands with their main versions; one of them is made up on purpose.",
    )
    .status(Browsers)
    .structured(Shape::SfList)
    .words(BRAND),
    HINT.request(
        "Sec-CH-UA-Full-Version-List",
        W3c("User-Agent Client Hints"),
        "The browser's brands with their full versions.",
    )
    .status(Browsers)
    .structured(Shape::SfList)
    .words(BRAND),
    HINT.request(
        "Sec-CH-UA-Full-Version",
        W3c("User-Agent Client Hints"),
        "The browser's full version; the list took its place.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-UA-Mobile",
        W3c("User-Agent Client Hints"),
        "Whether the page should be made for a telephone.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request("Sec-CH-UA-Platform", W3c("User-Agent Client Hints"), "The operating system.")
        .status(Browsers)
        .structured(Shape::Item),
    HINT.request(
        "Sec-CH-UA-Platform-Version",
        W3c("User-Agent Client Hints"),
        "The version of the operating system.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request("Sec-CH-UA-Arch", W3c("User-Agent Client Hints"), "The kind of processor.")
        .status(Browsers)
        .structured(Shape::Item),
    HINT.request(
        "Sec-CH-UA-Bitness",
        W3c("User-Agent Client Hints"),
        "How many bits the processor works with.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request("Sec-CH-UA-Model", W3c("User-Agent Client Hints"), "The model of the device.")
        .status(Browsers)
        .structured(Shape::Item),
    HINT.request(
        "Sec-CH-UA-WoW64",
        W3c("User-Agent Client Hints"),
        "Whether a 32-bit browser runs on a 64-bit Windows.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request("Sec-CH-UA-Form-Factors", W3c("User-Agent Client Hints"), "What kind of device it is.")
        .status(Browsers)
        .structured(Shape::SfList),
    HINT.request(
        "Sec-CH-Prefers-Color-Scheme",
        W3c("User Preference Media Features Client Hints"),
        "Whether the user likes it light or dark.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-Prefers-Reduced-Motion",
        W3c("User Preference Media Features Client Hints"),
        "Whether the user wants less motion.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-Prefers-Reduced-Transparency",
        W3c("User Preference Media Features Client Hints"),
        "Whether the user wants less transparency.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-DPR",
        W3c("Responsive Image Client Hints"),
        "How many device pixels a CSS pixel has.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-Width",
        W3c("Responsive Image Client Hints"),
        "How wide the image will be, in device pixels.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-Viewport-Width",
        W3c("Responsive Image Client Hints"),
        "How wide the window is, in CSS pixels.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-Viewport-Height",
        W3c("Responsive Image Client Hints"),
        "How high the window is, in CSS pixels.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Sec-CH-Device-Memory",
        W3c("Device Memory"),
        "How much memory the device has, in GiB, roughly.",
    )
    .status(Browsers)
    .structured(Shape::Item),
    HINT.request(
        "Device-Memory",
        W3c("Device Memory"),
        "How much memory the device has, in GiB, roughly; Sec-CH-Device-Memory took its place.",
    )
    .status(Browsers)
    .read(value::fraction),
    HINT.request(
        "DPR",
        W3c("Responsive Image Client Hints"),
        "How many device pixels a CSS pixel has; Sec-CH-DPR took its place.",
    )
    .status(Browsers)
    .read(value::fraction),
    HINT.request(
        "Width",
        W3c("Responsive Image Client Hints"),
        "How wide the image will be; Sec-CH-Width took its place.",
    )
    .status(Browsers)
    .read(value::fraction),
    HINT.request(
        "Viewport-Width",
        W3c("Responsive Image Client Hints"),
        "How wide the window is; Sec-CH-Viewport-Width took its place.",
    )
    .status(Browsers)
    .read(value::fraction),
    HINT.response(
        "Content-DPR",
        W3c("Responsive Image Client Hints"),
        "How many pixels of this image a CSS pixel takes; given up.",
    )
    .status(Browsers)
    .read(value::fraction),
    HINT.request(
        "Downlink",
        W3c("Network Information"),
        "About how fast the connection is, in megabits a second.",
    )
    .status(Browsers)
    .read(value::fraction),
    HINT.request("ECT", W3c("Network Information"), "What kind of mobile network the connection feels like.")
        .status(Browsers)
        .read(value::token)
        .words(&[
            word("slow-2g", "very slow"),
            word("2g", "slow"),
            word("3g", "fair"),
            word("4g", "fast, be it mobile or not"),
        ]),
    HINT.request("RTT", W3c("Network Information"), "About how many milliseconds a round trip takes.")
        .status(Browsers)
        .read(value::number),
    HINT.request("Save-Data", W3c("Save Data"), "The user wants to save data.")
        .status(Browsers)
        .read(value::token)
        .words(&[word("on", "less data, please")]),
];

const BRAND: &[Word] = &[word("v", "version")];

pub(super) static OBSERVING: &[Field] = &[
    SEE.response("Server-Timing", W3c("Server Timing"), "How long parts of the work took on the server.")
        .list()
        .in_trailers()
        .read(value::server_timing)
        .words(&[word("desc", "in words")]),
    SEE.request(
        "Traceparent",
        W3c("Trace Context"),
        "The trace that this request belongs to, and the operation that sent it.",
    )
    .read(value::traceparent),
    SEE.request("Tracestate", W3c("Trace Context"), "What each tracing system keeps with the trace.")
        .list()
        .read(value::tracestate),
    SEE.response("Traceresponse", W3c("Trace Context 2"), "The trace as the server knows it.")
        .status(Custom)
        .read(value::traceparent),
    SEE.both("Baggage", W3c("Baggage"), "Values that travel along with a trace.")
        .status(Custom)
        .list()
        .read(value::with_parameters),
    SEE.response(
        "NEL",
        W3c("Network Error Logging"),
        "Asks browsers to report failed connections to this site.",
    )
    .read(value::json)
    .words(REPORTING),
    SEE.response(
        "Report-To",
        W3c("Reporting API"),
        "Groups of endpoints for reports; Reporting-Endpoints took its place.",
    )
    .status(Browsers)
    .list()
    .read(value::json)
    .words(REPORTING),
    SEE.response(
        "Reporting-Endpoints",
        W3c("Reporting API"),
        "Where browsers send reports, each place by a name.",
    )
    .status(Provisional)
    .structured(Shape::Dictionary),
    SEE.request("X-Request-ID", Vendor("Heroku"), "The id of this request, to find it again in logs.")
        .read(value::id),
    SEE.request(
        "X-Correlation-ID",
        Vendor("custom"),
        "The id of everything that belongs to one action of the user.",
    )
    .read(value::id),
    SEE.response("X-Response-Time", Vendor("Express"), "How long the server took.").read(value::fraction),
    SEE.response("X-Runtime", Vendor("Ruby on Rails"), "How many seconds the application took.")
        .read(value::fraction),
    SEE.response("X-Runtime-Rack", Vendor("Rack"), "How many seconds the application took.")
        .read(value::fraction),
    SEE.request("X-B3-TraceId", Vendor("Zipkin"), "The trace that this request belongs to.").read(value::id),
    SEE.request("X-B3-SpanId", Vendor("Zipkin"), "The operation that this request is.").read(value::id),
    SEE.request("X-B3-ParentSpanId", Vendor("Zipkin"), "The operation that caused this one.").read(value::id),
    SEE.request("X-B3-Sampled", Vendor("Zipkin"), "Whether the trace is recorded.").read(value::yes),
    SEE.request("B3", Vendor("Zipkin"), "Trace, operation and whether it is recorded, in one line.")
        .read(value::id),
    SEE.both("X-Cloud-Trace-Context", Vendor("Google Cloud"), "The trace that this request belongs to.")
        .read(value::id),
    SEE.both("X-Amzn-Trace-Id", Vendor("Amazon Web Services"), "The trace that this request belongs to.")
        .read(value::settings_loose),
    SEE.request("Uber-Trace-Id", Vendor("Jaeger"), "The trace that this request belongs to.").read(value::id),
    SEE.request("Sentry-Trace", Vendor("Sentry"), "The trace that this request belongs to.").read(value::id),
    SEE.request("Newrelic", Vendor("New Relic"), "The trace that this request belongs to.").read(value::id),
    SEE.request(
        "Request-Id",
        Vendor("Microsoft Application Insights"),
        "The id of this request within its trace.",
    )
    .read(value::id),
    SEE.both(
        "Request-Context",
        Vendor("Microsoft Application Insights"),
        "Which application asked or answered.",
    )
    .read(value::settings_loose),
    SEE.request("CMCD-Object", Paper("CTA-5004"), "A media player about the piece it asks for.")
        .status(Provisional)
        .structured(Shape::Dictionary)
        .words(CMCD),
    SEE.request("CMCD-Request", Paper("CTA-5004"), "A media player about this request.")
        .status(Provisional)
        .structured(Shape::Dictionary)
        .words(CMCD),
    SEE.request("CMCD-Session", Paper("CTA-5004"), "A media player about the whole session.")
        .status(Provisional)
        .structured(Shape::Dictionary)
        .words(CMCD),
    SEE.request("CMCD-Status", Paper("CTA-5004"), "A media player about its troubles.")
        .status(Provisional)
        .structured(Shape::Dictionary)
        .words(CMCD),
    SEE.response("CMSD-Static", Paper("CTA-5006"), "The origin about a piece of media.")
        .status(Provisional)
        .structured(Shape::Dictionary),
    SEE.response("CMSD-Dynamic", Paper("CTA-5006"), "Each server on the way about delivering media.")
        .status(Provisional)
        .structured(Shape::SfList),
    SEE.request("Meter", Rfc(2227, "5.1"), "Counts how often a stored copy is used.").list().hop_by_hop(),
];

const CMCD: &[Word] = &[
    word("br", "the bitrate of this piece, in kbit/s"),
    word("bl", "how much is buffered, in ms"),
    word("bs", "the buffer ran dry"),
    word("cid", "which content"),
    word("d", "how long the piece lasts, in ms"),
    word("mtp", "the measured throughput, in kbit/s"),
    word("ot", "what kind of piece it is"),
    word("rtp", "the throughput that it wants, in kbit/s"),
    word("sf", "the streaming format"),
    word("sid", "which session"),
    word("su", "needed at once: start or recovery"),
    word("tb", "the highest bitrate that could be played"),
];

const REPORTING: &[Word] = &[
    word("report_to", "the group that reports go to"),
    word("group", "the group's name"),
    word("max_age", "how many seconds it is remembered").takes(Takes::Seconds),
    word("endpoints", "where reports are sent"),
    word("include_subdomains", "for all hosts below this one too"),
    word("success_fraction", "the share of successes that is reported"),
    word("failure_fraction", "the share of failures that is reported"),
    word("request_headers", "request fields to report"),
    word("response_headers", "response fields to report"),
];

pub(super) static WEBSOCKET: &[Field] = &[
    WS.request("Sec-WebSocket-Key", Rfc(6455, "11.3.1"), "A value that the server must use in its answer.")
        .read(value::websocket_key),
    WS.response(
        "Sec-WebSocket-Accept",
        Rfc(6455, "11.3.3"),
        "The proof that the server read this very handshake.",
    )
    .read(value::websocket_accept),
    WS.both("Sec-WebSocket-Version", Rfc(6455, "11.3.5"), "The version of the WebSocket protocol: 13.")
        .list()
        .read(value::tokens)
        .words(&[word("13", "the version of RFC 6455")]),
    WS.both(
        "Sec-WebSocket-Protocol",
        Rfc(6455, "11.3.4"),
        "The subprotocols that the client offers, or the one that was chosen.",
    )
    .list()
    .read(value::tokens),
    WS.both("Sec-WebSocket-Extensions", Rfc(6455, "11.3.2"), "The extensions that are offered, or in use.")
        .list()
        .read(value::with_parameters)
        .words(&[
            word("permessage-deflate", "messages are deflated"),
            word("x-webkit-deflate-frame", "frames are deflated; a custom of old browsers"),
            word("client_max_window_bits", "how far back the client's compression looks, as a power of two"),
            word("server_max_window_bits", "how far back the server's compression looks, as a power of two"),
            word("client_no_context_takeover", "the client compresses each message by itself"),
            word("server_no_context_takeover", "the server compresses each message by itself"),
        ]),
    WS.request(
        "Sec-WebSocket-Key1",
        Draft("draft-hixie-thewebsocketprotocol-76"),
        "A key of a WebSocket draft that browsers gave up.",
    )
    .status(Custom),
    WS.request(
        "Sec-WebSocket-Key2",
        Draft("draft-hixie-thewebsocketprotocol-76"),
        "A key of a WebSocket draft that browsers gave up.",
    )
    .status(Custom),
];
