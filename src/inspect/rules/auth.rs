//! Authentication: challenges, credentials, tokens.

use super::routing::broken;
use crate::exchange::{MessageKind, Scheme};
use crate::inspect::field::Spec::Rfc;
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Line};
use crate::inspect::parts::Part;
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::value::{decode_jwt, how_long};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub static RULES: &[Rule] = &[
    error("unauthorized-without-challenge", Rfc(9110, "15.5.2"), "A 401 must say in WWW-Authenticate how to authenticate; without it a client has no way to go on.", "Send WWW-Authenticate, or answer 403.")
        .about(&["WWW-Authenticate"])
        .example("HTTP/1.1 401 Unauthorized\nContent-Length: 0\n", "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic realm=\"a\"\n")
        .responses(unauthorized),
    error("proxy-unauthorized-without-challenge", Rfc(9110, "15.5.8"), "A 407 must say in Proxy-Authenticate how to authenticate.", "Send Proxy-Authenticate.")
        .about(&["Proxy-Authenticate"])
        .example("HTTP/1.1 407 Proxy Authentication Required\nContent-Length: 0\n", "HTTP/1.1 407 Proxy Authentication Required\nContent-Length: 0\nProxy-Authenticate: Basic realm=\"a\"\n")
        .responses(proxy_unauthorized),
    error("challenge-syntax", Rfc(9110, "11.6.1"), "The challenge breaks off here: clients do not find the scheme or the realm.", "Write Scheme name=\"value\", name=\"value\".")
        .about(&["WWW-Authenticate", "Proxy-Authenticate"])
        .example("HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic realm=\"a\n", "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic realm=\"a\"\n")
        .responses(broken),
    warn("basic-challenge-without-realm", Rfc(7617, "2"), "A Basic challenge must have a realm; some clients ignore it without one.", "Add realm=\"name\".")
        .about(&["WWW-Authenticate", "Proxy-Authenticate"])
        .example("HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic\n", "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic realm=\"a\"\n")
        .responses(basic_without_realm),
    error("credentials-syntax", Rfc(9110, "11.6.2"), "The credentials are not in the form that their scheme has: the server will answer 400 or 401.", "Write Scheme, a space, and what the scheme wants.")
        .about(&["Authorization", "Proxy-Authorization"])
        .example("GET / HTTP/1.1\nHost: h\nAuthorization: Basic bm9jb2xvbg==\n", "GET / HTTP/1.1\nHost: h\nAuthorization: Basic dTpw\n")
        .requests(broken),
    warn("credentials-without-scheme", Rfc(9110, "11.4"), "Credentials begin with the name of a scheme; a bare token is a custom of its own that few servers understand.", "Write Bearer before the token.")
        .about(&["Authorization", "Proxy-Authorization"])
        .example("GET / HTTP/1.1\nHost: h\nAuthorization: 5f4dcc3b5aa765d61d8327deb882cf99\n", "GET / HTTP/1.1\nHost: h\nAuthorization: Bearer 5f4dcc3b5aa765d61d8327deb882cf99\n")
        .requests(without_scheme),
    warn("basic-over-http", Rfc(7617, "4"), "Name and password cross the network readable by everybody on the way.", "Use https.")
        .about(&["Authorization"])
        .example("@http://h.test/\nGET / HTTP/1.1\nHost: h.test\nAuthorization: Basic dTpw\n", "@https://h.test/\nGET / HTTP/1.1\nHost: h.test\nAuthorization: Basic dTpw\n")
        .requests(basic_over_http),
    warn("bearer-over-http", Rfc(6750, "5.3"), "A bearer token must only be sent over TLS: whoever sees it can use it.", "Use https.")
        .about(&["Authorization"])
        .example("@http://h.test/\nGET / HTTP/1.1\nHost: h.test\nAuthorization: Bearer abc\n", "@https://h.test/\nGET / HTTP/1.1\nHost: h.test\nAuthorization: Bearer abc\n")
        .requests(bearer_over_http),
    error("jwt-expired", Rfc(7519, "4.1.4"), "The token's time was over when it was sent: the server must refuse it.", "Get a new token.")
        .about(&["Authorization"])
        .example("GET / HTTP/1.1\nHost: h\nAuthorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2ln\n", "GET / HTTP/1.1\nHost: h\nAuthorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln\n")
        .requests(jwt_expired),
    warn("jwt-unsigned", Rfc(8725, "2.1"), "alg none means that anybody can write such a token.", "Sign it.")
        .about(&["Authorization"])
        .example("GET / HTTP/1.1\nHost: h\nAuthorization: Bearer eyJhbGciOiJub25lIn0.e30.\n", "GET / HTTP/1.1\nHost: h\nAuthorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln\n")
        .requests(jwt_unsigned),
    info("digest-md5", Rfc(7616, "3.2"), "MD5 is weak; SHA-256 is there since 2015.", "Offer algorithm=SHA-256 first.")
        .about(&["WWW-Authenticate", "Proxy-Authenticate"])
        .example("HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\n", "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256\n")
        .responses(digest_md5),
    error("digest-incomplete", Rfc(7616, "3.4"), "A digest answer needs username, realm, nonce, uri and response: the server will refuse it.", "Add what is missing.")
        .about(&["Authorization", "Proxy-Authorization"])
        .example("GET / HTTP/1.1\nHost: h\nAuthorization: Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"/\"\n", "GET / HTTP/1.1\nHost: h\nAuthorization: Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"/\", response=\"d\"\n")
        .requests(digest_incomplete),
    error("digest-challenge-incomplete", Rfc(7616, "3.3"), "A digest is reckoned over the nonce and the realm: without them a client cannot answer the challenge.", "Send realm and a fresh nonce.")
        .about(&["WWW-Authenticate", "Proxy-Authenticate"])
        .example("HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Digest realm=\"a\", qop=\"auth\", algorithm=SHA-256\n", "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=SHA-256\n")
        .responses(digest_challenge_incomplete),
    warn("authentication-info-syntax", Rfc(9110, "11.6.3"), "Authentication-Info is a list of name=value: what has no value says nothing.", "Write nextnonce=\"value\".")
        .about(&["Authentication-Info", "Proxy-Authentication-Info"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAuthentication-Info: nextnonce\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAuthentication-Info: nextnonce=\"a\"\n")
        .responses(info_syntax),
    warn("proxy-credentials-passed-on", Rfc(9110, "11.7.2"), "Proxy-Authorization is for the next proxy; sent on to the origin it gives the password away.", "Remove it when forwarding to an origin.")
        .about(&["Proxy-Authorization"])
        .example("GET http://h/ HTTP/1.1\nHost: h\nProxy-Authorization: Basic dTpw\n>>>\nGET / HTTP/1.1\nHost: h\nVia: 1.1 p\nProxy-Authorization: Basic dTpw\n", "GET http://h/ HTTP/1.1\nHost: h\nProxy-Authorization: Basic dTpw\n>>>\nGET / HTTP/1.1\nHost: h\nVia: 1.1 p\n")
        .requests(proxy_credentials),
    info("ntlm", Rfc(4559, "4"), "NTLM and Negotiate authenticate the connection and not the request: a proxy that shares connections mixes users up.", "Use one connection a client.")
        .about(&["Authorization", "WWW-Authenticate"])
        .example("HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: NTLM\n", "HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: Basic realm=\"a\"\n")
        .messages(ntlm),
];

fn scheme<'a>(line: &Line<'a>) -> &'a [u8] {
    line.value.split(|byte| *byte == b' ' || *byte == b',').next().unwrap_or_default()
}

