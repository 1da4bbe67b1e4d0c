//! Changing resources and passing messages: `WebDAV`, `CalDAV`, `OData`, push, security events.

use crate::inspect::field::Spec::{Paper, Rfc, Vendor, W3c, Whatwg};
use crate::inspect::field::Status::{Deprecated, Obsoleted, Provisional, Vendor as Custom};
use crate::inspect::field::{Field, Group, Word, word};
use crate::inspect::value;

const IN: Group = Group::Authoring;
const PUSH: Group = Group::Messaging;

pub(super) static AUTHORING: &[Field] = &[
    IN.response("DAV", Rfc(4918, "10.1"), "Which parts of WebDAV the server understands.")
        .list()
        .read(value::tokens_loose)
        .words(&[
            word("1", "WebDAV without locks"),
            word("2", "locks too"),
            word("3", "the revised WebDAV"),
            word("access-control", "rights"),
            word("calendar-access", "calendars"),
            word("addressbook", "address books"),
            word("calendar-auto-schedule", "meetings"),
            word("extended-mkcol", "collections made with properties"),
        ]),
    IN.request(
        "Depth",
        Rfc(4918, "10.2"),
        "Whether it is about the resource, its members, or everything below.",
    )
    .read(value::token)
    .words(&[
        word("0", "the resource only"),
        word("1", "the resource and its members"),
        word("infinity", "the resource and everything below"),
    ]),
    IN.request("Destination", Rfc(4918, "10.3"), "Where COPY or MOVE puts it.").read(value::uri),
    IN.request("Lock-Token", Rfc(4918, "10.5"), "The lock that was made, or that is to be removed.")
        .read(value::text),
    IN.request("Overwrite", Rfc(4918, "10.6"), "Whether COPY or MOVE may replace what is there.")
        .read(value::token)
        .words(&[word("T", "it may be replaced"), word("F", "fail if something is there")]),
    IN.request("Timeout", Rfc(4918, "10.7"), "How long a lock should hold.")
        .list()
        .read(value::tokens)
        .words(&[word("Infinite", "until it is removed")]),
    IN.response("DASL", Rfc(5323, "3.2"), "Which query languages SEARCH understands here.").list(),
    IN.request("Label", Rfc(3253, "8.3"), "The version that is meant, by its label.").read(value::text),
    IN.request("Ordering-Type", Rfc(3648, "5.1"), "How the members of the new collection are ordered.")
        .read(value::uri),
    IN.request("Position", Rfc(3648, "6.1"), "At which place among the members it goes.").read(value::words),
    IN.request(
        "Apply-To-Redirect-Ref",
        Rfc(4437, "12.2"),
        "Whether the redirect itself is meant, and not where it leads.",
    )
    .read(value::token)
    .words(&[word("T", "the redirect itself"), word("F", "where it leads")]),
    IN.response("Redirect-Ref", Rfc(4437, "12.1"), "Where the redirect leads.").read(value::uri),
    IN.response("Status-URI", Rfc(2518, "9.7"), "What came of each part of a long operation.").list(),
    IN.response("Cal-Managed-ID", Rfc(8607, "5.1"), "The id of an attachment to a calendar entry.")
        .read(value::id),
    IN.request(
        "CalDAV-Timezones",
        Rfc(7809, "7.1"),
        "Whether calendar data should hold the definitions of time zones.",
    )
    .read(value::token)
    .words(&[word("T", "with definitions"), word("F", "without")]),
    IN.request(
        "Schedule-Reply",
        Rfc(6638, "8.1"),
        "Whether the organiser is told when a meeting is deleted.",
    )
    .read(value::token)
    .words(&[word("T", "the organiser is told"), word("F", "nobody is told")]),
    IN.both(
        "OData-Version",
        Paper("OData 4.01 Protocol 8.1.5"),
        "The version of OData that this message follows.",
    )
    .read(value::fraction),
    IN.request(
        "OData-MaxVersion",
        Paper("OData 4.01 Protocol 8.2.7"),
        "The highest version of OData that the client understands.",
    )
    .read(value::fraction),
    IN.response(
        "OData-EntityId",
        Paper("OData 4.01 Protocol 8.3.4"),
        "The id of the entity that was made or changed.",
    )
    .read(value::uri),
    IN.request(
        "OData-Isolation",
        Paper("OData 4.01 Protocol 8.2.4"),
        "Asks for a snapshot of the data over several requests.",
    )
    .read(value::token)
    .words(&[word("snapshot", "the data as it was at first")]),
    IN.both(
        "OSLC-Core-Version",
        Paper("OASIS OSLC Core 3.0"),
        "The version of OSLC that this message follows.",
    )
    .read(value::fraction),
    IN.both(
        "Configuration-Context",
        Paper("OSLC Configuration Management 1.0"),
        "Which configuration of versioned resources is meant.",
    )
    .status(Provisional)
    .read(value::uri),
    IN.request(
        "Repeatability-Client-ID",
        Paper("OASIS Repeatable Requests 1.0"),
        "Which client made the repeated request.",
    )
    .status(Provisional)
    .read(value::id),
    IN.request(
        "Repeatability-First-Sent",
        Paper("OASIS Repeatable Requests 1.0"),
        "When the request was sent for the first time.",
    )
    .status(Provisional)
    .read(value::date),
    IN.request(
        "Repeatability-Request-ID",
        Paper("OASIS Repeatable Requests 1.0"),
        "The id by which the server knows the repeated request.",
    )
    .status(Provisional)
    .read(value::id),
    IN.response(
        "Repeatability-Result",
        Paper("OASIS Repeatable Requests 1.0"),
        "Whether the repeated request was carried out.",
    )
    .status(Provisional)
    .read(value::token)
    .words(&[word("accepted", "it was carried out once"), word("rejected", "it was not carried out")]),
    IN.both("AMP-Cache-Transform", Paper("AMP Cache"), "Which transformed form of an AMP page is wanted.")
        .status(Provisional)
        .list()
        .read(value::with_parameters),
];

