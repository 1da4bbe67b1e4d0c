//! A request as a Python script with requests.

use super::Request;
use std::fmt::Write as _;

/// The script. Redirects are not followed, so that it asks what was asked and no more.
#[must_use]
pub fn python(request: &Request) -> String {
    let mut out = String::from("import requests\n\nresponse = requests.request(\n");
    let _ = writeln!(out, "    {},\n    {},", text(&request.method), text(&request.url));
    out.push_str("    headers={\n");
    for (name, value) in request.joined() {
        let _ = writeln!(out, "        {}: {},", text(&name), literal(&value));
    }
    // None keeps requests from adding its own.
    for name in
        ["User-Agent", "Accept", "Accept-Encoding"].iter().filter(|name| request.value(name).is_none())
    {
        let _ = writeln!(out, "        {}: None,", text(name));
    }
    out.push_str("    },\n");
    if request.has_body {
        let _ = writeln!(out, "    data={},", bytes(&request.body));
    }
    out.push_str(
        "    allow_redirects=False,\n)\nprint(response.status_code, response.reason)\nprint(response.text)\n",
    );
    out
}

/// Values that are not ASCII are given as bytes: a text would be sent in another coding.
fn literal(value: &[u8]) -> String {
    if value.is_ascii() { text(&String::from_utf8_lossy(value)) } else { bytes(value) }
}

fn text(text: &str) -> String {
    format!("\"{}\"", escaped(text.as_bytes()))
}

fn bytes(bytes: &[u8]) -> String {
    format!("b\"{}\"", escaped(bytes))
}

fn escaped(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\n' => "\\n".to_owned(),
        b'"' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::request::tests::exchange;

    #[test]
    fn every_byte_is_quoted() {
        let head = b"POST /x HTTP/1.1\r\nUser-Agent: \"a\\\r\nX-Raw: \xff\r\nContent-Length: 3\r\n\r\n";
        let script = python(&Request::of(&exchange(head, "h.test", b""), b"\x00\"\n").unwrap());
        assert!(script.contains("\"User-Agent\": \"\\\"a\\\\\",\n"), "{script}");
        assert!(script.contains("\"X-Raw\": b\"\\xff\",\n"), "{script}");
        assert!(script.contains("data=b\"\\x00\\\"\\n\",\n"), "{script}");
        assert!(script.contains("\"Accept\": None"), "{script}");
    }
}
