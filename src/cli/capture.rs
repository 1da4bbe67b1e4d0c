//! Which capture a command reads: the one named, else the one being recorded, else the last.

use super::exit::{Exit, Halt};
use super::records::Records;
use super::{engine, places, runtime};
use crate::exchange::{Exchange, ExchangeId};
use crate::store::captures::Captures;
use std::path::PathBuf;

/// Opens the capture that was asked for.
pub(super) fn open(asked: Option<&str>) -> Result<Box<dyn Records>, Halt> {
    Ok(engine::records(&path(asked)?)?)
}

/// Where the capture that was asked for lies.
pub(super) fn path(asked: Option<&str>) -> Result<PathBuf, Halt> {
    let places = places()?;
    let captures = Captures::in_folder(places.data.join("captures"));
    // A capture may be recorded outside the folder of captures: the notices know.
    let recorded = || runtime::running(&places).into_iter().rev().find_map(|notice| notice.capture);
    choose(asked, &captures, &recorded)
}

/// One exchange of a capture, or that it has none of that number.
pub(super) fn exchange(records: &mut dyn Records, id: ExchangeId) -> Result<Exchange, Halt> {
    records.exchange(id)?.ok_or_else(|| {
        let says =
            format!("no exchange {} in this capture; `hopscope ls` lists them (-c names another)", id.0);
        Halt::new(Exit::Failed, says)
    })
}

fn choose(
    asked: Option<&str>,
    captures: &Captures,
    recorded: &dyn Fn() -> Option<PathBuf>,
) -> Result<PathBuf, Halt> {
    let failed = |error| Halt::new(Exit::Failed, error);
    let found = match asked {
        None => recorded().map_or_else(|| captures.current(), |path| Ok(Some(path))),
        Some("last") => captures.last(),
        Some(asked) => captures.resolve(asked).map(Some),
    };
    found.map_err(failed)?.ok_or_else(|| {
        let says = "no capture yet: `hopscope`, `hopscope serve` or `hopscope run -- CMD` records one";
        Halt::new(Exit::Failed, says)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn named_else_recorded_else_last() {
        let temp = tempfile::tempdir().unwrap();
        let captures = Captures::in_folder(temp.path().to_owned());
        let nothing = || None;
        assert_eq!(choose(None, &captures, &nothing).unwrap_err().exit, Exit::Failed);
        let path = captures.new_path();
        crate::store::Store::open(&path, &crate::config::Capture::default(), 1).unwrap().close().unwrap();
        let chosen =
            |asked, recorded: &dyn Fn() -> Option<PathBuf>| choose(asked, &captures, recorded).unwrap();
        assert_eq!(chosen(None, &nothing), path);
        assert_eq!(chosen(None, &|| Some("/live".into())), Path::new("/live"));
        assert_eq!(chosen(Some("last"), &|| Some("/live".into())), path);
        assert_eq!(chosen(path.to_str(), &nothing), path);
        assert_eq!(choose(Some("nope"), &captures, &nothing).unwrap_err().exit, Exit::Failed);
    }
}
