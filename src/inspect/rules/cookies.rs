//! Cookies, by what user agents do with them (RFC 6265bis 5).

use crate::exchange::Scheme;
use crate::inspect::field::Spec::{Draft, Rfc};
use crate::inspect::found::Found;
use crate::inspect::message::Case;
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::set_cookie::{SetCookie, cookie_date, is_address, reaches_strangers, seconds};
use crate::inspect::value::{is_token, read_date};

const BIS: &str = "draft-ietf-httpbis-rfc6265bis";

pub static RULES: &[Rule] = &[
    error("cookie-host-prefix", Draft(BIS), "A name that begins with __Host- promises Secure, Path=/ and no Domain; browsers drop the cookie that breaks the promise.", "Set Secure and Path=/, and leave Domain out.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: __Host-sid=1; Path=/; Secure; Domain=h.test\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: __Host-sid=1; Path=/; Secure\n")
        .responses(host_prefix),
    error("cookie-secure-prefix", Draft(BIS), "A name that begins with __Secure- promises Secure; browsers drop the cookie without it.", "Set Secure.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: __Secure-sid=1; Path=/\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: __Secure-sid=1; Path=/; Secure\n")
        .responses(secure_prefix),
    error("cookie-http-prefix", Draft(BIS), "A name that begins with __Http- or __Host-Http- promises Secure and HttpOnly; browsers drop the cookie that breaks the promise.", "Set Secure and HttpOnly.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: __Http-sid=1; Path=/; Secure\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: __Http-sid=1; Path=/; Secure; HttpOnly\n")
        .responses(http_prefix),
    error("cookie-none-without-secure", Draft(BIS), "SameSite=None needs Secure: browsers drop the cookie.", "Set Secure.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; SameSite=None\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; SameSite=None; Secure\n")
        .responses(none_without_secure),
    error("cookie-secure-over-http", Draft(BIS), "A Secure cookie that comes without TLS is dropped by browsers; one whose name promises it even from this machine itself.", "Serve it over https.")
        .about(&["Set-Cookie"])
        .example("@http://h.test/\nHTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Secure\n", "@https://h.test/\nHTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Secure\n")
        .responses(secure_over_http),
    error("cookie-domain-foreign", Rfc(6265, "5.3"), "Domain must be this host or one above it; browsers drop the cookie otherwise.", "Leave Domain out, or name this host's own domain.")
        .about(&["Set-Cookie"])
        .example("@https://shop.test/\nHTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Domain=other.test\n", "@https://shop.test/\nHTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Domain=shop.test\n")
        .responses(domain_foreign),
    error("cookie-domain-top", Rfc(6265, "5.3"), "A cookie for a whole top-level domain, or another suffix under which anybody may register, would reach everybody there: browsers drop it, unless the host is that suffix itself.", "Name the site's own domain.")
        .about(&["Set-Cookie"])
        .example("@https://shop.co.uk/\nHTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Domain=co.uk\n", "@https://shop.test/\nHTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1\n")
        .responses(domain_top),
    warn("cookie-domain-address", Rfc(6265, "5.1.3"), "Domain does not work with addresses: below an address there are no hosts.", "Leave Domain out.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Domain=192.0.2.1\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1\n")
        .responses(domain_address),
    info("cookie-path-relative", Rfc(6265, "5.2.4"), "A Path that does not begin with / is replaced by the path of the request.", "Begin it with /.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=shop\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=/shop\n")
        .responses(path_relative),
    error("cookie-too-large", Draft(BIS), "Name and value together may have 4096 bytes; browsers drop larger cookies.", "Keep an id in the cookie and the rest on the server.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a={9000}\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1\n")
        .responses(too_large),
    error("cookie-control", Draft(BIS), "A cookie with a control byte in it is dropped whole; Chromium counts a tab as one.", "Encode the value.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1\u{7}2\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=12\n")
        .responses(control),
    error("cookie-empty", Draft(BIS), "A cookie without name and value is dropped.", "Give it a name.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: =; Path=/\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=; Path=/\n")
        .responses(empty),
    warn("cookie-nameless", Draft(BIS), "A cookie without a name: browsers keep it, servers often cannot read it. Browsers drop it where its value would pass for a name with a prefix.", "Give it a name.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: token\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: t=token\n")
        .responses(nameless),
    warn("cookie-name-odd", Rfc(6265, "4.1.1"), "The name should be a token; browsers keep it as it is, but servers differ in how they read it back.", "Use letters, digits, - and _.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a b=1\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a_b=1\n")
        .responses(name_odd),
    info("cookie-value-odd", Rfc(6265, "4.1.1"), "Blanks, commas, backslashes and inner quotes have no place in a value: servers differ in how they read it back.", "Percent-encode the value.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=x y\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=x%20y\n")
        .responses(value_odd),
    warn("cookie-max-age", Rfc(6265, "5.2.2"), "Max-Age is a whole number of seconds; another value is ignored, and the cookie goes with the session.", "Write digits.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Max-Age=1h\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Max-Age=3600\n")
        .responses(max_age),
    info("cookie-over-400-days", Draft(BIS), "Browsers keep no cookie longer than 400 days.", "Renew it from time to time.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Max-Age=94608000\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Max-Age=2592000\n")
        .responses(over_400_days),
    warn("cookie-expires", Rfc(6265, "5.1.1"), "Browsers cannot read a date in this, so the cookie goes with the session.", "Write it like Sun, 06 Nov 1994 08:49:37 GMT.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Expires=tomorrow\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Expires=Mon, 23 Nov 2026 12:00:00 GMT\n")
        .responses(expires),
    warn("cookie-twice", Rfc(6265, "4.1.1"), "The same cookie, for the same domain and path, is set twice in one response: only the last stays.", "Set it once.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=/\nSet-Cookie: a=2; Path=/\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=/\nSet-Cookie: b=2; Path=/\n")
        .responses(twice),
    warn("cookie-attribute-unknown", Rfc(6265, "5.2"), "User agents ignore attributes that they do not know.", "Correct or remove it.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; HttpsOnly\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; HttpOnly\n")
        .responses(attribute_unknown),
    warn("cookie-same-site-unknown", Draft(BIS), "SameSite is Strict, Lax or None; another value counts as if it were not there.", "Write one of the three.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; SameSite=Medium\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; SameSite=Lax\n")
        .responses(same_site_unknown),
    error("cookie-partitioned-without-secure", Draft("draft-cutler-httpbis-partitioned-cookies"), "Partitioned needs Secure: browsers drop the cookie.", "Set Secure.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Partitioned\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Partitioned; Secure\n")
        .responses(partitioned),
    error("cookies-joined", Rfc(6265, "3"), "Two cookies in one line with a comma between them: the second is lost, for commas mean nothing here.", "Send each cookie in a line of its own.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=/, b=2; Path=/\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1; Path=/\nSet-Cookie: b=2; Path=/\n")
        .responses(joined),
    info("cookie-session-open-to-scripts", Rfc(6265, "4.1.2.6"), "The name looks like a session's, and scripts may read it: a script that does not belong there can take it away.", "Set HttpOnly.")
        .about(&["Set-Cookie"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: sessionid=38afes7a8; Secure\n", "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: sessionid=38afes7a8; Secure; HttpOnly\n")
        .responses(open_to_scripts),
    warn("cookie-syntax", Rfc(6265, "4.2.1"), "Cookie is name=value pairs with semicolons between them; other separators are read as part of a value.", "Separate cookies by a semicolon and a space.")
        .about(&["Cookie"])
        .example("GET / HTTP/1.1\nHost: h\nCookie: a=1, b=2\n", "GET / HTTP/1.1\nHost: h\nCookie: a=1; b=2\n")
        .requests(cookie_syntax),
    warn("cookie-lines-in-http1", Rfc(6265, "5.4"), "In HTTP/1 a user agent sends one Cookie line; some servers read only the first.", "Join the lines with semicolons.")
        .about(&["Cookie"])
        .example("GET / HTTP/1.1\nHost: h\nCookie: a=1\nCookie: b=2\n", "GET / HTTP/1.1\nHost: h\nCookie: a=1; b=2\n")
        .requests(cookie_lines),
];

fn cookies<'c>(case: &'c Case<'_>) -> impl Iterator<Item = SetCookie<'c>> {
    case.message.lines.iter().filter(|line| line.is("Set-Cookie")).map(SetCookie::of)
}

fn host_prefix(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case).filter(|cookie| cookie.named("__Host-")) {
        if let Some((span, _)) = cookie.domain() {
            found.part(cookie.line, span, "the __Host- prefix forbids Domain");
        }
        if !cookie.has("Secure") {
            found.part(cookie.line, &cookie.whole, "the __Host- prefix needs Secure");
        }
        if cookie.attribute("Path").and_then(|(_, value)| value) != Some(b"/") {
            found.part(cookie.line, &cookie.whole, "the __Host- prefix needs Path=/");
        }
    }
}

fn http_prefix(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        let promises = cookie.promises();
        if promises.http && !cookie.has("HttpOnly") {
            found.part(cookie.line, &cookie.whole, "the prefix of its name needs HttpOnly");
        }
        // Of __Host-Http- the rule of __Host- says it.
        if promises.http && !promises.host && !cookie.has("Secure") {
            found.part(cookie.line, &cookie.whole, "the prefix of its name needs Secure");
        }
    }
}

