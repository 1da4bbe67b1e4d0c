//! The content itself, and its negotiation.

use super::framing::METHODS;
use crate::inspect::field::Spec::{Draft, Paper, Rfc, Vendor, W3c};
use crate::inspect::field::Status::{Browsers, Deprecated, Obsoleted, Vendor as Custom};
use crate::inspect::field::{Field, Group, Shape, Word, word};
use crate::inspect::value;

const IN: Group = Group::Content;
const NEGOTIATE: Group = Group::Negotiation;

pub(super) static CONTENT: &[Field] = &[
    IN.both("Content-Type", Rfc(9110, "8.3"), "What kind of content the body is.")
        .read(value::media_type)
        .words(value::MEDIA_WORDS),
    IN.both(
        "Content-Encoding",
        Rfc(9110, "8.4"),
        "How the content is packed; it passes every hop packed like this.",
    )
    .list()
    .read(value::weighted)
    .words(CODINGS),
    IN.both("Content-Language", Rfc(9110, "8.5"), "Which language its readers speak.")
        .list()
        .read(value::language_tags),
    IN.both(
        "Content-Disposition",
        Rfc(6266, "4"),
        "Whether to show the content or to save it, and under which name.",
    )
    .read(value::disposition)
    .words(&[
        word("inline", "to be shown"),
        word("attachment", "to be saved"),
        word("form-data", "one field of a form"),
        word("filename", "the name to save it under"),
        word("name", "the field's name"),
    ]),
    IN.both("Content-Digest", Rfc(9530, "2"), "Digests of the bytes of this body, to find damage.")
        .in_trailers()
        .structured(Shape::Dictionary)
        .words(DIGESTS),
    IN.both(
        "Repr-Digest",
        Rfc(9530, "3"),
        "Digests of the whole representation, also where only a part is sent.",
    )
    .in_trailers()
    .structured(Shape::Dictionary)
    .words(DIGESTS),
    IN.both("Want-Content-Digest", Rfc(9530, "4"), "Which digests of the body are wished for, and how much.")
        .structured(Shape::Dictionary)
        .words(DIGESTS),
    IN.both(
        "Want-Repr-Digest",
        Rfc(9530, "4"),
        "Which digests of the representation are wished for, and how much.",
    )
    .structured(Shape::Dictionary)
    .words(DIGESTS),
    IN.response(
        "Unencoded-Digest",
        Draft("draft-ietf-httpbis-unencoded-digest"),
        "Digests of the content before it was packed.",
    )
    .status(Browsers)
    .structured(Shape::Dictionary)
    .words(DIGESTS),
    IN.both("Digest", Rfc(3230, "4.3.2"), "Digests of the representation; Repr-Digest took its place.")
        .status(Obsoleted)
        .in_trailers()
        .list()
        .read(value::digests)
        .words(DIGESTS),
    IN.both(
        "Want-Digest",
        Rfc(3230, "4.3.1"),
        "Which digests are wished for; Want-Repr-Digest took its place.",
    )
    .status(Obsoleted)
    .list()
    .read(value::weighted)
    .words(DIGESTS),
    IN.both("Content-MD5", Rfc(2616, "14.15"), "The MD5 digest of the body; MD5 proves nothing any more.")
        .status(Obsoleted)
        .in_trailers()
        .read(value::base64),
    IN.request("Slug", Rfc(5023, "9.7"), "A wish for the name of the new resource."),
    IN.request("SoapAction", Paper("SOAP 1.1 6.1.1"), "Which SOAP operation is asked for.")
        .read(value::word_or_string),
    IN.response("SourceMap", Paper("ECMA-426"), "Where the map from this script to its sources is.")
        .status(Browsers)
        .read(value::uri),
    IN.response(
        "X-SourceMap",
        Vendor("Mozilla"),
        "Where the map from this script to its sources is; SourceMap took its place.",
    )
    .read(value::uri),
    IN.response(
        "Use-As-Dictionary",
        Rfc(9842, "2.1"),
        "Which later requests may be compressed with this response as dictionary.",
    )
    .structured(Shape::Dictionary)
    .words(&[
        word("match", "the addresses it is good for"),
        word("match-dest", "the kinds of content it is good for"),
        word("id", "how it is named in Dictionary-ID"),
        word("type", "the format of the dictionary"),
    ]),
    IN.request("Available-Dictionary", Rfc(9842, "2.2"), "The digest of the dictionary that the client has.")
        .structured(Shape::Item),
    IN.request("Dictionary-ID", Rfc(9842, "2.3"), "The name that the server gave to the dictionary.")
        .structured(Shape::Item),
    IN.response("X-Content-Duration", Vendor("Mozilla"), "How long audio or video lasts, in seconds.")
        .read(value::fraction),
    IN.request(
        "Content-Transfer-Encoding",
        Rfc(2045, "6"),
        "How a part of a mail is encoded; it means nothing in HTTP itself.",
    )
    .status(Custom)
    .read(value::token),
    IN.request("X-Content-Length", Vendor("custom"), "A length in a field of its own; it frames nothing.")
        .read(value::octets),
    IN.response(
        "X-Original-Content-Length",
        Vendor("Google PageSpeed"),
        "How large the content was before it was optimised.",
    )
    .read(value::octets),
    IN.response("X-Uncompressed-Content-Length", Vendor("custom"), "How large the content is unpacked.")
        .read(value::octets),
    IN.response("X-UA-Compatible", Vendor("Microsoft"), "Which mode old Internet Explorers should use.")
        .read(value::settings),
];

