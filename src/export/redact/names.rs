//! Names behind which secrets stand: of parameters, form fields, JSON keys, cookies' attributes, header fields.

use crate::inspect::table;
use percent_encoding::percent_decode;

/// How surely a name's value is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Often, and as often a harmless word: `state=open` beside `state=9f3c…`.
    Weak,
    /// Whatever the value looks like.
    Strong,
}

/// What a name ends in when its value is a secret, in lower case and with nothing but letters and digits.
const ENDINGS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "tokenauth",
    "apikey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "privatekey",
    "signingkey",
    "subscriptionkey",
    "credential",
    "credentials",
    "authorization",
    "sessionid",
    "sessionkey",
    "sessid",
    "assertion",
    "samlresponse",
    "samlrequest",
    "signature",
    "codeverifier",
    "jwt",
    "cookie",
];

/// Names, or last words of one, that say it alone.
const WORDS: &[&str] = &["pass", "pwd", "sid", "otp", "totp", "pin", "cvv", "cvc", "relaystate"];

/// The same, where the value must look like one too.
const WEAK: &[&str] = &[
    "code", "state", "nonce", "key", "session", "auth", "sig", "ticket", "hash", "user", "username", "login",
];

/// Names that end like a secret's and hold none.
const HARMLESS: &[&str] = &["idempotencykey", "secwebsocketkey", "surrogatekey", "cachekey", "tokentype"];

/// How surely the value behind this name is a secret; `None` when nothing speaks for it.
#[must_use]
pub fn weigh(name: &[u8]) -> Option<Weight> {
    let decoded: Vec<u8> = percent_decode(name).collect();
    let words = words(&decoded);
    let joined = words.concat();
    let last = words.last()?.as_str();
    if HARMLESS.contains(&joined.as_str()) {
        return None;
    }
    if ENDINGS.iter().any(|ending| joined.ends_with(ending)) || WORDS.contains(&last) {
        return Some(Weight::Strong);
    }
    WEAK.contains(&last).then_some(Weight::Weak)
}

/// Whether a field's whole value is a secret: the field table says so, or its name does.
#[must_use]
pub fn is_secret(name: &[u8]) -> bool {
    match table::field(name) {
        Some(field) => field.secret,
        None => weigh(name) == Some(Weight::Strong),
    }
}

/// Words of a name in lower case: `user[newPassword2]` has user, new and password. A number at the end, and
/// that it is said twice, say nothing.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = b' ';
    for byte in name.iter().copied() {
        let begins = byte.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if begins || !byte.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| byte.is_ascii_alphanumeric()) {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        before = byte;
    }
    let trimmed =
        words.into_iter().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    let mut words: Vec<String> = trimmed.filter(|word| !word.is_empty()).collect();
    if words.len() > 1 {
        words.pop_if(|word| ["confirmation", "confirm", "repeat", "again"].contains(&word.as_str()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_weighed() {
        for name in [
            "password",
            "user[newPassword2]",
            "user%5Bpassword%5D",
            "password_confirmation",
            "client_secret",
            "accessToken",
            "X-Amz-Security-Token",
            "SAMLResponse",
            "X-TokenAuth",
            "db.pass",
            "JSESSIONID",
            "PHPSESSID",
            "APIKey",
            "X-API-KEY",
        ] {
            assert_eq!(weigh(name.as_bytes()), Some(Weight::Strong), "{name}");
        }
        for name in ["code", "state", "oauth_nonce", "X-Session"] {
            assert_eq!(weigh(name.as_bytes()), Some(Weight::Weak), "{name}");
        }
        for name in
            ["", "postcode", "estate", "compass", "tokens_used", "token_type", "Idempotency-Key", "id"]
        {
            assert_eq!(weigh(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn fields_are_known_by_the_table_or_by_their_name() {
        for name in ["authorization", "Cookie", "X-TokenAuth", "X-Api-Key", "X-Our-Secret"] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in ["Content-Type", "Sec-WebSocket-Key", "X-Request-Id", "Surrogate-Key"] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }
}