fn secure_prefix(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case).filter(|cookie| cookie.named("__Secure-") && !cookie.has("Secure")) {
        found.part(cookie.line, &cookie.whole, "the __Secure- prefix needs Secure");
    }
}

fn none_without_secure(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case).filter(|cookie| !cookie.has("Secure")) {
        if let Some((span, Some(value))) = cookie.attribute("SameSite")
            && value.eq_ignore_ascii_case(b"none")
        {
            found.part(cookie.line, span, "SameSite=None needs Secure");
        }
    }
}

fn secure_over_http(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // Browsers treat the machine itself as secure.
    let local = case.view.host.is_some_and(|host| {
        host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "::1"
    });
    if case.view.scheme != Some(Scheme::Http) {
        return;
    }
    for cookie in cookies(case).filter(|cookie| !local || cookie.promises().secure) {
        if let Some((span, _)) = cookie.attribute("Secure") {
            found.part(cookie.line, span, "Secure, but this came without TLS");
        }
    }
}

fn domain_foreign(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(host) = case.view.host.map(str::to_ascii_lowercase) else { return };
    for cookie in cookies(case) {
        if let Some((span, domain)) = cookie.domain() {
            let below = host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
            if host != domain && (!below || is_address(&host)) {
                found.part(cookie.line, span, format!("{host} is not within this domain"));
            }
        }
    }
}

