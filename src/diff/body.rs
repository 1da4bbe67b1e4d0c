//! Two bodies: the same bytes, else by what they are; never more than [`LARGEST`] bytes of either.

use super::found::Found;
use super::item::{Item, Place};
use super::{json, text};
use crate::exchange::{Body, BodyPlace, Head};
use crate::text::units;
use crate::view;
use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use std::io::{Cursor, Read as _};

/// Bytes from which bodies are compared as bytes only, and no further.
pub const LARGEST: usize = 8 << 20;

/// Bytes of a binary body that are shown from the first difference on.
pub const WINDOW: usize = 16;

/// A body with what is known about it.
pub(super) struct Content<'a> {
    /// Its kept bytes as received, from the start: all, or more than [`LARGEST`].
    pub bytes: &'a Bytes,
    pub head: &'a Head,
    pub body: &'a Body,
}

/// Compares two bodies.
pub(super) fn compare(left: &Content<'_>, right: &Content<'_>) -> Found {
    let mut notes = Vec::new();
    for (side, content) in [("left", left), ("right", right)] {
        notes.extend(content.caveat().map(|caveat| format!("the {side} body {caveat}")));
    }
    let mut found = unlike(left, right, &mut notes);
    notes.append(&mut found.notes);
    Found { notes, ..found }
}

fn unlike(left: &Content<'_>, right: &Content<'_>, notes: &mut Vec<String>) -> Found {
    let codings = (view::codings(left.head), view::codings(right.head));
    if left.is_large() || right.is_large() {
        return binary(left.bytes, right.bytes, left.is_same_file(right));
    }
    if left.bytes == right.bytes && codings.0 == codings.1 {
        return Found::default();
    }
    let one = decoded(left.bytes, &codings.0);
    let other = decoded(right.bytes, &codings.1);
    let (one, other) = match (one, other) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(why), _) | (_, Err(why)) => {
            notes.push(format!("compared as received: {why}"));
            return binary(left.bytes, right.bytes, false);
        }
    };
    let same = one == other && one.len() <= LARGEST;
    if !(codings.0.is_empty() && codings.1.is_empty()) {
        let outcome = if same { "the same when decoded" } else { "compared decoded" };
        let received = (left.received(&codings.0), right.received(&codings.1));
        notes.push(format!("{outcome}; as received: {} / {}", received.0, received.1));
    }
    if same {
        return Found::default();
    }
    plain((&left.media(), &one), (&right.media(), &other))
}

/// Compares two bodies without codings that differ.
fn plain((left_media, left): (&[u8], &Bytes), (right_media, right): (&[u8], &Bytes)) -> Found {
    if left.is_empty() || right.is_empty() {
        let some = |bytes: &Bytes| Some(bytes.clone()).filter(|bytes| !bytes.is_empty());
        let mut found = Found::new("one has none");
        found.push(Item::lone(Place::Body, some(left), some(right)));
        return found;
    }
    if left.len().max(right.len()) > LARGEST {
        return binary(left, right, false);
    }
    let both = |is: &dyn Fn(&[u8]) -> bool| is(left_media) && is(right_media);
    if both(&|media| media == b"application/x-www-form-urlencoded") {
        return form(left, right);
    }
    if let Some(found) = json::compare(left, right) {
        return found;
    }
    let is_text = |media: &[u8], bytes: &[u8]| {
        !bytes.contains(&0) && (media.starts_with(b"text/") || std::str::from_utf8(bytes).is_ok())
    };
    if is_text(left_media, left) && is_text(right_media, right) {
        return text::compare(left, right);
    }
    binary(left, right, false)
}

/// Compares by the first byte that differs.
fn binary(left: &Bytes, right: &Bytes, same_file: bool) -> Found {
    let mut found = Found::new("bytes");
    let window = |bytes: &Bytes, at: usize| bytes.slice(at.min(bytes.len())..(at + WINDOW).min(bytes.len()));
    let cut = |bytes: &Bytes| bytes.slice(..bytes.len().min(LARGEST));
    let (one, other) = (cut(left), cut(right));
    let shared = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    if same_file {
        return found;
    }
    if shared < one.len().max(other.len()) {
        let place = Place::Offset(shared as u64);
        found.push(Item::changed(place, window(&one, shared), window(&other, shared)));
    } else {
        found.push(Item::changed(Place::Beyond(shared as u64), Bytes::new(), Bytes::new()));
    }
    found
}

/// Compares two forms by name, repeated names in order.
fn form(left: &Bytes, right: &Bytes) -> Found {
    let mut found = Found::new("form, by name");
    let pairs = |bytes: &Bytes| -> Vec<(String, Bytes)> {
        let pairs = url::form_urlencoded::parse(bytes);
        pairs.map(|(name, value)| (name.into_owned(), Bytes::from(value.into_owned()))).collect()
    };
    let mut others: HashMap<String, VecDeque<(usize, Bytes)>> = HashMap::new();
    for (at, (name, value)) in pairs(right).into_iter().enumerate() {
        others.entry(name).or_default().push_back((at, value));
    }
    for (name, value) in pairs(left) {
        let other = others.get_mut(&name).and_then(VecDeque::pop_front);
        found.push(match other {
            Some((_, other)) => Item::both(Place::Form(name), value, other, None),
            None => Item::lone(Place::Form(name), Some(value), None),
        });
    }
    let mut lone: Vec<_> = others
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |(at, value)| (at, name.clone(), value)))
        .collect();
    lone.sort_unstable_by_key(|(at, ..)| *at);
    for (_, name, value) in lone {
        found.push(Item::lone(Place::Form(name), None, Some(value)));
    }
    found
}

/// A body with its codings undone; at most a little more than [`LARGEST`] bytes of it.
fn decoded(bytes: &Bytes, codings: &[String]) -> Result<Bytes, String> {
    if codings.is_empty() || bytes.is_empty() {
        return Ok(bytes.clone());
    }
    let mut out = Vec::new();
    let reader = view::decoded(Box::new(Cursor::new(bytes.clone())), codings).map_err(|e| e.to_string())?;
    reader
        .take(LARGEST as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| format!("{} cannot be undone: {error}", codings.join(", ")))?;
    Ok(Bytes::from(out))
}

impl Content<'_> {
    fn is_large(&self) -> bool {
        self.bytes.len() > LARGEST
    }

    /// What crossed the wire: `gzip 312 B`.
    fn received(&self, codings: &[String]) -> String {
        let length = units::count(self.bytes.len() as u64);
        if codings.is_empty() { format!("{length} B") } else { format!("{} {length} B", codings.join(", ")) }
    }

    /// Whether two large bodies are one file of the capture, named by its hash.
    fn is_same_file(&self, other: &Self) -> bool {
        matches!((&self.body.place, &other.body.place), (BodyPlace::File(one), BodyPlace::File(two)) if one == two)
    }

    /// The media type without parameters, in lower case.
    fn media(&self) -> Vec<u8> {
        let value = self.head.value("content-type").unwrap_or_default();
        value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase()
    }

    /// Why what is compared is not all that was on the wire.
    fn caveat(&self) -> Option<String> {
        if let Some(why) = self.body.truncated {
            return Some(format!("is cut short in the capture: {}", why.says()));
        }
        (self.body.place == BodyPlace::Arriving).then(|| "is still arriving".to_owned())
    }
}
