//! Quoting for POSIX shells (sh, dash, bash, zsh).

/// A word that means exactly these bytes to a shell.
///
/// Printable text stands in single quotes, in which nothing is special but their end. Anything else is
/// made by `printf`, as `$'…'` is not in every shell; a NUL cannot be in a word at all.
pub fn word(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_plain(text) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => format!("\"$(printf '{}')\"", escapes(bytes)),
    }
}

/// Whether a body can stand in single quotes: readable text, line ends and tabs included.
pub fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(is_plain)
}

/// `printf`'s format for these bytes, without its quotes.
pub fn escapes(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b' '..=b'~' if !b"\\%'".contains(byte) => char::from(*byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    bytes.iter().map(escape).collect()
}

/// A carriage return is no plain text: a terminal or an editor on the way would change it.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().all(plain)
        && crate::text::sanitize(&text.replace(['\n', '\t'], "")) == text.replace(['\n', '\t'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(word(b"it's $HOME `x` \"y\" \\ !"), r#"'it'\''s $HOME `x` "y" \ !'"#);
        assert_eq!(word(b"\xff%\x1b'"), r#""$(printf '\377\045\033\047')""#);
        assert!(
            is_text("häh\n\t".as_bytes())
                && !is_text(b"a\r\n")
                && !is_text(b"\x00")
                && !is_text("\u{202e}".as_bytes())
        );
    }
}
