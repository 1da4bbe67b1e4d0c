//! Content and its negotiation: types, codings, names, languages, redirects.

use super::routing::broken;
use crate::inspect::field::Spec::{Rfc, Whatwg};
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Line, pieces};
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::value::{decimal, is_uri_byte, unquoted, weight};

pub static RULES: &[Rule] = &[
    error("content-type-syntax", Rfc(9110, "8.3"), "The type breaks off here: recipients guess the kind of content from its bytes, or treat it as bytes of no kind.", "Write type/subtype; name=value.")
        .about(&["Content-Type"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: html\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/html\n")
        .messages(broken),
    warn("content-type-missing", Rfc(9110, "8.3"), "Nothing says what the content is: recipients guess.", "Send Content-Type.")
        .about(&["Content-Type"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\n")
        .responses(type_missing),
    info("charset-spelling", Whatwg("Encoding"), "The charset is written in a way of its own; browsers know it, other recipients may not.", "Write utf-8.")
        .about(&["Content-Type"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/html; charset=utf8\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/html; charset=utf-8\n")
        .messages(charset_spelling),
    info("charset-on-json", Rfc(8259, "11"), "JSON has no charset parameter: it is always UTF-8, and recipients ignore what this says.", "Leave charset out.")
        .about(&["Content-Type"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: application/json; charset=iso-8859-1\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: application/json\n")
        .messages(charset_on_json),
    error("boundary-missing", Rfc(2046, "5.1.1"), "A multipart type must name its boundary: without it the parts cannot be found.", "Add boundary=…; do not set Content-Type by hand for forms.")
        .about(&["Content-Type"])
        .example("POST / HTTP/1.1\nHost: h\nContent-Length: 5\nContent-Type: multipart/form-data\n", "POST / HTTP/1.1\nHost: h\nContent-Length: 5\nContent-Type: multipart/form-data; boundary=x\n")
        .messages(boundary_missing),
    warn("content-coding-unknown", Rfc(9110, "8.4"), "Few recipients know this coding; they cannot unpack the content.", "Use gzip, br, zstd or deflate.")
        .about(&["Content-Encoding"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: utf8\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: gzip\n")
        .messages(coding_unknown),
    warn("content-coding-identity", Rfc(9110, "8.4.1"), "identity is for Accept-Encoding and must not stand in Content-Encoding.", "Leave Content-Encoding out.")
        .about(&["Content-Encoding"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: identity\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\n")
        .messages(coding_identity),
    warn("content-coding-twice", Rfc(9110, "8.4"), "The same coding twice: packed twice, or told twice by two programs of which one is wrong.", "Pack once.")
        .about(&["Content-Encoding"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: gzip, gzip\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: gzip\n")
        .messages(coding_twice),
    error("content-coding-unasked", Rfc(9110, "12.5.3"), "The client did not say that it understands this coding, or refused it with q=0, and may not be able to unpack the content.", "Pack only as Accept-Encoding allows, and send Vary: Accept-Encoding.")
        .about(&["Content-Encoding"])
        .example("GET / HTTP/1.1\nHost: h\nAccept-Encoding: gzip\n\nHTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: br\n", "GET / HTTP/1.1\nHost: h\nAccept-Encoding: gzip, br\n\nHTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Encoding: br\n")
        .responses(coding_unasked),
    warn("disposition-syntax", Rfc(6266, "4.1"), "The name breaks off here; browsers save the file under another one.", "Put names with spaces in quotes, others beyond ASCII in filename*.")
        .about(&["Content-Disposition"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a b.txt\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"a b.txt\"\n")
        .messages(broken),
    warn("disposition-path", Rfc(6266, "4.3"), "A name with a path in it: recipients must use its last piece only, and careless ones write elsewhere.", "Send the bare name.")
        .about(&["Content-Disposition"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"../a.txt\"\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"a.txt\"\n")
        .messages(disposition_path),
    warn("accept-syntax", Rfc(9110, "12.5.1"), "What breaks off here is not read: the server chooses without it.", "Write type/subtype;q=0.5 with commas between them.")
        .about(&["Accept", "Accept-Encoding", "Accept-Language", "Accept-Charset"])
        .example("GET / HTTP/1.1\nHost: h\nAccept: text\n", "GET / HTTP/1.1\nHost: h\nAccept: text/plain\n")
        .requests(accept_syntax),
    warn("weight-invalid", Rfc(9110, "12.4.2"), "A weight is between 0 and 1 with up to three decimals; servers ignore another one, or the whole member.", "Write q=0.5.")
        .about(&["Accept", "Accept-Encoding", "Accept-Language", "Accept-Charset", "TE"])
        .example("GET / HTTP/1.1\nHost: h\nAccept-Language: de;q=1.5\n", "GET / HTTP/1.1\nHost: h\nAccept-Language: de;q=0.5\n")
        .requests(weight_invalid),
    info("accept-charset", Rfc(9110, "12.5.2"), "Accept-Charset is deprecated: UTF-8 is understood everywhere, and the list helps to recognise the client.", "Leave it out.")
        .about(&["Accept-Charset"])
        .example("GET / HTTP/1.1\nHost: h\nAccept-Charset: utf-8\n", "GET / HTTP/1.1\nHost: h\nAccept: text/plain\n")
        .requests(accept_charset),
    warn("content-language-syntax", Rfc(9110, "8.5"), "This is no language tag; screen readers and browsers ignore it.", "Write de, en-GB or zh-Hant.")
        .about(&["Content-Language"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Language: en_US\n", "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\nContent-Language: en-US\n")
        .messages(broken),
    error("location-missing", Rfc(9110, "15.4"), "A redirect without Location leads nowhere.", "Send Location.")
        .about(&["Location"])
        .example("HTTP/1.1 302 Found\nContent-Length: 0\n", "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: /a\n")
        .responses(location_missing),
    warn("location-syntax", Rfc(9110, "10.2.2"), "This byte is not allowed in an address; clients encode it, each in its way, or give up.", "Percent-encode it.")
        .about(&["Location"])
        .example("HTTP/1.1 302 Found\nContent-Length: 0\nLocation: /a b\n", "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: /a%20b\n")
        .responses(location_syntax),
    info("location-idle", Rfc(9110, "10.2.2"), "Location means something with 201 and redirects; with this status nobody follows it.", "Leave it out, or redirect.")
        .about(&["Location"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nLocation: /a\n", "HTTP/1.1 201 Created\nContent-Length: 0\nLocation: /a\n")
        .responses(location_idle),
    warn("location-downgrade", Rfc(9110, "17.1"), "From TLS the redirect leads to plain http: what follows can be read and changed on the way.", "Redirect to https.")
        .about(&["Location"])
        .example("@https://h.test/\nHTTP/1.1 302 Found\nContent-Length: 0\nLocation: http://h.test/a\n", "@https://h.test/\nHTTP/1.1 302 Found\nContent-Length: 0\nLocation: https://h.test/a\n")
        .responses(location_downgrade),
    warn("location-to-itself", Rfc(9110, "15.4"), "The redirect leads to the very address that was asked for: clients go round until they give up.", "Redirect elsewhere, unless a cookie makes the difference.")
        .about(&["Location"])
        .example("@https://h.test/a\nGET /a HTTP/1.1\nHost: h.test\n\nHTTP/1.1 302 Found\nContent-Length: 0\nLocation: /a\n", "@https://h.test/a\nGET /a HTTP/1.1\nHost: h.test\n\nHTTP/1.1 302 Found\nContent-Length: 0\nLocation: /b\n")
        .responses(location_to_itself),
    info("created-without-location", Rfc(9110, "15.3.2"), "Without Location the new resource is the one that was asked for.", "Send Location with its address.")
        .about(&["Location"])
        .example("POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\nHTTP/1.1 201 Created\nContent-Length: 0\n", "POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\nHTTP/1.1 201 Created\nContent-Length: 0\nLocation: /7\n")
        .responses(created_without_location),
    error("allow-missing", Rfc(9110, "15.5.6"), "A 405 must say in Allow which methods there are.", "Send Allow.")
        .about(&["Allow"])
        .example("HTTP/1.1 405 Method Not Allowed\nContent-Length: 0\n", "HTTP/1.1 405 Method Not Allowed\nContent-Length: 0\nAllow: GET\n")
        .responses(allow_missing),
    error("allow-syntax", Rfc(9110, "10.2.1"), "Allow is a list of methods with commas between them: what is no token is no method, and the client does not learn what it may do.", "Write GET, HEAD, POST.")
        .about(&["Allow"])
        .example("HTTP/1.1 405 Method Not Allowed\nContent-Length: 0\nAllow: GET POST\n", "HTTP/1.1 405 Method Not Allowed\nContent-Length: 0\nAllow: GET, POST\n")
        .responses(broken),
    warn("allow-contradicts", Rfc(9110, "15.5.6"), "The method was refused, and Allow lists it.", "Take it out of Allow, or answer with another status.")
        .about(&["Allow"])
        .example("PUT / HTTP/1.1\nHost: h\nContent-Length: 0\n\nHTTP/1.1 405 Method Not Allowed\nContent-Length: 0\nAllow: GET, PUT\n", "PUT / HTTP/1.1\nHost: h\nContent-Length: 0\n\nHTTP/1.1 405 Method Not Allowed\nContent-Length: 0\nAllow: GET\n")
        .responses(allow_contradicts),
    warn("retry-after-syntax", Rfc(9110, "10.2.3"), "Retry-After is a number of seconds or a date; clients ignore anything else and try again at once.", "Write digits or a date.")
        .about(&["Retry-After"])
        .example("HTTP/1.1 503 Service Unavailable\nContent-Length: 0\nRetry-After: 1.5\n", "HTTP/1.1 503 Service Unavailable\nContent-Length: 0\nRetry-After: 2\n")
        .responses(broken),
    warn("link-syntax", Rfc(8288, "3"), "The links break off here: what follows is not followed.", "Write <address>; rel=\"relation\", with commas between links.")
        .about(&["Link"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nLink: /next; rel=next\n", "HTTP/1.1 200 OK\nContent-Length: 0\nLink: </next>; rel=next\n")
        .messages(broken),
    info("link-without-relation", Rfc(8288, "3.3"), "A link without rel says nothing about what it is for.", "Add rel.")
        .about(&["Link"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a>; title=\"a\"\n", "HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a>; rel=next\n")
        .messages(link_without_relation),
    warn("preload-without-as", Whatwg("HTML"), "Without as the browser does not know what it fetches, and fetches it again when it is needed.", "Add as=script, as=style, or what it is.")
        .about(&["Link"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a.js>; rel=preload\n", "HTTP/1.1 200 OK\nContent-Length: 0\nLink: </a.js>; rel=preload; as=script\n")
        .messages(preload_without_as),
    warn("referer-fragment", Rfc(9110, "10.1.3"), "Referer must not have a fragment or a user: both belong to the client alone.", "Cut it at #.")
        .about(&["Referer"])
        .example("GET / HTTP/1.1\nHost: h\nReferer: https://a.test/#b\n", "GET / HTTP/1.1\nHost: h\nReferer: https://a.test/\n")
        .requests(referer_fragment),
    info("forwarded-both", Rfc(7239, "7.4"), "Forwarded and X-Forwarded-For tell the same twice, and servers differ in which they believe.", "Send one of them.")
        .about(&["Forwarded", "X-Forwarded-For"])
        .example("GET / HTTP/1.1\nHost: h\nForwarded: for=192.0.2.1\nX-Forwarded-For: 192.0.2.1\n", "GET / HTTP/1.1\nHost: h\nForwarded: for=192.0.2.1\n")
        .requests(forwarded_both),
];

fn start(case: &Case<'_>) -> std::ops::Range<usize> {
    0..case.message.head.start_line().len()
}

fn type_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    let body =
        message.first("Content-Length").and_then(|line| decimal(line.value)).is_some_and(|length| length > 0)
            || message.lists("Transfer-Encoding", "chunked");
    let quiet = matches!(message.status(), 304 | 204)
        || message.status() < 200
        || case.method() == b"HEAD"
        || message.status() >= 300;
    if body && !quiet && !message.has("Content-Type") {
        found.start(start(case), "there is content, and its type is not said");
    }
}

/// Name in lower case, value as it stands, place in the line's value.
type Parameter<'a> = (Vec<u8>, &'a [u8], std::ops::Range<usize>);

/// The essence of a media type and its parameters.
fn media<'a>(line: &Line<'a>) -> (Vec<u8>, Vec<Parameter<'a>>) {
    let mut all = pieces(line.value, b';').into_iter();
    let essence = all.next().map_or_else(Vec::new, |(_, piece)| piece.to_ascii_lowercase());
    let parameters = all.filter_map(|(span, piece)| {
        let at = memchr::memchr(b'=', piece)?;
        Some((piece[..at].trim_ascii().to_ascii_lowercase(), piece[at + 1..].trim_ascii(), span))
    });
    (essence, parameters.collect())
}

fn charset_spelling(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Type") {
        for (name, value, span) in media(line).1 {
            let plain = unquoted(value).to_ascii_lowercase();
            if name == b"charset"
                && matches!(
                    plain.as_slice(),
                    b"utf8" | b"utf_8" | b"latin1" | b"iso8859-1" | b"utf-8;" | b"unicode"
                )
            {
                found.part(line, &span, "not the registered name of a charset");
            }
        }
    }
}

fn charset_on_json(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Type") {
        let (essence, parameters) = media(line);
        let json = essence == b"application/json" || essence.ends_with(b"+json");
        for (name, value, span) in parameters.into_iter().filter(|_| json) {
            let plain = unquoted(value).to_ascii_lowercase();
            if name == b"charset" && !matches!(plain.as_slice(), b"utf-8" | b"utf8") {
                found.part(line, &span, "JSON is always UTF-8");
            }
        }
    }
}

fn boundary_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Type") {
        let (essence, parameters) = media(line);
        if essence.starts_with(b"multipart/") && !parameters.iter().any(|(name, _, _)| name == b"boundary") {
            found.value(line, "boundary is missing");
        }
    }
}

fn coding_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, coding) in case.message.members("Content-Encoding") {
        // The vocabulary holds some wrong words too, to explain them.
        let known = line.field.is_some_and(|field| field.word(coding).is_some())
            && !coding.eq_ignore_ascii_case(b"utf-8")
            && coding != b"*";
        if !known {
            found.part(line, &span, "not a content coding that is known");
        }
    }
}

fn coding_identity(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, _) in case
        .message
        .members("Content-Encoding")
        .filter(|(_, _, coding)| coding.eq_ignore_ascii_case(b"identity"))
    {
        found.part(line, &span, "identity says that nothing was done");
    }
}

fn coding_twice(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let codings: Vec<_> = case.message.members("Content-Encoding").collect();
    for two in codings.windows(2).filter(|two| two[0].2.eq_ignore_ascii_case(two[1].2)) {
        found.part(two[1].0, &two[1].1, "the same coding a second time");
    }
}

fn coding_unasked(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // Without Accept-Encoding any coding is allowed (RFC 9110 12.5.3).
    let Some(request) = case.request.filter(|request| request.has("Accept-Encoding")) else { return };
    let bare = |coding: &[u8]| {
        let name = coding.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let name = name.to_ascii_lowercase();
        name.strip_prefix(b"x-").unwrap_or(&name).to_vec()
    };
    // The coding itself counts, and * only where it is not named.
    let member = |wanted: &[u8]| {
        request.members("Accept-Encoding").map(|(_, _, member)| member).find(|member| bare(member) == wanted)
    };
    for (line, span, coding) in case
        .message
        .members("Content-Encoding")
        .filter(|(_, _, coding)| !coding.eq_ignore_ascii_case(b"identity"))
    {
        let asked = member(&bare(coding)).or_else(|| member(b"*"));
        let says = match asked.map(is_refused) {
            Some(false) => continue,
            Some(true) => "refused with q=0 in Accept-Encoding",
            None => "not among what Accept-Encoding allows",
        };
        if line.field.is_some_and(|field| field.word(coding).is_some()) {
            found.part(line, &span, says);
        }
    }
}

/// Whether the weight of a member is 0: not acceptable (RFC 9110 12.4.2).
fn is_refused(member: &[u8]) -> bool {
    let value =
        |piece: &[u8]| piece.strip_prefix(b"q=").or_else(|| piece.strip_prefix(b"Q=")).and_then(weight);
    pieces(member, b';').iter().skip(1).any(|(_, piece)| value(piece) == Some(0))
}

fn disposition_path(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Disposition") {
        for (name, value, span) in media(line).1 {
            let plain: Vec<u8> = match name.as_slice() {
                b"filename" => unquoted(value).into_owned(),
                b"filename*" => percent_encoding::percent_decode(value).collect(),
                _ => continue,
            };
            if plain.iter().any(|byte| b"/\\".contains(byte)) || plain.windows(2).any(|two| two == b"..") {
                found.part(line, &span, "a path in the name of a file");
            }
        }
    }
}

fn accept_syntax(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if let Some(broken) =
            line.parsed().broken.as_ref().filter(|broken| !broken.says.starts_with("a weight"))
        {
            found.part(line, &(broken.at..(broken.at + 1).min(line.value.len())), broken.says.clone());
        }
    }
}

fn weight_invalid(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        for (member, _) in line.members() {
            for (span, piece) in
                pieces(line.value.get(member.clone()).unwrap_or_default(), b';').into_iter().skip(1)
            {
                let value = piece.strip_prefix(b"q=").or_else(|| piece.strip_prefix(b"Q="));
                if value.is_some_and(|value| weight(value.trim_ascii()).is_none()) {
                    found.part(
                        line,
                        &(member.start + span.start..member.start + span.end),
                        "not a weight between 0 and 1",
                    );
                }
            }
        }
    }
}

fn accept_charset(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Accept-Charset") {
        found.name(line, "deprecated: UTF-8 is understood everywhere");
    }
}

fn location_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if matches!(case.message.status(), 301 | 302 | 303 | 307 | 308) && !case.message.has("Location") {
        found.start(start(case), "a redirect without Location");
    }
}

fn location_syntax(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Location") {
        // Bytes beyond ASCII and | are sent as they are by many, and browsers agree on them.
        if let Some(at) =
            line.value.iter().position(|byte| !is_uri_byte(*byte) && *byte < 0x80 && *byte != b'|')
        {
            found.part(line, &(at..at + 1), "this byte must be percent-encoded");
        }
    }
}

fn location_idle(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if (200..300).contains(&case.message.status()) && !matches!(case.message.status(), 201 | 202) {
        for line in case.message.all("Location") {
            found.name(line, "nobody follows it with this status");
        }
    }
}

fn location_downgrade(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.secure() == Some(true) && (300..400).contains(&case.message.status()) {
        for line in case
            .message
            .all("Location")
            .filter(|line| line.value.to_ascii_lowercase().starts_with(b"http://"))
        {
            found.value(line, "from TLS to plain http");
        }
    }
}

fn location_to_itself(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(request) = case.request.filter(|request| request.method() == b"GET") else { return };
    let target = request.target();
    let cookies = case.message.has("Set-Cookie");
    if !matches!(case.message.status(), 301 | 302 | 303 | 307 | 308) || cookies {
        return;
    }
    for line in case.message.all("Location") {
        let own = case
            .view
            .scheme
            .zip(case.view.host)
            .map(|(scheme, host)| format!("{}://{host}", scheme.as_str()));
        let rest = own.as_ref().and_then(|own| line.value.strip_prefix(own.as_bytes())).unwrap_or(line.value);
        if target.starts_with(b"/") && rest == target {
            found.value(line, "the address that was asked for");
        }
    }
}

fn created_without_location(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 201 && case.method() == b"POST" && !case.message.has("Location") {
        found.start(start(case), "where the new resource is is not said");
    }
}

fn allow_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 405 && !case.message.has("Allow") {
        found.start(start(case), "405 without Allow");
    }
}

fn allow_contradicts(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 405 {
        for (line, span, method) in case.message.members("Allow") {
            if method == case.method() {
                found.part(line, &span, "refused, and listed all the same");
            }
        }
    }
}

/// Each link with its parameters.
fn links<'m>(line: &'m Line<'_>) -> Vec<(std::ops::Range<usize>, Vec<&'m crate::inspect::Part>)> {
    let mut links: Vec<(std::ops::Range<usize>, Vec<&crate::inspect::Part>)> = Vec::new();
    for part in &line.parsed().parts {
        if part.label == "link" {
            links.push((part.span.clone(), Vec::new()));
        } else if let Some((_, inner)) = links.last_mut() {
            inner.push(part);
        }
    }
    links
}

/// Whether a part is the parameter of that name, and its plain value.
fn parameter<'m>(
    line: &'m Line<'_>,
    part: &crate::inspect::Part,
    name: &str,
) -> Option<std::borrow::Cow<'m, [u8]>> {
    let text = line.value.get(part.span.clone()).filter(|_| part.label == "parameter")?;
    let at = memchr::memchr(b'=', text).unwrap_or(text.len());
    let own = text.get(..at)?.trim_ascii();
    own.eq_ignore_ascii_case(name.as_bytes())
        .then(|| unquoted(text.get(at + 1..).unwrap_or_default().trim_ascii()))
}

fn link_without_relation(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Link").filter(|line| line.parsed().broken.is_none()) {
        for (span, inner) in links(line) {
            if !inner
                .iter()
                .any(|part| parameter(line, part, "rel").is_some() || parameter(line, part, "rev").is_some())
            {
                found.part(line, &span, "rel is missing");
            }
        }
    }
}

fn preload_without_as(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Link").filter(|line| line.parsed().broken.is_none()) {
        for (span, inner) in links(line) {
            let preload = inner.iter().any(|part| {
                parameter(line, part, "rel").is_some_and(|rel| rel.eq_ignore_ascii_case(b"preload"))
            });
            if preload && !inner.iter().any(|part| parameter(line, part, "as").is_some()) {
                found.part(line, &span, "as is missing");
            }
        }
    }
}

fn referer_fragment(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Referer") {
        if let Some(at) = memchr::memchr(b'#', line.value) {
            found.part(line, &(at..line.value.len()), "a fragment does not belong in Referer");
        }
    }
}

fn forwarded_both(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.has("Forwarded") {
        for line in case.message.all("X-Forwarded-For") {
            found.name(line, "Forwarded is there too");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::all_said;

    #[test]
    fn rfc9110_12_5_3_a_coding_refused_with_q_0() {
        const REFUSED: &str = "refused with q=0";
        for (asked, came, words) in [
            ("gzip, br;q=0", "br", REFUSED),
            ("gzip, *;q=0", "br", REFUSED),
            ("br, *;q=0", "br", ""),
            ("br;q=0, *", "br", REFUSED),
            ("*", "br", ""),
            ("gzip; q=0.000", "x-gzip", REFUSED),
            ("gzip;q=0.001", "gzip", ""),
            ("gzip", "br", "not among"),
        ] {
            let request = format!("GET / HTTP/1.1\nHost: h\nAccept-Encoding: {asked}\n");
            let answer = format!("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Encoding: {came}\n");
            all_said("content-coding-unasked", &[(&format!("{request}\n{answer}"), words)]);
        }
    }

    #[test]
    fn rfc9110_10_2_1_allow_is_a_list_of_tokens() {
        for (value, odd) in [
            ("GET POST", true),
            ("GET; POST", true),
            ("GET, \"POST\"", true),
            ("GET, POST", false),
            ("", false),
        ] {
            let words = if odd { "a token" } else { "" };
            let answer = format!("HTTP/1.1 405 Method Not Allowed\nContent-Length: 0\nAllow: {value}\n");
            all_said("allow-syntax", &[(&answer, words)]);
        }
    }
}