fn domain_top(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some((span, domain)) = cookie.domain()
            && reaches_strangers(&domain, case.view.host)
        {
            let says = if domain.contains('.') { "a public suffix" } else { "a whole top-level domain" };
            found.part(cookie.line, span, format!("{says}: the cookie would reach everybody under it"));
        }
    }
}

fn domain_address(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some((span, domain)) = cookie.domain()
            && is_address(&domain)
        {
            found.part(cookie.line, span, "an address has no hosts below it");
        }
    }
}

fn path_relative(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some((span, Some(value))) = cookie.attribute("Path")
            && !value.is_empty()
            && !value.starts_with(b"/")
        {
            found.part(cookie.line, span, "does not begin with /: ignored");
        }
    }
}

fn too_large(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        let size = cookie.name.map_or(0, <[u8]>::len) + cookie.value.len();
        if size > 4096 {
            found.part(cookie.line, &cookie.whole, format!("{size} bytes"));
        }
    }
}

fn control(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        let kept = [cookie.name.unwrap_or_default(), cookie.value];
        let tab = || {
            let there = kept.iter().any(|part| part.contains(&b'\t'));
            memchr::memchr(b'\t', cookie.line.value.get(cookie.whole.clone())?).filter(|_| there)
        };
        if let Some(at) = crate::inspect::value::control(cookie.line.value) {
            found.part(cookie.line, &(at..at + 1), "a control byte: the cookie is dropped");
        } else if let Some(at) = tab() {
            let at = cookie.whole.start + at;
            found.part(cookie.line, &(at..at + 1), "a tab: Chromium drops the cookie");
        }
    }
}

fn empty(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in
        cookies(case).filter(|cookie| cookie.name.unwrap_or_default().is_empty() && cookie.value.is_empty())
    {
        found.part(cookie.line, &cookie.whole, "neither name nor value");
    }
}

fn nameless(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in
        cookies(case).filter(|cookie| cookie.name.unwrap_or_default().is_empty() && !cookie.value.is_empty())
    {
        let says = if cookie.passes_for_prefixed() {
            "without a name its value would pass for a name with a prefix: dropped"
        } else {
            "a value without a name"
        };
        found.part(cookie.line, &cookie.whole, says);
    }
}

fn name_odd(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some(name) = cookie.name.filter(|name| !name.is_empty() && !is_token(name)) {
            found.part(cookie.line, &(cookie.whole.start..cookie.whole.start + name.len()), "not a token");
        }
    }
}

