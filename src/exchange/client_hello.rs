//! A TLS `ClientHello` read from its raw bytes: what a client offers, in its order, and its fingerprints.
//!
//! Reading is total: whatever the bytes are, what could be read of them is there. Judging them is the
//! TLS library's work.

use md5::Md5;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes of a handshake record's header, and of a handshake message's (RFC 8446 5.1, 4).
const RECORD: usize = 5;
const MESSAGE: usize = 4;

/// Extensions that are read further (RFC 8446 4.2, RFC 7301, RFC 8422 5.1).
const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// What a client offers. Lists are in its order, GREASE values (RFC 8701) included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// `legacy_version`: 0x0303 from every client since TLS 1.2.
    pub version: u16,
    /// Cipher suites by their IANA numbers.
    pub ciphers: Vec<u16>,
    /// Extension types.
    pub extensions: Vec<u16>,
    /// Groups for the key exchange.
    pub groups: Vec<u16>,
    /// Point formats.
    pub formats: Vec<u8>,
    /// Signature algorithms.
    pub signatures: Vec<u16>,
    /// Versions in `supported_versions`; empty when there is no such extension.
    pub versions: Vec<u16>,
    /// Protocols offered by ALPN.
    pub alpn: Vec<Vec<u8>>,
    /// Whether a server name is asked for.
    pub names_server: bool,
    /// The DNS name asked for, in lower case (RFC 6066 3).
    pub server_name: Option<String>,
}

impl ClientHello {
    /// Reads the records that carry a hello. `None` when they do not begin with one.
    #[must_use]
    pub fn parse(records: &[u8]) -> Option<Self> {
        let message = handshake(records);
        let mut body = Reader(message.get(MESSAGE..)?);
        if message.first() != Some(&1) {
            return None;
        }
        let mut hello = Self { version: body.u16()?, ..Self::default() };
        body.take(32)?;
        body.list8()?;
        hello.ciphers = body.list16()?.u16s();
        body.list8()?;
        let mut extensions = body.list16().unwrap_or(Reader(&[]));
        while let (Some(kind), Some(data)) = (extensions.u16(), extensions.list16()) {
            hello.extension(kind, data);
        }
        Some(hello)
    }

    /// Whether records hold a hello to its end; `None` when they do not begin with one, and more bytes
    /// change nothing about that.
    #[must_use]
    pub fn is_whole(records: &[u8]) -> Option<bool> {
        if !matches!(records, [] | [0x16] | [0x16, 3, ..]) {
            return None;
        }
        match handshake(records)[..] {
            [] => Some(false),
            [1, a, b, c, ref body @ ..] => Some(body.len() >= u32::from_be_bytes([0, a, b, c]) as usize),
            [1, ..] => Some(false),
            _ => None,
        }
    }

    fn extension(&mut self, kind: u16, mut data: Reader<'_>) {
        self.extensions.push(kind);
        match kind {
            SERVER_NAME => {
                self.names_server = true;
                self.server_name = host_name(data);
            }
            GROUPS => self.groups = data.list16().map(Reader::u16s).unwrap_or_default(),
            POINT_FORMATS => self.formats = data.list8().map(|list| list.0.to_vec()).unwrap_or_default(),
            SIGNATURE_ALGORITHMS => self.signatures = data.list16().map(Reader::u16s).unwrap_or_default(),
            SUPPORTED_VERSIONS => self.versions = data.list8().map(Reader::u16s).unwrap_or_default(),
            ALPN => {
                let mut names = data.list16().unwrap_or(Reader(&[]));
                while let Some(name) = names.list8() {
                    self.alpn.push(name.0.to_vec());
                }
            }
            _ => {}
        }
    }

    /// JA3: `version,ciphers,extensions,groups,formats` in decimal, without GREASE
    /// (Salesforce's ja3, 2017).
    #[must_use]
    pub fn ja3_text(&self) -> String {
        let formats: Vec<u16> = self.formats.iter().map(|format| u16::from(*format)).collect();
        let lists = [&self.ciphers, &self.extensions, &self.groups, &formats].map(|list| decimals(list));
        format!("{},{}", self.version, lists.join(","))
    }

    /// JA3 as it is looked up: the MD5 of [`Self::ja3_text`] in hex.
    #[must_use]
    pub fn ja3(&self) -> String {
        hex(&Md5::digest(self.ja3_text()))
    }

    /// JA4 of a client over TCP (`FoxIO`'s ja4, 2023): `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    #[must_use]
    pub fn ja4(&self) -> String {
        let ciphers = sorted(&self.ciphers, &[]);
        let named = sorted(&self.extensions, &[]).len().min(99);
        let server = if self.names_server { 'd' } else { 'i' };
        let first = format!(
            "t{}{server}{:02}{named:02}{}",
            self.ja4_version(),
            ciphers.len().min(99),
            self.ja4_alpn()
        );
        let mut extensions = hexadecimals(&sorted(&self.extensions, &[SERVER_NAME, ALPN]));
        let signatures: Vec<u16> =
            self.signatures.iter().copied().filter(|value| !is_grease(*value)).collect();
        if !signatures.is_empty() {
            let _ = write!(extensions, "_{}", hexadecimals(&signatures));
        }
        format!("{first}_{}_{}", short_hash(&hexadecimals(&ciphers)), short_hash(&extensions))
    }

