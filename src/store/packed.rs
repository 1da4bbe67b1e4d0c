//! Heads and bodies as they stand in packed segments, there and back: zstd with a dictionary that was made of
//! the segment's own heads and bodies, each exchange by itself, so that one is read without the others.
//!
//! Before packing, the parts of an exchange are put together: for each its length in four octets,
//! little-endian (`ffffffff` for one that is not there), then all octets. Request and answer repeat what was
//! received when they say what was sent, and zstd finds that. The frame's header names its dictionary, by
//! which [`teach`] gives `SQLite` the function `unpacked(blob)`.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

/// Octets that parts may have together; what is larger stays as it is.
pub(super) const MOST: usize = 16 << 20;
/// Octets of a dictionary.
const DICTIONARY: usize = 32 * 1024;
/// Level of compression: beyond, time grows faster than the gain.
const LEVEL: i32 = 3;
/// How a part is written that is not there.
const NONE: u32 = u32::MAX;

/// Parts put together.
pub(super) fn join(parts: &[Option<&[u8]>]) -> Vec<u8> {
    let length = parts.iter().map(|part| 4 + part.map_or(0, <[u8]>::len)).sum();
    let mut joined = Vec::with_capacity(length);
    for part in parts {
        let length = part.map_or(Some(NONE), |part| u32::try_from(part.len()).ok());
        joined.extend_from_slice(&length.unwrap_or(NONE).to_le_bytes());
    }
    joined.extend(parts.iter().flatten().flat_map(|part| part.iter()));
    joined
}

/// So many parts taken apart; `None` for what [`join`] does not make.
pub(super) fn split<const N: usize>(joined: &[u8]) -> Option<[Option<&[u8]>; N]> {
    let (lengths, mut rest) = joined.split_at_checked(4 * N)?;
    let mut parts = [None; N];
    for (part, length) in parts.iter_mut().zip(lengths.chunks_exact(4)) {
        let length = u32::from_le_bytes(length.try_into().ok()?);
        if length != NONE {
            let (own, others) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (*part, rest) = (Some(own), others);
        }
    }
    rest.is_empty().then_some(parts)
}

/// Packs what is like its samples.
pub(super) struct Packing {
    compressor: Compressor<'static>,
    /// What reading needs; empty where there was too little to learn from.
    pub(super) dictionary: Vec<u8>,
}

impl Packing {
    /// Learns from samples, one behind the other, of these lengths.
    pub(super) fn learn(samples: &[u8], lengths: &[usize]) -> io::Result<Self> {
        // Too few samples, or too much alike: then without.
        let dictionary = zstd::dict::from_continuous(samples, lengths, DICTIONARY).unwrap_or_default();
        Ok(Self { compressor: Compressor::with_dictionary(LEVEL, &dictionary)?, dictionary })
    }

    /// The number of its dictionary.
    pub(super) fn id(&self) -> Option<u32> {
        zstd_safe::get_dict_id_from_dict(&self.dictionary).map(std::num::NonZero::get)
    }

    /// The packed form, where it is the smaller one.
    pub(super) fn pack(&mut self, joined: &[u8]) -> io::Result<Option<Vec<u8>>> {
        if joined.len() > MOST {
            return Ok(None);
        }
        let packed = self.compressor.compress(joined)?;
        Ok((packed.len() < joined.len()).then_some(packed))
    }
}

/// Gives a connection the function `unpacked(blob)`, with the dictionaries that its database has.
pub(super) fn teach(db: &Connection) -> rusqlite::Result<()> {
    let unpacking = Mutex::new(Unpacking::of(db)?);
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("unpacked", 1, flags, move |call| match call.get_raw(0) {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(packed) => {
            let mut unpacking = unpacking.lock().unwrap_or_else(PoisonError::into_inner);
            unpacking.unpack(packed).map(Some).map_err(|error| Error::UserFunctionError(Box::new(error)))
        }
        _ => Err(Error::UserFunctionError("unpacked() takes a blob".into())),
    })
}

