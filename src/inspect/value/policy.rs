//! Policies for browsers: Content-Security-Policy and Feature-Policy.

use super::syntax::is_token;
use crate::inspect::field::{Field, Word, word};
use crate::inspect::parts::Parts;
use std::ops::Range;

/// The directives of Content-Security-Policy.
pub const CSP: &[Word] = &[
    word("default-src", "for every kind of content without a directive of its own"),
    word("script-src", "where scripts may come from"),
    word("script-src-elem", "where script elements may come from"),
    word("script-src-attr", "whether event handlers in attributes may run"),
    word("style-src", "where style sheets may come from"),
    word("style-src-elem", "where style elements may come from"),
    word("style-src-attr", "whether style attributes apply"),
    word("img-src", "where images may come from"),
    word("font-src", "where fonts may come from"),
    word("connect-src", "where scripts may connect to"),
    word("media-src", "where audio and video may come from"),
    word("object-src", "where plug-in content may come from"),
    word("frame-src", "what may be shown in frames of this page"),
    word("child-src", "what may be a frame or a worker of this page"),
    word("worker-src", "where workers may come from"),
    word("manifest-src", "where the manifest may come from"),
    word("prefetch-src", "what may be fetched early; withdrawn"),
    word("fenced-frame-src", "what may be shown in fenced frames"),
    word("base-uri", "what the base element may set"),
    word("form-action", "where forms may be sent"),
    word("frame-ancestors", "which pages may show this one in a frame"),
    word("navigate-to", "where the page may lead; withdrawn"),
    word("sandbox", "takes abilities from the page, save those listed"),
    word("report-uri", "where violations are reported; deprecated"),
    word("report-to", "which endpoint violations are reported to"),
    word("upgrade-insecure-requests", "http addresses in the page are asked over https"),
    word("block-all-mixed-content", "nothing without TLS is loaded; deprecated"),
    word("require-trusted-types-for", "scripts must go through Trusted Types"),
    word("trusted-types", "which Trusted Types policies may be made"),
    word("plugin-types", "which plug-ins may run; withdrawn"),
    word("referrer", "what Referer says; withdrawn"),
    word("reflected-xss", "a filter that browsers gave up; withdrawn"),
    word("require-sri-for", "what must carry a digest; withdrawn"),
    word("webrtc", "whether WebRTC may be used"),
];

/// Directives between semicolons, their sources behind them.
pub fn csp(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b';') {
        if parts.is_over() {
            return;
        }
        csp_directive(field, parts, &piece);
    }
}

fn csp_directive(field: &Field, parts: &mut Parts<'_>, span: &Range<usize>) {
    let mut words = words_of(parts, span).into_iter();
    let Some(name) = words.next() else { return };
    if let Some(at) =
        parts.bytes(&name).iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-')
    {
        return parts.fail(name.start + at, "the name of a directive holds letters, digits and hyphens");
    }
    let said = field
        .word(parts.bytes(&name))
        .map_or("not a directive that browsers know: ignored", |word| word.means);
    parts.add(name, "directive", said);
    parts.deeper(|parts| {
        for source in words {
            if parts.is_over() {
                return;
            }
            let said = source_said(parts.bytes(&source));
            parts.add(source, "source", said);
        }
    });
}

fn source_said(source: &[u8]) -> &'static str {
    let lower = source.to_ascii_lowercase();
    match lower.as_slice() {
        b"'self'" => "this page's own origin",
        b"'none'" => "nothing",
        b"*" => "anywhere",
        b"'unsafe-inline'" => "code and styles written into the page: what the policy is meant to stop",
        b"'unsafe-eval'" => "code made from text at run time",
        b"'wasm-unsafe-eval'" => "WebAssembly",
        b"'unsafe-hashes'" => "event handlers with a listed digest",
        b"'strict-dynamic'" => "whatever a trusted script loads; hosts in the list no longer count",
        b"'report-sample'" => "reports carry the beginning of the code",
        b"data:" => "data: addresses",
        b"blob:" => "blob: addresses",
        b"https:" => "anything over TLS",
        b"http:" => "anything, also without TLS",
        _ if lower.starts_with(b"'nonce-") => "elements that carry this nonce",
        _ if lower.starts_with(b"'sha") => "content with this digest",
        _ => "",
    }
}

/// Features with their allow lists: Feature-Policy.
pub fn feature_policy(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    for piece in parts.pieces(&whole, b';') {
        let mut words = words_of(parts, &piece).into_iter();
        let Some(name) = words.next() else { continue };
        if parts.is_over() {
            return;
        }
        if !is_token(parts.bytes(&name)) {
            return parts.fail(name.start, "the name of a feature is expected");
        }
        parts.add(name, "feature", "who may use it follows");
        parts.deeper(|parts| {
            for source in words {
                let said = source_said(parts.bytes(&source));
                parts.add(source, "source", said);
            }
        });
    }
}

/// The words of a span, as many as are shown at most.
fn words_of(parts: &Parts<'_>, span: &Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut from = span.start;
    for word in parts.bytes(span).split(u8::is_ascii_whitespace) {
        if !word.is_empty() && words.len() <= crate::inspect::parts::MOST_PARTS {
            words.push(from..from + word.len());
        }
        from += word.len() + 1;
    }
    words
}