fn value_odd(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        let inner = cookie
            .value
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""))
            .unwrap_or(cookie.value);
        if let Some(at) = inner.iter().position(|byte| b" \t,\\\"".contains(byte) || *byte >= 0x80) {
            let from = cookie.whole.end - cookie.value.len() + (cookie.value.len() - inner.len()).min(1) + at;
            found.part(cookie.line, &(from..from + 1), "this byte should be encoded in a cookie's value");
        }
    }
}

fn max_age(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some((span, value)) = cookie.attribute("Max-Age")
            && seconds(value).is_none()
        {
            found.part(cookie.line, span, "not a whole number of seconds: ignored");
        }
    }
}

fn over_400_days(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const LONGEST: i64 = 400 * 86_400;
    let now = case.view.arrived.or_else(|| {
        case.message.first("Date").and_then(|line| read_date(line.value, None).ok()).map(|date| date.unix)
    });
    for cookie in cookies(case) {
        if let Some((span, value)) = cookie.attribute("Max-Age") {
            if seconds(value).is_some_and(|seconds| seconds > LONGEST) {
                found.part(cookie.line, span, "browsers keep it for 400 days");
            }
        } else if let (Some((span, Some(value))), Some(now)) = (cookie.attribute("Expires"), now)
            && cookie_date(value).is_some_and(|date| date.saturating_sub(now) > LONGEST)
        {
            found.part(cookie.line, span, "browsers keep it for 400 days");
        }
    }
}

fn expires(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some((span, value)) = cookie.attribute("Expires")
            && cookie_date(value.unwrap_or_default()).is_none()
        {
            found.part(cookie.line, span, "no date that browsers can read: a session cookie");
        }
    }
}

fn twice(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let all: Vec<_> = cookies(case).take(100).collect();
    let key = |cookie: &SetCookie<'_>| {
        let path = cookie.attribute("Path").and_then(|(_, value)| value).map(<[u8]>::to_vec);
        (cookie.name.map(<[u8]>::to_vec), cookie.domain().map(|(_, domain)| domain), path)
    };
    for (at, cookie) in all.iter().enumerate() {
        if all.iter().take(at).any(|before| before.name == cookie.name && key(before) == key(cookie)) {
            found.part(cookie.line, &cookie.whole, "this cookie was set before in this response");
        }
    }
}

fn attribute_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        for (span, name, _) in &cookie.attributes {
            let known = cookie.line.field.is_none_or(|field| field.word(name).is_some());
            let joined = name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b',');
            if !known
                && !joined
                && !name.eq_ignore_ascii_case(b"Version")
                && !name.eq_ignore_ascii_case(b"Comment")
            {
                found.part(cookie.line, span, "not an attribute that user agents know");
            }
        }
    }
}

fn same_site_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        if let Some((span, value)) = cookie.attribute("SameSite") {
            let value = value.unwrap_or_default();
            if ![&b"strict"[..], b"lax", b"none"].iter().any(|known| value.eq_ignore_ascii_case(known)) {
                found.part(cookie.line, span, "Strict, Lax or None is expected");
            }
        }
    }
}

fn partitioned(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case).filter(|cookie| !cookie.has("Secure")) {
        if let Some((span, _)) = cookie.attribute("Partitioned") {
            found.part(cookie.line, span, "Partitioned needs Secure");
        }
    }
}

/// A comma that a name and `=` follow, outside of a date.
fn joined(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for cookie in cookies(case) {
        for (span, name, value) in &cookie.attributes {
            let held = value.unwrap_or(name);
            let expires = name.eq_ignore_ascii_case(b"Expires");
            let commas = memchr::memchr_iter(b',', held).count();
            let second = held.split(|byte| *byte == b',').next_back().is_some_and(|rest| {
                is_token(rest.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii())
                    && rest.contains(&b'=')
            });
            if commas > usize::from(expires) && second {
                found.part(cookie.line, span, "a second cookie behind a comma is lost");
            }
        }
    }
}

fn open_to_scripts(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const NAMES: [&str; 12] = [
        "sessionid",
        "phpsessid",
        "jsessionid",
        "asp.net_sessionid",
        "connect.sid",
        "session",
        "sid",
        "session_id",
        "laravel_session",
        "auth_token",
        "access_token",
        "remember_token",
    ];
    for cookie in cookies(case).filter(|cookie| !cookie.has("HttpOnly") && cookie.value.len() > 6) {
        let name =
            cookie.name.map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()).unwrap_or_default();
        let bare = name.trim_start_matches("__host-").trim_start_matches("__secure-");
        if NAMES.contains(&bare) {
            found.part(cookie.line, &cookie.whole, "looks like a session's, and scripts may read it");
        }
    }
}

