//! The status that ends a gRPC call, in words.

/// The call's status in words, from field lines as they stand in a head or a trailer section:
/// `5 NOT_FOUND: no such user`. `None` where no grpc-status is among them.
#[must_use]
pub fn status(lines: &[u8]) -> Option<String> {
    let value = |wanted: &[u8]| {
        lines.split(|byte| *byte == b'\n').find_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            let (name, value) = line.split_at_checked(colon)?;
            name.eq_ignore_ascii_case(wanted).then(|| value.get(1..).unwrap_or_default().trim_ascii())
        })
    };
    let code = String::from_utf8_lossy(value(b"grpc-status")?).into_owned();
    let message = value(b"grpc-message").map(percent_encoding::percent_decode).map(Iterator::collect);
    let message: Vec<u8> = message.unwrap_or_default();
    let name = name(&code).map(|name| format!(" {name}")).unwrap_or_default();
    let colon = if message.is_empty() { "" } else { ": " };
    Some(format!("{code}{name}{colon}{}", String::from_utf8_lossy(&message)))
}

/// The names of the status codes (gRPC's statuscodes.md).
fn name(code: &str) -> Option<&'static str> {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    NAMES.get(code.parse::<usize>().ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_in_words() {
        for (lines, words) in [
            (&b"grpc-status: 0\r\n"[..], Some("0 OK")),
            (b"Grpc-Status:5\r\nGrpc-Message: no%20such%20\xc3%a9\r\n", Some("5 NOT_FOUND: no such \u{e9}")),
            (b"HTTP/2 200 \r\n:status: 200\r\ngrpc-status: 99\r\n\r\n", Some("99")),
            (b"grpc-status: x\r\ngrpc-message: %zz\r\n", Some("x: %zz")),
            (b"content-type: application/grpc\r\n", None),
        ] {
            assert_eq!(status(lines).as_deref(), words);
        }
    }
}
