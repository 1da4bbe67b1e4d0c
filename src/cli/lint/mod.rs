//! `hopscope lint`: header blocks, a capture or a HAR file in, findings out, for people, scripts and CI.

mod blocks;
mod exchanges;
mod found;
mod sarif;

use super::args::{Level, Lint, LintTo};
use super::capture;
use super::door::{Ink, Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::records::Records;
use crate::exchange::{Exchange, ExchangeId, Flags, Side};
use crate::import::{self, Form};
use crate::inspect::BEGINNING;
use crate::text::units;
use blocks::{Block, answer};
use sarif::Sarif;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::path::Path;

pub(super) use exchanges::Looked;
pub use found::Found;

/// Exchanges read at once.
const PAGE: usize = 500;

/// Runs the command.
pub(super) fn run(typed: &Lint) -> Outcome {
    let out = Out::stdout();
    let to = typed.to.unwrap_or(if out.is_terminal() { LintTo::Text } else { LintTo::Json });
    let name = typed.file.as_ref().map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    let mut run = Run { out, to, tally: Tally::default(), sarif: Sarif::about(&name) };
    let asked = typed.file.as_deref().filter(|path| path.as_os_str() != "-");
    match asked {
        None => run.blocks(&mut BufReader::new(Box::new(io::stdin())))?,
        Some(path) if path.is_file() => run.file(path)?,
        Some(_) => run.capture(capture::open(Some(&name))?.as_mut())?,
    }
    run.end(typed.fail_on)
}

type Input = BufReader<Box<dyn io::Read>>;

/// What is written, and what was found so far.
struct Run {
    out: Out,
    to: LintTo,
    tally: Tally,
    sarif: Sarif,
}

impl Run {
    /// A file: a HAR when it is one JSON object with a log, else blocks.
    fn file(&mut self, path: &Path) -> Result<(), Halt> {
        let failed = |error| Halt::new(Exit::Failed, format!("{} cannot be read: {error}", path.display()));
        let file = File::open(path).map_err(failed)?;
        let mut input: Input = BufReader::new(Box::new(file));
        if !is_har(input.fill_buf().map_err(failed)?) {
            return self.blocks(&mut input);
        }
        self.har(path, &mut input)
    }

    /// The entries of a HAR file, as an import reads them, numbered in their order.
    fn har(&mut self, path: &Path, input: &mut Input) -> Result<(), Halt> {
        let (mut number, mut halted) = (0, None);
        let report = import::read(Form::Har, input, &mut |mut imported| {
            number += 1;
            imported.exchange.summary.id = ExchangeId(number);
            let mut beginnings = imported.bodies;
            for body in &mut beginnings {
                body.truncate(BEGINNING);
            }
            self.exchange(&Looked::recorded(&imported.exchange, beginnings)).map_err(|halt| {
                halted = Some(halt);
                io::Error::other("nothing more is wanted")
            })
        });
        if let Some(halt) = halted {
            return Err(halt);
        }
        let report = report?;
        match report.broken {
            Some(why) if report.read == 0 => {
                return Err(Halt::new(Exit::Failed, format!("{} is no HAR file: {why}", path.display())));
            }
            Some(why) => say(format!("{} was read up to entry {}: {why}", path.display(), report.read)),
            None => {}
        }
        if report.left_out > 0 {
            let left_out = units::counted(
                usize::try_from(report.left_out).unwrap_or(usize::MAX),
                "entry is",
                "entries are",
            );
            say(format!("{left_out} left out: {}", report.why.unwrap_or_default()));
        }
        Ok(())
    }

    /// Header blocks as JSON lines, each answered before the next is waited for.
    fn blocks(&mut self, input: &mut Input) -> Result<(), Halt> {
        self.tally.what = ("block", "blocks");
        let mut line = String::new();
        while read(input, &mut line)? {
            self.tally.lines += 1;
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<Block>(&line) {
                Ok(block) => self.block(block)?,
                Err(error) => self.tally.refuse(&error),
            }
            // Whoever waits for the answer before writing the next block gets it.
            if input.buffer().is_empty() {
                self.out.flush()?;
            }
        }
        Ok(())
    }

    fn block(&mut self, block: Block) -> Result<(), Halt> {
        let start = block.start.clone();
        let lines = if self.to == LintTo::Text { block.lines.clone() } else { Vec::new() };
        let answer = answer(block);
        let id = answer.id.as_str().map_or_else(|| answer.id.to_string(), str::to_owned);
        let line_of = |found: &Found| lines.get(found.line.wrapping_sub(1)).unwrap_or(&start).clone();
        let shown: Vec<_> = answer.findings.iter().map(line_of).collect();
        let line = Some(self.tally.lines);
        self.answer(&answer, &answer.findings, &shown, (line, &format!("{id}  {start}")))
    }

    /// The exchanges of a capture.
    fn capture(&mut self, records: &mut dyn Records) -> Result<(), Halt> {
        let mut last = ExchangeId(0);
        loop {
            let page = records.after(last, PAGE)?;
            let Some(end) = page.last() else { return Ok(()) };
            last = end.id;
            for summary in page.iter().filter(|summary| !summary.flags.has(Flags::HIDDEN)) {
                if let Some(exchange) = records.exchange(summary.id)? {
                    let beginnings = beginnings(records, &exchange);
                    self.exchange(&Looked::recorded(&exchange, beginnings))?;
                }
            }
        }
    }

    fn exchange(&mut self, looked: &Looked) -> Result<(), Halt> {
        self.tally.what = ("exchange", "exchanges");
        self.answer(looked, &looked.findings, &looked.lines, (None, &looked.title))
    }

    /// Prints what was found of one block or exchange. The place is a line of the file, if it has lines, and a title.
    fn answer(
        &mut self,
        whole: &impl Serialize,
        findings: &[Found],
        lines: &[String],
        (line, title): (Option<usize>, &str),
    ) -> Result<(), Halt> {
        self.tally.add(findings);
        match self.to {
            LintTo::Json => self.out.record(&serde_json::to_string(whole).map_err(anyhow::Error::from)?)?,
            LintTo::Sarif => {
                for found in findings {
                    self.sarif.add(&mut self.out, found, line, title)?;
                }
            }
            LintTo::Text if findings.is_empty() => {}
            LintTo::Text => print(&mut self.out, title, findings, lines)?,
        }
        Ok(())
    }

    fn end(mut self, fail_on: Option<Level>) -> Outcome {
        if self.to == LintTo::Sarif {
            self.sarif.end(&mut self.out)?;
        }
        self.out.flush()?;
        if self.to != LintTo::Json {
            say(self.tally.says());
        }
        Ok(self.tally.exit(fail_on))
    }
}

/// The first bytes of both bodies; none where they were not kept, or can no longer be read.
pub(super) fn beginnings(records: &mut dyn Records, exchange: &Exchange) -> [Vec<u8>; 2] {
    [Side::Client, Side::Origin].map(|side| {
        let mut bytes = Vec::new();
        if exchange.body(side).kept > 0
            && let Ok(body) = records.body(exchange, side)
            && body.take(BEGINNING as u64).read_to_end(&mut bytes).is_err()
        {
            bytes.clear();
        }
        bytes
    })
}

/// Findings below their title, each message of an exchange below its name.
pub(super) fn print<W: Write>(
    out: &mut Out<W>,
    title: &str,
    findings: &[Found],
    lines: &[String],
) -> io::Result<()> {
    out.inked(&[(Ink::Strong, title)])?;
    let mut before = None;
    for (found, line) in findings.iter().zip(lines) {
        if let Some(message) = found.message.filter(|message| before != Some(*message)) {
            out.inked(&[(Ink::Dim, &format!("{}:", message.replace('-', " ")))])?;
            before = Some(message);
        }
        found.print(out, line)?;
    }
    Ok(())
}

/// Whether a file begins like one JSON object with a log in it; a block of JSON lines has none.
fn is_har(beginning: &[u8]) -> bool {
    let plain: Vec<_> =
        beginning.iter().filter(|byte| !byte.is_ascii_whitespace()).take(200).copied().collect();
    let plain = plain.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&plain);
    plain.starts_with(b"{\"log\":{")
}

