//! The ways in which a value may be written: as it is, percent-coded, JSON-escaped, in base64, in hex.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Shorter ones are found by chance.
pub const SHORTEST: usize = 6;

/// Every form of a value that is worth looking for.
#[must_use]
pub fn forms(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut all = BTreeSet::from([value.to_vec()]);
    all.extend(percent(value));
    all.extend(json(value));
    all.extend(markup(value));
    // What is put into base64 is often a form or JSON.
    let within = all.iter().filter(|form| form.len() <= value.len() * 2).flat_map(|form| base64(form));
    let within: Vec<_> = within.collect();
    all.extend(within);
    all.extend([hex(value, false), hex(value, true)]);
    all.retain(|form| form.len() >= SHORTEST);
    all
}

/// Percent-coded (RFC 3986 2.1): coders differ in what they leave as it is, and in the case of their digits.
fn percent(value: &[u8]) -> Vec<Vec<u8>> {
    const LEFT: &[&[u8]] = &[b"-._~", b"-._~!'()*", b"-._*", b"-._~!'()*;,/?:@&=+$#", b"-._~/", b""];
    let mut all = Vec::new();
    for left in LEFT {
        for upper in [true, false] {
            let coded = coded(value, upper, |byte| byte.is_ascii_alphanumeric() || left.contains(&byte));
            if coded.contains(&b'%') {
                // Within a URL that is a parameter of another.
                let twice = String::from_utf8_lossy(&coded).replace('%', "%25");
                all.push(twice.into_bytes());
                // Forms write a space as a plus sign.
                all.push(String::from_utf8_lossy(&coded).replace("%20", "+").into_bytes());
            }
            all.push(coded);
        }
    }
    all.extend([true, false].map(|upper| coded(value, upper, |_| false)));
    all
}

fn coded(value: &[u8], upper: bool, left: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for byte in value {
        if left(*byte) {
            out.push(*byte);
        } else {
            out.push(b'%');
            out.extend(hex(&[*byte], upper));
        }
    }
    out
}

fn hex(value: &[u8], upper: bool) -> Vec<u8> {
    let mut out = String::with_capacity(value.len() * 2);
    for byte in value {
        // Writing to a String does not fail.
        let _ = if upper { write!(out, "{byte:02X}") } else { write!(out, "{byte:02x}") };
    }
    out.into_bytes()
}

/// Within a JSON text (RFC 8259 7), and within one that is a text within another.
fn json(value: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(value) else { return Vec::new() };
    let plain = |text: &str| {
        let quoted = serde_json::Value::from(text).to_string();
        quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
    };
    let once = plain(text);
    let mut all = vec![once.replace('/', "\\/"), plain(&once), once];
    for upper in [true, false] {
        all.extend([ascii(text, upper, ""), ascii(text, upper, "<>&'")]);
    }
    all.into_iter().map(String::into_bytes).collect()
}

/// As coders write it that leave nothing but ASCII, or escape what HTML would take for its own.
fn ascii(text: &str, upper: bool, also: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' if !also.contains(c) => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = if upper { write!(out, "\\u{unit:04X}") } else { write!(out, "\\u{unit:04x}") };
                }
            }
        }
    }
    out
}

/// Within HTML and XML.
fn markup(value: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(value);
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    if escaped == text && !text.contains('\'') {
        return Vec::new();
    }
    ["'", "&#39;", "&#x27;", "&apos;"].map(|quote| escaped.replace('\'', quote).into_bytes()).to_vec()
}

/// In base64, alone and as a part of something longer: what of it does not depend on its neighbours, at each
/// of the three places that it may begin at.
fn base64(value: &[u8]) -> Vec<Vec<u8>> {
    let whole = [STANDARD.encode(value), URL_SAFE.encode(value)];
    let unpadded = [STANDARD_NO_PAD.encode(value), URL_SAFE_NO_PAD.encode(value)];
    let mut all: Vec<String> = whole.into_iter().chain(unpadded).collect();
    for before in 0..3_usize {
        let shifted = [&[0; 2][..before], value].concat();
        let (from, to) = ([0, 2, 3][before], shifted.len() * 8 / 6);
        for coded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            all.extend(coded.get(from..to).map(str::to_owned));
        }
    }
    let in_urls = |coded: &String| {
        let upper = coded.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        [upper.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"), upper]
    };
    let escaped: Vec<String> = all.iter().flat_map(in_urls).collect();
    all.into_iter().chain(escaped).map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
    use proptest::prelude::*;

    #[test]
    fn a_plain_word_has_few_forms() {
        let all = forms(b"hunter2hunter2");
        assert!(all.len() < 30, "{}", all.len());
        assert!(all.contains(&b"aHVudGVyMmh1bnRlcjI="[..]));
    }

    proptest! {
        /// However it stands within a longer text: one of the forms is found in it.
        #[test]
        fn every_coding_of_a_longer_text_holds_a_form(
            value in "[ -~äß😀]{6,40}", before in "[ -~]{0,5}", behind in "[ -~]{0,5}",
        ) {
            let forms = forms(value.as_bytes());
            let whole = format!("{before}{value}{behind}");
            let quoted = serde_json::to_string(&whole).unwrap();
            for text in [
                whole.clone(),
                quoted,
                STANDARD.encode(&whole),
                URL_SAFE_NO_PAD.encode(&whole),
                percent_encode(whole.as_bytes(), NON_ALPHANUMERIC).to_string(),
                String::from_utf8(hex(whole.as_bytes(), true)).unwrap(),
            ] {
                let found = forms.iter().any(|form| memchr::memmem::find(text.as_bytes(), form).is_some());
                prop_assert!(found, "{} in {}", value, text);
            }
        }
    }
}
