//! Which capture a command reads: the one named, else the one being recorded, else the last.

use super::exit::{Exit, Halt};
use super::records::Records;
use super::{engine, places, runtime};
use std::path::{Path, PathBuf};

/// Opens the capture that was asked for.
pub(super) fn open(asked: Option<&str>) -> Result<Box<dyn Records>, Halt> {
    let places = places()?;
    let captures = places.data.join("captures");
    let recorded = || runtime::running(&places).into_iter().rev().find_map(|notice| notice.capture);
    let path = choose(asked, &captures, &recorded)?;
    Ok(engine::records(&path)?)
}

fn choose(
    asked: Option<&str>,
    captures: &Path,
    recorded: &dyn Fn() -> Option<PathBuf>,
) -> Result<PathBuf, Halt> {
    match asked {
        None => recorded().or_else(|| last(captures)).ok_or_else(|| {
            let says = "no capture yet: `hopscope`, `hopscope serve` or `hopscope run -- CMD` records one";
            Halt::new(Exit::Failed, says)
        }),
        Some("last") => last(captures)
            .ok_or_else(|| Halt::new(Exit::Failed, format!("no capture in {}", captures.display()))),
        Some(asked) => named(asked, captures),
    }
}

/// A name in the captures folder, else a path.
fn named(asked: &str, captures: &Path) -> Result<PathBuf, Halt> {
    let is_name = !asked.contains(std::path::is_separator) && !asked.starts_with('.');
    let kept = captures.join(asked);
    if is_name && kept.is_dir() {
        return Ok(kept);
    }
    let path = PathBuf::from(asked);
    if path.is_dir() {
        return Ok(path);
    }
    let says = format!("no capture {asked}: neither a folder here nor one in {}", captures.display());
    Err(Halt::new(Exit::Failed, says))
}

/// Captures are named by the time at which they began, so the last name is the last one.
fn last(captures: &Path) -> Option<PathBuf> {
    let folders = std::fs::read_dir(captures).ok()?.flatten().map(|entry| entry.path());
    folders.filter(|path| path.is_dir()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_else_recorded_else_last() {
        let temp = tempfile::tempdir().unwrap();
        let captures = temp.path();
        let nothing = || None;
        assert_eq!(choose(None, captures, &nothing).unwrap_err().exit, Exit::Failed);
        for name in ["2026-01-02", "2026-01-01"] {
            std::fs::create_dir(captures.join(name)).unwrap();
        }
        let chosen =
            |asked, recorded: &dyn Fn() -> Option<PathBuf>| choose(asked, captures, recorded).unwrap();
        assert_eq!(chosen(None, &nothing), captures.join("2026-01-02"));
        assert_eq!(chosen(None, &|| Some("/live".into())), Path::new("/live"));
        assert_eq!(chosen(Some("last"), &|| Some("/live".into())), captures.join("2026-01-02"));
        assert_eq!(chosen(Some("2026-01-01"), &nothing), captures.join("2026-01-01"));
        let path = captures.join("2026-01-01");
        assert_eq!(chosen(path.to_str(), &nothing), path);
        let missing = choose(Some("nope"), captures, &nothing).unwrap_err();
        assert!(missing.says.starts_with("no capture nope: neither"), "{}", missing.says);
    }
}