/// Codings that content may have (RFC 9110 8.4.1 and others).
pub(super) const CODINGS: &[Word] = &[
    word("gzip", "gzip").at(Rfc(1952, "")),
    word("x-gzip", "gzip, in an old spelling").at(Rfc(9110, "8.4.1.3")),
    word("deflate", "deflate with the zlib wrapping").at(Rfc(1950, "")),
    word("br", "Brotli").at(Rfc(7932, "")),
    word("zstd", "Zstandard").at(Rfc(8878, "")),
    word("compress", "LZW, as the program compress wrote it").at(Rfc(9110, "8.4.1.1")),
    word("x-compress", "LZW, in an old spelling").at(Rfc(9110, "8.4.1.1")),
    word("dcb", "Brotli with a shared dictionary").at(Rfc(9842, "4")),
    word("dcz", "Zstandard with a shared dictionary").at(Rfc(9842, "5")),
    word("sdch", "an old shared dictionary of Chrome's"),
    word("exi", "binary XML"),
    word("pack200-gzip", "packed Java archives"),
    word("aes128gcm", "encrypted content").at(Rfc(8188, "2")),
    word("aesgcm", "encrypted content, a draft"),
    word("aws-chunked", "Amazon's signed chunks"),
    word("identity", "as it is"),
    word("utf-8", "no coding: a charset, at the wrong place"),
    word("*", "any coding"),
];

const DIGESTS: &[Word] = &[
    word("sha-256", "SHA-256"),
    word("sha-512", "SHA-512"),
    word("md5", "MD5, which proves nothing any more"),
    word("sha", "SHA-1, which proves nothing any more"),
    word("unixsum", "a checksum against accidents only"),
    word("unixcksum", "a checksum against accidents only"),
    word("adler", "a checksum against accidents only"),
    word("crc32c", "a checksum against accidents only"),
];

