//! JSON (RFC 8259) as a tree to be folded, made from the bytes themselves, however many.
//!
//! Nothing is parsed into memory: a row is read from its first byte when it is shown. On the way through
//! the body the grammar's machine leaves a mark every 8 KiB, from which rows are counted, found backwards,
//! and given their path. Where the grammar breaks, the rest is shown as it is.

mod machine;
mod number;
mod rows;
mod scan;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

use super::Text;
use super::lines::{Lines, Paint};
use super::rows::Spot;
use machine::{Begin, Break, Expect, Machine};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes between two marks.
const STEP: u64 = 8 * 1024;

/// Rows between two marks at most.
const ROWS: u64 = 2048;

/// Levels of a path that marks keep; deeper rows are shown without one.
const LEVELS: usize = 64;

/// Bytes read of a row before a mark is looked for that tells where the next one begins.
const LOOK: usize = 16 * 1024;

/// Depths that stand for what comes behind a break: what is wrong, and the rest as text.
const NOTICE: u32 = u32::MAX - 1;
const REST: u32 = u32::MAX;

/// What is known where a row begins.
#[derive(Debug)]
struct Mark {
    at: u64,
    depth: u32,
    /// Rows before it.
    rows: u64,
    /// The least depth of the rows from here to the next mark.
    shallowest: u32,
    expect: Expect,
    /// The levels open; none when they are more than [`LEVELS`].
    levels: Box<[u64]>,
}

impl Mark {
    fn spot(&self) -> Spot {
        Spot { at: self.at, depth: self.depth }
    }
}

/// A JSON text as rows.
#[derive(Debug)]
pub struct Json {
    text: Arc<Text>,
    machine: Machine,
    marks: Vec<Mark>,
    rows: u64,
    /// The last row found.
    last: Option<Spot>,
    over: bool,
    broken: Option<Break>,
    /// What stands behind a break.
    rest: Lines,
    /// Whether folds are closed unless they are in `turned`, or open unless they are.
    closed: bool,
    turned: BTreeSet<u64>,
}

impl Json {
    /// Over a text; with several values one after the other when `many`.
    #[must_use]
    pub fn new(text: Arc<Text>, many: bool) -> Self {
        Self {
            rest: Lines::new(Arc::clone(&text), Paint::Raw),
            text,
            machine: Machine::new(many),
            marks: Vec::new(),
            rows: 0,
            last: None,
            over: false,
            broken: None,
            closed: false,
            turned: BTreeSet::new(),
        }
    }

    /// Goes on through the body; whether there is more of what is there.
    fn go_on(&mut self, bytes: usize) -> bool {
        if self.over {
            return false;
        }
        let read = self.text.get(self.machine.at(), bytes);
        let mut used = 0;
        let broken = loop {
            match self.machine.run(&read, &mut used) {
                Ok(Some(begin)) => self.note(begin),
                Ok(None) => break None,
                Err(broken) => break Some(broken),
            }
        };
        let ended = self.text.is_whole() && self.machine.at() >= self.text.len();
        self.broken = broken.or_else(|| if ended { self.machine.finish().err() } else { None });
        // What cannot be read ends it too: it would be asked for without end.
        self.over = ended || self.broken.is_some() || (read.is_empty() && self.text.is_whole());
        !self.over && !read.is_empty() && self.machine.at() < self.text.len()
    }

    fn note(&mut self, begin: Begin) {
        let depth = u32::try_from(begin.depth).unwrap_or(NOTICE - 1);
        if self.marks.last().is_none_or(|mark| begin.at >= mark.at + STEP || self.rows >= mark.rows + ROWS) {
            let levels = self.machine.levels();
            let levels = if levels.len() > LEVELS { Box::default() } else { levels.into() };
            let expect = self.machine.expect();
            self.marks.push(Mark { at: begin.at, depth, rows: self.rows, shallowest: depth, expect, levels });
        }
        if let Some(mark) = self.marks.last_mut() {
            mark.shallowest = mark.shallowest.min(depth);
        }
        self.rows += 1;
        self.last = Some(Spot { at: begin.at, depth });
    }
}

/// Whether a spot lies behind a break.
fn is_behind(spot: Spot) -> bool {
    spot.depth >= NOTICE
}
