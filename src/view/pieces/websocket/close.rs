//! A Close frame in words (RFC 6455 5.5.1 and 7.4).

/// The code, its name, the reason, and what is wrong with them.
#[must_use]
pub fn says(payload: &[u8]) -> String {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload {
            [] => "without a code".to_owned(),
            _ => "one octet, where a code takes two (RFC 6455 5.5.1)".to_owned(),
        };
    };
    let code = u16::from_be_bytes(*code);
    let mut says = format!("{code} {}", name(code));
    if !reason.is_empty() {
        says.push_str(": ");
        says.push_str(&String::from_utf8_lossy(reason));
    }
    if std::str::from_utf8(reason).is_err() {
        says.push_str("; the reason is not UTF-8 (RFC 6455 5.5.1)");
    }
    if let Some(fault) = fault(code) {
        says.push_str("; ");
        says.push_str(fault);
    }
    says
}

/// RFC 6455 7.4.1 and IANA's WebSocket Close Code Number registry.
fn name(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1004 => "reserved",
        1005 => "no status received",
        1006 => "abnormal closure",
        1007 => "invalid payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake failed",
        3000 => "unauthorized",
        3003 => "forbidden",
        3008 => "timeout",
        3001..=3999 => "of a library or framework",
        4000..=4999 => "of the application",
        _ => "undefined",
    }
}

fn fault(code: u16) -> Option<&'static str> {
    match code {
        1005 | 1006 | 1015 => Some("must not stand in a frame (RFC 6455 7.4.1)"),
        0..1000 | 5000.. => Some("outside of the codes that there are (RFC 6455 7.4.2)"),
        1004 | 1016..=2999 => Some("reserved, and not defined (RFC 6455 7.4.2)"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6455_7_4_codes_in_words() {
        for (payload, words) in [
            (&b""[..], "without a code"),
            (b"\x03", "one octet, where a code takes two (RFC 6455 5.5.1)"),
            (b"\x03\xe8", "1000 normal closure"),
            (b"\x03\xe9bye", "1001 going away: bye"),
            (b"\x0f\xa1no", "4001 of the application: no"),
            (b"\x03\xee", "1006 abnormal closure; must not stand in a frame (RFC 6455 7.4.1)"),
            (b"\x00\x00", "0 undefined; outside of the codes that there are (RFC 6455 7.4.2)"),
            (b"\x07\xd0", "2000 undefined; reserved, and not defined (RFC 6455 7.4.2)"),
            (b"\x03\xe8\xff", "1000 normal closure: \u{fffd}; the reason is not UTF-8 (RFC 6455 5.5.1)"),
        ] {
            assert_eq!(says(payload), words);
        }
    }
}
