//! A number's grammar (RFC 8259 6), a byte at a time.

/// How far a number has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Behind the minus.
    Minus,
    /// A zero, before which nothing else may stand.
    Zero,
    /// In the whole part.
    Whole,
    /// Behind the point.
    Point,
    /// In the fraction.
    Fraction,
    /// Behind the `e`.
    Mark,
    /// Behind the exponent's sign.
    Sign,
    /// In the exponent.
    Exponent,
}

impl Number {
    /// With its first byte, a minus or a digit.
    #[must_use]
    pub fn begin(first: u8) -> Self {
        match first {
            b'-' => Self::Minus,
            b'0' => Self::Zero,
            _ => Self::Whole,
        }
    }

    /// With one more byte, where it may follow.
    #[must_use]
    pub fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, b'0') => Some(Self::Zero),
            (Self::Minus | Self::Whole, b'0'..=b'9') => Some(Self::Whole),
            (Self::Zero | Self::Whole, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Some(Self::Mark),
            (Self::Mark, b'+' | b'-') => Some(Self::Sign),
            (Self::Mark | Self::Sign | Self::Exponent, b'0'..=b'9') => Some(Self::Exponent),
            _ => None,
        }
    }

    /// Whether it is a number already.
    #[must_use]
    pub fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::Exponent)
    }
}
