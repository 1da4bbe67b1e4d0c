//! A request as a command for `HTTPie`.

use super::Request;
use super::shell::{escapes, is_text, word};

/// The command, on several lines. A body that is no text comes from `printf` over a pipe.
#[must_use]
pub fn httpie(request: &Request) -> String {
    let text = is_text(&request.body);
    let stdin = if text { "--ignore-stdin " } else { "" };
    let mut lines =
        vec![format!("http {stdin}{} {}", word(request.method.as_bytes()), word(request.url.as_bytes()))];
    for (name, value) in &request.fields {
        let item = if value.is_empty() {
            format!("{name};").into_bytes()
        } else {
            [name.as_bytes(), b":", value].concat()
        };
        lines.push(word(&item));
    }
    let body = if request.has_body { &["Content-Type"][..] } else { &[] };
    let added = ["User-Agent", "Accept", "Accept-Encoding"];
    for name in added.iter().chain(body).filter(|name| request.value(name).is_none()) {
        lines.push(format!("'{name}:'"));
    }
    if text && request.has_body {
        lines.push(format!("--raw {}", word(&request.body)));
    }
    let command = lines.join(" \\\n  ");
    if text { command } else { format!("printf '{}' |\n{command}", escapes(&request.body)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::request::tests::exchange;

    #[test]
    fn fields_and_body() {
        let head = b"POST /x HTTP/1.1\r\nUser-Agent: a\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nContent-Type: application/json\r\nX-Empty:\r\nContent-Length: 8\r\n\r\n";
        let request = Request::of(&exchange(head, "h.test", b""), br#"{"a":'1}"#).unwrap();
        assert_eq!(
            httpie(&request),
            "http --ignore-stdin 'POST' 'http://h.test/x' \\\n  'User-Agent:a' \\\n  'Accept:*/*' \\\n  'Accept-Encoding:gzip' \\\n  'Content-Type:application/json' \\\n  'X-Empty;' \\\n  --raw '{\"a\":'\\''1}'"
        );
    }
}
