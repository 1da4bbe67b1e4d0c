//! `hopscope captures`: what is kept, what goes, what is passed on.

use super::args::{Captures as Typed, ExportTo};
use super::chosen::Which;
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::export::{self, Asked};
use super::format::{counted, size, timestamp};
use super::{capture, places};
use crate::query::Query;
use crate::store::Reader;
use crate::store::captures::{self, Captures, Kept};
use serde_json::json;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Runs the command; alone it lists.
pub(super) fn run(typed: Option<&Typed>) -> Outcome {
    match typed {
        None => list(false),
        Some(Typed::Ls { json }) => list(*json),
        Some(Typed::Rm { names, yes }) => remove(names, *yes),
        Some(Typed::Share { name, output, overwrite, with_secrets }) => {
            share(name.as_deref(), output.as_deref(), *overwrite, *with_secrets)
        }
        Some(Typed::Pack(typed)) => super::pack::run(typed),
    }
}

fn list(as_json: bool) -> Outcome {
    let captures = Captures::in_folder(places()?.data.join("captures"));
    let kept = captures.list().map_err(anyhow::Error::from)?;
    let mut out = Out::stdout();
    for capture in &kept {
        if as_json {
            out.record(&object(capture))?;
        } else {
            out.line(row(capture))?;
        }
    }
    out.flush()?;
    let total: u64 = kept.iter().map(|capture| capture.bytes).sum();
    say(format!(
        "{}, {}, in {}",
        counted(kept.len() as u64, "capture"),
        size(total),
        captures.folder().display()
    ));
    Ok(Exit::Ok)
}

/// How many exchanges a capture holds; `None` when it cannot be read.
fn exchanges(capture: &Kept) -> Option<u64> {
    Reader::open(&capture.path).and_then(|reader| reader.count()).ok()
}

fn written(capture: &Kept) -> String {
    let since = capture.modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    timestamp(i64::try_from(since).unwrap_or(0))
}

fn row(capture: &Kept) -> String {
    let count = exchanges(capture).map_or("cannot be read".to_owned(), |count| counted(count, "exchange"));
    let mut facts = vec![count, size(capture.bytes)];
    facts.extend(capture.recorded.then(|| "being recorded".to_owned()));
    facts.extend(capture.pinned.then(|| "pinned".to_owned()));
    let written = written(capture);
    format!("{:<24} {}  {}", capture.name, written.get(..19).unwrap_or(&written), facts.join(" · "))
}

fn object(capture: &Kept) -> String {
    json!({
        "name": capture.name,
        "path": capture.path,
        "written": written(capture),
        "bytes": capture.bytes,
        "exchanges": exchanges(capture),
        "recorded": capture.recorded,
        "pinned": capture.pinned,
    })
    .to_string()
}

fn remove(names: &[String], yes: bool) -> Outcome {
    let paths = names.iter().map(|name| capture::path(Some(name))).collect::<Result<Vec<_>, _>>()?;
    if !yes {
        ask(&paths)?;
    }
    for path in &paths {
        if !captures::remove(path).map_err(anyhow::Error::from)? {
            let says = format!("{} is being recorded and stays: stop its hopscope first", path.display());
            return Err(Halt::new(Exit::Failed, says));
        }
        say(format!("removed {}", path.display()));
    }
    Ok(Exit::Ok)
}

/// What was recorded cannot be had again.
fn ask(paths: &[PathBuf]) -> Result<(), Halt> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Halt::new(
            Exit::Usage,
            "nobody can be asked here: --yes removes them; nothing was removed",
        ));
    }
    for path in paths {
        say(path.display().to_string());
    }
    say(format!("remove {} for good? y and enter removes:", counted(paths.len() as u64, "capture")));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") {
        return Ok(());
    }
    Err(Halt::new(Exit::Usage, "nothing was removed"))
}

fn share(name: Option<&str>, output: Option<&Path>, overwrite: bool, with_secrets: bool) -> Outcome {
    let path = capture::path(name)?;
    let reader = Reader::open(&path).map_err(anyhow::Error::from)?;
    let own = path.file_stem().map(|stem| PathBuf::from(format!("{}.har", stem.to_string_lossy())));
    let output = output.map(Path::to_owned).or(own);
    let asked = Asked {
        to: ExportTo::Har,
        output: output.as_deref(),
        overwrite,
        covered: !with_secrets,
        response: false,
    };
    export::write(&reader, &Which::Matching(Query::default()), &asked)
}
