//! What a file is, by how it begins.

use super::{burp, charles, har, saz};

/// A form of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// HAR 1.2.
    Har,
    /// mitmproxy's flows.
    Flows,
    /// `hopscope export --to json`.
    Json,
    /// Charles' sessions as JSON.
    Charles,
    /// Burp's saved items.
    Burp,
    /// Fiddler's archives.
    Fiddler,
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
            Self::Charles => "a session of Charles",
            Self::Burp => "items of Burp",
            Self::Fiddler => "an archive of Fiddler",
            Self::Curl => "curl commands",
            Self::Raw => "a raw request",
        }
    }
}

/// The form of a file that begins so; the first few kilobytes tell.
#[must_use]
pub fn detect(start: &[u8]) -> Option<Form> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let has = |key: &[u8]| memchr::memmem::find(start, key).is_some();
    if start.first() == Some(&b'[') && has(charles::MARK) {
        return Some(Form::Charles);
    }
    if start.starts_with(b"PK\x03\x04") && has(saz::MARK) {
        return Some(Form::Fiddler);
    }
    if start.first() == Some(&b'<') && has(burp::MARK) {
        return Some(Form::Burp);
    }
    if start.first() == Some(&b'{') {
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

/// What a file is that is not read, and what its program writes that is; `None` where that is not known.
#[must_use]
pub fn instead(start: &[u8]) -> Option<&'static str> {
    let begins = |marks: &[&[u8]]| marks.iter().any(|mark| start.starts_with(mark));
    if begins(&[b"PK\x03\x04", b"PK\x05\x06"]) {
        return Some(
            "a zip archive, and none of Fiddler's. If it is a session of Charles (.chlz): File > Export Session writes a \
             HAR or JSON; of Proxyman: File > Export > HAR",
        );
    }
    if begins(&[b"\xac\xed\x00\x05"]) {
        return Some(
            "a session of Charles (.chls): File > Export Session writes a HAR or JSON (.chlsj), which are read",
        );
    }
    if begins(&[b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a"]) {
        return Some("a capture of packets, which Wireshark and tshark read");
    }
    begins(&[b"SQLite format 3\0"]).then_some(
        "a database of SQLite; a capture of hopscope is the folder around it, and `hopscope open` shows that",
    )
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
            (
                "[\n {\"status\": \"COMPLETE\", \"method\": \"GET\", \"protocolVersion\": \"",
                Some(Form::Charles),
            ),
            ("[1]", None),
            ("<?xml version=\"1.0\"?><items burpVersion=\"2024.1\"", Some(Form::Burp)),
            ("<html>", None),
            ("PK\u{3}\u{4}\u{14}\0raw/1_c.txt", Some(Form::Fiddler)),
            ("PK\u{3}\u{4}\u{14}\0word/x.xml", None),
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

    #[test]
    fn what_is_not_read_is_named_with_what_is() {
        for (start, says) in [
            (&b"PK\x03\x04x"[..], "Export Session writes a HAR"),
            (b"\xac\xed\x00\x05sr", ".chlsj"),
            (b"\x0a\x0d\x0d\x0a", "tshark"),
            (b"SQLite format 3\0", "hopscope open"),
        ] {
            assert!(detect(start).is_none() && instead(start).unwrap().contains(says), "{start:?}");
        }
        assert_eq!(instead(b"hello"), None);
    }
}
