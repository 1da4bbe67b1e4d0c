//! The pseudo-fields of HTTP/2 and HTTP/3: what HTTP/1.1 has in its start line and in Host.

use crate::inspect::field::Spec::Rfc;
use crate::inspect::field::{Field, Group, word};
use crate::inspect::value;

const IN: Group = Group::Routing;

pub(super) static PSEUDO: &[Field] = &[
    IN.request(
        ":method",
        Rfc(9113, "8.3.1"),
        "The method of the request, which HTTP/1.1 has in its request line.",
    )
    .read(value::token)
    .words(super::framing::METHODS),
    IN.request(":scheme", Rfc(9113, "8.3.1"), "The scheme of the target, as in its address.")
        .read(value::token)
        .words(&[word("http", "without TLS"), word("https", "over TLS")]),
    IN.request(":authority", Rfc(9113, "8.3.1"), "Host and port of the target, which HTTP/1.1 has in Host.")
        .read(value::host),
    IN.request(
        ":path",
        Rfc(9113, "8.3.1"),
        "Path and query of the target; * in an OPTIONS that asks about the whole server.",
    )
    .read(value::uri),
    IN.request(
        ":protocol",
        Rfc(8441, "4"),
        "In a CONNECT: what is to be spoken over this stream, as Upgrade asks for in HTTP/1.1.",
    )
    .read(value::token)
    .words(&[
        word("websocket", "a WebSocket").at(Rfc(8441, "5")),
        word("connect-udp", "a way for UDP packets").at(Rfc(9298, "3.4")),
        word("connect-ip", "a way for IP packets").at(Rfc(9484, "4.4")),
        word("webtransport", "a WebTransport session"),
    ]),
    IN.response(
        ":status",
        Rfc(9113, "8.3.2"),
        "The status of the response, which HTTP/1.1 has in its status line; a reason phrase is not sent.",
    )
    .read(value::status),
];
