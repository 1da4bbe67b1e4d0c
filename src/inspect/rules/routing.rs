//! Whom a message is for and what holds for one hop: targets, Host, Connection, Via, Upgrade.

use crate::exchange::Authority;
use crate::exchange::MessageKind;
use crate::inspect::field::Hop;
use crate::inspect::field::Spec::{Paper, Rfc};
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Line, pieces};
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::table;
use crate::inspect::value::{decimal, is_token, is_uri_byte, websocket_answer};

pub static RULES: &[Rule] = &[
    error("start-line-malformed", Rfc(9112, "3"), "The start line has not the form that everybody reads: method, target, version; or version, status, reason.", "Write the three parts with one space between them.")
        .example("GET /\nHost: h\n", "GET / HTTP/1.1\nHost: h\n")
        .requests(request_line),
    error("status-line-malformed", Rfc(9112, "4"), "The status line has not the form version, three digits, reason.", "Write HTTP/1.1, a space, three digits, a space.")
        .example("HTTP/1.1 2000 OK\nContent-Length: 0\n", "HTTP/1.1 200 OK\nContent-Length: 0\n")
        .responses(status_line),
    error("method-not-token", Rfc(9110, "9.1"), "A method is a token: letters, digits and a few signs.", "Use letters, as GET.")
        .example("GE(T / HTTP/1.1\nHost: h\n", "GET / HTTP/1.1\nHost: h\n")
        .requests(method_not_token),
    warn("method-case", Rfc(9110, "9.1"), "Methods are told apart by case: get is another method than GET, and few servers know it.", "Write the method in capitals.")
        .example("get / HTTP/1.1\nHost: h\n", "GET / HTTP/1.1\nHost: h\n")
        .requests(method_case),
    error("target-form", Rfc(9112, "3.2"), "The target's form must fit the method: a path to an origin server, a whole address to a proxy, host:port with CONNECT, * with OPTIONS.", "Begin the target with /, or with http://.")
        .example("GET index.html HTTP/1.1\nHost: h\n", "GET /index.html HTTP/1.1\nHost: h\n")
        .requests(target_form),
    warn("target-fragment", Rfc(9112, "3.2"), "A fragment belongs to the client and is never sent; servers refuse it or take # for part of the path.", "Cut the target at #.")
        .example("GET /a#b HTTP/1.1\nHost: h\n", "GET /a HTTP/1.1\nHost: h\n")
        .requests(target_fragment),
    warn("target-unencoded", Rfc(3986, "2"), "This byte is not allowed in an address without percent-encoding; recipients encode, refuse or keep it, each in its way.", "Percent-encode the byte.")
        .example("GET /a|b HTTP/1.1\nHost: h\n", "GET /a%7Cb HTTP/1.1\nHost: h\n")
        .requests(target_unencoded),
    error("host-missing", Rfc(9112, "3.2"), "Every HTTP/1.1 request has a Host; without it a server must answer 400.", "Send Host.")
        .about(&["Host"])
        .example("GET / HTTP/1.1\nAccept: */*\n", "GET / HTTP/1.1\nHost: h\nAccept: */*\n")
        .requests(host_missing),
    error("host-repeated", Rfc(9112, "3.2"), "Two Hosts let two recipients choose two sites; a server must answer 400.", "Send one Host.")
        .about(&["Host"])
        .example("GET / HTTP/1.1\nHost: a.test\nHost: b.test\n", "GET / HTTP/1.1\nHost: a.test\n")
        .requests(host_repeated),
    error("host-invalid", Rfc(9112, "3.2"), "Host is a host and perhaps a port, nothing else; a server must answer 400.", "Send the host as it stands in the address.")
        .about(&["Host"])
        .example("GET / HTTP/1.1\nHost: http://h/\n", "GET / HTTP/1.1\nHost: h\n")
        .requests(host_invalid),
    warn("host-differs", Rfc(9112, "3.2.2"), "Host names another place than the target. A proxy must go by the target and replace Host; a server behind one that does not may serve the wrong site.", "Make Host equal to the target's authority.")
        .about(&["Host"])
        .example("GET http://a.test/ HTTP/1.1\nHost: b.test\n", "GET http://a.test/ HTTP/1.1\nHost: a.test\n")
        .requests(host_differs),
    error("host-differs-from-authority", Rfc(9113, "8.3.1"), "A client must not send a Host that differs from :authority: a server should treat the request as malformed, and one that does not may serve the wrong site.", "Leave Host out, or make it equal to :authority.")
        .about(&["Host"])
        .example("GET / HTTP/2\n:method: GET\n:scheme: https\n:authority: a.test\n:path: /\nhost: b.test\n", "GET / HTTP/2\n:method: GET\n:scheme: https\n:authority: a.test\n:path: /\nhost: a.test:443\n")
        .requests(host_differs_from_authority),
    error("credentials-in-target", Rfc(9110, "4.2.4"), "User and password in an http address, or in :authority, are not allowed: they land in logs and in Referer.", "Send Authorization instead.")
        .example("GET http://u:p@a.test/ HTTP/1.1\nHost: a.test\n", "GET http://a.test/ HTTP/1.1\nHost: a.test\n")
        .requests(credentials_in_target),
    error("connection-names-end-to-end", Rfc(9110, "7.6.1"), "A sender must not name a field in Connection that is meant for all recipients: the next proxy removes it.", "Take the name out of Connection.")
        .about(&["Connection"])
        .example("GET / HTTP/1.1\nHost: h\nConnection: Cache-Control\nCache-Control: no-cache\n", "GET / HTTP/1.1\nHost: h\nCache-Control: no-cache\n")
        .messages(connection_names_end_to_end),
    warn("connection-contradicts", Rfc(9112, "9.3"), "close and keep-alive together: close wins, but not for everybody.", "Send one of them.")
        .about(&["Connection"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nConnection: close, keep-alive\n", "HTTP/1.1 200 OK\nContent-Length: 0\nConnection: close\n")
        .messages(connection_contradicts),
    warn("connection-syntax", Rfc(9110, "7.6.1"), "Connection is a list of tokens; what is no token names nothing.", "Write option names with commas between them, without quotes.")
        .about(&["Connection"])
        .example("GET / HTTP/1.1\nHost: h\nConnection: “Connection”\n", "GET / HTTP/1.1\nHost: h\nConnection: close\n")
        .messages(broken),
    error("nominated-field-forwarded", Rfc(9110, "7.6.1"), "What Connection names is for one hop: a proxy must remove it, and this one was sent on.", "Remove the field when forwarding.")
        .about(&["Connection"])
        .example("GET / HTTP/1.1\nHost: h\nConnection: x-trace\nX-Trace: 1\n>>>\nGET / HTTP/1.1\nHost: h\nVia: 1.1 p\nX-Trace: 1\n", "GET / HTTP/1.1\nHost: h\nConnection: x-trace\nX-Trace: 1\n>>>\nGET / HTTP/1.1\nHost: h\nVia: 1.1 p\n")
        .requests(nominated_forwarded),
    info("proxy-connection", Rfc(9112, "C.2.2"), "Proxy-Connection is no standard; clients send it to proxies by an old custom, and it does harm when passed on to a server.", "Send Connection.")
        .about(&["Proxy-Connection"])
        .example("GET http://h/ HTTP/1.1\nHost: h\nProxy-Connection: keep-alive\n", "GET http://h/ HTTP/1.1\nHost: h\nConnection: keep-alive\n")
        .messages(proxy_connection),
    info("keep-alive-syntax", Rfc(2068, "19.7.1.1"), "Keep-Alive is a list of name=value, as timeout=5, max=100.", "Write timeout and max with numbers.")
        .about(&["Keep-Alive"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nKeep-Alive: timeout=five\n", "HTTP/1.1 200 OK\nContent-Length: 0\nKeep-Alive: timeout=5, max=100\n")
        .messages(keep_alive_syntax),
    warn("te-without-connection", Rfc(9110, "10.1.4"), "TE is for the next hop, so Connection must name it; otherwise proxies pass it on to servers it was not meant for.", "Send Connection: TE.")
        .about(&["TE"])
        .example("GET / HTTP/1.1\nHost: h\nTE: trailers\n", "GET / HTTP/1.1\nHost: h\nTE: trailers\nConnection: TE\n")
        .requests(te_without_connection),
    error("te-chunked", Rfc(9112, "7.4"), "A client must not name chunked in TE: everybody who speaks HTTP/1.1 takes it.", "Leave chunked out.")
        .about(&["TE"])
        .example("GET / HTTP/1.1\nHost: h\nTE: chunked\nConnection: TE\n", "GET / HTTP/1.1\nHost: h\nTE: trailers\nConnection: TE\n")
        .requests(te_chunked),
    warn("grpc-without-te", Paper("gRPC over HTTP/2"), "te: trailers shows the server that nothing on the way drops trailers, in which gRPC says how a call ended: some servers refuse a call without it.", "Send te: trailers.")
        .about(&["TE", "Content-Type"])
        .example("POST /s/M HTTP/2\ncontent-type: application/grpc\n", "POST /s/M HTTP/2\ncontent-type: application/grpc\nte: trailers\n")
        .requests(grpc_without_te),
    error("te-in-http2", Rfc(9113, "8.2.2"), "In HTTP/2 TE may only say trailers; anything else makes the request malformed.", "Send te: trailers or nothing.")
        .about(&["TE"])
        .example("GET / HTTP/2\nte: gzip\n", "GET / HTTP/2\nte: trailers\n")
        .requests(te_multiplexed),
    error("connection-field-in-http2", Rfc(9113, "8.2.2"), "HTTP/2 and HTTP/3 have no connection fields: a message with one is malformed and must not be used.", "Remove the field.")
        .about(&["Connection", "Keep-Alive", "Proxy-Connection", "Upgrade"])
        .example("HTTP/2 200\nconnection: keep-alive\n", "HTTP/2 200\nserver: x\n")
        .messages(connection_fields_multiplexed),
    info("connection-listed", Rfc(9113, "8.2.2"), "A browser's list of a request over HTTP/2, as in a HAR file, names Connection: keep-alive, though nothing of it is sent.", "Leave it out when the request is sent again.")
        .about(&["Connection"])
        .example("GET / HTTP/2\nHost: h\nConnection: keep-alive\n", "GET / HTTP/1.1\nHost: h\nConnection: keep-alive\n")
        .requests(connection_listed),
    error("capitals-in-http2", Rfc(9113, "8.2.1"), "Field names are in lower case in HTTP/2; a message with a capital in one is malformed.", "Write names in lower case.")
        .example("HTTP/2 200\n:status: 200\nServer: x\n", "HTTP/2 200\n:status: 200\nserver: x\n")
        .messages(capitals_multiplexed),
    info("capitals-listed", Rfc(9113, "8.2.1"), "Field names are in lower case in HTTP/2, so this is how a program listed the message, and not what was sent; sent so it would be malformed.", "Write names in lower case when it is sent.")
        .example("HTTP/2 200\nServer: x\n", "HTTP/2 200\nserver: x\n")
        .messages(capitals_listed),
    error("pseudo-field", Rfc(9113, "8.3"), "Pseudo-fields come before all others, each once, none missing, only those that are defined for this kind of message.", "Send :method, :scheme, :authority and :path in requests, :status in responses, first.")
        .example("HTTP/2 200\n:status: 200\nserver: x\n:path: /\n", "HTTP/2 200\n:status: 200\nserver: x\n")
        .messages(pseudo_field),
    warn("upgrade-without-connection", Rfc(9110, "7.8"), "A sender of Upgrade must also send Connection: upgrade, so that proxies which do not understand it remove it.", "Send Connection: upgrade.")
        .about(&["Upgrade"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade: websocket\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\n")
        .messages(upgrade_without_connection),
    error("switching-unasked", Rfc(9110, "15.2.2"), "101 answers an Upgrade; without one, or with another protocol, the client does not know what will be spoken.", "Answer with another status.")
        .about(&["Upgrade"])
        .example("GET / HTTP/1.1\nHost: h\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\n")
        .responses(switching_unasked),
    error("switching-without-upgrade", Rfc(9110, "15.2.2"), "A 101 must say in Upgrade which protocol follows.", "Send Upgrade with the protocol.")
        .about(&["Upgrade"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\n\nHTTP/1.1 101 Switching Protocols\nConnection: upgrade\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\n")
        .responses(switching_without_upgrade),
    error("upgrade-required-without-upgrade", Rfc(9110, "15.5.22"), "426 must say in Upgrade which protocols would be accepted.", "Send Upgrade.")
        .about(&["Upgrade"])
        .example("HTTP/1.1 426 Upgrade Required\nContent-Length: 0\n", "HTTP/1.1 426 Upgrade Required\nContent-Length: 0\nUpgrade: TLS/1.3\nConnection: upgrade\n")
        .responses(upgrade_required),
    error("via-missing", Rfc(9110, "7.6.3"), "A proxy must add itself to Via, or loops and old versions on the way go unnoticed.", "Add Via when forwarding.")
        .about(&["Via"])
        .example("GET http://h/ HTTP/1.1\nHost: h\n>>>\nGET / HTTP/1.1\nHost: h\n", "GET http://h/ HTTP/1.1\nHost: h\n>>>\nGET / HTTP/1.1\nHost: h\nVia: 1.1 p\n")
        .requests(via_missing),
    warn("via-loop", Rfc(9110, "7.6.3"), "The same name stands twice in Via: the message came through the same intermediary twice.", "Look for the loop; give each intermediary a name of its own.")
        .about(&["Via"])
        .example("GET / HTTP/1.1\nHost: h\nVia: 1.1 edge, 1.1 mid, 1.1 edge\n", "GET / HTTP/1.1\nHost: h\nVia: 1.1 edge, 1.1 mid\n")
        .requests(via_loop),
    warn("via-syntax", Rfc(9110, "7.6.3"), "Each member of Via is a version and a name, perhaps a remark; another form is not understood as a hop.", "Write 1.1 name (remark).")
        .about(&["Via"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nVia: 1.0 fred, 1.1 (Apache/1.1)\n", "HTTP/1.1 200 OK\nContent-Length: 0\nVia: 1.0 fred, 1.1 mid (Apache/1.1)\n")
        .messages(broken),
    warn("forwarded-syntax", Rfc(7239, "4"), "Forwarded is a list of for=, by=, host=, proto=, each once an element; addresses with a colon stand in quotes. What breaks off here is not read, and of two values each server takes another.", "Put IPv6 addresses and ports in quotes.")
        .about(&["Forwarded"])
        .example("GET / HTTP/1.1\nHost: h\nForwarded: for=[::1]\n", "GET / HTTP/1.1\nHost: h\nForwarded: for=\"[::1]\"\n")
        .messages(forwarded),
    error("max-forwards-syntax", Rfc(9110, "7.6.2"), "Max-Forwards is a number; with anything else TRACE and OPTIONS go astray.", "Write digits.")
        .about(&["Max-Forwards"])
        .example("OPTIONS / HTTP/1.1\nHost: h\nMax-Forwards: few\n", "OPTIONS / HTTP/1.1\nHost: h\nMax-Forwards: 3\n")
        .requests(broken),
    error("max-forwards-passed", Rfc(9110, "7.6.2"), "With Max-Forwards 0 a proxy must answer TRACE and OPTIONS itself, not pass them on.", "Answer as the final recipient.")
        .about(&["Max-Forwards"])
        .example("TRACE / HTTP/1.1\nHost: h\nMax-Forwards: 0\n>>>\nTRACE / HTTP/1.1\nHost: h\nVia: 1.1 p\nMax-Forwards: 0\n", "TRACE / HTTP/1.1\nHost: h\nMax-Forwards: 1\n>>>\nTRACE / HTTP/1.1\nHost: h\nVia: 1.1 p\nMax-Forwards: 0\n")
        .requests(max_forwards_passed),
    info("max-forwards-without-meaning", Rfc(9110, "7.6.2"), "Max-Forwards counts for TRACE and OPTIONS only; other methods may ignore it.", "Leave it out.")
        .about(&["Max-Forwards"])
        .example("GET / HTTP/1.1\nHost: h\nMax-Forwards: 3\n", "OPTIONS / HTTP/1.1\nHost: h\nMax-Forwards: 3\n")
        .requests(max_forwards_idle),
    error("expect-unknown", Rfc(9110, "10.1.1"), "The only expectation is 100-continue; a server answers others with 417.", "Send 100-continue or nothing.")
        .about(&["Expect"])
        .example("POST / HTTP/1.1\nHost: h\nContent-Length: 3\nExpect: magic\n", "POST / HTTP/1.1\nHost: h\nContent-Length: 3\nExpect: 100-continue\n")
        .requests(expect_unknown),
    warn("expect-without-body", Rfc(9110, "10.1.1"), "100-continue asks leave to send a body, and there is none.", "Leave Expect out.")
        .about(&["Expect"])
        .example("GET / HTTP/1.1\nHost: h\nExpect: 100-continue\n", "POST / HTTP/1.1\nHost: h\nContent-Length: 3\nExpect: 100-continue\n")
        .requests(expect_without_body),
    error("websocket-key", Rfc(6455, "4.1"), "Sec-WebSocket-Key is 16 bytes in base64; a server must refuse another one.", "Make 16 random bytes and encode them.")
        .about(&["Sec-WebSocket-Key"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: abc\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n")
        .requests(broken),
    error("websocket-version", Rfc(6455, "4.1"), "The version of the WebSocket protocol is 13; a server answers others with 426.", "Send Sec-WebSocket-Version: 13.")
        .about(&["Sec-WebSocket-Version"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 8\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n")
        .requests(websocket_version),
    error("websocket-accept", Rfc(6455, "4.1"), "Sec-WebSocket-Accept proves that the server read this very handshake: without it, or with another value, the client must fail the connection.", "Send SHA-1 over Sec-WebSocket-Key and 258EAFA5-E914-47DA-95CA-C5AB0DC85B11, in base64.")
        .about(&["Sec-WebSocket-Accept", "Sec-WebSocket-Key"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n")
        .responses(websocket_accept),
    error("websocket-protocol-unoffered", Rfc(6455, "4.1"), "The server chose a subprotocol that the client did not offer: the client must fail the connection.", "Choose one of those offered, or none.")
        .about(&["Sec-WebSocket-Protocol"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Protocol: chat.v1\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Protocol: chat.v3\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Protocol: chat.v1\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Protocol: chat.v1\n")
        .responses(websocket_protocol),
    error("websocket-extension-unoffered", Rfc(6455, "4.1"), "The server uses an extension that the client did not offer: the client must fail the connection.", "Use only what was offered.")
        .about(&["Sec-WebSocket-Extensions"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Extensions: permessage-deflate\n", "GET / HTTP/1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Extensions: permessage-deflate\n\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: upgrade\nSec-WebSocket-Extensions: permessage-deflate\n")
        .responses(websocket_extension),
];

/// The value of one of the rule's fields breaks off.
pub fn broken(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if let Some(broken) = &line.parsed().broken {
            found.part(line, &(broken.at..(broken.at + 1).min(line.value.len())), broken.says.clone());
        }
    }
}

fn forwarded(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    broken(rule, case, found);
    for line in case.message.all("Forwarded") {
        for (element, text) in line.members() {
            let pairs = pieces(text, b';');
            let name = |piece: &[u8]| {
                piece.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii().to_ascii_lowercase()
            };
            for (at, (span, pair)) in pairs.iter().enumerate().take(20) {
                if pairs.iter().take(at).any(|(_, before)| name(before) == name(pair)) {
                    let span = element.start + span.start..element.start + span.end;
                    found.part(line, &span, "this parameter stood in this element before");
                }
            }
        }
    }
}

fn start(case: &Case<'_>) -> std::ops::Range<usize> {
    0..case.message.head.start_line().len()
}

fn target_span(case: &Case<'_>) -> std::ops::Range<usize> {
    let from = case.message.method().len() + 1;
    from..from + case.message.target().len()
}

fn request_line(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let version = case.message.version();
    let known = version.starts_with(b"HTTP/")
        && version.len() > 5
        && version[5..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let line = case.message.head.start_line();
    if !known && line.split(|byte| *byte == b' ').filter(|part| !part.is_empty()).count() == 3 {
        let from = line.iter().rposition(|byte| *byte == b' ').map_or(0, |at| at + 1);
        found.start(from..line.len(), "the version is HTTP/ and two numbers");
    } else if !known {
        found.start(start(case), "method, target and version are expected, with one space between them");
    }
}

fn status_line(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let line = case.message.head.start_line();
    let digits = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let fits = line.starts_with(b"HTTP/")
        && digits.len() == 3
        && decimal(digits).is_some_and(|status| status >= 100);
    if !fits {
        found.start(start(case), "version and three digits are expected");
    }
}

fn method_not_token(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let method = case.message.method();
    if !method.is_empty() && !is_token(method) {
        found.start(0..method.len(), "the method holds a byte that a token cannot hold");
    }
}

fn method_case(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const KNOWN: [&[u8]; 9] =
        [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];
    let method = case.message.method();
    if !KNOWN.contains(&method) && KNOWN.contains(&method.to_ascii_uppercase().as_slice()) {
        found.start(0..method.len(), "a known method, but not in capitals");
    }
}

fn target_form(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let (method, target) = (case.message.method(), case.message.target());
    let absolute = target.windows(3).take(20).any(|three| three == b"://");
    let fits = match (method, target) {
        // Extended CONNECT has the path of what it opens (RFC 8441 4).
        (b"CONNECT", [b'/', ..]) => pseudo(case, ":protocol").is_some(),
        (b"CONNECT", _) => target == b"*" || Authority::parse(target, None).is_some(),
        (_, b"*") => method == b"OPTIONS",
        (_, [b'/', ..]) => true,
        _ => absolute,
    };
    if !method.is_empty() && !fits {
        found.start(target_span(case), "not a form that this method may have");
    }
}

/// The pseudo-field of that name.
fn pseudo<'c>(case: &'c Case<'_>, name: &str) -> Option<&'c Line<'c>> {
    case.message.pseudo.iter().find(|line| line.name == name.as_bytes())
}

fn target_fragment(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if let Some(at) = case.message.target().iter().position(|byte| *byte == b'#') {
        let span = target_span(case);
        found.start(span.start + at..span.end, "the fragment stays with the client");
    }
}

fn target_unencoded(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // Browsers send these as they are, and the world has agreed to it.
    let odd =
        |byte: &u8| (!is_uri_byte(*byte) && !b"|^`{}\"\\".contains(byte)) || (b"|^`{}\"\\<>".contains(byte));
    let target = case.message.target();
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    if let Some(at) = path.iter().position(odd) {
        let from = target_span(case).start + at;
        found.start(from..from + 1, "this byte needs percent-encoding");
    }
}

fn host_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.version() == b"HTTP/1.1" && !case.message.has("Host") {
        found.start(start(case), "there is no Host");
    }
}

fn host_repeated(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Host").skip(1) {
        found.name(line, "Host stands here a second time");
    }
}

fn host_invalid(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Host").filter(|line| !line.value.is_empty()) {
        if Authority::parse(line.value, Some(80)).is_none() {
            found.value(line, "not a host with an optional port");
        }
    }
}

fn host_differs_from_authority(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some((authority, host)) = pseudo(case, ":authority").zip(case.message.first("Host")) else { return };
    let port = if pseudo(case, ":scheme").is_some_and(|line| line.value == b"http") { 80 } else { 443 };
    let read = |line: &Line<'_>| Authority::parse(line.value, Some(port));
    if host.value != authority.value && read(authority) != read(host) {
        found.value(host, "another host than :authority has");
    }
}

fn host_differs(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(authority) = authority_of(case.message.target()) else { return };
    let Some(line) = case.message.first("Host") else { return };
    let bare = authority.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    let port = if case.message.target().to_ascii_lowercase().starts_with(b"https") { 443 } else { 80 };
    let (meant, told) = (Authority::parse(bare, Some(port)), Authority::parse(line.value, Some(port)));
    if meant.is_some() && told.is_some() && meant != told {
        found.value(line, "another host than in the target");
    }
}

/// What stands between `://` and the path.
fn authority_of(target: &[u8]) -> Option<&[u8]> {
    let at = target.windows(3).take(20).position(|three| three == b"://")?;
    let rest = target.get(at + 3..)?;
    let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    rest.get(..end)
}

fn credentials_in_target(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if authority_of(case.message.target()).is_some_and(|authority| authority.contains(&b'@')) {
        found.start(target_span(case), "the address holds a user, perhaps a password");
    }
    if let Some(line) = pseudo(case, ":authority").filter(|line| line.value.contains(&b'@')) {
        found.value(line, "the authority holds a user, perhaps a password");
    }
}

fn connection_names_end_to_end(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, name) in case.message.members("Connection") {
        let known = table::field(name).filter(|field| field.hop == Hop::EndToEnd);
        if let Some(field) = known.filter(|field| is_for_all(field.name)) {
            found.part(line, &span, format!("{} is meant for all recipients", field.name));
        }
    }
}

/// Fields that reach their purpose only at the last recipient.
fn is_for_all(name: &str) -> bool {
    const FOR_ALL: [&str; 16] = [
        "Cache-Control",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "Content-Type",
        "Content-Encoding",
        "Content-Length",
        "Host",
        "Date",
        "ETag",
        "Last-Modified",
        "Location",
        "Vary",
        "Expires",
        "Age",
        "Via",
    ];
    FOR_ALL.contains(&name)
}

fn connection_contradicts(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.lists("Connection", "close") && case.message.lists("Connection", "keep-alive") {
        for line in case.message.all("Connection") {
            found.value(line, "close and keep-alive contradict each other");
        }
    }
}

/// The message as we received it, when this is the one we sent.
fn received<'c>(case: &'c Case<'_>) -> Option<&'c crate::exchange::Head> {
    (case.message.kind == MessageKind::RequestSent)
        .then(|| case.view.heads[MessageKind::RequestReceived as usize])
        .flatten()
}

fn nominated_forwarded(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(received) = received(case) else { return };
    for name in received.members("Connection") {
        let ours = table::field(name).is_some_and(|field| field.hop == Hop::HopByHop);
        let sent = case.message.lines.iter().find(|line| line.name.eq_ignore_ascii_case(name));
        if let Some(line) =
            sent.filter(|line| !ours && !is_for_all(line.field.map_or("", |field| field.name)))
        {
            found.name(line, "named in Connection, and sent on all the same");
        }
    }
}

fn proxy_connection(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Proxy-Connection") {
        found.name(line, "no standard field; Connection says the same");
    }
}

fn keep_alive_syntax(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Keep-Alive") {
        for directive in line.directives(b',') {
            let number = decimal(&directive.plain()).is_some();
            if (directive.is("timeout") || directive.is("max")) && !number {
                found.part(line, &directive.span, "a number is expected");
            }
        }
    }
}

fn te_without_connection(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !case.message.is_multiplexed() && !case.message.lists("Connection", "te") {
        for line in case.message.all("TE") {
            found.name(line, "Connection does not name TE");
        }
    }
}

fn te_chunked(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, coding) in case.message.members("TE").filter(|_| !case.message.is_multiplexed()) {
        let bare = coding.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if bare.eq_ignore_ascii_case(b"chunked") {
            found.part(line, &span, "chunked is always taken, and must not stand here");
        }
    }
}

fn grpc_without_te(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(line) = case.message.first("Content-Type").filter(|_| !case.message.has("TE")) else { return };
    let behind = line.value.strip_prefix(b"application/grpc");
    // gRPC-Web has its trailers in the body.
    if behind.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' '))) {
        found.value(line, "a gRPC call, and te: trailers is missing");
    }
}

fn te_multiplexed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.is_multiplexed() {
        for line in case.message.all("TE").filter(|line| !line.value.eq_ignore_ascii_case(b"trailers")) {
            found.value(line, "only trailers may stand here");
        }
    }
}

fn connection_fields_multiplexed(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.is_multiplexed() {
        let lines = case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name)));
        for line in lines.filter(|line| !is_listed(case, line)) {
            found.name(line, "a field of one connection has no place in HTTP/2 and HTTP/3");
        }
    }
}

fn connection_listed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| is_listed(case, line)) {
        found.name(line, "listed by the browser, and not sent in HTTP/2");
    }
}

/// Whether a line is one that browsers list for a request without sending it: in such a list names are written as
/// in HTTP/1.1, and `Host` stands where HTTP/2 has `:authority`.
fn is_listed(case: &Case<'_>, line: &Line<'_>) -> bool {
    let message = case.message;
    let host = || message.lines.iter().any(|line| line.name == b"Host");
    message.is_request()
        && message.is_multiplexed()
        && (case.view.listed || (message.pseudo.is_empty() && host()))
        && line.name == b"Connection"
        && line.value.eq_ignore_ascii_case(b"keep-alive")
}

/// Only where pseudo-fields stand is the head known to be written as it crossed the wire.
fn capitals_multiplexed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !case.message.pseudo.is_empty() && !case.view.listed {
        for line in case.message.lines.iter().filter(|line| line.name.iter().any(u8::is_ascii_uppercase)) {
            found.name(line, "a capital in a field name");
        }
    }
}

/// Browsers' lists of a request mix both ways of writing: there it is no news.
fn capitals_listed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    if !message.is_multiplexed() || message.is_request() || !message.pseudo.is_empty() || case.view.listed {
        return;
    }
    if let Some(line) = message.lines.iter().find(|line| line.name.iter().any(u8::is_ascii_uppercase)) {
        found.name(line, "a capital in a field name, which HTTP/2 cannot have");
    }
}

fn pseudo_field(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    pseudo_odd(case, found);
    pseudo_missing(case, found);
}

/// What must be there, and what must not (RFC 9113 8.3.1). Where none stands the head is not written as it was sent.
fn pseudo_missing(case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    if message.pseudo.is_empty() || case.view.listed || !message.is_request() {
        return;
    }
    let connects = pseudo(case, ":method").is_some_and(|line| line.value == b"CONNECT");
    let plain = connects && pseudo(case, ":protocol").is_none();
    // CONNECT names an authority alone (RFC 9113 8.5); with :protocol it has all of them (RFC 8441 4).
    let needed: &[&str] = match (plain, connects) {
        (true, _) => &[":method", ":authority"],
        (false, true) => &[":method", ":scheme", ":path", ":authority"],
        (false, false) => &[":method", ":scheme", ":path"],
    };
    for name in needed.iter().filter(|name| pseudo(case, name).is_none()) {
        found.start(start(case), format!("{name} is missing"));
    }
    for line in message.pseudo.iter().filter(|line| line.name == b":scheme" || line.name == b":path") {
        if plain {
            found.name(line, "CONNECT has none");
        } else if line.value.is_empty() {
            found.name(line, "empty");
        }
    }
}

fn pseudo_odd(case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    let first = message.lines.first().filter(|_| !case.view.partial).map_or(usize::MAX, |line| line.number);
    let allowed: &[&[u8]] = if message.is_request() {
        &[b":method", b":scheme", b":authority", b":path", b":protocol"]
    } else {
        &[b":status"]
    };
    for (at, line) in message.pseudo.iter().enumerate() {
        if !allowed.contains(&line.name) {
            found.name(line, "not a pseudo-field of this kind of message");
        } else if line.number > first {
            found.name(line, "a pseudo-field behind a field");
        } else if message.pseudo.iter().take(at.min(20)).any(|before| before.name == line.name) {
            found.name(line, "a pseudo-field a second time");
        }
    }
}

fn upgrade_without_connection(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !case.message.is_multiplexed() && !case.message.lists("Connection", "upgrade") {
        for line in case.message.all("Upgrade") {
            found.name(line, "Connection does not name Upgrade");
        }
    }
}

fn switching_unasked(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let asked = case.request.is_none_or(|request| request.has("Upgrade"));
    if case.message.status() == 101 && !asked {
        found.start(start(case), "the request had no Upgrade");
    }
    let Some(request) = case.request.filter(|_| case.message.status() == 101 && asked) else { return };
    let offered = |chosen: &[u8]| {
        request.members("Upgrade").any(|(_, _, offered)| offered.eq_ignore_ascii_case(chosen))
    };
    // Below what was asked for others may be named (RFC 2817 3.3).
    let chosen: Vec<_> = case.message.members("Upgrade").collect();
    if let Some((line, span, _)) = chosen.first().filter(|_| !chosen.iter().any(|(.., one)| offered(one))) {
        found.part(line, span, "this protocol was not asked for");
    }
}

fn switching_without_upgrade(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 101 && !case.message.has("Upgrade") {
        found.start(start(case), "Upgrade is missing: which protocol follows?");
    }
}

fn upgrade_required(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 426 && !case.message.has("Upgrade") {
        found.start(start(case), "Upgrade is missing");
    }
}

fn via_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if received(case).is_some() && !case.message.has("Via") && case.message.method() != b"CONNECT" {
        found.start(start(case), "forwarded without Via");
    }
}

