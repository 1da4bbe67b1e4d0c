//! `hopscope import`: files of other programs as a capture.

use super::args::{Import, ImportAs};
use super::door::say;
use super::exit::{Exit, Halt, Outcome};
use super::format::{counted, size};
use super::places;
use super::progress::Progress;
use crate::config;
use crate::import::{self, Form, Imported, Report};
use crate::store::captures::Captures;
use crate::store::{Filling, Store};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Octets that tell what a file is.
const BEGINNING: u64 = 64 << 10;

/// Runs the command.
pub(super) fn run(typed: &Import) -> Outcome {
    let path = target(typed.capture.as_deref())?;
    let mut file = Source::open(&typed.file, typed.form.map(ImportAs::form))?;
    let fresh = !path.exists();
    let store = Store::open(&path, &patient(), 1).map_err(anyhow::Error::from)?;
    store.warnings().iter().for_each(say);
    let report = fill(&mut file, &store);
    store.close().map_err(anyhow::Error::from)?;
    let outcome = report.and_then(|report| told(&typed.file, file.form, &report, Some(&path)));
    if fresh && matches!(&outcome, Ok((0, _)) | Err(_)) {
        // Made for this alone, and nothing is in it.
        let _ = crate::store::captures::remove(&path);
    }
    outcome.map(|(_, exit)| exit)
}

/// Reads a file into a store; what became of it.
pub(super) fn fill(file: &mut Source, store: &Store) -> Result<Report, Halt> {
    let mut filling = Filling::of(store);
    let mut progress = Progress::begin("reading");
    let mut done = 0;
    let form = file.form;
    let report = import::read(form, &mut file.input, &mut |imported| {
        done += 1;
        progress.tell(|| counted(done, "exchange"));
        put(&mut filling, imported)
    });
    report.map_err(|error| Halt::new(Exit::Failed, format!("the capture could not be written: {error}")))
}

fn put(filling: &mut Filling<'_>, imported: Imported) -> io::Result<()> {
    for connection in &imported.connections {
        filling.connection(connection);
    }
    let [request, response] = &imported.bodies;
    let bodies: [&mut dyn Read; 2] = [&mut &request[..], &mut &response[..]];
    filling.exchange(imported.exchange, bodies, &mut imported.messages.into_iter()).map(|_| ())
}

/// Says what was read and what was not. A file that is damaged, or of which nothing could be read, is a failure.
pub(super) fn told(
    file: &Path,
    form: Form,
    report: &Report,
    into: Option<&Path>,
) -> Result<(u64, Exit), Halt> {
    let by = report.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let mut lines =
        vec![format!("{} from {} ({}{by})", counted(report.read, "exchange"), file.display(), form.says())];
    if report.left_out > 0 {
        let why = report.why.as_deref().unwrap_or_default();
        let entries = if report.left_out == 1 { "1 entry" } else { &format!("{} entries", report.left_out) };
        lines.push(format!("{entries} left out; {why}"));
    }
    if report.cut > 0 {
        lines.push(format!(
            "of {} not all was kept: it is larger than {}",
            counted(report.cut, "exchange"),
            size(import::LARGEST as u64)
        ));
    }
    if let Some(broken) = &report.broken {
        lines.push(format!("the rest was not read: {broken}"));
    }
    if let Some(into) = into.filter(|_| report.read > 0) {
        lines.push(format!("`hopscope open {}` shows them", into.display()));
    }
    if report.broken.is_some() || report.read == 0 {
        if report.read == 0 {
            return Err(Halt::new(Exit::Failed, lines.join("\n")));
        }
        say(lines.join("\n"));
        return Ok((report.read, Exit::Failed));
    }
    say(lines.join("\n"));
    Ok((report.read, Exit::Ok))
}

/// Where it goes: a capture that was named, else a new one.
fn target(named: Option<&str>) -> Result<PathBuf, Halt> {
    let captures = Captures::in_folder(places()?.data.join("captures"));
    let Some(named) = named else { return Ok(captures.new_path()) };
    if let Ok(path) = captures.resolve(named) {
        return Ok(path);
    }
    let path = Path::new(named);
    let is_name = path.components().count() == 1 && path.extension().is_none();
    Ok(if is_name { captures.folder().join(format!("{named}.hop")) } else { path.to_owned() })
}

/// Settings under which nothing is dropped, nor given up at the end.
pub(super) fn patient() -> config::Capture {
    config::Capture {
        pressure: config::Pressure::Block,
        close_timeout: Duration::MAX,
        ..config::Capture::default()
    }
}

/// A file to be read, unpacked if it is gzip or zlib.
pub(super) struct Source {
    pub(super) form: Form,
    input: Box<dyn Read>,
}

impl Source {
    /// Opens it, and learns what it is; `-` is stdin.
    pub(super) fn open(path: &Path, form: Option<Form>) -> Result<Self, Halt> {
        let failed =
            |error: io::Error| Halt::new(Exit::Failed, format!("{} cannot be read: {error}", path.display()));
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(path).map_err(failed)?;
            if file.metadata().is_ok_and(|facts| facts.is_dir()) {
                let says =
                    format!("{} is a folder: `hopscope open` shows a capture as it is", path.display());
                return Err(Halt::new(Exit::Usage, says));
            }
            Box::new(BufReader::with_capacity(256 << 10, file))
        };
        let (start, input) = beginning(input).map_err(failed)?;
        let (start, input) = if start.starts_with(&[0x1f, 0x8b]) {
            beginning(Box::new(MultiGzDecoder::new(input))).map_err(failed)?
        } else if matches!(start.first_chunk(), Some([0x78, 0x01 | 0x5e | 0x9c | 0xda])) {
            // mitmproxy's .zhar (RFC 1950 2.2).
            beginning(Box::new(ZlibDecoder::new(input))).map_err(failed)?
        } else {
            (start, input)
        };
        let form = form.or_else(|| import::detect(&start)).ok_or_else(|| {
            let what = import::instead(&start).unwrap_or(
                "nothing that can be imported: a HAR, mitmproxy's flows, Fiddler's .saz, Charles' .chlsj, Burp's items, JSON lines of \
                 `hopscope export`, curl commands, or a raw request (--as says which)",
            );
            Halt::new(Exit::Failed, format!("{} is {what}", path.display()))
        })?;
        Ok(Self { form, input })
    }
}

/// The first octets, and a reader that still has them.
fn beginning(mut input: Box<dyn Read>) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut start = Vec::new();
    input.by_ref().take(BEGINNING).read_to_end(&mut start)?;
    Ok((start.clone(), Box::new(io::Cursor::new(start).chain(input))))
}
