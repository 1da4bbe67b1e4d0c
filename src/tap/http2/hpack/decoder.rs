//! Field blocks in: every representation of RFC 7541 6, to the block's end.

use super::table::{Entry, Table};
use super::{Flaw, huffman, integer};
use crate::exchange::SectionField;
use crate::hop::Bounds;
use bytes::{Bytes, BytesMut};

/// The table's size before any SETTINGS (RFC 9113 6.5.2).
const INITIAL_SIZE: usize = 4096;
/// What a field costs beside its octets: `: ` and a line end.
const LINE: usize = 4;
/// Room for Huffman-decoded strings of a few blocks.
const SCRATCH: usize = 4096;

/// Fields for which room is made: few sections have more.
const MOST_SECTIONS: usize = 14;

/// The fields of one block, in order.
#[derive(Debug, Default)]
pub struct Section {
    /// As far as the bounds allow.
    pub fields: Vec<SectionField>,
    /// There were more or larger fields than the bounds allow; they were decoded but not kept.
    pub too_large: bool,
    octets: usize,
}

/// The decoder of one connection.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    /// The size that we allowed by `SETTINGS_HEADER_TABLE_SIZE`.
    allowed: usize,
    /// The next block must begin with a size of at most `allowed`.
    must_update: bool,
    scratch: BytesMut,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            table: Table::new(INITIAL_SIZE),
            allowed: INITIAL_SIZE,
            must_update: false,
            scratch: BytesMut::new(),
        }
    }
}

impl Decoder {
    /// The peer acknowledged this `SETTINGS_HEADER_TABLE_SIZE`. If its table is larger, its next block
    /// must begin with a size (RFC 9113 4.3.1).
    pub fn allow(&mut self, size: usize) {
        self.allowed = size;
        self.must_update |= self.table.most() > size;
    }

    /// Decodes a whole block. An error leaves the table unusable: the connection is over.
    pub fn decode(&mut self, block: &Bytes, bounds: &Bounds) -> Result<Section, Flaw> {
        let mut section = Section { fields: Vec::with_capacity(MOST_SECTIONS), ..Section::default() };
        let mut at = self.updates(block)?;
        while let Some(first) = block.get(at) {
            match first {
                0x80.. => {
                    let index = integer::read(block, &mut at, 7)?;
                    let entry = self.table.at(index)?;
                    section.push(entry, false, bounds);
                }
                0x40.. => {
                    let entry = self.literal(block, &mut at, 6)?;
                    let entry = owned(&entry);
                    self.table.insert(entry.clone());
                    section.push(entry, false, bounds);
                }
                0x20.. => return Err(Flaw::UpdateMisplaced),
                _ => {
                    let never_indexed = first & 0x10 != 0;
                    let entry = self.literal(block, &mut at, 4)?;
                    section.push(entry, never_indexed, bounds);
                }
            }
        }
        Ok(section)
    }

    /// Table sizes at the block's start (RFC 7541 4.2, 6.3); returns where the fields begin.
    fn updates(&mut self, block: &[u8]) -> Result<usize, Flaw> {
        let mut at = 0;
        while block.get(at).is_some_and(|first| first & 0xe0 == 0x20) {
            let size = integer::read(block, &mut at, 5)?;
            if size > self.allowed {
                return Err(Flaw::UpdateTooLarge);
            }
            self.table.resize(size);
            self.must_update = false;
        }
        if self.must_update { Err(Flaw::UpdateMissing) } else { Ok(at) }
    }

    fn literal(&mut self, block: &Bytes, at: &mut usize, bits: u32) -> Result<Entry, Flaw> {
        let name = match integer::read(block, at, bits)? {
            0 => self.string(block, at)?,
            index => self.table.at(index)?.name,
        };
        let value = self.string(block, at)?;
        Ok(Entry { name, value })
    }

    /// A string literal (RFC 7541 5.2).
    fn string(&mut self, block: &Bytes, at: &mut usize) -> Result<Bytes, Flaw> {
        let coded = block.get(*at).ok_or(Flaw::Truncated)? & 0x80 != 0;
        let length = integer::read(block, at, 7)?;
        let end = at.checked_add(length).filter(|end| *end <= block.len()).ok_or(Flaw::Truncated)?;
        let text = *at..end;
        *at = end;
        if !coded {
            return Ok(block.slice(text));
        }
        if self.scratch.capacity() < length * 8 / 5 {
            self.scratch.reserve(SCRATCH.max(length * 8 / 5));
        }
        huffman::decode(&block[text], &mut self.scratch)?;
        Ok(self.scratch.split().freeze())
    }
}

impl Section {
    fn push(&mut self, entry: Entry, never_indexed: bool, bounds: &Bounds) {
        self.octets = self.octets.saturating_add(entry.name.len() + entry.value.len() + LINE);
        self.too_large |= self.octets > bounds.head || self.fields.len() >= bounds.fields;
        if !self.too_large {
            self.fields.push(SectionField { name: entry.name, value: entry.value, never_indexed });
        }
    }
}