pub(super) static MESSAGING: &[Field] = &[
    PUSH.both("TTL", Rfc(8030, "5.2"), "How long the push service keeps a message that it cannot deliver.")
        .read(value::seconds),
    PUSH.request("Topic", Rfc(8030, "5.4"), "A later message with this topic replaces an earlier one.")
        .read(value::token),
    PUSH.both(
        "Urgency",
        Rfc(8030, "5.3"),
        "How urgent a push message is, and whether it may wake the device.",
    )
    .read(value::token)
    .words(&[
        word("very-low", "on power and Wi-Fi only"),
        word("low", "on power or Wi-Fi"),
        word("normal", "not when the battery is low"),
        word("high", "always"),
    ]),
    PUSH.both(
        "Crypto-Key",
        Paper("draft-ietf-webpush-encryption-04"),
        "The sender's key of an encrypted push message; a draft.",
    )
    .status(Custom),
    PUSH.both(
        "Encryption",
        Paper("draft-ietf-webpush-encryption-04"),
        "The salt of an encrypted push message; a draft.",
    )
    .status(Custom),
    PUSH.both(
        "Set-Txn",
        Paper("draft-ietf-scim-events"),
        "The id of the change that a security event tells of.",
    )
    .read(value::id),
    PUSH.request("EDIINT-Features", Rfc(6017, "2"), "What the sender of business documents can do.")
        .status(Provisional)
        .list()
        .read(value::tokens),
    PUSH.request(
        "Grpc-Timeout",
        Paper("gRPC over HTTP/2"),
        "How long the caller waits: a number and a unit, as 10S or 500m.",
    )
    .status(Custom)
    .read(value::fraction),
    PUSH.both("Grpc-Encoding", Paper("gRPC over HTTP/2"), "How the messages are compressed.")
        .status(Custom)
        .read(value::token)
        .words(super::content::CODINGS),
    PUSH.both(
        "Grpc-Accept-Encoding",
        Paper("gRPC over HTTP/2"),
        "Which compressions of messages are understood.",
    )
    .status(Custom)
    .list()
    .read(value::tokens)
    .words(super::content::CODINGS),
    PUSH.response("Grpc-Status", Paper("gRPC over HTTP/2"), "What came of the call: 0 is success.")
        .status(Custom)
        .in_trailers()
        .read(value::token)
        .words(GRPC),
    PUSH.response("Grpc-Message", Paper("gRPC over HTTP/2"), "What went wrong, in words, percent-encoded.")
        .status(Custom)
        .in_trailers(),
    PUSH.response("Grpc-Status-Details-Bin", Paper("gRPC over HTTP/2"), "Details of an error, in base64.")
        .status(Custom)
        .in_trailers(),
    PUSH.request("Grpc-Message-Type", Paper("gRPC over HTTP/2"), "The kind of message in the body.")
        .status(Custom),
];

