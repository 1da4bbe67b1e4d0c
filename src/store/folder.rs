//! The capture as a folder: made, checked, locked; nothing in it is readable by others.

use super::error::StoreError;
use super::mount;
use super::segment::{self, Name};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a folder is no capture.
pub(super) const NO_SEGMENT: &str = "the folder holds no 000001.db, nor one with a higher number";
/// Held by the process that records.
pub(super) const LOCK: &str = "writer.lock";
/// Who lists captures probes the lock for an instant; the writer looks again this often before it gives up.
const LOCK_TRIES: u32 = 10;

/// A capture's folder with its writer lock held.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Unlocked by being closed.
    _lock: File,
    /// What the user ought to know about it.
    pub(super) warnings: Vec<String>,
}

impl Folder {
    /// Makes or takes over the folder. Existing things that are no capture are left alone.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let path = std::path::absolute(path).map_err(StoreError::io("resolve", path))?;
        let fresh = make(&path)?;
        if !fresh {
            judge(&path)?;
        }
        let lock = lock(&path)?;
        let mut warnings = if fresh { Vec::new() } else { looseness(&path) };
        warnings.extend(mount::remote(&path).map(|kind| {
            format!(
                "{} lies on a network file system ({kind}): it is written without a log, which is slower, and who \
                 reads it from another machine may find it locked; --capture with a folder of this machine is better",
                path.display()
            )
        }));
        for folder in [bodies(&path), tmp(&path)] {
            private_dir(&folder).map_err(StoreError::io("make", &folder))?;
        }
        Ok(Self { path, _lock: lock, warnings })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether a folder holds a capture.
pub(super) fn is_capture(path: &Path) -> bool {
    path.join(Name::FIRST.to_string()).is_file() || segment::every(path).is_ok_and(|names| !names.is_empty())
}

/// Whether a process records into it now.
#[must_use]
pub fn is_recorded(path: &Path) -> bool {
    let Ok(file) = File::open(path.join(LOCK)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The writer lock, or who holds it.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let name = path.join(LOCK);
    let mut file = private_file(&name).map_err(StoreError::io("open", &name))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => {
                // Only a hint for other processes' error texts.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                return Ok(file);
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::Io { doing: "lock", path: name, source });
            }
        }
    }
    let mut pid = String::new();
    let _ = file.rewind().and_then(|()| file.take(20).read_to_string(&mut pid));
    Err(StoreError::Recorded { path: path.to_owned(), pid: pid.trim().parse().ok() })
}

/// `bodies/`
pub(super) fn bodies(capture: &Path) -> PathBuf {
    capture.join("bodies")
}

/// `bodies/tmp/`
pub(super) fn tmp(capture: &Path) -> PathBuf {
    capture.join("bodies").join("tmp")
}

/// Makes a folder that only we may enter, whatever the umask; fine if it is there.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    match dir_builder().create(path) {
        Ok(()) => set_mode(path, 0o700),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a folder that only we may enter and that was not there.
pub(super) fn fresh_dir(path: &Path) -> io::Result<()> {
    dir_builder().create(path)?;
    set_mode(path, 0o700)
}

/// Opens a file for reading and writing, made for us alone where it is not there.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    match options().create_new(true).open(path) {
        Ok(file) => set_mode(path, 0o600).map(|()| file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().read(true).write(true).open(path)
        }
        Err(error) => Err(error),
    }
}

/// Has the disk know the names in a folder as they are now.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened as files, and names are kept in their order.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Bytes of all files in a folder and below.
pub(super) fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Makes the folder, and whether it is new.
fn make(path: &Path) -> Result<bool, StoreError> {
    if let Some(parent) = path.parent() {
        dir_builder().recursive(true).create(parent).map_err(StoreError::io("make", parent))?;
    }
    match dir_builder().create(path) {
        Ok(()) => set_mode(path, 0o700).map_err(StoreError::io("protect", path)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(source) => Err(StoreError::Io { doing: "make", path: path.to_owned(), source }),
    }
}

/// An existing path must be a capture, or an empty folder.
fn judge(path: &Path) -> Result<(), StoreError> {
    let not = |why| Err(StoreError::NotACapture { path: path.to_owned(), why });
    if !path.is_dir() {
        return not("it is a file, and a capture is a folder");
    }
    let mut entries = fs::read_dir(path).map_err(StoreError::io("read", path))?;
    // The lock comes before the database: a capture whose making was cut short has it alone.
    if is_capture(path) || path.join(LOCK).exists() || entries.next().is_none() {
        return Ok(());
    }
    not("the folder holds other files")
}

#[cfg(unix)]
fn looseness(path: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut warnings = Vec::new();
    let segments = segment::list(path).unwrap_or_default();
    let files = segments.into_iter().map(|name| (name.file(path), 0o600));
    for (path, wanted) in std::iter::once((path.to_owned(), 0o700)).chain(files) {
        let mode = path.metadata().map_or(wanted, |meta| meta.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            warnings.push(format!(
                "{} can be read by others (mode {mode:o}), and captures hold secrets: chmod {wanted:o} {}",
                path.display(),
                path.display()
            ));
        }
    }
    warnings
}

#[cfg(not(unix))]
fn looseness(_path: &Path) -> Vec<String> {
    Vec::new()
}

#[cfg(unix)]
fn dir_builder() -> fs::DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn dir_builder() -> fs::DirBuilder {
    fs::DirBuilder::new()
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options
}

#[cfg(unix)]
pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}
