//! Programs of the person's choice on a text: an editor, a pager.
//!
//! The text is in a file that only its owner can read, in a folder of its own. Nothing typed is lost: a
//! file that was changed and cannot be taken back stays where it is, and is named.

use super::clipboard::private;
use super::update::Program;
use crate::text::sanitize;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// A longer line is broken for the pager.
const LONGEST_LINE: u64 = 64 * 1024;

/// A file for a program, removed when it is done with.
#[derive(Debug)]
pub struct Visit {
    folder: PathBuf,
    file: PathBuf,
}

impl Visit {
    /// A file with this content, whose name ends so.
    pub fn with(ending: &str, content: &[u8]) -> io::Result<Self> {
        let visit = Self::new(ending)?;
        visit.create()?.write_all(content)?;
        Ok(visit)
    }

    /// A file with what a body holds, made fit for a terminal; how much was read before it broke off, and why.
    pub fn of_body(body: &mut dyn Read) -> io::Result<(Self, Option<io::Error>)> {
        let visit = Self::new(".txt")?;
        let mut out = io::BufWriter::new(visit.create()?);
        let mut lines = BufReader::new(body);
        let mut line = Vec::new();
        let broken = loop {
            line.clear();
            match lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) => break None,
                Ok(_) => write_line(&mut out, &line)?,
                Err(error) => {
                    write_line(&mut out, &line)?;
                    break Some(error);
                }
            }
        };
        out.flush()?;
        drop(out);
        Ok((visit, broken))
    }

    fn new(ending: &str) -> io::Result<Self> {
        let folder = new_folder(&std::env::temp_dir())?;
        let file = folder.join(format!("hopscope{ending}"));
        Ok(Self { folder, file })
    }

    fn create(&self) -> io::Result<File> {
        private().open(&self.file)
    }

    /// Runs a program on it in this terminal.
    pub fn run(&self, program: Program) -> Result<(), String> {
        let chosen =
            Chosen::of(program, |name| std::env::var(name).ok().filter(|words| !words.trim().is_empty()));
        judge(&chosen, command(&chosen.words, &self.file).status())
    }

    /// Takes the edited content back. When it cannot be, or the program failed, a file that was changed stays.
    pub fn take_back(self, before: &[u8], ran: Result<(), String>) -> Result<Vec<u8>, String> {
        let read = fs::read(&self.file);
        match (ran, read) {
            (Ok(()), Ok(content)) => {
                self.remove();
                Ok(content)
            }
            (ran, read) => {
                let unchanged = read.as_ref().is_ok_and(|content| content == before);
                let why =
                    ran.err().or(read.err().map(|error| format!("the edited text cannot be read: {error}")));
                let why = why.unwrap_or_default();
                if unchanged {
                    self.remove();
                    return Err(why);
                }
                Err(format!("{why}; what you wrote is in {}", self.file.display()))
            }
        }
    }

    /// Removes the file and its folder.
    pub fn remove(self) {
        // Whatever the program left beside it (a swap file) is not ours to remove: then the folder stays.
        let _ = fs::remove_file(&self.file);
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Through a shell, as the words may hold arguments: "code --wait". An interrupt is the program's to
/// take, not the shell's, which would die of it whatever the program made of it.
fn command(words: &str, file: &Path) -> Command {
    let line = format!("trap : INT; {words} \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &line, "sh"]).arg(file);
    command
}

fn write_line(out: &mut impl Write, line: &[u8]) -> io::Result<()> {
    let (text, end) = match line.strip_suffix(b"\n") {
        Some(text) => (text.strip_suffix(b"\r").unwrap_or(text), "\n"),
        None => (line, ""),
    };
    // A tab is no harm and keeps columns.
    let parts: Vec<_> = text.split(|byte| *byte == b'\t').map(|part| sanitize(part)).collect();
    write!(out, "{}{end}", parts.join("\t"))
}

/// The words of a program and where they come from.
struct Chosen {
    words: String,
    from: &'static str,
}

impl Chosen {
    fn of(program: Program, set: impl Fn(&str) -> Option<String>) -> Self {
        let (names, otherwise): (&[&'static str], _) = match program {
            Program::Editor => (&["VISUAL", "EDITOR"], "vi"),
            Program::Pager => (&["PAGER"], "less"),
        };
        let found = names.iter().find_map(|name| Some(Self { words: set(name)?, from: name }));
        found.unwrap_or(Self { words: otherwise.to_owned(), from: "" })
    }

    /// As a person knows it: `EDITOR=nano`.
    fn named(&self) -> String {
        if self.from.is_empty() { self.words.clone() } else { format!("{}={}", self.from, self.words) }
    }
}

fn judge(chosen: &Chosen, ran: io::Result<ExitStatus>) -> Result<(), String> {
    let named = chosen.named();
    match ran {
        Err(error) => Err(format!("{named} cannot be run: {error}")),
        Ok(status) if status.success() => Ok(()),
        Ok(status) => match status.code() {
            Some(127) => {
                let cure = if chosen.from.is_empty() {
                    "set EDITOR or PAGER to one that is"
                } else {
                    "set it to one that is"
                };
                Err(format!("{named}: no such program here; {cure}"))
            }
            Some(126) => Err(format!("{named} cannot be executed")),
            Some(code) => Err(format!("{named} failed with {code}")),
            None => Err(format!("{named} was killed")),
        },
    }
}

/// A new folder for us alone.
fn new_folder(parent: &Path) -> io::Result<PathBuf> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for number in 1..1000 {
        let path = parent.join(format!("hopscope-{}-{number}", std::process::id()));
        match builder.create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is full of our folders", parent.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(words: &str) -> (Result<Vec<u8>, String>, PathBuf) {
        let visit = Visit::with(".http", b"before\n").unwrap();
        let file = visit.file.clone();
        let chosen = Chosen { words: words.to_owned(), from: "EDITOR" };
        let ended = judge(&chosen, command(words, &file).status());
        (visit.take_back(b"before\n", ended), file)
    }

    #[test]
    fn what_was_edited_comes_back_and_nothing_stays() {
        let (back, file) = ran("echo after >>");
        assert_eq!(back.unwrap(), b"before\nafter\n");
        assert!(!file.exists() && !file.parent().unwrap().exists());
    }

    #[test]
    fn a_failed_editor_says_so_and_changed_text_stays() {
        let (back, file) = ran("false");
        assert_eq!(back.unwrap_err(), "EDITOR=false failed with 1");
        assert!(!file.exists());
        let (back, file) = ran("hopscope-no-such-editor");
        assert!(back.unwrap_err().contains("no such program here; set it to one that is"));
        assert!(!file.exists());
        let (back, file) = ran("f() { echo precious > \"$1\"; return 3; }; f");
        assert!(back.unwrap_err().ends_with(&format!("what you wrote is in {}", file.display())));
        assert_eq!(fs::read(&file).unwrap(), b"precious\n");
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private() {
        use std::os::unix::fs::MetadataExt as _;
        let visit = Visit::with(".json", b"{}").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&visit.folder), mode(&visit.file)), (0o700, 0o600));
        assert_eq!(visit.file.extension().unwrap(), "json");
        visit.remove();
    }

    #[test]
    fn nothing_in_a_body_drives_the_terminal_below_a_pager() {
        let mut body = &b"a\tb\x1b]52;c;eA==\x07\r\nnext\xff"[..];
        let (visit, broken) = Visit::of_body(&mut body).unwrap();
        assert_eq!(fs::read_to_string(&visit.file).unwrap(), "a\tb\\x1b]52;c;eA==\\x07\nnext\\xff");
        assert!(broken.is_none());
        visit.remove();
    }

    #[test]
    fn programs() {
        let none = |_: &str| None;
        assert_eq!(Chosen::of(Program::Editor, none).words, "vi");
        assert_eq!(Chosen::of(Program::Pager, none).words, "less");
        let both = |name: &str| Some(format!("my-{name}"));
        assert_eq!(Chosen::of(Program::Editor, both).named(), "VISUAL=my-VISUAL");
    }
}
