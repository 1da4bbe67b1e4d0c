//! Marks of a person: kept over every later writing of the row, whoever sets them.

use super::super::samples;
use super::{eventually, finish, live, open, open_early, place, search, stored};
use crate::exchange::{Event, ExchangeId, Flags, Summary};
use crate::query::Query;
use crate::store::control::{Control, Reply, Request};
use crate::store::{Reader, Store, StoreError, set_flag};
use std::sync::{Arc, Mutex};

fn flags(reader: &Reader, id: u64) -> Flags {
    stored(reader, id).summary.flags
}

fn marked(reader: &Reader, id: u64) -> Option<()> {
    flags(reader, id).has(Flags::MARKED).then_some(())
}

fn serve(store: &Store) -> Control {
    let inbox = store.inbox();
    let answer = move |request| match request {
        Request::Flag { ids, flag, on } => {
            inbox.flag(ids.into_iter().map(ExchangeId).collect(), Flags(flag), on).unwrap();
            Reply::Done
        }
        _ => Reply::Error { says: "not asked for here".to_owned() },
    };
    Control::serve(store.path(), Box::new(answer)).unwrap()
}

#[test]
fn a_mark_outlives_the_end_of_its_exchange_and_a_restart() {
    let (_dir, path) = place();
    let store = open_early(&path);
    let reader = Reader::open(&path).unwrap();
    let exchange = samples::open(1);
    store.inbox().push(0, Event::Opened(Arc::clone(&exchange)));
    eventually("the early row", || reader.exchange(ExchangeId(1)).unwrap());
    store.inbox().flag(vec![ExchangeId(1)], Flags::MARKED, true).unwrap();
    eventually("the mark", || marked(&reader, 1));
    // The recorder ends it: what it knows of the exchange is written over the row.
    exchange.lock().summary.status = Some(200);
    exchange.lock().summary.flags.add(Flags::RETRIED);
    store.inbox().push(1, Event::Finished(exchange));
    eventually("the end", || flags(&reader, 1).has(Flags::RETRIED).then_some(()));
    assert_eq!(flags(&reader, 1), Flags(Flags::MARKED.0 | Flags::RETRIED.0));
    drop(reader);
    store.close().unwrap();
    open(&path).close().unwrap();
    assert!(flags(&Reader::open(&path).unwrap(), 1).has(Flags::MARKED));
}

#[test]
fn a_mark_on_what_is_not_written_yet_comes_with_its_row() {
    let (_dir, path) = place();
    let store = open(&path);
    let exchange = samples::open(1);
    store.inbox().push(0, Event::Opened(Arc::clone(&exchange)));
    store.inbox().flag(vec![ExchangeId(1), ExchangeId(99)], Flags::HIDDEN, true).unwrap();
    finish(&store, &exchange);
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert!(flags(&reader, 1).has(Flags::HIDDEN));
    assert_eq!(reader.count().unwrap(), 1, "a number that nobody knows makes no row");
}

#[test]
fn marks_are_told_apart_from_traffic() {
    let (_dir, path) = place();
    let store = open(&path);
    let (rows, told) = (super::listen(&store), Arc::<Mutex<Vec<Summary>>>::default());
    let keep = Arc::clone(&told);
    store.subscribe_marks(Box::new(move |rows| keep.lock().unwrap().extend_from_slice(rows)));
    finish(&store, &live(samples::exchange(1)));
    eventually("the row", || rows.lock().unwrap().first().map(|_| ()));
    store.inbox().flag(vec![ExchangeId(1)], Flags::MARKED, true).unwrap();
    eventually("the mark", || {
        told.lock().unwrap().first().cloned().filter(|row| row.flags.has(Flags::MARKED))
    });
    store.inbox().flag(vec![ExchangeId(1)], Flags::MARKED, false).unwrap();
    eventually("its end", || {
        told.lock().unwrap().last().cloned().filter(|row| !row.flags.has(Flags::MARKED))
    });
    store.close().unwrap();
    assert_eq!(rows.lock().unwrap().len(), 1);
}

#[test]
fn more_marks_than_a_swap_takes_are_all_written() {
    let (_dir, path) = place();
    let store = open(&path);
    let ids: Vec<_> = (1..=10_000).map(ExchangeId).collect();
    for id in &ids {
        finish(&store, &live(samples::exchange(id.0)));
    }
    store.inbox().flag(ids, Flags::HIDDEN, true).unwrap();
    store.close().unwrap();
    let standings = Reader::open(&path).unwrap().standings(ExchangeId(0), usize::MAX).unwrap();
    assert_eq!(standings.len(), 10_000);
    assert!(standings.iter().all(|row| row.flags.has(Flags::HIDDEN)));
}

#[test]
fn another_process_marks_through_the_one_that_records() {
    let (_dir, path) = place();
    let store = open(&path);
    let _control = serve(&store);
    for id in 1..=3 {
        finish(&store, &live(samples::exchange(id)));
    }
    let reader = Reader::open(&path).unwrap();
    let before = reader.marks_version().unwrap();
    eventually("the rows", || (reader.count().unwrap() == 3).then_some(()));
    set_flag(&path, &[ExchangeId(1), ExchangeId(3)], Flags::MARKED, true).unwrap();
    eventually("the marks", || marked(&reader, 1).and(marked(&reader, 3)));
    assert_eq!(flags(&reader, 2), Flags::default());
    assert!(reader.marks_version().unwrap() > before);
    store.close().unwrap();
}

#[test]
fn where_nobody_records_the_capture_is_written_and_let_go() {
    let (_dir, path) = place();
    let store = open(&path);
    finish(&store, &live(samples::exchange(1)));
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    set_flag(&path, &[ExchangeId(1)], Flags::HIDDEN, true).unwrap();
    assert!(flags(&reader, 1).has(Flags::HIDDEN));
    set_flag(&path, &[ExchangeId(1)], Flags::HIDDEN, false).unwrap();
    assert_eq!(flags(&reader, 1), Flags::default());
    drop(reader);
    open(&path).close().unwrap();
    let nowhere = path.join("nowhere");
    assert!(matches!(set_flag(&nowhere, &[], Flags::HIDDEN, true), Ok(())));
    assert!(matches!(set_flag(&nowhere, &[ExchangeId(1)], Flags::HIDDEN, true), Err(StoreError::Absent(_))));
}

#[test]
fn a_search_goes_newest_first_and_a_sieve_keeps_the_order() {
    let (_dir, path) = place();
    let store = open(&path);
    for id in 1..=120 {
        finish(&store, &live(samples::exchange(id)));
    }
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    // The samples' hosts are api-N.example.com, N from 0 to 49.
    let query = Query::of("api-7.example");
    assert_eq!(search(&reader, "api-7.example"), [107, 57, 7]);
    assert_eq!(reader.sift(&query, &[7, 8, 57, 9999]).unwrap(), [7, 57]);
    let all: Vec<u64> =
        reader.newest(200).unwrap().iter().filter(|row| query.matches(row)).map(|row| row.id.0).collect();
    assert_eq!(all, [107, 57, 7]);
}
