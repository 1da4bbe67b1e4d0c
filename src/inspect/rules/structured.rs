//! Structured fields (RFC 9651) that can be read, but whose members or parameters are of another type than
//! the field's own specification asks for: recipients ignore these, or the whole field.

use crate::inspect::field::Shape;
use crate::inspect::field::Spec::{Rfc, W3c, Whatwg};
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Line, Message};
use crate::inspect::parts::Part;
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::value::{decimal, unquoted};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;

pub static RULES: &[Rule] = &[
    error("structured-member-type", Rfc(9651, "3"), "The field can be read, but this member is of another type than its specification asks for: recipients ignore the member, or the whole field.", "Write it in the type that the field asks for.")
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Status: 1; hit\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Status: edge; hit\n")
        .messages(member_type),
    warn("structured-parameter-type", Rfc(9651, "3.1.2"), "This parameter is of another type than its specification asks for, or none of the words that it knows: recipients ignore it.", "Write it in the type that the field asks for.")
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCache-Status: edge; fwd=perhaps\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCache-Status: edge; fwd=miss\n")
        .messages(parameter_type),
    warn("structured-number-range", Rfc(9651, "3.3.1"), "The number lies beyond what the field's specification allows: recipients ignore the member, and what holds without it holds.", "Write a number within the range.")
        .about(&["Priority", "Want-Content-Digest", "Want-Repr-Digest"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nPriority: u=9\n", "HTTP/1.1 200 OK\nContent-Length: 0\nPriority: u=7\n")
        .messages(number_range),
    info("priority-unknown", Rfc(9218, "4"), "u and i are all that Priority has; recipients ignore another key.", "Write u=0 (first) to u=7 (last), and i.")
        .about(&["Priority"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nPriority: high\n", "HTTP/1.1 200 OK\nContent-Length: 0\nPriority: u=1, i\n")
        .messages(priority_unknown),
    warn("report-endpoint-undefined", W3c("Reporting API"), "Reports go to an endpoint that this response does not name: browsers drop them.", "Name it in Reporting-Endpoints.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only", "Cross-Origin-Opener-Policy", "Cross-Origin-Opener-Policy-Report-Only", "Cross-Origin-Embedder-Policy", "Cross-Origin-Embedder-Policy-Report-Only", "NEL"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCross-Origin-Opener-Policy: same-origin; report-to=\"main\"\n", "HTTP/1.1 200 OK\nContent-Length: 0\nReporting-Endpoints: main=\"https://h.test/r\"\nCross-Origin-Opener-Policy: same-origin; report-to=\"main\"\n")
        .responses(endpoint_undefined),
    warn("report-endpoint-unusable", W3c("Reporting API"), "Reports and rules are fetched and sent over TLS only, and only where the address can be read: browsers drop this one.", "Give an https:// address, or a path of this site.")
        .about(&["Reporting-Endpoints", "Speculation-Rules", "Report-To"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nReporting-Endpoints: main=\"http://h.test/r\"\n", "HTTP/1.1 200 OK\nContent-Length: 0\nReporting-Endpoints: main=\"https://h.test/r\"\n")
        .responses(endpoint_unusable),
    warn("reporting-member", W3c("Reporting API"), "Browsers need report_to and max_age in NEL, max_age and endpoints in Report-To, max_age as a number: without them they ignore the field.", "Add the member.")
        .about(&["NEL", "Report-To"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nReport-To: {\"endpoints\":[{\"url\":\"https://h.test/r\"}]}\n", "HTTP/1.1 200 OK\nContent-Length: 0\nReport-To: {\"max_age\":60,\"endpoints\":[{\"url\":\"https://h.test/r\"}]}\n")
        .responses(reporting_member),
    warn("clear-site-data-unknown", W3c("Clear Site Data"), "Browsers do not know this word, or find none at all, and clear nothing by it.", "Write \"cache\", \"cookies\", \"storage\", \"executionContexts\", \"clientHints\" or \"*\".")
        .about(&["Clear-Site-Data"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nClear-Site-Data: \"cookie\"\n", "HTTP/1.1 200 OK\nContent-Length: 0\nClear-Site-Data: \"cookies\"\n")
        .responses(clear_unknown),
    warn("permissions-allowlist", W3c("Permissions Policy"), "In an allowlist self and src are bare words and origins stand in double quotes; browsers ignore another member.", "Write (self \"https://a.test\"), or () for nobody.")
        .about(&["Permissions-Policy", "Permissions-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nPermissions-Policy: camera=(none)\n", "HTTP/1.1 200 OK\nContent-Length: 0\nPermissions-Policy: camera=()\n")
        .responses(allowlist),
    info("permissions-for-everybody", W3c("Permissions Policy"), "With * every page that is framed here may use the feature.", "List the origins that are meant.")
        .about(&["Permissions-Policy", "Permissions-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nPermissions-Policy: camera=*\n", "HTTP/1.1 200 OK\nContent-Length: 0\nPermissions-Policy: camera=(self)\n")
        .responses(for_everybody),
    info("isolation-off", Whatwg("HTML"), "unsafe-none is what holds without the field: the page is not isolated.", "Leave it out, or isolate the page.")
        .about(&["Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCross-Origin-Opener-Policy: unsafe-none\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCross-Origin-Opener-Policy: same-origin\n")
        .responses(isolation_off),
    info("cache-groups-idle", Rfc(9875, "3"), "Cache-Group-Invalidation counts only in answers to methods that change something.", "Leave it out here.")
        .about(&["Cache-Group-Invalidation"])
        .example("GET / HTTP/1.1\nHost: h\n\nHTTP/1.1 200 OK\nContent-Length: 0\nCache-Group-Invalidation: \"a\"\n", "POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\nHTTP/1.1 200 OK\nContent-Length: 0\nCache-Group-Invalidation: \"a\"\n")
        .responses(groups_idle),
];

/// Types of bare items, by the byte that they begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Decimal,
    String,
    Token,
    Bytes,
    Flag,
    Date,
    Display,
    Inner,
}

use Kind::{Bytes, Date, Decimal, Flag, Inner, Integer, String as Text, Token};

impl Kind {
    /// Of a value that can be read; of a key without one it is a flag.
    fn of(value: Option<&[u8]>) -> Self {
        let Some(value) = value else { return Flag };
        match value.first() {
            Some(b'"') => Text,
            Some(b':') => Bytes,
            Some(b'?') => Flag,
            Some(b'@') => Date,
            Some(b'%') => Self::Display,
            Some(b'(') => Inner,
            Some(b'-' | b'0'..=b'9') if value.contains(&b'.') => Decimal,
            Some(b'-' | b'0'..=b'9') => Integer,
            _ => Token,
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Integer => "a whole number",
            Decimal => "a number with a point",
            Text => "a string in double quotes",
            Token => "a bare word",
            Bytes => ":bytes:",
            Flag => "yes or no",
            Date => "an @date",
            Self::Display => "a display string",
            Inner => "an inner list",
        }
    }
}

/// What the members of a list, or the item, must be.
const MEMBERS: &[(&str, &[Kind])] = &[
    ("Accept-CH", &[Token]),
    ("Critical-CH", &[Token]),
    ("Accept-Query", &[Token, Text]),
    ("Cache-Status", &[Token, Text]),
    ("Proxy-Status", &[Token, Text]),
    ("Cache-Groups", &[Text]),
    ("Cache-Group-Invalidation", &[Text]),
    ("Deprecation", &[Date]),
    ("Speculation-Rules", &[Text]),
    ("Origin-Agent-Cluster", &[Flag]),
    ("Cross-Origin-Opener-Policy", &[Token]),
    ("Cross-Origin-Embedder-Policy", &[Token]),
    ("Sec-Fetch-User", &[Flag]),
];

/// What the value of a key in a dictionary must be; `*` stands for every key.
const VALUES: &[(&str, &str, &[Kind])] = &[
    ("Reporting-Endpoints", "*", &[Text]),
    ("CDN-Cache-Control", "max-age", &[Integer]),
    ("CDN-Cache-Control", "s-maxage", &[Integer]),
    ("CDN-Cache-Control", "stale-while-revalidate", &[Integer]),
    ("CDN-Cache-Control", "stale-if-error", &[Integer]),
    ("CDN-Cache-Control", "no-store", &[Flag]),
    ("CDN-Cache-Control", "public", &[Flag]),
    ("CDN-Cache-Control", "must-revalidate", &[Flag]),
    ("Priority", "u", &[Integer]),
    ("Priority", "i", &[Flag]),
    ("Content-Digest", "*", &[Bytes]),
    ("Repr-Digest", "*", &[Bytes]),
    ("Want-Content-Digest", "*", &[Integer]),
    ("Want-Repr-Digest", "*", &[Integer]),
];

/// Between what the number of a key in a dictionary must lie (RFC 9218 4.1, RFC 9530 4).
const RANGES: &[(&str, &str, std::ops::RangeInclusive<u64>)] =
    &[("Priority", "u", 0..=7), ("Want-Content-Digest", "*", 0..=10), ("Want-Repr-Digest", "*", 0..=10)];

/// What a parameter must be: a type, or a word of a list.
const PARAMETERS: &[(&str, &str, &[Kind], &[&str])] = &[
    ("Cache-Status", "hit", &[Flag], &[]),
    (
        "Cache-Status",
        "fwd",
        &[Token],
        &["bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial"],
    ),
    ("Cache-Status", "fwd-status", &[Integer], &[]),
    ("Cache-Status", "ttl", &[Integer], &[]),
    ("Cache-Status", "stored", &[Flag], &[]),
    ("Cache-Status", "collapsed", &[Flag], &[]),
    ("Cache-Status", "key", &[Text], &[]),
    ("Cache-Status", "detail", &[Text, Token], &[]),
    ("Proxy-Status", "error", &[Token], &[]),
    ("Proxy-Status", "next-hop", &[Text, Token], &[]),
    ("Proxy-Status", "next-protocol", &[Token, Bytes], &[]),
    ("Proxy-Status", "received-status", &[Integer], &[]),
    ("Proxy-Status", "details", &[Text], &[]),
    ("Signature-Input", "created", &[Integer], &[]),
    ("Signature-Input", "expires", &[Integer], &[]),
    ("Signature-Input", "nonce", &[Text], &[]),
    ("Signature-Input", "alg", &[Text], &[]),
    ("Signature-Input", "keyid", &[Text], &[]),
    ("Signature-Input", "tag", &[Text], &[]),
    ("Cross-Origin-Opener-Policy", "report-to", &[Text], &[]),
    ("Cross-Origin-Opener-Policy-Report-Only", "report-to", &[Text], &[]),
    ("Cross-Origin-Embedder-Policy", "report-to", &[Text], &[]),
    ("Cross-Origin-Embedder-Policy-Report-Only", "report-to", &[Text], &[]),
];

/// `key=value` or `key` of a part.
fn pair<'l>(line: &'l Line<'_>, part: &Part) -> (&'l [u8], Option<&'l [u8]>) {
    let text = line.value.get(part.span.clone()).unwrap_or_default();
    match memchr::memchr(b'=', text) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

/// The value that stands directly behind a part, where it is an inner list.
fn is_list_behind(line: &Line<'_>, part: &Part) -> bool {
    line.value.get(part.span.end..).is_some_and(|rest| rest.starts_with(b"=(") || rest.starts_with(b"("))
}

fn expected(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.says()).collect::<Vec<_>>().join(" or ")
}

fn readable<'c>(case: &'c Case<'_>) -> impl Iterator<Item = (&'c Line<'c>, &'static str)> {
    case.message.lines.iter().filter_map(|line| {
        let field = line.field?;
        let structured = matches!(field.shape, Shape::Item | Shape::SfList | Shape::Dictionary)
            || MEMBERS.iter().any(|(name, _)| *name == field.name);
        (structured && line.parsed().broken.is_none()).then_some((line, field.name))
    })
}

fn member_type(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, name) in readable(case) {
        for part in line.parsed().parts.iter().filter(|part| part.depth == 0 && part.label != "parameter") {
            let (key, value) = pair(line, part);
            let (kinds, kind) = if part.label == "member" {
                let fits = |(field, wanted, _): &&(&str, &str, &[Kind])| {
                    *field == name && (*wanted == "*" || wanted.as_bytes() == key)
                };
                let Some((_, _, kinds)) = VALUES.iter().find(fits) else { continue };
                let list = is_list_behind(line, part) || value.is_some_and(<[u8]>::is_empty);
                (*kinds, if list { Inner } else { Kind::of(value) })
            } else {
                let Some((_, kinds)) = MEMBERS.iter().find(|(field, _)| *field == name) else { continue };
                (*kinds, Kind::of(line.value.get(part.span.clone())))
            };
            if !kinds.contains(&kind) {
                let says = format!("{}, and {} is expected", kind.says(), expected(kinds));
                found.part(line, &part.span, says);
            }
        }
    }
}

fn number_range(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, name) in readable(case).filter(|(_, name)| rule.fields.contains(name)) {
        for part in line.parsed().parts.iter().filter(|part| part.depth == 0 && part.label == "member") {
            let (key, value) = pair(line, part);
            let fits = |(field, wanted, _): &&(&str, &str, _)| {
                *field == name && (*wanted == "*" || wanted.as_bytes() == key)
            };
            let range = RANGES.iter().find(fits).map(|(.., range)| range);
            let number = value.filter(|value| Kind::of(Some(value)) == Integer);
            if let Some((range, number)) = range.zip(number)
                && !decimal(number).is_some_and(|number| range.contains(&number))
            {
                found.part(line, &part.span, format!("{} to {} is expected", range.start(), range.end()));
            }
        }
    }
}

fn priority_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Priority").filter(|line| line.parsed().broken.is_none()) {
        for part in line.parsed().parts.iter().filter(|part| part.depth == 0 && part.label == "member") {
            if !matches!(pair(line, part).0, b"u" | b"i") {
                found.part(line, &part.span, "a key that Priority does not have: ignored");
            }
        }
    }
}

fn parameter_type(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, name) in readable(case) {
        for part in line.parsed().parts.iter().filter(|part| part.label == "parameter") {
            let (key, value) = pair(line, part);
            let fits = |(field, wanted, ..): &&(&str, &str, &[Kind], &[&str])| {
                *field == name && wanted.as_bytes() == key
            };
            let Some((_, _, kinds, words)) = PARAMETERS.iter().find(fits) else { continue };
            let kind = Kind::of(value);
            let known = |value: &[u8]| words.is_empty() || words.iter().any(|word| word.as_bytes() == value);
            if !kinds.contains(&kind) {
                let says = format!("{}, and {} is expected", kind.says(), expected(kinds));
                found.part(line, &part.span, says);
            } else if !known(value.unwrap_or_default()) {
                found.part(line, &part.span, format!("one of {} is expected", words.join(", ")));
            }
        }
    }
}

/// JSON objects of a line, between commas.
fn objects(line: &Line<'_>) -> Vec<Value> {
    serde_json::from_slice(&[b"[", line.value, b"]"].concat()).unwrap_or_default()
}

/// Endpoints that the response names, by either field.
fn endpoints(message: &Message<'_>) -> BTreeSet<Vec<u8>> {
    let keys = message.all("Reporting-Endpoints").flat_map(|line| {
        let members = line.parsed().parts.iter().filter(|part| part.label == "member");
        members.map(|part| pair(line, part).0.to_vec()).collect::<Vec<_>>()
    });
    let groups = message
        .all("Report-To")
        .flat_map(objects)
        .map(|object| object.get("group").and_then(Value::as_str).unwrap_or("default").as_bytes().to_vec());
    keys.chain(groups).take(200).collect()
}

/// Where a line says that its reports go.
fn asked_endpoint(line: &Line<'_>) -> Option<(Range<usize>, Vec<u8>)> {
    if line.is("NEL") {
        let objects = objects(line);
        let name = objects.first()?.get("report_to")?.as_str()?.as_bytes().to_vec();
        return Some((0..line.value.len(), name));
    }
    let structured = line
        .parsed()
        .parts
        .iter()
        .find(|part| part.label == "parameter" && pair(line, part).0 == b"report-to");
    if let Some(part) = structured {
        let value = pair(line, part).1.filter(|value| value.first() == Some(&b'"'))?;
        return Some((part.span.clone(), unquoted(value).into_owned()));
    }
    let policy = line.directives(b';').into_iter().find(|directive| {
        directive.name.get(..10).is_some_and(|name| name.eq_ignore_ascii_case(b"report-to "))
    })?;
    Some((policy.span, policy.name.get(10..)?.trim_ascii().to_vec()))
}

fn endpoint_undefined(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let named = endpoints(case.message);
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if let Some((span, name)) = asked_endpoint(line).filter(|(_, name)| !named.contains(name)) {
            let says = format!("no endpoint {} is named here", crate::inspect::parts::shown(&name));
            found.part(line, &span, says);
        }
    }
}

fn endpoint_unusable(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case
        .message
        .lines
        .iter()
        .filter(|line| line.is("Reporting-Endpoints") || line.is("Speculation-Rules"))
    {
        for part in line.parsed().parts.iter().filter(|part| part.depth == 0) {
            let whole = line.value.get(part.span.clone()).unwrap_or_default();
            let value = if part.label == "member" { pair(line, part).1.unwrap_or_default() } else { whole };
            if let Some(says) = (value.first() == Some(&b'"')).then(|| unusable(&unquoted(value))).flatten() {
                found.part(line, &part.span, says);
            }
        }
    }
    for line in case.message.all("Report-To") {
        let urls: Vec<_> = objects(line)
            .iter()
            .filter_map(|object| object.get("endpoints")?.as_array().cloned())
            .flatten()
            .collect();
        let says = urls.iter().find_map(|url| unusable(url.get("url")?.as_str()?.as_bytes()));
        if let Some(says) = says {
            found.value(line, says);
        }
    }
}

/// Why reports do not go to an address, where they do not.
fn unusable(address: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(address);
    match url::Url::parse(&text) {
        Ok(url) if url.scheme() == "http" && !matches!(url.host_str(), Some("localhost" | "127.0.0.1")) => {
            Some("without TLS nothing is sent there")
        }
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => None,
        Err(_) => Some("no address that can be read"),
    }
}

fn reporting_member(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| line.is("NEL") || line.is("Report-To")) {
        let other = if line.is("NEL") { "report_to" } else { "endpoints" };
        for object in objects(line).iter().take(20) {
            let ends = object.get("max_age").and_then(Value::as_u64) == Some(0);
            if object.get("max_age").and_then(Value::as_u64).is_none() {
                found.value(line, "max_age with a number is missing");
            } else if object.get(other).is_none() && !ends {
                found.value(line, format!("{other} is missing"));
            }
        }
    }
}

fn clear_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const WORDS: [&[u8]; 8] = [
        b"cache",
        b"cookies",
        b"storage",
        b"executionContexts",
        b"clientHints",
        b"prefetchCache",
        b"prerenderCache",
        b"*",
    ];
    for line in case.message.all("Clear-Site-Data") {
        if line.value.is_empty() {
            found.name(line, "nothing to clear is named");
        }
        for (span, word) in line.members() {
            if word.first() == Some(&b'"') && !WORDS.contains(&unquoted(word).as_ref()) {
                found.part(line, &span, "nothing that browsers know how to clear");
            }
        }
    }
}

fn allowlist(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        let inner = |part: &&Part| part.depth > 0 && !["parameter", "inner list"].contains(&part.label);
        for part in line.parsed().parts.iter().filter(inner) {
            let word = line.value.get(part.span.clone()).unwrap_or_default();
            let says = match word {
                b"self" | b"src" | b"*" => continue,
                b"\"self\"" | b"\"src\"" | b"\"none\"" | b"\"*\"" => "in quotes it is taken for an origin",
                _ if word.first() == Some(&b'"') => continue,
                _ => "neither self, src nor an origin in quotes",
            };
            found.part(line, &part.span, says);
        }
    }
}

fn for_everybody(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        for part in &line.parsed().parts {
            let text = line.value.get(part.span.clone()).unwrap_or_default();
            if text == b"*" || (part.label == "member" && text.ends_with(b"=*")) {
                found.part(line, &part.span, "every page that is framed here may use it");
            }
        }
    }
}

fn isolation_off(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if line.value.starts_with(b"unsafe-none") {
            found.value(line, "the same as without it");
        }
    }
}

fn groups_idle(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let safe = matches!(case.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE");
    for line in case.message.all("Cache-Group-Invalidation").filter(|_| safe) {
        found.name(line, "ignored in the answer to a safe method");
    }
}
