//! FILTER as typed on a command line. What belongs to the filter language to come is refused in words, so
//! that no script comes to rely on another meaning.

use crate::query::{self, Query};

/// Reads the words of a command line; the error says what is not yet understood.
pub(super) fn parse(typed: &[String]) -> Result<Query, String> {
    let joined = typed.join(" ");
    query::not_yet(&joined).map_or_else(|| Ok(Query::words(&joined)), Err)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{failed, plain};
    use super::*;

    fn words(typed: &[&str]) -> Result<Query, String> {
        parse(&typed.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_words_must_occur_anywhere() {
        assert!(words(&["cart", "200"]).unwrap().matches(&plain()));
        assert!(words(&["get shop"]).unwrap().matches(&plain()));
        assert!(!words(&["cart", "404"]).unwrap().matches(&plain()));
        assert!(!words(&["-cart"]).unwrap().matches(&plain()));
        assert!(words(&["refused"]).unwrap().matches(&failed()));
        assert!(words(&[]).unwrap().matches(&plain()));
    }

    #[test]
    fn fields_are_refused() {
        assert!(words(&["status:404"]).unwrap_err().contains("not yet: words only"));
    }
}
