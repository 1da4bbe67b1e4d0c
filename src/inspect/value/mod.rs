//! Readers of values, one file per kind of grammar. Each takes any bytes and gives labelled
//! spans up to where the value breaks.

mod address;
mod auth;
pub(super) mod charset;
#[cfg(test)]
mod cases;
mod cookies;
mod date;
mod jwt;
mod links;
mod lists;
mod media;
mod number;
mod observing;
mod path;
mod policy;
mod structured;
mod syntax;

pub(super) use address::{address, host, is_uri_byte, origin, origins, uri};
pub(super) use auth::{AUTH_WORDS, auth_info, challenges, credentials};
pub(super) use cookies::{ATTRIBUTES, control, cookies, set_cookie};
pub use date::{Date, Form, how_long, in_words, read_date};
pub(super) use date::{date, date_or_seconds};
pub(super) use jwt::decode as decode_jwt;
pub(super) use links::{alt_svc, link, refresh, server_timing};
pub(super) use lists::{
    directives, id, language_tags, languages, names, products, settings, settings_loose, text, token, tokens,
    tokens_in_quotes, tokens_loose, weight, weighted, with_parameters, word_or_string, words,
};
pub(super) use media::{
    MEDIA_WORDS, content_range, digests, disposition, etag, etag_or_date, etags, media_ranges, media_type,
    media_types, quoted, range,
};
pub(super) use number::{fraction, number, octets, reset, seconds, status, yes};
pub(super) use observing::{
    base64, json, protocols, traceparent, tracestate, websocket_accept, websocket_answer, websocket_key,
};
pub(super) use path::{addresses, forwarded, via, warning};
pub(super) use policy::{CSP, csp, feature_policy};
pub(super) use structured::{dictionary, item, sf_list};
pub(super) use syntax::{decimal, is_tchar, is_token, unquoted};

use super::parts::{Parsed, Parts};
use super::{Field, table};

/// Takes a value of a field apart. Total: whatever the bytes are, it ends in linear time with a
/// bounded number of parts, and never fails: a broken value gives the parts up to its break.
///
/// A field that is not in the table is one part of text.
#[must_use]
pub fn parse(name: &[u8], value: &[u8]) -> Parsed {
    read(table::field(name), value)
}

/// The same for a value that stands in a request, where some words mean something else.
#[must_use]
pub fn parse_asked(name: &[u8], value: &[u8]) -> Parsed {
    let field = table::field(name).map(|field| Field { words: table::words_asked(field), ..*field });
    read(field.as_ref(), value)
}

fn read(field: Option<&Field>, value: &[u8]) -> Parsed {
    let mut parts = Parts::of(value);
    if let Some(field) = field {
        (field.read)(field, &mut parts);
    } else if !parts.whole().is_empty() {
        parts.add(parts.whole(), "text", "");
    }
    parts.done()
}
