//! The request that is sent on: what every rule changes in its head, in one pass.

use super::names::{Known, Seen, name};
use super::options::Options;
use super::survey::can_be_relayed;
use super::syntax::{members, offset_in};
use super::writer::Writer;
use super::{Fault, Forwarded, Framing, RequestFacts, Route, Version, http2, via};
use crate::exchange::{Cause, Field, Head, Target};
use std::borrow::Cow;

/// What a request needs to know of its next hop.
#[derive(Clone, Copy, Debug)]
pub struct RequestHop<'a> {
    /// Our name in Via: a token.
    pub pseudonym: &'a str,
    /// Whether Via is added (`via = "off"` leaves it out; loops are found all the same).
    pub via: bool,
    /// Where the request goes, as [`super::route`] found.
    pub route: &'a Route,
    /// What is spoken there: HTTP/1.1 or HTTP/2.
    pub toward: Version,
    /// The `Sec-WebSocket-Key` to send where an extended CONNECT becomes an Upgrade: 16 random
    /// octets in Base64 (RFC 6455 4.1), which HTTP/2 does not have (RFC 8441 5).
    pub websocket_key: Option<&'a str>,
    /// Whether the connection is kept: else the request says `Connection: close` (RFC 9112 9.6), where
    /// HTTP/1.1 is spoken and no switch is asked for.
    pub persistent: bool,
}

/// The head to send to the origin for a checked request.
///
/// Its form is translated where client and origin speak different versions. A request that
/// already carries our pseudonym in Via has been here: 508.
pub fn forward_request(head: &Head, facts: &RequestFacts, hop: &RequestHop<'_>) -> Result<Forwarded, Fault> {
    match (facts.version, hop.toward) {
        (_, Version::Http2) => return http2::request_to_http2(head, facts, hop),
        (Version::Http2, _) => return http2::request_from_http2(head, facts, hop),
        _ => {}
    }
    rewrite(head, facts, hop, Next::Origin)
}

/// The head to send to a parent proxy in place of the origin, a CONNECT for it too. Its target stays as
/// it came, in the form that proxies are asked in (RFC 9112 3.2.2, 3.2.3). `authorization` is the value
/// of our own Proxy-Authorization; the client's was for us.
pub fn forward_to_parent(
    head: &Head,
    facts: &RequestFacts,
    hop: &RequestHop<'_>,
    authorization: Option<&str>,
) -> Result<Forwarded, Fault> {
    rewrite(head, facts, hop, Next::Parent(authorization))
}

/// A request that carries our pseudonym in Via has been here before.
pub fn refuse_loop(head: &Head, pseudonym: &str) -> Result<(), Fault> {
    Lines::of(head).refuse_loop(head, pseudonym)
}

/// Who is asked.
#[derive(Clone, Copy)]
enum Next<'a> {
    Origin,
    /// With our own credentials, if it has any of us.
    Parent(Option<&'a str>),
}

fn rewrite(
    head: &Head,
    facts: &RequestFacts,
    hop: &RequestHop<'_>,
    next: Next<'_>,
) -> Result<Forwarded, Fault> {
    let lines = Lines::of(head);
    lines.refuse_loop(head, hop.pseudonym)?;
    let target = OriginTarget::of(head);
    let mut rewriting = Rewriting {
        writer: Writer::new(head),
        head,
        facts,
        hop,
        host: target.host,
        te: lines.te_trailers && facts.version == Version::Http11,
        lines,
        seen: Seen::default(),
    };
    match next {
        Next::Origin => rewriting.start_line(&target),
        Next::Parent(_) => rewriting.start_line_to_parent(),
    }
    for (number, field) in head.fields().enumerate() {
        rewriting.field(&field);
        if rewriting.lines.last_via == Some(number) {
            rewriting.add_via();
        }
    }
    if rewriting.lines.last_via.is_none() {
        rewriting.add_via();
    }
    if let Next::Parent(Some(authorization)) = next {
        let line: &[&[u8]] = &[b"Proxy-Authorization: ", authorization.as_bytes()];
        rewriting.writer.add(line, Cause::ParentCredentials);
    }
    rewriting.add_close();
    Ok(rewriting.writer.finish(facts.framing, true))
}

