//! The one way out to stdout and to stderr, so that nothing captured reaches a terminal as it is.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Results, on stdout. Buffered; call [`Out::flush`] at the end.
pub(super) struct Out<W: Write = BufWriter<StdoutLock<'static>>> {
    to: W,
    terminal: bool,
    colour: bool,
}

/// How a piece of a line stands out, where colours are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// As it is.
    Plain,
    /// Beside the point.
    Dim,
    /// What the eye should find first.
    Strong,
    /// Taken away.
    Removed,
    /// Put in.
    Added,
    /// Changed.
    Changed,
}

impl Ink {
    /// The parameter of SGR: one of the 16 colours, so that the terminal's theme decides.
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Strong => "1",
            Self::Removed => "31",
            Self::Added => "32",
            Self::Changed => "33",
        }
    }
}

impl Out {
    pub(super) fn stdout() -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let colour = terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb");
        Self { to: BufWriter::new(stdout.lock()), terminal, colour }
    }
}

impl<W: Write> Out<W> {
    #[cfg(test)]
    pub(super) fn to(to: W, terminal: bool) -> Self {
        Self { to, terminal, colour: terminal }
    }

    /// One line made for people. It is always sanitised: a pipe may end at a terminal too.
    pub(super) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.to, "{}", shown(text.as_ref().as_bytes()))
    }

    /// One line made for people, in pieces; colours on a terminal only.
    pub(super) fn inked(&mut self, pieces: &[(Ink, &str)]) -> io::Result<()> {
        for (ink, text) in pieces {
            let text = shown(text.as_bytes());
            match ink.code() {
                code if self.colour && !code.is_empty() => write!(self.to, "\x1b[{code}m{text}\x1b[0m")?,
                _ => write!(self.to, "{text}")?,
            }
        }
        writeln!(self.to)
    }

    /// Whether it is a person who reads.
    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// One line made for programs (JSON, which escapes control characters itself).
    pub(super) fn record(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.to, "{text}")
    }

    /// Captured bytes: exact in a pipe or file, sanitised line by line on a terminal.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.terminal {
            return self.to.write_all(bytes);
        }
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, end) = match line {
                [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] => (text, "\n"),
                text => (text, ""),
            };
            write!(self.to, "{}{end}", shown(text))?;
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Words for the person, on stderr. That nobody reads them is no error.
pub(super) fn say(text: impl AsRef<str>) {
    let mut stderr = io::stderr().lock();
    for line in text.as_ref().lines() {
        if writeln!(stderr, "{}", shown(line.as_bytes())).is_err() {
            return;
        }
    }
}

/// What a terminal may show of captured bytes.
pub(super) fn shown(bytes: &[u8]) -> Cow<'_, str> {
    crate::text::sanitize(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_bytes_are_exact_in_a_pipe_and_harmless_on_a_terminal() {
        let bytes = b"a\x1b[2J\r\n\xff\n";
        let written = |terminal| {
            let mut out = Out::to(Vec::new(), terminal);
            out.bytes(bytes).unwrap();
            out.to
        };
        assert_eq!(written(false), bytes);
        assert!(!written(true).contains(&0x1b));
        assert!(!written(true).contains(&b'\r'));
    }

    #[test]
    fn colours_are_ours_and_only_for_terminals() {
        let written = |terminal| {
            let mut out = Out::to(Vec::new(), terminal);
            out.inked(&[(Ink::Removed, "a\x1b[2J"), (Ink::Plain, " b")]).unwrap();
            String::from_utf8(out.to).unwrap()
        };
        assert_eq!(written(false), "a\\x1b[2J b\n");
        assert_eq!(written(true), "\x1b[31ma\\x1b[2J\x1b[0m b\n");
    }

    #[test]
    fn a_line_stays_one_line() {
        let mut out = Out::to(Vec::new(), false);
        out.line("a\nb\u{202e}").unwrap();
        assert_eq!(String::from_utf8(out.to).unwrap().lines().count(), 1);
    }
}
