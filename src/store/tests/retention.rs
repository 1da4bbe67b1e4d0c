//! What goes from a capture that grows, and what stays.

use super::super::{folder, packing, samples, segment};
use super::bodies::record as record_body;
use super::{all_of, eventually, finish, listen, live, place, settings, stored};
use crate::config;
use crate::exchange::{ExchangeId, Flags, Note, Side};
use crate::store::writer::Rhythm;
use crate::store::{Reader, Store, pack};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

fn open(path: &Path, settings: config::Capture) -> Store {
    let rhythm = Rhythm { seal: Duration::ZERO, ..Rhythm::default() };
    Store::open_with(path, &config::Capture { segment: 1 << 20, ..settings }, 2, rhythm).unwrap()
}

fn record(store: &Store, numbers: std::ops::RangeInclusive<u64>) {
    let told = listen(store);
    for id in numbers {
        finish(store, &live(samples::exchange(id)));
        if id.is_multiple_of(100) {
            eventually("the rows", || told.lock().unwrap().iter().any(|row| row.id.0 == id).then_some(()));
        }
    }
}

fn ids(reader: &Reader) -> Vec<u64> {
    reader.ids_after(ExchangeId(0), usize::MAX).unwrap().into_iter().map(|id| id.0).collect()
}

#[test]
fn the_oldest_go_beyond_the_count_and_what_is_marked_or_noted_stays() {
    let (_dir, path) = place();
    let store = open(&path, config::Capture { retain_count: Some(600), ..settings() });
    let reader = Reader::open(&path).unwrap();
    record(&store, 1..=100);
    store.inbox().flag(vec![ExchangeId(7)], Flags::MARKED, true).unwrap();
    store.inbox().note(ExchangeId(64), Note::new("keep this")).unwrap();
    record(&store, 101..=2_500);
    let left = eventually("the oldest to go", || {
        let left = ids(&reader);
        (left.len() < 1_300).then_some(left)
    });
    store.close().unwrap();
    let (marked, rest): (Vec<u64>, Vec<u64>) = left.iter().partition(|id| **id < 101);
    assert_eq!(marked, [7, 64]);
    assert!(rest.len() >= 600, "{} stay", rest.len());
    assert!(
        rest.windows(2).all(|two| two[0] + 1 == two[1]) && rest.ends_with(&[2_500]),
        "whole segments went"
    );
    let fresh = Reader::open(&path).unwrap();
    for id in [7, 64, 2_500] {
        let mut wanted = samples::exchange(id);
        match id {
            7 => wanted.summary.flags.add(Flags::MARKED),
            64 => wanted.summary.set_note(Note::new("keep this")),
            _ => {}
        }
        assert_eq!(all_of(&stored(&fresh, id)), all_of(&wanted));
    }
    let store = open(&path, settings());
    assert_eq!(store.next_exchange(), 2_501, "numbers are not given twice");
    store.close().unwrap();
}

#[test]
fn the_oldest_go_beyond_the_bytes_and_their_bodies_with_them() {
    let (_dir, path) = place();
    let store = open(&path, config::Capture { retain_bytes: 3 << 20, pack: false, ..settings() });
    let body = |byte: u8| vec![byte; 300 * 1024];
    for (id, byte) in [(1, 1), (2, 2), (3, 3)] {
        record_body(&store, &samples::open(id), &body(byte));
    }
    record(&store, 4..=1_000);
    // The third body again, in a segment that stays.
    record_body(&store, &samples::open(1_001), &body(3));
    record(&store, 1_002..=2_400);
    let hash = |byte: u8| *blake3::hash(&body(byte)).as_bytes();
    let there = |byte: u8| super::super::bodies::body_file(&path, &hash(byte)).exists();
    record_body(&store, &samples::open(2_401), &body(3));
    let mut next = 2_402;
    eventually("the bodies to go", || {
        record(&store, next..=next);
        next += 1;
        (!there(1) && !there(2)).then_some(())
    });
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert!(ids(&reader).first().is_some_and(|first| *first > 3));
    let mut bytes = Vec::new();
    reader.body(&stored(&reader, 2_401), Side::Origin).unwrap().read_to_end(&mut bytes).unwrap();
    assert!(bytes == body(3));
    assert_eq!(std::fs::read_dir(folder::tmp(&path)).unwrap().count(), 0);
}

#[test]
fn old_segments_go_when_the_next_one_is_begun() {
    let (_dir, path) = place();
    let store = open(&path, config::Capture { retain_age: Duration::ZERO, ..settings() });
    let reader = Reader::open(&path).unwrap();
    record(&store, 1..=1_500);
    eventually("the oldest to go", || (ids(&reader).len() < 900).then_some(()));
    store.close().unwrap();
}

#[test]
fn a_capture_at_rest_is_packed_whole_and_goes_on() {
    let (_dir, path) = place();
    let store = open(&path, config::Capture { pack: false, ..settings() });
    record(&store, 1..=800);
    let reader = Reader::open(&path).unwrap();
    assert!(pack(&path, &mut |_, _| {}).is_err(), "not while it is recorded");
    store.close().unwrap();
    let mut told = Vec::new();
    let packed = pack(&path, &mut |done, of| told.push((done, of))).unwrap();
    assert!(packed.after * 2 < packed.before && packed.segments >= 2, "{packed:?}");
    assert!(told.last().is_some_and(|(done, of)| done <= of && *of == 800), "{told:?}");
    // The last may have been begun and hold nothing.
    let names = segment::list(&path).unwrap();
    assert!(names.iter().rev().skip(1).all(|name| name.generation == 1), "{names:?}");
    for reader in [&reader, &Reader::open(&path).unwrap()] {
        assert_eq!(ids(reader), (1..=800).collect::<Vec<_>>());
        assert_eq!(all_of(&stored(reader, 799)), all_of(&samples::exchange(799)));
    }
    assert_eq!(pack(&path, &mut |_, _| {}).unwrap().segments, 0);
    let store = open(&path, settings());
    assert_eq!(store.next_exchange(), 801);
    record(&store, 801..=900);
    store.close().unwrap();
    assert_eq!(ids(&Reader::open(&path).unwrap()), (1..=900).collect::<Vec<_>>());
}

#[test]
fn what_a_killed_process_left_half_packed_is_cleared_up() {
    let (_dir, path) = place();
    let store = open(&path, config::Capture { pack: false, ..settings() });
    record(&store, 1..=700);
    store.close().unwrap();
    let first = segment::Name::FIRST;
    // Killed while it wrote the new form, and then between putting it in its place and taking the old one away.
    std::fs::write(packing::new_file(&path, first), "half").unwrap();
    assert_eq!(ids(&Reader::open(&path).unwrap()).len(), 700);
    open(&path, config::Capture { pack: false, ..settings() }).close().unwrap();
    assert!(!packing::new_file(&path, first).exists());
    let kept = std::fs::read(first.file(&path)).unwrap();
    pack(&path, &mut |_, _| {}).unwrap();
    std::fs::write(first.file(&path), kept).unwrap();
    assert_eq!(ids(&Reader::open(&path).unwrap()).len(), 700, "nothing is seen twice");
    open(&path, settings()).close().unwrap();
    assert!(!first.file(&path).exists() && first.anew().file(&path).exists());
}