/// What must be known of all lines before the first is written.
#[derive(Default)]
pub(super) struct Lines<'a> {
    pub(super) options: Options<'a>,
    pub(super) last_via: Option<usize>,
    pub(super) hosts: usize,
    te_count: usize,
    pub(super) te_trailers: bool,
    codings: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(head: &'a Head) -> Self {
        let mut lines = Self::default();
        for (number, field) in head.fields().enumerate() {
            match Known::of(&field) {
                Known::Connection => lines.options.add_line(&field),
                Known::Via => lines.last_via = Some(number),
                Known::Host => lines.hosts += 1,
                Known::TransferEncoding => lines.codings += 1,
                Known::Te => {
                    lines.te_count += 1;
                    lines.te_trailers |= members(field.value).any(is_trailers);
                }
                _ => {}
            }
        }
        lines.options.sort();
        lines
    }

    /// "An intermediary MUST NOT forward a message to itself unless it is protected from
    /// an infinite request loop" (RFC 9110 7.6); Via is that protection (7.6.3).
    pub(super) fn refuse_loop(&self, head: &Head, pseudonym: &str) -> Result<(), Fault> {
        if self.last_via.is_none() {
            return Ok(());
        }
        let been_here = head.fields().find(|field| field.is("Via") && via::names(field.value, pseudonym));
        match been_here {
            None => Ok(()),
            Some(field) => {
                let says = format!(
                    "The request has passed {pseudonym} before: Via says so. \
                     Two hopscopes in a row need different names (--pseudonym)."
                );
                Err(Fault::new(508, offset_in(head.raw(), field.line), "RFC 9110 7.6", says))
            }
        }
    }
}

/// The target as the origin is asked for it.
pub(super) struct OriginTarget<'a> {
    /// `/` when the path is empty but a query follows.
    pub(super) slash: &'a [u8],
    pub(super) path: &'a [u8],
    /// The authority of an absolute-form target, which Host must repeat.
    pub(super) host: Option<&'a [u8]>,
}

impl<'a> OriginTarget<'a> {
    /// absolute-form becomes origin-form (RFC 9112 3.2.1). An OPTIONS whose target has
    /// neither path nor query becomes `*` at the last proxy (RFC 9112 3.2.4). Path and query
    /// themselves are not touched (RFC 9110 7.7); neither is any other form.
    pub(super) fn of(head: &'a Head) -> Self {
        let (method, target, _) = head.request_line().unwrap_or_default();
        let Some(Target::Absolute { authority, path, .. }) = Target::parse(method, target) else {
            return Self { slash: b"", path: target, host: None };
        };
        let slash: &[u8] = match path {
            [b'/', ..] => b"",
            [] if method == b"OPTIONS" => b"*",
            _ => b"/",
        };
        Self { slash, path, host: Some(authority) }
    }
}

struct Rewriting<'a> {
    writer: Writer<'a>,
    head: &'a Head,
    facts: &'a RequestFacts,
    hop: &'a RequestHop<'a>,
    host: Option<&'a [u8]>,
    /// The client takes trailers, so we do (RFC 9110 6.5.1).
    te: bool,
    lines: Lines<'a>,
    seen: Seen,
}

