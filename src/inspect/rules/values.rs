//! Values that can be read, but say less, or something else, than who wrote them meant: names, numbers and
//! parameters beyond what their specifications allow.

use super::routing::broken;
use crate::inspect::field::Spec::{Draft, Rfc, W3c, Whatwg};
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Line, pieces};
use crate::inspect::rule::{Rule, info, warn};
use crate::inspect::set_cookie::SetCookie;
use crate::inspect::value::{charset, decimal, is_token, unquoted};
use std::ops::Range;

const BIS: &str = "draft-ietf-httpbis-rfc6265bis";

pub static RULES: &[Rule] = &[
    warn("charset-unknown", Whatwg("Encoding"), "Browsers do not know this charset, or refuse to decode it: they guess, or show nothing.", "Write utf-8.")
        .about(&["Content-Type"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain; charset=nonesuch\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain; charset=utf-8\n")
        .messages(charset_unknown),
    warn("media-type-name", Rfc(6838, "4.2"), "The names of a media type begin with a letter or digit, hold letters, digits and ! # $ & - ^ _ . + only, and have at most 64 characters: others cannot be registered, and are refused by some recipients.", "Use the registered name.")
        .about(&["Content-Type"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/pl~in\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\n")
        .messages(media_name),
    warn("parameter-repeated", Rfc(9110, "5.6.6"), "A parameter stands twice: some recipients take the first, others the last, others neither.", "Write it once.")
        .about(&["Content-Type", "Link", "Server-Timing", "Content-Disposition"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain; charset=utf-8; charset=latin1\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain; charset=utf-8\n")
        .messages(parameter_repeated),
    warn("media-type-list", Rfc(5789, "3.1"), "The list names media types as type/subtype; what is none is ignored, and the client does not learn what it may send.", "Write application/json-patch+json, or what is meant.")
        .about(&["Accept-Patch", "Accept-Post", "Accept-Query"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccept-Patch: json\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccept-Patch: application/json\n")
        .responses(media_list),
    warn("language-parameter", Rfc(9110, "12.5.4"), "A language may have a weight behind it and nothing else: servers ignore the language, or the whole field.", "Write en;q=0.5.")
        .about(&["Accept-Language"])
        .example("GET / HTTP/1.1\nHost: h\nAccept-Language: en;level=1\n", "GET / HTTP/1.1\nHost: h\nAccept-Language: en;q=0.5\n")
        .requests(language_parameter),
    warn("disposition-name-encoded", Rfc(6266, "D"), "Percent signs in filename are shown as they are by some browsers and decoded by others.", "Put the name into filename*, as UTF-8''….")
        .about(&["Content-Disposition"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a%20b.txt\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"a b.txt\"\n")
        .messages(name_encoded),
    warn("disposition-unknown", Rfc(6266, "4.2"), "In a response there are inline and attachment; another word is treated like attachment.", "Write attachment or inline.")
        .about(&["Content-Disposition"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: form-data; filename=a.txt\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n")
        .responses(disposition_unknown),
    info("coding-alias", Rfc(9110, "8.4.1"), "x-gzip and x-compress are old names of gzip and compress; recipients should know both, some do not.", "Write gzip.")
        .about(&["Accept-Encoding", "Content-Encoding", "TE", "Transfer-Encoding"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: x-gzip\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: gzip\n")
        .messages(coding_alias),
    warn("origin-port", Rfc(3986, "3.2.3"), "No port has this number: the origin matches none.", "Write a port up to 65535.")
        .about(&["Origin", "Access-Control-Allow-Origin"])
        .example("GET / HTTP/1.1\nHost: h\nOrigin: http://a.test:99999\n", "GET / HTTP/1.1\nHost: h\nOrigin: http://a.test:8080\n")
        .messages(origin_port),
    warn("timing-allow-origin", W3c("Resource Timing"), "Each member is compared byte for byte with an origin, which ends behind host and port: one with a path allows nobody.", "Write https://a.test without a path or slash behind it.")
        .about(&["Timing-Allow-Origin"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nTiming-Allow-Origin: https://a.test/page\n", "HTTP/1.1 200 OK\nContent-Length: 0\nTiming-Allow-Origin: https://a.test\n")
        .responses(timing_origin),
    warn("insecure-requests-flag", W3c("Upgrade Insecure Requests"), "The field is 1 or absent: servers that look for 1 miss another value.", "Write 1.")
        .about(&["Upgrade-Insecure-Requests"])
        .example("GET / HTTP/1.1\nHost: h\nUpgrade-Insecure-Requests: true\n", "GET / HTTP/1.1\nHost: h\nUpgrade-Insecure-Requests: 1\n")
        .requests(flag),
    warn("privacy-control-flag", W3c("Global Privacy Control"), "The field is 1 or absent: servers that look for 1 miss another value.", "Write 1.")
        .about(&["Sec-GPC"])
        .example("GET / HTTP/1.1\nHost: h\nSec-GPC: ?1\n", "GET / HTTP/1.1\nHost: h\nSec-GPC: 1\n")
        .requests(flag),
    warn("fetch-metadata-unknown", W3c("Fetch Metadata"), "No browser sends this word: servers should ignore what they do not know, and take the request for one without it.", "Write what browsers send, as same-origin.")
        .about(&["Sec-Fetch-Site", "Sec-Fetch-Mode"])
        .example("GET / HTTP/1.1\nHost: h\nSec-Fetch-Site: sameorigin\n", "GET / HTTP/1.1\nHost: h\nSec-Fetch-Site: same-origin\n")
        .requests(metadata_unknown),
    info("from-address", Rfc(9110, "10.1.2"), "From is the mail address of whoever runs the client; another text does not reach anybody.", "Write name@host.")
        .about(&["From"])
        .example("GET / HTTP/1.1\nHost: h\nFrom: the robot\n", "GET / HTTP/1.1\nHost: h\nFrom: robot@h.test\n")
        .requests(from_address),
    warn("range-number", Rfc(9110, "14.1.2"), "A position with more digits than any content has bytes: servers ignore the Range and send everything.", "Ask for bytes that there can be.")
        .about(&["Range"])
        .example("GET / HTTP/1.1\nHost: h\nRange: bytes=0-99999999999999999999\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=0-99\n")
        .requests(range_number),
    warn("range-empty-member", Rfc(9110, "5.6.1"), "A comma without a range beside it: recipients skip it or refuse the whole field.", "Drop the comma.")
        .about(&["Range"])
        .example("GET / HTTP/1.1\nHost: h\nRange: bytes=0-1,\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=0-1\n")
        .requests(range_empty),
    warn("reference-colon", Rfc(3986, "4.2"), "A colon in the first piece of a relative reference makes what stands before it a scheme.", "Begin it with ./ or /.")
        .about(&["Content-Location", "Location", "Referer"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Location: 1:2\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Location: ./1:2\n")
        .messages(reference_colon),
    info("referrer-policy-several", W3c("Referrer Policy"), "Of several policies the last one counts that the browser knows: the others are for old browsers.", "Nothing, if that is meant.")
        .about(&["Referrer-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nReferrer-Policy: no-referrer, origin\n", "HTTP/1.1 200 OK\nContent-Length: 0\nReferrer-Policy: origin\n")
        .responses(policy_several),
    warn("server-timing-duration", W3c("Server Timing"), "dur is a number of milliseconds; browsers take another value for 0.", "Write dur=12.5.")
        .about(&["Server-Timing"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nServer-Timing: db;dur=fast\n", "HTTP/1.1 200 OK\nContent-Length: 0\nServer-Timing: db;dur=5\n")
        .responses(duration),
    info("cookie-max-age-zeros", Rfc(6265, "4.1.1"), "A number that begins with 0 must not be sent; browsers read it all the same.", "Drop the zeros.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Max-Age=0123\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Max-Age=123\n")
        .responses(leading_zero),
    warn("cookie-attribute-repeated", Draft(BIS), "Of an attribute that stands twice the last one counts.", "Write it once.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=/; Path=/a\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=/a\n")
        .responses(attribute_repeated),
    info("cookie-attribute-unread", Rfc(6265, "5.2"), "Version and Comment are of RFC 2109, Priority is Chromium's own: other user agents do not read them.", "Leave it out.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Version=1\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1\n")
        .responses(attribute_unread),
    warn("cache-number-capped", Rfc(9111, "1.2.2"), "Caches take no more than 2147483648 seconds, 68 years, for any number: perhaps milliseconds were written for seconds.", "Write seconds; 31536000 is a year.")
        .about(&["Cache-Control"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=31536000000\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=31536000\n")
        .messages(number_capped),
    warn("cors-max-age-invalid", Whatwg("Fetch, CORS protocol"), "Access-Control-Max-Age is a number of seconds, not negative; browsers remember the answer for 5 seconds, or not at all.", "Write digits.")
        .about(&["Access-Control-Max-Age"])
        .example("OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: https://a.test\nAccess-Control-Allow-Methods: PUT\nVary: Origin\nAccess-Control-Max-Age: -1\n", "OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: https://a.test\nAccess-Control-Allow-Methods: PUT\nVary: Origin\nAccess-Control-Max-Age: 60\n")
        .responses(cors_max_age),
    info("cors-credentials-false", Whatwg("Fetch, CORS protocol"), "true is the only value that counts; false is the same as leaving the field out.", "Leave it out.")
        .about(&["Access-Control-Allow-Credentials"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Credentials: false\n", "HTTP/1.1 200 OK\nContent-Length: 0\n")
        .responses(credentials_false),
    warn("hsts-directive-unknown", Rfc(6797, "6.1"), "Browsers skip directives that they do not know: includeSubDomains misspelt leaves the hosts below this one without the rule.", "Write max-age=…; includeSubDomains; preload.")
        .about(&["Strict-Transport-Security"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000; inlcudeSubDomains\n", "HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000; includeSubDomains\n")
        .responses(hsts_unknown),
    warn("csp-empty", W3c("Content Security Policy 3"), "There is no directive in this policy: it forbids nothing.", "Write a policy, or leave it out.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: ;\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src 'self'\n")
        .responses(csp_empty),
    info("csp-plain-http", W3c("Content Security Policy 3"), "The policy lets content come without TLS: whoever is on the way can put other content in its place.", "Write https:// sources.")
        .about(&["Content-Security-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src http://a.test\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src https://a.test\n")
        .responses(csp_plain),
    warn("tag-list-star", Rfc(9110, "13.1.1"), "* stands alone: beside tags recipients differ in what they compare.", "Send * or the tags.")
        .about(&["If-Match", "If-None-Match"])
        .example("GET / HTTP/1.1\nHost: h\nIf-None-Match: *\nIf-None-Match: \"a\"\n", "GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\n")
        .requests(tag_star),
    info("link-rev", Rfc(8288, "3.3"), "rev is deprecated: few recipients follow a relation backwards.", "Use rel with the opposite relation.")
        .about(&["Link"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a>; rev=\"up\"\n", "HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a>; rel=\"item\"\n")
        .messages(link_rev),
    warn("link-attribute", Rfc(8288, "3.4.1"), "type is a media type and anchor an address: recipients ignore another value, and may treat the link as one of this page.", "Correct the value.")
        .about(&["Link"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a>; rel=next; type=\"{x}\"\n", "HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a>; rel=next; type=\"text/html\"\n")
        .messages(link_attribute),
];

/// `name=value` behind semicolons, names in lower case.
fn parameters(text: &[u8], from: usize) -> Vec<(Range<usize>, Vec<u8>, &[u8])> {
    let all = pieces(text, b';').into_iter().filter_map(|(span, piece)| {
        let at = memchr::memchr(b'=', piece)?;
        let name = piece.get(..at)?.trim_ascii().to_ascii_lowercase();
        Some((from + span.start..from + span.end, name, piece.get(at + 1..)?.trim_ascii()))
    });
    all.collect()
}

fn charset_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Type") {
        for (span, _, value) in parameters(line.value, 0).iter().filter(|(_, name, _)| name == b"charset") {
            let label = unquoted(value);
            if charset::is_refused(&label) {
                found.part(line, span, "browsers refuse to decode this charset");
            } else if !label.is_empty() && !charset::is_known(&label) {
                found.part(line, span, "no charset that browsers know");
            }
        }
    }
}

fn media_name(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let fits = |name: &[u8]| {
        name.first().is_some_and(u8::is_ascii_alphanumeric)
            && name.len() <= 64
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(byte))
    };
    for line in case.message.all("Content-Type").filter(|line| line.parsed().broken.is_none()) {
        let essence = line.value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if essence.split(|byte| *byte == b'/').any(|name| !fits(name)) && essence != b"*/*" {
            found.part(line, &(0..essence.len()), "no name that a media type can have");
        }
    }
}

fn parameter_repeated(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        let listed = line.is("Link") || line.is("Server-Timing");
        let members = if listed { line.members() } else { vec![(0..line.value.len(), line.value)] };
        for (member, text) in members {
            let all = parameters(text, member.start);
            for (at, (span, name, _)) in all.iter().enumerate().take(40) {
                // hreflang may stand several times (RFC 8288 3.4.1).
                if name != b"hreflang" && all.iter().take(at).any(|(_, before, _)| before == name) {
                    found.part(line, span, "this parameter stood here before");
                }
            }
        }
    }
}

fn is_media_type(text: &[u8]) -> bool {
    let essence = text.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let mut halves = essence.splitn(2, |byte| *byte == b'/');
    halves.next().is_some_and(is_token) && halves.next().is_some_and(is_token)
}

fn media_list(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    broken(rule, case, found);
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if line.parsed().broken.is_some() {
            continue;
        }
        for (span, member) in line.members() {
            let plain = unquoted(member);
            let named =
                member.first().is_some_and(|byte| byte.is_ascii_alphabetic() || b"\"*".contains(byte));
            // A range has no place where the kinds of patches are listed (RFC 5789 3.1).
            let ranged = line.is("Accept-Patch") && plain.contains(&b'*');
            if named && (!is_media_type(&plain) || ranged) {
                found.part(line, &span, "a media type is expected: type/subtype");
            }
        }
    }
}

fn language_parameter(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, member, text) in case.message.members("Accept-Language") {
        for (span, piece) in pieces(text, b';').into_iter().skip(1) {
            if !piece.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"q=")) {
                found.part(
                    line,
                    &(member.start + span.start..member.start + span.end),
                    "only a weight may stand here",
                );
            }
        }
    }
}

fn name_encoded(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Disposition") {
        for (span, name, value) in parameters(line.value, 0) {
            let encoded = value.windows(3).any(|three| {
                three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit()
            });
            if name == b"filename" && encoded {
                found.part(line, &span, "recipients differ in whether they decode this");
            }
        }
    }
}

fn disposition_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Disposition") {
        let word = line.value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if is_token(word)
            && ![&b"inline"[..], b"attachment"].iter().any(|known| word.eq_ignore_ascii_case(known))
        {
            found.part(line, &(0..word.len()), "neither inline nor attachment");
        }
    }
}

fn coding_alias(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        for (span, member) in line.members() {
            let word = member.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            if [&b"x-gzip"[..], b"x-compress"].iter().any(|alias| word.eq_ignore_ascii_case(alias)) {
                found.part(line, &(span.start..span.start + word.len()), "an old name");
            }
        }
    }
}

fn origin_port(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        let Some(colon) = memchr::memrchr(b':', line.value) else { continue };
        let digits = line.value.get(colon + 1..).unwrap_or_default();
        let number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        if number && decimal(digits).is_none_or(|port| port > 65_535) {
            found.part(line, &(colon + 1..line.value.len()), "no port has this number");
        }
    }
}

fn timing_origin(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, member) in case.message.members("Timing-Allow-Origin") {
        let authority = member.windows(3).take(20).position(|three| three == b"://").map_or(0, |at| at + 3);
        let path = member.iter().skip(authority).position(|byte| b"/?#".contains(byte));
        if let Some(at) = path.filter(|_| authority > 0) {
            let from = span.start + authority + at;
            found.part(line, &(from..span.end), "an origin ends before this: it matches none");
        }
    }
}

fn flag(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if line.value != b"1" {
            found.value(line, "1 is expected");
        }
    }
}

fn metadata_unknown(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // Modes that browsers have beside those of the specification.
    const MORE: [&[u8]; 2] = [b"webtransport", b"nested-navigate"];
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        let word = line.value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if is_token(word)
            && !MORE.contains(&word)
            && line.field.is_some_and(|field| field.word(word).is_none())
        {
            found.value(line, "no word that browsers send");
        }
    }
}

fn from_address(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("From").filter(|line| !line.value.contains(&b'@')) {
        found.value(line, "no mail address");
    }
}

fn range_number(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Range") {
        let mut at = 0;
        for run in line.value.split(|byte| !byte.is_ascii_digit()) {
            if run.len() > 18 {
                found.part(line, &(at..at + run.len()), "more than any content has");
            }
            at += run.len() + 1;
        }
    }
}

fn range_empty(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Range") {
        let Some(equals) = memchr::memchr(b'=', line.value) else { continue };
        let mut at = equals + 1;
        for member in line.value.get(at..).unwrap_or_default().split(|byte| *byte == b',') {
            if member.trim_ascii().is_empty() {
                found.part(line, &(at..(at + 1).min(line.value.len())), "a range is missing here");
                break;
            }
            at += member.len() + 1;
        }
    }
}

fn reference_colon(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        let end = line.value.iter().position(|byte| b"/?#:".contains(byte));
        if let Some(colon) = end.filter(|at| line.value.get(*at) == Some(&b':'))
            && !line.value.first().is_some_and(u8::is_ascii_alphabetic)
        {
            found.part(line, &(0..colon + 1), "taken for a scheme, and no scheme begins so");
        }
    }
}

fn policy_several(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let all: Vec<_> = case.message.members("Referrer-Policy").collect();
    if let Some((line, span, _)) = all.first().filter(|_| all.len() > 1) {
        found.part(line, span, "of several policies the last that is known counts");
    }
}

fn duration(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, member, text) in case.message.members("Server-Timing") {
        for (span, name, value) in parameters(text, member.start) {
            let plain = unquoted(value);
            let number = std::str::from_utf8(&plain).is_ok_and(|text| text.parse::<f64>().is_ok());
            if name == b"dur" && !number {
                found.part(line, &span, "no number of milliseconds");
            }
        }
    }
}

fn cookies<'c>(case: &'c Case<'_>) -> impl Iterator<Item = SetCookie<'c>> {
    case.message.lines.iter().filter(|line| line.is("Set-Cookie")).map(SetCookie::of)
}

fn leading_zero(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some((span, Some(value))) = cookie.attribute("Max-Age") {
            let digits = value.strip_prefix(b"-").unwrap_or(value);
            if digits.len() > 1 && digits.first() == Some(&b'0') && digits.iter().all(u8::is_ascii_digit) {
                found.part(cookie.line, span, "a number that begins with 0");
            }
        }
    }
}

fn attribute_repeated(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        for (at, (span, name, _)) in cookie.attributes.iter().enumerate() {
            if cookie.attributes.iter().take(at).any(|(_, before, _)| before.eq_ignore_ascii_case(name)) {
                found.part(cookie.line, span, "this attribute stood here before: the last one counts");
            }
        }
    }
}

fn attribute_unread(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        for (span, name, _) in &cookie.attributes {
            if [&b"version"[..], b"comment", b"priority"].iter().any(|known| name.eq_ignore_ascii_case(known))
            {
                found.part(cookie.line, span, "few user agents read it");
            }
        }
    }
}

fn number_capped(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, directive) in case.message.cache_control() {
        let value = directive.plain();
        let number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        if number && decimal(&value).is_none_or(|seconds| seconds > 1 << 31) {
            found.part(line, &directive.span, "caches take 68 years at most");
        }
    }
}

fn cors_max_age(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Access-Control-Max-Age") {
        if line.value.is_empty() || !line.value.iter().all(u8::is_ascii_digit) {
            found.value(line, "no number of seconds");
        }
    }
}

fn credentials_false(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Access-Control-Allow-Credentials") {
        if line.value.eq_ignore_ascii_case(b"false") {
            found.value(line, "the same as leaving it out");
        }
    }
}

fn hsts_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Strict-Transport-Security") {
        for directive in line.directives(b';') {
            if !["max-age", "includeSubDomains", "preload"].iter().any(|known| directive.is(known)) {
                found.part(line, &directive.span, "no directive that browsers know");
            }
        }
    }
}

fn csp_empty(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if line.value.iter().all(|byte| b"; ,\t".contains(byte)) {
            found.name(line, "no directive in it");
        }
    }
}

