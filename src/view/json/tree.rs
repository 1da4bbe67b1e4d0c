//! Ways through the rows: below, above, to the bracket that closes or opens, by path.

use super::machine::{Machine, OBJECT, is_close};
use super::scan::{Scan, scan};
use super::walk::Walk;
use super::{Json, LEVELS, LOOK, Mark, is_behind};
use crate::view::Spot;

/// Bytes of a value taken out at most.
const TAKEN: u64 = 16 * 1024 * 1024;

/// Bytes of most rows.
const GLANCE: usize = 256;

/// Bytes of a name in a path at most.
const NAME: usize = 256;

impl Json {
    /// Where the rows end: nothing behind it is known to be JSON.
    fn end(&self) -> u64 {
        self.broken.map_or(self.machine.at(), |broken| broken.at)
    }

    /// A row's tokens, as far as one look reaches.
    pub(super) fn scan(&self, spot: Spot) -> (Vec<u8>, Scan) {
        let short = self.bytes(spot.at, GLANCE);
        let found = scan(&short);
        if found.next.is_some() || short.len() < GLANCE {
            return (short, found);
        }
        let bytes = self.bytes(spot.at, LOOK);
        let found = scan(&bytes);
        (bytes, found)
    }

    /// Bytes that are known to be JSON.
    pub(super) fn bytes(&self, at: u64, count: usize) -> Vec<u8> {
        let room = usize::try_from(self.end().saturating_sub(at)).unwrap_or(count);
        self.text.get(at, room.min(count))
    }

    pub(super) fn closes(&self, spot: Spot) -> bool {
        self.text.get(spot.at, 1).first().is_some_and(|byte| is_close(*byte))
    }

    /// The row below, folds aside.
    pub(super) fn below(&self, spot: Spot) -> Option<Spot> {
        let last = self.last?;
        if spot.at >= last.at {
            return None;
        }
        let (bytes, found) = self.scan(spot);
        match behind(spot, &bytes, &found) {
            Some(next) => (next.at <= last.at).then_some(next),
            None => Some(self.marked_behind(spot).unwrap_or(last)),
        }
    }

    /// The next row with a mark: the one behind a row that is longer than a look.
    pub(super) fn marked_behind(&self, spot: Spot) -> Option<Spot> {
        self.marks.get(self.marks.partition_point(|mark| mark.at <= spot.at)).map(Mark::spot)
    }

    /// The row above, folds aside.
    pub(super) fn above(&self, spot: Spot) -> Option<Spot> {
        let mark = self.marks.partition_point(|mark| mark.at < spot.at).checked_sub(1)?;
        self.rows_from(mark).take_while(|row| row.at < spot.at).last()
    }

    /// The rows from a mark on.
    pub(super) fn rows_from(&self, mark: usize) -> impl Iterator<Item = Spot> {
        Walk::new(self, self.marks.get(mark).map(Mark::spot))
    }

    /// The rows from a mark to the next one.
    fn stretch(&self, mark: usize) -> impl Iterator<Item = Spot> {
        let end = self.marks.get(mark + 1).map_or(u64::MAX, |next| next.at);
        self.rows_from(mark).take_while(move |row| row.at < end)
    }

    /// The last row before `spot` that is at most so deep: what opens the bracket around it.
    pub(super) fn opener(&self, spot: Spot, depth: u32) -> Option<Spot> {
        let mark = self.marks.partition_point(|mark| mark.at < spot.at).checked_sub(1)?;
        (0..=mark)
            .rev()
            .filter(|mark| self.marks.get(*mark).is_some_and(|mark| mark.shallowest <= depth))
            .find_map(|mark| {
                self.stretch(mark).take_while(|row| row.at < spot.at).filter(|row| row.depth <= depth).last()
            })
    }