fn cookie_syntax(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Cookie") {
        let several = line.value.contains(&b';');
        let comma = memchr::memchr_iter(b',', line.value).find(|at| {
            let behind = line.value.get(at + 1..).unwrap_or_default();
            let rest = behind.trim_ascii_start();
            let end = rest.iter().position(|byte| b"=;,".contains(byte));
            let name = end.filter(|end| rest.get(*end) == Some(&b'=')).and_then(|end| rest.get(..end));
            // Where semicolons separate, a comma without a blank is rather a byte of somebody's value.
            name.is_some_and(is_token) && (!several || behind.len() > rest.len())
        });
        if let Some(at) = comma {
            found.part(line, &(at..at + 1), "a comma separates no cookies: a semicolon does");
        }
    }
}

fn cookie_lines(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !case.message.is_multiplexed() {
        for line in case.message.all("Cookie").skip(1) {
            found.name(line, "a second Cookie line");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::all_said;

    fn set(url: &str, line: &str) -> String {
        format!("@{url}\nHTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: {line}\n")
    }

    #[test]
    fn rfc6265_5_3_a_public_suffix_sets_cookies_for_itself_only() {
        for (url, line, words) in [
            ("https://shop.co.uk/", "a=1; Domain=co.uk", "a public suffix"),
            ("https://a.github.io/", "a=1; Domain=.github.io", "a public suffix"),
            ("https://github.io/", "a=1; Domain=github.io", ""),
            ("https://shop.test/", "a=1; Domain=test", "a whole top-level domain"),
            ("https://localhost/", "a=1; Domain=localhost", ""),
            ("https://a.shop.test/", "a=1; Domain=shop.test", ""),
        ] {
            all_said("cookie-domain-top", &[(&set(url, line), words)]);
        }
    }

    #[test]
    fn rfc6265_5_2_3_one_dot_is_removed_and_5_1_3_addresses_have_no_hosts_below() {
        for (url, line, words) in [
            ("https://shop.a.test/", "a=1; Domain=.a.test", ""),
            ("https://shop.a.test/", "a=1; Domain=..a.test", "is not within this domain"),
            ("https://192.0.2.1/", "a=1; Domain=0.2.1", "is not within this domain"),
        ] {
            all_said("cookie-domain-foreign", &[(&set(url, line), words)]);
        }
    }

    #[test]
    fn rfc6265bis_4_1_3_prefixes_without_their_promise() {
        for (rule, url, line, words) in [
            ("cookie-http-prefix", "https://h.test/", "__Http-a=1; Secure", "needs HttpOnly"),
            ("cookie-http-prefix", "https://h.test/", "__Http-a=1; HttpOnly", "needs Secure"),
            ("cookie-http-prefix", "https://h.test/", "__Host-Http-a=1; Secure; Path=/", "needs HttpOnly"),
            ("cookie-http-prefix", "https://h.test/", "__Host-Http-a=1; Secure; Path=/; HttpOnly", ""),
            ("cookie-host-prefix", "https://h.test/", "__Host-Http-a=1; Secure; HttpOnly", "needs Path=/"),
            ("cookie-secure-over-http", "http://localhost/", "__Secure-a=1; Secure", "came without TLS"),
            ("cookie-secure-over-http", "http://localhost/", "a=1; Secure", ""),
            ("cookie-nameless", "https://h.test/", "__Host-a", "pass for a name with a prefix"),
            ("cookie-control", "https://h.test/", "a=b\tc", "a tab"),
        ] {
            all_said(rule, &[(&set(url, line), words)]);
        }
    }

    #[test]
    fn rfc6265_4_2_1_a_comma_separates_no_cookies() {
        const SAID: &str = "a comma separates no cookies";
        for (value, words) in [
            ("a=1, b=2; c=3", SAID),
            ("a=1,b=2", SAID),
            ("c=3; a=1, b=2", SAID),
            ("a=b; c={\"x\":1,\"y\":2}; d=", ""),
            ("consent=1,2; a=b", ""),
            ("a=x,y=z; b=1", ""),
        ] {
            all_said("cookie-syntax", &[(&format!("GET / HTTP/1.1\nHost: h\nCookie: {value}\n"), words)]);
        }
    }
}
