//! From the request head to the row: who sees what, and when.

use super::super::samples;
use super::{all_of, eventually, finish, listen, live, open, open_early, place, settings, stored};
use crate::config;
use crate::exchange::{Event, ExchangeId, State, Summary};
use crate::store::{Reader, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

fn ids(summaries: &[Summary]) -> Vec<u64> {
    summaries.iter().map(|summary| summary.id.0).collect()
}

#[test]
fn lists_page_both_ways() {
    let (_dir, path) = place();
    let store = open(&path);
    for id in [3, 1, 2, 5, 4] {
        finish(&store, &live(samples::exchange(id)));
    }
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(ids(&reader.newest(2).unwrap()), [5, 4]);
    assert_eq!(ids(&reader.before(ExchangeId(4), 2).unwrap()), [3, 2]);
    assert_eq!(ids(&reader.summaries(ExchangeId(2), ExchangeId(4)).unwrap()), [2, 3, 4]);
    assert_eq!(reader.ids_after(ExchangeId(3), 9).unwrap(), [ExchangeId(4), ExchangeId(5)]);
    assert_eq!(reader.count().unwrap(), 5);
    assert!(reader.exchange(ExchangeId(6)).unwrap().is_none());
}

#[test]
fn a_second_reader_follows_while_the_writer_writes() {
    let (_dir, path) = place();
    let store = open(&path);
    let mut reader = Reader::open(&path).unwrap();
    assert!(reader.changed().unwrap(), "the first look");
    assert!(!reader.changed().unwrap());
    for id in 1..=500 {
        finish(&store, &live(samples::exchange(id)));
        if id % 100 == 0 {
            eventually("the row", || (reader.newest(1).unwrap().first()?.id.0 == id).then_some(()));
            assert!(reader.changed().unwrap());
        }
    }
    assert_eq!(reader.count().unwrap(), 500);
    store.close().unwrap();
    assert_eq!(reader.count().unwrap(), 500, "and after the writer has gone");
}

#[test]
fn an_exchange_under_way_is_told_at_once_and_written_early() {
    let (_dir, path) = place();
    let store = open_early(&path);
    let reader = Reader::open(&path).unwrap();
    let told = listen(&store);
    let exchange = samples::open(1);
    store.inbox().push(0, Event::Opened(Arc::clone(&exchange)));
    let row = eventually("the early row", || reader.exchange(ExchangeId(1)).unwrap());
    assert_eq!((row.summary.state, row.heads.response_received), (State::Open, None));
    assert_eq!(told.lock().unwrap()[0].state, State::Open);

    exchange.lock().summary.status = Some(206);
    store.inbox().push(0, Event::Changed(Arc::clone(&exchange)));
    eventually("the change", || (stored(&reader, 1).summary.status == Some(206)).then_some(()));

    *exchange.lock() = samples::exchange(1);
    finish(&store, &exchange);
    eventually("the end", || (stored(&reader, 1).summary.state == State::Done).then_some(()));
    assert_eq!(all_of(&stored(&reader, 1)), all_of(&samples::exchange(1)));
    store.close().unwrap();
    assert_eq!(told.lock().unwrap().last().map(|row| row.state), Some(State::Done));
}

#[test]
fn begun_and_over_within_a_second_is_never_written_as_open() {
    let (_dir, path) = place();
    let store = open(&path);
    let reader = Reader::open(&path).unwrap();
    let told = listen(&store);
    let exchange = samples::open(1);
    store.inbox().push(0, Event::Opened(Arc::clone(&exchange)));
    eventually("the news", || (!told.lock().unwrap().is_empty()).then_some(()));
    assert_eq!(reader.count().unwrap(), 0, "nothing is written yet");
    *exchange.lock() = samples::exchange(1);
    finish(&store, &exchange);
    store.close().unwrap();
    let states: Vec<_> = told.lock().unwrap().iter().map(|row| row.state).collect();
    assert_eq!(states, [State::Open, State::Done]);
    assert_eq!(reader.count().unwrap(), 1);
}

#[test]
fn a_continued_capture_goes_on_counting() {
    let (_dir, path) = place();
    let store = open(&path);
    assert_eq!((store.next_exchange(), store.next_connection()), (1, 1));
    finish(&store, &live(samples::exchange(41)));
    store.close().unwrap();
    let store = open(&path);
    assert_eq!(store.next_exchange(), 42);
    finish(&store, &live(samples::exchange(42)));
    store.close().unwrap();
    assert_eq!(Reader::open(&path).unwrap().count().unwrap(), 2);
}

#[test]
fn what_is_open_when_the_recording_ends_is_aborted() {
    let (_dir, path) = place();
    let store = open(&path);
    store.inbox().push(1, Event::Opened(samples::open(1)));
    store.close().unwrap();
    let row = stored(&Reader::open(&path).unwrap(), 1);
    assert_eq!(row.summary.state, State::Aborted);
    assert!(row.heads.request_received.is_some());
}

#[test]
fn a_closed_capture_is_one_plain_file() {
    let (_dir, path) = place();
    let store = open(&path);
    finish(&store, &live(samples::exchange(1)));
    store.close().unwrap();
    let mut names: Vec<_> =
        path.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["000001.db", "bodies", "writer.lock"]);
}