    fn ja4_version(&self) -> &'static str {
        let offered = self.versions.iter().copied().filter(|version| !is_grease(*version)).max();
        match offered.unwrap_or(self.version) {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            _ => "00",
        }
    }

    /// The first and last character of the first protocol; of their hex where one is no letter or digit.
    fn ja4_alpn(&self) -> String {
        let Some(name) = self.alpn.first() else { return "00".to_owned() };
        let (Some(first), Some(last)) = (name.first(), name.last()) else { return "00".to_owned() };
        if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
            return [char::from(*first), char::from(*last)].iter().collect();
        }
        let (first, last) = (format!("{first:02x}"), format!("{last:02x}"));
        first.chars().take(1).chain(last.chars().skip(1)).collect()
    }
}

/// The handshake bytes of consecutive handshake records, without their headers.
fn handshake(mut records: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(records.len());
    while let Some((&[0x16, _, _, high, low], rest)) = records.split_first_chunk::<RECORD>() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (fragment, rest) = rest.split_at(length);
        message.extend_from_slice(fragment);
        records = rest;
    }
    message
}

/// The first name of type `host_name` in a list of server names (RFC 6066 3).
fn host_name(mut data: Reader<'_>) -> Option<String> {
    let mut names = data.list16()?;
    while let (Some(kind), Some(name)) = (names.u8(), names.list16()) {
        if kind == 0 {
            return Some(String::from_utf8_lossy(name.0).to_lowercase());
        }
    }
    None
}

/// RFC 8701: values of the form 0x?a?a, both bytes alike.
pub(super) fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

fn sorted(values: &[u16], without: &[u16]) -> Vec<u16> {
    let mut kept: Vec<u16> =
        values.iter().copied().filter(|value| !is_grease(*value) && !without.contains(value)).collect();
    kept.sort_unstable();
    kept
}

fn decimals(values: &[u16]) -> String {
    let kept = values.iter().filter(|value| !is_grease(**value));
    kept.map(ToString::to_string).collect::<Vec<_>>().join("-")
}

fn hexadecimals(values: &[u16]) -> String {
    values.iter().map(|value| format!("{value:04x}")).collect::<Vec<_>>().join(",")
}