const GRPC: &[Word] = &[
    word("0", "OK"),
    word("1", "CANCELLED: the caller gave up"),
    word("2", "UNKNOWN"),
    word("3", "INVALID_ARGUMENT"),
    word("4", "DEADLINE_EXCEEDED: it took too long"),
    word("5", "NOT_FOUND"),
    word("6", "ALREADY_EXISTS"),
    word("7", "PERMISSION_DENIED"),
    word("8", "RESOURCE_EXHAUSTED: a quota or memory is used up"),
    word("9", "FAILED_PRECONDITION"),
    word("10", "ABORTED: a conflict, try again"),
    word("11", "OUT_OF_RANGE"),
    word("12", "UNIMPLEMENTED: there is no such method"),
    word("13", "INTERNAL"),
    word("14", "UNAVAILABLE: try again later"),
    word("15", "DATA_LOSS"),
    word("16", "UNAUTHENTICATED"),
];

pub(super) static LEGACY: &[Field] = &[
    OLD.both("Warning", Rfc(9111, "5.5"), "Remarks of caches about the response; nothing reads it any more.")
        .status(Obsoleted)
        .list()
        .read(value::warning),
    OLD.response(
        "C-Ext",
        Rfc(2774, ""),
        "The answer to C-Man: the extension was understood; never taken up.",
    )
    .status(Obsoleted)
    .hop_by_hop(),
    OLD.request("C-Man", Rfc(2774, ""), "An extension that the next hop must understand; never taken up.")
        .status(Obsoleted)
        .hop_by_hop(),
    OLD.request("C-Opt", Rfc(2774, ""), "An extension that the next hop may ignore; never taken up.")
        .status(Obsoleted)
        .hop_by_hop(),
    OLD.response("Ext", Rfc(2774, ""), "The answer to Man: the extension was understood; never taken up.")
        .status(Obsoleted),
    OLD.request(
        "Man",
        Rfc(2774, ""),
        "An extension that the server must understand; of it only UPnP remains.",
    )
    .status(Obsoleted),
    OLD.request("Opt", Rfc(2774, ""), "An extension that the server may ignore; never taken up.")
        .status(Obsoleted),
    OLD.both("C-PEP", W3c("PEP"), "A protocol extension for the next hop; never taken up.")
        .status(Obsoleted)
        .hop_by_hop(),
    OLD.both("C-PEP-Info", W3c("PEP"), "What is known of protocol extensions on this hop; never taken up.")
        .status(Deprecated)
        .hop_by_hop(),
    OLD.both("PEP", W3c("PEP"), "A protocol extension; never taken up.").status(Obsoleted),
    OLD.both("PEP-Info", W3c("PEP"), "What is known of protocol extensions; never taken up.")
        .status(Obsoleted),
    OLD.both(
        "Content-Base",
        Rfc(2068, "14.11"),
        "The address that relative links in the content start from; withdrawn.",
    )
    .status(Obsoleted)
    .read(value::uri),
    OLD.both("Content-Version", Rfc(2068, "19.6.2.2"), "A version of the content; withdrawn.")
        .status(Obsoleted)
        .read(value::quoted),
    OLD.both("Derived-From", Rfc(2068, "19.6.2.3"), "The version that the content was made from; withdrawn.")
        .status(Obsoleted)
        .read(value::quoted),
    OLD.response("Public", Rfc(2068, "14.35"), "The methods that the whole server understands; withdrawn.")
        .status(Obsoleted)
        .list()
        .read(value::tokens),
    OLD.response("URI", Rfc(2068, "19.6.2.5"), "Other addresses of the resource; withdrawn.")
        .status(Obsoleted),
    OLD.both(
        "Content-ID",
        W3c("HTTP Distribution and Replication Protocol"),
        "The id of the content; never taken up.",
    )
    .status(Deprecated)
    .read(value::id),
    OLD.both(
        "Differential-ID",
        W3c("HTTP Distribution and Replication Protocol"),
        "The state that a difference starts from; never taken up.",
    )
    .status(Deprecated)
    .read(value::id),
    OLD.response(
        "Content-Script-Type",
        Paper("HTML 4.01 18.2.2"),
        "The language of scripts written into the page; withdrawn.",
    )
    .status(Obsoleted)
    .read(value::media_type),
    OLD.response(
        "Content-Style-Type",
        Paper("HTML 4.01 14.2.1"),
        "The language of styles written into the page; withdrawn.",
    )
    .status(Obsoleted)
    .read(value::media_type),
    OLD.response("Default-Style", Paper("HTML 4.01 14.3.2"), "Which of the page's styles is used at first.")
        .status(Obsoleted),
    OLD.request("GetProfile", W3c("OPS over HTTP"), "Asks for a user's profile; never taken up.")
        .status(Obsoleted),
    OLD.both("ProfileObject", W3c("OPS over HTTP"), "A user's profile; never taken up.").status(Obsoleted),
    OLD.response("SetProfile", W3c("OPS over HTTP"), "Changes a user's profile; never taken up.")
        .status(Obsoleted),
    OLD.response(
        "PICS-Label",
        W3c("PICS Label Distribution"),
        "How suitable the content is for children; withdrawn.",
    )
    .status(Obsoleted),
    OLD.response("Protocol", W3c("PICS Label Distribution"), "Which labels were used; withdrawn.")
        .status(Obsoleted),
    OLD.request("Protocol-Request", W3c("PICS Label Distribution"), "Asks for labels; withdrawn.")
        .status(Obsoleted),
    OLD.both(
        "Protocol-Info",
        W3c("Joint Electronic Payment Initiative"),
        "About ways to pay; never taken up.",
    )
    .status(Deprecated),
    OLD.both(
        "Protocol-Query",
        W3c("Joint Electronic Payment Initiative"),
        "Asks for ways to pay; never taken up.",
    )
    .status(Deprecated),
    OLD.request(
        "Proxy-Features",
        W3c("Notification for Proxy Caches"),
        "What the proxy can do; never taken up.",
    )
    .status(Obsoleted),
    OLD.response(
        "Proxy-Instruction",
        W3c("Notification for Proxy Caches"),
        "What the proxy should do; never taken up.",
    )
    .status(Obsoleted),
    OLD.response("Safe", Rfc(2310, "2"), "Whether a POST may be sent again without harm; withdrawn.")
        .status(Obsoleted)
        .read(value::token),
    OLD.both("Security-Scheme", Rfc(2660, "2.3.1"), "S-HTTP in use; withdrawn.").status(Obsoleted),
    OLD.response("Large-Allocation", Whatwg("HTML, withdrawn"), "The page will need much memory; given up.")
        .status(Custom),
    OLD.response("Tk", W3c("Tracking Preference Expression"), "Whether the user is tracked; given up.")
        .status(Custom)
        .read(value::text),
    OLD.response("Content-Features", Rfc(2912, "3"), "What a fax or printer needs for this content.")
        .status(Custom),
];

const OLD: Group = Group::Legacy;

/// What interfaces for programs say about long lists.
pub(super) static ANSWERS: &[Field] = &[
    IN.response("X-Total-Count", Vendor("custom"), "How many entries there are in all.").read(value::number),
    IN.response("X-Total", Vendor("GitLab"), "How many entries there are in all.").read(value::number),
    IN.response("X-Total-Pages", Vendor("GitLab"), "How many pages there are.").read(value::number),
    IN.response("X-Page", Vendor("GitLab"), "Which page this is.").read(value::number),
    IN.response("X-Per-Page", Vendor("GitLab"), "How many entries a page has.").read(value::number),
    IN.response("X-Next-Page", Vendor("GitLab"), "The number of the next page.").read(value::text),
    IN.response("X-Prev-Page", Vendor("GitLab"), "The number of the page before.").read(value::text),
];
