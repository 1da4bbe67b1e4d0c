//! A person's words on an exchange.
//!
//! One line of text, because lists show it in one. Its words that begin with `#` are tags: so there is one thing to
//! write, to find and to pass on, and every form that carries a comment carries the tags.

/// A note: a line that is not empty, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Note(String);

impl Note {
    /// Characters at most.
    pub const LONGEST: usize = 4_000;

    /// What a text comes to as a note; `None` where nothing is left. Line ends and other control characters part
    /// words; what is too long ends in `…`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut line = String::new();
        let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
        for word in words {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            // Whatever more comes is cut.
            if line.len() > Self::LONGEST * 4 {
                break;
            }
        }
        if let Some((end, _)) = line.char_indices().nth(Self::LONGEST) {
            let last = line.char_indices().nth(Self::LONGEST - 1).map_or(end, |(last, _)| last);
            line.truncate(last);
            line.push('…');
        }
        (!line.is_empty()).then_some(Self(line))
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tags of a note, without their `#`. `#7` is none: it names an exchange, or an issue.
pub fn tags(note: &str) -> impl Iterator<Item = &str> {
    let tag = |word: &str| {
        word.strip_prefix('#').map(|tag| tag.trim_end_matches([',', '.', ';', ':', '!', '?', ')']).len())
    };
    note.split(' ')
        .filter_map(move |word| word.get(1..=tag(word)?))
        .filter(|tag| tag.chars().any(|c| !c.is_ascii_digit() && !c.is_ascii_punctuation()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_clean_line() {
        let note = |text: &str| Note::new(text).map(|note| note.as_str().to_owned());
        assert_eq!(note(" slow\r\n\tsince\u{1b}[1m noon \u{85}"), Some("slow since [1m noon".to_owned()));
        assert_eq!(note("\u{7} \n"), None);
        let long = note(&"ä".repeat(Note::LONGEST + 7)).unwrap();
        assert_eq!((long.chars().count(), long.ends_with("ä…")), (Note::LONGEST, true));
        assert_eq!(note(&"ä".repeat(Note::LONGEST)).unwrap().chars().count(), Note::LONGEST);
        assert_eq!(note(&long), Some(long.clone()));
    }

    #[test]
    fn words_with_a_hash_are_tags_and_numbers_are_none() {
        let found: Vec<&str> = tags("see #12, #todo: retry#x #é #2nd, # ##").collect();
        assert_eq!(found, ["todo", "é", "2nd"]);
    }
}
