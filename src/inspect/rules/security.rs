//! Policies for browsers, and the structured fields: what is written so that nobody follows it.

use super::routing::broken;
use crate::exchange::Scheme;
use crate::inspect::field::Shape;
use crate::inspect::field::Spec::{Paper, Rfc, W3c, Whatwg};
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Line, pieces};
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::value::decimal;

pub static RULES: &[Rule] = &[
    error("structured-field-syntax", Rfc(9651, "4.2"), "A structured field that breaks off anywhere is ignored whole: it is as if it had not been sent.", "Write it as RFC 9651 has it: keys in lower case, strings in double quotes.")
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nPermissions-Policy: camera 'none'\n", "HTTP/1.1 200 OK\nContent-Length: 0\nPermissions-Policy: camera=()\n")
        .messages(structured),
    error("hsts-syntax", Rfc(6797, "6.1"), "What breaks off here is not followed: the browser may ignore the whole field.", "Write max-age=31536000; includeSubDomains.")
        .about(&["Strict-Transport-Security"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000; (x)\n", "HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000\n")
        .responses(broken),
    error("hsts-without-max-age", Rfc(6797, "6.1.1"), "max-age is required: without it, or without a number, browsers ignore the field.", "Add max-age with seconds.")
        .about(&["Strict-Transport-Security"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: includeSubDomains\n", "HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000; includeSubDomains\n")
        .responses(hsts_without_max_age),
    error("hsts-twice", Rfc(6797, "6.1"), "A directive must not stand twice, and browsers read the first line only.", "Send one line, each directive once.")
        .about(&["Strict-Transport-Security"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=1; max-age=2\n", "HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000\n")
        .responses(hsts_twice),
    info("hsts-over-http", Rfc(6797, "7.2"), "A browser ignores Strict-Transport-Security that comes without TLS.", "Send it over https only.")
        .about(&["Strict-Transport-Security"])
        .example("@http://h.test/\nHTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000\n", "@https://h.test/\nHTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000\n")
        .responses(hsts_over_http),
    info("hsts-ends", Rfc(6797, "6.1.1"), "max-age=0 makes browsers forget that this host wants TLS.", "Nothing, if that is meant.")
        .about(&["Strict-Transport-Security"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=0\n", "HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000\n")
        .responses(hsts_ends),
    warn("hsts-preload-unfit", Paper("hstspreload.org"), "The preload list wants max-age of a year at least and includeSubDomains: this is not taken.", "Raise max-age and add includeSubDomains, or drop preload.")
        .about(&["Strict-Transport-Security"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=300; preload\n", "HTTP/1.1 200 OK\nContent-Length: 0\nStrict-Transport-Security: max-age=31536000; includeSubDomains; preload\n")
        .responses(hsts_preload),
    warn("csp-directive-unknown", W3c("Content Security Policy 3"), "Browsers ignore a directive that they do not know: what it was meant to stop is not stopped.", "Correct its name; a semicolon may be missing.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-source 'self'\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self'\n")
        .responses(csp_unknown),
    warn("csp-directive-twice", W3c("Content Security Policy 3"), "Of a directive that stands twice in one policy only the first counts.", "Join them.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src 'self'; img-src *\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src 'self'\n")
        .responses(csp_twice),
    warn("csp-semicolon-missing", W3c("Content Security Policy 3"), "The name of a directive stands among the sources of another: it is taken for a host.", "Put a semicolon before it.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self' img-src *\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self'; img-src *\n")
        .responses(csp_semicolon),
    warn("csp-keyword-unquoted", W3c("Content Security Policy 3"), "Without quotes self and none are names of hosts.", "Write 'self' and 'none'.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src self\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self'\n")
        .responses(csp_unquoted),
    warn("csp-none-with-others", W3c("Content Security Policy 3"), "'none' counts only when it stands alone: beside other sources it is ignored.", "Drop 'none' or the others.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src 'none' https://a.test\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src 'none'\n")
        .responses(csp_none),
    info("csp-unsafe-inline", W3c("Content Security Policy 3"), "'unsafe-inline' for scripts allows what the policy is there to stop, unless a nonce or a digest stands beside it.", "Use nonces or digests.")
        .about(&["Content-Security-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self' 'unsafe-inline'\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self'\n")
        .responses(csp_inline),
    info("csp-unsafe-eval", W3c("Content Security Policy 3"), "'unsafe-eval' lets scripts make code from text.", "Do without eval and its like.")
        .about(&["Content-Security-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self' 'unsafe-eval'\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self'\n")
        .responses(csp_eval),
    info("csp-wide-open", W3c("Content Security Policy 3"), "Scripts may come from anywhere: the policy protects from nothing there.", "List the sources that are meant.")
        .about(&["Content-Security-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src *\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'self'\n")
        .responses(csp_wide),
    info("csp-report-uri", W3c("Content Security Policy 3"), "report-uri is deprecated; report-to takes its place, where it is known.", "Add report-to.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src 'self'; report-uri /r\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: img-src 'self'; report-uri /r; report-to r\n")
        .responses(csp_report_uri),
    warn("csp-report-only-idle", W3c("Content Security Policy 3"), "A policy that only reports, without a place to report to, does nothing.", "Add report-to.")
        .about(&["Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy-Report-Only: img-src 'self'\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy-Report-Only: img-src 'self'; report-to r\n")
        .responses(csp_report_only),
    error("nosniff-misspelt", Whatwg("Fetch"), "Only nosniff counts here: browsers go on guessing types.", "Write nosniff.")
        .about(&["X-Content-Type-Options"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nX-Content-Type-Options: no-sniff\n", "HTTP/1.1 200 OK\nContent-Length: 0\nX-Content-Type-Options: nosniff\n")
        .responses(nosniff),
    error("frame-options-unknown", Whatwg("HTML"), "DENY and SAMEORIGIN are all that browsers know: with another value anybody may frame the page.", "Write DENY or SAMEORIGIN, or use frame-ancestors.")
        .about(&["X-Frame-Options"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nX-Frame-Options: ALLOW-FROM https://a.test\n", "HTTP/1.1 200 OK\nContent-Length: 0\nX-Frame-Options: SAMEORIGIN\n")
        .responses(frame_options),
    info("frame-options-unused", Whatwg("HTML"), "frame-ancestors of the policy wins, and X-Frame-Options is not looked at.", "Nothing: it helps old browsers.")
        .about(&["X-Frame-Options"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nX-Frame-Options: DENY\nContent-Security-Policy: frame-ancestors 'self'\n", "HTTP/1.1 200 OK\nContent-Length: 0\nX-Frame-Options: DENY\n")
        .responses(frame_options_unused),
    warn("referrer-policy-unknown", W3c("Referrer Policy"), "Browsers skip policies that they do not know; if none is left, their own default holds.", "Correct the name.")
        .about(&["Referrer-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nReferrer-Policy: none\n", "HTTP/1.1 200 OK\nContent-Length: 0\nReferrer-Policy: no-referrer\n")
        .responses(referrer_policy),
    info("referrer-policy-unsafe", W3c("Referrer Policy"), "unsafe-url gives whole addresses of this site, with what stands in their queries, to everybody.", "Use strict-origin-when-cross-origin.")
        .about(&["Referrer-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nReferrer-Policy: unsafe-url\n", "HTTP/1.1 200 OK\nContent-Length: 0\nReferrer-Policy: strict-origin-when-cross-origin\n")
        .responses(referrer_unsafe),
    warn("isolation-value-unknown", Whatwg("HTML"), "A value that browsers do not know counts as unsafe-none: the page is not isolated.", "Correct the value.")
        .about(&["Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy-Report-Only", "Cross-Origin-Embedder-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nCross-Origin-Opener-Policy: same-orgin\n", "HTTP/1.1 200 OK\nContent-Length: 0\nCross-Origin-Opener-Policy: same-origin\n")
        .responses(isolation),
    warn("clear-site-data-unquoted", W3c("Clear Site Data"), "Each word stands in double quotes; without them browsers clear nothing.", "Write \"cookies\", \"storage\".")
        .about(&["Clear-Site-Data"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nClear-Site-Data: cookies\n", "HTTP/1.1 200 OK\nContent-Length: 0\nClear-Site-Data: \"cookies\"\n")
        .responses(broken),
    warn("alt-svc-syntax", Rfc(7838, "3"), "Clients ignore an Alt-Svc that they cannot read, and stay with what they have.", "Write h3=\":443\"; ma=86400.")
        .about(&["Alt-Svc"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAlt-Svc: h3=:443\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAlt-Svc: h3=\":443\"\n")
        .responses(broken),
    warn("server-timing-syntax", W3c("Server Timing"), "What breaks off here does not show in the browser's tools.", "Write name;dur=12;desc=\"words\".")
        .about(&["Server-Timing"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nServer-Timing: my metric;dur=1\n", "HTTP/1.1 200 OK\nContent-Length: 0\nServer-Timing: metric;dur=1\n")
        .responses(broken),
    warn("reporting-json", W3c("Reporting API"), "This is no JSON, so browsers ignore the field and report nothing.", "Write JSON objects with commas between them.")
        .about(&["NEL", "Report-To"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nNEL: {report_to: x}\n", "HTTP/1.1 200 OK\nContent-Length: 0\nNEL: {\"report_to\":\"x\",\"max_age\":60}\n")
        .responses(broken),
    info("traceparent-syntax", W3c("Trace Context"), "Tracing systems ignore a traceparent that they cannot read, and begin a new trace.", "Write 00-32 digits-16 digits-2 digits, in lower-case hexadecimal.")
        .about(&["Traceparent"])
        .example("GET / HTTP/1.1\nHost: h\nTraceparent: 00-0-0-00\n", "GET / HTTP/1.1\nHost: h\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n")
        .requests(broken),
    info("xss-protection", Paper("OWASP"), "Browsers gave this filter up, for it could be used against pages.", "Leave it out, or send 0.")
        .about(&["X-XSS-Protection"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nX-XSS-Protection: 1; mode=block\n", "HTTP/1.1 200 OK\nContent-Length: 0\nX-XSS-Protection: 0\n")
        .responses(xss_protection),
    info("framework-told", Rfc(9110, "10.2.4"), "The exact version of a program tells attackers which of its faults to try.", "Shorten or remove the field.")
        .about(&["X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nX-Powered-By: PHP/7.2.1\n", "HTTP/1.1 200 OK\nContent-Length: 0\nServer: x\n")
        .responses(framework_told),
    info("refresh-syntax", Whatwg("HTML"), "Refresh begins with a number of seconds; browsers ignore another form.", "Write 5; url=/next.")
        .about(&["Refresh"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nRefresh: soon\n", "HTTP/1.1 200 OK\nContent-Length: 0\nRefresh: 5; url=/a\n")
        .responses(broken),
    warn("early-data", Rfc(8470, "5.1"), "Early-Data is 1 or absent; servers that look for 1 miss another value and act on what may be replayed.", "Write 1.")
        .about(&["Early-Data"])
        .example("GET / HTTP/1.1\nHost: h\nEarly-Data: true\n", "GET / HTTP/1.1\nHost: h\nEarly-Data: 1\n")
        .requests(broken),
];

fn structured(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // Those that have a rule of their own, and those whose users never were strict.
    for line in &case.message.lines {
        let Some(field) =
            line.field.filter(|field| matches!(field.shape, Shape::Item | Shape::SfList | Shape::Dictionary))
        else {
            continue;
        };
        let own = field.name.ends_with("CDN-Cache-Control") || (field.name == "Idempotency-Key");
        if let Some(broken) = line.parsed().broken.as_ref().filter(|_| !own) {
            found.part(line, &(broken.at..(broken.at + 1).min(line.value.len())), broken.says.clone());
        }
    }
}

fn hsts<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c Line<'c>> {
    case.message.lines.iter().filter(|line| line.is("Strict-Transport-Security"))
}

fn hsts_max_age(line: &Line<'_>) -> Option<u64> {
    line.directives(b';')
        .iter()
        .find(|directive| directive.is("max-age"))
        .and_then(|directive| decimal(&directive.plain()))
}

fn hsts_without_max_age(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in hsts(case).filter(|line| hsts_max_age(line).is_none()) {
        found.value(line, "max-age with a number is missing");
    }
}

fn hsts_twice(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in hsts(case).skip(1) {
        found.name(line, "a second line, which browsers do not read");
    }
    for line in hsts(case) {
        let all = line.directives(b';');
        for (at, directive) in all.iter().enumerate() {
            if all.iter().take(at.min(20)).any(|before| before.name.eq_ignore_ascii_case(directive.name)) {
                found.part(line, &directive.span, "this directive stood here before");
            }
        }
    }
}

fn hsts_over_http(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in hsts(case).filter(|_| case.view.scheme == Some(Scheme::Http)) {
        found.name(line, "ignored: it came without TLS");
    }
}

fn hsts_ends(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in hsts(case).filter(|line| hsts_max_age(line) == Some(0)) {
        found.value(line, "browsers forget the rule");
    }
}

fn hsts_preload(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in hsts(case) {
        let all = line.directives(b';');
        let fit = hsts_max_age(line).is_some_and(|seconds| seconds >= 31_536_000)
            && all.iter().any(|directive| directive.is("includeSubDomains"));
        if let Some(preload) = all.iter().find(|directive| directive.is("preload")).filter(|_| !fit) {
            found.part(line, &preload.span, "not fit for the preload list");
        }
    }
}

/// One directive of a policy.
type Directive<'c> = (&'c Line<'c>, usize, Vec<(std::ops::Range<usize>, &'c [u8])>);

/// The directives of each policy: the line, the policy's number, the directive's words.
fn policies<'c>(rule: &Rule, case: &'c Case<'_>) -> Vec<Directive<'c>> {
    let mut all = Vec::new();
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        for (number, (policy, text)) in pieces(line.value, b',').into_iter().enumerate() {
            for (span, directive) in pieces(text, b';') {
                let words = words(directive, policy.start + span.start);
                if !words.is_empty() && all.len() < 300 {
                    all.push((line, number, words));
                }
            }
        }
    }
    all
}

fn words(text: &[u8], from: usize) -> Vec<(std::ops::Range<usize>, &[u8])> {
    let mut at = from;
    let mut words = Vec::new();
    for word in text.split(u8::is_ascii_whitespace) {
        if !word.is_empty() {
            words.push((at..at + word.len(), word));
        }
        at += word.len() + 1;
    }
    words
}

fn is_directive(line: &Line<'_>, word: &[u8]) -> bool {
    line.field.is_some_and(|field| field.word(word).is_some())
}

fn csp_unknown(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, _, words) in policies(rule, case) {
        if let Some((span, name)) = words.first().filter(|(_, name)| !is_directive(line, name)) {
            found.part(
                line,
                span,
                format!("{} is not a directive that browsers know", crate::inspect::parts::shown(name)),
            );
        }
    }
}

fn csp_twice(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let all = policies(rule, case);
    for (at, (line, number, words)) in all.iter().enumerate() {
        let Some((span, name)) = words.first() else { continue };
        let before =
            all.iter().take(at).filter(|(other, policy, _)| other.number == line.number && policy == number);
        if before.filter_map(|(_, _, words)| words.first()).any(|(_, other)| other.eq_ignore_ascii_case(name))
        {
            found.part(line, span, "only the first of this name counts");
        }
    }
}

fn csp_semicolon(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, _, words) in policies(rule, case) {
        // sandbox and others are words that may well be sources.
        if let Some((span, _)) =
            words.iter().skip(1).find(|(_, word)| word.ends_with(b"-src") && is_directive(line, word))
        {
            found.part(line, span, "a directive's name among the sources of another");
        }
    }
}

fn csp_unquoted(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const KEYWORDS: [&[u8]; 7] = [
        b"self",
        b"none",
        b"unsafe-inline",
        b"unsafe-eval",
        b"strict-dynamic",
        b"report-sample",
        b"unsafe-hashes",
    ];
    for (line, _, words) in policies(rule, case) {
        for (span, _) in
            words.iter().skip(1).filter(|(_, word)| KEYWORDS.contains(&word.to_ascii_lowercase().as_slice()))
        {
            found.part(line, span, "without quotes this is the name of a host");
        }
    }
}

fn csp_none(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, _, words) in policies(rule, case).into_iter().filter(|(_, _, words)| words.len() > 2) {
        // 'report-sample' says where no source is.
        let others =
            words.iter().skip(1).filter(|(_, word)| !word.eq_ignore_ascii_case(b"'report-sample'")).count();
        if let Some((span, _)) =
            words.iter().skip(1).find(|(_, word)| word.eq_ignore_ascii_case(b"'none'")).filter(|_| others > 1)
        {
            found.part(line, span, "'none' beside other sources is ignored");
        }
    }
}

/// The directive that scripts go by, of one policy.
fn script_sources<'p, 'c>(all: &'p [Directive<'c>]) -> Vec<&'p Directive<'c>> {
    let named = |name: &'static [u8]| {
        all.iter().filter(move |(_, _, words)| {
            words.first().is_some_and(|(_, word)| word.eq_ignore_ascii_case(name))
        })
    };
    let own: Vec<_> = named(b"script-src").collect();
    let fallback = named(b"default-src").filter(|(line, policy, _)| {
        !own.iter().any(|(other, number, _)| other.number == line.number && number == policy)
    });
    own.iter().copied().chain(fallback).collect()
}

fn csp_source(
    rule: &Rule,
    case: &Case<'_>,
    found: &mut Found<'_>,
    source: &[u8],
    unless: &[&[u8]],
    says: &str,
) {
    let all = policies(rule, case);
    for (line, _, words) in script_sources(&all) {
        let excused = words
            .iter()
            .any(|(_, word)| unless.iter().any(|start| word.to_ascii_lowercase().starts_with(start)));
        if let Some((span, _)) =
            words.iter().skip(1).find(|(_, word)| word.eq_ignore_ascii_case(source)).filter(|_| !excused)
        {
            found.part(line, span, says);
        }
    }
}

fn csp_inline(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    csp_source(
        rule,
        case,
        found,
        b"'unsafe-inline'",
        &[b"'nonce-", b"'sha", b"'strict-dynamic'"],
        "scripts written into the page may run",
    );
}

fn csp_eval(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    csp_source(rule, case, found, b"'unsafe-eval'", &[], "scripts may make code from text");
}

fn csp_wide(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for source in [&b"*"[..], b"https:", b"http:"] {
        csp_source(rule, case, found, source, &[b"'strict-dynamic'"], "scripts may come from anywhere");
    }
}

fn named<'p, 'c>(all: &'p [Directive<'c>], name: &str) -> Option<(&'c Line<'c>, &'p std::ops::Range<usize>)> {
    all.iter().find_map(|(line, _, words)| {
        words
            .first()
            .filter(|(_, word)| word.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(span, _)| (*line, span))
    })
}

fn csp_report_uri(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let all = policies(rule, case);
    if let Some((line, span)) = named(&all, "report-uri").filter(|_| named(&all, "report-to").is_none()) {
        found.part(line, span, "deprecated; report-to takes its place");
    }
}

fn csp_report_only(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let all = policies(rule, case);
    if let Some((line, _, _)) =
        all.first().filter(|_| named(&all, "report-uri").is_none() && named(&all, "report-to").is_none())
    {
        found.name(line, "there is no place to report to");
    }
}

fn nosniff(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("X-Content-Type-Options").take(1) {
        let first = line.value.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
        if !first.eq_ignore_ascii_case(b"nosniff") {
            found.value(line, "nosniff is expected");
        }
    }
}

fn frame_options(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("X-Frame-Options").filter(|line| line.value.is_empty()) {
        found.name(line, "no value: anybody may frame the page");
    }
    for (line, span, option) in case.message.members("X-Frame-Options") {
        if !option.eq_ignore_ascii_case(b"deny") && !option.eq_ignore_ascii_case(b"sameorigin") {
            found.part(line, &span, "not a value that browsers know: anybody may frame the page");
        }
    }
}

fn frame_options_unused(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let ancestors = case
        .message
        .all("Content-Security-Policy")
        .any(|line| line.value.to_ascii_lowercase().windows(15).any(|window| window == b"frame-ancestors"));
    for line in case.message.all("X-Frame-Options").filter(|_| ancestors) {
        found.name(line, "frame-ancestors wins");
    }
}

fn referrer_policy(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, policy) in case.message.members("Referrer-Policy") {
        if line.field.is_some_and(|field| field.word(policy).is_none()) {
            found.part(line, &span, "not a policy that browsers know");
        }
    }
}

fn referrer_unsafe(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if let Some((line, span, policy)) = case.message.members("Referrer-Policy").last()
        && policy.eq_ignore_ascii_case(b"unsafe-url")
    {
        found.part(line, &span, "whole addresses go to everybody");
    }
}

fn isolation(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        let token = line.value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if line.field.is_some_and(|field| field.word(token).is_none()) {
            found.value(line, "not a value that browsers know");
        }
    }
}

fn xss_protection(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("X-XSS-Protection").filter(|line| !line.value.starts_with(b"0")) {
        found.name(line, "browsers gave this filter up");
    }
}

fn framework_told(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if line.value.iter().any(u8::is_ascii_digit) {
            found.value(line, "tells the version of a program");
        }
    }
}
