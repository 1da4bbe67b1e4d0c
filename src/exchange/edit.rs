//! The hop ledger: every difference between a head as received and as sent on, with its reason.
//!
//! An [`Edit`] holds line numbers, not bytes: both heads are kept whole, so the text before
//! and after is read from them, and the ledger costs a few bytes an exchange.

/// One change that the hop made to a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The line in the head as received (0 = start line); `None` when the line was added.
    pub before: Option<u16>,
    /// The line in the head as sent (0 = start line); `None` when the line was removed.
    pub after: Option<u16>,
    /// Why, with the clause that asks for it.
    pub cause: Cause,
}

macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $clause:literal, $says:literal;)+) => {
        /// Why a line was changed. The numbers are written to captures and never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Cause { $($(#[doc = $doc])+ $name = $code,)+ }

        impl Cause {
            /// All causes, for help texts and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The clause that asks for the change.
            #[must_use]
            pub fn clause(self) -> &'static str {
                match self { $(Self::$name => $clause,)+ }
            }

            /// The reason in words, without the clause.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)+ }
            }

            /// The cause with this number, as read from a capture.
            #[must_use]
            pub fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

causes! {
    /// Connection itself is for this hop only.
    Connection = 1, "RFC 9110 7.6.1", "Connection speaks to this hop only";
    /// A Connection line named the field.
    NamedByConnection = 2, "RFC 9110 7.6.1", "named by a Connection line, so meant for this hop only";
    /// Proxy-Connection, Keep-Alive, TE, Upgrade: hop-by-hop though not named.
    HopByHop = 3, "RFC 9110 7.6.1", "a hop-by-hop field, not to be forwarded";
    /// Proxy-Authorization is for us, not for the origin.
    ProxyCredentials = 4, "RFC 9110 11.7.2", "credentials for the proxy, which an origin must not see";
    /// Proxy-Authenticate and Proxy-Authentication-Info concern one hop.
    ProxyChallenge = 5, "RFC 9110 11.7.1", "a challenge between proxy and client, not for the next hop";
    /// We add or extend Via.
    Via = 6, "RFC 9110 7.6.3", "an intermediary says in Via that it passed the message on";
    /// absolute-form becomes origin-form toward the origin.
    TargetForm = 7, "RFC 9112 3.2.1", "an origin server is asked in origin-form";
    /// Host is generated from the absolute-form target.
    HostFromTarget = 8, "RFC 9112 3.2.2", "Host is taken from the request-target, whatever the client's Host said";
    /// The version in a start line is each sender's own.
    OwnVersion = 9, "RFC 9110 6.2", "each hop states its own protocol version";
    /// Max-Forwards counts down.
    MaxForwards = 10, "RFC 9110 7.6.2", "one forward fewer is left";
    /// The next hop's framing differs from this hop's.
    Framing = 11, "RFC 9112 6.1", "the body is framed anew for this hop";
    /// Content-Length beside Transfer-Encoding is dropped.
    LengthBesideCoding = 12, "RFC 9112 6.3", "Transfer-Encoding overrides Content-Length, which must go";
    /// The connection to the receiver will close or stay open.
    Persistence = 13, "RFC 9112 9.3", "tells this receiver whether the connection stays open";
    /// A folded value becomes one line.
    Unfolded = 14, "RFC 9112 5.2", "line folding is obsolete and is replaced by spaces";
    /// White space between name and colon in a response is removed.
    SpaceBeforeColon = 15, "RFC 9112 5.1", "white space before the colon must be removed from a response";
    /// Upgrade is kept for this hop's own negotiation.
    Upgrade = 16, "RFC 9110 7.8", "the upgrade is offered to the next hop anew";
    /// Trailer fields are announced to the next hop or TE is remade.
    Te = 17, "RFC 9110 10.1.4", "TE speaks to this hop only; what we accept is said anew";
    /// A missing Date is added.
    Date = 18, "RFC 9110 6.6.1", "a recipient with a clock adds Date where it is missing";
    /// Changed by the person: a replay with edits.
    Asked = 19, "hopscope", "changed because you asked for it";
    /// Same value repeated in Content-Length becomes one.
    RepeatedLength = 20, "RFC 9112 6.3", "a repeated Content-Length is reduced to one";
    /// Expect of an HTTP/1.0 client.
    Expect = 21, "RFC 9110 10.1.1", "an expectation in an HTTP/1.0 request is ignored, so it is not made of the origin";
    /// Userinfo in the target was removed (captures of before it was refused).
    Userinfo = 22, "RFC 9110 4.2.4", "userinfo in a URI is not sent on";
    /// A fragment in the target was removed (captures of before it was refused).
    Fragment = 23, "RFC 9110 7.1", "a fragment is for the client alone";
    /// Host is added where HTTP/1.0 gave none.
    HostAdded = 24, "RFC 9112 3.2", "every HTTP/1.1 request names its host";
    /// The space before an absent reason phrase is added.
    StatusLine = 25, "RFC 9112 4", "the space before the reason phrase is sent even where there is none";
    /// Content-Length or Transfer-Encoding in a 1xx or 204 response.
    Bodiless = 26, "RFC 9110 8.6", "a 1xx or 204 response has no body, so it states no length or coding";
    /// A trailer field of framing, routing or credentials.
    ForbiddenTrailer = 27, "RFC 9110 6.5.1", "a field of framing, routing or one hop has no place in a trailer section";
    /// Control data moves between the start line and pseudo-fields.
    PseudoFields = 28, "RFC 9113 8.3", "HTTP/2 says in pseudo-fields what HTTP/1.1 says in the start line";
    /// Field names are lower-case in HTTP/2.
    LowerCase = 29, "RFC 9113 8.2", "field names are lower-case in HTTP/2";
    /// Connection-specific fields do not exist in HTTP/2.
    ConnectionSpecific = 30, "RFC 9113 8.2.2", "speaks of the connection, which HTTP/2 does in frames, never in fields";
    /// Host and `:authority` stand for each other.
    HostAsAuthority = 31, "RFC 9113 8.3.1", "the host is named by :authority in HTTP/2 and by Host in HTTP/1.1";
    /// Cookie lines are joined outside of HTTP/2.
    CookieCrumbs = 32, "RFC 9113 8.2.3", "cookies on several lines of HTTP/2 are one line in HTTP/1.1";
    /// HTTP/2 has no reason phrase.
    Reason = 33, "RFC 9113 8.3.2", "HTTP/2 carries no reason phrase; in HTTP/1.1 the usual one stands";
    /// Upgrade: websocket and extended CONNECT stand for each other.
    ExtendedConnect = 34, "RFC 8441 5", "a WebSocket opens by CONNECT with :protocol in HTTP/2, by Upgrade in HTTP/1.1";
    /// White space around a value does not exist in HTTP/2.
    Spacing = 35, "RFC 9113 8.2.1", "a value has no white space around it in HTTP/2";
    /// Our credentials for the parent proxy.
    ParentCredentials = 36, "RFC 9110 11.7.2", "our own credentials for the parent proxy (upstream.proxy), which asks for them";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_every_cause_says_why() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_code(*cause as u8), Some(*cause));
            assert!(!cause.says().is_empty() && !cause.clause().is_empty());
        }
        assert_eq!(Cause::from_code(0), None);
    }
}
