//! The response that is sent on, interim ones too: what every rule changes in its head.

use super::names::{Known, name};
use super::onward::Onward;
use super::options::Options;
use super::request::coding_list;
use super::syntax::{members, offset_in};
use super::writer::Writer;
use super::{Fault, Forwarded, Framing, ResponseFacts, Version, http2};
use crate::exchange::{Cause, Field, Head};
use std::time::SystemTime;

/// What a response needs to know of the client.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHop<'a> {
    /// Our name in Via: a token.
    pub pseudonym: &'a str,
    /// Whether Via is added.
    pub via: bool,
    /// The version of the client's request.
    pub client_version: Version,
    /// Whether we want to keep the client's connection open behind this response.
    pub client_persistent: bool,
    /// When the response came, for a Date that it lacks; `None` adds none.
    pub now: Option<SystemTime>,
    /// The `Sec-WebSocket-Accept` that fits the client's key (RFC 6455 4.2.2), where the client's
    /// Upgrade was sent on as an extended CONNECT: success becomes a 101 (RFC 8441 5).
    pub websocket_accept: Option<&'a str>,
}

/// The head to send to the client for a checked final response, or a 101.
///
/// A body that ends with the origin's connection is chunked for an HTTP/1.1 client, and a
/// chunked body ends with the connection for an HTTP/1.0 client
/// ([`Forwarded::framing`], [`Forwarded::persistent`]). A body in another transfer coding
/// cannot be given to an HTTP/1.0 client, nor to one of HTTP/2: 502. The head's form is
/// translated where origin and client speak different versions; a 101 becomes the 200 of an
/// extended CONNECT for an HTTP/2 client (RFC 8441 5).
pub fn forward_response(
    head: &Head,
    facts: &ResponseFacts,
    hop: &ResponseHop<'_>,
) -> Result<Forwarded, Fault> {
    match (facts.version, hop.client_version) {
        (_, Version::Http2) => return http2::response_to_http2(head, facts, hop),
        (Version::Http2, _) => return Ok(http2::response_from_http2(head, facts, hop)),
        _ => {}
    }
    let lines = Lines::of(head);
    if hop.client_version == Version::Http10 && facts.framing != Framing::None && lines.other_codings {
        return Err(undecodable(head, "HTTP/1.0"));
    }
    Ok(rewrite(head, facts, hop, lines))
}

/// The head to send to the client for a checked interim response (1xx but 101). It is for
/// clients of HTTP/1.1 and HTTP/2 only: "a server MUST NOT send a 1xx response to an HTTP/1.0
/// client" (RFC 9110 15.2).
#[must_use]
pub fn forward_interim(head: &Head, facts: &ResponseFacts, hop: &ResponseHop<'_>) -> Forwarded {
    let hop = ResponseHop { now: None, client_persistent: true, websocket_accept: None, ..*hop };
    match (facts.version, hop.client_version) {
        (_, Version::Http2) => http2::interim_to_http2(head, facts, &hop),
        (Version::Http2, _) => http2::response_from_http2(head, facts, &hop),
        _ => rewrite(head, facts, &hop, Lines::of(head)),
    }
}

fn rewrite(head: &Head, facts: &ResponseFacts, hop: &ResponseHop<'_>, lines: Lines<'_>) -> Forwarded {
    let framing = toward_client(facts.framing, hop.client_version);
    let interim = facts.status < 200;
    let mut rewriting = Rewriting {
        framing,
        upgrade: matches!(facts.status, 101 | 426) && lines.upgrade,
        persistent: interim || (hop.client_persistent && framing != Framing::UntilClose),
        on: Onward::new(Writer::new(head), head, facts, hop, lines),
    };
    rewriting.status_line();
    for (number, field) in head.fields().enumerate() {
        rewriting.field(&field);
        rewriting.on.behind(number);
    }
    rewriting.add_missing();
    rewriting.on.writer.finish(framing, rewriting.persistent)
}

/// RFC 9112 6.1: "A server MUST NOT send a response containing Transfer-Encoding unless
/// the corresponding request indicates HTTP/1.1 (or later minor revisions)". Toward 1.1
/// chunks are the better end: the client can tell a whole body from a cut one.
pub(super) fn toward_client(framing: Framing, client: Version) -> Framing {
    match (framing, client) {
        (Framing::UntilClose | Framing::Stream, Version::Http11) => Framing::Chunked,
        (Framing::Chunked | Framing::Stream, Version::Http10) => Framing::UntilClose,
        (framing, _) => framing,
    }
}

