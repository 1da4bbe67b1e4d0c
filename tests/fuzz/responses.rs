//! An origin's bytes: what hop's check accepts, httparse ends at the same place, and what is sent on has
//! one reading.

use super::reader;
use bytes::Bytes;
use hopscope::exchange::Head;
use hopscope::hop::{self, Bounds, Framing, ResponseHop, Version};

/// Panics when our reading is wrong.
pub fn target(data: &[u8]) {
    let Some((options, bytes)) = data.split_first() else { return };
    let bounds = Bounds { fields: 1_000, head: 16 * 1024 };
    let Some(end) = hop::head_end(bytes, 0) else { return };
    let head = Head::parse(Bytes::copy_from_slice(&bytes[..end]));
    let Ok(facts) = hop::check_response(&head, options & 1 != 0, false, &bounds) else { return };
    assert_eq!(reader::response_head(bytes), Some(end), "{}", head.raw().escape_ascii());
    let client_version = if options & 2 == 0 { Version::Http11 } else { Version::Http10 };
    let hop = ResponseHop {
        pseudonym: "fuzz",
        via: options & 4 == 0,
        client_version,
        client_persistent: options & 8 == 0,
        now: None,
        websocket_accept: None,
    };
    if facts.status < 200 {
        return;
    }
    let Ok(forwarded) = hop::forward_response(&head, &facts, &hop) else { return };
    let sent = &forwarded.raw[..];
    assert_eq!(hop::head_end(sent, 0), Some(sent.len()), "{}", sent.escape_ascii());
    assert_eq!(reader::response_head(sent), Some(sent.len()), "{}", sent.escape_ascii());
    let lengths = reader::values(sent, b"content-length");
    let codings = reader::values(sent, b"transfer-encoding");
    let text = sent.escape_ascii().to_string();
    assert!(
        lengths.len() <= 1 && codings.len() + lengths.len() <= 1 || facts.framing == Framing::None,
        "{text}"
    );
    match forwarded.framing {
        Framing::Length(length) => assert_eq!(numbers(&lengths), [Some(length)], "{text}"),
        Framing::Chunked => assert!(
            codings.last().is_some_and(|last| last.to_ascii_lowercase().ends_with(b"chunked")),
            "{text}"
        ),
        Framing::UntilClose | Framing::Stream => assert!(lengths.is_empty(), "{text}"),
        Framing::None => {}
    }
    // RFC 9110 7.6.1: none of these speaks to the client of this hop.
    for name in [&b"keep-alive"[..], b"proxy-connection", b"te"] {
        assert!(reader::values(sent, name).is_empty(), "{text}");
    }
}

/// A length is any run of digits, zeros before it too (RFC 9110 8.6).
fn numbers(lengths: &[Vec<u8>]) -> Vec<Option<u64>> {
    lengths.iter().map(|length| std::str::from_utf8(length).ok()?.parse().ok()).collect()
}
