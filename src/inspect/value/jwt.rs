//! JSON Web Tokens opened for reading (RFC 7519): header and claims, never verified, the signature not shown.

use super::date::in_words;
use crate::inspect::parts::{Parts, shown};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::ops::Range;

/// Larger tokens are not opened.
const LARGEST: usize = 16 * 1024;

/// Adds header, claims and signature of a token as parts; false when it is no JWT.
pub fn jwt(parts: &mut Parts<'_>, span: &Range<usize>) -> bool {
    let text = parts.bytes(span);
    let Some((header, claims)) = decode(text) else { return false };
    let mut from = span.start;
    let lengths: Vec<_> = text.split(|byte| *byte == b'.').map(<[u8]>::len).collect();
    let said =
        [header_said(&header), claims_said(&claims), "proves who made it; not checked here".to_owned()];
    for ((length, label), said) in
        lengths.into_iter().zip(["JWT header", "JWT claims", "JWT signature"]).zip(said)
    {
        if length > 0 {
            parts.add(from..from + length, label, said);
        }
        from += length + 1;
    }
    true
}

/// Header and claims of a compact JWT; `None` when it is none.
pub fn decode(text: &[u8]) -> Option<(Map<String, Value>, Map<String, Value>)> {
    if text.len() > LARGEST {
        return None;
    }
    let mut pieces = text.split(|byte| *byte == b'.');
    let (header, claims, _signature) = (pieces.next()?, pieces.next()?, pieces.next()?);
    if pieces.next().is_some() {
        return None;
    }
    let header = object(header)?;
    header.get("alg")?;
    Some((header, object(claims)?))
}

fn object(piece: &[u8]) -> Option<Map<String, Value>> {
    let json = URL_SAFE_NO_PAD.decode(piece).ok()?;
    match serde_json::from_slice(&json).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn header_said(header: &Map<String, Value>) -> String {
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or("?");
    let key = header.get("kid").and_then(Value::as_str).map(|key| format!(", key {}", shown(key.as_bytes())));
    let weak = if algorithm.eq_ignore_ascii_case("none") { ": not signed at all" } else { "" };
    format!("signed with {}{weak}{}", shown(algorithm.as_bytes()), key.unwrap_or_default())
}

fn claims_said(claims: &Map<String, Value>) -> String {
    const WORDS: [(&str, &str); 8] = [
        ("iss", "made by"),
        ("sub", "about"),
        ("aud", "for"),
        ("client_id", "client"),
        ("scope", "allows"),
        ("iat", "made"),
        ("nbf", "not before"),
        ("exp", "good until"),
    ];
    let said: Vec<_> = WORDS
        .iter()
        .filter_map(|(claim, words)| {
            claims.get(*claim).map(|value| format!("{words} {}", claim_said(claim, value)))
        })
        .collect();
    if said.is_empty() {
        format!("{} claims, none of the registered ones", claims.len())
    } else {
        said.join(", ")
    }
}

fn claim_said(claim: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if matches!(claim, "iat" | "nbf" | "exp") => number
            .as_i64()
            .filter(|unix| (0..253_402_300_800).contains(unix))
            .map_or_else(|| number.to_string(), in_words),
        Value::String(text) => shown(text.as_bytes()),
        other => shown(other.to_string().as_bytes()),
    }
}
