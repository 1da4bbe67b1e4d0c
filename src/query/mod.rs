//! FILTER: which exchanges are meant. Words that must all occur, or must not; the language of fields
//! comes to stand here. The list, the commands and the settings have their meaning from this place alone.
//!
//! ```text
//! cart 404          both, anywhere in method, URL, status, type, failure or client
//! "add to cart"     the phrase
//! -image  not image  all but those
//! Cart              a capital letter minds case; without one case does not matter
//! ```
//!
//! Reading is total: every text is a query, also one that is still being typed.

mod facts;
mod words;

pub use facts::{Facts, Matcher};
pub use words::not_yet;

use crate::exchange::Summary;

/// A filter, read once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
}

/// One word or phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// As typed.
    text: String,
    /// In small letters.
    lower: String,
    /// Whether case matters.
    exact: bool,
    /// Whether it must not occur.
    without: bool,
}

impl Query {
    /// Reads words and phrases.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self { terms: words::read(text).into_iter().map(Term::of).collect() }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether an exchange is meant. For many in a row a [`Matcher`] is cheaper.
    #[must_use]
    pub fn matches(&self, summary: &Summary) -> bool {
        self.is_all() || Matcher::new(self).matches(&Facts::of(summary))
    }

    /// Whether everything that matches this one matches `before` too, so that only its matches need be
    /// looked through again. May say no where it is so.
    #[must_use]
    pub fn narrows(&self, before: &Self) -> bool {
        before.terms.iter().all(|old| self.terms.iter().any(|new| new.implies(old)))
    }
}

impl Term {
    fn of(word: words::Word) -> Self {
        let lower = word.text.chars().flat_map(char::to_lowercase).collect();
        let exact = word.text.chars().any(char::is_uppercase);
        Self { lower, exact, without: word.without, text: word.text }
    }

    fn implies(&self, other: &Self) -> bool {
        match (self.without, other.without) {
            (false, false) if other.exact => self.exact && self.text.contains(&other.text),
            (false, false) => self.lower.contains(&other.lower),
            (true, true) if self.exact => other.exact && other.text.contains(&self.text),
            (true, true) => other.lower.contains(&self.lower),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ExchangeId, Failure, Flags, Kind, Phase, Scheme, Side, State};
    use proptest::prelude::*;

    pub(super) fn summary() -> Summary {
        Summary {
            id: ExchangeId(1),
            started: 0,
            client: "127.0.0.1:51234".to_owned(),
            scheme: Scheme::Https,
            method: "POST".to_owned(),
            host: "api.shop.test".to_owned(),
            path: "/v1/Cart?note=add%20to cart".to_owned(),
            version: "HTTP/1.1".to_owned(),
            status: Some(404),
            state: State::Done,
            request_bytes: 0,
            response_bytes: 0,
            duration: None,
            ttfb: None,
            media_type: Some("application/json".to_owned()),
            failure: None,
            flags: Flags::default(),
            parent: None,
        }
    }

    fn failed() -> Summary {
        let says = "connect refused by 127.0.0.1:9 (origin)".to_owned();
        let failure = Failure { side: Side::Origin, phase: Phase::Connect, kind: Kind::TimedOut, says };
        Summary { status: None, failure: Some(failure), ..summary() }
    }

    #[test]
    fn what_words_mean() {
        for (text, meant) in [
            ("", true),
            ("cart 404", true),
            ("cart 405", false),
            ("post https://api.shop.test/v1", true),
            ("json", true),
            ("51234", true),
            ("Cart", true),
            ("CART", false),
            ("API.Shop", true),
            ("Post", true),
            ("\"to cart\"", true),
            ("\"cart to\"", false),
            ("-image", true),
            ("-cart", false),
            ("not image and cart", true),
            ("not cart", false),
            ("cart not", true),
            ("!cart", false),
            ("-\"add to\"", true),
            ("\"to cart", true),
            ("-", false),
            ("\"\"", true),
        ] {
            assert_eq!(Query::words(text).matches(&summary()), meant, "{text}");
        }
        assert!(Query::words("refused timed-out").matches(&failed()));
        assert!(!Query::words("404").matches(&failed()));
    }

    #[test]
    fn one_more_letter_narrows_and_one_more_exception_too() {
        let narrows = |new, old| Query::words(new).narrows(&Query::words(old));
        assert!(narrows("cart", "car") && narrows("cart 404", "cart") && narrows("Cart", "cart"));
        assert!(narrows("-ca", "-car") && narrows("x", ""));
        assert!(!narrows("-car", "-ca") && !narrows("car", "cart") && !narrows("cart", "Cart"));
        assert!(!narrows("cart", "-cart"));
    }

    /// The meaning once more, without buffers: each term is looked for in what a row says.
    fn plainly(query: &Query, summary: &Summary) -> bool {
        let failure = summary.failure.as_ref();
        let status = summary.status.map(|status| status.to_string()).unwrap_or_default();
        let text = [
            summary.method.as_str(),
            &summary.url(),
            &status,
            summary.media_type.as_deref().unwrap_or_default(),
            failure.map_or("", |failure| failure.kind.as_str()),
            failure.map_or("", |failure| failure.says.as_str()),
            &summary.client,
        ]
        .join(" ");
        let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
        query.terms.iter().all(|term| {
            let caseless =
                [&summary.method, &summary.host].iter().any(|text| lower(text).contains(&term.lower));
            let found = if term.exact {
                text.contains(&term.text) || caseless
            } else {
                lower(&text).contains(&term.lower)
            };
            found != term.without
        })
    }

    fn typed() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[ -\"'!]",
            "(?i)cart|shop|404|post|not|and|json|K|ß",
            "[a-zA-Z/.]{1,3}",
            any::<char>().prop_map(String::from)
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_text_is_a_query_and_means_what_it_says(text in typed(), path in "(?s).{0,20}") {
            let query = Query::words(&text);
            for summary in [summary(), failed(), Summary { path, ..summary() }] {
                prop_assert_eq!(query.matches(&summary), plainly(&query, &summary), "{:?}", query);
            }
        }

        #[test]
        fn what_narrows_matches_no_more(new in typed(), old in typed(), path in "[a-zA-Z/]{0,9}") {
            let (new, old) = (Query::words(&new), Query::words(&old));
            let row = Summary { path, ..summary() };
            prop_assert!(!new.narrows(&old) || !new.matches(&row) || old.matches(&row), "{:?} {:?}", new, old);
        }
    }
}
