//! What is looked for in a text: a part of it, its whole, its beginning or end, a glob, a regex.
//!
//! Everything becomes one bounded automaton over bytes, so a body that is no text is looked through as
//! well, and no pattern makes a search slow. Without a capital in it a text is found in any case; for an
//! ASCII text that is ASCII's case, as `SQLite` has it.

use regex::bytes::{Regex, RegexBuilder};

/// Memory that a compiled pattern may take.
const MOST_COMPILED: usize = 1 << 20;
/// Groups within groups.
const DEEPEST: u32 = 40;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// How the text is meant.
    pub form: Form,
    /// As typed; a regex without its slashes.
    pub text: String,
    /// Whether case matters.
    pub cased: bool,
    regex: Regex,
}

/// How a pattern's text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Occurs in the text.
    Has,
    /// Is the text.
    Is,
    /// Begins the text.
    Starts,
    /// Ends the text.
    Ends,
    /// Fits the whole text; `*` stands for any characters, `?` for one.
    Glob,
    /// A regular expression that matches somewhere.
    Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (self.form, &self.text, self.cased) == (other.form, &other.text, other.cased)
    }
}

impl Pattern {
    /// Makes one; the error says what is wrong with a regular expression.
    pub fn new(form: Form, text: &str, cased: bool) -> Result<Self, String> {
        let text = if form == Form::Regex { plain_slashes(text) } else { text.to_owned() };
        let cased = cased && !(form == Form::Regex && text.is_empty());
        let quoted = regex::escape(&text);
        let source = match form {
            Form::Has => quoted,
            Form::Is => format!(r"\A(?:{quoted})\z"),
            Form::Starts => format!(r"\A(?:{quoted})"),
            Form::Ends => format!(r"(?:{quoted})\z"),
            Form::Glob => format!(r"\A(?:{})\z", globbed(&text)),
            Form::Regex => text.clone(),
        };
        let regex = RegexBuilder::new(&source)
            .case_insensitive(!cased)
            // Then a dot takes any byte, and what is not UTF-8 is looked through too.
            .unicode(form == Form::Regex || !text.is_ascii())
            .dot_matches_new_line(true)
            .size_limit(MOST_COMPILED)
            .dfa_size_limit(MOST_COMPILED)
            .nest_limit(DEEPEST)
            .build()
            .map_err(|error| reason(&error))?;
        Ok(Self { form, text, cased, regex })
    }

    /// One whose case matters where the text has a capital, and the field minds case at all.
    pub fn smart(form: Form, text: &str, caseless: bool) -> Result<Self, String> {
        Self::new(form, text, !caseless && text.chars().any(char::is_uppercase))
    }

    /// Whether whatever holds this text holds the other.
    pub(super) fn sharpens(&self, other: &Self) -> bool {
        if (self.form, other.form) != (Form::Has, Form::Has)
            || !self.text.is_ascii()
            || !other.text.is_ascii()
        {
            return false;
        }
        if other.cased {
            self.cased && self.text.contains(&other.text)
        } else {
            self.text.to_ascii_lowercase().contains(&other.text.to_ascii_lowercase())
        }
    }

    /// Whether a text is meant.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}

/// A slash needs no backslash but between slashes.
fn plain_slashes(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            (_, Some('/')) => out.push('/'),
            (c, next) => out.extend(std::iter::once(c).chain(next)),
        }
    }
    out
}

fn globbed(text: &str) -> String {
    let mut source = String::new();
    for c in text.chars() {
        match c {
            '*' => source.push_str("(?s:.)*"),
            '?' => source.push_str("(?s:.)"),
            other => source.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    source
}

fn reason(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return "it is too large once it is compiled; counts like {1,9999} make it so".to_owned();
    }
    let text = error.to_string();
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let says = last.trim_start_matches("error: ");
    let look = says.contains("look-around") || says.contains("backreferences");
    format!("{says}{}", if look { "; they would make a search slow" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(form: Form, pattern: &str, text: &str) -> bool {
        Pattern::smart(form, pattern, false).unwrap().matches(text.as_bytes())
    }

    #[test]
    fn each_form() {
        assert!(hit(Form::Has, "a.c", "xA.Cx") && !hit(Form::Has, "a.c", "abc") && !hit(Form::Has, "A", "a"));
        assert!(hit(Form::Is, "ab", "AB") && !hit(Form::Is, "ab", "abc"));
        assert!(hit(Form::Starts, "ab", "abc") && !hit(Form::Starts, "b", "abc"));
        assert!(hit(Form::Ends, "bc", "abc") && !hit(Form::Ends, "b", "abc"));
        assert!(hit(Form::Glob, "/v1/*", "/v1/a\nb") && !hit(Form::Glob, "/v?/", "/v12/"));
        assert!(hit(Form::Regex, r"items\/\d+$", "/items/17"));
        assert!(hit(Form::Has, "größe", "GRÖßE") && hit(Form::Has, "", ""));
        assert!(Pattern::smart(Form::Has, "b", false).unwrap().matches(b"\xff\xfeb"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (source, says) in [
            ("(a", "unclosed group"),
            ("(?=a)", "look-around"),
            (r"(a)\1", "backreferences"),
            ("(a{1000}){1000}", "too large"),
        ] {
            let error = Pattern::new(Form::Regex, source, false).unwrap_err();
            assert!(error.contains(says), "{source}: {error}");
        }
    }
}
