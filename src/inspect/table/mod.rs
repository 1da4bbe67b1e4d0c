//! The field table: one entry a field, split by topic. To add a field is to add its entry.

mod access;
mod authoring;
mod browser;
mod caching;
mod content;
mod framing;
mod pseudo;
mod vendor;

use super::field::{Field, On, Word};
use std::cmp::Ordering;
use std::sync::LazyLock;

pub use vendor::{FAMILIES, Family};

/// The topics in the order of the reference.
static TOPICS: &[&[Field]] = &[
    framing::FRAMING,
    framing::ROUTING,
    pseudo::PSEUDO,
    caching::CACHING,
    caching::CONDITIONAL,
    caching::RANGES,
    content::CONTENT,
    content::NEGOTIATION,
    access::AUTHENTICATION,
    access::COOKIE,
    access::CROSS_ORIGIN,
    access::SECURITY,
    access::DRAFTS,
    browser::BROWSER,
    browser::HINTS,
    browser::OBSERVING,
    browser::WEBSOCKET,
    authoring::AUTHORING,
    authoring::MESSAGING,
    authoring::ANSWERS,
    authoring::LEGACY,
    vendor::VENDORS,
];

/// Sorted by length first: most comparisons end there.
static BY_NAME: LazyLock<Vec<&'static Field>> = LazyLock::new(|| {
    let mut fields: Vec<_> = fields().collect();
    fields.sort_by(|a, b| compare(a.name.as_bytes(), b.name.as_bytes()));
    fields
});

/// Every entry, in the order of the reference.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    TOPICS.iter().flat_map(|topic| topic.iter())
}

/// What is known of a field; names compare without case (RFC 9110 5.1).
#[must_use]
pub fn field(name: &[u8]) -> Option<&'static Field> {
    let found = BY_NAME.binary_search_by(|field| compare(field.name.as_bytes(), name)).ok()?;
    BY_NAME.get(found).copied()
}

/// The family whose prefix a name has.
#[must_use]
pub fn family(name: &[u8]) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| {
        let start = name.get(..family.prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(family.prefix.as_bytes()))
    })
}

/// The words of a field as they are meant in requests; Cache-Control alone has others there (RFC 9111 5.2.1).
#[must_use]
pub fn words_asked(field: &Field) -> &'static [Word] {
    if field.name == "Cache-Control" { caching::CACHE_CONTROL_ASKED } else { field.words }
}

/// Whether that word means something in the messages of one direction only, and not in these.
#[must_use]
pub(super) fn of_other_side(field: &Field, name: &[u8]) -> Option<(On, &'static Word)> {
    if field.name != "Cache-Control" {
        return None;
    }
    let asked = std::ptr::eq(field.words, caching::CACHE_CONTROL_ASKED);
    let (on, words) = if asked {
        (On::RESPONSE, caching::CACHE_CONTROL)
    } else {
        (On::REQUEST, caching::CACHE_CONTROL_ASKED)
    };
    let word = words.iter().find(|word| word.name.as_bytes().eq_ignore_ascii_case(name))?;
    Some((on, word))
}

/// What a field means in one sentence: its own, or its family's.
#[must_use]
pub fn means(name: &[u8]) -> Option<&'static str> {
    field(name).map(|field| field.means).or_else(|| family(name).map(|family| family.means))
}

/// By length, then without case.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let lower = |byte: &u8| byte.to_ascii_lowercase();
    a.len().cmp(&b.len()).then_with(|| a.iter().map(lower).cmp(b.iter().map(lower)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::field::Status;
    use std::collections::HashSet;

    /// `name<TAB>status` of each registered field and of those that browsers document besides.
    const NAMES: &str = include_str!("names.tsv");

    #[test]
    fn every_registered_name_has_its_entry() {
        let mut counts = [0, 0];
        for line in NAMES.lines() {
            let (name, status) = line.split_once('\t').unwrap();
            let Some(field) = field(name.as_bytes()) else { panic!("{name} has no entry") };
            assert!(field.name.eq_ignore_ascii_case(name), "{name}");
            let expected = match status {
                "permanent" => Status::Standard,
                "provisional" => Status::Provisional,
                "deprecated" => Status::Deprecated,
                "obsoleted" => Status::Obsoleted,
                _ => Status::Browsers,
            };
            assert_eq!(field.status, expected, "{name}");
            counts[usize::from(status == "unregistered")] += 1;
        }
        assert_eq!(counts, [253, 68]);
    }

    #[test]
    fn no_name_has_two_entries_and_each_says_something() {
        let mut seen = HashSet::new();
        for field in fields() {
            assert!(seen.insert(field.name.to_ascii_lowercase()), "{} twice", field.name);
            assert!(field.means.ends_with('.') && field.means.len() > 15, "{}: {}", field.name, field.means);
            assert!(!field.spec.to_string().is_empty());
            let mut words = HashSet::new();
            for word in field.words {
                assert!(words.insert(word.name), "{}: {} twice", field.name, word.name);
                assert!(
                    !word.means.is_empty() && !word.means.ends_with('.'),
                    "{}: {}",
                    field.name,
                    word.name
                );
            }
        }
    }

    #[test]
    fn rfc9110_5_1_names_are_found_without_case() {
        assert_eq!(field(b"cAcHe-CoNtRoL").unwrap().name, "Cache-Control");
        assert!(field(b"").is_none() && field(b"X-Nobody-Has-This").is_none());
        assert_eq!(family(b"x-amz-meta-colour").unwrap().vendor, "Amazon S3");
        assert!(FAMILIES.len() >= 25);
    }

    #[test]
    fn a_longer_prefix_is_never_hidden_by_a_shorter_one() {
        for (at, family) in FAMILIES.iter().enumerate() {
            let hidden = FAMILIES[..at].iter().any(|before| family.prefix.starts_with(before.prefix));
            assert!(!hidden, "{}", family.prefix);
        }
    }
}
