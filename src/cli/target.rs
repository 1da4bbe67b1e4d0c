//! Where a result goes: a file that was not there before, or stdout.

use super::door::Out;
use super::exit::{Exit, Halt};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A result on its way; [`Target::keep`] makes it stay, and without that a file is taken away again.
pub(super) enum Target {
    File { file: BufWriter<File>, writes: PathBuf, path: PathBuf, kept: bool },
    Stdout(Out),
}

impl Target {
    /// Begins to write. An existing file is replaced only where that was asked for, and only by a whole one.
    pub(super) fn begin(path: Option<&Path>, overwrite: bool) -> Result<Self, Halt> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self::Stdout(Out::stdout()));
        };
        let writes = if overwrite { beside(path) } else { path.to_owned() };
        let file = create(&writes).map_err(|error| refused(path, &error))?;
        Ok(Self::File {
            file: BufWriter::with_capacity(256 << 10, file),
            writes,
            path: path.to_owned(),
            kept: false,
        })
    }

    /// Writes the rest, and gives the file its name. Returns its size; `None` of stdout.
    pub(super) fn keep(mut self) -> Result<Option<u64>, Halt> {
        match &mut self {
            Self::Stdout(out) => {
                out.flush()?;
                Ok(None)
            }
            Self::File { file, writes, path, kept } => {
                let done = file.flush().and_then(|()| file.get_ref().metadata()).and_then(|facts| {
                    if writes != path {
                        fs::rename(&*writes, &*path)?;
                    }
                    Ok(facts.len())
                });
                let size = done.map_err(|error| refused(path, &error))?;
                *kept = true;
                Ok(Some(size))
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { file, .. } => file.write(bytes),
            Self::Stdout(out) => out.bytes(bytes).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { file, .. } => file.flush(),
            Self::Stdout(out) => out.flush(),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Self::File { writes, kept: false, .. } = self {
            // Half of a result under the name of a whole one would mislead.
            let _ = fs::remove_file(writes);
        }
    }
}

/// A name in the same folder, so that renaming is one step.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// What is exported may hold what was said to nobody else.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

fn refused(path: &Path, error: &io::Error) -> Halt {
    let shown = path.display();
    let says = match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{shown} is there already: name another file, or --overwrite; nothing was changed")
        }
        io::ErrorKind::NotFound => format!("{shown}: there is no such folder"),
        _ => format!("{shown} could not be written: {error}"),
    };
    Halt::new(Exit::Failed, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stays_only_when_it_is_whole_and_nothing_is_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.har");
        let mut target = Target::begin(Some(&path), false).unwrap();
        target.write_all(b"half").unwrap();
        drop(target);
        assert!(!path.exists());
        let mut target = Target::begin(Some(&path), false).unwrap();
        target.write_all(b"whole").unwrap();
        assert_eq!(target.keep().unwrap(), Some(5));
        assert!(Target::begin(Some(&path), false).err().unwrap().says.contains("is there already"));
        let mut target = Target::begin(Some(&path), true).unwrap();
        target.write_all(b"other").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        target.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"other");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