fn is_scheme(line: &Line<'_>, name: &str) -> bool {
    scheme(line).eq_ignore_ascii_case(name.as_bytes())
}

/// What stands behind the scheme.
fn credentials<'a>(line: &Line<'a>) -> &'a [u8] {
    line.value.get(scheme(line).len()..).unwrap_or_default().trim_ascii()
}

fn unauthorized(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 401 && !case.message.has("WWW-Authenticate") {
        found.start(0..case.message.head.start_line().len(), "401 without WWW-Authenticate");
    }
}

fn proxy_unauthorized(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 407 && !case.message.has("Proxy-Authenticate") {
        found.start(0..case.message.head.start_line().len(), "407 without Proxy-Authenticate");
    }
}

fn about<'c>(rule: &Rule, case: &'c Case<'_>) -> impl Iterator<Item = &'c Line<'c>> {
    let fields = rule.fields;
    case.message.lines.iter().filter(move |line| fields.iter().any(|name| line.is(name)))
}

fn basic_without_realm(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in about(rule, case).filter(|line| is_scheme(line, "Basic")) {
        if !line.value.to_ascii_lowercase().windows(6).any(|six| six == b"realm=") {
            found.value(line, "realm is missing");
        }
    }
}

fn without_scheme(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const ALONE: [&str; 3] = ["Negotiate", "NTLM", "HOBA"];
    for line in about(rule, case).filter(|line| !line.value.is_empty() && !line.value.contains(&b' ')) {
        if !ALONE.iter().any(|name| is_scheme(line, name)) {
            found.value(line, "no scheme stands before the credentials");
        }
    }
}

/// Whether the exchange crossed a network without TLS.
fn is_open(case: &Case<'_>) -> bool {
    let local =
        case.view.host.is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "::1");
    case.view.scheme == Some(Scheme::Http) && !local
}

fn basic_over_http(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Authorization").filter(|line| is_open(case) && is_scheme(line, "Basic")) {
        found.value(line, "a password without TLS");
    }
}

fn bearer_over_http(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Authorization").filter(|line| is_open(case) && is_scheme(line, "Bearer")) {
        found.value(line, "a token without TLS");
    }
}

fn jwt_expired(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(now) = case.view.arrived else { return };
    for line in case.message.all("Authorization").filter(|line| is_scheme(line, "Bearer")) {
        let expiry = decode_jwt(credentials(line)).and_then(|(_, claims)| claims.get("exp")?.as_i64());
        if let Some(expiry) = expiry.filter(|expiry| *expiry < now) {
            let ago = how_long(now.saturating_sub(expiry).unsigned_abs());
            found.value(line, format!("expired {ago} before it was sent"));
        }
    }
}

