//! Cookies and tokens over exchanges: who set each, where it was first seen, who used it last. Their values
//! are compared and never told.

use super::super::table;
use super::{Chapter, Link};
use crate::exchange::Head;

/// Shorter values say too little to be the same by anything but chance.
const SHORTEST: usize = 8;
/// Values of one exchange that are followed.
const MOST: usize = 6;

/// One secret of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Secret<'h> {
    /// As people name it: `cookie sid`, `Authorization (Bearer)`.
    name: String,
    value: &'h [u8],
}

/// Where the secrets of this exchange were set, first seen and last used, among those before and behind it.
pub(super) fn links(this: &Chapter<'_>, before: &[&Chapter<'_>], after: &[&Chapter<'_>]) -> Vec<Link> {
    let (sent, set) = (sent(this), set(this));
    let mut links = Vec::new();
    let tell = |links: &mut Vec<Link>, other: &Chapter<'_>, tie: &'static str, says: String| {
        links.push(Link { id: other.id().0, tie, says: format!("{says} {}", other.named()) });
    };
    for secret in sent.iter().take(MOST) {
        if let Some(setter) = before.iter().rev().find(|other| self::set(other).contains(secret)) {
            tell(&mut links, setter, "set-by", format!("{} was set by", secret.name));
        } else if let Some(first) = before.iter().find(|other| self::sent(other).contains(secret)) {
            tell(&mut links, first, "first-seen", format!("{} was first seen in", secret.name));
        }
    }
    let known: Vec<_> =
        set.iter().chain(sent.iter().filter(|secret| !set.contains(secret))).take(MOST).collect();
    for secret in known {
        if let Some(last) = after.iter().rev().find(|other| self::sent(other).contains(secret)) {
            tell(&mut links, last, "last-used", format!("{} was last used by", secret.name));
        }
    }
    links
}

/// Those that a request carries.
fn sent<'c>(chapter: &'c Chapter<'_>) -> Vec<Secret<'c>> {
    let mut all = Vec::new();
    for (name, value) in fields(chapter.request()) {
        if name.eq_ignore_ascii_case(b"Cookie") {
            all.extend(value.split(|byte| *byte == b';').filter_map(cookie));
        } else if table::field(name).is_some_and(|field| field.secret) && value.len() >= SHORTEST {
            all.push(Secret { name: credential(name, value), value });
        }
    }
    all
}

/// Cookies that a response sets.
fn set<'c>(chapter: &'c Chapter<'_>) -> Vec<Secret<'c>> {
    let lines = fields(chapter.response()).filter(|(name, _)| name.eq_ignore_ascii_case(b"Set-Cookie"));
    lines.filter_map(|(_, value)| cookie(value.split(|byte| *byte == b';').next()?)).collect()
}

fn fields(head: Option<&Head>) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.into_iter().flat_map(|head| head.fields().map(|field| (field.name, field.value)))
}

fn cookie(pair: &[u8]) -> Option<Secret<'_>> {
    let at = memchr::memchr(b'=', pair)?;
    let value = pair.get(at + 1..)?.trim_ascii();
    let name = String::from_utf8_lossy(pair.get(..at)?.trim_ascii());
    (value.len() >= SHORTEST).then(|| Secret { name: format!("cookie {name}"), value })
}

/// The field's name, with the scheme where it has one.
fn credential(name: &[u8], value: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let scheme = value.iter().position(|byte| *byte == b' ').and_then(|end| value.get(..end));
    scheme.map_or_else(|| text.to_string(), |scheme| format!("{text} ({})", String::from_utf8_lossy(scheme)))
}
