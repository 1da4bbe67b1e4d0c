//! Credentials and challenges (RFC 9110 11): what they say, never the secret itself.

use super::jwt::jwt;
use super::syntax::{directive, is_tchar, must_be_value, not_in_token, parameters, unquoted};
use crate::inspect::field::{Field, Word, word};
use crate::inspect::parts::{Parts, shown};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// Parameters of challenges and credentials.
pub const AUTH_WORDS: &[Word] = &[
    word("realm", "what the credentials are for"),
    word("charset", "how name and password are encoded"),
    word("nonce", "a number used once, made by the server"),
    word("nc", "how often this nonce was used"),
    word("cnonce", "a number used once, made by the client"),
    word("opaque", "to be sent back unchanged"),
    word("algorithm", "which digest is computed"),
    word("qop", "what is protected: auth the request, auth-int the body too"),
    word("stale", "only the nonce was too old: try again with the new one"),
    word("domain", "for which addresses the credentials are good"),
    word("userhash", "whether the name is sent as a digest"),
    word("username", "who asks"),
    word("uri", "the target that the digest covers"),
    word("response", "the digest that proves the password"),
    word("scope", "what the token must allow"),
    word("error", "why the token was refused"),
    word("error_description", "the reason in words"),
    word("error_uri", "where the reason is explained"),
    word("resource_metadata", "where the resource describes itself"),
    word("service", "which service the token is for"),
    word("authorization_uri", "where to get a token"),
    word("Credential", "the key's id, the date, the region and the service"),
    word("SignedHeaders", "the fields that the signature covers"),
    word("Signature", "the signature over the request"),
    word("nextnonce", "the nonce to use next"),
    word("rspauth", "the digest that proves the server knows the password"),
];

/// What is known of an authentication scheme.
pub fn scheme_said(name: &[u8]) -> &'static str {
    match name.to_ascii_lowercase().as_slice() {
        b"basic" => "name and password in base64: readable by everybody on the way unless there is TLS",
        b"bearer" => "a token: whoever holds it may use it",
        b"digest" => "a digest over the password: the password itself is not sent",
        b"negotiate" => "Kerberos or NTLM, by several messages",
        b"ntlm" => "Windows' challenge and response",
        b"aws4-hmac-sha256" => "a signature of Amazon's kind over this request",
        b"dpop" => "a token bound to a key of the client",
        b"mutual" => "password authentication in both directions",
        b"hoba" => "a signature by a key made for this site",
        b"scram-sha-1" | b"scram-sha-256" => "a salted challenge and response",
        b"vapid" => "a push service's proof of the application",
        b"token" => "a token, as GitHub's older API takes it",
        b"apikey" => "a key of the application",
        b"gnap" => "a token bound to a key",
        b"concealed" => "a signature over the TLS connection",
        b"privatetoken" => "a token that does not tell who holds it",
        _ => "a scheme that is not in the table",
    }
}

/// Authorization, Proxy-Authorization.
pub fn credentials(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let (scheme, rest) = parts.halves(&whole, b' ');
    if let Some(at) = not_in_token(parts, &scheme) {
        return parts.fail(at, "a scheme is expected first: Basic, Bearer, …");
    }
    let kind = parts.bytes(&scheme).to_ascii_lowercase();
    let said = scheme_said(&kind);
    parts.add(scheme, "scheme", said);
    let Some(rest) = rest.filter(|rest| !rest.is_empty()) else { return };
    parts.deeper(|parts| match kind.as_slice() {
        b"basic" => basic(parts, &rest),
        b"bearer" | b"dpop" => bearer(parts, &rest),
        b"negotiate" | b"ntlm" => negotiate(parts, &rest),
        _ if is_token68(parts.bytes(&rest)) => {
            parts.add(
                rest.clone(),
                "credentials",
                crate::text::units::counted(rest.len(), "character", "characters"),
            );
        }
        _ => {
            let pieces = parts.pieces(&rest, b',');
            secret_parameters(field, parts, &pieces);
        }
    });
}

/// Name and password, the password masked (RFC 7617 2).
fn basic(parts: &mut Parts<'_>, span: &Range<usize>) {
    let text = parts.bytes(span);
    if let Some(at) = text.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"+/=".contains(byte)) {
        return parts.fail(span.start + at, "name and password stand in base64 here");
    }
    let Ok(plain) = STANDARD.decode(text) else {
        return parts.fail(span.end, "this is no whole base64: its padding or length is wrong");
    };
    let Some(colon) = plain.iter().position(|byte| *byte == b':') else {
        return parts.fail(span.end, "decoded, it has no colon between name and password");
    };
    let length = plain.len() - colon - 1;
    let size = crate::text::units::counted(length, "character", "characters");
    parts.add(
        span.clone(),
        "credentials",
        format!("user \"{}\", a password of {size}", shown(&plain[..colon])),
    );
}

