//! Answers that hopscope makes itself: a status, words for the person, and Proxy-Status for programs.

use super::response::ResponseBody;
use crate::exchange::{Failure, Flags, Kind, Phase, Side};
use crate::hop::{self, Fault, Framing};
use crate::recorder::Recording;
use crate::tap::{End, HeadOf, OutHead};
use bytes::Bytes;
use hyper::{Response, StatusCode};
use std::time::SystemTime;

/// An answer of our own, before it is written.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    fields: Vec<(&'static str, String)>,
    body: Bytes,
    close: bool,
}

impl Answer {
    /// An answer with a plain-text body.
    #[must_use]
    pub fn text(status: u16, body: String) -> Self {
        let fields = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Self { status, fields, body: Bytes::from(body), close: false }
    }

    /// What a request whose head was refused gets: the connection's state is unknown, so it closes.
    #[must_use]
    pub fn refusal(fault: &Fault, pseudonym: &str) -> Self {
        let says = format!(
            "hopscope did not pass this request on.\n\n{}\n\nIt breaks {}, at byte {} of its head.\n",
            fault.says, fault.clause, fault.offset
        );
        let error = if fault.status == 508 { "proxy_loop_detected" } else { "http_request_error" };
        Self::text(fault.status, says)
            .with("Proxy-Status", proxy_status(pseudonym, error, &fault.says))
            .closing()
    }

    /// What a request gets whose origin failed: 502 or 504 (RFC 9110 15.6.3, 15.6.5); 400 when it
    /// was the client's own body (RFC 9112 8), 408 when that did not come (RFC 9110 15.5.9).
    #[must_use]
    pub fn failure(failure: &Failure, pseudonym: &str) -> Self {
        let status = match (failure.kind, failure.side) {
            (Kind::Loop, _) => 508,
            (Kind::TooMany, Side::Client) => 503,
            (Kind::Malformed | Kind::Closed, Side::Client) => 400,
            (Kind::TimedOut, Side::Client) => 408,
            (Kind::TimedOut, Side::Origin) => 504,
            _ => 502,
        };
        if matches!(status, 400 | 408) {
            let says = format!("hopscope could not pass this request on whole.\n\n{}\n", failure.says);
            return Self::text(status, says)
                .with("Proxy-Status", proxy_status(pseudonym, "http_request_error", &failure.says));
        }
        let says = format!(
            "hopscope could not get an answer to this request.\n\n{}\n{}\n",
            failure.says,
            if failure.phase == Phase::Parent { parent_cure(failure.kind) } else { cure(failure.kind) }
        );
        Self::text(status, says)
            .with("Proxy-Status", proxy_status(pseudonym, error_type(failure), &failure.says))
    }

    /// What a client gets that has as many connections as one may have.
    #[must_use]
    pub fn crowded(limit: usize, pseudonym: &str) -> Self {
        let says = format!(
            "hopscope serves {limit} connections of one client at once (limits.client_connections in config.toml), \
             and this one has them.\n"
        );
        let status =
            proxy_status(pseudonym, "connection_limit_reached", "too many connections of this client");
        Self::text(503, says).with("Retry-After", "1").with("Proxy-Status", status).closing()
    }

    /// The whole answer as it is written where no engine is at work.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        let fields: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let head = hop::answer(self.status, &fields, self.body.len() as u64, self.close, SystemTime::now());
        [head, self.body.clone()].concat().into()
    }

    /// What we say as the final recipient of TRACE or OPTIONS.
    #[must_use]
    pub fn local(local: hop::LocalAnswer) -> Self {
        Self { status: local.status, fields: local.fields, body: Bytes::from(local.body), close: false }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Replaces the media type.
    #[must_use]
    pub fn typed(mut self, media_type: &str) -> Self {
        media_type.clone_into(&mut self.fields[0].1);
        self
    }

    /// The connection closes behind it.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// Queues the exact head at the client's end, records it, and gives the engine its stand-in.
    pub fn send(
        self,
        client: &End,
        recording: &Recording,
        to_head: bool,
        persistent: bool,
    ) -> Response<ResponseBody> {
        let close = self.close || !persistent;
        let fields: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (length, now) = (self.body.len() as u64, SystemTime::now());
        let raw = match client {
            End::Http1 { .. } => hop::answer(self.status, &fields, length, close, now),
            End::Http2 { .. } => hop::answer_http2(self.status, &fields, length, now),
        };
        let bodiless = to_head || self.status == 204 || self.status == 304;
        let (body, framing) = match self.body {
            _ if bodiless => (Bytes::new(), Framing::None),
            body => (body.clone(), Framing::Length(body.len() as u64)),
        };
        note_answer(recording, self.status, &self.fields, &body);
        let (of, sent) = (HeadOf::Response { over: true }, recording.watcher());
        client.queue(OutHead { raw, framing, closes: close, of, sent }, Vec::new());
        stand_in(self.status, ResponseBody::ours(body, recording.clone()), close)
    }
}

