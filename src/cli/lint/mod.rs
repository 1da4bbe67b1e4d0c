//! `hopscope lint`: header blocks in as JSON lines, findings out, one line for each.

mod blocks;

use super::args::{Level, Lint, LintTo};
use super::door::{Ink, Out, say};
use super::exit::{Exit, Halt, Outcome};
use crate::text::units;
use blocks::{Answer, Block, Found, answer};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

/// Runs the command.
pub(super) fn run(typed: &Lint) -> Outcome {
    let mut out = Out::stdout();
    let json = typed.to.map_or(!out.is_terminal(), |to| to == LintTo::Json);
    let mut input = open(typed)?;
    let mut tally = Tally::default();
    let mut line = String::new();
    while read(&mut input, &mut line)? {
        tally.lines += 1;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Block>(&line) {
            Ok(block) => print(&mut out, block, json, &mut tally)?,
            Err(error) => tally.refuse(&error),
        }
        // Whoever waits for the answer before writing the next block gets it.
        if input.buffer().is_empty() {
            out.flush()?;
        }
    }
    out.flush()?;
    if !json {
        say(tally.says());
    }
    Ok(tally.exit(typed.fail_on))
}

type Input = BufReader<Box<dyn io::Read>>;

fn open(typed: &Lint) -> Result<Input, Halt> {
    let Some(path) = typed.file.as_ref().filter(|path| path.as_os_str() != "-") else {
        return Ok(BufReader::new(Box::new(io::stdin())));
    };
    if path.is_dir() {
        let says = format!(
            "{}: findings of a whole capture are not yet printed; give header blocks as JSON lines",
            path.display()
        );
        return Err(Halt::new(Exit::Usage, says));
    }
    match File::open(path) {
        Ok(file) => Ok(BufReader::new(Box::new(file))),
        Err(error) => Err(Halt::new(Exit::Failed, format!("{} cannot be read: {error}", path.display()))),
    }
}

/// The next line; bytes that are not UTF-8 are replaced, for JSON has none.
fn read(input: &mut Input, line: &mut String) -> io::Result<bool> {
    let mut bytes = Vec::new();
    let count = input.read_until(b'\n', &mut bytes)?;
    line.clear();
    line.push_str(&String::from_utf8_lossy(&bytes));
    Ok(count > 0)
}

fn print<W: Write>(out: &mut Out<W>, block: Block, json: bool, tally: &mut Tally) -> Result<(), Halt> {
    let start = block.start.clone();
    let lines = if json { Vec::new() } else { block.lines.clone() };
    let answer = answer(block);
    tally.add(&answer);
    if json {
        out.record(&serde_json::to_string(&answer).map_err(anyhow::Error::from)?)?;
    } else if !answer.findings.is_empty() {
        let id = answer.id.as_str().map_or_else(|| answer.id.to_string(), str::to_owned);
        out.inked(&[(Ink::Strong, &format!("{id}  {start}"))])?;
        for found in &answer.findings {
            print_found(out, found, lines.get(found.line.wrapping_sub(1)).unwrap_or(&start))?;
        }
    }
    Ok(())
}

fn print_found<W: Write>(out: &mut Out<W>, found: &Found, line: &str) -> io::Result<()> {
    let (letter, ink) = match found.severity {
        "error" => ("E", Ink::Removed),
        "warn" => ("W", Ink::Changed),
        _ => ("i", Ink::Dim),
    };
    let shown: String = line.chars().take(70).collect();
    out.inked(&[(ink, letter), (Ink::Plain, &format!(" {:>3}  {shown}", found.line))])?;
    out.inked(&[
        (Ink::Plain, &format!("       {}", found.says)),
        (Ink::Dim, &format!("  {} ({})", found.lint, found.cite)),
    ])?;
    out.inked(&[(Ink::Dim, &format!("       {}", found.cure))])
}

/// What was read and found so far.
#[derive(Default)]
struct Tally {
    lines: usize,
    blocks: usize,
    errors: usize,
    warnings: usize,
    facts: usize,
    refused: bool,
}

impl Tally {
    fn add(&mut self, answer: &Answer) {
        self.blocks += 1;
        for found in &answer.findings {
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
        format!(
            "{}: {}, {}, {}",
            counted(self.blocks, "block", "blocks"),
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