fn via_loop(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let mut names: Vec<&[u8]> = Vec::new();
    for (line, span, hop) in case.message.members("Via") {
        let Some(name) = hop.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(1) else {
            continue;
        };
        if names.iter().take(100).any(|known| known.eq_ignore_ascii_case(name)) {
            found.part(line, &span, "this name stood in Via before");
        }
        names.push(name);
    }
}

fn max_forwards_passed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let zero = received(case).and_then(|head| head.value("Max-Forwards")).and_then(decimal) == Some(0);
    if zero && matches!(case.message.method(), b"TRACE" | b"OPTIONS") {
        found.start(start(case), "passed on, though Max-Forwards was 0");
    }
}

fn max_forwards_idle(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !matches!(case.message.method(), b"TRACE" | b"OPTIONS") {
        for line in case.message.all("Max-Forwards") {
            found.name(line, "counts for TRACE and OPTIONS only");
        }
    }
}

fn expect_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, member) in case.message.members("Expect") {
        if !member.eq_ignore_ascii_case(b"100-continue") {
            found.part(line, &span, "not an expectation that servers know");
        }
    }
}

fn expect_without_body(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    let body = message.has("Transfer-Encoding")
        || message.is_multiplexed()
        || message.first("Content-Length").is_some_and(|line| line.value != b"0");
    if !body && message.lists("Expect", "100-continue") {
        for line in message.all("Expect") {
            found.name(line, "there is no body to wait with");
        }
    }
}