/// Reads what was packed with any of some dictionaries.
#[derive(Default)]
pub(super) struct Unpacking(HashMap<u32, Decompressor<'static>>);

impl Unpacking {
    /// With those that a segment holds; none where it has no table of them yet.
    fn of(db: &Connection) -> rusqlite::Result<Self> {
        let mut unpacking = Self::default();
        unpacking.add(db, "main")?;
        Ok(unpacking)
    }

    /// Takes in those of an attached database.
    pub(super) fn add(&mut self, db: &Connection, schema: &str) -> rusqlite::Result<()> {
        let there = format!("SELECT 1 FROM {schema}.sqlite_schema WHERE name = 'dictionary'");
        if !db.prepare(&there)?.exists([])? {
            return Ok(());
        }
        let mut statement = db.prepare(&format!("SELECT id, data FROM {schema}.dictionary"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let data = row.get_ref(1)?.as_blob().unwrap_or_default();
            // One that is damaged is missed by what was packed with it.
            if let Ok(decompressor) = Decompressor::with_dictionary(data) {
                self.0.insert(row.get(0)?, decompressor);
            }
        }
        Ok(())
    }

    /// The octets that were packed.
    pub(super) fn unpack(&mut self, packed: &[u8]) -> io::Result<Vec<u8>> {
        let damaged = |why: &'static str| io::Error::new(io::ErrorKind::InvalidData, why);
        let id = zstd_safe::get_dict_id_from_frame(packed).map_or(0, std::num::NonZero::get);
        let length = match zstd_safe::get_frame_content_size(packed) {
            Ok(Some(length)) => usize::try_from(length).ok().filter(|length| *length <= MOST),
            _ => None,
        };
        let length = length.ok_or_else(|| damaged("a packed part does not say its length"))?;
        if id == 0 && !self.0.contains_key(&0) {
            self.0.insert(0, Decompressor::new()?);
        }
        let decompressor =
            self.0.get_mut(&id).ok_or_else(|| damaged("the dictionary of a packed part is missing"))?;
        decompressor.decompress(packed, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_there_and_back(parts in any::<[Option<Vec<u8>>; 4]>()) {
            let joined = join(&parts.each_ref().map(|part| part.as_deref()));
            let back = split::<4>(&joined).unwrap();
            prop_assert_eq!(back.map(|part| part.map(<[u8]>::to_vec)), parts);
        }

        #[test]
        fn any_bytes_are_taken_apart_or_not(joined: Vec<u8>) {
            if let Some(parts) = split::<2>(&joined) {
                prop_assert_eq!(join(&parts), joined);
            }
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(packed: Vec<u8>) {
            let _ = Unpacking::default().unpack(&packed);
        }
    }

    #[test]
    fn what_says_that_it_is_huge_is_refused() {
        let mut compressor = Compressor::new(1).unwrap();
        let packed = compressor.compress(&vec![0; MOST + 1]).unwrap();
        assert!(Unpacking::default().unpack(&packed).is_err());
    }

    #[test]
    fn packed_with_a_dictionary_and_back_by_its_number() {
        let sample = |number: usize| {
            format!(
                "GET /orders/{number} HTTP/1.1\r\nHost: shop{}.test\r\nAccept: text/{number}\r\n\r\n",
                number % 7
            )
        };
        let samples: Vec<String> = (0..500).map(sample).collect();
        let lengths: Vec<usize> = samples.iter().map(String::len).collect();
        let mut packing = Packing::learn(samples.concat().as_bytes(), &lengths).unwrap();
        let id = packing.id().unwrap();
        let packed = packing.pack(sample(777).as_bytes()).unwrap().unwrap();
        assert!(packed.len() * 3 < sample(777).len() * 2, "{} of {}", packed.len(), sample(777).len());
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE dictionary(id INTEGER PRIMARY KEY, data BLOB)").unwrap();
        db.execute("INSERT INTO dictionary VALUES (?1, ?2)", rusqlite::params![id, packing.dictionary])
            .unwrap();
        teach(&db).unwrap();
        let back: Vec<u8> = db.query_row("SELECT unpacked(?1)", [packed], |row| row.get(0)).unwrap();
        assert_eq!(back, sample(777).into_bytes());
    }
}