/// What must be known of all lines before the first is written.
#[derive(Default)]
pub(super) struct Lines<'a> {
    pub(super) options: Options<'a>,
    pub(super) last_via: Option<usize>,
    pub(super) codings: usize,
    pub(super) other_codings: bool,
    upgrade: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn of(head: &'a Head) -> Self {
        let mut lines = Self::default();
        for (number, field) in head.fields().enumerate() {
            match Known::of(&field) {
                Known::Connection => lines.options.add_line(&field),
                Known::Via => lines.last_via = Some(number),
                Known::Upgrade => lines.upgrade = true,
                Known::TransferEncoding => {
                    lines.codings += 1;
                    let other =
                        |member: &[u8]| !member.is_empty() && !member.eq_ignore_ascii_case(b"chunked");
                    lines.other_codings |= members(field.value).any(other);
                }
                _ => {}
            }
        }
        lines.options.sort();
        lines
    }
}

struct Rewriting<'a> {
    on: Onward<'a>,
    framing: Framing,
    /// Upgrade is passed on: the switch itself, or what a 426 must name (RFC 9110 15.5.22).
    upgrade: bool,
    persistent: bool,
}

impl Rewriting<'_> {
    /// Our own version (RFC 9110 6.2), and the space that must stand before an absent
    /// reason (RFC 9112 4).
    fn status_line(&mut self) {
        let line = self.on.head.start_line();
        let behind_version = line.get(8..).unwrap_or_default();
        let no_space = behind_version.len() == 4;
        let causes = [(!line.starts_with(b"HTTP/1.1"), Cause::OwnVersion), (no_space, Cause::StatusLine)];
        let space: &[u8] = if no_space { b" " } else { b"" };
        self.on.writer.start(&[b"HTTP/1.1", behind_version, space], &causes);
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            Known::Via => self.on.writer.keep(field),
            Known::Connection => self.connection(field),
            Known::ProxyAuthenticate | Known::ProxyAuthenticationInfo => {
                self.on.writer.drop(Cause::ProxyChallenge);
            }
            Known::Upgrade if self.upgrade => self.on.writer.keep(field),
            Known::Upgrade | Known::Te | Known::KeepAlive | Known::ProxyConnection => {
                self.on.writer.drop(Cause::HopByHop);
            }
            Known::TransferEncoding => self.codings(field),
            Known::ContentLength => self.on.length(field),
            Known::Close if self.on.lines.options.close.is_some() || !self.persistent => {
                self.on.writer.drop(Cause::NamedByConnection);
            }
            _ if self.on.lines.options.names(name(field)) => self.on.writer.drop(Cause::NamedByConnection),
            Known::Date => {
                self.on.seen.first(Known::Date);
                self.on.writer.keep(field);
            }
            _ => self.on.writer.keep(field),
        }
    }

    /// The first Connection line carries what we say to the client, if anything.
    fn connection(&mut self, field: &Field<'_>) {
        let first = self.on.seen.first(Known::Connection);
        let (value, cause) = self.options();
        match value {
            Some(value) if first => {
                let options = &self.on.lines.options;
                if options.lines == 1 && field.value.eq_ignore_ascii_case(value.as_bytes()) {
                    return self.on.writer.keep(field);
                }
                self.on.writer.replace(field, &[value.as_bytes()], cause);
            }
            _ => self.on.writer.drop(Cause::Connection),
        }
    }

    /// What this response says of the client's connection (RFC 9112 9.3, RFC 9110 7.8).
    fn options(&self) -> (Option<&'static str>, Cause) {
        let http10 = self.on.hop.client_version == Version::Http10;
        match (self.upgrade, self.persistent) {
            (true, true) => (Some("upgrade"), Cause::Upgrade),
            (true, false) => (Some("upgrade, close"), Cause::Upgrade),
            (false, false) => (Some("close"), Cause::Persistence),
            (false, true) if http10 => (Some("keep-alive"), Cause::Persistence),
            (false, true) => (None, Cause::Persistence),
        }
    }

    fn codings(&mut self, field: &Field<'_>) {
        let first = self.on.seen.first(Known::TransferEncoding);
        if matches!(self.on.facts.status, 100..=199 | 204) {
            return self.on.writer.drop(Cause::Bodiless);
        }
        if !first || self.on.hop.client_version == Version::Http10 {
            return self.on.writer.drop(Cause::Framing);
        }
        let ends_with_connection = self.on.facts.framing == Framing::UntilClose;
        let plain = self.on.lines.codings == 1 && members(field.value).all(|member| !member.is_empty());
        if plain && !ends_with_connection {
            return self.on.writer.keep(field);
        }
        let mut list = coding_list(self.on.head);
        if ends_with_connection {
            list.extend_from_slice(b", chunked");
            // `identity` was no coding, and is gone (RFC 9112 7): clients know `chunked` alone.
            if list.eq_ignore_ascii_case(b"identity, chunked") {
                list = b"chunked".to_vec();
            }
        }
        self.on.writer.replace(field, &[&list], Cause::Framing);
    }

    /// Lines that the response lacks, behind those that it has.
    fn add_missing(&mut self) {
        self.on.add_missing();
        if self.framing == Framing::Chunked && self.on.lines.codings == 0 {
            self.on.writer.add(&[b"Transfer-Encoding: chunked"], Cause::Framing);
        }
        if let (Some(value), cause) = self.options()
            && !self.on.seen.has(Known::Connection)
        {
            self.on.writer.add(&[b"Connection: ", value.as_bytes()], cause);
        }
    }
}

