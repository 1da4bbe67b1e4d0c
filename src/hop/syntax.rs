//! The smallest grammar: tokens, field values, digits (RFC 9110 5.5 and 5.6, RFC 5234 B.1).

/// Which bytes a token may hold (RFC 9110 5.6.2).
const TCHAR: [bool; 256] = tchars();

/// Whether these bytes are a token: a method, a field name, a connection option, a coding.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| TCHAR[usize::from(*byte)])
}

/// Where the first byte stands that a token may not hold.
pub(super) fn not_in_token(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| !TCHAR[usize::from(*byte)])
}

/// Whether a control byte other than HTAB is among these. Without a branch a byte, so
/// that the compiler makes vector code of it.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, byte| found | is_control(*byte))
}

/// The same for a whole head, in which CR and LF stand too.
pub(super) fn has_control_but_line_ends(bytes: &[u8]) -> bool {
    let odd = |byte: u8| is_control(byte) && byte != b'\r' && byte != b'\n';
    bytes.iter().fold(false, |found, byte| found | odd(*byte))
}

/// How often a byte stands among these.
pub(super) fn count(bytes: &[u8], byte: u8) -> usize {
    memchr::memchr_iter(byte, bytes).count()
}

/// A byte that no field value, reason phrase or target may hold (RFC 9110 5.5).
pub(super) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

/// SP or HTAB (RFC 9110 5.6.3).
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The number that `1*DIGIT` means; `None` for anything else and for numbers above `u64`.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The members of one comma-separated value, trimmed, empty ones included.
pub(super) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Where `part`, a subslice of `raw`, begins in it.
pub(super) fn offset_in(raw: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(raw.as_ptr().addr()).min(raw.len())
}

/// Bytes in words for a message: printable ASCII, cut to 60 characters.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let shown = bytes.get(..60).unwrap_or(bytes).escape_ascii();
    if bytes.len() > 60 { format!("\"{shown}…\"") } else { format!("\"{shown}\"") }
}

const fn tchars() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_5_6_2_tokens() {
        for good in ["GET", "x-a_b.c", "!#$%&'*+-.^_`|~09"] {
            assert!(is_token(good.as_bytes()), "{good}");
        }
        for bad in ["", "a b", "a:", "(", "é", "a\t", "\"x\"", "a/b", "{", "a\0"] {
            assert!(!is_token(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn rfc9110_5_5_controls() {
        for byte in 0..=255_u8 {
            let bad = (byte < 32 && byte != 9) || byte == 127;
            assert_eq!(has_control(&[b'a', byte, b'b']), bad, "{byte}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(decimal(b"007"), Some(7));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for bad in ["", "+1", "-1", " 1", "1 ", "1,1", "0x1", "1_0", "18446744073709551616", "\u{0661}"] {
            assert_eq!(decimal(bad.as_bytes()), None, "{bad}");
        }
    }
}
