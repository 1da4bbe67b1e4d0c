//! A setting that cannot be used: where it stands, why, what to do, with a caret under it.

use crate::text::carets;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// Where a setting was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Nowhere: the built-in default.
    Default,
    /// In a file, on this line.
    File(PathBuf, usize),
    /// By this environment variable.
    Variable(String),
    /// By this flag.
    Flag(&'static str),
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "env {name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    pub(super) place: From,
    pub(super) says: String,
    pub(super) excerpt: Option<Excerpt>,
}

/// A line of a text and the part of it that is meant.
#[derive(Clone, Debug)]
pub(super) struct Excerpt {
    line: String,
    part: Range<usize>,
    /// 1-based; `None` where the text has one line only.
    number: Option<usize>,
}

impl ConfigError {
    /// Whether the mistake is on the command line rather than in a file or variable.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        // A settings file that cannot be read is a matter of settings, however it was named.
        matches!(self.place, From::Flag(name) if name != "--config")
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            From::Default => {}
            place @ From::File(..) => match &self.excerpt {
                Some(excerpt) => write!(f, "{place}:{}: ", excerpt.column())?,
                None => write!(f, "{place}: ")?,
            },
            From::Variable(name) => write!(f, "{name}: ")?,
            From::Flag(name) => write!(f, "{name}: ")?,
        }
        f.write_str(&self.says)?;
        self.excerpt.as_ref().map_or(Ok(()), |excerpt| write!(f, "\n{excerpt}"))
    }
}

impl Excerpt {
    /// The line of `text` that holds the span's start.
    pub(super) fn of(text: &str, span: &Range<usize>, numbered: bool) -> Self {
        let start = span.start.min(text.len());
        let bytes = text.as_bytes();
        let from = bytes.iter().take(start).rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let to = bytes.iter().skip(from).position(|byte| *byte == b'\n').map_or(text.len(), |at| from + at);
        let line = text.get(from..to).unwrap_or_default().trim_end().to_owned();
        let part = start - from..span.end.clamp(start, to.max(start)) - from;
        Self { line, part, number: numbered.then(|| line_number(text, start)) }
    }

    /// Characters up to the part, counted from 1.
    fn column(&self) -> usize {
        self.line.char_indices().take_while(|(at, _)| *at < self.part.start).count() + 1
    }
}

/// Line of a byte offset, counted from 1.
pub(super) fn line_number(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.map(|number| number.to_string()).unwrap_or_default();
        let shown = carets(&self.line, self.part.clone(), "");
        let (line, marks) = shown.split_once('\n').unwrap_or((&shown, ""));
        writeln!(f, "  {number} | {line}")?;
        write!(f, "  {:width$} | {}", "", marks.trim_end(), width = number.len())
    }
}

/// The known name that a mistyped one most likely means.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + typed.chars().count() / 4;
    known
        .map(|name| (distance(typed, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edits (insert, remove, replace, swap of neighbours) between two names.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        let known = || ["listen", "ca_dir", "via"].into_iter();
        assert_eq!(nearest("lisen", known()), Some("listen"));
        assert_eq!(nearest("ilsten", known()), Some("listen"));
        assert_eq!(nearest("wholly_other", known()), None);
    }

    #[test]
    fn the_caret_stands_under_its_part() {
        let text = "a = 1\nπ = \"x\u{1b}\"\n";
        let from = text.find('"').unwrap();
        let shown = Excerpt::of(text, &(from..text.len()), true).to_string();
        assert_eq!(shown, "  2 | π = \"x\\x1b\"\n    |     ^^^^^^^");
    }
}
