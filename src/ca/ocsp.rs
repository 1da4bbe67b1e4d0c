//! Reading a stapled OCSP response (RFC 6960 4.2.1): what it says of one certificate, and when.
//!
//! Total: bytes that are no response, or one for another certificate, are told as silent.

use crate::exchange::{Ocsp, OcspStatus};
use time::{Date, Month, PrimitiveDateTime, Time};
use x509_parser::prelude::{FromDer as _, X509Certificate};

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const INTEGER: u8 = 0x02;
const TIME: u8 = 0x18;
/// `[0]` and `[1]`, constructed.
const ZERO: u8 = 0xa0;
const ONE: u8 = 0xa1;
/// `good` and `unknown` of `CertStatus`: `[0]` and `[2]`, primitive.
const GOOD: u8 = 0x80;
const UNKNOWN: u8 = 0x82;

/// What a response says of a server's certificate.
#[must_use]
pub fn read(response: &[u8], leaf: &[u8]) -> Ocsp {
    X509Certificate::from_der(leaf)
        .ok()
        .and_then(|(_, leaf)| of_serial(response, leaf.raw_serial()))
        .unwrap_or(Ocsp::SILENT)
}

fn of_serial(response: &[u8], serial: &[u8]) -> Option<Ocsp> {
    let mut whole = Der(Der(response).take(SEQUENCE)?);
    // 0: successful.
    (whole.take(ENUMERATED)? == [0]).then_some(())?;
    let mut bytes = Der(Der(whole.take(ZERO)?).take(SEQUENCE)?);
    bytes.any()?;
    let mut basic = Der(Der(bytes.take(OCTETS)?).take(SEQUENCE)?);
    let mut data = Der(basic.take(SEQUENCE)?);
    if data.tag() == Some(ZERO) {
        data.any()?;
    }
    data.any()?;
    let produced = moment(data.take(TIME)?);
    let mut all = Der(data.take(SEQUENCE)?);
    while !all.0.is_empty() {
        let mut single = Der(all.take(SEQUENCE)?);
        let mut id = Der(single.take(SEQUENCE)?);
        for _ in 0..3 {
            id.any()?;
        }
        if unpadded(id.take(INTEGER)?) == unpadded(serial) {
            return said(single, produced);
        }
    }
    None
}

/// The status and the times of one certificate.
fn said(mut single: Der<'_>, produced: Option<i64>) -> Option<Ocsp> {
    let (status, revoked) = match single.tag()? {
        GOOD => (OcspStatus::Good, None),
        UNKNOWN => (OcspStatus::Unknown, None),
        ONE => (OcspStatus::Revoked, Some(ONE)),
        _ => return None,
    };
    let info = single.any()?;
    let revoked = revoked.and_then(|_| moment(Der(info).take(TIME)?));
    single.take(TIME)?;
    let next = (single.tag() == Some(ZERO)).then(|| single.any()).flatten();
    let next = next.and_then(|next| moment(Der(next).take(TIME)?));
    Some(Ocsp { status, produced, next, revoked })
}

/// A number without the octet that keeps it positive.
fn unpadded(number: &[u8]) -> &[u8] {
    match number {
        [0, rest @ ..] if !rest.is_empty() => rest,
        number => number,
    }
}

/// A `GeneralizedTime`, which DER writes `YYYYMMDDHHMMSSZ`; seconds since the epoch.
fn moment(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let part = |from: usize| number(from, from + 2).and_then(|part| u8::try_from(part).ok());
    let month = Month::try_from(part(4)?).ok()?;
    let date = Date::from_calendar_date(i32::from(number(0, 4)?), month, part(6)?).ok()?;
    let time = Time::from_hms(part(8)?, part(10)?, part(12)?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

/// What is left of an encoding (X.690 8.1), read value by value.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the next value, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.tag()? == tag { self.any() } else { None }
    }

    /// The content of the next value.
    fn any(&mut self) -> Option<&'a [u8]> {
        let rest = self.0.get(1..)?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = if *first < 0x80 {
            (usize::from(*first), rest)
        } else {
            let count = usize::from(*first & 0x7f);
            let octets = rest.get(..count).filter(|octets| (1..=4).contains(&octets.len()))?;
            let length = octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
            (length, rest.get(count..)?)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    }

    fn response(serial: &[u8], status: &[u8]) -> Vec<u8> {
        let id = value(
            SEQUENCE,
            &[value(SEQUENCE, &[]), value(OCTETS, b"name"), value(OCTETS, b"key"), value(INTEGER, serial)]
                .concat(),
        );
        let times = [value(TIME, b"20260102030405Z"), value(ZERO, &value(TIME, b"20260109030405Z"))].concat();
        let single = value(SEQUENCE, &[&id[..], status, &times].concat());
        let data = value(
            SEQUENCE,
            &[value(0xa2, b"key"), value(TIME, b"20260102030406Z"), value(SEQUENCE, &single)].concat(),
        );
        let basic = value(SEQUENCE, &data);
        let bytes = value(SEQUENCE, &[value(0x06, b"basic"), value(OCTETS, &basic)].concat());
        value(SEQUENCE, &[value(ENUMERATED, &[0]), value(ZERO, &bytes)].concat())
    }

    #[test]
    fn rfc6960_4_2_1_each_status_with_its_times() {
        let revoked = value(ONE, &value(TIME, b"20251231000000Z"));
        for (status, expected, since) in [
            (&[GOOD, 0][..], OcspStatus::Good, None),
            (&[UNKNOWN, 0], OcspStatus::Unknown, None),
            (&revoked, OcspStatus::Revoked, Some(1_767_139_200)),
        ] {
            let ocsp = of_serial(&response(&[0, 0x99], status), &[0x99]).unwrap();
            assert_eq!((ocsp.status, ocsp.revoked), (expected, since));
            assert_eq!((ocsp.produced, ocsp.next), (Some(1_767_323_046), Some(1_767_927_845)));
        }
    }

    #[test]
    fn what_says_nothing_of_the_certificate_is_silent() {
        let good = response(&[7], &[GOOD, 0]);
        assert_eq!(of_serial(&good, &[8]), None, "another certificate");
        assert_eq!(of_serial(&[&[SEQUENCE, 3, ENUMERATED, 1, 6][..]].concat(), &[7]), None, "unauthorized");
        for length in 0..good.len() {
            assert_eq!(of_serial(&good[..length], &[7]), None);
        }
        assert_eq!(read(&good, b"no certificate"), Ocsp::SILENT);
    }
}
