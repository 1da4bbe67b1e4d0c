//! Writing a body to a file of its own, never over another.

use crate::exchange::{Exchange, Side};
use crate::store::Reader;
use crate::text::units;
use crate::tui::Told;
use crate::view;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Writes the body of one side; what became of it, in words.
///
/// A body whose coding is unknown is written as received, one whose coding is damaged as far as it goes.
pub(super) fn save(reader: &Reader, exchange: &Exchange, side: Side, decoded: bool, path: &Path) -> Told {
    let path = expanded(path);
    match write(reader, exchange, side, decoded, &path) {
        Ok(words) => Told::Done(words),
        Err(why) => Told::Failed(why),
    }
}

fn write(
    reader: &Reader,
    exchange: &Exchange,
    side: Side,
    decoded: bool,
    path: &Path,
) -> Result<String, String> {
    let shown = path.display();
    let open = || reader.body(exchange, side).map_err(|error| format!("the body cannot be read: {error}"));
    let codings = if decoded { view::codings_of(exchange, side) } else { Vec::new() };
    let (mut body, mut remark): (Box<dyn Read>, _) = match view::decoded(Box::new(open()?), &codings) {
        Ok(body) => (body, String::new()),
        Err(unknown) => (Box::new(open()?), format!(" as received: {unknown}")),
    };
    let mut file = create(path)?;
    let mut source = Watched { inner: &mut body, broken: None };
    let written = io::copy(&mut source, &mut file);
    let broken = source.broken.take();
    match (written, broken) {
        (Ok(count), None) => {
            if let Some(why) = exchange.body(side).truncated {
                remark = format!("{remark}; not whole: {}", why.says());
            }
            Ok(format!("saved {}B to {shown}{remark}", units::bytes(count)))
        }
        (_, Some(why)) => {
            let count = file.metadata().map_or(0, |facts| facts.len());
            Ok(format!("saved {}B to {shown}, where its coding is damaged: {why}", units::bytes(count)))
        }
        (Err(why), None) => {
            // Half a body under the name of a whole one would mislead.
            let _ = std::fs::remove_file(path);
            Err(format!("{shown} could not be written: {why}"))
        }
    }
}

fn create(path: &Path) -> Result<File, String> {
    let shown = path.display();
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{shown} is there already: choose another name"),
        io::ErrorKind::NotFound => format!("{shown}: there is no such folder"),
        _ => format!("{shown} could not be made: {error}"),
    })
}

/// `~/` at the beginning is the home folder, as in a shell.
fn expanded(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

/// Tells a source that breaks off from a file that cannot be written.
struct Watched<'a> {
    inner: &'a mut dyn Read,
    broken: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(into) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.broken = Some(error);
                Ok(0)
            }
            result => result,
        }
    }
}
