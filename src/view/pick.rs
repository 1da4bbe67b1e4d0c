//! Which view a body gets: each claims by the media type and the first bytes, and the highest claim wins.

use super::json::Json;
use super::lines::{Lines, Paint};
use super::rows::Rows;
use super::{Hex, Text, form, markup, multipart, protobuf};
use std::sync::Arc;

/// Bytes by which a body is judged.
const FIRST: usize = 1024;

/// Bytes up to which a form is shown as a table, and parts and fields apart.
const FORM: u64 = 8 * 1024 * 1024;

/// Bytes up to which markup is indented.
const MARKUP: u64 = 256 * 1024;

/// A way to show a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A tree.
    Json,
    /// Several values, one after the other.
    Jsons,
    /// A table.
    Form,
    /// Parts.
    Multipart,
    /// Fields by number.
    Protobuf,
    /// Indented.
    Xml,
    /// Indented, with HTML's own rules.
    Html,
    /// Lines.
    Text,
    /// Bytes.
    Hex,
}

/// Of what a body says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// The Content-Type field value as on the wire.
    pub field: Vec<u8>,
}

impl Media {
    /// The type and subtype in lower case.
    #[must_use]
    pub fn essence(&self) -> String {
        let first = self.field.split(|byte| *byte == b';').next().unwrap_or_default();
        String::from_utf8_lossy(first).trim().to_ascii_lowercase()
    }
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Json,
        Self::Jsons,
        Self::Form,
        Self::Multipart,
        Self::Protobuf,
        Self::Html,
        Self::Xml,
        Self::Text,
        Self::Hex,
    ];

    /// The view for a body.
    #[must_use]
    pub fn of(media: &Media, text: &Text) -> Self {
        let (essence, first) = (media.essence(), text.get(0, FIRST));
        let best =
            Self::ALL.into_iter().rev().max_by_key(|kind| kind.claim(&essence, media, &first, text.len()));
        best.unwrap_or(Self::Hex)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json | Self::Jsons => "JSON",
            Self::Form => "form",
            Self::Multipart => "parts",
            Self::Protobuf => "protobuf",
            Self::Xml => "XML",
            Self::Html => "HTML",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }

    /// Whether it is more than the text or the bytes as they are.
    #[must_use]
    pub fn is_pretty(self) -> bool {
        !matches!(self, Self::Text | Self::Hex)
    }

    /// Whether its rows can be folded.
    #[must_use]
    pub fn has_folds(self) -> bool {
        matches!(self, Self::Json | Self::Jsons)
    }

    /// Whether its rows are made all at once, and are counted rather than found by their bytes.
    #[must_use]
    pub fn is_laid(self, text: &Text) -> bool {
        match self {
            Self::Form | Self::Multipart | Self::Protobuf => true,
            Self::Xml | Self::Html => text.len() <= MARKUP,
            _ => false,
        }
    }

    /// The body's rows in this view.
    #[must_use]
    pub fn rows(self, text: &Arc<Text>, media: &Media) -> Box<dyn Rows> {
        let small = || text.get(0, usize::try_from(FORM).unwrap_or(usize::MAX));
        match self {
            Self::Json | Self::Jsons => Box::new(Json::new(Arc::clone(text), self == Self::Jsons)),
            Self::Form => Box::new(form::laid(&small())),
            Self::Multipart => {
                Box::new(multipart::laid(&small(), &multipart::boundary(&media.field).unwrap_or_default()))
            }
            Self::Protobuf => Box::new(protobuf::laid(&small())),
            Self::Xml | Self::Html if self.is_laid(text) => {
                Box::new(markup::laid(&small(), self == Self::Html))
            }
            Self::Xml | Self::Html => Box::new(Lines::new(Arc::clone(text), Paint::Markup)),
            Self::Text => Box::new(Lines::new(Arc::clone(text), Paint::Plain)),
            Self::Hex => Box::new(Hex::new(Arc::clone(text), 16)),
        }
    }

    fn claim(self, essence: &str, media: &Media, first: &[u8], length: u64) -> u8 {
        let begin = first.trim_ascii_start();
        let begins = |with: &[u8]| begin.get(..with.len()).is_some_and(|b| b.eq_ignore_ascii_case(with));
        let vague = matches!(essence, "" | "text/plain" | "application/octet-stream");
        let readable = is_text(first);
        let by = |media: bool, bytes: bool| {
            if media && readable { 90 } else { u8::from(bytes && vague && readable) * 40 }
        };
        match self {
            Self::Json => by(
                essence.ends_with("/json") || essence.ends_with("+json"),
                begins(b"{\"") || begins(b"[{") || begins(b"[\"") || begin == b"{}" || begin == b"[]",
            ),
            Self::Jsons => by(
                ["ndjson", "jsonl", "jsonlines", "json-seq"].iter().any(|name| essence.ends_with(name)),
                false,
            ),
            Self::Form if length <= FORM => by(essence == "application/x-www-form-urlencoded", false),
            Self::Multipart if length <= FORM => {
                let fits = essence.starts_with("multipart/") && multipart::boundary(&media.field).is_some();
                u8::from(fits) * 90
            }
            Self::Protobuf if length <= FORM => {
                let names = ["protobuf", "x-protobuf", "x-google-protobuf", "vnd.google.protobuf"];
                let subtype = essence.strip_prefix("application/").unwrap_or_default();
                u8::from(names.contains(&subtype)) * 90
            }
            Self::Html => by(essence == "text/html", begins(b"<!doctype html") || begins(b"<html")),
            Self::Xml => by(essence.ends_with("/xml") || essence.ends_with("+xml"), begins(b"<?xml")),
            Self::Text => u8::from(readable) * 20,
            Self::Hex => 10,
            Self::Form | Self::Multipart | Self::Protobuf => 0,
        }
    }
}

/// Whether bytes are text that can be read as it is: hardly a control character, hardly anything that is
/// not UTF-8.
#[must_use]
pub fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.get(..FIRST).unwrap_or(bytes);
    let mut odd = bytes.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127)).count();
    odd += bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
    !bytes.contains(&0) && odd * 10 <= bytes.len() + 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn the_type_decides_and_where_it_says_little_the_bytes() {
        for (field, body, kind) in [
            ("application/json; charset=utf-8", "{}", Kind::Json),
            ("application/problem+json", "[1]", Kind::Json),
            ("application/x-ndjson", "{}\n{}", Kind::Jsons),
            ("", "{\"a\":1}", Kind::Json),
            ("text/plain", " [{\"a\":1}]", Kind::Json),
            ("text/plain", "{ not json }", Kind::Text),
            ("text/css", "{\"a\"", Kind::Text),
            ("application/x-www-form-urlencoded", "a=b", Kind::Form),
            ("multipart/form-data; boundary=x", "--x--", Kind::Multipart),
            ("multipart/form-data", "--x--", Kind::Text),
            ("text/html", "<p>", Kind::Html),
            ("", "<!DOCTYPE html><p>", Kind::Html),
            ("image/svg+xml", "<svg/>", Kind::Xml),
            ("application/x-protobuf", "\u{8}\u{1}", Kind::Protobuf),
            ("image/png", "\u{0}\u{1}\u{2}", Kind::Hex),
            ("application/json", "\u{0}\u{1}\u{2}", Kind::Hex),
            ("", "größe", Kind::Text),
        ] {
            let media = Media { field: field.as_bytes().to_vec() };
            let text = Text::new(Arc::new(Bytes::from(body)), true);
            assert_eq!(Kind::of(&media, &text), kind, "{field} {body:?}");
        }
    }
}
