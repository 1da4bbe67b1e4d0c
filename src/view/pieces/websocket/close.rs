//! A Close frame in words (RFC 6455 5.5.1, 7.4).

/// The code with its meaning, and the reason: `1001 going away: bye`.
pub(super) fn words(payload: &[u8]) -> String {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload {
            [] => "no code".to_owned(),
            _ => "a code of one octet, where two are needed (RFC 6455 5.5.1)".to_owned(),
        };
    };
    let code = u16::from_be_bytes(*code);
    let reason = match std::str::from_utf8(reason) {
        Ok("") => String::new(),
        Ok(reason) => format!(": {reason}"),
        Err(_) => ": a reason that is not UTF-8 (RFC 6455 5.5.1)".to_owned(),
    };
    format!("{code} {}{reason}", meaning(code))
}

fn meaning(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "invalid payload",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1005 | 1006 | 1015 => "a code that is never sent (RFC 6455 7.4.1)",
        3000..=3999 => "registered",
        4000..=4999 => "private",
        _ => "a code that is not defined (RFC 6455 7.4.2)",
    }
}
