//! The captures kept: where they lie, which is which, and which must go.

use super::error::StoreError;
use super::folder::{self, size};
use super::reader::Reader;
use super::segment;
use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file of this name in a capture keeps it from retention.
pub const PINNED: &str = "pinned";
/// What capture folders end in.
const SUFFIX: &str = "hop";
/// What a capture is called while it is being removed; a removal cut short is taken up at the next one.
const LEAVING: &str = ".leaving-";

/// The folder of captures.
#[derive(Clone, Debug)]
pub struct Captures {
    folder: PathBuf,
}

/// One capture in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its folder.
    pub path: PathBuf,
    /// Its name, without `.hop`.
    pub name: String,
    /// Bytes on disk, bodies included.
    pub bytes: u64,
    /// When it was last written to.
    pub modified: SystemTime,
    /// Whether a process records into it now.
    pub recorded: bool,
    /// Whether retention leaves it alone.
    pub pinned: bool,
}

/// A capture whose time was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// As it was.
    pub capture: Kept,
    /// Its exchanges that a person marked or noted: they stay in it.
    pub marked: u64,
}

impl Captures {
    /// The user's own: `$XDG_DATA_HOME/hopscope/captures`, or the platform's equivalent.
    pub fn of_user() -> Result<Self, StoreError> {
        let data = data_folder(|name| std::env::var_os(name).map(PathBuf::from));
        Ok(Self { folder: data.ok_or(StoreError::NoDataFolder)?.join("hopscope").join("captures") })
    }

    /// Those in another folder.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where they lie. The folder may not be there yet.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path for a new capture, named by the local time: `2026-11-24T17-05-09.hop`.
    #[must_use]
    pub fn new_path(&self) -> PathBuf {
        let name = local_time();
        let numbered = |number: u32| match number {
            1 => self.folder.join(format!("{name}.{SUFFIX}")),
            _ => self.folder.join(format!("{name}-{number}.{SUFFIX}")),
        };
        (1..1000).map(numbered).find(|path| !path.exists()).unwrap_or_else(|| numbered(1))
    }

    /// All captures, the last written first.
    pub fn list(&self) -> Result<Vec<Kept>, StoreError> {
        Ok(self.found()?.into_iter().filter_map(|(modified, path)| Kept::of(path, modified)).collect())
    }

    /// The capture last written to.
    pub fn last(&self) -> Result<Option<PathBuf>, StoreError> {
        Ok(self.found()?.into_iter().next().map(|(_, path)| path))
    }

    /// The capture that a process records into now; of several, the last written to.
    pub fn recording(&self) -> Result<Option<PathBuf>, StoreError> {
        Ok(self.found()?.into_iter().map(|(_, path)| path).find(|path| folder::is_recorded(path)))
    }

    /// The capture that a command without one means: the one being recorded, else the last.
    pub fn current(&self) -> Result<Option<PathBuf>, StoreError> {
        Ok(self.recording()?.or(self.last()?))
    }

    /// The capture that a user names: a path, or the name of one that is kept.
    pub fn resolve(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = Path::new(name);
        if folder::is_capture(path) {
            return Ok(path.to_owned());
        }
        let is_name = path.components().count() == 1 && path.file_name() == Some(OsStr::new(name));
        if is_name {
            let kept = [self.folder.join(format!("{name}.{SUFFIX}")), self.folder.join(name)];
            if let Some(path) = kept.into_iter().find(|path| folder::is_capture(path)) {
                return Ok(path);
            }
        }
        if path.exists() {
            let why = if path.is_dir() { folder::NO_SEGMENT } else { "it is a file" };
            return Err(StoreError::NotACapture { path: path.to_owned(), why });
        }
        if is_name {
            return Err(StoreError::Unknown { name: name.to_owned(), folder: self.folder.clone() });
        }
        Err(StoreError::Absent(path.to_owned()))
    }

    /// Removes captures not written to for `age`, then the oldest until all together hold at most `bytes`; of
    /// those with marked exchanges all but these. Those pinned or being recorded stay. Returns what was removed,
    /// oldest first.
    pub fn retain(&self, bytes: u64, age: Duration) -> Result<Vec<Gone>, StoreError> {
        self.finish_removals();
        let kept = self.list()?;
        let mut total: u64 = kept.iter().map(|kept| kept.bytes).sum();
        let now = SystemTime::now();
        let mut removed = Vec::new();
        for kept in kept.into_iter().rev() {
            let old = now.duration_since(kept.modified).is_ok_and(|since| since > age);
            if !(old || total > bytes) || kept.pinned || kept.recorded {
                continue;
            }
            if let Some(marked) = let_go(&kept.path)? {
                total = total.saturating_sub(kept.bytes.saturating_sub(size(&kept.path)));
                removed.push(Gone { capture: kept, marked });
            }
        }
        Ok(removed)
    }

