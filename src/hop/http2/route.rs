//! Where a request of HTTP/2 goes: `:scheme` and `:authority`, or Host (RFC 9113 8.3.1).

use super::request::known_scheme;
use crate::exchange::{Authority, Head, Scheme};
use crate::hop::syntax::{offset_in, quoted};
use crate::hop::target::{connect, misdirected, named_authority};
use crate::hop::{Destination, Fault, RequestFacts, Route};

/// The same as [`crate::hop::route`], for a checked section. One that names no authority can
/// only be `OPTIONS *`, and asks us when it came through no tunnel.
pub(in crate::hop) fn route(
    head: &Head,
    facts: &RequestFacts,
    tunnel: Option<(Scheme, &Authority)>,
) -> Result<Destination, Fault> {
    let authority = authority(head);
    let offset = offset_in(head.raw(), authority.unwrap_or_default());
    if facts.connect {
        return connect(authority.unwrap_or_default(), offset, tunnel.is_some());
    }
    let text = head.value(":scheme").unwrap_or_default();
    let Some(scheme) = known_scheme(text) else {
        let says = format!(":scheme is {}; this proxy knows only http and https.", quoted(text));
        return Err(Fault::new(501, offset_in(head.raw(), text), "RFC 9110 4.2", says));
    };
    match (tunnel, authority) {
        (Some((inside, _)), _) if inside != scheme => {
            Err(misdirected(scheme, inside, offset_in(head.raw(), text)))
        }
        (Some((scheme, authority)), _) => {
            Ok(Destination::Origin(Route { scheme, authority: authority.clone() }))
        }
        (None, None) => Ok(Destination::Ourselves),
        (None, Some(text)) => {
            let authority = named_authority(scheme, text, offset)?;
            Ok(Destination::Origin(Route { scheme, authority }))
        }
    }
}

/// "The recipient of an HTTP/2 request MUST NOT use the Host header field to determine the
/// target URI if ":authority" is present." (RFC 9113 8.3.1)
pub(super) fn authority(head: &Head) -> Option<&[u8]> {
    head.value(":authority").or_else(|| head.value("host")).filter(|value| !value.is_empty())
}
