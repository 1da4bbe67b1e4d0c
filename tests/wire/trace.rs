//! The case files: traces of what crosses the sockets, as data.
//!
//! ```text
//! # rfc9110_7_6_1 fields named by Connection are removed
//! client >  GET http://{origin}/ HTTP/1.1 | Host: {origin} | Connection: x-b | X-B: 1
//! origin >  GET / HTTP/1.1 | Host: {origin} | Via: 1.1 hopscope
//! origin <  HTTP/1.1 200 OK | Content-Length: 2 || hi
//! client <  HTTP/1.1 200 OK | Content-Length: 2 | Via: 1.1 hopscope | Date: {date} || hi
//! exchange  done 200
//! request   target GET … (9112 3.2.1) · removed Connection (9110 7.6.1) · …
//! ```
//!
//! `>` goes toward the origin, `<` toward the client. `client >` and `origin <` are sent as they stand;
//! `origin >` and `client <` must arrive exactly as they stand. ` | ` ends a head's line, ` || ` the head;
//! what follows is the body. `>=` and `<=` are raw bytes that begin a message, `>+` and `<+` raw bytes that
//! go on with one. A line that begins with white space continues the one before. Escapes: `\r \n \t \s`
//! (a space) `\\ \xNN`. `{a*100}` repeats. Verbs without bytes: see [`Act`].

/// One case.
#[derive(Debug)]
pub struct Case {
    /// The clause and what it asks.
    pub title: String,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// What the capture must say of each exchange, in order.
    pub records: Vec<Record>,
}

/// Which end of hopscope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client's.
    Client,
    /// The origin's.
    Origin,
}

/// One step of a trace.
#[derive(Debug)]
pub struct Step {
    /// The line of the file.
    pub line: usize,
    /// Where.
    pub end: End,
    /// What.
    pub act: Act,
}

/// What happens at one end.
#[derive(Debug)]
pub enum Act {
    /// The test sends these bytes.
    Send(Text),
    /// These bytes must come.
    Expect(Text),
    /// `ends`: nothing more is sent.
    Ends,
    /// `resets`.
    Resets,
    /// `closed`: hopscope has closed, and nothing else came.
    Closed,
    /// `connects`: a new connection (of the origin's end: hopscope makes one).
    Connects,
    /// `secures NAME`: the TLS handshake.
    Secures(String),
}

/// Bytes as written in a case, before names are filled in.
#[derive(Clone, Debug)]
pub struct Text {
    /// As written.
    pub written: String,
    /// How it is to be read.
    pub form: Form,
}

/// How a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Lines and a body.
    Message,
    /// Bytes as they stand that begin a message.
    Raw,
    /// Bytes that go on with a message.
    More,
}

/// What the capture must say of an exchange; texts that are absent are not compared.
#[derive(Debug, Default)]
pub struct Record {
    /// State, status, failure, flags.
    pub exchange: String,
    /// The request's edits.
    pub request: Option<String>,
    /// The response's edits.
    pub response: Option<String>,
    /// Lengths of the bodies, and whether they are whole.
    pub bodies: Option<String>,
}

/// Reads a case file.
pub fn parse(file: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (number, line) in joined(file) {
        if let Some(title) = line.strip_prefix("# ") {
            cases.push(Case { title: title.trim().to_owned(), steps: Vec::new(), records: Vec::new() });
            continue;
        }
        let case = cases.last_mut().unwrap_or_else(|| panic!("line {number} stands before the first case"));
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let rest = rest.trim();
        match word {
            "client" | "origin" => {
                let end = if word == "client" { End::Client } else { End::Origin };
                case.steps.push(Step { line: number, end, act: act(end, rest, number) });
            }
            "exchange" => {
                case.records.push(Record { exchange: rest.to_owned(), ..Record::default() });
            }
            "request" | "response" | "bodies" => {
                let record = case.records.last_mut().unwrap_or_else(|| panic!("line {number}: no exchange"));
                let place = match word {
                    "request" => &mut record.request,
                    "response" => &mut record.response,
                    _ => &mut record.bodies,
                };
                *place = Some(rest.to_owned());
            }
            _ => panic!("line {number}: {word} is no word of a trace"),
        }
    }
    cases
}

