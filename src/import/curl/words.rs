//! A shell's words: quotes, escapes, `$'…'`, and the `printf` that our own exports pipe bodies from.

/// One curl command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words, `curl` first.
    pub words: Vec<Vec<u8>>,
    /// What is piped into it.
    pub piped: Option<Vec<u8>>,
}

/// The commands of a file; the error says what of one is not understood. Other commands are passed over.
pub fn commands(text: &[u8]) -> Vec<Result<Command, String>> {
    let mut all = Vec::new();
    let mut rest = Scan { text, at: 0 };
    let mut piped = None;
    while let Some(line) = rest.line() {
        let (words, pipes) = match line {
            Ok(line) => line,
            Err(why) => {
                all.push(Err(why));
                continue;
            }
        };
        let words: Vec<_> = words.into_iter().skip_while(|word| word == b"$").collect();
        match words.first().map(Vec::as_slice) {
            Some(b"curl" | b"curl.exe") => all.push(Ok(Command { words, piped: piped.take() })),
            Some(b"printf") if pipes => piped = words.get(1).map(|format| printed(format)),
            _ => piped = None,
        }
    }
    all
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

/// The words of a line, and whether it is piped into the next.
type Line = Result<(Vec<Vec<u8>>, bool), String>;

impl Scan<'_> {
    /// Up to an unquoted line end, `;`, `|` or `&`.
    fn line(&mut self) -> Option<Line> {
        let mut words: Vec<Vec<u8>> = Vec::new();
        let mut word: Option<Vec<u8>> = None;
        self.text.get(self.at)?;
        while let Some(byte) = self.next() {
            match byte {
                b' ' | b'\t' | b'\r' => words.extend(word.take()),
                b'\n' | b';' => break,
                b'|' | b'&' => {
                    words.extend(word.take());
                    while matches!(self.peek(), Some(b'\n' | b' ' | b'|' | b'&')) {
                        self.at += 1;
                    }
                    return Some(Ok((words, byte == b'|')));
                }
                b'#' if word.is_none() => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                b'\\' | b'^' if matches!(self.peek(), Some(b'\n' | b'\r')) => {
                    // A line that goes on; `^` is how cmd.exe says so.
                    self.at += 1 + usize::from(self.text.get(self.at..self.at + 2) == Some(b"\r\n"));
                    words.extend(word.take());
                }
                byte => {
                    let word = word.get_or_insert_with(Vec::new);
                    if let Err(why) = self.part(byte, word) {
                        return Some(Err(why));
                    }
                }
            }
        }
        words.extend(word);
        Some(Ok((words, false)))
    }

    /// A part of a word that begins with this octet.
    fn part(&mut self, byte: u8, word: &mut Vec<u8>) -> Result<(), String> {
        match byte {
            b'\'' => self.until(b'\'', word),
            b'"' => self.double(word),
            b'$' if self.peek() == Some(b'\'') => {
                self.at += 1;
                self.ansi(word)
            }
            b'$' if self.text.get(self.at..self.at + 8) == Some(b"(printf ") => self.command(word),
            b'$' if self.peek().is_some_and(|byte| byte.is_ascii_alphabetic() || b"({_".contains(&byte)) => {
                Err("it has a variable or a command within, which is not run".to_owned())
            }
            b'`' => Err("it has a command within, which is not run".to_owned()),
            b'\\' => {
                word.extend(self.next());
                Ok(())
            }
            byte => {
                word.push(byte);
                Ok(())
            }
        }
    }

    fn until(&mut self, end: u8, word: &mut Vec<u8>) -> Result<(), String> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = memchr::memchr(end, rest).ok_or_else(unclosed)?;
        word.extend_from_slice(rest.get(..length).unwrap_or_default());
        self.at += length + 1;
        Ok(())
    }

    fn double(&mut self, word: &mut Vec<u8>) -> Result<(), String> {
        loop {
            match self.next().ok_or_else(unclosed)? {
                b'"' => return Ok(()),
                b'\\' => match self.next().ok_or_else(unclosed)? {
                    b'\n' => {}
                    byte @ (b'"' | b'\\' | b'$' | b'`') => word.push(byte),
                    byte => word.extend([b'\\', byte]),
                },
                b'$' if self.text.get(self.at..self.at + 8) == Some(b"(printf ") => self.command(word)?,
                byte => word.push(byte),
            }
        }
    }

    /// `$(printf '…')`, the `$` read.
    fn command(&mut self, word: &mut Vec<u8>) -> Result<(), String> {
        self.at += b"(printf ".len();
        let mut format = Vec::new();
        if self.next() != Some(b'\'') {
            return Err("it has a command within, which is not run".to_owned());
        }
        self.until(b'\'', &mut format)?;
        if self.next() != Some(b')') {
            return Err("it has a command within, which is not run".to_owned());
        }
        word.extend(printed(&format));
        Ok(())
    }

    /// `$'…'` with C's escapes.
    fn ansi(&mut self, word: &mut Vec<u8>) -> Result<(), String> {
        loop {
            match self.next().ok_or_else(unclosed)? {
                b'\'' => return Ok(()),
                b'\\' => {
                    let byte = self.next().ok_or_else(unclosed)?;
                    self.escape(byte, word);
                }
                byte => word.push(byte),
            }
        }
    }

    fn escape(&mut self, byte: u8, word: &mut Vec<u8>) {
        match byte {
            b'n' => word.push(b'\n'),
            b'r' => word.push(b'\r'),
            b't' => word.push(b'\t'),
            b'a' => word.push(7),
            b'b' => word.push(8),
            b'e' | b'E' => word.push(0x1b),
            b'f' => word.push(12),
            b'v' => word.push(11),
            b'x' => word.push(u8::try_from(self.digits(16, 2, 0)).unwrap_or(b'?')),
            b'u' | b'U' => {
                let most = if byte == b'u' { 4 } else { 8 };
                let c = char::from_u32(self.digits(16, most, 0)).unwrap_or(char::REPLACEMENT_CHARACTER);
                word.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'0'..=b'7' => {
                let first = u32::from(byte - b'0');
                word.push(u8::try_from(self.digits(8, 2, first) & 0xff).unwrap_or(b'?'));
            }
            other => word.push(other),
        }
    }

    fn digits(&mut self, base: u32, most: usize, begun: u32) -> u32 {
        let mut value = begun;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(base)) else { break };
            value = value.wrapping_mul(base).wrapping_add(digit);
            self.at += 1;
        }
        value
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

