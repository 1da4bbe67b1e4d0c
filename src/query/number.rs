//! Numbers with their units: `10k`, `1.5MB`, `300ms`.

use super::kinds::Kind;
use std::fmt;

/// A number that is one: never NaN, never infinite. Sizes are octets, stretches of time microseconds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(f64);

/// Octets; powers of 1000, as everywhere here and in `DevTools`.
const BYTES: &[(&str, f64)] =
    &[("b", 1.0), ("k", 1e3), ("kb", 1e3), ("m", 1e6), ("mb", 1e6), ("g", 1e9), ("gb", 1e9)];
/// Microseconds.
const SPANS: &[(&str, f64)] = &[
    ("us", 1.0),
    ("µs", 1.0),
    ("ms", 1e3),
    ("s", 1e6),
    ("m", 6e7),
    ("min", 6e7),
    ("h", 3.6e9),
    ("d", 8.64e10),
];

/// Why a text is no number of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// It begins with no digit.
    NoDigits,
    /// What stands behind the digits is no unit.
    BadUnit,
    /// A stretch of time without its unit.
    NoUnit,
    /// Beyond what can be counted.
    TooLarge,
}

impl Number {
    /// A finite number.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // Minus zero prints as another number than it compares to.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// Its value.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Its value where that is whole, and is exact.
    #[must_use]
    pub fn whole(self) -> Option<i64> {
        let exact = self.0.fract() == 0.0 && self.0.abs() <= 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        exact.then_some(self.0 as i64)
    }

    /// Reads digits and a unit that fits the kind.
    pub fn read(text: &str, kind: Kind) -> Result<Self, NoNumber> {
        let sign = usize::from(text.starts_with('-'));
        let digits =
            text.bytes().skip(sign).take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count() + sign;
        let (digits, unit) = text.split_at(digits);
        let value: f64 = digits.parse().map_err(|_| NoNumber::NoDigits)?;
        let scale = scale(unit, kind, value == 0.0)?;
        Self::new(value * scale).ok_or(NoNumber::TooLarge)
    }

    /// As it is printed for a kind; reads back the same.
    #[must_use]
    pub fn text(self, kind: Kind) -> String {
        let units: &[(&str, f64)] = match kind {
            Kind::Bytes => &[("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)],
            Kind::Span => &[("h", 3.6e9), ("m", 6e7), ("s", 1e6), ("ms", 1e3), ("us", 1.0)],
            _ => &[("", 1.0)],
        };
        let fits = |scale: f64| self.whole().is_some() && self.0 % scale == 0.0 && self.0 != 0.0;
        match units.iter().find(|(_, scale)| fits(*scale)) {
            Some((unit, scale)) => format!("{}{unit}", self.0 / scale),
            None => format!("{}{}", self.0, if matches!(kind, Kind::Span) { "us" } else { "" }),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn scale(unit: &str, kind: Kind, zero: bool) -> Result<f64, NoNumber> {
    let lower = unit.to_lowercase();
    let find = |units: &[(&str, f64)]| units.iter().find(|(name, _)| *name == lower).map(|(_, scale)| *scale);
    match kind {
        Kind::Span if unit.is_empty() && !zero => Err(NoNumber::NoUnit),
        _ if unit.is_empty() => Ok(1.0),
        Kind::Span => find(SPANS).ok_or(NoNumber::BadUnit),
        Kind::Bytes | Kind::Value => find(BYTES).ok_or(NoNumber::BadUnit),
        _ => Err(NoNumber::BadUnit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_with_units() {
        for (text, kind, value) in [
            ("10k", Kind::Bytes, 10_000.0),
            ("1.5MB", Kind::Bytes, 1_500_000.0),
            ("7B", Kind::Bytes, 7.0),
            ("300ms", Kind::Span, 300_000.0),
            ("2m", Kind::Span, 120_000_000.0),
            ("0", Kind::Span, 0.0),
            ("-3", Kind::Number, -3.0),
        ] {
            assert_eq!(Number::read(text, kind).map(Number::get), Ok(value), "{text}");
        }
        assert_eq!(Number::read("3", Kind::Span), Err(NoNumber::NoUnit));
        assert_eq!(Number::read("3x", Kind::Bytes), Err(NoNumber::BadUnit));
        assert_eq!(Number::read("x", Kind::Bytes), Err(NoNumber::NoDigits));
        assert_eq!(Number::read(&"9".repeat(400), Kind::Number), Err(NoNumber::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(value in any::<f64>(), whole in 0u64..1 << 53) {
            for number in [Number::new(value), Number::new(whole as f64)].into_iter().flatten() {
                for kind in [Kind::Number, Kind::Bytes, Kind::Span, Kind::Value] {
                    prop_assert_eq!(Number::read(&number.text(kind), kind), Ok(number));
                }
            }
        }
    }
}