impl Rewriting<'_> {
    fn start_line(&mut self, target: &OriginTarget<'_>) {
        let (method, _, version) = self.head.request_line().unwrap_or_default();
        let causes =
            [(target.host.is_some(), Cause::TargetForm), (version != b"HTTP/1.1", Cause::OwnVersion)];
        self.writer.start(&[method, b" ", target.slash, target.path, b" HTTP/1.1"], &causes);
        if self.lines.hosts == 0 {
            self.add_host();
        }
    }

    fn start_line_to_parent(&mut self) {
        let (method, target, version) = self.head.request_line().unwrap_or_default();
        let causes = [(version != b"HTTP/1.1", Cause::OwnVersion)];
        self.writer.start(&[method, b" ", target, b" HTTP/1.1"], &causes);
        if self.lines.hosts == 0 {
            // A CONNECT's target is the authority, the port with it.
            self.writer.add(&[b"Host: ", self.host.unwrap_or(target)], Cause::HostAdded);
        }
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            Known::Host => self.host(field),
            Known::Via => self.writer.keep(field),
            Known::Connection => self.connection(field),
            Known::ProxyAuthorization => self.writer.drop(Cause::ProxyCredentials),
            Known::Te => self.te(field),
            Known::Upgrade if self.facts.upgrade => self.upgrade(field),
            Known::Upgrade | Known::KeepAlive | Known::ProxyConnection => self.writer.drop(Cause::HopByHop),
            Known::TransferEncoding => self.codings(field),
            Known::ContentLength => self.length(field),
            Known::Close if self.lines.options.close.is_some() => {
                self.writer.drop(Cause::NamedByConnection);
            }
            _ if self.lines.options.names(name(field)) => self.writer.drop(Cause::NamedByConnection),
            Known::Http2Settings => self.writer.drop(Cause::HopByHop),
            Known::MaxForwards => self.writer.count_down(field),
            Known::Expect if self.facts.version == Version::Http10 => self.writer.drop(Cause::Expect),
            _ => self.writer.keep(field),
        }
    }

    /// "When a proxy receives a request with an absolute-form of request-target, the proxy
    /// MUST ignore the received Host header field (if any) and instead replace it with the
    /// host information of the request-target" (RFC 9112 3.2.2), byte for byte: "identical to
    /// that authority component" (3.2). A line that already says so is kept.
    fn host(&mut self, field: &Field<'_>) {
        match self.host {
            Some(wanted) if wanted != field.value => {
                self.writer.replace(field, &[wanted], Cause::HostFromTarget);
            }
            _ => self.writer.keep(field),
        }
    }

    /// First in the head, as RFC 9110 7.2 recommends.
    fn add_host(&mut self) {
        let route = self.hop.route;
        let value = self
            .host
            .map_or_else(|| Cow::Owned(route.authority.text(route.scheme).into_bytes()), Cow::Borrowed);
        self.writer.add(&[b"Host: ", &value], Cause::HostAdded);
    }

    /// The first Connection line carries what we say to the next hop, if anything; a
    /// persistent connection needs no word in HTTP/1.1.
    fn connection(&mut self, field: &Field<'_>) {
        let first = self.seen.first(Known::Connection);
        let options = &self.lines.options;
        let upgrade: &[u8] = options.upgrade.unwrap_or(b"upgrade");
        let te: &[u8] = options.te.unwrap_or(b"TE");
        let close = options.close.unwrap_or(b"close");
        let (value, cause): (&[&[u8]], _) = match (self.facts.upgrade, self.te, self.closes()) {
            _ if !first => return self.writer.drop(Cause::Connection),
            (false, false, false) => return self.writer.drop(Cause::Connection),
            (false, false, true) => (&[close], Cause::Persistence),
            (false, true, true) => (&[te, b", ", close], Cause::Persistence),
            (true, false, _) => (&[upgrade], Cause::Upgrade),
            (false, true, false) => (&[te], Cause::Te),
            (true, true, _) => (&[upgrade, b", ", te], Cause::Upgrade),
        };
        let said = usize::from(self.facts.upgrade && options.upgrade.is_some())
            + usize::from(self.te && options.te.is_some())
            + usize::from(self.closes() && options.close.is_some());
        let wanted = usize::from(self.facts.upgrade) + usize::from(self.te) + usize::from(self.closes());
        if options.lines == 1 && options.count == wanted && said == wanted {
            return self.writer.keep(field);
        }
        self.writer.replace(field, value, cause);
    }

    /// All offers but `h2c`, which would make the next hop one that we do not read.
    fn upgrade(&mut self, field: &Field<'_>) {
        if members(field.value).all(can_be_relayed) {
            return self.writer.keep(field);
        }
        let rest: Vec<&[u8]> = members(field.value).filter(|member| can_be_relayed(member)).collect();
        if rest.is_empty() {
            return self.writer.drop(Cause::HopByHop);
        }
        self.writer.replace(field, &[&rest.join(&b", "[..])], Cause::HopByHop);
    }

    /// Of TE only `trailers` is said anew: we decode no transfer codings, and "a sender of
    /// TE MUST also send a "TE" connection option" (RFC 9110 10.1.4).
    fn te(&mut self, field: &Field<'_>) {
        let first = self.seen.first(Known::Te);
        if !first || !self.te {
            return self.writer.drop(Cause::HopByHop);
        }
        if self.lines.te_count == 1 && is_trailers(field.value) {
            self.writer.keep(field);
        } else {
            self.writer.replace(field, &[b"trailers"], Cause::Te);
        }
        if self.lines.options.lines == 0 {
            let line: &[u8] = if self.closes() { b"Connection: TE, close" } else { b"Connection: TE" };
            self.writer.add(&[line], Cause::Te);
        }
    }

    /// "A client that does not support persistent connections MUST send the "close" connection option in
    /// every request message" (RFC 9112 9.3). One that is to be switched is no longer HTTP's to close.
    fn closes(&self) -> bool {
        !self.hop.persistent && !self.facts.upgrade
    }

    fn add_close(&mut self) {
        let is_said = self.lines.options.lines > 0 || (self.te && self.seen.has(Known::Te));
        if self.closes() && !is_said {
            self.writer.add(&[b"Connection: close"], Cause::Persistence);
        }
    }

    /// The body stays chunked, so the line stays; several lines, or a list with empty
    /// members, become one plain list that no reader takes otherwise.
    fn codings(&mut self, field: &Field<'_>) {
        if !self.seen.first(Known::TransferEncoding) {
            return self.writer.drop(Cause::Framing);
        }
        if self.lines.codings == 1 && members(field.value).all(|member| !member.is_empty()) {
            return self.writer.keep(field);
        }
        let list = coding_list(self.head);
        self.writer.replace(field, &[&list], Cause::Framing);
    }

    /// "replace that invalid field value with a single valid Content-Length field"
    /// (RFC 9110 8.6).
    fn length(&mut self, field: &Field<'_>) {
        if !self.seen.first(Known::ContentLength) {
            return self.writer.drop(Cause::RepeatedLength);
        }
        match self.facts.framing {
            Framing::Length(length) if field.value.contains(&b',') => {
                self.writer.replace(field, &[length.to_string().as_bytes()], Cause::RepeatedLength);
            }
            _ => self.writer.keep(field),
        }
    }

    fn add_via(&mut self) {
        if self.hop.via {
            let protocol = via::request_protocol(self.head);
            self.writer.add(&[b"Via: ", protocol, b" ", self.hop.pseudonym.as_bytes()], Cause::Via);
        }
    }
}