    /// The row that closes what a row opens, when it is known.
    pub(super) fn closer(&self, spot: Spot) -> Option<Spot> {
        let mark = self.marks.partition_point(|mark| mark.at <= spot.at).checked_sub(1)?;
        (mark..self.marks.len())
            .filter(|mark| self.marks.get(*mark).is_some_and(|mark| mark.shallowest <= spot.depth))
            .find_map(|mark| self.stretch(mark).find(|row| row.at > spot.at && row.depth <= spot.depth))
    }

    /// The row of a bracket that a row opens, closes or stands in.
    pub(super) fn bracket(&self, spot: Spot) -> Option<Spot> {
        if is_behind(spot) {
            return None;
        }
        if self.closes(spot) {
            return self.opener(spot, spot.depth);
        }
        if self.scan(spot).1.opens {
            return Some(spot);
        }
        self.opener(spot, spot.depth.checked_sub(1)?)
    }

    /// Whether a row that opens something hides it. The outermost bracket is closed only by itself.
    pub(super) fn is_closed(&self, spot: Spot) -> bool {
        (self.closed && spot.depth > 0) != self.turned.contains(&spot.at)
    }

    pub(super) fn path_of(&self, spot: Spot) -> Option<String> {
        let mark = self.marks.get(self.marks.partition_point(|mark| mark.at <= spot.at).checked_sub(1)?)?;
        if mark.levels.is_empty() && mark.depth > 0 {
            return None;
        }
        let mut machine = Machine::resume(mark.at, mark.expect, &mark.levels);
        let room = usize::try_from(spot.at - mark.at).unwrap_or(usize::MAX).saturating_add(1);
        let bytes = self.text.get(mark.at, room);
        let mut used = 0;
        while let Ok(Some(begin)) = machine.run(&bytes, &mut used) {
            if begin.at == spot.at {
                break;
            }
        }
        let mut levels = machine.levels().to_vec();
        if levels.len() > LEVELS {
            return None;
        }
        if self.closes(spot) {
            levels.pop();
        } else if let Some(level) = levels.last_mut().filter(|level| **level & OBJECT != 0) {
            *level = OBJECT | spot.at;
        }
        Some(self.path_words(&levels))
    }

    fn path_words(&self, levels: &[u64]) -> String {
        let mut path = String::from("$");
        for level in levels {
            if level & OBJECT == 0 {
                path.push_str(&format!("[{level}]"));
                continue;
            }
            let bytes = self.text.get(level & !OBJECT, NAME);
            let quoted = scan(&bytes).tokens.first().map(|(_, range)| range.clone()).unwrap_or_default();
            let quoted = bytes.get(quoted).unwrap_or_default();
            match serde_json::from_slice::<String>(quoted) {
                Ok(name) if is_plain(&name) => path.push_str(&format!(".{name}")),
                _ => path.push_str(&format!("[{}]", String::from_utf8_lossy(quoted))),
            }
        }
        path
    }

    pub(super) fn value_of(&self, spot: Spot) -> Option<Vec<u8>> {
        let spot = if self.closes(spot) { self.opener(spot, spot.depth)? } else { spot };
        let (_, look) = self.scan(spot);
        let end = if look.opens {
            self.closer(spot)?.at + 1
        } else {
            self.below(spot).map_or(self.end(), |below| below.at)
        };
        let length = usize::try_from((end - spot.at).min(TAKEN)).ok()?;
        let bytes = self.text.get(spot.at, length);
        if look.opens {
            return bytes.get(look.value.start..).map(<[u8]>::to_vec);
        }
        let value = bytes.get(scan(&bytes).value)?;
        Some(serde_json::from_slice::<String>(value).map_or_else(|_| value.to_vec(), String::into_bytes))
    }
}

/// The row behind one, where the bytes reach so far.
pub(super) fn behind(spot: Spot, bytes: &[u8], found: &Scan) -> Option<Spot> {
    let next = found.next?;
    let closing = bytes.get(next).is_some_and(|byte| is_close(*byte));
    let depth = if found.opens { spot.depth + 1 } else { spot.depth.saturating_sub(u32::from(closing)) };
    Some(Spot { at: spot.at + next as u64, depth })
}

fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}
