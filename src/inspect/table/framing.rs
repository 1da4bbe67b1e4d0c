//! Framing and routing: what a message's body is, who it is for, which way it goes.

use crate::inspect::field::Spec::{Draft, Paper, Rfc, Vendor, Whatwg};
use crate::inspect::field::Status::{Obsoleted, Provisional, Vendor as Custom};
use crate::inspect::field::{Field, Group, Shape, Takes, Word, word};
use crate::inspect::value;

const FRAME: Group = Group::Framing;
const ROUTE: Group = Group::Routing;

pub(super) static FRAMING: &[Field] = &[
    FRAME
        .both("Content-Length", Rfc(9110, "8.6"), "How many bytes the body has, as it is sent.")
        .read(value::octets),
    FRAME
        .both("Transfer-Encoding", Rfc(9112, "6.1"), "How the body is framed and coded on this connection only.")
        .list()
        .hop_by_hop()
        .read(value::weighted)
        .words(CODINGS),
    FRAME
        .both("Trailer", Rfc(9110, "6.6.2"), "Which fields will follow behind the body.")
        .list()
        .read(value::names),
    FRAME
        .request("TE", Rfc(9110, "10.1.4"), "Which transfer codings, and whether trailers, the sender takes in the response.")
        .list()
        .hop_by_hop()
        .read(value::weighted)
        .words(&[
            word("trailers", "fields behind the body are welcome"),
            word("gzip", "the body may be gzipped for this connection"),
            word("deflate", "the body may be deflated for this connection"),
            word("chunked", "needless: chunked is always understood"),
            word("compress", "the body may be packed with LZW for this connection"),
        ]),
    FRAME
        .both("Connection", Rfc(9110, "7.6.1"), "What holds for this connection only: options, and fields that the next recipient must not pass on.")
        .list()
        .hop_by_hop()
        .read(value::tokens)
        .words(&[
            word("close", "the connection ends after this message"),
            word("keep-alive", "the connection stays open; already the rule in HTTP/1.1"),
            word("upgrade", "Upgrade in this message is meant"),
            word("te", "TE in this message is for the next recipient only"),
            word("http2-settings", "HTTP2-Settings is for the next recipient only"),
            word("transfer-encoding", "names the framing, which is for the next recipient anyway"),
        ]),
    FRAME
        .both("Close", Rfc(9112, "9.6"), "Reserved, so that no field can be named like the connection option close.")
        .hop_by_hop(),
    FRAME
        .both("Keep-Alive", Rfc(2068, "19.7.1.1"), "How long, and for how many requests, the connection stays open.")
        .list()
        .hop_by_hop()
        .read(value::directives)
        .words(&[
            word("timeout", "closed after so long without a request").takes(Takes::Seconds),
            word("max", "how many more requests it takes"),
        ]),
    FRAME
        .both("Proxy-Connection", Rfc(9112, "C.2.2"), "Connection as some clients write it to proxies; it is no standard and does harm when passed on.")
        .status(Custom)
        .list()
        .hop_by_hop()
        .read(value::tokens)
        .words(&[word("keep-alive", "keep the connection to the proxy open"), word("close", "close the connection to the proxy")]),
    FRAME
        .both("Upgrade", Rfc(9110, "7.8"), "Which other protocols the sender would like to speak on this connection.")
        .list()
        .hop_by_hop()
        .read(value::protocols)
        .words(&[
            word("websocket", "messages in both directions (RFC 6455)"),
            word("h2c", "HTTP/2 without TLS; withdrawn by RFC 9113"),
            word("h2", "HTTP/2, which TLS chooses by itself"),
            word("http", "another version of HTTP"),
            word("tls", "TLS on this connection (RFC 2817)"),
            word("connect-udp", "UDP through this connection (RFC 9298)"),
            word("connect-ip", "IP through this connection (RFC 9484)"),
            word("irc", "chat by IRC"),
        ]),
    FRAME
        .request("Expect", Rfc(9110, "10.1.1"), "What the server must promise before the body is sent.")
        .list()
        .read(value::with_parameters)
        .words(&[word("100-continue", "the client waits for 100 before it sends the body")]),
    FRAME
        .both("MIME-Version", Rfc(9112, "B.1"), "The version of MIME; HTTP does not need it.")
        .read(value::fraction),
    FRAME
        .both("Capsule-Protocol", Rfc(9297, "3.4"), "Whether the tunnel carries its data in capsules.")
        .structured(Shape::Item),
    FRAME
        .request("HTTP2-Settings", Rfc(7540, "3.2.1"), "HTTP/2 settings of a client that asked for h2c; withdrawn by RFC 9113.")
        .status(Obsoleted)
        .hop_by_hop()
        .read(value::text),
];