/// A copy whose octets are its own.
fn owned(entry: &Entry) -> Entry {
    let mut both = BytesMut::with_capacity(entry.name.len() + entry.value.len());
    both.extend_from_slice(&entry.name);
    both.extend_from_slice(&entry.value);
    let mut name = both.freeze();
    let value = name.split_off(entry.name.len());
    Entry { name, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { fields: 100, head: 4096 };

    fn bytes(hex: &str) -> Bytes {
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    }

    fn text(section: &Section) -> String {
        let line =
            |field: &SectionField| format!("{}: {}", field.name.escape_ascii(), field.value.escape_ascii());
        section.fields.iter().map(line).collect::<Vec<_>>().join(" | ")
    }

    fn decoded(decoder: &mut Decoder, hex: &str) -> Result<String, Flaw> {
        decoder.decode(&bytes(hex), &BOUNDS).map(|section| text(&section))
    }

    #[test]
    fn rfc7541_c_2_single_fields() {
        let cases = [
            ("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header"),
            ("040c2f73616d706c652f70617468", ":path: /sample/path"),
            ("100870617373776f726406736563726574", "password: secret"),
            ("82", ":method: GET"),
        ];
        for (hex, expected) in cases {
            assert_eq!(decoded(&mut Decoder::default(), hex).unwrap(), expected);
        }
        let secret = Decoder::default().decode(&bytes(cases[2].0), &BOUNDS).unwrap();
        assert!(secret.fields[0].never_indexed);
    }

    #[test]
    fn rfc7541_c_3_and_c_4_requests() {
        let plain = [
            "828684410f7777772e6578616d706c652e636f6d",
            "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ];
        let coded = [
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ];
        let expected = [
            ":method: GET | :scheme: http | :path: / | :authority: www.example.com",
            ":method: GET | :scheme: http | :path: / | :authority: www.example.com | cache-control: no-cache",
            ":method: GET | :scheme: https | :path: /index.html | :authority: www.example.com | \
             custom-key: custom-value",
        ];
        for blocks in [plain, coded] {
            let mut decoder = Decoder::default();
            for (hex, expected) in blocks.iter().zip(expected) {
                assert_eq!(decoded(&mut decoder, hex).unwrap(), expected);
            }
        }
    }

    #[test]
    fn rfc7541_c_5_and_c_6_responses_evict() {
        let plain = [
            "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54\
             6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
            "4803333037c1c0bf",
            "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d\
             4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b207665727369\
             6f6e3d31",
        ];
        let coded = [
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8\
             e9ae82ae43d3",
            "4883640effc1c0bf",
            "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b\
             3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        ];
        let expected = [
            ":status: 302 | cache-control: private | date: Mon, 21 Oct 2013 20:13:21 GMT | \
             location: https://www.example.com",
            ":status: 307 | cache-control: private | date: Mon, 21 Oct 2013 20:13:21 GMT | \
             location: https://www.example.com",
            ":status: 200 | cache-control: private | date: Mon, 21 Oct 2013 20:13:22 GMT | \
             location: https://www.example.com | content-encoding: gzip | \
             set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
        ];
        for blocks in [plain, coded] {
            let mut decoder = Decoder::default();
            decoder.allow(256);
            decoder.table.resize(256);
            decoder.must_update = false;
            for (hex, expected) in blocks.iter().zip(expected) {
                assert_eq!(decoded(&mut decoder, hex).unwrap(), expected);
            }
        }
    }

    #[test]
    fn rfc7541_2_3_3_an_index_outside_of_the_tables_is_an_error() {
        for hex in ["80", "be", "7e0161", "ff8001"] {
            assert_eq!(decoded(&mut Decoder::default(), hex), Err(Flaw::Index), "{hex}");
        }
    }

    #[test]
    fn rfc7541_4_2_sizes_stand_at_the_start_and_within_what_was_allowed() {
        assert_eq!(decoded(&mut Decoder::default(), "203fe11f82").unwrap(), ":method: GET");
        assert_eq!(decoded(&mut Decoder::default(), "8220"), Err(Flaw::UpdateMisplaced));
        assert_eq!(decoded(&mut Decoder::default(), "3fe21f82"), Err(Flaw::UpdateTooLarge));
    }

    #[test]
    fn rfc9113_4_3_1_a_smaller_table_must_be_announced() {
        let mut decoder = Decoder::default();
        decoder.allow(100);
        assert_eq!(decoded(&mut decoder, "82"), Err(Flaw::UpdateMissing));
        let mut decoder = Decoder::default();
        decoder.allow(100);
        assert_eq!(decoded(&mut decoder, "3f4582").unwrap(), ":method: GET");
        assert_eq!(decoded(&mut decoder, "82").unwrap(), ":method: GET");
    }

    #[test]
    fn a_block_that_ends_within_a_field_is_an_error() {
        for hex in ["41", "410f7777", "00", "0001", "000161", "ff", "3f"] {
            assert_eq!(decoded(&mut Decoder::default(), hex), Err(Flaw::Truncated), "{hex}");
        }
    }

    #[test]
    fn rfc9113_10_5_1_too_many_fields_are_decoded_but_not_kept() {
        // One entry of 4,000 octets, and then a thousand times its index.
        let mut block = BytesMut::from(&b"\x40\x01a\x7f\x81\x1d"[..]);
        block.extend_from_slice(&[b'v'; 3740]);
        block.extend_from_slice(&[0xbe; 1000]);
        block.extend_from_slice(b"\x40\x01b\x01c");
        let mut decoder = Decoder::default();
        let section = decoder.decode(&block.freeze(), &BOUNDS).unwrap();
        assert!(section.too_large);
        assert_eq!(section.fields.len(), 1);
        assert_eq!(decoded(&mut decoder, "be").unwrap(), "b: c", "the table went on");
    }
}
