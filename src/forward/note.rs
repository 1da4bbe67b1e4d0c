//! What is noted of an exchange at each step of its life.

use super::context::Client;
use crate::exchange::{Attempt, Edit, Flags, Head, Scheme, Target};
use crate::hop::{Destination, ResponseFacts};
use crate::recorder::Recording;
use crate::upstream::{Broken, Upstream, code_name};
use bytes::Bytes;
use std::time::Instant;

/// Begins the record of a request whose head came.
pub(super) fn begin(client: &Client, raw: Bytes, (began, whole): (Instant, Instant)) -> Recording {
    let recording = client.shard.recorder.begin(began, &client.peer, client.connection);
    let at = recording.at(whole);
    recording.note(|exchange| {
        if let Some(tunnel) = &client.tunnel {
            exchange.summary.scheme = tunnel.scheme;
            exchange.summary.host = tunnel.authority.text(tunnel.scheme);
        }
        exchange.heads.request_received = Some(raw);
        exchange.timing.request_head = Some(at);
        match &client.again {
            None => exchange.tunnel = client.tunnel.as_ref().map(|tunnel| tunnel.exchange),
            // It goes where the tunnel led, but did not come through it.
            Some(again) => {
                exchange.summary.parent = Some(again.parent);
                exchange.summary.flags.add(Flags::REPLAY);
            }
        }
    });
    if let Some(again) = &client.again {
        again.begin(&recording);
    }
    recording
}

/// The list row's texts from the request line. The host follows from the route; that of a request which
/// gets no route is as the target says, without userinfo, which may be a password.
pub(super) fn request_line(recording: &Recording, head: &Head) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    recording.note(|exchange| {
        let summary = &mut exchange.summary;
        let Some((method, target, version)) = head.request_line() else {
            let line = head.start_line();
            summary.path = text(&line[..line.len().min(1024)]);
            return;
        };
        summary.method = text(method);
        summary.version = text(version);
        let path = match Target::parse(method, target) {
            Some(Target::Absolute { scheme, authority, path }) => {
                summary.scheme = scheme;
                summary.host = text(authority.rsplit(|byte| *byte == b'@').next().unwrap_or(authority));
                if path.starts_with(b"/") { text(path) } else { format!("/{}", text(path)) }
            }
            Some(Target::Authority(_)) => String::new(),
            Some(Target::Origin(_) | Target::Asterisk) | None => text(target),
        };
        summary.path = path;
        // RFC 8441 4: an extended CONNECT names a resource, not a tunnel.
        if let Some(path) = head.value(":path").filter(|_| method == b"CONNECT") {
            summary.path = text(path);
            return;
        }
        if let Some(Target::Authority(authority)) = Target::parse(method, target) {
            summary.host = text(authority);
            summary.scheme = Scheme::Https;
        }
    });
}

fn media_type(value: &[u8]) -> String {
    let value = value.split(|byte| *byte == b';').next().unwrap_or(value);
    String::from_utf8_lossy(value.trim_ascii()).to_lowercase()
}

/// Where the request goes.
pub(super) fn destination(recording: &Recording, destination: &Destination, connect: bool) {
    let Destination::Origin(route) = destination else { return };
    recording.note(|exchange| {
        exchange.summary.scheme = route.scheme;
        exchange.summary.host =
            if connect { route.authority.to_string() } else { route.authority.text(route.scheme) };
    });
}

/// The final response's head came; a slow exchange is shown anew.
pub(super) fn response(
    recording: &Recording,
    head: &Head,
    facts: &ResponseFacts,
    at: Instant,
    edits: Vec<Edit>,
) {
    let at = recording.at(at);
    recording.note(|exchange| {
        exchange.heads.response_received = Some(head.raw().clone());
        exchange.response_edits = edits;
        exchange.timing.response_head = Some(at);
        exchange.summary.ttfb = Some(at);
        exchange.summary.status = Some(facts.status);
        exchange.summary.media_type = head.value("content-type").map(media_type);
    });
    recording.answered();
}

/// A sending failed, and another one follows.
pub(super) fn attempt(recording: &Recording, upstream: &Upstream, broken: Broken) {
    let says = match broken {
        Broken::Lost(kind) => format!("the reused connection had died ({kind}); sent again on a new one"),
        // Never sent again.
        Broken::Alert(_) => "the origin ended the connection with an alert".to_owned(),
        Broken::Reset(code) => {
            format!("the origin refused the stream with {} (RFC 9113 8.7); sent again", code_name(code))
        }
        Broken::Unprocessed(code) => format!(
            "the origin closed the connection with {} and had not looked at the stream (RFC 9113 8.7); \
             sent again on a new one",
            code_name(code)
        ),
    };
    let attempt = Attempt { at: recording.elapsed(), connection: upstream.id(), says };
    recording.note(|exchange| {
        exchange.attempts.push(attempt);
        exchange.summary.flags.add(Flags::RETRIED);
        exchange.heads.request_sent = None;
    });
}

/// Whether the request is out. An answer may come before that (RFC 9112 9.5).
pub(super) fn is_sent(recording: &Recording) -> bool {
    recording.note(|exchange| exchange.request_body.complete || exchange.timing.request_end.is_some())
}
