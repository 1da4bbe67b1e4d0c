//! The short fact beside a field's value: what a person would work out from it, in a few words.

use super::inspected::{Inspected, Place};
use crate::exchange::Field;
use crate::inspect::verdict::Fate;
use crate::inspect::{how_long, parse, read_date};

/// Characters of a fact; a longer one stands in the pane only.
const LONGEST: usize = 44;

/// What is worth saying of a value, if anything. It may repeat bytes of the value.
pub fn of(inspected: &Inspected, place: Place, field: &Field<'_>) -> Option<String> {
    let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
    let fact = match name.as_str() {
        "date" | "last-modified" | "if-modified-since" | "if-unmodified-since" => moment(inspected, field)?,
        "expires" => expires(inspected, field)?,
        "set-cookie" => cookie(inspected, place.1)?,
        "location" => inspected.verdicts.redirect.as_ref().map(|redirect| format!("→ {}", redirect.to))?,
        "via" => hops(field)?,
        "sec-websocket-accept" => accept(inspected, field)?,
        // A name says nothing about the value here.
        "vary" => return None,
        "cookie" => inspected.verdicts.sent_cookies.as_ref().map(|sent| sent.says.clone())?,
        _ => only_part(field)?,
    };
    (fact.chars().count() <= LONGEST && !fact.is_empty()).then_some(fact)
}

/// A date's distance from the arrival: captures are opened years later.
fn moment(inspected: &Inspected, field: &Field<'_>) -> Option<String> {
    let arrived = inspected.recorded.view().arrived?;
    let date = read_date(field.value, Some(arrived)).ok()?;
    let apart = how_long(date.unix.abs_diff(arrived));
    Some(match arrived - date.unix {
        -1..=1 => "on arrival".to_owned(),
        2.. => format!("{apart} before arrival"),
        _ => format!("{apart} after arrival"),
    })
}

fn expires(inspected: &Inspected, field: &Field<'_>) -> Option<String> {
    use crate::inspect::verdict::Source;
    let used = inspected.verdicts.cache.as_ref().map(|cache| cache.source_private);
    if matches!(used, Some(Source::MaxAge)) {
        return Some("not used: max-age wins".to_owned());
    }
    moment(inspected, field).or_else(|| Some("no date: stale at once".to_owned()))
}

fn cookie(inspected: &Inspected, line: usize) -> Option<String> {
    let cookie = inspected.verdicts.cookies.iter().find(|cookie| cookie.line == line)?;
    Some(match (cookie.fate, cookie.expires) {
        (Fate::Rejected, _) => format!("rejected: {}", cookie.reason.unwrap_or_default()),
        (Fate::Deleted, _) => "deletes it".to_owned(),
        (Fate::Stored, None) => "stored for the session".to_owned(),
        (Fate::Stored, Some(end)) => {
            let arrived = inspected.recorded.view().arrived?;
            format!("stored for {}", how_long(end.abs_diff(arrived)))
        }
    })
}

fn hops(field: &Field<'_>) -> Option<String> {
    let count = parse(field.name, field.value).parts.iter().filter(|part| part.label == "hop").count();
    (count > 1).then(|| crate::text::units::counted(count, "hop", "hops"))
}

/// Whether it is the answer to the key that was sent: a wrong one is a finding.
fn accept(inspected: &Inspected, field: &Field<'_>) -> Option<String> {
    let steps = &inspected.verdicts.websocket.as_ref()?.steps;
    let value = String::from_utf8_lossy(field.value);
    let passed =
        |step: &crate::inspect::verdict::Step| step.passes == Some(true) && step.says.contains(&*value);
    steps.iter().any(passed).then(|| "matches the key".to_owned())
}

/// The meaning of a value that is one thing: a number, a tag, a token.
fn only_part(field: &Field<'_>) -> Option<String> {
    let parsed = parse(field.name, field.value);
    match parsed.parts.as_slice() {
        [part]
            if parsed.broken.is_none()
                && part.label != "text"
                && part.meaning.as_bytes() != field.value.trim_ascii() =>
        {
            Some(part.meaning.clone())
        }
        _ => None,
    }
}
