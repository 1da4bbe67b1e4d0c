//! The cursor over a filter's text: blanks, quotes, slashes, bare words. Positions are octets, always on
//! borders of characters.

use std::ops::Range;

/// A place in a text.
#[derive(Clone, Debug)]
pub(super) struct Scan<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Scan<'t> {
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn is_over(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Steps over a text if it stands here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        self.at += if there { text.len() } else { 0 };
        there
    }

    pub(super) fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes characters as long as they fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Takes a sign that something stands right behind.
    pub(super) fn take_sign(&mut self) -> bool {
        let behind = self.rest().strip_prefix(['-', '!']);
        let sign =
            behind.is_some_and(|behind| !behind.is_empty() && !behind.starts_with(char::is_whitespace));
        self.at += usize::from(sign);
        sign
    }

    /// A word of letters that is an operator here: blanks or the end behind it.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word);
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(char::is_whitespace))
    }

    /// Takes a phrase, its quotes off; `None` where no quote stands here. A quote that is not closed ends with
    /// the text.
    pub(super) fn take_quoted(&mut self) -> Option<String> {
        let quote = self.peek().filter(|c| matches!(c, '"' | '\''))?;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        let mut end = self.text.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => out.extend(chars.next().map(|(_, c)| if c == 'n' { '\n' } else { c }).and_then(
                    |c| {
                        if c == 'x' { hex(&mut chars).or(Some('x')) } else { Some(c) }
                    },
                )),
                c if c == quote => {
                    end = self.at + at + c.len_utf8();
                    break;
                }
                c => out.push(c),
            }
        }
        self.at = end;
        Some(out)
    }

    /// Takes what stands between two slashes, with its flags; `None`, and nothing taken, where there is no
    /// second slash or no end behind it.
    pub(super) fn take_regex(&mut self, blanks: bool) -> Option<(String, bool)> {
        let rest = self.rest().strip_prefix('/')?;
        let (mut out, mut escaped) = (String::new(), false);
        for (at, c) in rest.char_indices() {
            if c.is_whitespace() && !blanks {
                return None;
            }
            if c == '/' && !escaped {
                let behind = rest.get(at + 1..).unwrap_or_default();
                let flags = behind.bytes().take_while(|byte| matches!(byte, b'i' | b'c')).count();
                let next = behind.get(flags..).and_then(|behind| behind.chars().next());
                if out.is_empty()
                    || flags > 1
                    || next.is_some_and(|c| !(c.is_whitespace() || ",)|&".contains(c)))
                {
                    return None;
                }
                self.at += 1 + at + 1 + flags;
                return Some((out, behind.starts_with('c')));
            }
            escaped = c == '\\' && !escaped;
            out.push(c);
        }
        None
    }

    /// Takes characters up to a blank, one of `stops`, or a bracket that was not opened here where one may
    /// close; what stands between brackets holds together.
    pub(super) fn take_bare(&mut self, stops: &str, closes: bool) -> &'t str {
        let rest = self.rest();
        let mut open = 0_usize;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            let close = c == ')' && open == 0 && closes;
            if c.is_whitespace() || close || (stops.contains(c) && open == 0) {
                end = at;
                break;
            }
            match c {
                '(' => open += 1,
                ')' => open = open.saturating_sub(1),
                _ => {}
            }
        }
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// From a place to here.
    pub(super) fn since(&self, from: usize) -> Range<usize> {
        from..self.at
    }
}

/// Two hexadecimal digits, if they come next.
fn hex(chars: &mut (impl Iterator<Item = (usize, char)> + Clone)) -> Option<char> {
    let mut ahead = chars.clone();
    let mut digit = || ahead.next().and_then(|(_, c)| c.to_digit(16));
    let value = digit()? * 16 + digit()?;
    chars.next();
    chars.next();
    u8::try_from(value).ok().map(char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Scan<'_> {
        Scan { text, at: 0 }
    }

    #[test]
    fn quotes_may_hold_quotes_and_need_no_end() {
        for (text, phrase, rest) in [
            (r#""a \"b\" c"d"#, r#"a "b" c"#, "d"),
            ("'e f", "e f", ""),
            (r#""\n\x41\xZZ\\""#, "\nAxZZ\\", ""),
            (r#""a\"#, "a", ""),
        ] {
            let mut scan = scan(text);
            assert_eq!((scan.take_quoted().as_deref(), scan.rest()), (Some(phrase), rest));
        }
        assert_eq!(scan("it's").take_quoted(), None);
    }

    #[test]
    fn slashes_are_a_regex_only_where_they_end() {
        let regex = |text| scan(text).take_regex(false);
        assert_eq!(regex("/a|b/i x"), Some(("a|b".to_owned(), false)));
        assert_eq!(regex(r"/a\/b/c"), Some((r"a\/b".to_owned(), true)));
        for text in ["/v1/items/", "/a b/", "//", "/a", "a/b/"] {
            assert_eq!(regex(text), None, "{text}");
        }
    }

    #[test]
    fn brackets_hold_together() {
        assert_eq!(scan("a(b c)").take_bare("", true), "a(b");
        assert_eq!(scan("f(x),y) z").take_bare(",", true), "f(x)");
        assert_eq!(scan("a) b").take_bare("", false), "a)");
    }
}
