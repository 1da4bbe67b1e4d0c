//! The two files of the authority: made whole or not at all, readable by their owner alone.
//!
//! A lock on the folder covers looking and making, so that two first starts at once end with one pair.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::thread;

/// Makes the folder (0700) if it is not there, and holds its lock until dropped.
pub fn lock(dir: &Path) -> io::Result<File> {
    if !dir.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let folder = File::open(dir)?;
    match folder.lock() {
        // Some network file systems know no locks. Then two *first* starts at once may still
        // mix their halves, which the next start reports.
        Ok(()) | Err(_) => Ok(folder),
    }
}

/// A file's text, or `None` when it is not there.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a new file of mode 0600 that appears under its name only once it is complete.
pub fn write(path: &Path, text: &str) -> io::Result<File> {
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    let written =
        write_private(&unfinished, text).and_then(|file| fs::rename(&unfinished, path).map(|()| file));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn write_private(path: &Path, text: &str) -> io::Result<File> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // The umask may have taken more away than the mode asked for.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Brings files to the disk beside everything else: a disk takes tens of milliseconds for it, and
/// only a power cut in the first seconds of a new CA could make a difference.
pub fn sync(files: [File; 2]) {
    thread::spawn(move || files.iter().map(File::sync_data).all(|synced| synced.is_ok()));
}

/// Whether others than the owner may read a file.
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}
