//! Sending at a bounded pace and telling how each replay ended, whoever it is that sends.

use super::super::args::{ProxyFlags, Replay};
use super::super::diff::{Loaded, print_unified};
use super::super::door::{Out, say};
use super::super::engine::{self, Engine};
use super::super::exit::{Exit, Halt, Outcome};
use super::super::format::{self, counted};
use super::super::plan::Plan;
use super::super::{json, session};
use crate::diff;
use crate::exchange::{ExchangeId, Order, State, Summary};
use crate::replay::Replayer;
use crate::store::control::{self, Reply, Request};
use crate::store::{Reader, StoreError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Between two looks at the capture for replays that have ended.
const LOOK: Duration = Duration::from_millis(10);
/// When nothing ends for so long, the process that sends is asked whether it still lives.
const DOUBT: Duration = Duration::from_secs(1);

/// What is to be sent and how it is told.
pub(super) struct Asked {
    pub(super) orders: Vec<Order>,
    pub(super) count: u32,
    pub(super) concurrency: usize,
    pub(super) as_json: bool,
    pub(super) diff: bool,
}

/// Who sends.
pub(super) enum Door {
    /// The process that records the capture.
    Recorder(PathBuf),
    /// We, as nobody records it.
    Own(Box<(Engine, Replayer)>),
}

impl Door {
    /// Finds who records the capture, or takes its lock.
    pub(super) fn to(capture: &Path, typed: &Replay) -> Result<Self, Halt> {
        match control::ask(capture, &Request::Status) {
            Ok(_) => return Ok(Self::Recorder(capture.to_owned())),
            Err(StoreError::NotRecorded(_)) => {}
            Err(error) => return Err(anyhow::Error::from(error).into()),
        }
        let flags = ProxyFlags {
            config: typed.config.clone(),
            origin_ca: typed.origin_ca.clone(),
            origin_insecure: typed.origin_insecure.then(|| "true".to_owned()),
            ..ProxyFlags::default()
        };
        let plan = Plan::private(&flags)?;
        let engine =
            engine::start_sender(&plan, capture).map_err(|error| session::refused(error, &plan.places))?;
        engine.warnings().iter().for_each(say);
        let replayer = engine.replayer();
        Ok(Self::Own(Box::new((engine, replayer))))
    }

    /// Begins one replay; its number and what is worth knowing.
    fn send(&self, order: &Order) -> Result<(ExchangeId, Vec<String>), String> {
        match self {
            Self::Own(own) => {
                let sent = own.1.replay(order).map_err(|error| error.to_string())?;
                Ok((sent.id(), sent.notes))
            }
            Self::Recorder(capture) => ask(capture, order),
        }
    }

    fn is_alive(&self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Recorder(capture) => control::ask(capture, &Request::Status).is_ok(),
        }
    }

    fn close(self) {
        if let Self::Own(own) = self {
            own.0.drain().iter().for_each(say);
        }
    }
}

/// Has the process that records a capture begin one replay.
pub(in crate::cli) fn ask(capture: &Path, order: &Order) -> Result<(ExchangeId, Vec<String>), String> {
    let request = Request::Replay { orders: vec![order.clone()] };
    match control::ask(capture, &request).map_err(|error| format!("{:#}", anyhow::Error::from(error)))? {
        Reply::Replayed { ids, notes } => match ids.first() {
            Some(id) => Ok((ExchangeId(*id), notes)),
            None => Err("the process that records sent nothing, and did not say why".to_owned()),
        },
        Reply::Error { says } if says.starts_with("not a request that I know") => {
            Err("the process that records is an older hopscope and cannot replay: stop it, or restart it as this one".to_owned())
        }
        Reply::Error { says } => Err(says),
        _ => Err("the process that records answered something else".to_owned()),
    }
}

/// Sends all, prints a line as each is over, and tells how it went.
pub(super) fn run(asked: &Asked, door: Door, reader: &Reader, interrupts: &AtomicU32) -> Outcome {
    let mut out = Out::stdout();
    let mut pace = Pace { asked, door: &door, reader, interrupts, tally: Tally::default() };
    let ended = pace.run(&mut out);
    let tally = pace.tally;
    door.close();
    ended?;
    out.flush()?;
    let total = asked.orders.len() as u64 * u64::from(asked.count);
    if interrupts.load(Ordering::Relaxed) > 0 {
        let says = format!("interrupted: {} of {} sent", tally.sent, counted(total, "request"));
        return Err(Halt::new(Exit::Interrupted, says));
    }
    if total > 1 {
        say(format!("{} sent, {} failed", counted(tally.sent, "request"), tally.failed));
    }
    Ok(match tally {
        Tally { failed: 1.., .. } => Exit::Failed,
        Tally { differ: 1.., .. } => Exit::Differs,
        Tally { .. } => Exit::Ok,
    })
}

#[derive(Default)]
struct Tally {
    sent: u64,
    failed: u64,
    differ: u64,
}

