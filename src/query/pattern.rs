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
    /// What must stand wherever the regex matches: looked for first, because that is quicker.
    needle: Option<Needle>,
}

/// A piece of ASCII in any case.
#[derive(Clone, Debug)]
struct Needle(Vec<u8>);

impl Needle {
    /// The longest piece that a regular expression has in all of its matches, where that is plain to see: no
    /// alternatives, no groups, no flags.
    fn of(source: &str) -> Option<Self> {
        if !source.is_ascii() || source.contains(['|', '(', ')']) {
            return None;
        }
        let mut pieces = vec![Vec::new()];
        let mut bytes = source.bytes().peekable();
        let end = |pieces: &mut Vec<Vec<u8>>| pieces.push(Vec::new());
        while let Some(byte) = bytes.next() {
            let literal = match byte {
                b'\\' => match bytes.next()? {
                    b'd' | b'D' | b'w' | b'W' | b's' | b'S' | b'b' | b'B' | b'n' | b't' | b'r' => None,
                    other => Some(other).filter(u8::is_ascii_punctuation).map(Some)?,
                },
                b'[' => {
                    let class: Vec<u8> = bytes.by_ref().take_while(|byte| *byte != b']').collect();
                    if class.is_empty() || class == b"^" || class.contains(&b'[') || class.contains(&b'\\') {
                        return None;
                    }
                    None
                }
                b'{' => {
                    bytes.by_ref().find(|byte| *byte == b'}')?;
                    None
                }
                b'.' | b'^' | b'$' | b'*' | b'?' | b'+' | b']' | b'}' => None,
                literal => Some(literal),
            };
            match literal {
                // What may be there any number of times may be missing.
                Some(_) if bytes.peek().is_some_and(|next| matches!(next, b'*' | b'?' | b'{')) => {
                    end(&mut pieces);
                }
                Some(literal) => pieces.last_mut()?.push(literal.to_ascii_lowercase()),
                None => end(&mut pieces),
            }
        }
        // Letters that are written as others in some case (the Kelvin sign, the long s) end a piece.
        let pieces = pieces.iter().flat_map(|piece| piece.split(|byte| matches!(byte, b'k' | b's')));
        pieces
            .max_by_key(|piece| piece.len())
            .filter(|piece| piece.len() > 2)
            .map(|piece| Self(piece.to_vec()))
    }

    fn is_in(&self, text: &[u8]) -> bool {
        let Self(piece) = self;
        let Some((first, _)) = piece.split_first() else { return true };
        let fits =
            |at: usize| text.get(at..at + piece.len()).is_some_and(|found| found.eq_ignore_ascii_case(piece));
        if first.is_ascii_alphabetic() {
            memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text).any(fits)
        } else {
            memchr::memchr_iter(*first, text).any(fits)
        }
    }
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
            Form::Glob => globbed(&text),
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
        let needle = if form == Form::Regex { Needle::of(&text) } else { None };
        Ok(Self { form, text, cased, regex, needle })
    }

    /// One whose case matters where the text has a capital, and the field minds case at all.
    pub fn smart(form: Form, text: &str, caseless: bool) -> Result<Self, String> {
        Self::new(form, text, !caseless && text.chars().any(char::is_uppercase))
    }

    /// A glob. Where a bracket lacks its partner, or stands first, it could not be told from those around a
    /// value: it is kept as the regular expression that it means.
    pub(super) fn glob(text: &str, caseless: bool) -> Result<Self, String> {
        if text.starts_with('(') || !brackets_pair(text) {
            return Self::new(Form::Regex, &globbed(text), !caseless && text.chars().any(char::is_uppercase));
        }
        Self::smart(Form::Glob, text, caseless)
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
        self.needle.as_ref().is_none_or(|needle| needle.is_in(text)) && self.regex.is_match(text)
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

/// Whether each bracket has a partner.
pub(super) fn brackets_pair(text: &str) -> bool {
    let depth = text.chars().try_fold(0_usize, |depth, c| match c {
        '(' => Some(depth + 1),
        ')' => depth.checked_sub(1),
        _ => Some(depth),
    });
    depth == Some(0)
}

fn globbed(text: &str) -> String {
    let mut source = String::from(r"\A");
    for c in text.chars() {
        match c {
            '*' => source.push_str("(?s:.)*"),
            '?' => source.push_str("(?s:.)"),
            other => source.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    source.push_str(r"\z");
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

    #[test]
    fn what_must_stand_in_a_match_is_found_only_where_that_is_plain() {
        let needle = |source| Needle::of(source).map(|Needle(piece)| String::from_utf8(piece).unwrap());
        for (source, piece) in [
            (r"orders/12[0-9]{3}7\?", Some("order")),
            (r"^/api/v1/", Some("/api/v1/")),
            ("abcd*e", Some("abc")),
            ("abcx?defg", Some("defg")),
            ("abcd{0,2}", Some("abc")),
            (r"ab\.json$", Some("ab.j")),
            (r"\d+\wxyz", Some("xyz")),
            (r"\pLxyz", None),
            ("a|bcd", None),
            ("(?i)abc", None),
            ("[]abc]def", None),
            ("[[:alpha:]]def", None),
            ("ab", None),
        ] {
            assert_eq!(needle(source).as_deref(), piece, "{source}");
        }
        let pattern = Pattern::new(Form::Regex, "oRder/1[0-9]", false).unwrap();
        assert!(pattern.matches(b"/xoRDer/12") && !pattern.matches(b"/order/x"));
    }

    proptest::proptest! {
        #[test]
        fn a_needle_is_never_missing_from_a_match(
            source in "[a-dK-Mks/.\\\\?*+^$\\[\\]{}0-2]{1,12}",
            text in "[a-dkKsſ/.0-2 ]{0,16}",
        ) {
            if let (Ok(pattern), Some(needle)) = (Pattern::new(Form::Regex, &source, false), Needle::of(&source)) {
                proptest::prop_assert!(
                    !pattern.regex.is_match(text.as_bytes()) || needle.is_in(text.as_bytes()),
                    "{source} in {text}"
                );
            }
        }
    }
}
