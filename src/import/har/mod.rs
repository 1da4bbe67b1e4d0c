//! HAR 1.2 as browsers and proxies write it (Chrome, Firefox, Safari, Charles, Proxyman,
//! mitmproxy, Fiddler, Insomnia), and as
//! [`crate::export::Har`] does: entry by entry, however long the file is.

mod entry;
mod messages;
mod own;

pub use entry::exchange as of_another;

use super::json::{Budget, Fault, Json, Tree};
use super::{LARGEST, Report, Sink, WHOLE};
use crate::exchange::Note;
use std::io::{self, Read};

/// What tells a HAR from JSON lines.
pub const MARK: &[u8] = b"\"entries\"";

/// Reads entries until the file ends or breaks.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut reader = Reader { json: Json::new(input), report: Report::default(), entries: false };
    match reader.document(sink) {
        Ok(()) => {}
        Err(Stop::Sink(error)) => return Err(error),
        Err(Stop::Fault(fault)) => reader.report.broken = Some(fault.to_string()),
    }
    if !reader.entries && reader.report.broken.is_none() {
        reader.report.broken = Some("it is JSON, and no HAR: it has no log with entries".to_owned());
    }
    Ok(reader.report)
}

enum Stop {
    Fault(Fault),
    Sink(io::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

struct Reader<R> {
    json: Json<R>,
    report: Report,
    /// The list of entries was met.
    entries: bool,
}

impl<R: Read> Reader<R> {
    /// `{"log": {"creator": …, "entries": […]}}`; members come in any order.
    fn document(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop> {
        self.json.skip_mark()?;
        if !self.json.begins_object()? {
            return Ok(self.json.skip()?);
        }
        let mut first = true;
        while let Some(name) = self.json.key(first)? {
            first = false;
            match name.as_str() {
                "log" if self.json.begins_object()? => self.log(sink)?,
                _ => self.json.skip()?,
            }
        }
        Ok(())
    }

    fn log(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop> {
        let mut first = true;
        while let Some(name) = self.json.key(first)? {
            first = false;
            match name.as_str() {
                "creator" => self.creator()?,
                "entries" if self.json.begins_list()? => self.entries(sink)?,
                _ => self.json.skip()?,
            }
        }
        Ok(())
    }

    fn creator(&mut self) -> Result<(), Fault> {
        let creator = self.json.tree(&mut Budget { text: 200, all: 4096, exceeded: false })?;
        let text = |name| creator.of(name).and_then(Tree::text).unwrap_or_default();
        let by = format!("{} {}", text("name"), text("version")).trim().to_owned();
        self.report.by = Some(by).filter(|by| !by.is_empty());
        Ok(())
    }

    fn entries(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop> {
        self.entries = true;
        let mut first = true;
        while self.json.item(first)? {
            first = false;
            let mut budget = Budget { text: LARGEST, all: WHOLE, exceeded: false };
            let mut entry = self.json.tree(&mut budget)?;
            let note = entry.of("comment").and_then(Tree::text).and_then(|text| Note::new(&text));
            let made =
                if own::is_own(&entry) { own::exchange(&mut entry) } else { entry::exchange(&mut entry) };
            match made {
                Ok(mut imported) => {
                    imported.exchange.summary.set_note(note);
                    self.report.cut += u64::from(budget.exceeded);
                    sink(imported).map_err(Stop::Sink)?;
                    self.report.read += 1;
                }
                Err(why) => self.report.leave_out(why),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod writers;