struct Pace<'a> {
    asked: &'a Asked,
    door: &'a Door,
    reader: &'a Reader,
    interrupts: &'a AtomicU32,
    tally: Tally,
}

impl Pace<'_> {
    fn run<W: Write>(&mut self, out: &mut Out<W>) -> Result<(), Halt> {
        let asked = self.asked;
        let mut waiting = asked.orders.iter().flat_map(|order| (0..asked.count).map(move |_| order));
        let mut under_way: Vec<ExchangeId> = Vec::new();
        let mut last = Instant::now();
        loop {
            while under_way.len() < asked.concurrency && self.interrupts.load(Ordering::Relaxed) == 0 {
                let Some(order) = waiting.next() else { break };
                under_way.extend(self.begin(order));
            }
            if under_way.is_empty() || self.interrupts.load(Ordering::Relaxed) > 1 {
                return Ok(());
            }
            let before = under_way.len();
            self.tell_ended(&mut under_way, out)?;
            if under_way.len() < before {
                last = Instant::now();
                continue;
            }
            if last.elapsed() > DOUBT {
                if !self.door.is_alive() {
                    let says = "the process that records is gone; `hopscope ls` shows what it has sent";
                    return Err(Halt::new(Exit::Failed, says));
                }
                last = Instant::now();
            }
            std::thread::sleep(LOOK);
        }
    }

    fn begin(&mut self, order: &Order) -> Option<ExchangeId> {
        match self.door.send(order) {
            Ok((id, notes)) => {
                if self.tally.sent == 0 {
                    notes.iter().for_each(say);
                }
                self.tally.sent += 1;
                Some(id)
            }
            Err(says) => {
                self.tally.failed += 1;
                say(format!("hopscope: #{} was not sent: {says}", order.of));
                None
            }
        }
    }

    /// Prints those that are over, and takes them out.
    fn tell_ended<W: Write>(
        &mut self,
        under_way: &mut Vec<ExchangeId>,
        out: &mut Out<W>,
    ) -> Result<(), Halt> {
        let (Some(from), Some(to)) = (under_way.iter().min().copied(), under_way.iter().max().copied())
        else {
            return Ok(());
        };
        let rows = self.reader.summaries(from, to).map_err(anyhow::Error::from)?;
        let over = |row: &&Summary| row.state != State::Open && under_way.contains(&row.id);
        let ended: Vec<Summary> = rows.iter().filter(over).cloned().collect();
        under_way.retain(|id| !ended.iter().any(|row| row.id == *id));
        for row in &ended {
            self.tell(row, out)?;
        }
        Ok(())
    }

    fn tell<W: Write>(&mut self, row: &Summary, out: &mut Out<W>) -> Result<(), Halt> {
        self.tally.failed += u64::from(row.failure.is_some());
        if self.asked.as_json {
            out.record(&json::row(row).map_err(anyhow::Error::from)?)?;
        } else {
            out.line(line(row))?;
        }
        if self.asked.diff && row.failure.is_none() {
            self.tally.differ += u64::from(differ(self.reader, row, self.asked.as_json, out)?);
        }
        // A line is seen as soon as its replay is over.
        Ok(out.flush()?)
    }
}

/// Prints what differs between a replay's answer and its original's, in JSON nothing; whether anything does
/// that was not to be expected.
fn differ<W: Write>(reader: &Reader, row: &Summary, quiet: bool, out: &mut Out<W>) -> Result<bool, Halt> {
    let Some(parent) = row.parent else { return Ok(false) };
    let mut records = engine::records(reader.path())?;
    let original = Loaded::read(records.as_mut(), parent)?;
    let replay = Loaded::read(records.as_mut(), row.id)?;
    let comparison = diff::answers(&original.side(), &replay.side());
    if !quiet {
        print_unified(out, (&original.exchange.summary, row), &comparison, false)?;
    }
    Ok(!comparison.is_equal())
}

/// `#18 POST http://h/ 201 71 ms  replay of #12`.
fn line(row: &Summary) -> String {
    let mut line = format!("#{} {} {} {}", row.id.0, row.method, row.url(), format::status(row));
    line.extend(row.duration.map(|micros| format!(" {}", format::duration(micros))));
    line.extend(row.parent.map(|parent| format!("  replay of #{}", parent.0)));
    line.extend(row.failure.as_ref().map(|failure| format!("  {}", failure.says)));
    line
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::plain;
    use super::*;
    use crate::exchange::Scheme;

    #[test]
    fn a_line_names_the_original() {
        let row = Summary {
            method: "POST".to_owned(),
            scheme: Scheme::Http,
            host: "h".to_owned(),
            path: "/a".to_owned(),
            status: Some(201),
            duration: Some(71_000),
            parent: Some(ExchangeId(12)),
            note: None,
            ..plain()
        };
        assert_eq!(line(&row), "#18 POST http://h/a 201 71 ms  replay of #12");
    }
}
