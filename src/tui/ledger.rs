//! Two heads beside each other by the hop's ledger: which line was kept, changed, removed
//! or added on its way, and why.
//!
//! The ledger is taken at its word, and checked: a difference that it does not explain is
//! shown as such, for the heads are what crossed the wire.

use crate::exchange::{Cause, Edit, Head};
use crate::text::units::counted;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent on as received.
    Kept,
    /// Sent on differently.
    Changed,
    /// Not sent on.
    Removed,
    /// Sent though not received.
    Added,
}

impl Fate {
    /// Its mark before the line.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Kept => " ",
            Self::Changed => "~",
            Self::Removed => "−",
            Self::Added => "+",
        }
    }
}

/// A line as received, as sent, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its number in the head as received; 0 is the start line.
    pub before: Option<usize>,
    /// Its number in the head as sent.
    pub after: Option<usize>,
    /// What became of it.
    pub fate: Fate,
    /// Why; empty for a kept line, and for a difference that the ledger does not explain.
    pub causes: Vec<Cause>,
}

/// Lines removed, added and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lines not sent on.
    pub removed: usize,
    /// Lines sent though not received.
    pub added: usize,
    /// Lines sent differently.
    pub changed: usize,
}

impl Totals {
    /// Counts the fates.
    #[must_use]
    pub fn of(pairs: &[Pair]) -> Self {
        let count = |fate| pairs.iter().filter(|pair| pair.fate == fate).count();
        Self { removed: count(Fate::Removed), added: count(Fate::Added), changed: count(Fate::Changed) }
    }

    /// `3 removed, 2 added, 1 changed`; `passed on unchanged` when nothing was.
    #[must_use]
    pub fn says(self) -> String {
        let parts: Vec<String> =
            [(self.removed, "removed"), (self.added, "added"), (self.changed, "changed")]
                .into_iter()
                .filter(|(number, _)| *number > 0)
                .map(|(number, word)| counted(number, word, word))
                .collect();
        if parts.is_empty() { "passed on unchanged".to_owned() } else { parts.join(", ") }
    }
}

/// Pairs the lines of a head as received with those of the head as sent, in reading order:
/// received lines in their order, added lines where they stand among the sent ones.
#[must_use]
pub fn pair(received: &Head, sent: &Head, edits: &[Edit]) -> Vec<Pair> {
    let mut rows = decided(received, sent, edits);
    let mut added = additions(sent, edits);
    let taken: Vec<usize> = rows.iter().chain(&added).filter_map(|pair| pair.after).collect();
    let mut kept_sent = (0..lines(sent)).filter(|line| !taken.contains(line));
    for row in rows.iter_mut().filter(|row| row.fate == Fate::Kept) {
        row.after = kept_sent.next();
        row.fate = match (row.before.and_then(|at| received.line(at)), row.after.and_then(|at| sent.line(at)))
        {
            (_, None) => Fate::Removed,
            (before, after) if before == after => Fate::Kept,
            _ => Fate::Changed,
        };
    }
    added.extend(kept_sent.map(|after| Pair {
        before: None,
        after: Some(after),
        fate: Fate::Added,
        causes: Vec::new(),
    }));
    added.sort_by_key(|pair| pair.after);
    merge(rows, added)
}

/// The received lines, each with what the ledger says of it; the others as kept.
fn decided(received: &Head, sent: &Head, edits: &[Edit]) -> Vec<Pair> {
    let mut rows: Vec<Pair> = (0..lines(received))
        .map(|line| Pair { before: Some(line), after: None, fate: Fate::Kept, causes: Vec::new() })
        .collect();
    for edit in edits {
        let Some(row) = edit.before.and_then(|line| rows.get_mut(usize::from(line))) else { continue };
        row.after = row.after.or(edit.after.map(usize::from).filter(|line| *line < lines(sent)));
        row.fate = if row.after.is_some() { Fate::Changed } else { Fate::Removed };
        row.causes.push(edit.cause);
    }
    rows
}

fn additions(sent: &Head, edits: &[Edit]) -> Vec<Pair> {
    let mut added: Vec<Pair> = Vec::new();
    for edit in edits.iter().filter(|edit| edit.before.is_none()) {
        let Some(after) = edit.after.map(usize::from).filter(|line| *line < lines(sent)) else { continue };
        match added.iter_mut().find(|pair| pair.after == Some(after)) {
            Some(pair) => pair.causes.push(edit.cause),
            None => added.push(Pair {
                before: None,
                after: Some(after),
                fate: Fate::Added,
                causes: vec![edit.cause],
            }),
        }
    }
    added
}