/// Lines with their continuations, numbered; empty ones and `##` comments left out.
fn joined(file: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in file.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() || line.starts_with("##") {
            continue;
        }
        match lines.last_mut() {
            Some((_, before)) if line.starts_with(' ') => {
                before.push(' ');
                before.push_str(trimmed);
            }
            _ => lines.push((number + 1, trimmed.to_owned())),
        }
    }
    lines
}

fn act(end: End, rest: &str, number: usize) -> Act {
    let (verb, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let form = match verb.get(1..) {
        Some("=") => Form::Raw,
        Some("+") => Form::More,
        _ => Form::Message,
    };
    let text = Text { written: text.trim().to_owned(), form };
    match (end, verb.chars().next(), verb) {
        (End::Client, Some('>'), _) | (End::Origin, Some('<'), _) => Act::Send(text),
        (End::Client, Some('<'), _) | (End::Origin, Some('>'), _) => Act::Expect(text),
        (_, _, "ends") => Act::Ends,
        (_, _, "resets") => Act::Resets,
        (_, _, "closed") => Act::Closed,
        (_, _, "connects") => Act::Connects,
        (_, _, "secures") => Act::Secures(text.written),
        _ => panic!("line {number}: {verb} is no verb of a trace"),
    }
}

/// The names that a case may use, and what they stand for.
pub type Names<'a> = &'a [(&'a str, String)];

impl Text {
    /// The bytes, names filled in.
    pub fn bytes(&self, names: Names<'_>) -> Vec<u8> {
        let text = self.filled(names);
        if self.form != Form::Message {
            return unescaped(&text);
        }
        let (head, body) = text.split_once(" ||").unwrap_or((&text, ""));
        let body = unescaped(body.strip_prefix(' ').unwrap_or(body));
        let mut bytes = Vec::new();
        for line in head.split(" |") {
            let line = unescaped(line.strip_prefix(' ').unwrap_or(line));
            bytes.extend_from_slice(&line);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        let mut bytes = replaced(&bytes, b"{length}", body.len().to_string().as_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    fn filled(&self, names: Names<'_>) -> String {
        fill(&self.written, names)
    }
}

/// Fills names in; repetitions too.
pub fn fill(text: &str, names: Names<'_>) -> String {
    let mut text = text.to_owned();
    for (name, value) in names {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    while let Some((before, unit, count, after)) = repetition(&text) {
        text = format!("{before}{}{after}", unit.repeat(count));
    }
    text
}

/// `…{unit*count}…`
fn repetition(text: &str) -> Option<(String, String, usize, String)> {
    text.match_indices('{').find_map(|(open, _)| {
        let inner = text.get(open + 1..)?;
        let close = inner.find('}')?;
        let (unit, count) = inner.get(..close)?.rsplit_once('*')?;
        let count = count.parse().ok()?;
        Some((text.get(..open)?.to_owned(), unit.to_owned(), count, inner.get(close + 1..)?.to_owned()))
    })
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b's') => b' ',
            Some(b'0') => 0,
            Some(b'\\') => b'\\',
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or_else(|_| panic!("\\x{digits} is no byte"))
            }
            other => panic!("\\{other:?} is no escape"),
        });
    }
    bytes
}

/// All of one text replaced by another.
pub fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_bytes() {
        let text = |written: &str, form| {
            Text { written: written.to_owned(), form }.bytes(&[("h", "x:1".to_owned())])
        };
        assert_eq!(
            text(
                "GET {h}|{} HTTP/1.1 | X: {ab*2}\\s | Content-Length: {length} || a\\r\\n\\xff",
                Form::Message
            ),
            b"GET x:1|{} HTTP/1.1\r\nX: abab \r\nContent-Length: 4\r\n\r\na\r\n\xff"
        );
        assert_eq!(text("a | b", Form::Raw), b"a | b");
    }

    #[test]
    fn files_become_cases() {
        let cases = parse(
            "# one\n## why\nclient >  GET / HTTP/1.1\n  | A: b\norigin closed\nexchange  done 200\nbodies x\n",
        );
        let [case] = cases.as_slice() else { panic!("{cases:?}") };
        assert_eq!((case.title.as_str(), case.steps.len(), case.records.len()), ("one", 2, 1));
        assert!(matches!(&case.steps[0].act, Act::Send(text) if text.written == "GET / HTTP/1.1 | A: b"));
        assert!(matches!(case.steps[1], Step { end: End::Origin, act: Act::Closed, line: 5 }));
    }
}