pub(super) static NEGOTIATION: &[Field] = &[
    NEGOTIATE
        .both("Accept", Rfc(9110, "12.5.1"), "Which kinds of content are welcome, and how much.")
        .list()
        .read(value::media_ranges)
        .words(value::MEDIA_WORDS),
    NEGOTIATE
        .both("Accept-Encoding", Rfc(9110, "12.5.3"), "How the content may be packed.")
        .list()
        .read(value::weighted)
        .words(CODINGS),
    NEGOTIATE
        .request(
            "Accept-Language",
            Rfc(9110, "12.5.4"),
            "Which languages the reader understands, and how well.",
        )
        .list()
        .read(value::languages),
    NEGOTIATE
        .request(
            "Accept-Charset",
            Rfc(9110, "12.5.2"),
            "Which charsets are welcome; UTF-8 made it pointless.",
        )
        .status(Deprecated)
        .list()
        .read(value::weighted),
    NEGOTIATE
        .response("Accept-Patch", Rfc(5789, "3.1"), "Which kinds of patches the resource takes.")
        .list()
        .read(value::media_types),
    NEGOTIATE
        .response(
            "Accept-Post",
            W3c("Linked Data Platform 7.1"),
            "Which kinds of content may be posted here.",
        )
        .list()
        .read(value::media_types)
        .words(value::MEDIA_WORDS),
    NEGOTIATE
        .response(
            "Accept-Query",
            Draft("draft-ietf-httpbis-safe-method-w-body"),
            "Which kinds of content QUERY takes here.",
        )
        .structured(Shape::SfList),
    NEGOTIATE
        .both(
            "Accept-Signature",
            Rfc(9421, "5.1"),
            "Asks the other side to sign its message, and what to cover.",
        )
        .structured(Shape::Dictionary),
    NEGOTIATE
        .request(
            "Accept-Features",
            Rfc(2295, "8.2"),
            "Which features the client has, for choosing among variants.",
        )
        .list(),
    NEGOTIATE
        .request(
            "Accept-Additions",
            Rfc(2324, "2.2.2.1"),
            "What to add to the coffee; from the first of April 1998.",
        )
        .list()
        .read(value::with_parameters),
    NEGOTIATE.response("Alternates", Rfc(2295, "8.3"), "The variants of this resource.").list(),
    NEGOTIATE
        .request("Negotiate", Rfc(2295, "8.4"), "How the client wants to choose among variants.")
        .list()
        .read(value::tokens),
    NEGOTIATE
        .response("TCN", Rfc(2295, "8.5"), "How the variant was chosen.")
        .list()
        .read(value::with_parameters)
        .words(&[
            word("list", "a list to choose from"),
            word("choice", "the server chose"),
            word("adhoc", "an error that the negotiation caused"),
        ]),
    NEGOTIATE
        .response("Variant-Vary", Rfc(2295, "8.6"), "Vary for one of several variants.")
        .list()
        .read(value::names),
    NEGOTIATE
        .request("Prefer", Rfc(7240, "2"), "What the client would like; the server may do otherwise.")
        .list()
        .read(value::with_parameters)
        .words(PREFER),
    NEGOTIATE
        .response("Preference-Applied", Rfc(7240, "3"), "Which of the client's wishes were fulfilled.")
        .list()
        .read(value::with_parameters)
        .words(PREFER),
    NEGOTIATE
        .both("Priority", Rfc(9218, "4"), "How urgent the response is among others on the connection.")
        .structured(Shape::Dictionary)
        .words(&[
            word("u", "urgency, from 0 (first) to 7 (last); 3 is usual"),
            word("i", "useful piece by piece: may be sent along with others"),
        ]),
    NEGOTIATE
        .request(
            "X-Requested-With",
            Vendor("Prototype and jQuery"),
            "Which script or app asked; a server tells a script's request by it.",
        )
        .words(&[word("XMLHttpRequest", "a script in a page asked")]),
    NEGOTIATE.request("X-HTTP-Accept", Vendor("custom"), "Accept under another name.").words(METHODS),
];

const PREFER: &[Word] = &[
    word("respond-async", "answer at once and do the work later"),
    word("return", "what to send back: minimal or representation"),
    word("wait", "how many seconds the client waits"),
    word("handling", "strict: fail on any error; lenient: do what is possible"),
    word("odata.maxpagesize", "how many entries a page"),
    word("odata.include-annotations", "which annotations to send"),
    word("odata.continue-on-error", "go on after an error"),
    word("safe", "a page without what is unfit for some"),
    word("depth-noroot", "without the root itself (WebDAV)"),
    word("count", "also send how many there are"),
    word("code", "answer with this status (a mock server)"),
];
