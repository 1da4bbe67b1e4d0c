//! What words are looked for in, borrowed from wherever it is kept: a million rows are looked through
//! without a copy of any.

use super::{Query, Term};
use crate::exchange::Summary;

/// The texts of one exchange that words may occur in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The method.
    pub method: &'a str,
    /// http or https.
    pub scheme: &'a str,
    /// Host and port.
    pub host: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// The status that the client got.
    pub status: Option<u16>,
    /// The answer's media type.
    pub media_type: &'a str,
    /// The failure's kind, as in JSON.
    pub failure: &'a str,
    /// The failure in words.
    pub says: &'a str,
    /// The client's address and port.
    pub client: &'a str,
}

impl<'a> Facts<'a> {
    /// Those of a row.
    #[must_use]
    pub fn of(summary: &'a Summary) -> Self {
        let failure = summary.failure.as_ref();
        Self {
            method: &summary.method,
            scheme: summary.scheme.as_str(),
            host: &summary.host,
            path: &summary.path,
            status: summary.status,
            media_type: summary.media_type.as_deref().unwrap_or_default(),
            failure: failure.map_or("", |failure| failure.kind.as_str()),
            says: failure.map_or("", |failure| failure.says.as_str()),
            client: &summary.client,
        }
    }

    /// All in one line; the URL as `Summary::url` has it.
    fn write(&self, into: &mut String) {
        into.push_str(self.method);
        into.push(' ');
        if self.method != "CONNECT" && !self.host.is_empty() {
            into.push_str(self.scheme);
            into.push_str("://");
        }
        into.push_str(self.host);
        into.push_str(self.path);
        into.push(' ');
        self.status.into_iter().for_each(|status| push_status(into, status));
        for text in [self.media_type, self.failure, self.says, self.client] {
            into.push(' ');
            into.push_str(text);
        }
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

/// A query at work on many rows; keeps its buffers.
#[derive(Debug)]
pub struct Matcher<'q> {
    query: &'q Query,
    text: String,
    lower: String,
}

impl<'q> Matcher<'q> {
    /// For a run of rows.
    #[must_use]
    pub fn new(query: &'q Query) -> Self {
        Self { query, text: String::new(), lower: String::new() }
    }

    /// Whether these facts are meant.
    pub fn matches(&mut self, facts: &Facts<'_>) -> bool {
        self.text.clear();
        facts.write(&mut self.text);
        self.lower.clear();
        if self.text.is_ascii() {
            self.lower.push_str(&self.text);
            self.lower.make_ascii_lowercase();
        } else {
            self.lower.extend(self.text.chars().flat_map(char::to_lowercase));
        }
        self.query.terms.iter().all(|term| self.occurs(term, facts) != term.without)
    }

    fn occurs(&self, term: &Term, facts: &Facts<'_>) -> bool {
        if !term.exact {
            return self.lower.contains(&term.lower);
        }
        // The case of hosts and methods never matters.
        self.text.contains(&term.text) || [facts.host, facts.method].iter().any(|text| has(text, &term.lower))
    }
}

fn has(text: &str, lower: &str) -> bool {
    if text.is_ascii() {
        let wanted = lower.as_bytes();
        return text.as_bytes().windows(wanted.len().max(1)).any(|part| part.eq_ignore_ascii_case(wanted));
    }
    text.chars().flat_map(char::to_lowercase).collect::<String>().contains(lower)
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
}