/// Twelve hex digits of SHA-256; of nothing, zeros.
fn short_hash(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    let digest = Sha256::digest(text);
    hex(digest.get(..6).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes from the front, or nothing.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).and_then(|bytes| bytes.first().copied())
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).and_then(|bytes| Some(u16::from_be_bytes(bytes.try_into().ok()?)))
    }

    fn list8(&mut self) -> Option<Self> {
        let length = self.u8()?;
        self.take(usize::from(length)).map(Self)
    }

    fn list16(&mut self) -> Option<Self> {
        let length = self.u16()?;
        self.take(usize::from(length)).map(Self)
    }

    fn u16s(self) -> Vec<u16> {
        self.0.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The hello that `FoxIO`'s description of JA4 takes apart, a Chrome's.
    fn chrome() -> ClientHello {
        let numbers = |text: &str| text.split(',').map(|hex| u16::from_str_radix(hex, 16).unwrap()).collect();
        ClientHello {
            version: 0x0303,
            ciphers: numbers(
                "8a8a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
            ),
            extensions: numbers(
                "3a3a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,6a6a",
            ),
            groups: numbers("9a9a,001d,0017,0018"),
            formats: vec![0],
            signatures: numbers("0403,0804,0401,0503,0805,0501,0806,0601"),
            versions: numbers("caca,0304,0303"),
            alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            names_server: true,
            server_name: Some("shop.test".to_owned()),
        }
    }

    #[test]
    fn ja4_of_its_own_description() {
        assert_eq!(chrome().ja4(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn ja3_of_its_own_description() {
        let hello = ClientHello {
            version: 769,
            ciphers: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
            extensions: vec![0, 10, 11],
            groups: vec![23, 24, 25],
            formats: vec![0],
            ..ClientHello::default()
        };
        assert_eq!(hello.ja3_text(), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
        assert_eq!(hello.ja3(), "ada70206e40642a3e4461f35503241d5");
        let bare = ClientHello {
            version: 769,
            ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
            ..ClientHello::default()
        };
        assert_eq!(
            (bare.ja3_text().as_str(), bare.ja3().as_str()),
            ("769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6")
        );
        assert!(!chrome().ja3_text().contains("35466"), "GREASE is left out");
    }

    #[test]
    fn what_offers_little_has_a_fingerprint_too() {
        let hello = ClientHello { version: 0x0301, alpn: vec![b"\xabx".to_vec()], ..ClientHello::default() };
        assert_eq!(hello.ja4(), "t10i0000a8_000000000000_000000000000");
    }

    fn written(hello: &ClientHello) -> Vec<u8> {
        let list16 =
            |bytes: Vec<u8>| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
        let list8 = |bytes: Vec<u8>| [&[u8::try_from(bytes.len()).unwrap()][..], &bytes].concat();
        let u16s = |values: &[u16]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<_>>();
        let extension = |kind: u16| -> Vec<u8> {
            let data = match kind {
                SERVER_NAME => {
                    let name = hello.server_name.clone().unwrap_or_default().into_bytes();
                    list16([vec![0], list16(name)].concat())
                }
                GROUPS => list16(u16s(&hello.groups)),
                POINT_FORMATS => list8(hello.formats.clone()),
                SIGNATURE_ALGORITHMS => list16(u16s(&hello.signatures)),
                SUPPORTED_VERSIONS => list8(u16s(&hello.versions)),
                ALPN => list16(hello.alpn.iter().flat_map(|name| list8(name.clone())).collect()),
                _ => Vec::new(),
            };
            [kind.to_be_bytes().to_vec(), list16(data)].concat()
        };
        let extensions = hello.extensions.iter().flat_map(|kind| extension(*kind)).collect();
        let body = [
            hello.version.to_be_bytes().to_vec(),
            vec![7; 32],
            list8(vec![9; 32]),
            list16(u16s(&hello.ciphers)),
            list8(vec![0]),
            list16(extensions),
        ]
        .concat();
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let message = [&[1, length[1], length[2], length[3]], &body[..]].concat();
        // In records of 100 bytes, as a client may.
        message.chunks(100).flat_map(|part| [vec![0x16, 3, 1], list16(part.to_vec())].concat()).collect()
    }

    #[test]
    fn a_hello_over_several_records_is_read_whole() {
        assert_eq!(ClientHello::parse(&written(&chrome())), Some(chrome()));
    }

    #[test]
    fn a_hello_is_whole_at_its_last_byte() {
        let bytes = written(&chrome());
        for end in 0..bytes.len() {
            assert_eq!(ClientHello::is_whole(&bytes[..end]), Some(false), "{end}");
        }
        assert_eq!(ClientHello::is_whole(&bytes), Some(true));
        for other in [&b"GET / HTTP/1.1"[..], b"\x16\x02", b"\x16\x03\x01\x00\x04\x02\x00\x00\x00"] {
            assert_eq!(ClientHello::is_whole(other), None);
        }
    }

    /// Hellos as they came from curl 7.88 (OpenSSL 3.0), Python 3.11 and Chromium; what they should give was
    /// made from the same bytes by pyja3 1.0 and ja4plus 1.4.
    #[test]
    fn fingerprints_are_those_of_other_implementations() {
        for (bytes, ja3, ja4, first) in [
            (
                &include_bytes!("fixtures/curl.bin")[..],
                "0149f47eabf9a20d0893e2a44e5a6323",
                "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6",
                Some(&b"h2"[..]),
            ),
            (
                include_bytes!("fixtures/python.bin"),
                "93c7d42c0df602fb91589311534831f5",
                "t13d181100_85036bcba153_d41ae481755e",
                None,
            ),
            (
                include_bytes!("fixtures/chromium.bin"),
                "e3e67f438e076f1aa2a934c693bf8c38",
                "t13d1517h2_8daaf6152771_cb7bf5808d99",
                Some(b"h2"),
            ),
        ] {
            let hello = ClientHello::parse(bytes).unwrap();
            assert_eq!((hello.ja3().as_str(), hello.ja4().as_str()), (ja3, ja4));
            assert_eq!(hello.server_name.as_deref(), Some("api.shop.test"));
            assert_eq!(hello.alpn.first().map(Vec::as_slice), first);
            assert_eq!(ClientHello::is_whole(bytes), Some(true));
        }
    }

    #[test]
    fn a_hello_cut_short_gives_what_came() {
        let bytes = written(&chrome());
        for end in 0..bytes.len() {
            if let Some(hello) = ClientHello::parse(&bytes[..end]) {
                assert!(chrome().extensions.starts_with(&hello.extensions), "{end}");
            }
        }
        assert_eq!(ClientHello::parse(b"GET / HTTP/1.1\r\n"), None);
        assert_eq!(ClientHello::parse(b"\x16\x03\x01\x00\x04\x02\x00\x00\x00"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let whole = [&[0x16, 3, 1, 1, 0x28, 1, 0, 1, 0x24][..], &bytes].concat();
            if let Some(hello) = ClientHello::parse(&whole) {
                prop_assert_eq!(hello.ja4().len(), 36);
                prop_assert_eq!(hello.ja3().len(), 32);
            }
        }
    }
}
