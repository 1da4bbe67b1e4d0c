//! What is known of an exchange from its list row, borrowed from wherever it is kept: a million rows are
//! looked through without a copy of any.

use crate::exchange::{Flags, Note, State, Summary};

/// A list row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The exchange's number.
    pub id: u64,
    /// When it began, microseconds since the epoch.
    pub started: i64,
    /// The method.
    pub method: &'a str,
    /// http or https.
    pub scheme: &'a str,
    /// Host and port.
    pub host: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// The client's version.
    pub version: &'a str,
    /// The status that the client got.
    pub status: Option<u16>,
    /// Where it stands.
    pub state: State,
    /// Octets of the request's body.
    pub request_bytes: u64,
    /// Octets of the answer's body.
    pub response_bytes: u64,
    /// First to last byte, microseconds.
    pub duration: Option<u64>,
    /// Until the answer began, microseconds.
    pub ttfb: Option<u64>,
    /// The answer's media type.
    pub media_type: &'a str,
    /// Marks.
    pub flags: Flags,
    /// Whose connection failed, as in JSON.
    pub side: &'a str,
    /// What was going on when it failed.
    pub phase: &'a str,
    /// The failure's kind, as in JSON.
    pub failure: &'a str,
    /// The failure in words.
    pub says: &'a str,
    /// The client's address and port.
    pub client: &'a str,
    /// A person's note.
    pub note: &'a str,
}

impl<'a> Facts<'a> {
    /// Those of a row.
    #[must_use]
    pub fn of(summary: &'a Summary) -> Self {
        let failure = summary.failure.as_ref();
        Self {
            id: summary.id.0,
            started: summary.started,
            method: &summary.method,
            scheme: summary.scheme.as_str(),
            host: &summary.host,
            path: &summary.path,
            version: &summary.version,
            status: summary.status,
            state: summary.state,
            request_bytes: summary.request_bytes,
            response_bytes: summary.response_bytes,
            duration: summary.duration,
            ttfb: summary.ttfb,
            media_type: summary.media_type.as_deref().unwrap_or_default(),
            flags: summary.flags,
            side: failure.map_or("", |failure| failure.side.as_str()),
            phase: failure.map_or("", |failure| failure.phase.as_str()),
            failure: failure.map_or("", |failure| failure.kind.as_str()),
            says: failure.map_or("", |failure| failure.says.as_str()),
            client: &summary.client,
            note: summary.note.as_ref().map_or("", Note::as_str),
        }
    }

    /// What words are looked for in, in one line; the URL as `Summary::url` has it.
    pub(super) fn write(&self, into: &mut String) {
        into.push_str(self.method);
        into.push(' ');
        self.write_url(into);
        into.push(' ');
        self.status.into_iter().for_each(|status| push_status(into, status));
        for text in [self.media_type, self.failure, self.says, self.client] {
            into.push(' ');
            into.push_str(text);
        }
        if !self.note.is_empty() {
            into.push(' ');
            into.push_str(self.note);
        }
    }

    /// The URL as `Summary::url` has it.
    pub(super) fn write_url(&self, into: &mut String) {
        if self.method != "CONNECT" && !self.host.is_empty() {
            into.push_str(self.scheme);
            into.push_str("://");
        }
        into.push_str(self.host);
        into.push_str(self.path);
    }

    /// The host without its port, and the port, the scheme's own where none is written.
    pub(super) fn host_and_port(&self) -> (&'a str, u16) {
        let own = if self.scheme == "http" { 80 } else { 443 };
        match self.host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && (!name.contains(':') || name.ends_with(']')) => {
                match port.parse() {
                    Ok(port) => (name, port),
                    Err(_) => (self.host, own),
                }
            }
            _ => (self.host, own),
        }
    }

    /// Path and query.
    pub(super) fn path_and_query(&self) -> (&'a str, &'a str) {
        self.path.split_once('?').unwrap_or((self.path, ""))
    }

    /// Whether it failed or was cut short.
    pub(super) fn is_error(&self) -> bool {
        !self.failure.is_empty() || matches!(self.state, State::Failed | State::Aborted)
    }
}

/// Formatting a number costs more than all the rest of a row.
fn push_status(into: &mut String, status: u16) {
    let mut divisor = 10_000;
    while divisor > 1 && status / divisor == 0 {
        divisor /= 10;
    }
    while divisor > 0 {
        let digit = u8::try_from(status / divisor % 10).unwrap_or_default();
        into.push(char::from(b'0' + digit));
        divisor /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_its_digits() {
        for status in [0, 7, 99, 100, 404, 999, 1000, u16::MAX] {
            let mut text = String::new();
            push_status(&mut text, status);
            assert_eq!(text, status.to_string());
        }
    }

    #[test]
    fn a_port_is_no_part_of_the_host() {
        let parts = |host, scheme| Facts { scheme, host, ..Facts::default() }.host_and_port();
        assert_eq!(parts("a.test", "http"), ("a.test", 80));
        assert_eq!(parts("a.test:8443", "https"), ("a.test", 8443));
        assert_eq!(parts("[::1]:8080", "http"), ("[::1]", 8080));
        assert_eq!(parts("[::1]", "https"), ("[::1]", 443));
        assert_eq!(parts("a.test:", "https"), ("a.test:", 443));
    }
}