/// All codings of a head as one list.
pub(super) fn coding_list(head: &Head) -> Vec<u8> {
    let lines = head.fields().filter(|field| Known::of(field) == Known::TransferEncoding);
    let codings: Vec<&[u8]> =
        lines.flat_map(|field| members(field.value)).filter(|member| !member.is_empty()).collect();
    codings.join(&b", "[..])
}

pub(super) fn is_trailers(member: &[u8]) -> bool {
    member.eq_ignore_ascii_case(b"trailers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Authority, Scheme};
    use crate::hop::{Bounds, Destination, check_request, replay_edits, route};
    use bytes::Bytes;

    /// Sends a head, its lines split by ` | `, through the rules; the ledger must explain it.
    fn sent(received: &str) -> Result<(String, Vec<Cause>), u16> {
        sent_by(received, forward_request)
    }

    /// The same by one of the ways that a head can go.
    fn sent_by(
        received: &str,
        forward: impl Fn(&Head, &RequestFacts, &RequestHop<'_>) -> Result<Forwarded, Fault>,
    ) -> Result<(String, Vec<Cause>), u16> {
        let head = Head::parse(Bytes::from(format!("{}\r\n\r\n", received.replace(" | ", "\r\n"))));
        let facts =
            check_request(&head, &Bounds { fields: 100, head: 9000 }).map_err(|fault| fault.status)?;
        let tunnel = Authority { host: "t".to_owned(), port: 443 };
        let inside = !received.contains("://") && !received.starts_with("CONNECT ");
        let tunnel = Some((Scheme::Https, &tunnel)).filter(|_| inside);
        let Ok(Destination::Origin(route)) = route(&head, &facts, tunnel) else { return Err(0) };
        let hop = RequestHop {
            pseudonym: "us",
            via: true,
            route: &route,
            toward: Version::Http11,
            websocket_key: None,
            persistent: true,
        };
        let forwarded = forward(&head, &facts, &hop).map_err(|fault| fault.status)?;
        let new = Head::parse(forwarded.raw.clone());
        assert_eq!(replay_edits(&head, &new, &forwarded.edits), Ok(()), "{received}");
        let text = String::from_utf8_lossy(&forwarded.raw);
        let lines = text.trim_end_matches("\r\n\r\n").replace("\r\n", " | ");
        Ok((lines, forwarded.edits.iter().map(|edit| edit.cause).collect()))
    }

    /// The sent lines, without the Via that always ends them here, and the causes but Via.
    #[track_caller]
    fn check(received: &str, expected: &str, causes: &[Cause]) {
        let (lines, mut seen) = sent(received).expect(received);
        let version = if received.contains("HTTP/1.0") { "1.0" } else { "1.1" };
        let via = format!(" | Via: {version} us");
        assert_eq!(lines.replacen(&via, "", 1), expected);
        seen.retain(|cause| *cause != Cause::Via);
        assert_eq!(seen, causes, "{received}");
    }

    const T: &[Cause] = &[Cause::TargetForm];

    #[test]
    fn rfc9112_3_2_1_origin_form_goes_out() {
        for (target, expected) in [
            ("http://h/a/b?c=d&e", "/a/b?c=d&e"),
            ("HTTP://h", "/"),
            ("http://h?q", "/?q"),
            ("http://h//a/../b;x", "//a/../b;x"),
            ("http://h/\"<>{}|\\^`\u{e9}%zz", "/\"<>{}|\\^`\u{e9}%zz"),
            ("http://h/a@b?c@d", "/a@b?c@d"),
        ] {
            check(
                &format!("GET {target} HTTP/1.1 | Host: h"),
                &format!("GET {expected} HTTP/1.1 | Host: h"),
                T,
            );
        }
    }

    #[test]
    fn rfc9112_3_2_4_options_with_an_empty_path_becomes_an_asterisk() {
        check("OPTIONS http://h HTTP/1.1 | Host: h", "OPTIONS * HTTP/1.1 | Host: h", T);
        check("OPTIONS http://h/ HTTP/1.1 | Host: h", "OPTIONS / HTTP/1.1 | Host: h", T);
        check("OPTIONS http://h?q HTTP/1.1 | Host: h", "OPTIONS /?q HTTP/1.1 | Host: h", T);
        check("OPTIONS * HTTP/1.1 | Host: t", "OPTIONS * HTTP/1.1 | Host: t", &[]);
    }

    #[test]
    fn rfc9112_3_2_and_9110_4_2_4_a_target_with_fragment_or_userinfo_is_refused() {
        for target in ["http://h/a#c", "http://h#c", "/a#", "http://u:p@h/a", "http://@h/"] {
            assert!(sent(&format!("GET {target} HTTP/1.1 | Host: h")).is_err(), "{target}");
        }
    }

    #[test]
    fn rfc9112_3_2_2_host_is_taken_from_the_target() {
        for (target, host, expected) in [
            ("http://h/", "other", "Host: h"),
            ("http://h:81/", "h", "Host: h:81"),
            ("http://H/", "", "Host: H"),
            ("http://h/", "h:80", "Host: h"),
            ("http://h:80/", "H", "Host: h:80"),
            ("http://h/", "h", "Host: h"),
            ("http://[::1]/", "x", "Host: [::1]"),
        ] {
            let (lines, causes) =
                sent(&format!("GET {target} HTTP/1.1 | A: b | Host: {host}")).expect(target);
            assert!(lines.contains(&format!(" | A: b | {expected} | ")), "{lines}");
            assert_eq!(causes.contains(&Cause::HostFromTarget), expected != format!("Host: {host}"));
        }
        check("GET / HTTP/1.1 | hOST:\tother ", "GET / HTTP/1.1 | hOST:\tother ", &[]);
    }

    #[test]
    fn rfc9112_3_2_host_is_added_for_http_1_0() {
        let causes = [Cause::TargetForm, Cause::OwnVersion, Cause::HostAdded];
        check("GET http://H:80/ HTTP/1.0 | A: b", "GET / HTTP/1.1 | Host: H:80 | A: b", &causes);
        check("GET / HTTP/1.0", "GET / HTTP/1.1 | Host: t", &[Cause::OwnVersion, Cause::HostAdded]);
    }

    #[test]
    fn rfc9110_2_5_a_higher_minor_version_goes_out_as_ours() {
        let (lines, _) = sent("GET / HTTP/1.5 | Host: t").expect("1.5");
        assert_eq!(lines, "GET / HTTP/1.1 | Host: t | Via: 1.5 us");
    }

    #[test]
    fn rfc9110_7_6_1_named_fields_go_with_every_connection_line() {
        use Cause::{Connection, NamedByConnection};
        check(
            "GET / HTTP/1.1 | Host: t | Connection: close, X-a | x-A: 1 | B: 2 | cONNECTION:\t,x-b, | X-A: 3 | X-b: 4",
            "GET / HTTP/1.1 | Host: t | B: 2",
            &[Connection, NamedByConnection, Connection, NamedByConnection, NamedByConnection],
        );
        check("GET / HTTP/1.1 | Host: t | Close: x", "GET / HTTP/1.1 | Host: t | Close: x", &[]);
        check(
            "GET / HTTP/1.1 | Host: t | Close: x | Connection: close",
            "GET / HTTP/1.1 | Host: t",
            &[NamedByConnection, Connection],
        );
    }

    #[test]
    fn rfc9110_7_6_1_naming_host_or_framing_removes_neither() {
        check(
            "POST / HTTP/1.1 | Host: t | Content-Length: 1 | Connection: host, content-length, transfer-encoding",
            "POST / HTTP/1.1 | Host: t | Content-Length: 1",
            &[Cause::Connection],
        );
    }

    #[test]
    fn rfc9110_7_6_1_hop_by_hop_fields_go_unnamed_too() {
        use Cause::{HopByHop, ProxyCredentials};
        check(
            "GET / HTTP/1.1 | Proxy-Connection: keep-alive | Host: t | Keep-Alive: 1 | TE: gzip | Upgrade: x \
             | proxy-authorization: Basic eA== | A: 1 | Proxy-Authorization: b",
            "GET / HTTP/1.1 | Host: t | A: 1",
            &[HopByHop, HopByHop, HopByHop, HopByHop, ProxyCredentials, ProxyCredentials],
        );
    }

    #[test]
    fn rfc9110_10_1_4_te_trailers_is_said_anew() {
        use Cause::{Connection, HopByHop, Te};
        check(
            "GET / HTTP/1.1 | Host: t | Connection: TE | te:trailers",
            "GET / HTTP/1.1 | Host: t | Connection: TE | te:trailers",
            &[],
        );
        check(
            "GET / HTTP/1.1 | Host: t | TE: gzip, Trailers | Connection: close, te | TE: deflate | connection: x",
            "GET / HTTP/1.1 | Host: t | TE: trailers | Connection: te",
            &[Te, Te, HopByHop, Connection],
        );
        check(
            "GET / HTTP/1.1 | TE: trailers | Host: t",
            "GET / HTTP/1.1 | TE: trailers | Connection: TE | Host: t",
            &[Te],
        );
        check(
            "GET / HTTP/1.0 | Host: t | TE: trailers",
            "GET / HTTP/1.1 | Host: t",
            &[Cause::OwnVersion, HopByHop],
        );
    }

    #[test]
    fn rfc9110_10_1_1_an_expectation_of_an_http_1_0_client_is_ignored() {
        let causes = [Cause::OwnVersion, Cause::Expect];
        check("PUT / HTTP/1.0 | Host: t | Expect: 100-continue", "PUT / HTTP/1.1 | Host: t", &causes);
        check("PUT / HTTP/1.1 | Host: t | Expect: x", "PUT / HTTP/1.1 | Host: t | Expect: x", &[]);
    }

    #[test]
    fn rfc9110_7_8_an_upgrade_is_offered_anew() {
        use Cause::{Connection, HopByHop, NamedByConnection, Upgrade};
        check(
            "GET / HTTP/1.1 | Host: t | Connection: Upgrade | Upgrade:  websocket",
            "GET / HTTP/1.1 | Host: t | Connection: Upgrade | Upgrade:  websocket",
            &[],
        );
        check(
            "GET / HTTP/1.1 | Host: t | Upgrade: a/1, b | Connection: keep-alive, uPGRADE, X | X: 1",
            "GET / HTTP/1.1 | Host: t | Upgrade: a/1, b | Connection: uPGRADE",
            &[Upgrade, NamedByConnection],
        );
        check(
            "GET / HTTP/1.1 | Host: t | Upgrade: h2c | Connection: Upgrade, HTTP2-Settings | HTTP2-Settings: x",
            "GET / HTTP/1.1 | Host: t",
            &[HopByHop, Connection, NamedByConnection],
        );
        check(
            "GET / HTTP/1.1 | Host: t | Upgrade: h2c, a/1 | Connection: upgrade | http2-settings: x",
            "GET / HTTP/1.1 | Host: t | Upgrade: a/1 | Connection: upgrade",
            &[HopByHop, HopByHop],
        );
        check(
            "GET / HTTP/1.1 | Host: t | Upgrade: a | TE: trailers | Connection: upgrade",
            "GET / HTTP/1.1 | Host: t | Upgrade: a | TE: trailers | Connection: upgrade, TE",
            &[Upgrade],
        );
    }

    #[test]
    fn rfc9112_6_framing_keeps_its_line_or_becomes_plain() {
        use Cause::{Framing, RepeatedLength};
        check(
            "POST / HTTP/1.1 | Host: t | transfer-ENCODING:Chunked | A: b",
            "POST / HTTP/1.1 | Host: t | transfer-ENCODING:Chunked | A: b",
            &[],
        );
        check(
            "POST / HTTP/1.1 | Host: t | Transfer-Encoding: gzip | A: b | transfer-encoding: ,chunked",
            "POST / HTTP/1.1 | Host: t | Transfer-Encoding: gzip, chunked | A: b",
            &[Framing, Framing],
        );
        check(
            "POST / HTTP/1.1 | Host: t | content-length: 5, 05 | Content-Length: 5",
            "POST / HTTP/1.1 | Host: t | content-length: 5",
            &[RepeatedLength, RepeatedLength],
        );
        for both in
            ["Content-Length: 5 | Transfer-Encoding: chunked", "Content-Length: 5 | Content-Length: 6"]
        {
            assert_eq!(sent(&format!("POST / HTTP/1.1 | Host: t | {both}")), Err(400));
        }
    }

    #[test]
    fn rfc9112_5_2_folds_are_unfolded() {
        check(
            "GET / HTTP/1.1 | Host: t | X: a \r\n\t b |  c | Y: d",
            "GET / HTTP/1.1 | Host: t | X: a b c | Y: d",
            &[Cause::Unfolded],
        );
    }

    #[test]
    fn rfc9110_7_6_2_max_forwards_counts_down_for_trace_and_options() {
        for (method, value, expected) in [
            ("TRACE", "7", "6"),
            ("OPTIONS", "010", "9"),
            ("OPTIONS", "99999999999999999999999", "18446744073709551614"),
            ("OPTIONS", "x", "x"),
            ("GET", "7", "7"),
        ] {
            let (lines, causes) =
                sent(&format!("{method} / HTTP/1.1 | Host: t | Max-Forwards: {value}")).expect(value);
            assert!(lines.contains(&format!("Max-Forwards: {expected} | ")), "{lines}");
            assert_eq!(causes.contains(&Cause::MaxForwards), value != expected);
        }
    }

    #[test]
    fn rfc9110_7_6_3_via_is_appended_behind_the_last() {
        let (lines, _) = sent("GET / HTTP/1.1 | Via: 1.0 a | Host: t | via: 1.1 b (us) | C: d").expect("via");
        assert_eq!(lines, "GET / HTTP/1.1 | Via: 1.0 a | Host: t | via: 1.1 b (us) | Via: 1.1 us | C: d");
        let (lines, _) = sent("GET / HTTP/1.0 | Host: t").expect("1.0");
        assert_eq!(lines, "GET / HTTP/1.1 | Host: t | Via: 1.0 us");
    }

    #[test]
    fn rfc9112_3_2_2_a_parent_proxy_is_asked_in_absolute_form() {
        let to_parent = |received: &str, own: Option<&str>| {
            sent_by(received, |head, facts, hop| forward_to_parent(head, facts, hop, own)).expect(received)
        };
        let received = "GET HTTP://h/a HTTP/1.1 | Host: other | Proxy-Authorization: Basic dQ== | Proxy-Connection: keep-alive";
        assert_eq!(
            to_parent(received, None),
            (
                "GET HTTP://h/a HTTP/1.1 | Host: h | Via: 1.1 us".to_owned(),
                vec![Cause::HostFromTarget, Cause::ProxyCredentials, Cause::HopByHop, Cause::Via]
            )
        );
        let (lines, causes) = to_parent("OPTIONS http://h HTTP/1.0 | A: b", Some("Basic bWU="));
        assert_eq!(
            lines,
            "OPTIONS http://h HTTP/1.1 | Host: h | A: b | Via: 1.0 us | Proxy-Authorization: Basic bWU="
        );
        assert_eq!(causes.last(), Some(&Cause::ParentCredentials));
        let (lines, _) = to_parent("CONNECT h:443 HTTP/1.0 | User-Agent: x", None);
        assert_eq!(lines, "CONNECT h:443 HTTP/1.1 | Host: h:443 | User-Agent: x | Via: 1.0 us");
        let again = sent_by("CONNECT h:443 HTTP/1.1 | Host: h:443 | Via: 1.1 us", |head, facts, hop| {
            forward_to_parent(head, facts, hop, None)
        });
        assert_eq!(again, Err(508));
    }

    #[test]
    fn rfc9110_7_6_a_loop_is_refused() {
        assert_eq!(sent("GET / HTTP/1.1 | Host: t | Via: 1.1 a | Via: 1.0 b, 1.1 US"), Err(508));
        assert_eq!(sent("GET / HTTP/1.1 | Host: t | Via: 1.1 us | Connection: via"), Err(508));
    }

    #[test]
    fn rfc9110_5_3_other_lines_keep_their_bytes_and_order() {
        let lines = "X-B:1 | x-a:  2\t | X-b: \u{e9} | Accept-Encoding:gzip,br | Cookie: a | Cookie: b | Trailer: x \
                     | Expect: 100-continue | X: | Cache-Control: no-cache | Pragma: no-cache";
        check(
            &format!("GET / HTTP/1.1 | Host: t | {lines}"),
            &format!("GET / HTTP/1.1 | Host: t | {lines}"),
            &[],
        );
    }
}
