//! Two lengths, two codings, or one that is none: whatever a client writes, the origin behind us never
//! has two ways of reading what it gets (RFC 9112 6.3, 11.2).
//!
//! Behind each head come bytes that are the end of a chunked body and a second request to one
//! reader, and a body of counted bytes to another.

use super::plain;
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;

/// Ways of saying how long a body is that must not be passed on as they are. `\r\n` separates lines.
const WAYS: &[&str] = &[
    // A length and a coding.
    "Content-Length: 60\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 60",
    "Content-Length: 60\r\ntransfer-encoding:chunked",
    "Content-Length: 60\r\nTRANSFER-ENCODING: CHUNKED",
    "Content-Length: 60\r\nTransfer-Encoding:\tchunked",
    "Content-Length: 60\r\nTransfer-Encoding: chunked ",
    "Content-Length: 60\r\nTransfer-Encoding: chunked\t",
    "Content-Length: 60\r\nTransfer-Encoding : chunked",
    "Content-Length: 60\r\nTransfer-Encoding\t: chunked",
    "Content-Length: 60\r\n Transfer-Encoding: chunked",
    "Content-Length: 60\r\nX: y\r\n Transfer-Encoding: chunked",
    "Content-Length: 60\r\nTransfer-Encoding:\r\n chunked",
    "Content-Length: 60\r\nTransfer-Encoding: chun\r\n ked",
    "Content-Length: 60\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked",
    "Content-Length: 60\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "Content-Length: 60\r\nTransfer-Encoding: identity",
    "Content-Length: 60\r\nTransfer-Encoding: ",
    "Content-Length: 60\r\nTransfer-Encoding: chunked, identity",
    "Content-Length: 60\r\nTransfer-Encoding: \"chunked\"",
    "Content-Length: 60\r\nTransfer-Encoding: xchunked",
    "Content-Length: 60\r\nTransfer-Encoding: chunked;q=1",
    "Content-Length: 60\r\nTransfer-Encoding: chu\u{6e}ked\u{b}",
    "Content-Length: 60\r\nTransfer-Encoding: \u{b}chunked",
    "Content-Length: 60\r\nTransfer-Encoding: chunked\0",
    "Content-Length: 60\r\nTransfer-Encoding: ,chunked",
    "Content-Length: 60\r\nTransfer-Encoding: chunked,",
    "Content-Length: 60\nTransfer-Encoding: chunked",
    "Content-Length: 60\rTransfer-Encoding: chunked",
    "Content-Length: 60\r\nTransfer_Encoding: chunked",
    "Content-Length: 60\r\nTransfer-Encoding\u{0}: chunked",
    "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\nContent-Length: 60",
    "Connection: Content-Length\r\nContent-Length: 60",
    "Connection: Content-Length\r\nContent-Length: 60\r\nTransfer-Encoding: chunked",
    // A coding alone.
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: identity, chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: cow, chunked",
    "Transfer-Encoding: chunked ; x",
    "Transfer-Encoding: 'chunked'",
    "Transfer-Encoding: chunk",
    // Lengths.
    "Content-Length: 60\r\nContent-Length: 0",
    "Content-Length: 0\r\nContent-Length: 60",
    "Content-Length: 60\r\nContent-Length: 60",
    "Content-Length: 60, 60",
    "Content-Length: 0, 60",
    "Content-Length: 60,",
    "Content-Length: ,60",
    "Content-Length: +60",
    "Content-Length: -1",
    "Content-Length: 0x3c",
    "Content-Length: 6 0",
    "Content-Length: 60 0",
    "Content-Length: 60.0",
    "Content-Length: 6e1",
    "Content-Length: 060",
    "Content-Length: 18446744073709551676",
    "Content-Length: 99999999999999999999999999999999999999",
    "Content-Length: \"60\"",
    "Content-Length: 60;x",
    "Content-Length: ",
    "Content-Length:\r\n 60",
    "Content-Length: 6\r\n 0",
    "Content-Length : 60",
    " Content-Length: 60",
    "Content_Length: 60",
    "Content-Length: 60\0",
    "Content-Length: 60\rContent-Length: 0",
    "Content-Length: 60\nContent-Length: 0",
    "Content-Length: \u{ff16}\u{ff10}",
];

/// 60 bytes: the last chunk and a request, or a body.
const BEHIND: &str = "0\r\n\r\nGET http://smuggled.test/second HTTP/1.1\r\nHost: xyz\r\n\r\n";

#[test]
fn rfc9112_11_2_no_way_of_writing_lengths_has_two_readings() {
    assert!(WAYS.len() >= 60);
    assert_eq!(BEHIND.len(), 60);
    let proxy = Proxy::start(plain);
    for way in WAYS {
        let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        let mut client = Peer::connect(proxy.address());
        client.send(format!(
            "POST http://{0}/first HTTP/1.1\r\nHost: {0}\r\n{way}\r\n\r\n{BEHIND}",
            origin.address()
        ));
        client.finish();
        let answers = client.read_to_close();
        let status = status(&answers);
        if origin.connections() == 0 {
            assert!(matches!(status, 400 | 413 | 501), "{way:?}: {}", answers.escape_ascii());
            assert_eq!(answers.windows(9).filter(|bytes| bytes == b"HTTP/1.1 ").count(), 1, "{way:?}");
        } else {
            one_reading(way, &origin.ended(0), status);
        }
    }
}

fn status(answers: &[u8]) -> u16 {
    let text = String::from_utf8_lossy(answers);
    text.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// What reached the origin says its length once, keeps to it, and has nothing behind it.
fn one_reading(way: &str, received: &[u8], status: u16) {
    let text = received.escape_ascii().to_string();
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 4;
    let (head, body) = received.split_at(end);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let values = |name: &str| -> Vec<String> {
        let named =
            |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_owned());
        head.split("\r\n").filter_map(named).collect()
    };
    match (&values("content-length")[..], &values("transfer-encoding")[..]) {
        ([length], []) => assert_eq!(length.parse(), Ok(body.len()), "{way:?}: {text}"),
        ([], [coding]) => {
            assert!(coding == "chunked" || coding.ends_with(", chunked"), "{way:?}: {text}");
            assert_eq!(body, b"0\r\n\r\n", "{way:?}: {text}");
        }
        ([], []) => assert_eq!(body, b"", "{way:?}: {text}"),
        both => panic!("{way:?}: {both:?}: {text}"),
    }
    assert!(!head.contains("/second"), "{way:?}: {text}");
    assert!(status == 200 || status == 400, "{way:?}: {status}");
}
