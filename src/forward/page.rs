//! The small page that hopscope serves about itself, and its certificate.

use super::answer::Answer;
use super::context::Client;
use crate::exchange::{Authority, Head, Target};
use crate::hop;
use std::net::IpAddr;

/// Whether the target's path is one of our pages.
pub(super) fn is_page(head: &Head) -> bool {
    matches!(path(head), b"/" | b"/ca.pem" | b"/proxy.pac")
}

/// The target's path, whichever form the target has.
fn path(head: &Head) -> &[u8] {
    let (method, target, _) = head.request_line().unwrap_or_default();
    let path = match Target::parse(method, target) {
        Some(Target::Absolute { path: b"", .. }) => b"/",
        Some(Target::Absolute { path, .. }) => path,
        _ => target,
    };
    path.split(|byte| *byte == b'?').next().unwrap_or(path)
}

/// What we answer to a request for ourselves.
pub(super) fn page(client: &Client, head: &Head) -> Answer {
    let method = head.request_line().map_or(&b""[..], |(method, ..)| method);
    if method == b"OPTIONS" {
        return Answer::local(hop::options_answer());
    }
    if !is_page(head) || names_another(client, head) {
        return nowhere();
    }
    match method {
        b"GET" | b"HEAD" => read(client, head),
        b"TRACE" => Answer::local(hop::reflection(head)),
        // RFC 9110 15.5.6: "The origin server MUST generate an Allow header field".
        _ => Answer::text(405, "This page of hopscope can be read, and no more.\n".to_owned())
            .with("Allow", "GET, HEAD, OPTIONS, TRACE"),
    }
}

fn read(client: &Client, head: &Head) -> Answer {
    let authority = client.shard.interceptor.as_ref().map(|interceptor| interceptor.authority());
    match (path(head), authority) {
        (b"/", _) => welcome(client),
        (b"/ca.pem", Some(authority)) => {
            Answer::text(200, authority.pem().to_owned()).typed("application/x-pem-file")
        }
        (b"/proxy.pac", _) => pac(client),
        _ => nowhere(),
    }
}

/// Whether an origin-form request was meant for another server (RFC 9112 3.3): its Host is a name that is not ours, at a
/// port at which we do not listen. By which names we can be reached is not ours to know.
fn names_another(client: &Client, head: &Head) -> bool {
    let (method, target, _) = head.request_line().unwrap_or_default();
    let Some(host) = head.value("host").filter(|_| target.starts_with(b"/") && method != b"CONNECT") else {
        return false;
    };
    let Some(ours) = client.shard.addresses.get() else { return false };
    let meant = |port| Authority::parse(host, Some(port));
    let is_ours = |port| meant(port).is_none_or(|meant| ours.iter().any(|one| one.port() == meant.port));
    let is_known = |host: &str| {
        matches!(host, "localhost" | "hopscope" | "hopscope.internal") || host.parse::<IpAddr>().is_ok()
    };
    !is_ours(80) && !is_ours(443) && meant(80).is_some_and(|meant| !is_known(&meant.host))
}

fn nowhere() -> Answer {
    Answer::text(
        404,
        "This is hopscope, a proxy. There is no such page here.\n\n\
         If you meant another server: set hopscope as your client's HTTP proxy; it was asked as if it were \
         the server itself.\nWhat is here: / and /ca.pem and /proxy.pac\n"
            .to_owned(),
    )
}

fn welcome(client: &Client) -> Answer {
    let address = address(client);
    let trust = match &client.shard.interceptor {
        Some(interceptor) => format!(
            "To read HTTPS, let your client trust this certificate: http://{address}/ca.pem\nSHA-256 {}\n",
            interceptor.authority().fingerprint()
        ),
        None => "HTTPS is relayed unread (--no-intercept).\n".to_owned(),
    };
    Answer::text(
        200,
        format!(
            "hopscope works here.\n\nSet http://{address} as your HTTP and HTTPS proxy.\n{trust}\
             For a browser's automatic proxy setting: http://{address}/proxy.pac\n"
        ),
    )
}

fn pac(client: &Client) -> Answer {
    let script =
        format!("function FindProxyForURL(url, host) {{\n  return \"PROXY {}\";\n}}\n", address(client));
    Answer::text(200, script).typed("application/x-ns-proxy-autoconfig")
}

fn address(client: &Client) -> String {
    let first = client.shard.addresses.get().and_then(|addresses| addresses.first());
    first.map_or_else(|| "127.0.0.1:8080".to_owned(), ToString::to_string)
}
