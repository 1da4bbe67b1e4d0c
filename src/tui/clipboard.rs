//! The person's clipboard, over the terminal's own line: OSC 52, which also works over SSH.
//!
//! A terminal never says whether it took it. Where it surely cannot, the text is put into a file that
//! only its owner can read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes of one string that GNU screen passes on.
const SCREEN_CHUNK: usize = 76;

/// What stands between us and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing.
    Plain,
    /// tmux, which takes it for its own buffer and is asked to pass it on.
    Tmux,
    /// GNU screen, which passes on short pieces.
    Screen,
    /// A terminal without a clipboard: a file.
    File,
}

impl Way {
    /// What the environment says.
    #[must_use]
    pub fn from_environment() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::of(&set("TERM").unwrap_or_default(), set("TMUX").is_some(), set("STY").is_some())
    }

    fn of(term: &str, tmux: bool, screen: bool) -> Self {
        match term {
            _ if tmux => Self::Tmux,
            "" | "dumb" | "linux" => Self::File,
            _ if screen => Self::Screen,
            _ => Self::Plain,
        }
    }

    /// The bytes that put a text on the clipboard; `None` where only a file will do.
    fn sequence(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(bytes)).into_bytes();
        match self {
            Self::Plain => Some(plain),
            Self::Tmux => {
                // Plain for a tmux that sets the clipboard itself, wrapped for one that passes through.
                let doubled = String::from_utf8_lossy(&plain).replace('\x1b', "\x1b\x1b");
                Some([&plain[..], b"\x1bPtmux;", doubled.as_bytes(), b"\x1b\\"].concat())
            }
            Self::Screen => {
                let pieces = plain.chunks(SCREEN_CHUNK).map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat());
                Some(pieces.collect::<Vec<_>>().concat())
            }
            Self::File => None,
        }
    }
}

/// Copies a text; where to it went, when not to the clipboard.
pub fn copy(way: Way, bytes: &[u8], out: &mut impl Write) -> io::Result<Option<PathBuf>> {
    match way.sequence(bytes) {
        Some(sequence) => {
            out.write_all(&sequence)?;
            out.flush()?;
            Ok(None)
        }
        None => write_file(&folder(), bytes).map(Some),
    }
}

fn folder() -> PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR")
        .filter(|dir| !dir.is_empty())
        .map_or_else(std::env::temp_dir, PathBuf::from)
}

/// A new file each time: an older one may be somebody's.
fn write_file(folder: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    for number in 1..1000 {
        let path = folder.join(format!("hopscope-copied-{}-{number}.txt", std::process::id()));
        match private().open(&path) {
            Ok(mut file) => return file.write_all(bytes).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is full of copies", folder.display())))
}

/// A new file that only its owner can read.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_clipboard() {
        assert_eq!(Way::of("xterm-256color", false, false), Way::Plain);
        assert_eq!(Way::of("tmux-256color", true, false), Way::Tmux);
        assert_eq!(Way::of("screen", false, true), Way::Screen);
        for term in ["dumb", "linux", ""] {
            assert_eq!(Way::of(term, false, false), Way::File);
        }
    }

    #[test]
    fn sequences() {
        let plain = b"\x1b]52;c;aGVsbG8=\x07";
        assert_eq!(Way::Plain.sequence(b"hello").unwrap(), plain);
        assert_eq!(
            Way::Tmux.sequence(b"hello").unwrap(),
            [&plain[..], b"\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\"].concat()
        );
        let pieces = Way::Screen.sequence(&[0; 100]).unwrap();
        assert_eq!(pieces.windows(2).filter(|two| two == b"\x1bP").count(), 2);
        assert_eq!(Way::File.sequence(b"hello"), None);
    }

    #[test]
    fn a_file_is_new_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = write_file(folder.path(), b"one").unwrap();
        let second = write_file(folder.path(), b"two").unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::read(&first).unwrap(), b"one");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&first).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
