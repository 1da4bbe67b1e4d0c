//! The field names that the rules of the hop know, told apart quickly.

use super::syntax::is_blank;
use crate::exchange::Field;

/// A field that some rule of the hop speaks of; all others are [`Known::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Close,
    Connection,
    ContentLength,
    Cookie,
    Date,
    Expect,
    Host,
    Http2Settings,
    KeepAlive,
    MaxForwards,
    ProxyAuthenticate,
    ProxyAuthenticationInfo,
    ProxyAuthorization,
    ProxyConnection,
    Te,
    TransferEncoding,
    Upgrade,
    Via,
    Other,
}

impl Known {
    /// Which field this is. By length first: most names match no known length or fail at
    /// one comparison.
    pub(super) fn of(field: &Field<'_>) -> Self {
        Self::named(name(field))
    }

    /// The same for a bare name.
    pub(super) fn named(name: &[u8]) -> Self {
        let candidates: &[(&[u8], Self)] = match name.len() {
            2 => &[(b"te", Self::Te)],
            3 => &[(b"via", Self::Via)],
            4 => &[(b"host", Self::Host), (b"date", Self::Date)],
            5 => &[(b"close", Self::Close)],
            6 => &[(b"expect", Self::Expect), (b"cookie", Self::Cookie)],
            7 => &[(b"upgrade", Self::Upgrade)],
            10 => &[(b"connection", Self::Connection), (b"keep-alive", Self::KeepAlive)],
            12 => &[(b"max-forwards", Self::MaxForwards)],
            14 => &[(b"content-length", Self::ContentLength), (b"http2-settings", Self::Http2Settings)],
            16 => &[(b"proxy-connection", Self::ProxyConnection)],
            17 => &[(b"transfer-encoding", Self::TransferEncoding)],
            18 => &[(b"proxy-authenticate", Self::ProxyAuthenticate)],
            19 => &[(b"proxy-authorization", Self::ProxyAuthorization)],
            25 => &[(b"proxy-authentication-info", Self::ProxyAuthenticationInfo)],
            _ => &[],
        };
        let first = name.first().map(u8::to_ascii_lowercase);
        candidates
            .iter()
            .find(|(known, _)| known.first().copied() == first && name.eq_ignore_ascii_case(known))
            .map_or(Self::Other, |(_, known)| *known)
    }
}

/// Which fields have been met, for those whose first line is treated unlike the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen(u32);

impl Seen {
    /// Notes a line and tells whether it is the first of its field.
    pub(super) fn first(&mut self, field: Known) -> bool {
        let first = !self.has(field);
        self.0 |= 1 << field as u32;
        first
    }

    /// Whether any line of the field has been met.
    pub(super) fn has(self, field: Known) -> bool {
        self.0 & (1 << field as u32) != 0
    }
}

/// A field's name without the white space before the colon that a response may carry
/// (RFC 9112 5.1): the name that a receiver of our head reads.
pub(super) fn name<'a>(field: &Field<'a>) -> &'a [u8] {
    let mut name = field.name;
    while let [rest @ .., last] = name
        && is_blank(*last)
    {
        name = rest;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_5_1_names_compare_without_case() {
        for (text, known) in [
            ("te", Known::Te),
            ("VIA", Known::Via),
            ("Host", Known::Host),
            ("daTe", Known::Date),
            ("Close", Known::Close),
            ("Expect", Known::Expect),
            ("Cookie", Known::Cookie),
            ("UPGRADE", Known::Upgrade),
            ("cOnNeCtIoN", Known::Connection),
            ("Keep-Alive", Known::KeepAlive),
            ("Max-Forwards", Known::MaxForwards),
            ("Content-length", Known::ContentLength),
            ("Proxy-Connection", Known::ProxyConnection),
            ("Transfer-Encoding", Known::TransferEncoding),
            ("Proxy-Authenticate", Known::ProxyAuthenticate),
            ("Proxy-Authorization", Known::ProxyAuthorization),
            ("Proxy-Authentication-Info", Known::ProxyAuthenticationInfo),
            ("HTTP2-Settings", Known::Http2Settings),
            ("X-Host", Known::Other),
            ("", Known::Other),
        ] {
            assert_eq!(Known::named(text.as_bytes()), known, "{text}");
        }
    }
}