pub(super) fn undecodable(head: &Head, version: &str) -> Fault {
    let line = head.fields().find(|field| Known::of(field) == Known::TransferEncoding);
    let at = line.map_or(0, |field| offset_in(head.raw(), field.line));
    let says = format!("The answer is in a transfer coding that the client's {version} does not have.");
    Fault::new(502, at, "RFC 9112 6.1", says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::{Bounds, check_response, replay_edits};
    use bytes::Bytes;

    const TO_11: ResponseHop<'_> = ResponseHop {
        pseudonym: "us",
        via: false,
        client_version: Version::Http11,
        client_persistent: true,
        now: None,
        websocket_accept: None,
    };
    const TO_10: ResponseHop<'_> = ResponseHop { client_version: Version::Http10, ..TO_11 };

    /// Sends a head, its lines split by ` | `, through the rules; the ledger must explain it.
    fn sent(received: &str, to_head: bool, hop: &ResponseHop<'_>) -> Result<(String, Forwarded), u16> {
        let head = Head::parse(Bytes::from(format!("{}\r\n\r\n", received.replace(" | ", "\r\n"))));
        let bounds = Bounds { fields: 100, head: 9000 };
        let facts = check_response(&head, to_head, false, &bounds).map_err(|fault| fault.status)?;
        let forwarded = if facts.status < 200 && !facts.switches {
            forward_interim(&head, &facts, hop)
        } else {
            forward_response(&head, &facts, hop).map_err(|fault| fault.status)?
        };
        let new = Head::parse(forwarded.raw.clone());
        assert_eq!(replay_edits(&head, &new, &forwarded.edits), Ok(()), "{received}");
        let text = String::from_utf8_lossy(&forwarded.raw);
        Ok((text.trim_end_matches("\r\n\r\n").replace("\r\n", " | "), forwarded))
    }

    #[track_caller]
    fn check(hop: &ResponseHop<'_>, received: &str, expected: &str, causes: &[Cause]) -> Forwarded {
        let (lines, forwarded) = sent(received, false, hop).expect(received);
        assert_eq!(lines, expected);
        let seen: Vec<_> = forwarded.edits.iter().map(|edit| edit.cause).collect();
        assert_eq!(seen, causes, "{received}");
        forwarded
    }

    #[track_caller]
    fn unchanged(hop: &ResponseHop<'_>, received: &str) -> Forwarded {
        check(hop, received, received, &[])
    }

    #[test]
    fn rfc9110_5_3_other_lines_keep_their_bytes_and_order() {
        unchanged(
            &TO_11,
            "HTTP/1.1 299 Very  Fine\u{e9} | Set-Cookie: a | X:1 | set-cookie:b\t | SET-COOKIE: c | Date: never \
             | content-LENGTH:5 | Trailer: x | Server:\u{e9} | Proxy-Status: p | Age: 1 | X:",
        );
    }

    #[test]
    fn rfc9110_7_6_1_hop_by_hop_fields_go() {
        use Cause::{Connection, HopByHop, NamedByConnection, ProxyChallenge};
        check(
            &TO_11,
            "HTTP/1.1 200 OK | Connection: X-Hop, keep-alive | x-HOP: 1 | Keep-Alive: timeout=5 | A: b \
             | Proxy-Connection: x | Proxy-Authenticate: Basic | Proxy-Authentication-Info: x | Upgrade: h2 \
             | connection: x-two | X-Two: 2 | te: trailers | Content-Length: 0",
            "HTTP/1.1 200 OK | A: b | Content-Length: 0",
            &[
                Connection,
                NamedByConnection,
                HopByHop,
                HopByHop,
                ProxyChallenge,
                ProxyChallenge,
                HopByHop,
                Connection,
                NamedByConnection,
                HopByHop,
            ],
        );
    }

    #[test]
    fn rfc9110_7_6_3_via_states_the_version_received() {
        let hop = ResponseHop { via: true, ..TO_11 };
        check(
            &hop,
            "HTTP/1.0 200 OK | Via: 1.1 a | Content-Length: 0",
            "HTTP/1.1 200 OK | Via: 1.1 a | Via: 1.0 us | Content-Length: 0",
            &[Cause::OwnVersion, Cause::Via],
        );
        check(&hop, "HTTP/1.1 304 N | A: b", "HTTP/1.1 304 N | A: b | Via: 1.1 us", &[Cause::Via]);
    }

    #[test]
    fn rfc9112_9_3_the_client_is_told_whether_its_connection_stays() {
        use Cause::{Connection, Persistence};
        let ok = "HTTP/1.1 200 OK | Content-Length: 0";
        let closing = ResponseHop { client_persistent: false, ..TO_11 };
        assert!(unchanged(&TO_11, ok).persistent);
        assert!(!check(&closing, ok, &format!("{ok} | Connection: close"), &[Persistence]).persistent);
        assert!(check(&TO_10, ok, &format!("{ok} | Connection: keep-alive"), &[Persistence]).persistent);
        check(&TO_11, "HTTP/1.1 204 N | Connection: close", "HTTP/1.1 204 N", &[Connection]);
        unchanged(&closing, "HTTP/1.1 204 N | connection:Close");
        check(
            &closing,
            "HTTP/1.1 204 N | Close: x | Connection: close",
            "HTTP/1.1 204 N | Connection: close",
            &[Cause::NamedByConnection],
        );
        check(
            &closing,
            "HTTP/1.1 204 N | connection:keep-alive | A: b | Connection: x",
            "HTTP/1.1 204 N | connection: close | A: b",
            &[Persistence, Connection],
        );
    }

    #[test]
    fn rfc9112_6_1_framing_for_the_clients_version() {
        use Cause::{Framing as Framed, Persistence};
        let chunked = "HTTP/1.1 200 OK | transfer-encoding:CHUNKED | A: b";
        assert_eq!(unchanged(&TO_11, chunked).framing, Framing::Chunked);
        let forwarded =
            check(&TO_10, chunked, "HTTP/1.1 200 OK | A: b | Connection: close", &[Framed, Persistence]);
        assert_eq!((forwarded.framing, forwarded.persistent), (Framing::UntilClose, false));

        let endless = "HTTP/1.1 200 OK | A: b";
        let forwarded = check(&TO_11, endless, &format!("{endless} | Transfer-Encoding: chunked"), &[Framed]);
        assert_eq!((forwarded.framing, forwarded.persistent), (Framing::Chunked, true));
        let forwarded = check(&TO_10, endless, &format!("{endless} | Connection: close"), &[Persistence]);
        assert_eq!((forwarded.framing, forwarded.persistent), (Framing::UntilClose, false));
    }

    #[test]
    fn rfc9112_6_3_other_codings() {
        use Cause::{Framing as Framed, LengthBesideCoding, RepeatedLength};
        check(
            &TO_11,
            "HTTP/1.1 200 OK | Content-Length: 5 | Transfer-Encoding: chunked",
            "HTTP/1.1 200 OK | Transfer-Encoding: chunked",
            &[LengthBesideCoding],
        );
        check(
            &TO_11,
            "HTTP/1.1 200 OK | Transfer-Encoding: gzip",
            "HTTP/1.1 200 OK | Transfer-Encoding: gzip, chunked",
            &[Framed],
        );
        check(
            &TO_11,
            "HTTP/1.1 200 OK | Content-Length: 5 | A: b | Content-Length: 5, 5",
            "HTTP/1.1 200 OK | Content-Length: 5 | A: b",
            &[RepeatedLength],
        );
        for coding in ["gzip", "gzip, chunked"] {
            let text = format!("HTTP/1.1 200 OK | Transfer-Encoding: {coding}");
            assert_eq!(sent(&text, false, &TO_10).map(|_| ()), Err(502));
        }
        for bad in ["chunked, gzip", "chunked | Transfer-Encoding: chunked", "gzip | Content-Length: 5"] {
            let text = format!("HTTP/1.1 200 OK | Transfer-Encoding: {bad}");
            assert_eq!(sent(&text, false, &TO_11).map(|_| ()), Err(502), "{bad}");
        }
    }

    #[test]
    fn rfc9110_8_6_length_stays_without_a_body_but_not_in_204() {
        use Cause::{Bodiless, Framing as Framed};
        unchanged(&TO_11, "HTTP/1.1 304 N | Content-Length: 5");
        unchanged(&TO_11, "HTTP/1.1 304 N | Transfer-Encoding: chunked");
        let (lines, forwarded) = sent("HTTP/1.1 200 OK | Content-Length: 5", true, &TO_11).expect("head");
        assert_eq!(
            (lines.as_str(), forwarded.framing),
            ("HTTP/1.1 200 OK | Content-Length: 5", Framing::None)
        );
        let (lines, _) = sent("HTTP/1.1 200 OK", true, &TO_11).expect("head");
        assert_eq!(lines, "HTTP/1.1 200 OK");
        check(&TO_11, "HTTP/1.1 204 N | Content-Length: 0", "HTTP/1.1 204 N", &[Bodiless]);
        check(&TO_11, "HTTP/1.1 103 E | Transfer-Encoding: chunked", "HTTP/1.1 103 E", &[Bodiless]);
        let (lines, forwarded) =
            sent("HTTP/1.1 200 OK | Transfer-Encoding: chunked", true, &TO_10).expect("head");
        assert_eq!(
            (lines.as_str(), forwarded.edits[0].cause),
            ("HTTP/1.1 200 OK | Connection: keep-alive", Framed)
        );
    }

    #[test]
    fn rfc9110_7_8_a_switch_and_its_refusal_name_the_protocol() {
        let switch = "HTTP/1.1 101 Switching Protocols | Upgrade: websocket | Connection: Upgrade | Sec-A: b";
        assert!(unchanged(&TO_11, switch).persistent);
        check(
            &TO_11,
            "HTTP/1.1 426 No | Upgrade: a | Connection: close, upgrade | Content-Length: 0",
            "HTTP/1.1 426 No | Upgrade: a | Connection: upgrade | Content-Length: 0",
            &[Cause::Upgrade],
        );
    }

    #[test]
    fn rfc9110_15_2_interim_responses_pass_the_same_rules() {
        use Cause::{Connection, Via};
        let hop =
            ResponseHop { via: true, client_persistent: false, now: Some(SystemTime::UNIX_EPOCH), ..TO_11 };
        check(
            &hop,
            "HTTP/1.1 103 Early Hints | Link: a | connection: keep-alive",
            "HTTP/1.1 103 Early Hints | Link: a | Via: 1.1 us",
            &[Connection, Via],
        );
    }

    #[test]
    fn rfc9110_6_6_1_a_missing_date_is_added() {
        let hop = ResponseHop { now: Some(SystemTime::UNIX_EPOCH), ..TO_11 };
        check(&hop, "HTTP/1.1 304 N", "HTTP/1.1 304 N | Date: Thu, 01 Jan 1970 00:00:00 GMT", &[Cause::Date]);
        unchanged(&hop, "HTTP/1.1 304 N | date:x");
    }

    #[test]
    fn rfc9112_4_and_5_1_small_faults_are_repaired() {
        use Cause::{SpaceBeforeColon, StatusLine, Unfolded};
        check(&TO_11, "HTTP/1.1 304", "HTTP/1.1 304 ", &[StatusLine]);
        check(&TO_11, "HTTP/1.1 304 N | X \t:  a", "HTTP/1.1 304 N | X:  a", &[SpaceBeforeColon]);
        check(
            &TO_11,
            "HTTP/1.1 304 N | X : a\r\n  b",
            "HTTP/1.1 304 N | X: a b",
            &[Unfolded, SpaceBeforeColon],
        );
        check(
            &TO_11,
            "HTTP/1.1 200 N | Transfer-Encoding : chunked",
            "HTTP/1.1 200 N | Transfer-Encoding: chunked",
            &[SpaceBeforeColon],
        );
    }
}
