//! What went wrong with an exchange, as data: recorded, shown, and turned into an answer.

use super::Side;

/// A failed exchange's side, phase and kind, with the words of the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose connection failed.
    pub side: Side,
    /// What was going on.
    pub phase: Phase,
    /// What happened.
    pub kind: Kind,
    /// The cause in words, one line, already naming addresses and numbers.
    pub says: String,
}

macro_rules! words {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $vdoc:literal])+ $name:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[doc = $vdoc])+ $name,)+ }

        impl $type {
            /// Every value, for help texts and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word used in JSON, captures and filters.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Reads [`Self::as_str`].
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

words! {
    /// What was going on when an exchange failed.
    Phase {
        /// Reading the request head.
        Request = "request",
        /// Looking up the target's name.
        Resolve = "resolve",
        /// Opening the connection.
        Connect = "connect",
        /// Reaching the parent proxy, or being let through by it.
        Parent = "parent",
        /// The TLS handshake.
        Tls = "tls",
        /// Sending the request.
        Send = "send",
        /// Waiting for the response head.
        Wait = "wait",
        /// Reading the response head.
        Response = "response",
        /// Passing a body on.
        Body = "body",
        /// Relaying a tunnel.
        Tunnel = "tunnel",
    }
}

words! {
    /// What happened.
    Kind {
        /// Nobody listens there.
        Refused = "refused",
        /// The name does not resolve.
        Unresolvable = "unresolvable",
        /// It took longer than the limit.
        TimedOut = "timed-out",
        /// The peer reset the connection.
        Reset = "reset",
        /// The peer closed before its message was complete.
        Closed = "closed",
        /// The peer's certificate is not trusted.
        Untrusted = "untrusted",
        /// The peer did not take our certificate.
        CertificateRefused = "certificate-refused",
        /// Another TLS failure.
        Handshake = "handshake",
        /// The message breaks the protocol.
        Malformed = "malformed",
        /// A limit of config.toml was exceeded.
        TooLarge = "too-large",
        /// More at once, or more often, than config.toml allows.
        TooMany = "too-many",
        /// The request came back to us.
        Loop = "loop",
        /// The client went away before the answer.
        GaveUp = "gave-up",
        /// No route, network down, or another error of the system.
        Unreachable = "unreachable",
        /// Refused by hopscope's own rules (credentials, no target).
        Denied = "denied",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for phase in Phase::ALL {
            assert_eq!(Phase::from_word(phase.as_str()), Some(*phase));
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.as_str()), Some(*kind));
        }
    }
}
