//! JSON as it is written: one thing after another, long texts from where they lie, nothing held whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Display;
use std::io::{self, Read, Write};

/// Octets of a long text in memory at once; a multiple of three, so that base64 goes on without a gap.
const PIECE: usize = 48 * 1024;

/// A JSON text on its way out. Commas come by themselves; that what is opened is closed, and that keys stand
/// in objects, is for whoever writes.
#[derive(Debug)]
pub struct Json<W: Write> {
    out: W,
    at: At,
}

/// Where the next value comes to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Behind an opening bracket, at the beginning, or behind a key.
    Fresh,
    /// Behind another value.
    Behind,
}

impl<W: Write> Json<W> {
    /// Writes there.
    pub fn new(out: W) -> Self {
        Self { out, at: At::Fresh }
    }

    /// Begins an object.
    pub fn open(&mut self) -> io::Result<()> {
        self.begin(b"{")
    }

    /// Ends it.
    pub fn close(&mut self) -> io::Result<()> {
        self.end(b"}")
    }

    /// Begins a list.
    pub fn open_list(&mut self) -> io::Result<()> {
        self.begin(b"[")
    }

    /// Ends it.
    pub fn close_list(&mut self) -> io::Result<()> {
        self.end(b"]")
    }

    /// A name within an object; its value follows.
    pub fn key(&mut self, name: &str) -> io::Result<&mut Self> {
        self.text(name)?;
        self.out.write_all(b":")?;
        self.at = At::Fresh;
        Ok(self)
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.comma()?;
        self.out.write_all(b"\"")?;
        escape(&mut self.out, text.as_bytes())?;
        self.end(b"\"")
    }

    /// A number, `true`, `false` or `null`: whatever prints as JSON.
    pub fn plain(&mut self, value: impl Display) -> io::Result<()> {
        self.comma()?;
        write!(self.out, "{value}")?;
        self.at = At::Behind;
        Ok(())
    }

    /// The value, or `null`.
    pub fn or_null(&mut self, value: Option<impl Display>) -> io::Result<()> {
        match value {
            Some(value) => self.plain(value),
            None => self.plain("null"),
        }
    }

    /// A text that is read piece by piece. It must be UTF-8 as a whole.
    pub fn long_text(&mut self, from: &mut dyn Read) -> io::Result<()> {
        self.comma()?;
        self.out.write_all(b"\"")?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = fill(from, &mut piece)?;
            escape(&mut self.out, piece.get(..read).unwrap_or_default())?;
            if read < PIECE {
                return self.end(b"\"");
            }
        }
    }

    /// Any octets, piece by piece, in base64 (RFC 4648 4).
    pub fn long_base64(&mut self, from: &mut dyn Read) -> io::Result<()> {
        self.comma()?;
        self.out.write_all(b"\"")?;
        let (mut piece, mut coded) = (vec![0; PIECE], String::new());
        loop {
            let read = fill(from, &mut piece)?;
            coded.clear();
            STANDARD.encode_string(piece.get(..read).unwrap_or_default(), &mut coded);
            self.out.write_all(coded.as_bytes())?;
            if read < PIECE {
                return self.end(b"\"");
            }
        }
    }

    /// A line end between values, for who reads it with line-based tools.
    pub fn line(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn comma(&mut self) -> io::Result<()> {
        if self.at == At::Behind { self.out.write_all(b",") } else { Ok(()) }
    }

    fn begin(&mut self, bracket: &[u8]) -> io::Result<()> {
        self.comma()?;
        self.at = At::Fresh;
        self.out.write_all(bracket)
    }

    fn end(&mut self, bracket: &[u8]) -> io::Result<()> {
        self.at = At::Behind;
        self.out.write_all(bracket)
    }
}

/// Octets of UTF-8 as they stand in a JSON text (RFC 8259 7); DEL is escaped too, for terminals' sake.
fn escape(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 | 0x7f => {
                out.write_all(bytes.get(from..at).unwrap_or_default())?;
                write!(out, "\\u{byte:04x}")?;
                from = at + 1;
                continue;
            }
            _ => continue,
        };
        out.write_all(bytes.get(from..at).unwrap_or_default())?;
        out.write_all(escaped)?;
        from = at + 1;
    }
    out.write_all(bytes.get(from..).unwrap_or_default())
}

/// Reads until the piece is full or nothing more comes.
fn fill(from: &mut dyn Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = piece.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_written_is_read_by_another_reader() {
        let mut json = Json::new(Vec::new());
        json.open().unwrap();
        json.key("a").unwrap().open_list().unwrap();
        json.plain(1).unwrap();
        json.or_null(None::<u8>).unwrap();
        json.text("x\u{7f}\u{1}").unwrap();
        json.close_list().unwrap();
        json.key("b").unwrap().open().unwrap();
        json.close().unwrap();
        json.key("c").unwrap().plain(true).unwrap();
        json.close().unwrap();
        let written = String::from_utf8(json.into_inner()).unwrap();
        assert_eq!(written, r#"{"a":[1,null,"x\u007f\u0001"],"b":{},"c":true}"#);
        let expected = json!({"a": [1, null, "x\u{7f}\u{1}"], "b": {}, "c": true});
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn long_texts_are_the_same_as_short_ones(text in "(?s).{0,300}", times in 1_usize..400) {
            let text = text.repeat(times);
            let (mut long, mut coded) = (Json::new(Vec::new()), Json::new(Vec::new()));
            long.long_text(&mut text.as_bytes()).unwrap();
            coded.long_base64(&mut text.as_bytes()).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<String>(&long.into_inner()).unwrap(), &text);
            let coded = serde_json::from_slice::<String>(&coded.into_inner()).unwrap();
            prop_assert_eq!(STANDARD.decode(coded).unwrap(), text.as_bytes());
        }
    }
}