fn jwt_unsigned(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Authorization").filter(|line| is_scheme(line, "Bearer")) {
        let algorithm = decode_jwt(credentials(line))
            .and_then(|(header, _)| Some(header.get("alg")?.as_str()?.to_ascii_lowercase()));
        if algorithm.as_deref() == Some("none") {
            found.value(line, "not signed: alg is none");
        }
    }
}

fn digest_md5(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let better = about(rule, case).any(|line| {
        line.value.to_ascii_lowercase().windows(7).any(|seven| seven == b"sha-256" || seven == b"sha-512")
    });
    for line in about(rule, case).filter(|line| is_scheme(line, "Digest") && !better) {
        found.value(line, "the digest is made with MD5");
    }
}

fn digest_incomplete(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const NEEDED: [&str; 5] = ["username", "realm", "nonce", "uri", "response"];
    for line in about(rule, case).filter(|line| is_scheme(line, "Digest")) {
        let names: Vec<_> =
            line.directives(b',').into_iter().map(|directive| directive.name.to_ascii_lowercase()).collect();
        let has = |needed: &str| {
            names.iter().any(|name| {
                name.split(|byte| *byte == b' ').next_back().is_some_and(|name| {
                    name.trim_ascii_end() == needed.as_bytes()
                        || name.strip_suffix(b"*") == Some(needed.as_bytes())
                })
            })
        };
        let missing: Vec<_> = NEEDED.into_iter().filter(|needed| !has(needed)).collect();
        if !missing.is_empty() {
            found.value(line, format!("missing: {}", missing.join(", ")));
        }
    }
}

fn digest_challenge_incomplete(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in about(rule, case).filter(|line| line.parsed().broken.is_none()) {
        let parts = &line.parsed().parts;
        let text = |part: &Part| line.value.get(part.span.clone()).unwrap_or_default();
        let begins =
            |(_, part): &(usize, &Part)| part.label == "scheme" && text(part).eq_ignore_ascii_case(b"Digest");
        for (at, scheme) in parts.iter().enumerate().filter(begins) {
            let own = || parts.iter().skip(at + 1).take_while(|part| part.label != "scheme");
            let has = |name: &str| own().any(|part| is_parameter(text(part), name));
            let missing: Vec<_> = ["realm", "nonce"].into_iter().filter(|name| !has(name)).collect();
            if !missing.is_empty() {
                found.part(line, &scheme.span, format!("missing: {}", missing.join(", ")));
            }
        }
    }
}

/// Whether it is `name=value` of that name.
fn is_parameter(text: &[u8], name: &str) -> bool {
    let at = memchr::memchr(b'=', text);
    at.and_then(|at| text.get(..at)).is_some_and(|own| own.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

fn info_syntax(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    broken(rule, case, found);
    for line in about(rule, case).filter(|line| line.parsed().broken.is_none()) {
        for (span, _) in line.members().into_iter().filter(|(_, member)| !member.contains(&b'=')) {
            found.part(line, &span, "= and a value are expected");
        }
    }
}

fn proxy_credentials(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // A target in absolute form goes to a parent proxy, which may be meant.
    let to_origin =
        case.message.kind == MessageKind::RequestSent && case.message.target().first() == Some(&b'/');
    for line in case.message.all("Proxy-Authorization").filter(|_| to_origin) {
        found.name(line, "sent on to the origin server");
    }
}

fn ntlm(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in about(rule, case).filter(|line| is_scheme(line, "NTLM") || is_scheme(line, "Negotiate")) {
        let message = STANDARD
            .decode(credentials(line))
            .ok()
            .and_then(|bytes| bytes.get(8).copied().filter(|_| bytes.starts_with(b"NTLMSSP\0")));
        let step = message.map_or(String::new(), |number| format!(", message {number} of 3"));
        found.value(line, format!("authenticates the whole connection{step}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::all_said;

    #[test]
    fn rfc7616_3_3_a_digest_challenge_has_a_nonce() {
        let of = |value: &str| {
            format!("HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: {value}\n")
        };
        all_said(
            "digest-challenge-incomplete",
            &[
                (&of("Digest realm=\"x\", qop=\"auth\""), "missing: nonce"),
                (&of("Basic realm=\"x\", digest qop=\"auth\", Bearer nonce=\"a\""), "missing: realm, nonce"),
                (&of("Digest realm=\"x\", nonce=\"a\", Basic realm=\"y\""), ""),
                (&of("Basic realm=\"x\""), ""),
            ],
        );
    }

    #[test]
    fn rfc9110_11_6_1_a_comma_ends_a_challenge_without_parameters() {
        let of = |value: &str| {
            format!("HTTP/1.1 401 Unauthorized\nContent-Length: 0\nWWW-Authenticate: {value}\n")
        };
        all_said(
            "challenge-syntax",
            &[
                (&of("Bearer, realm=\"x\""), "a comma ended the challenge"),
                (&of("Bearer , realm=\"x\""), ""),
                (&of("Negotiate, Basic realm=\"x\""), ""),
                (&of("Bearer realm=\"x\", error=\"y\""), ""),
            ],
        );
    }
}
