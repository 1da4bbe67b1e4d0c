//! A request received over HTTP/2 as an HTTP/1.1 client would have written it.
//!
//! A replay is built, edited and read by a person in that form; the hop translates it where the
//! origin speaks HTTP/2. So it names no pseudo-field, and an editor shows what every editor of
//! requests shows.

use crate::exchange::{Body, Head};
use bytes::Bytes;

/// The head to start from: of HTTP/1.1 as it is, of HTTP/2 in the form of HTTP/1.1.
///
/// Host takes the value of `:authority` (RFC 9113 8.3.1), cookie lines are joined (8.2.3), and a
/// body whose length no field says goes in chunks, as its length was not said before.
pub(super) fn form(raw: &Bytes, body: &Body) -> Head {
    let head = Head::parse(raw.clone());
    if !head.is_http2() {
        return head;
    }
    let (method, target, _) = head.request_line().unwrap_or_default();
    let mut lines = vec![[method, b" ", target, b" HTTP/1.1"].concat()];
    if let Some(authority) = head.value(":authority").filter(|_| head.value("host").is_none()) {
        lines.push([b"Host: ", authority].concat());
    }
    let mut cookies: Vec<&[u8]> = head.values("cookie").collect();
    for field in head.fields().filter(|field| !field.is_pseudo()) {
        if !field.is("cookie") {
            lines.push(field.line.to_vec());
        } else if !cookies.is_empty() {
            lines.push([field.name, b": ", &std::mem::take(&mut cookies).join(&b"; "[..])].concat());
        }
    }
    if head.value("content-length").is_none() && (body.length > 0 || body.trailers.is_some()) {
        lines.push(b"Transfer-Encoding: chunked".to_vec());
    }
    Head::parse(Bytes::from([lines.join(&b"\r\n"[..]), b"\r\n\r\n".to_vec()].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formed(text: &'static str, length: u64) -> String {
        let body = Body { length, ..Body::default() };
        String::from_utf8_lossy(form(&Bytes::from_static(text.as_bytes()), &body).raw()).into_owned()
    }

    #[test]
    fn http1_is_as_it_is() {
        let text = "GET / HTTP/1.1\r\nhOst:h\r\nCookie: a\r\ncookie: b\r\n\r\n";
        assert_eq!(formed(text, 5), text);
    }

    #[test]
    fn rfc9113_8_http2_becomes_what_an_http1_client_writes() {
        let text = "POST /a HTTP/2\r\n:method: POST\r\n:authority: h\r\n:path: /a\r\n:scheme: https\r\n\
                    cookie: a=b\r\nx: y\r\ncookie: c=d\r\n\r\n";
        let expected = "POST /a HTTP/1.1\r\nHost: h\r\ncookie: a=b; c=d\r\nx: y\r\n";
        assert_eq!(formed(text, 0), format!("{expected}\r\n"));
        assert_eq!(formed(text, 5), format!("{expected}Transfer-Encoding: chunked\r\n\r\n"));
    }

    #[test]
    fn host_and_length_stay_where_they_were() {
        let text = "POST /a HTTP/2\r\n:method: POST\r\n:authority: h\r\nx: y\r\nhost: h\r\ncontent-length: 5\r\n\r\n";
        assert_eq!(formed(text, 5), "POST /a HTTP/1.1\r\nx: y\r\nhost: h\r\ncontent-length: 5\r\n\r\n");
    }
}
