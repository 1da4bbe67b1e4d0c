//! Marks of a person: kept over every later writing of the row, whoever sets them.

use super::super::samples;
use super::{eventually, finish, live, open, open_early, place, search, stored};
use crate::exchange::{Event, ExchangeId, Flags, Note, Summary};
use crate::query::Query;
use crate::store::control::{Control, Reply, Request};
use crate::store::{Reader, Store, StoreError, set_flag, set_note};
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
        Request::Note { id, text } => {
            inbox.note(ExchangeId(id), Note::new(&text)).unwrap();
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

fn note(reader: &Reader, id: u64) -> Option<String> {
    let (row, whole) =
        (reader.summaries(ExchangeId(id), ExchangeId(id)).unwrap(), stored(reader, id).summary);
    assert_eq!(row[0].note, whole.note);
    assert_eq!(whole.flags.has(Flags::NOTED), whole.note.is_some());
    whole.note.map(|note| note.as_str().to_owned())
}

#[test]
fn a_note_outlives_the_end_of_its_exchange_and_packing() {
    let (_dir, path) = place();
    let store = open_early(&path);
    let reader = Reader::open(&path).unwrap();
    let exchange = samples::open(1);
    store.inbox().push(0, Event::Opened(Arc::clone(&exchange)));
    eventually("the early row", || reader.exchange(ExchangeId(1)).unwrap());
    let control = serve(&store);
    set_note(&path, ExchangeId(1), Note::new("why\nso slow?")).unwrap();
    // Read once: what is read twice may be written between.
    eventually("the note", || stored(&reader, 1).summary.note);
    assert_eq!(note(&reader, 1).as_deref(), Some("why so slow?"));
    assert_eq!(exchange.lock().summary.note, Note::new("why so slow?"), "what is under way knows of it");
    finish(&store, &exchange);
    finish(&store, &live(samples::exchange(2)));
    drop((reader, control));
    store.close().unwrap();
    crate::store::pack(&path, &mut |_, _| {}).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!((note(&reader, 1).as_deref(), note(&reader, 2)), (Some("why so slow?"), None));
    for (filter, found) in [
        ("note:slow", &[1][..]),
        ("note:*", &[1]),
        ("is:noted", &[1]),
        ("-is:noted", &[2]),
        ("-note:slow", &[2]),
        ("so slow?", &[1]),
        ("note:Slow", &[]),
        ("tag:*", &[]),
        ("id:1.. note~/so.*/ or id:2", &[2, 1]),
    ] {
        assert_eq!(search(&reader, filter), found, "{filter}");
        assert_eq!(reader.sift(&Query::of(filter), &[2, 1, 9]).unwrap(), found, "{filter}");
    }
    // Nobody records now.
    set_note(&path, ExchangeId(1), Note::new("fixed #done")).unwrap();
    assert_eq!(note(&reader, 1).as_deref(), Some("fixed #done"));
    assert_eq!(search(&reader, "tag:done"), [1]);
    set_note(&path, ExchangeId(1), None).unwrap();
    assert_eq!(note(&reader, 1), None);
    assert_eq!(search(&reader, "done"), Vec::<u64>::new());
}

#[test]
fn listeners_are_told_of_notes_and_a_number_that_nobody_knows_gets_none() {
    let (_dir, path) = place();
    let store = open(&path);
    let told = Arc::<Mutex<Vec<Summary>>>::default();
    let keep = Arc::clone(&told);
    store.subscribe_marks(Box::new(move |rows| keep.lock().unwrap().extend_from_slice(rows)));
    finish(&store, &live(samples::exchange(1)));
    store.inbox().note(ExchangeId(99), Note::new("nowhere")).unwrap();
    store.inbox().note(ExchangeId(1), Note::new("here")).unwrap();
    eventually("the note", || {
        told.lock()
            .unwrap()
            .iter()
            .find(|row| row.note == Note::new("here"))
            .map(|row| assert_eq!(row.id.0, 1))
    });
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let notes: i64 = db.query_row("SELECT count(*) FROM note", [], |row| row.get(0)).unwrap();
    let shown: String =
        db.query_row("SELECT note FROM exchanges WHERE id = 1", [], |row| row.get(0)).unwrap();
    assert_eq!((notes, shown.as_str()), (1, "here"));
}