#[test]
fn a_temporary_capture_is_gone_when_closed() {
    let store = Store::temporary(&super::settings(), 1).unwrap();
    let path = store.path().to_owned();
    finish(&store, &live(samples::exchange(1)));
    let reader = Reader::open(&path).unwrap();
    eventually("the row", || (reader.count().unwrap() == 1).then_some(()));
    store.close().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_stalled_disk_loses_only_what_finds_no_room_and_says_so() {
    let (_dir, path) = place();
    let store = open(&path);
    let inbox = store.inbox();
    let stall = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    stall.execute_batch("BEGIN IMMEDIATE").unwrap();
    finish(&store, &live(samples::exchange(1)));
    let trouble = eventually("the trouble", || inbox.losses().trouble);
    assert!(trouble.contains("locked"), "{trouble}");

    let exchange = live(samples::exchange(2));
    eventually("the bound", || {
        finish(&store, &exchange);
        (inbox.losses().records == 10).then_some(())
    });
    stall.execute_batch("ROLLBACK").unwrap();
    let reader = Reader::open(&path).unwrap();
    eventually("recovery", || (reader.lost().unwrap() == 10).then_some(()));
    assert_eq!(inbox.losses().trouble, None);
    assert_eq!(reader.count().unwrap(), 2);
    store.close().unwrap();
}

#[test]
fn an_exchange_under_way_can_be_read_before_its_row_is_written() {
    let (_dir, path) = place();
    let store = open(&path);
    let exchange = samples::open(1);
    store.inbox().push(0, Event::Opened(Arc::clone(&exchange)));
    eventually("the writer to hear of it", || store.inbox().live(ExchangeId(1)));
    exchange.lock().summary.status = Some(206);
    assert_eq!(store.inbox().live(ExchangeId(1)).unwrap().summary.status, Some(206));
    *exchange.lock() = samples::exchange(1);
    finish(&store, &exchange);
    eventually("its end", || store.inbox().live(ExchangeId(1)).is_none().then_some(()));
    store.close().unwrap();
    assert!(Reader::open(&path).unwrap().exchange(ExchangeId(1)).unwrap().is_some());
}

#[test]
fn what_a_disk_does_not_take_in_time_is_given_up_and_counted() {
    let (_dir, path) = place();
    let settings = config::Capture { close_timeout: Duration::from_millis(300), ..settings() };
    let store = Store::open(&path, &settings, 2).unwrap();
    let inbox = store.inbox();
    finish(&store, &live(samples::exchange(1)));
    eventually("the first row", || Reader::open(&path).unwrap().exchange(ExchangeId(1)).unwrap());
    // As if each write took for ever: nobody else may write meanwhile.
    let disk = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();
    for id in 2..=4 {
        finish(&store, &live(samples::exchange(id)));
    }
    let refusal = store.close().unwrap_err();
    assert!(matches!(refusal, StoreError::GaveUp { .. }), "{refusal}");
    assert!(refusal.to_string().contains("after 300 ms: the disk is too slow"), "{refusal}");
    assert_eq!(inbox.losses().records, 3);
    // It is not another's to record into before the last write has ended.
    assert!(matches!(Store::open(&path, &settings, 1).map(drop), Err(StoreError::Recorded { .. })));
    disk.execute_batch("ROLLBACK").unwrap();
    assert!(Reader::open(&path).unwrap().exchange(ExchangeId(1)).unwrap().is_some());
}