const CODINGS: &[Word] = &[
    word("chunked", "in pieces, each with its length before it; the last has length 0"),
    word("gzip", "gzipped for this connection"),
    word("x-gzip", "gzipped for this connection; an old spelling"),
    word("deflate", "deflated for this connection"),
    word("compress", "packed with LZW for this connection"),
    word("x-compress", "packed with LZW; an old spelling"),
    word("identity", "as it is; withdrawn as a transfer coding"),
];

pub(super) static ROUTING: &[Field] = &[
    ROUTE.request("Host", Rfc(9110, "7.2"), "Which host, and port, the request is for.").read(value::host),
    ROUTE
        .both(
            "Via",
            Rfc(9110, "7.6.3"),
            "Each proxy or gateway that the message went through, the latest last.",
        )
        .list()
        .read(value::via),
    ROUTE
        .request(
            "Max-Forwards",
            Rfc(9110, "7.6.2"),
            "How many more times a TRACE or OPTIONS may be passed on.",
        )
        .read(value::number),
    ROUTE
        .request(
            "Forwarded",
            Rfc(7239, "4"),
            "What proxies changed or hid: the client's address, the host and the scheme it used.",
        )
        .list()
        .read(value::forwarded)
        .words(&[
            word("for", "who asked"),
            word("by", "where the proxy was reached"),
            word("host", "the host that was asked for"),
            word("proto", "the scheme that was used"),
        ]),
    ROUTE
        .request(
            "X-Forwarded-For",
            Vendor("Squid"),
            "The addresses that the request came through, the client first, as each proxy claims.",
        )
        .list()
        .read(value::addresses),
    ROUTE
        .request(
            "X-Forwarded-Host",
            Vendor("Apache httpd"),
            "The host that the client asked for, before a proxy changed it.",
        )
        .read(value::host),
    ROUTE
        .request(
            "X-Forwarded-Proto",
            Vendor("Nginx"),
            "The scheme that the client used toward the first proxy.",
        )
        .list()
        .read(value::tokens)
        .words(&[
            word("https", "over TLS"),
            word("http", "without TLS"),
            word("wss", "a WebSocket over TLS"),
            word("ws", "a WebSocket without TLS"),
        ]),
    ROUTE
        .request(
            "X-Forwarded-Port",
            Vendor("Amazon ELB"),
            "The port that the client connected to at the first proxy.",
        )
        .read(value::number),
    ROUTE.request(
        "X-Forwarded-Server",
        Vendor("Apache httpd"),
        "The name of the proxy that passed the request on.",
    ),
    ROUTE
        .request("X-Forwarded-Prefix", Vendor("Spring"), "The part of the path that a proxy took off.")
        .read(value::uri),
    ROUTE
        .request("X-Forwarded-Path", Vendor("Traefik"), "The path as the first proxy received it.")
        .read(value::uri),
    ROUTE
        .request(
            "X-Forwarded-Scheme",
            Vendor("Nginx"),
            "The scheme that the client used toward the first proxy.",
        )
        .read(value::token),
    ROUTE
        .request("X-Forwarded-Ssl", Vendor("Nginx"), "Whether the client came over TLS.")
        .read(value::token)
        .words(&[word("on", "the client came over TLS"), word("off", "the client came without TLS")]),
    ROUTE.request("X-Forwarded-User", Vendor("OAuth2 Proxy"), "Who the proxy found the user to be."),
    ROUTE.request(
        "X-Forwarded-Email",
        Vendor("OAuth2 Proxy"),
        "The address of the user whom the proxy let in.",
    ),
    ROUTE
        .request("X-Real-IP", Vendor("Nginx"), "The client's address, as the first proxy saw it.")
        .read(value::address),
    ROUTE
        .request("X-Client-IP", Vendor("Apache httpd"), "The client's address, as a proxy saw it.")
        .read(value::address),
    ROUTE
        .request("True-Client-IP", Vendor("Akamai"), "The client's address, as the CDN saw it.")
        .read(value::address),
    ROUTE
        .request(
            "X-Cluster-Client-IP",
            Vendor("Rackspace"),
            "The client's address, as the load balancer saw it.",
        )
        .read(value::address),
    ROUTE
        .request(
            "X-Original-URL",
            Vendor("Microsoft IIS"),
            "The target before it was rewritten; a danger when clients may set it.",
        )
        .read(value::uri),
    ROUTE
        .request(
            "X-Rewrite-URL",
            Vendor("Microsoft IIS"),
            "The target before it was rewritten; a danger when clients may set it.",
        )
        .read(value::uri),
    ROUTE
        .request("X-Original-Host", Vendor("Microsoft Azure"), "The host that the client asked for.")
        .read(value::host),
    ROUTE
        .request("Front-End-Https", Vendor("Microsoft"), "Whether the client came over TLS.")
        .read(value::token),
    ROUTE
        .request("X-ProxyUser-Ip", Vendor("Google"), "The client's address, as Google's services pass it on.")
        .read(value::address),
    ROUTE
        .request(
            "CDN-Loop",
            Rfc(8586, "2"),
            "The CDNs that the request went through, so that a loop is noticed.",
        )
        .list()
        .read(value::with_parameters),
    ROUTE
        .both("Alt-Used", Rfc(7838, "5"), "Which alternative of the origin the client is using.")
        .read(value::host),
    ROUTE
        .response("Alt-Svc", Rfc(7838, "3"), "Other places and protocols that serve this origin too.")
        .list()
        .read(value::alt_svc)
        .words(&[
            word("ma", "remembered for so long").takes(Takes::Seconds),
            word("persist", "kept when the network changes"),
            word("v", "drafts of QUIC that are understood"),
        ]),
    ROUTE.response("Alternate-Protocol", Vendor("Chromium"), "Alt-Svc before it was a standard.").list(),
    ROUTE
        .request(
            "ALPN",
            Rfc(7639, "2"),
            "Which protocols will be spoken inside the tunnel that CONNECT asks for.",
        )
        .list()
        .read(value::tokens),
    ROUTE
        .response(
            "Proxy-Status",
            Rfc(9209, "2"),
            "What each intermediary did with the request, and why it failed.",
        )
        .structured(Shape::SfList)
        .words(PROXY_STATUS),
    ROUTE
        .both(
            "Early-Data",
            Rfc(8470, "5.1"),
            "1: the request may have come in TLS early data, which can be replayed.",
        )
        .read(value::yes),
    ROUTE
        .response("Location", Rfc(9110, "10.2.2"), "Where to go next, or where the new resource is.")
        .read(value::uri),
    ROUTE
        .response("Content-Location", Rfc(9110, "8.7"), "The address of exactly this content.")
        .read(value::uri),
    ROUTE
        .response(
            "Retry-After",
            Rfc(9110, "10.2.3"),
            "When to try again: after so many seconds, or at that time.",
        )
        .read(value::date_or_seconds),
    ROUTE
        .response("Allow", Rfc(9110, "10.2.1"), "The methods that this resource understands.")
        .list()
        .read(value::tokens)
        .words(METHODS),
    ROUTE
        .response("Refresh", Whatwg("HTML"), "Loads this or another page after so many seconds.")
        .read(value::refresh),
    ROUTE
        .both("Link", Rfc(8288, "3"), "Links to other resources, as they could stand in the page itself.")
        .list()
        .read(value::link)
        .words(LINK),
    ROUTE
        .response("Link-Template", Rfc(9652, "2"), "Links whose addresses are templates to be filled in.")
        .structured(Shape::SfList)
        .words(&[
            word("rel", "what the link is for"),
            word("var-base", "where the names of the variables are explained"),
            word("anchor", "what the link is from"),
        ]),
    ROUTE
        .response(
            "Deprecation",
            Rfc(9745, "2"),
            "Since when, or from when on, this resource should not be used any more.",
        )
        .structured(Shape::Item),
    ROUTE.response("Sunset", Rfc(8594, "3"), "When this resource is likely to go away.").read(value::date),
    ROUTE
        .request(
            "X-HTTP-Method-Override",
            Vendor("Google"),
            "The method that is really meant, where only POST gets through.",
        )
        .read(value::token)
        .words(METHODS),
    ROUTE
        .request(
            "X-Method-Override",
            Vendor("IBM"),
            "The method that is really meant, where only POST gets through.",
        )
        .read(value::token)
        .words(METHODS),
    ROUTE
        .request(
            "X-HTTP-Method",
            Vendor("Microsoft"),
            "The method that is really meant, where only POST gets through.",
        )
        .read(value::token)
        .words(METHODS),
    ROUTE
        .both(
            "Idempotency-Key",
            Draft("draft-ietf-httpapi-idempotency-key-header"),
            "A key by which the server knows a repeated request and does the work only once.",
        )
        .status(crate::inspect::field::Status::Browsers)
        .read(value::word_or_string),
    ROUTE
        .request(
            "Isolation",
            Paper("OData 4.01 Protocol 8.2.4"),
            "Asks for a snapshot of the data over several requests.",
        )
        .status(Provisional)
        .read(value::token),
];