    /// Captures by their last writing, newest first, without a walk through their bodies.
    fn found(&self) -> Result<Vec<(SystemTime, PathBuf)>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(StoreError::Io { doing: "read", path: self.folder.clone(), source }),
        };
        let paths = entries.flatten().map(|entry| entry.path()).filter(|path| is_kept(path));
        let mut found: Vec<_> = paths.filter_map(|path| Some((modified(&path)?, path))).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }

    fn finish_removals(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(LEAVING) {
                // Not ours, or in use: the next start tries again.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

impl Kept {
    fn of(path: PathBuf, modified: SystemTime) -> Option<Self> {
        Some(Self {
            name: path.file_stem()?.to_string_lossy().into_owned(),
            bytes: size(&path),
            modified,
            recorded: folder::is_recorded(&path),
            pinned: path.join(PINNED).exists(),
            path,
        })
    }
}

/// Not for what is no capture, symbolic links included: retention must not follow them.
fn is_kept(path: &Path) -> bool {
    let own = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
    own && path.extension() == Some(OsStr::new(SUFFIX)) && folder::is_capture(path)
}

/// A name that nobody guesses.
pub(super) fn temporary_name() -> String {
    format!("hopscope-{:016x}.{SUFFIX}", RandomState::new().build_hasher().finish())
}

/// Removes a capture unless somebody records into it; whether it is gone.
pub fn remove(path: &Path) -> Result<bool, StoreError> {
    let _lock = match folder::lock(path) {
        Ok(lock) => lock,
        Err(StoreError::Recorded { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let leaving = path.with_file_name(format!("{LEAVING}{name}"));
    fs::rename(path, &leaving).map_err(StoreError::io("remove", path))?;
    fs::remove_dir_all(&leaving).map_err(StoreError::io("remove", &leaving))?;
    Ok(true)
}

/// Removes a capture but for what is marked in it, and how much that is; `None` where nothing went.
fn let_go(path: &Path) -> Result<Option<u64>, StoreError> {
    // What cannot be read cannot tell of marks.
    let (marked, others) = Reader::open(path).and_then(|reader| reader.marked()).unwrap_or_default();
    if marked == 0 {
        return Ok(remove(path)?.then_some(0));
    }
    if others == 0 {
        return Ok(None);
    }
    match super::thin_out(path) {
        Err(StoreError::Recorded { .. }) => Ok(None),
        thinned => thinned.map(|()| Some(marked)),
    }
}

fn data_folder(env: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored.
    let absolute = |name| env(name).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME").or_else(|| {
        if cfg!(windows) {
            absolute("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            absolute("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            absolute("HOME").map(|home| home.join(".local/share"))
        }
    })
}

/// `SQLite` knows the local time; the standard library does not.
fn local_time() -> String {
    let ask = || -> rusqlite::Result<String> {
        rusqlite::Connection::open_in_memory()?.query_row(
            "SELECT strftime('%Y-%m-%dT%H-%M-%S', 'now', 'localtime')",
            [],
            |row| row.get(0),
        )
    };
    ask().unwrap_or_else(|_| "capture".to_owned())
}

/// The WAL is younger than the database while a capture is recorded.
pub(super) fn modified(path: &Path) -> Option<SystemTime> {
    let of = |name: String| fs::metadata(path.join(name)).and_then(|meta| meta.modified()).ok();
    let newest = segment::list(path).ok()?.pop()?;
    of(newest.to_string()).max(of(format!("{newest}-wal")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::exchange::{ExchangeId, Flags};
    use crate::store::Store;

    fn captures() -> (tempfile::TempDir, Captures) {
        let dir = tempfile::tempdir().unwrap();
        let captures = Captures::in_folder(dir.path().join("captures"));
        (dir, captures)
    }

    fn record(path: &Path) -> Store {
        Store::open(path, &config::Capture::default(), 1).unwrap()
    }

    fn age(path: &Path, days: u64) {
        let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
        fs::File::options().write(true).open(path.join("000001.db")).unwrap().set_modified(then).unwrap();
    }

    fn names(gone: &[Gone]) -> Vec<&str> {
        gone.iter().map(|gone| gone.capture.name.as_str()).collect()
    }

    #[test]
    fn an_absent_folder_holds_no_captures() {
        let (_dir, captures) = captures();
        assert_eq!(captures.list().unwrap(), []);
        assert_eq!(captures.current().unwrap(), None);
        assert!(captures.retain(0, Duration::ZERO).unwrap().is_empty());
    }

    #[test]
    fn new_paths_do_not_meet() {
        let (_dir, captures) = captures();
        let first = captures.new_path();
        record(&first).close().unwrap();
        let second = captures.new_path();
        assert_ne!(first, second);
        assert_eq!(first.extension(), Some(OsStr::new("hop")));
    }

    #[test]
    fn the_one_being_recorded_comes_before_the_last() {
        let (_dir, captures) = captures();
        let recorded = captures.folder().join("a.hop");
        let store = record(&recorded);
        let last = captures.folder().join("b.hop");
        record(&last).close().unwrap();
        age(&recorded, 1);
        assert_eq!(captures.last().unwrap(), Some(last.clone()));
        assert_eq!(captures.recording().unwrap(), Some(recorded.clone()));
        assert_eq!(captures.current().unwrap(), Some(recorded));
        store.close().unwrap();
        assert_eq!(captures.recording().unwrap(), None);
    }

    #[test]
    fn names_and_paths_resolve() {
        let (dir, captures) = captures();
        let path = captures.folder().join("login bug.hop");
        record(&path).close().unwrap();
        for name in ["login bug", "login bug.hop", path.to_str().unwrap()] {
            assert_eq!(captures.resolve(name).unwrap(), path, "{name}");
        }
        assert!(matches!(captures.resolve("login"), Err(StoreError::Unknown { .. })));
        assert!(matches!(captures.resolve("../no/such"), Err(StoreError::Absent(_))));
        let other = dir.path().to_str().unwrap();
        assert!(matches!(captures.resolve(other), Err(StoreError::NotACapture { .. })));
    }

    #[test]
    fn retention_takes_the_oldest_but_neither_pinned_nor_recorded() {
        let (_dir, captures) = captures();
        let at = |name: &str| captures.folder().join(name).with_extension("hop");
        let recorded = record(&at("recorded"));
        for (name, days) in [("pinned", 50), ("oldest", 40), ("older", 20), ("young", 1)] {
            record(&at(name)).close().unwrap();
            age(&at(name), days);
        }
        fs::write(at("pinned").join(PINNED), "").unwrap();
        age(recorded.path(), 60);
        let removed = captures.retain(u64::MAX, Duration::from_hours(30 * 24)).unwrap();
        assert_eq!(names(&removed), ["oldest"]);
        let room: u64 = captures.list().unwrap().iter().map(|kept| kept.bytes).sum();
        let removed = captures.retain(room - 1, Duration::MAX).unwrap();
        assert_eq!(names(&removed), ["older"]);
        let removed = captures.retain(0, Duration::MAX).unwrap();
        assert_eq!(names(&removed), ["young"]);
        assert_eq!(captures.list().unwrap().len(), 2);
    }

    #[test]
    fn what_is_marked_outlives_its_capture_and_that_stays_where_it_was() {
        let (_dir, captures) = captures();
        let path = captures.folder().join("old.hop");
        let store = record(&path);
        for id in 1..=50 {
            store.inbox().push(0, super::super::samples::finished(id));
        }
        store.close().unwrap();
        super::super::set_flag(&path, &[ExchangeId(7), ExchangeId(50)], Flags::MARKED, true).unwrap();
        record(&captures.folder().join("new.hop")).close().unwrap();
        age(&path, 40);
        let month = Duration::from_hours(30 * 24);
        let gone = captures.retain(u64::MAX, month).unwrap();
        assert_eq!((names(&gone), gone[0].marked), (vec!["old"], 2));
        let ids = |path: &Path| Reader::open(path).unwrap().ids_after(ExchangeId(0), 9).unwrap();
        assert_eq!(ids(&path), [ExchangeId(7), ExchangeId(50)]);
        assert!(captures.list().unwrap()[1].path == path, "it is not the last one now");
        assert_eq!(captures.retain(u64::MAX, month).unwrap(), [], "there is nothing left to go");
        let store = record(&path);
        assert_eq!(store.next_exchange(), 51);
        store.close().unwrap();
    }

    #[test]
    fn the_data_folder_follows_xdg() {
        let env = |xdg: &'static str| {
            move |name: &str| match name {
                "XDG_DATA_HOME" => Some(PathBuf::from(xdg)),
                "HOME" | "LOCALAPPDATA" => Some(std::env::temp_dir()),
                _ => None,
            }
        };
        let absolute = if cfg!(windows) { "C:\\data" } else { "/data" };
        assert_eq!(data_folder(env(absolute)), Some(PathBuf::from(absolute)));
        assert!(data_folder(env("relative")).unwrap().starts_with(std::env::temp_dir()));
        assert_eq!(data_folder(|_| None), None);
    }
}