fn csp_plain(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Security-Policy") {
        let mut at = 0;
        let mut directive: &[u8] = b"";
        for word in line.value.split(|byte| b" ;,\t".contains(byte)) {
            let span = at..at + word.len();
            let begins = at == 0
                || line
                    .value
                    .get(..at)
                    .is_some_and(|before| matches!(before.trim_ascii_end().last(), None | Some(b';' | b',')));
            at += word.len() + 1;
            if begins && !word.is_empty() {
                directive = word;
            }
            let plain = word.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"http:"));
            if plain && !directive.eq_ignore_ascii_case(b"report-uri") {
                return found.part(line, &span, "content may come without TLS");
            }
        }
    }
}

fn tag_star(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for name in rule.fields {
        let all: Vec<_> = case.message.members(name).collect();
        if let Some((line, span, _)) = all.iter().find(|(_, _, tag)| *tag == b"*").filter(|_| all.len() > 1) {
            found.part(line, span, "* stands beside others");
        }
    }
}

/// The parameters of each link.
fn link_parameters<'l>(line: &'l Line<'_>) -> Vec<(Range<usize>, Vec<u8>, &'l [u8])> {
    let mut all = Vec::new();
    for (member, text) in line.members() {
        // What stands in the address is no parameter.
        let from = memchr::memchr(b'>', text).map_or(0, |close| close + 1);
        all.extend(parameters(text.get(from..).unwrap_or_default(), member.start + from));
    }
    all
}

fn link_rev(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Link") {
        for (span, ..) in link_parameters(line).iter().filter(|(_, name, _)| name == b"rev") {
            found.part(line, span, "deprecated");
        }
    }
}

fn link_attribute(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Link") {
        for (span, name, value) in link_parameters(line) {
            let plain = unquoted(value);
            let braces = plain.iter().any(|byte| b"{}".contains(byte));
            if name == b"type" && (braces || !is_media_type(&plain)) {
                found.part(line, &span, "no media type");
            } else if name == b"anchor" && plain.iter().any(|byte| b"{}<>\" ".contains(byte)) {
                found.part(line, &span, "no address");
            }
        }
    }
}
