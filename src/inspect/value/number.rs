//! Numbers and what they count.

use super::date::how_long;
use super::syntax::decimal;
use crate::inspect::field::Field;
use crate::inspect::parts::Parts;

/// A number of seconds.
pub fn seconds(_: &Field, parts: &mut Parts<'_>) {
    counted(parts, "seconds", how_long);
}

/// A number of bytes.
pub fn octets(_: &Field, parts: &mut Parts<'_>) {
    counted(parts, "bytes", |count| match count {
        0 => "no bytes".to_owned(),
        1 => "1 byte".to_owned(),
        _ => format!("{} bytes", crate::text::units::count(count)),
    });
}

/// A plain number.
pub fn number(_: &Field, parts: &mut Parts<'_>) {
    counted(parts, "number", |count| count.to_string());
}

/// Seconds since 1970.
pub fn unix_time(_: &Field, parts: &mut Parts<'_>) {
    counted(parts, "time", |seconds| match i64::try_from(seconds) {
        Ok(unix) if unix < 253_402_300_800 => super::date::in_words(unix),
        _ => "too far in the future for a date".to_owned(),
    });
}

/// A status, by its class (RFC 9110 15).
pub fn status(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let says = match parts.bytes(&whole) {
        [class @ b'1'..=b'5', tens, units] if tens.is_ascii_digit() && units.is_ascii_digit() => {
            match class {
                b'1' => "an interim response: the final one is still to come",
                b'2' => "it was done as asked",
                b'3' => "something is left to do: elsewhere, or with what is stored",
                b'4' => "refused: the request is at fault, as the server sees it",
                _ => "the server failed",
            }
        }
        _ => return parts.fail(whole.start, "three digits from 100 to 599 are expected"),
    };
    parts.add(whole, "status", says);
}

/// A number that may have a fraction, with or without a unit behind it.
pub fn fraction(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let bytes = parts.bytes(&whole);
    let odd = bytes.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.');
    if bytes.is_empty() || odd == Some(0) {
        return parts.fail(whole.start, "a number is expected");
    }
    let end = odd.map_or(whole.end, |at| whole.start + at);
    parts.add(whole.start..end, "number", "");
    if end < whole.end {
        parts.add(end..whole.end, "unit", "");
    }
}

/// `1` says yes; nothing else is meant to be sent.
pub fn yes(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    match parts.bytes(&whole) {
        b"1" => parts.add(whole, "flag", "yes"),
        b"0" => parts.add(whole, "flag", "no"),
        _ => parts.fail(whole.start, "1 is expected"),
    }
}

fn counted(parts: &mut Parts<'_>, label: &'static str, say: impl Fn(u64) -> String) {
    let whole = parts.whole();
    let bytes = parts.bytes(&whole);
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let read = whole.start..whole.start + digits;
    if let Some(count) = decimal(parts.bytes(&read)) {
        parts.add(read.clone(), label, say(count));
    }
    if read.end < whole.end || digits == 0 {
        parts.fail(read.end, "only digits are expected");
    }
}

/// A time or a span of time, told apart by its size: a small number counts from now.
pub fn reset(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    match decimal(parts.bytes(&whole)) {
        Some(unix) if unix > 100_000_000 && unix < 100_000_000_000 => unix_time(field, parts),
        Some(_) => seconds(field, parts),
        None => super::lists::text(field, parts),
    }
}
