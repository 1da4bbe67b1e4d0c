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
    warn("csp-hash-length", W3c("Content Security Policy 3"), "A digest in base64 has 32 bytes of sha256, 48 of sha384 or 64 of sha512: another matches nothing, and what it was meant to allow is stopped.", "Write the digest of the script or style as it is.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'sha256-abc='\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='\n")
        .responses(csp_hash),
    warn("csp-sandbox-unknown", Whatwg("HTML"), "Browsers ignore a word of sandbox that they do not know: the page does not get what it was meant to have.", "Write allow-scripts, allow-forms, or what is meant.")
        .about(&["Content-Security-Policy"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: sandbox allow-script\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: sandbox allow-scripts\n")
        .responses(csp_sandbox),
    warn("csp-strict-dynamic-alone", W3c("Content Security Policy 3"), "With 'strict-dynamic' hosts and 'self' count no more, only nonces and digests, and there are none: no script runs.", "Add a nonce or a digest, or drop 'strict-dynamic'.")
        .about(&["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'strict-dynamic' https:\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: script-src 'strict-dynamic' 'nonce-abc' https:\n")
        .responses(csp_strict_dynamic),
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
    error("frame-options-unknown", Whatwg("HTML"), "DENY and SAMEORIGIN are all that browsers know: with another value anybody may frame the page, unless frame-ancestors of the policy says who may.", "Write DENY or SAMEORIGIN, or use frame-ancestors.")
        .about(&["X-Frame-Options"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nX-Frame-Options: ALLOW-FROM https://a.test\n", "HTTP/1.1 200 OK\nContent-Length: 0\nX-Frame-Options: ALLOW-FROM https://a.test\nContent-Security-Policy: frame-ancestors https://a.test\n")
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

/// Whether one of the policies holds these bytes: it is taken apart only where that pays.
fn mentions(rule: &Rule, case: &Case<'_>, bytes: &[u8]) -> bool {
    let mut lines = case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name)));
    lines.any(|line| memchr::memmem::find(line.value, bytes).is_some())
}

fn csp_hash(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const SIZES: [(&[u8], usize); 3] = [(b"'sha256-", 32), (b"'sha384-", 48), (b"'sha512-", 64)];
    if !mentions(rule, case, b"'sha") {
        return;
    }
    for (line, _, words) in policies(rule, case) {
        for (span, word) in words.iter().skip(1).filter(|(_, word)| word.starts_with(b"'")) {
            let start = word.get(..8).unwrap_or_default().to_ascii_lowercase();
            let Some((_, size)) = SIZES.iter().find(|(name, _)| *name == start) else { continue };
            let digest = word.get(8..).unwrap_or_default();
            let digest = digest.strip_suffix(b"'").unwrap_or(digest);
            if digest_size(digest) != Some(*size) {
                found.part(line, span, format!("no digest of {size} bytes in base64"));
            }
        }
    }
}

/// Bytes of a digest in either base64.
fn digest_size(text: &[u8]) -> Option<usize> {
    let plain = text.strip_suffix(b"=").unwrap_or(text);
    let plain = plain.strip_suffix(b"=").unwrap_or(plain);
    let fits = plain.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte));
    (fits && plain.len() % 4 != 1).then_some(plain.len() * 3 / 4)
}

fn csp_sandbox(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const TOKENS: [&str; 14] = [
        "allow-downloads",
        "allow-forms",
        "allow-modals",
        "allow-orientation-lock",
        "allow-pointer-lock",
        "allow-popups",
        "allow-popups-to-escape-sandbox",
        "allow-presentation",
        "allow-same-origin",
        "allow-scripts",
        "allow-storage-access-by-user-activation",
        "allow-top-navigation",
        "allow-top-navigation-by-user-activation",
        "allow-top-navigation-to-custom-protocols",
    ];
    if !mentions(rule, case, b"sandbox") {
        return;
    }
    for (line, _, words) in policies(rule, case) {
        let sandbox = words.first().is_some_and(|(_, name)| name.eq_ignore_ascii_case(b"sandbox"));
        for (span, word) in words.iter().skip(1).filter(|_| sandbox) {
            if !TOKENS.iter().any(|token| word.eq_ignore_ascii_case(token.as_bytes())) {
                found.part(line, span, "not a word that browsers know here: ignored");
            }
        }
    }
}

fn csp_strict_dynamic(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if mentions(rule, case, b"'strict-dynamic'") {
        let says = "no nonce and no digest beside it";
        csp_source(rule, case, found, b"'strict-dynamic'", &[b"'nonce-", b"'sha"], says);
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
    if has_ancestors(case) {
        return;
    }
    for line in case.message.all("X-Frame-Options").filter(|line| line.value.is_empty()) {
        found.name(line, "no value: anybody may frame the page");
    }
    for (line, span, option) in case.message.members("X-Frame-Options") {
        if !option.eq_ignore_ascii_case(b"deny") && !option.eq_ignore_ascii_case(b"sameorigin") {
            found.part(line, &span, "not a value that browsers know: anybody may frame the page");
        }
    }
}

/// Whether the policy says who may frame the page: X-Frame-Options is ignored then (HTML).
fn has_ancestors(case: &Case<'_>) -> bool {
    case.message.has("X-Frame-Options")
        && case.message.all("Content-Security-Policy").any(|line| {
            line.value.to_ascii_lowercase().windows(15).any(|window| window == b"frame-ancestors")
        })
}

fn frame_options_unused(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("X-Frame-Options").filter(|_| has_ancestors(case)) {
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

#[cfg(test)]
mod tests {
    use super::super::examples::all_said;

    #[test]
    fn csp3_digests_sandbox_and_strict_dynamic() {
        const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let of =
            |policy: &str| format!("HTTP/1.1 200 OK\nContent-Length: 0\nContent-Security-Policy: {policy}\n");
        for (rule, policy, words) in [
            ("csp-hash-length", format!("script-src 'sha256-{EMPTY}'"), ""),
            ("csp-hash-length", format!("script-src 'sha384-{EMPTY}'"), "no digest of 48 bytes"),
            ("csp-hash-length", "script-src 'sha256-abc='".to_owned(), "no digest of 32 bytes"),
            ("csp-sandbox-unknown", "sandbox allow-forms allow-script".to_owned(), "not a word"),
            ("csp-sandbox-unknown", "sandbox; img-src *".to_owned(), ""),
            ("csp-strict-dynamic-alone", "default-src 'strict-dynamic'".to_owned(), "no nonce"),
            ("csp-strict-dynamic-alone", format!("script-src 'strict-dynamic' 'sha256-{EMPTY}'"), ""),
        ] {
            all_said(rule, &[(&of(&policy), words)]);
        }
    }

    #[test]
    fn html_frame_ancestors_makes_x_frame_options_idle() {
        let of = |field: &str| {
            format!(
                "HTTP/1.1 200 OK\nContent-Length: 0\nX-Frame-Options: allow-from https://a.test\n{field}\n"
            )
        };
        let only_told =
            of("Content-Security-Policy-Report-Only: frame-ancestors https://a.test; report-to r");
        all_said("frame-options-unknown", &[(&only_told, "anybody may frame")]);
        let enforced = of("Content-Security-Policy: frame-ancestors https://a.test");
        all_said("frame-options-unknown", &[(&enforced, "")]);
        all_said("frame-options-unused", &[(&enforced, "frame-ancestors wins")]);
    }
}
