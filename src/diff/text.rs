//! Two texts line by line.

use super::found::Found;
use super::item::{Item, Place};
use bytes::Bytes;
use memchr::memchr;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines that are aligned with each other; what is longer is paired line by line from its start on, as
/// the cost of aligning grows with the square.
const ALIGNED: usize = 3_000;

/// Same lines shown before and behind a change.
const AROUND: usize = 2;

/// Compares two texts that differ.
pub(super) fn compare(left: &Bytes, right: &Bytes) -> Found {
    let mut found = Found::new("text, by line");
    let (one, other) = (lines(left), lines(right));
    // The shortest list of changes is not always the only one: taking the two in one order makes it the
    // same whichever stands on the left.
    let exchanged = right < left;
    let ops = if exchanged { ops(&other, &one) } else { ops(&one, &other) };
    let spans = ops.into_iter().map(|op| {
        let (from, to) = (op.old_range(), op.new_range());
        let same = matches!(op, DiffOp::Equal { .. });
        if exchanged { (same, to, from) } else { (same, from, to) }
    });
    for (same, from, to) in spans {
        if same {
            around(&one, &other, from, to.start, &mut found);
        } else {
            changed(&one, &other, from, to, &mut found);
        }
    }
    if one.len().max(other.len()) > ALIGNED && found.unaligned(ALIGNED) {
        found.notes.push(format!("more than {ALIGNED} lines differ: paired by their places"));
    }
    found
}

/// What to keep, to take away and to put in.
fn ops(left: &[Bytes], right: &[Bytes]) -> Vec<DiffOp> {
    let head = left.iter().zip(right).take_while(|(one, other)| one == other).count();
    let rest = left.len().min(right.len()) - head;
    let tail = left.iter().rev().zip(right.iter().rev()).take(rest).take_while(|(one, other)| one == other);
    let tail = tail.count();
    let (old_len, new_len) = (left.len() - head - tail, right.len() - head - tail);
    let mut ops = vec![DiffOp::Equal { old_index: 0, new_index: 0, len: head }];
    if old_len.max(new_len) > ALIGNED {
        ops.push(DiffOp::Replace { old_index: head, old_len, new_index: head, new_len });
    } else {
        let (one, other) = (left.get(head..head + old_len), right.get(head..head + new_len));
        let inner = capture_diff_slices(Algorithm::Myers, one.unwrap_or_default(), other.unwrap_or_default());
        ops.extend(inner.into_iter().map(|op| shifted(op, head)));
    }
    ops.push(DiffOp::Equal { old_index: head + old_len, new_index: head + new_len, len: tail });
    ops
}

fn shifted(op: DiffOp, by: usize) -> DiffOp {
    match op {
        DiffOp::Equal { old_index, new_index, len } => {
            DiffOp::Equal { old_index: old_index + by, new_index: new_index + by, len }
        }
        DiffOp::Delete { old_index, old_len, new_index } => {
            DiffOp::Delete { old_index: old_index + by, old_len, new_index: new_index + by }
        }
        DiffOp::Insert { old_index, new_index, new_len } => {
            DiffOp::Insert { old_index: old_index + by, new_index: new_index + by, new_len }
        }
        DiffOp::Replace { old_index, old_len, new_index, new_len } => {
            DiffOp::Replace { old_index: old_index + by, old_len, new_index: new_index + by, new_len }
        }
    }
}

/// Of a stretch of same lines those that stand next to a change.
fn around(
    one: &[Bytes],
    other: &[Bytes],
    from: std::ops::Range<usize>,
    other_from: usize,
    found: &mut Found,
) {
    let length = from.len();
    let near = |at: usize| {
        let (first, last) = (from.start == 0 && other_from == 0, from.end == one.len());
        let last = last && other_from + length == other.len();
        (!first && at < AROUND) || (!last && at + AROUND >= length)
    };
    for at in (0..length).filter(|at| near(*at)) {
        let (left, right) = (from.start + at, other_from + at);
        let place = Place::Line(Some(left + 1), Some(right + 1));
        found.push(Item::both(place, line(one, left), line(other, right), None));
    }
}

/// Lines that were replaced, paired by their places; the ones left over stand alone.
fn changed(
    one: &[Bytes],
    other: &[Bytes],
    from: std::ops::Range<usize>,
    to: std::ops::Range<usize>,
    found: &mut Found,
) {
    let count = from.len().max(to.len());
    for at in 0..count {
        let left = Some(from.start + at).filter(|at| *at < from.end);
        let right = Some(to.start + at).filter(|at| *at < to.end);
        let place = Place::Line(left.map(|at| at + 1), right.map(|at| at + 1));
        let (a, b) = (left.map(|at| line(one, at)), right.map(|at| line(other, at)));
        found.push(match (a, b) {
            (Some(a), Some(b)) => Item::both(place, a, b, None),
            (a, b) => Item::lone(place, a, b),
        });
    }
}

fn line(lines: &[Bytes], at: usize) -> Bytes {
    lines.get(at).cloned().unwrap_or_default()
}

/// A text's lines with their ends, without copies.
fn lines(text: &Bytes) -> Vec<Bytes> {
    let mut lines = Vec::new();
    let mut rest = text.clone();
    while !rest.is_empty() {
        let length = memchr(b'\n', &rest).map_or(rest.len(), |at| at + 1);
        lines.push(rest.split_to(length));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Change;

    fn told(left: &str, right: &str) -> Vec<String> {
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let shown = |value: &Option<Bytes>| {
            value.as_ref().map_or("-".into(), |value| String::from_utf8_lossy(value).trim_end().to_owned())
        };
        let mark = |change| match change {
            Change::Same => ' ',
            Change::Changed => '~',
            Change::OnlyLeft => '-',
            Change::OnlyRight => '+',
        };
        let found = compare(&bytes(left), &bytes(right));
        let told =
            |item: &Item| format!("{}{} {}", mark(item.change()), shown(&item.left), shown(&item.right));
        found.items.iter().map(told).collect()
    }

    #[test]
    fn lines_are_aligned_and_the_near_ones_shown() {
        assert_eq!(
            told("1\n2\n3\n4\n5\n6\n", "1\n2\n3\nnew\n4\n5\n6\n"),
            [" 2 2", " 3 3", "+- new", " 4 4", " 5 5"]
        );
        assert_eq!(told("a\nb", "a\nc"), [" a a", "~b c"]);
        assert_eq!(told("a\n", "b\nc\n"), ["~a b", "+- c"]);
        // The line end alone is a difference too.
        assert_eq!(told("a\n", "a"), ["~a a"]);
    }

    #[test]
    fn long_texts_are_paired_by_place() {
        let text = |word: &str| (0..=ALIGNED).map(|at| format!("{word}{at}\n")).collect::<Vec<_>>().concat();
        let found = compare(&Bytes::from(text("a")), &Bytes::from(text("b")));
        assert_eq!(found.items.len() + found.more, ALIGNED + 1);
        assert_eq!(found.notes, ["more than 3000 lines differ: paired by their places"]);
    }
}
