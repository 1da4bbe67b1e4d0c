//! Start lines and fields of two messages, paired by name.

use super::item::{Item, Place};
use super::noise::{self, Context};
use crate::exchange::{Field, Head};
use bytes::Bytes;
use std::collections::HashMap;

/// A start line that is not told by its parts.
pub(super) const WHOLE: &str = "start line";

/// Compares start lines and fields; what is only said about them goes into `notes`.
pub(super) fn compare(context: Context<'_>, notes: &mut Vec<String>) -> Vec<Item> {
    let mut items = start(context);
    items.extend(fields(context, &Place::Field, notes));
    items
}

/// Compares two trailer sections.
pub(super) fn trailers(left: &Bytes, right: &Bytes, notes: &mut Vec<String>) -> Vec<Item> {
    // A head begins with a start line: here it is empty.
    let parse = |section: &Bytes| Head::parse(Bytes::from([b"\r\n", &section[..]].concat()));
    let (left, right) = (parse(left), parse(right));
    fields(Context { left: &left, right: &right, bodies_differ: false }, &Place::Trailer, notes)
}

fn start(context: Context<'_>) -> Vec<Item> {
    let (left, right) = (parts(context.left), parts(context.right));
    // Part by part only where that tells more: what is the same is read as a whole.
    let same_kind = left.iter().map(|part| part.0).eq(right.iter().map(|part| part.0));
    if !same_kind || context.left.start_line() == context.right.start_line() {
        let line = |head: &Head| owned(head, head.start_line());
        return vec![Item::both(Place::Start(WHOLE), line(context.left), line(context.right), None)];
    }
    let pair = |((name, left), (_, right)): (Part<'_>, Part<'_>)| {
        let expected = match name {
            "target" => noise::target_reason(left, right, context),
            "reason" => noise::phrase_reason(context),
            _ => None,
        };
        Item::both(Place::Start(name), owned(context.left, left), owned(context.right, right), expected)
    };
    left.into_iter().zip(right).map(pair).collect()
}

/// A part of a start line, by its name.
type Part<'a> = (&'static str, &'a [u8]);

/// A start line's parts by name; as a whole when it has not the parts of either kind.
fn parts(head: &Head) -> Vec<Part<'_>> {
    let line = head.start_line();
    if let Some((version, _, reason)) = head.status_line().filter(|_| line.starts_with(b"HTTP/")) {
        let status = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        return vec![("version", version), ("status", status), ("reason", reason)];
    }
    match head.request_line() {
        Some((method, target, version)) => vec![("method", method), ("target", target), ("version", version)],
        None => vec![(WHOLE, line)],
    }
}

/// Fields in the left message's order, with those that only the right one has where they stand there.
fn fields(context: Context<'_>, place: &dyn Fn(String) -> Place, notes: &mut Vec<String>) -> Vec<Item> {
    let left: Vec<Field<'_>> = context.left.fields().filter(is_field).collect();
    let right: Vec<Field<'_>> = context.right.fields().filter(is_field).collect();
    let partners = pair(&left, &right);
    note_order(&partners, notes);
    // Names are lower-case in HTTP/2 (RFC 9113 8.2), which tells nothing of the messages.
    if !context.crosses_versions() {
        note_case(&left, &right, &partners, notes);
    }
    let mut free = vec![true; right.len()];
    for at in partners.iter().flatten() {
        if let Some(free) = free.get_mut(*at) {
            *free = false;
        }
    }
    let named = |field: &Field<'_>| place(String::from_utf8_lossy(field.name).into_owned());
    let value = |head: &Head, field: &Field<'_>| owned(head, field.value);
    let mut items = Vec::with_capacity(left.len() + right.len());
    let mut lone = (0..right.len()).filter(|at| free.get(*at) == Some(&true)).peekable();
    let only = |field: &Field<'_>, left: Option<Bytes>, right: Option<Bytes>| {
        let mut item = Item::lone(named(field), left, right);
        item.expected = noise::lone_reason(field.name, context);
        item
    };
    let only_right =
        |at: usize| right.get(at).map(|field| only(field, None, Some(value(context.right, field))));
    for (field, partner) in left.iter().zip(&partners) {
        let Some((at, other)) = partner.and_then(|at| Some((at, right.get(at)?))) else {
            items.push(only(field, Some(value(context.left, field)), None));
            continue;
        };
        while let Some(before) = lone.next_if(|before| *before < at) {
            items.extend(only_right(before));
        }
        let expected = noise::reason(field.name, field.value, other.value, context);
        let (one, other) = (value(context.left, field), value(context.right, other));
        items.push(Item::both(named(field), one, other, expected));
    }
    items.extend(lone.filter_map(only_right));
    items
}

/// For each left field the right one of the same name, repeated names in order.
fn pair(left: &[Field<'_>], right: &[Field<'_>]) -> Vec<Option<usize>> {
    let mut places: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (at, field) in right.iter().enumerate().rev() {
        places.entry(key(field)).or_default().push(at);
    }
    left.iter().map(|field| places.get_mut(&key(field))?.pop()).collect()
}

/// The start line says what these pseudo-fields say (RFC 9113 8.3).
fn is_field(field: &Field<'_>) -> bool {
    !matches!(field.name, b":method" | b":path" | b":status")
}

/// What a field is found by: its name, and Host for `:authority`, which says the same (RFC 9113 8.3.1).
fn key(field: &Field<'_>) -> Vec<u8> {
    match field.name {
        b":authority" => b"host".to_vec(),
        name => name.to_ascii_lowercase(),
    }
}

/// A fact that is no change: another order (RFC 9110 5.3).
fn note_order(partners: &[Option<usize>], notes: &mut Vec<String>) {
    let paired: Vec<usize> = partners.iter().flatten().copied().collect();
    if !paired.is_sorted() {
        notes.push("the fields stand in another order".to_owned());
    }
}

/// A fact that is no change: names in another case (RFC 9110 5.1).
fn note_case(left: &[Field<'_>], right: &[Field<'_>], partners: &[Option<usize>], notes: &mut Vec<String>) {
    let other_case = left.iter().zip(partners).find_map(|(field, partner)| {
        let other = right.get((*partner)?)?;
        (other.name != field.name).then_some((field.name, other.name))
    });
    if let Some((one, other)) = other_case {
        let (one, other) = (String::from_utf8_lossy(one), String::from_utf8_lossy(other));
        notes.push(format!("names are written in another case: {one} / {other}"));
    }
}

/// A piece of a head without a copy.
fn owned(head: &Head, piece: &[u8]) -> Bytes {
    // An empty piece need not lie in the head.
    if piece.is_empty() { Bytes::new() } else { head.raw().slice_ref(piece) }
}
