//! A request as a call of fetch, for a browser's console or Node.

use super::Request;
use std::fmt::Write as _;

/// The call. Redirects are not followed, so that it asks what was asked and no more.
#[must_use]
pub fn fetch(request: &Request) -> String {
    let mut out = String::new();
    let silent = matches!(request.method.as_str(), "GET" | "HEAD") && !request.body.is_empty();
    if silent {
        let _ = writeln!(out, "// fetch sends no body with {}: it is left out.", request.method);
    }
    let _ = writeln!(out, "const response = await fetch({}, {{", text(&request.url));
    let _ = writeln!(out, "  method: {},", text(&request.method));
    out.push_str("  headers: [\n");
    for (name, value) in &request.fields {
        // fetch takes values as characters of one byte each.
        let value: String = value.iter().map(|byte| char::from(*byte)).collect();
        let _ = writeln!(out, "    [{}, {}],", text(name), text(&value));
    }
    out.push_str("  ],\n");
    if request.has_body && !silent {
        let _ = writeln!(out, "  body: {},", body(&request.body));
    }
    out.push_str("  redirect: \"manual\",\n});\nconsole.log(response.status, await response.text());\n");
    out
}

fn body(bytes: &[u8]) -> String {
    if let Ok(body) = std::str::from_utf8(bytes) {
        text(body)
    } else {
        let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
        format!("Uint8Array.of({})", numbers.join(","))
    }
}

fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::request::tests::exchange;

    #[test]
    fn texts_and_bytes() {
        let head = b"POST /x HTTP/1.1\r\nX-A: \"\xff\r\nContent-Length: 3\r\n\r\n";
        let call = |body: &[u8]| fetch(&Request::of(&exchange(head, "h.test", b""), body).unwrap());
        assert!(call(b"a\n").contains("[\"X-A\", \"\\\"\\u00ff\"],\n"));
        assert!(call("a\n😀".as_bytes()).contains("body: \"a\\n\\ud83d\\ude00\",\n"));
        assert!(call(b"\x00\xff").contains("body: Uint8Array.of(0,255),\n"));
    }
}
