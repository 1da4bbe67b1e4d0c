//! What an OCSP response that was stapled to a certificate says of it (RFC 6960, RFC 6066 8).

/// A response, as far as it concerns the server's certificate. Its signature is not checked: what it says for
/// the certificate is the server's word, what it says against it would hardly be stapled without need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ocsp {
    /// The status of the certificate.
    pub status: OcspStatus,
    /// When it was made, seconds since the epoch.
    pub produced: Option<i64>,
    /// When a newer one is to be had.
    pub next: Option<i64>,
    /// When the certificate was revoked.
    pub revoked: Option<i64>,
}

/// The status of a certificate (RFC 6960 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspStatus {
    /// It is not revoked.
    Good,
    /// It is.
    Revoked,
    /// The responder does not know it.
    Unknown,
    /// The response says nothing of it, or cannot be read.
    Silent,
}

impl OcspStatus {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::Good, Self::Revoked, Self::Unknown, Self::Silent];

    /// The word in JSON and captures.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
            Self::Silent => "silent",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl Ocsp {
    /// A response of which nothing is known.
    pub const SILENT: Self = Self { status: OcspStatus::Silent, produced: None, next: None, revoked: None };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for status in OcspStatus::ALL {
            assert_eq!(OcspStatus::from_word(status.as_str()), Some(status));
        }
    }
}