fn websocket_version(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Sec-WebSocket-Version").filter(|line| line.value != b"13") {
        found.value(line, "13 is expected");
    }
}

fn websocket_accept(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(request) = case.request.filter(|_| case.message.status() == 101) else { return };
    let Some(key) = request.first("Sec-WebSocket-Key").filter(|_| request.lists("Upgrade", "websocket"))
    else {
        return;
    };
    let wanted = websocket_answer(key.value);
    match case.message.first("Sec-WebSocket-Accept") {
        None => found.start(start(case), format!("Sec-WebSocket-Accept is missing: {wanted} is expected")),
        Some(line) if line.value != wanted.as_bytes() => {
            found.value(line, format!("{wanted} is expected, by the client's key"));
        }
        Some(_) => {}
    }
}

fn websocket_protocol(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    unoffered(case, "Sec-WebSocket-Protocol", "this subprotocol was not offered", found);
}

fn websocket_extension(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    unoffered(case, "Sec-WebSocket-Extensions", "this extension was not offered", found);
}

fn unoffered(case: &Case<'_>, name: &'static str, says: &str, found: &mut Found<'_>) {
    let Some(request) = case.request.filter(|_| case.message.status() == 101) else { return };
    for (line, span, chosen) in case.message.members(name) {
        let bare = chosen.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let bare = std::str::from_utf8(bare).unwrap_or_default();
        if !request.lists(name, bare) {
            found.part(line, &span, says);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::all_said;

    #[test]
    fn rfc8441_4_extended_connect_has_a_path() {
        const FIELDS: &str = ":method: CONNECT\n:scheme: https\n:authority: h.test\n:path: /chat\n";
        let extended = format!("CONNECT /chat HTTP/2\n{FIELDS}:protocol: websocket\n");
        let plain = format!("CONNECT /chat HTTP/2\n{FIELDS}");
        all_said("target-form", &[(&extended, ""), (&plain, "not a form that this method may have")]);
        all_said("pseudo-field", &[(&extended, ""), (&plain, "CONNECT has none")]);
    }

    #[test]
    fn rfc9113_8_3_1_pseudo_fields_that_must_be_there() {
        for (fields, words) in [
            (":method: GET\n:scheme: https\n:authority: h.test\n:path: /\n", ""),
            (":method: GET\n:scheme: https\n:path: /\nhost: h.test\n", ""),
            (":method: GET\n:scheme: https\n:authority: h.test\n", ":path is missing"),
            (":method: GET\n:scheme: https\n:authority: h.test\n:path:\n", "empty"),
            (":scheme: https\n:path: /\n", ":method is missing"),
            // Not written as it was sent.
            ("accept: */*\n", ""),
        ] {
            all_said("pseudo-field", &[(&format!("GET / HTTP/2\n{fields}"), words)]);
        }
        let connect = "CONNECT h.test:443 HTTP/2\n:method: CONNECT\n:authority: h.test:443\n";
        all_said("pseudo-field", &[(connect, "")]);
    }

    #[test]
    fn rfc9113_8_3_1_authority_and_host() {
        for (rule, authority, host, words) in [
            ("host-differs-from-authority", "a.test", "b.test", "another host"),
            ("host-differs-from-authority", "A.test:443", "a.test", ""),
            ("host-differs-from-authority", "a.test:8443", "a.test", "another host"),
            ("credentials-in-target", "u@a.test", "a.test", "the authority holds a user"),
            ("credentials-in-target", "a.test", "a.test", ""),
        ] {
            let fields =
                format!(":method: GET\n:scheme: https\n:authority: {authority}\n:path: /\nhost: {host}\n");
            all_said(rule, &[(&format!("GET / HTTP/2\n{fields}"), words)]);
        }
    }

    #[test]
    fn rfc9110_7_8_only_what_was_asked_for_is_switched_to() {
        for (asked, chosen, words) in [
            ("websocket", "WebSocket", ""),
            ("websocket", "h2c", "this protocol was not asked for"),
            ("TLS/1.0", "TLS/1.0, HTTP/1.1", ""),
        ] {
            let request = format!("GET / HTTP/1.1\nHost: h\nConnection: upgrade\nUpgrade: {asked}\n");
            let answer =
                format!("HTTP/1.1 101 Switching Protocols\nConnection: upgrade\nUpgrade: {chosen}\n");
            all_said("switching-unasked", &[(&format!("{request}\n{answer}"), words)]);
        }
    }

    #[test]
    fn rfc7239_4_each_parameter_once_an_element() {
        let of = |value: &str| format!("GET / HTTP/1.1\nHost: h\nForwarded: {value}\n");
        all_said(
            "forwarded-syntax",
            &[
                (&of("for=192.0.2.1;proto=https;Proto=http"), "stood in this element before"),
                (&of("for=192.0.2.1, for=192.0.2.2;proto=http"), ""),
            ],
        );
    }

    #[test]
    fn rfc9112_7_4_and_grpc_te() {
        let te = |value: &str| format!("GET / HTTP/1.1\nHost: h\nConnection: TE\nTE: {value}\n");
        all_said("te-chunked", &[(&te("gzip, Chunked;q=0.5"), "must not stand here"), (&te("gzip"), "")]);
        let call = |kind: &str| format!("POST /s/M HTTP/2\ncontent-type: {kind}\n");
        all_said(
            "grpc-without-te",
            &[
                (&call("application/grpc+proto"), "te: trailers is missing"),
                (&call("application/grpc-web+proto"), ""),
                (&call("application/json"), ""),
            ],
        );
    }
}
