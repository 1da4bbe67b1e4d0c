//! What a file is, by how it begins.

use super::har;

/// A form of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// HAR 1.2.
    Har,
    /// mitmproxy's flows.
    Flows,
    /// `hopscope export --to json`.
    Json,
    /// curl commands.
    Curl,
    /// One raw request, perhaps with its response behind it.
    Raw,
}

impl Form {
    /// In words.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Har => "HAR",
            Self::Flows => "mitmproxy flows",
            Self::Json => "JSON lines",
            Self::Curl => "curl commands",
            Self::Raw => "a raw request",
        }
    }
}

/// The form of a file that begins so; the first few kilobytes tell.
#[must_use]
pub fn detect(start: &[u8]) -> Option<Form> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if start.first() == Some(&b'{') {
        let has = |key: &[u8]| memchr::memmem::find(start, key).is_some();
        let lines = has(b"\"ts\"") && has(b"\"method\"") && !has(har::MARK);
        return Some(if lines { Form::Json } else { Form::Har });
    }
    let digits = start.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if (1..=12).contains(&digits) && start.get(digits) == Some(&b':') {
        return Some(Form::Flows);
    }
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let words: Vec<&[u8]> = line.trim_ascii().split(|byte| *byte == b' ').collect();
    match words.as_slice() {
        [b"curl" | b"curl.exe", ..] | [b"$", b"curl", ..] => Some(Form::Curl),
        [.., version] if words.len() >= 3 && version.starts_with(b"HTTP/") => Some(Form::Raw),
        _ if start.starts_with(b"#") || start.starts_with(b"printf ") => {
            memchr::memmem::find(start, b"curl ").map(|_| Form::Curl)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_tell() {
        for (start, form) in [
            ("\u{feff} {\"log\": {\"version\"", Some(Form::Har)),
            (
                "{\"id\":1,\"ts\":\"2023\",\"client\":\"\",\"scheme\":\"http\",\"method\":\"GET\"",
                Some(Form::Json),
            ),
            ("2105:9:websocket;0:~", Some(Form::Flows)),
            ("curl 'http://h'", Some(Form::Curl)),
            ("printf 'x' |\ncurl 'http://h'", Some(Form::Curl)),
            ("GET / HTTP/1.1\r\n", Some(Form::Raw)),
            ("", None),
            ("\u{1}\u{2}", None),
            ("hello world", None),
        ] {
            assert_eq!(detect(start.as_bytes()), form, "{start}");
        }
    }
}