/// Puts each added line before the first row that was sent behind it.
fn merge(rows: Vec<Pair>, added: Vec<Pair>) -> Vec<Pair> {
    let mut out = Vec::with_capacity(rows.len() + added.len());
    let mut added = added.into_iter().peekable();
    for row in rows {
        while let Some(next) = added.next_if(|next| row.after.is_some_and(|after| next.after < Some(after))) {
            out.push(next);
        }
        out.push(row);
    }
    out.extend(added);
    out
}

fn lines(head: &Head) -> usize {
    head.fields().len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn head(text: &str) -> Head {
        Head::parse(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn edit(before: Option<u16>, after: Option<u16>, cause: Cause) -> Edit {
        Edit { before, after, cause }
    }

    fn told(pairs: &[Pair]) -> Vec<(&'static str, Option<usize>, Option<usize>)> {
        pairs.iter().map(|pair| (pair.fate.mark(), pair.before, pair.after)).collect()
    }

    #[test]
    fn lines_are_paired_by_the_ledger() {
        let received = head("GET http://h/ HTTP/1.1\r\nConnection: x\r\nX: 1\r\nHost: h\r\n\r\n");
        let sent = head("GET / HTTP/1.1\r\nHost: h\r\nVia: 1.1 us\r\n\r\n");
        let edits = [
            edit(Some(0), Some(0), Cause::TargetForm),
            edit(Some(0), Some(0), Cause::OwnVersion),
            edit(Some(1), None, Cause::Connection),
            edit(Some(2), None, Cause::NamedByConnection),
            edit(None, Some(2), Cause::Via),
        ];
        let pairs = pair(&received, &sent, &edits);
        assert_eq!(
            told(&pairs),
            [
                ("~", Some(0), Some(0)),
                ("−", Some(1), None),
                ("−", Some(2), None),
                (" ", Some(3), Some(1)),
                ("+", None, Some(2))
            ]
        );
        assert_eq!(pairs[0].causes, [Cause::TargetForm, Cause::OwnVersion]);
        assert_eq!(Totals::of(&pairs).says(), "2 removed, 1 added, 1 changed");
    }

    #[test]
    fn added_lines_stand_where_they_were_sent() {
        let received = head("GET / HTTP/1.0\r\nA: 1\r\nB: 1\r\n\r\n");
        let sent = head("GET / HTTP/1.0\r\nHost: h\r\nA: 1\r\nB: 1\r\n\r\n");
        let pairs = pair(&received, &sent, &[edit(None, Some(1), Cause::HostAdded)]);
        assert_eq!(told(&pairs)[1], ("+", None, Some(1)));
        assert_eq!(told(&pairs)[2], (" ", Some(1), Some(2)));
    }

    #[test]
    fn what_the_ledger_does_not_explain_is_shown() {
        let pairs = pair(&head("a\r\nX: 1\r\nY: 2\r\n\r\n"), &head("a\r\nX: 2\r\n\r\n"), &[]);
        assert_eq!(told(&pairs), [(" ", Some(0), Some(0)), ("~", Some(1), Some(1)), ("−", Some(2), None)]);
        assert!(pairs.iter().all(|pair| pair.causes.is_empty()));
        assert_eq!(Totals::default().says(), "passed on unchanged");
    }

    proptest! {
        #[test]
        fn every_line_of_both_heads_is_shown_once(
            received in "([a-c]: [0-9]\r\n){1,6}\r\n", sent in "([a-c]: [0-9]\r\n){1,6}\r\n",
            edits in proptest::collection::vec((proptest::option::of(0u16..9), proptest::option::of(0u16..9)), 0..8),
        ) {
            let edits: Vec<Edit> = edits.into_iter().map(|(b, a)| edit(b, a, Cause::Via)).collect();
            let (received, sent) = (head(&received), head(&sent));
            let pairs = pair(&received, &sent, &edits);
            let before: Vec<usize> = pairs.iter().filter_map(|pair| pair.before).collect();
            prop_assert_eq!(before, (0..lines(&received)).collect::<Vec<_>>());
            let mut after: Vec<usize> = pairs.iter().filter_map(|pair| pair.after).collect();
            after.dedup();
            for line in 0..lines(&sent) {
                prop_assert!(after.contains(&line));
            }
        }
    }
}
