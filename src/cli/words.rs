//! FILTER as typed on a command line: its words joined with blanks.

use crate::query::{self, Query};

/// Reads the words of a command line; the error points at what was not understood.
pub(super) fn parse(typed: &[String]) -> Result<Query, String> {
    let joined = typed.join(" ");
    query::read(&joined)
        .settled(&joined)
        .map_err(|fault| format!("the filter was not understood\n{}", fault.pointed(&joined)))
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
    fn fields_and_mistakes_with_their_place() {
        assert!(words(&["status:200", "or", "is:error"]).unwrap().matches(&failed()));
        assert_eq!(
            words(&["cart", "stauts:404"]).unwrap_err(),
            "the filter was not understood\ncart stauts:404\n     ^^^^^^ no field “stauts”; did you mean status? else quote it"
        );
        assert!(words(&["status"]).unwrap_err().contains("the shell took the >"));
    }
}