fn note_answer(recording: &Recording, status: u16, fields: &[(&'static str, String)], body: &Bytes) {
    recording.note(|exchange| {
        exchange.summary.status = Some(status);
        exchange.summary.flags.add(Flags::OURS);
        exchange.summary.media_type =
            fields.first().map(|(_, value)| value.split(';').next().unwrap_or_default().to_owned());
        exchange.summary.response_bytes = body.len() as u64;
    });
}

/// hyper's view of a response: only what decides about framing and persistence.
pub fn stand_in(status: u16, body: ResponseBody, close: bool) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    if close && status != 101 {
        let value = hyper::header::HeaderValue::from_static("close");
        response.headers_mut().insert(hyper::header::CONNECTION, value);
    }
    response
}

/// RFC 9209: who failed, how, and in words. The details are a structured-field string (RFC 8941 3.3.3).
fn proxy_status(pseudonym: &str, error: &str, details: &str) -> String {
    let details: String = details
        .chars()
        .map(|char| if char.is_ascii_graphic() || char == ' ' { char } else { '?' })
        .flat_map(|char| match char {
            '"' | '\\' => vec!['\\', char],
            _ => vec![char],
        })
        .collect();
    format!("{}; error={error}; details=\"{details}\"", token(pseudonym))
}

/// The pseudonym as an sf-token where it is one, else as a string (RFC 9209 2).
fn token(pseudonym: &str) -> String {
    let fits = pseudonym.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&b))
        && pseudonym.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if fits { pseudonym.to_owned() } else { format!("\"{}\"", pseudonym.replace(['"', '\\'], "")) }
}

/// RFC 9209 2.3: the error type that fits.
fn error_type(failure: &Failure) -> &'static str {
    if failure.phase == Phase::Parent {
        return match failure.kind {
            Kind::Denied => "proxy_configuration_error",
            Kind::Loop => "proxy_loop_detected",
            _ => "destination_unavailable",
        };
    }
    match failure.kind {
        Kind::Refused => "connection_refused",
        Kind::Unresolvable => "dns_error",
        Kind::TimedOut => match failure.phase {
            Phase::Resolve => "dns_timeout",
            Phase::Connect | Phase::Tls => "connection_timeout",
            Phase::Send => "connection_write_timeout",
            _ => "http_response_timeout",
        },
        Kind::Reset | Kind::Closed => "connection_terminated",
        Kind::Untrusted => "tls_certificate_error",
        Kind::Handshake | Kind::CertificateRefused => "tls_protocol_error",
        Kind::Malformed => "http_protocol_error",
        Kind::TooLarge => "http_response_header_section_size",
        Kind::Loop => "proxy_loop_detected",
        Kind::Unreachable => "destination_ip_unroutable",
        Kind::TooMany => "connection_limit_reached",
        Kind::GaveUp | Kind::Denied => "proxy_internal_error",
    }
}

/// What the person can do about a parent proxy.
fn parent_cure(kind: Kind) -> &'static str {
    match kind {
        Kind::Denied => {
            "The origin was not asked. Credentials belong into --upstream http://USER:PASS@HOST:PORT; \
             --upstream-for HOST=direct goes round the parent."
        }
        Kind::Loop => "Two hopscopes in a row need different names: --pseudonym NAME.",
        Kind::Untrusted => {
            "Trust its root with --origin-ca FILE, or let it pass with --origin-insecure=HOST."
        }
        _ => {
            "The origin was not asked. Is the parent proxy (--upstream) running, and does it speak what its URL says?"
        }
    }
}

/// What the person can do about it.
fn cure(kind: Kind) -> &'static str {
    match kind {
        Kind::Refused => "Is the server running, and on that port?",
        Kind::Unresolvable => "Check the name, and this machine's name server.",
        Kind::TimedOut => {
            "The limits are limits.connect_timeout, limits.tls_timeout, limits.write_timeout and \
             limits.response_timeout in config.toml."
        }
        Kind::Reset | Kind::Closed => "The server ended the connection; its own log may say why.",
        Kind::Handshake => "The server and hopscope found no common way to secure the connection.",
        Kind::Malformed => "The raw bytes are in the capture: hopscope show ID --part raw.",
        Kind::TooLarge => "The limits are limits.head and limits.fields in config.toml.",
        Kind::Loop => "Two hopscopes in a row need different names: --pseudonym NAME.",
        Kind::Unreachable => "Check the network between this machine and the server.",
        Kind::TooMany => "The limits are in config.toml.",
        // The cure depends on the reason, and stands behind it.
        Kind::Untrusted | Kind::CertificateRefused | Kind::GaveUp | Kind::Denied => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9209_2_proxy_status() {
        assert_eq!(
            proxy_status("hopscope", "dns_error", "no \"such\" näme"),
            r#"hopscope; error=dns_error; details="no \"such\" n?me""#
        );
        assert_eq!(token("two words"), "\"two words\"");
    }
}