/// Methods that people meet.
pub(super) const METHODS: &[Word] = &[
    word("GET", "read it"),
    word("HEAD", "read its fields without the content"),
    word("POST", "let the resource work on the content"),
    word("PUT", "make this content its state"),
    word("PATCH", "change it in part"),
    word("DELETE", "remove it"),
    word("OPTIONS", "ask what is possible"),
    word("TRACE", "send the request back as it arrived"),
    word("CONNECT", "open a tunnel"),
    word("QUERY", "read what the content asks for"),
    word("PROPFIND", "read properties (WebDAV)"),
    word("PROPPATCH", "change properties (WebDAV)"),
    word("MKCOL", "make a collection (WebDAV)"),
    word("COPY", "copy it (WebDAV)"),
    word("MOVE", "move it (WebDAV)"),
    word("LOCK", "lock it (WebDAV)"),
    word("UNLOCK", "unlock it (WebDAV)"),
    word("REPORT", "ask for a report (WebDAV)"),
    word("PURGE", "drop it from the cache (a custom of caches)"),
    word("*", "any method"),
];

const LINK: &[Word] = &[
    word("rel", "what the link is for"),
    word("rev", "the relation seen from the other end; deprecated"),
    word("as", "what kind of content it will be"),
    word("type", "its media type"),
    word("title", "its title"),
    word("title*", "its title, in full"),
    word("hreflang", "its language"),
    word("media", "for which screens or papers"),
    word("anchor", "what the link is from, if not this resource"),
    word("crossorigin", "how it is asked for across origins"),
    word("fetchpriority", "how urgent it is"),
    word("integrity", "its digest"),
    word("nopush", "not to be pushed"),
    word("imagesrcset", "the image in several sizes"),
    word("imagesizes", "how large the image will be shown"),
    word("referrerpolicy", "what Referer says when it is fetched"),
    word("blocking", "what waits for it"),
];

const PROXY_STATUS: &[Word] = &[
    word("error", "what went wrong"),
    word("next-hop", "where it was sent"),
    word("next-protocol", "the protocol spoken there"),
    word("received-status", "the status that came from there"),
    word("details", "more in words"),
    word("rcode", "the answer of the name server"),
    word("info-code", "more of the name server's answer"),
    word("alert-id", "the TLS alert's number"),
    word("alert-message", "the TLS alert in words"),
    word("status-code", "the status that could not be passed on"),
    word("status-phrase", "the phrase behind that status"),
    word("header-section-size", "how large the head was"),
    word("header-name", "the field that was too much"),
    word("header-size", "how large that field was"),
    word("trailer-name", "the trailer field that was too much"),
    word("body-size", "how large the body was"),
    word("coding", "the coding that failed"),
];