/// The next line; bytes that are not UTF-8 are replaced, for JSON has none.
fn read(input: &mut Input, line: &mut String) -> io::Result<bool> {
    let mut bytes = Vec::new();
    let count = input.read_until(b'\n', &mut bytes)?;
    line.clear();
    line.push_str(&String::from_utf8_lossy(&bytes));
    Ok(count > 0)
}

/// What was read and found so far.
#[derive(Default)]
struct Tally {
    what: (&'static str, &'static str),
    lines: usize,
    count: usize,
    errors: usize,
    warnings: usize,
    facts: usize,
    refused: bool,
}

impl Tally {
    fn add(&mut self, findings: &[Found]) {
        self.count += 1;
        for found in findings {
            match found.severity {
                "error" => self.errors += 1,
                "warn" => self.warnings += 1,
                _ => self.facts += 1,
            }
        }
    }

    fn refuse(&mut self, error: &serde_json::Error) {
        self.refused = true;
        say(format!(
            "hopscope: line {} is no header block ({error}); see `hopscope lint --help`",
            self.lines
        ));
    }

    fn says(&self) -> String {
        let counted = units::counted;
        let (one, many) = if self.what.0.is_empty() { ("exchange", "exchanges") } else { self.what };
        format!(
            "{}: {}, {}, {}",
            counted(self.count, one, many),
            counted(self.errors, "error", "errors"),
            counted(self.warnings, "warning", "warnings"),
            counted(self.facts, "fact", "facts"),
        )
    }

    fn exit(&self, fail_on: Option<Level>) -> Exit {
        let fails = match fail_on {
            Some(Level::Error) => self.errors > 0,
            Some(Level::Warn) => self.errors + self.warnings > 0,
            None => false,
        };
        match (self.refused, fails) {
            (true, _) => Exit::Failed,
            (false, true) => Exit::Differs,
            (false, false) => Exit::Ok,
        }
    }
}
