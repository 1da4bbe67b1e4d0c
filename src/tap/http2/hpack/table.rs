//! The static table and the dynamic table (RFC 7541 2.3).

use super::Flaw;
use bytes::Bytes;
use std::collections::VecDeque;

/// What an entry costs beyond its octets (RFC 7541 4.1).
const OVERHEAD: usize = 32;

/// RFC 7541 A; index 1 is the first.
pub(super) const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// A field in the dynamic table. Its octets are its own: they pin no block that it came in.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: Bytes,
    pub(super) value: Bytes,
}

impl Entry {
    fn size(&self) -> usize {
        self.name.len() + self.value.len() + OVERHEAD
    }
}

/// The dynamic table: the newest entry first.
#[derive(Debug)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    size: usize,
    most: usize,
}

impl Table {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: VecDeque::new(), size: 0, most }
    }

    /// The size that it may grow to.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Changes the size that it may grow to, and evicts (RFC 7541 4.3).
    pub(super) fn resize(&mut self, most: usize) {
        self.most = most;
        self.make_room(0);
    }

    /// Puts an entry in front; one that is larger than the table only empties it (RFC 7541 4.4).
    pub(super) fn insert(&mut self, entry: Entry) {
        let size = entry.size();
        self.make_room(size);
        if size <= self.most {
            self.size += size;
            self.entries.push_front(entry);
        }
    }

    /// Whether an entry of so many octets would fit with room to spare for others.
    pub(super) fn is_worth(&self, octets: usize) -> bool {
        (octets + OVERHEAD) * 2 <= self.most
    }

    /// The name and value at an index of both tables (RFC 7541 2.3.3).
    pub(super) fn at(&self, index: usize) -> Result<Entry, Flaw> {
        let fixed = index.checked_sub(1).ok_or(Flaw::Index)?;
        if let Some((name, value)) = STATIC.get(fixed) {
            let (name, value) = (Bytes::from_static(name.as_bytes()), Bytes::from_static(value.as_bytes()));
            return Ok(Entry { name, value });
        }
        self.entries.get(fixed - STATIC.len()).cloned().ok_or(Flaw::Index)
    }

    /// The index of an entry with this name and value, or else of one with this name.
    pub(super) fn find(&self, name: &[u8], value: &[u8]) -> Match {
        let mut named = 0;
        for (at, entry) in self.entries.iter().enumerate() {
            if entry.name.len() == name.len() && entry.name == name {
                if entry.value == value {
                    return Match::Both(at + 1 + STATIC.len());
                }
                named = if named == 0 { at + 1 + STATIC.len() } else { named };
            }
        }
        if named == 0 { Match::Nothing } else { Match::Name(named) }
    }

    fn make_room(&mut self, size: usize) {
        while self.size + size > self.most {
            let Some(oldest) = self.entries.pop_back() else { return };
            self.size -= oldest.size();
        }
    }
}

/// What a table knows of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Name and value stand at this index.
    Both(usize),
    /// The name stands at this index.
    Name(usize),
    Nothing,
}

/// Looks a field up in the static table.
pub(super) fn find_static(name: &[u8], value: &[u8]) -> Match {
    let Some(first) = static_index(name) else { return Match::Nothing };
    STATIC[first - 1..]
        .iter()
        .take_while(|(other, _)| other.as_bytes() == name)
        .position(|(_, other)| other.as_bytes() == value)
        .filter(|_| !value.is_empty())
        .map_or(Match::Name(first), |at| Match::Both(first + at))
}

fn static_index(name: &[u8]) -> Option<usize> {
    Some(match name {
        b":authority" => 1,
        b":method" => 2,
        b":path" => 4,
        b":scheme" => 6,
        b":status" => 8,
        b"accept-charset" => 15,
        b"accept-encoding" => 16,
        b"accept-language" => 17,
        b"accept-ranges" => 18,
        b"accept" => 19,
        b"access-control-allow-origin" => 20,
        b"age" => 21,
        b"allow" => 22,
        b"authorization" => 23,
        b"cache-control" => 24,
        b"content-disposition" => 25,
        b"content-encoding" => 26,
        b"content-language" => 27,
        b"content-length" => 28,
        b"content-location" => 29,
        b"content-range" => 30,
        b"content-type" => 31,
        b"cookie" => 32,
        b"date" => 33,
        b"etag" => 34,
        b"expect" => 35,
        b"expires" => 36,
        b"from" => 37,
        b"host" => 38,
        b"if-match" => 39,
        b"if-modified-since" => 40,
        b"if-none-match" => 41,
        b"if-range" => 42,
        b"if-unmodified-since" => 43,
        b"last-modified" => 44,
        b"link" => 45,
        b"location" => 46,
        b"max-forwards" => 47,
        b"proxy-authenticate" => 48,
        b"proxy-authorization" => 49,
        b"range" => 50,
        b"referer" => 51,
        b"refresh" => 52,
        b"retry-after" => 53,
        b"server" => 54,
        b"set-cookie" => 55,
        b"strict-transport-security" => 56,
        b"transfer-encoding" => 57,
        b"user-agent" => 58,
        b"vary" => 59,
        b"via" => 60,
        b"www-authenticate" => 61,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7541_a_every_static_entry_is_found() {
        for (at, (name, value)) in STATIC.iter().enumerate() {
            let expected = if value.is_empty() { Match::Name(at + 1) } else { Match::Both(at + 1) };
            assert_eq!(find_static(name.as_bytes(), value.as_bytes()), expected, "{name}");
            assert!(matches!(find_static(name.as_bytes(), b"other"), Match::Name(_)), "{name}");
        }
    }

    #[test]
    fn rfc7541_4_4_an_entry_larger_than_the_table_empties_it() {
        let entry =
            |size: usize| Entry { name: Bytes::from_static(b"a"), value: Bytes::from(vec![b'v'; size]) };
        let mut table = Table::new(100);
        table.insert(entry(10));
        assert!(table.at(62).is_ok());
        table.insert(entry(200));
        assert_eq!(table.at(62).err(), Some(Flaw::Index));
        assert_eq!(table.size, 0);
    }
}