fn unclosed() -> String {
    "a quote in it has no end".to_owned()
}

/// What printf makes of a format of our own: octal escapes, and `%%`.
fn printed(format: &[u8]) -> Vec<u8> {
    let mut scan = Scan { text: format, at: 0 };
    let mut out = Vec::new();
    while let Some(byte) = scan.next() {
        match byte {
            b'\\' => {
                if let Some(byte) = scan.next() {
                    scan.escape(byte, &mut out);
                }
            }
            b'%' if scan.peek() == Some(b'%') => {
                scan.at += 1;
                out.push(b'%');
            }
            byte => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let command = commands(text.as_bytes()).remove(0).unwrap();
        command.words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    #[test]
    fn words_are_read_as_a_shell_reads_them() {
        assert_eq!(
            words(r#"curl 'it'\''s' "a \"b\" \x" $'c\n\x41\u00e4' d\ e"#),
            ["curl", "it's", "a \"b\" \\x", "c\nAä", "d e"]
        );
        assert_eq!(words("$ curl \\\n  'a' ^\r\n b # rest"), ["curl", "a", "b"]);
        let all = commands(b"# x\nprintf 'a\\000%%' |\ncurl h --data-binary @-\n\ncurl i; curl j");
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].as_ref().unwrap().piped.as_deref(), Some(&b"a\0%"[..]));
        assert_eq!(all[1].as_ref().unwrap().piped, None);
    }

    #[test]
    fn nothing_is_run() {
        for text in ["curl $HOME", "curl `id`", "curl $(id)", "curl 'x"] {
            assert!(commands(text.as_bytes()).remove(0).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(curl |[ '\"\\\\$#|;\n-~]){0,60}") {
            let _ = commands(text.as_bytes());
        }
    }
}
