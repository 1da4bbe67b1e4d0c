//! `hopscope tail`: what passes through a proxy that another process runs, a line an exchange as it ends.

use super::args::Tail;
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::follow::{Follower, Hears};
use super::{capture, format, json, words};
use crate::exchange::{Flags, State, Summary};
use crate::query::{Query, Truth};
use crate::store::{self, Reader};
use std::io::Write;

/// Runs the command, until the recording ends or nobody reads any more.
pub(super) fn run(typed: &Tail) -> Outcome {
    let query = words::parse(&typed.filter).map_err(|says| Halt::new(Exit::Config, says))?;
    let path = capture::path(typed.chosen.capture.as_deref())?;
    if !store::is_recorded(&path) {
        let says = format!(
            "nobody records {}: `hopscope ls` lists what is in it, and `hopscope serve` records",
            path.display()
        );
        return Err(Halt::new(Exit::Unavailable, says));
    }
    let reader = Reader::open(&path).map_err(anyhow::Error::from)?;
    let lines = Lines { reader, query, as_json: typed.json, out: Out::stdout(), ended: Ok(()) };
    let mut follower = Follower::new(&path, lines).map_err(anyhow::Error::from)?;
    say(format!("following {}", path.display()));
    follower.watch().map_err(anyhow::Error::from)?;
    follower.hears.ended?;
    say("the recording has ended");
    Ok(Exit::Ok)
}

/// Rows as lines.
struct Lines<W: Write> {
    reader: Reader,
    query: Query,
    as_json: bool,
    out: Out<W>,
    ended: Result<(), Halt>,
}

impl<W: Write> Lines<W> {
    fn print(&mut self, rows: &[Summary]) -> Result<(), Halt> {
        let over = rows.iter().filter(|row| row.state != State::Open && !row.flags.has(Flags::HIDDEN));
        for row in over {
            let meant = match self.query.judge(row) {
                Truth::Unknown => {
                    let ids = [row.id.0];
                    !self.reader.sift(&self.query, &ids).map_err(anyhow::Error::from)?.is_empty()
                }
                known => known.is_yes(),
            };
            if meant && self.as_json {
                self.out.record(&json::row(row).map_err(anyhow::Error::from)?)?;
            } else if meant {
                self.out.line(format::row(row))?;
            }
        }
        Ok(self.out.flush()?)
    }
}

impl<W: Write> Hears for Lines<W> {
    fn rows(&mut self, rows: &[Summary]) -> bool {
        if self.ended.is_ok() {
            self.ended = self.print(rows);
        }
        self.ended.is_ok()
    }

    fn anew(&mut self) -> bool {
        true
    }
}
