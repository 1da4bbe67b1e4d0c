//! Files and folders for this user only, whatever the umask.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Makes a folder and those above it, 0700.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file, 0600, so that a reader sees the old one or the new one whole.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    // A leftover may have other permissions.
    let _ = fs::remove_file(&fresh);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&fresh)?.write_all(bytes)?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_this_user_may_read() {
        let temp = tempfile::tempdir().unwrap();
        let inner = temp.path().join("a/b");
        folder(&inner).unwrap();
        write(&inner.join("f.json"), b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&inner.join("f.json"))), (0o700, 0o600));
    }
}
