//! Large bodies: through files, read while they arrive, kept once.

use super::super::{bodies, folder, samples};
use super::{eventually, listen, live, open, open_early, place, stored};
use crate::exchange::{Body, BodyPlace, Event, Exchange, ExchangeId, Live, Side, State, Truncation};
use crate::store::{Reader, Store, StoreError, settle};
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

const BLOCK: usize = 256 * 1024;

fn content(blocks: usize) -> Vec<u8> {
    (0..blocks * BLOCK).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

/// As a recorder does: blocks, the end, the handle filled in, the exchange let go.
pub(super) fn record(store: &Store, exchange: &Arc<Live>, bytes: &[u8]) {
    let inbox = store.inbox();
    let id = exchange.id();
    for block in bytes.chunks(BLOCK) {
        eventually("room", || inbox.try_reserve(block.len()).then_some(()));
        inbox.body_block(id, Side::Origin, block.to_vec());
    }
    let (exchange, inbox_at_end, length) = (Arc::clone(exchange), Arc::clone(&inbox), bytes.len() as u64);
    inbox.body_end(
        id,
        Side::Origin,
        Box::new(move |outcome| {
            {
                let mut exchange = exchange.lock();
                exchange.response_body = Body { length, kept: length, complete: true, ..Body::default() };
                settle(&mut exchange.response_body, &outcome);
                exchange.summary.state = State::Done;
            }
            inbox_at_end.push(0, Event::Finished(exchange));
        }),
    );
}

fn read(reader: &Reader, exchange: &Exchange) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.body(exchange, Side::Origin).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_large_body_lies_in_a_file_named_by_its_hash() {
    let (_dir, path) = place();
    let store = open(&path);
    let bytes = content(5);
    record(&store, &samples::open(1), &bytes);
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let row = stored(&reader, 1);
    assert_eq!(row.response_body.place, BodyPlace::File(*blake3::hash(&bytes).as_bytes()));
    assert!(read(&reader, &row) == bytes);
    let mut body = reader.body(&row, Side::Origin).unwrap();
    body.seek(SeekFrom::End(-3)).unwrap();
    assert_eq!(io::read_to_string(body.take(0)).unwrap(), "");
    assert_eq!(files(&folder::tmp(&path)), 0);
}

#[test]
fn the_same_bytes_are_kept_once_and_the_budget_comes_back() {
    let (_dir, path) = place();
    let store = open(&path);
    let told = listen(&store);
    for id in 1..=3 {
        record(&store, &samples::open(id), &content(40));
    }
    eventually("all three", || (told.lock().unwrap().len() == 3).then_some(()));
    let all = super::settings().unsaved;
    assert!(store.inbox().try_reserve(all), "nothing waits for the disk any more");
    store.inbox().release(all);
    store.close().unwrap();
    let hash = blake3::hash(&content(40));
    assert_eq!(files(bodies::body_file(&path, hash.as_bytes()).parent().unwrap()), 1);
}

#[test]
fn inline_bodies_give_their_budget_back_at_the_commit() {
    let (_dir, path) = place();
    let store = open(&path);
    let exchange = live(samples::exchange(1));
    let BodyPlace::Inline(bytes) = exchange.lock().response_body.place.clone() else { panic!() };
    let all = super::settings().unsaved;
    assert!(store.inbox().try_reserve(bytes.len()));
    assert!(!store.inbox().try_reserve(all));
    super::finish(&store, &exchange);
    eventually("the budget", || store.inbox().try_reserve(all).then_some(()));
}

#[test]
fn a_body_is_readable_while_it_arrives() {
    let (_dir, path) = place();
    let store = open_early(&path);
    let reader = Reader::open(&path).unwrap();
    let exchange = samples::open(1);
    exchange.lock().response_body.place = BodyPlace::Arriving;
    store.inbox().push(0, Event::Opened(Arc::clone(&exchange)));
    let early = eventually("the early row", || reader.exchange(ExchangeId(1)).unwrap());
    let bytes = content(2);
    assert!(store.inbox().try_reserve(BLOCK));
    store.inbox().body_block(ExchangeId(1), Side::Origin, bytes[..BLOCK].to_vec());
    eventually("the first block", || {
        let mut arrived = Vec::new();
        reader.body(&early, Side::Origin).ok()?.read_to_end(&mut arrived).unwrap();
        (arrived == bytes[..BLOCK]).then_some(())
    });
    record(&store, &exchange, &bytes[BLOCK..]);
    eventually("the end", || (stored(&reader, 1).summary.state == State::Done).then_some(()));
    store.close().unwrap();
    assert!(read(&reader, &early) == bytes, "an old handle finds the new place");
}

#[test]
fn a_body_that_never_ends_is_kept_as_far_as_it_came() {
    let (_dir, path) = place();
    let store = open(&path);
    let exchange = samples::open(1);
    exchange.lock().response_body = Body { length: 9_000_000, place: BodyPlace::Arriving, ..Body::default() };
    store.inbox().push(0, Event::Opened(exchange));
    assert!(store.inbox().try_reserve(3));
    store.inbox().body_block(ExchangeId(1), Side::Origin, b"abc".to_vec());
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let row = stored(&reader, 1);
    assert_eq!((row.response_body.length, row.response_body.kept), (9_000_000, 3));
    assert_eq!((row.response_body.complete, row.response_body.truncated), (false, Some(Truncation::Disk)));
    assert_eq!(row.summary.flags.words().collect::<Vec<_>>(), ["truncated"]);
    assert_eq!(read(&reader, &row), b"abc");
}

#[test]
fn a_disk_that_fails_truncates_the_body_and_is_counted() {
    let (_dir, path) = place();
    let store = open(&path);
    fs::remove_dir_all(folder::tmp(&path)).unwrap();
    record(&store, &samples::open(1), &content(1));
    let reader = Reader::open(&path).unwrap();
    let row = eventually("the row", || reader.exchange(ExchangeId(1)).unwrap());
    assert_eq!((row.response_body.kept, row.response_body.truncated), (0, Some(Truncation::Disk)));
    let losses = store.inbox().losses();
    assert_eq!((losses.bodies, losses.bytes), (1, BLOCK as u64));
    assert!(store.close().is_err(), "the sweep finds its folder gone");
}

#[test]
fn a_body_taken_away_is_an_error_in_words() {
    let (_dir, path) = place();
    let store = open(&path);
    record(&store, &samples::open(1), &content(1));
    store.close().unwrap();
    fs::remove_file(bodies::body_file(&path, blake3::hash(&content(1)).as_bytes())).unwrap();
    let reader = Reader::open(&path).unwrap();
    let gone = reader.body(&stored(&reader, 1), Side::Origin);
    assert!(matches!(gone, Err(StoreError::BodyGone(_))));
}