/// A token, opened when it is a JWT (RFC 6750 2.1, RFC 7519).
fn bearer(parts: &mut Parts<'_>, span: &Range<usize>) {
    let text = parts.bytes(span);
    if let Some(at) = text.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-._~+/=".contains(byte))
    {
        return parts.fail(span.start + at, "a token holds letters, digits and - . _ ~ + / only");
    }
    if !jwt(parts, span) {
        let kind = vendor_of(text).unwrap_or("a token that means something to its maker only");
        parts.add(span.clone(), "token", format!("{kind}, {} characters", text.len()));
    }
}

/// Tokens that say by their beginning what they are.
fn vendor_of(token: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 8] = [
        ("ghp_", "a personal token of GitHub"),
        ("gho_", "a GitHub token of an OAuth app"),
        ("ghs_", "a GitHub token of an app's installation"),
        ("github_pat_", "a fine-grained personal token of GitHub"),
        ("glpat-", "a personal token of GitLab"),
        ("xoxb-", "a Slack bot's token"),
        ("sk_live_", "a live secret key of Stripe"),
        ("ya29.", "an access token of Google"),
    ];
    KNOWN.iter().find(|(start, _)| token.starts_with(start.as_bytes())).map(|(_, said)| *said)
}

/// Kerberos or the three messages of NTLM.
fn negotiate(parts: &mut Parts<'_>, span: &Range<usize>) {
    let Ok(plain) = STANDARD.decode(parts.bytes(span)) else {
        return parts.fail(span.start, "base64 is expected");
    };
    let said = match plain.strip_prefix(b"NTLMSSP\0") {
        Some([1, ..]) => "NTLM, first message: what the client can do",
        Some([2, ..]) => "NTLM, second message: the server's challenge",
        Some([3, ..]) => "NTLM, third message: the client's answer",
        Some(_) => "NTLM",
        None if plain.first() == Some(&0x60) => "SPNEGO: usually a Kerberos ticket",
        None => "a further message of the negotiation",
    };
    parts.add(span.clone(), "message", said);
}

/// WWW-Authenticate, Proxy-Authenticate: a list in which schemes and their parameters share the
/// commas (RFC 9110 11.6.1).
pub fn challenges(field: &Field, parts: &mut Parts<'_>) {
    // Inside of a challenge; behind one that a comma ended at once.
    let (mut inside, mut ended) = (false, false);
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let first = parts.bytes(&piece);
        let length = first.iter().take_while(|byte| is_tchar(**byte)).count();
        let rest = parts.trim(&(piece.start + length..piece.end));
        let equals = parts.at(rest.start) == Some(b'=') && !rest.is_empty();
        if equals && ended {
            return parts.fail(piece.start, "a comma ended the challenge before its first parameter");
        }
        if equals && inside {
            parts.deeper(|parts| directive(field, parts, &piece, "parameter"));
            continue;
        }
        if length == 0 || (!rest.is_empty() && rest.start == piece.start + length) {
            return parts.fail(piece.start + length, "a scheme is expected: Basic realm=\"…\"");
        }
        (inside, ended) = (true, rest.is_empty() && parts.at(piece.end) == Some(b','));
        let scheme = piece.start..piece.start + length;
        let said = scheme_said(parts.bytes(&scheme));
        parts.add(scheme, "scheme", said);
        parts.deeper(|parts| match rest {
            ref rest if rest.is_empty() => {}
            ref rest if is_token68(parts.bytes(rest)) => {
                parts.add(rest.clone(), "challenge", "a message of the scheme in base64");
            }
            ref rest => directive(field, parts, rest, "parameter"),
        });
    }
}

/// Authentication-Info and its like: parameters between commas (RFC 9110 11.6.3).
pub fn auth_info(field: &Field, parts: &mut Parts<'_>) {
    let pieces = parts.pieces(&parts.whole(), b',');
    parameters(field, parts, &pieces, "parameter");
}

/// Parameters whose proofs are not repeated.
fn secret_parameters(field: &Field, parts: &mut Parts<'_>, pieces: &[Range<usize>]) {
    for piece in pieces {
        if parts.is_over() {
            return;
        }
        let (name, value) = parts.halves(piece, b'=');
        let hidden = [&b"response"[..], b"signature", b"cnonce", b"oauth_signature"];
        let is_hidden = hidden.iter().any(|hidden| parts.bytes(&name).eq_ignore_ascii_case(hidden));
        match value {
            Some(value) if is_hidden => {
                let means = field.word(parts.bytes(&name)).map_or("a proof", |word| word.means);
                parts.add(piece.clone(), "parameter", means);
                must_be_value(parts, &value);
            }
            // Amazon's parameters hold slashes and semicolons without quotes.
            Some(value) if parts.at(value.start) != Some(b'"') => {
                let said = format!("{}: {}", parts.shown(&name), shown(&unquoted(parts.bytes(&value))));
                parts.add(piece.clone(), "parameter", said);
            }
            _ => directive(field, parts, piece, "parameter"),
        }
    }
}

/// Whether these bytes are a token68: base64 or base64url in one piece (RFC 9110 11.2).
pub fn is_token68(bytes: &[u8]) -> bool {
    let unpadded = bytes.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let body = bytes.get(..unpadded).unwrap_or_default();
    !body.is_empty() && body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}
