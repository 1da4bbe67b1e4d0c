//! A file's bytes by place: several readers at once, none of which moves the others.

use super::Octets;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file to be read by place, as long as it is at the moment.
#[derive(Debug)]
pub struct FileOctets {
    file: File,
    /// Where no read takes a place of its own, one after the other seeks.
    #[cfg(not(unix))]
    turn: std::sync::Mutex<()>,
}

impl FileOctets {
    /// Over an open file.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self {
            file,
            #[cfg(not(unix))]
            turn: std::sync::Mutex::new(()),
        }
    }

    /// A new file without a name, for this process alone: it is gone when it is closed, however that
    /// comes about.
    pub fn nameless() -> io::Result<(Self, File)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let name = format!("hopscope-{}-{number}-{}", std::process::id(), clock.as_nanos());
        let path = std::env::temp_dir().join(name);
        let mut options = OpenOptions::new();
        // Never over a file, or through a link, that somebody else put there.
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        fs::remove_file(&path)?;
        Ok((Self::new(file.try_clone()?), file))
    }

    #[cfg(unix)]
    fn read_once(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, into, at)
    }

    #[cfg(not(unix))]
    fn read_once(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        use std::io::{Read as _, Seek as _};
        let _turn = self.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = &self.file;
        file.seek(io::SeekFrom::Start(at))?;
        file.read(into)
    }
}

impl Octets for FileOctets {
    fn len(&self) -> u64 {
        self.file.metadata().map_or(0, |facts| facts.len())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while let Some(rest) = into.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match self.read_once(at.saturating_add(count as u64), rest) {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_growing_file_is_read_by_place() {
        let (octets, mut file) = FileOctets::nameless().unwrap();
        assert!(octets.is_empty());
        file.write_all(b"hello ").unwrap();
        file.write_all(b"world").unwrap();
        let mut into = [0; 8];
        assert_eq!((octets.len(), octets.read_at(6, &mut into).unwrap()), (11, 5));
        assert_eq!(&into[..5], b"world");
        assert_eq!(octets.read_at(11, &mut into).unwrap(), 0);
        assert_eq!(octets.read_at(1 << 40, &mut into).unwrap(), 0);
    }
}
