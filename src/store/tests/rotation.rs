//! A capture of many segments is read and written as one.

use super::super::{samples, segment};
use super::{all_of, eventually, finish, listen, live, place, search, settings, stored};
use crate::config;
use crate::exchange::{
    Connection, ConnectionId, Event, ExchangeId, Flags, Message, MessageFlags, MessageForm, Side, State,
};
use crate::query::Query;
use crate::store::writer::Rhythm;
use crate::store::{Reader, Search, Sql, Store, set_flag};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A store whose segments are as small as they may be: some 300 of the samples.
fn open_small(path: &Path) -> Store {
    open_with(path, &config::Capture { segment: 1 << 20, pack: false, ..settings() })
}

fn open_packing(path: &Path) -> Store {
    open_with(path, &config::Capture { segment: 1 << 20, ..settings() })
}

fn open_with(path: &Path, settings: &config::Capture) -> Store {
    let rhythm = Rhythm { seal: Duration::ZERO, ..Rhythm::default() };
    Store::open_with(path, settings, 2, rhythm).unwrap()
}

/// Records exchanges in order and waits for each hundred.
fn record(store: &Store, numbers: std::ops::RangeInclusive<u64>) {
    let told = listen(store);
    for id in numbers {
        finish(store, &live(samples::exchange(id)));
        if id.is_multiple_of(100) {
            eventually("the rows", || told.lock().unwrap().iter().any(|row| row.id.0 == id).then_some(()));
        }
    }
}

fn segments(path: &Path) -> Vec<String> {
    segment::list(path).unwrap().iter().map(ToString::to_string).collect()
}

fn ids(rows: &[crate::exchange::Summary]) -> Vec<u64> {
    rows.iter().map(|row| row.id.0).collect()
}

#[test]
fn many_segments_are_read_as_one_capture() {
    let (_dir, path) = place();
    let store = open_small(&path);
    let mut early = Reader::open(&path).unwrap();
    early.changed().unwrap();
    record(&store, 1..=1_500);
    assert!(
        early.changed().unwrap(),
        "whoever looked on before the first change of segments sees what came behind"
    );
    store.close().unwrap();
    assert!(segments(&path).len() >= 4, "{:?}", segments(&path));
    let late = Reader::open(&path).unwrap();
    for reader in [&early, &late] {
        assert_eq!(reader.count().unwrap(), 1_500);
        assert_eq!(ids(&reader.newest(1_500).unwrap()), (1..=1_500).rev().collect::<Vec<_>>());
        assert_eq!(ids(&reader.before(ExchangeId(900), 700).unwrap()), (200..900).rev().collect::<Vec<_>>());
        let (from, to) = (ExchangeId(250), ExchangeId(1_250));
        assert_eq!(ids(&reader.summaries(from, to).unwrap()), (250..=1_250).collect::<Vec<_>>());
        assert_eq!(reader.ids_after(ExchangeId(1_499), 9).unwrap(), [ExchangeId(1_500)]);
        assert_eq!(reader.standings(ExchangeId(100), 1_000).unwrap().len(), 1_000);
        for id in [1, 299, 300, 301, 777, 1_500] {
            assert_eq!(all_of(&stored(reader, id)), all_of(&samples::exchange(id)));
        }
        assert!(reader.exchange(ExchangeId(1_501)).unwrap().is_none());
        let filter = "path:/v2/accounts/ id:10..1400 header:session";
        assert_eq!(search(reader, filter), (10..=1_400).rev().collect::<Vec<_>>());
        assert_eq!(reader.sift(&Query::of(filter), &[5, 1_400, 10, 9_999]).unwrap(), [1_400, 10]);
    }
}

#[test]
fn a_long_search_goes_on_over_the_ends_of_segments() {
    let (_dir, path) = place();
    let store = open_small(&path);
    record(&store, 1..=1_000);
    store.close().unwrap();
    for below in [77, 300, 301, 1_000] {
        let mut search = Search::start(&path, &Query::of("id:1.."), Some(ExchangeId(below))).unwrap();
        assert_eq!(search.rest().unwrap(), (1..below).rev().collect::<Vec<_>>());
    }
}

#[test]
fn an_end_that_comes_late_is_written_where_the_exchange_began() {
    let (_dir, path) = place();
    let store = open_small(&path);
    let open = samples::open(2);
    store.inbox().push(0, Event::Opened(Arc::clone(&open)));
    record(&store, 3..=800);
    let reader = Reader::open(&path).unwrap();
    eventually("its early row", || reader.exchange(ExchangeId(2)).unwrap());
    assert_eq!(reader.under_way().unwrap(), [2]);
    *open.lock() = samples::exchange(2);
    finish(&store, &open);
    eventually("its end", || (stored(&reader, 2).summary.state == State::Done).then_some(()));
    drop(reader);
    store.close().unwrap();
    assert!(!path.join("000001.db-wal").exists());
    let first = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let states: i64 =
        first.query_row("SELECT state FROM exchange WHERE id = 2", [], |row| row.get(0)).unwrap();
    assert_eq!(states, 1);
    let whole: String = first.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}

#[test]
fn a_connection_that_lasts_is_known_in_every_segment_that_uses_it() {
    let (_dir, path) = place();
    let store = open_small(&path);
    let mut connection = Connection {
        id: ConnectionId(1),
        side: Side::Client,
        opened: 1,
        peer: None,
        local: None,
        tls: None,
        dialling: None,
        frames: Vec::new(),
    };
    store.inbox().push(0, Event::Connection(Box::new(connection.clone())));
    let told = listen(&store);
    for id in 1..=900 {
        let mut exchange = samples::exchange(id);
        exchange.client_connection = ConnectionId(1);
        finish(&store, &live(exchange));
        if id % 100 == 0 {
            eventually("the rows", || told.lock().unwrap().iter().any(|row| row.id.0 == id).then_some(()));
        }
    }
    let known = |name: &str| {
        let db = rusqlite::Connection::open(path.join(name)).unwrap();
        db.query_row("SELECT count(*) FROM connection WHERE id = 1", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((known("000001.db"), known("000002.db")), (1, 1));
    // What is told of it later is what is read, wherever its exchanges are.
    connection.peer = Some("127.0.0.9:9".parse().unwrap());
    store.inbox().push(0, Event::Connection(Box::new(connection.clone())));
    let reader = Reader::open(&path).unwrap();
    let read = || reader.connection(ConnectionId(1)).unwrap().filter(|read| *read == connection);
    eventually("the last word", read);
    store.close().unwrap();
    assert_eq!(open_small(&path).next_connection(), 2);
}

#[test]
fn marks_reach_every_segment_recorded_or_not() {
    let (_dir, path) = place();
    let store = open_small(&path);
    record(&store, 1..=800);
    let reader = Reader::open(&path).unwrap();
    let before = reader.marks_version().unwrap();
    let three = [ExchangeId(5), ExchangeId(400), ExchangeId(800)];
    store.inbox().flag(three.to_vec(), Flags::MARKED, true).unwrap();
    let marked = || -> Vec<u64> { search(&reader, "is:marked") };
    eventually("the marks", || (marked() == [800, 400, 5]).then_some(()));
    assert!(reader.marks_version().unwrap() > before);
    store.close().unwrap();
    set_flag(&path, &three[..2], Flags::MARKED, false).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(search(&reader, "is:marked"), [800]);
}

/// Waits until all but the last segment are packed.
fn packed(path: &Path) -> Vec<String> {
    eventually("the packing", || {
        let names = segments(path);
        let (_, before) = names.split_last()?;
        (before.len() >= 2 && before.iter().all(|name| name.ends_with(".1.db"))).then(|| names.clone())
    })
}

#[test]
fn packed_segments_are_read_as_if_they_were_not() {
    let (_dir, path) = place();
    let store = open_packing(&path);
    let (early, told) = (Reader::open(&path).unwrap(), listen(&store));
    let any: Vec<crate::exchange::Exchange> =
        (1..=1_200).map(|id| if id % 7 == 0 { samples::full(id) } else { samples::exchange(id) }).collect();
    for exchange in &any {
        finish(&store, &live(exchange.clone()));
        if exchange.summary.id.0 % 100 == 0 {
            eventually("the rows", || {
                told.lock().unwrap().iter().any(|row| row.id == exchange.summary.id).then_some(())
            });
        }
    }
    packed(&path);
    let files =
        || std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(
        !files().any(|name| name == "000001.db" || name.contains(".new")),
        "{:?}",
        files().collect::<Vec<_>>()
    );
    let late = Reader::open(&path).unwrap();
    for reader in [&early, &late] {
        for exchange in &any {
            assert_eq!(all_of(&stored(reader, exchange.summary.id.0)), all_of(exchange));
        }
        let search = |text: &str| search(reader, text);
        assert_eq!(search("body:\"\\\"id\\\":299,\""), [299], "in a packed body");
        assert_eq!(search("header:accounts/ id:1..1200").len(), 0, "not a start line");
        assert_eq!(search("header.cookie:session id:1..6"), [6, 5, 4, 3, 2, 1], "in a packed head");
    }
    // Marked though packed.
    store.inbox().flag(vec![ExchangeId(3), ExchangeId(1_200)], Flags::MARKED, true).unwrap();
    let marked = || search(&late, "is:marked");
    eventually("the marks", || (marked() == [1_200, 3]).then_some(()));
    store.close().unwrap();
    // Marking may have filled the last segment: its name is asked for anew.
    let names = segments(&path);
    for name in &names {
        let db = rusqlite::Connection::open(path.join(name)).unwrap();
        let whole: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        let listed: i64 = db.query_row("SELECT count(*) FROM exchanges", [], |row| row.get(0)).unwrap();
        assert!(
            whole == "ok" && (listed > 0 || Some(name) == names.last()),
            "{name}: any sqlite3 lists what is in it"
        );
    }
    let sizes: Vec<u64> = names.iter().map(|name| path.join(name).metadata().unwrap().len()).collect();
    // With two dictionaries in it, and a seventh of bytes that cannot be made smaller.
    assert!(sizes[0] * 2 < 1 << 20, "{sizes:?}");
}

#[test]
fn what_is_marked_while_a_segment_is_packed_stays_marked() {
    let (_dir, path) = place();
    let store = open_packing(&path);
    let told = listen(&store);
    for id in 1..=2_000_u64 {
        finish(&store, &live(samples::exchange(id)));
        if id.is_multiple_of(50) {
            eventually("the rows", || told.lock().unwrap().iter().any(|row| row.id.0 == id).then_some(()));
            store.inbox().flag(vec![ExchangeId(id / 2), ExchangeId(1)], Flags::MARKED, true).unwrap();
        }
    }
    packed(&path);
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let marked = search(&reader, "is:marked");
    let wanted: Vec<u64> = (1..=40).rev().map(|step| step * 25).chain([1]).collect();
    assert_eq!(marked, wanted);
}

#[test]
fn a_packed_capture_is_continued_and_what_was_not_packed_is_packed_then() {
    let (_dir, path) = place();
    let store = open_small(&path);
    record(&store, 1..=900);
    store.close().unwrap();
    assert!(segments(&path).iter().all(|name| !name.contains(".1.")));
    let store = open_packing(&path);
    packed(&path);
    assert_eq!(store.next_exchange(), 901);
    store.close().unwrap();
    assert_eq!(Reader::open(&path).unwrap().count().unwrap(), 900);
}

#[test]
fn a_capture_is_continued_where_it_was_even_if_its_last_segment_is_empty() {
    let (_dir, path) = place();
    let store = open_small(&path);
    record(&store, 1..=700);
    store.close().unwrap();
    let before = segments(&path);
    // Killed just after the next segment's file was made.
    std::fs::write(path.join(format!("{:06}.db", before.len() + 1)), "").unwrap();
    assert_eq!(Reader::open(&path).unwrap().count().unwrap(), 700);
    let store = open_small(&path);
    assert_eq!(store.next_exchange(), 701);
    record(&store, 701..=800);
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(ids(&reader.newest(2).unwrap()), [800, 799]);
    let uuids: std::collections::BTreeSet<Vec<u8>> = segments(&path)
        .iter()
        .map(|name| {
            let db = rusqlite::Connection::open(path.join(name)).unwrap();
            db.query_row("SELECT value FROM meta WHERE key = 'uuid'", [], |row| row.get(0)).unwrap()
        })
        .collect();
    assert_eq!(uuids.len(), 1, "one capture, one number");
}

/// A message said alone, read once it is written.
fn say(store: &Store, live: &crate::exchange::Live, payload: &[u8]) {
    let (id, first) = {
        let mut exchange = live.lock();
        exchange.summary.messages += 1;
        (exchange.summary.id, exchange.summary.messages - 1)
    };
    let message = Message {
        at: 1,
        side: Side::Origin,
        form: MessageForm::Text,
        wire: 9,
        length: payload.len() as u64,
        payload: payload.to_vec().into(),
        says: String::new(),
        flags: MessageFlags::default(),
    };
    assert!(store.inbox().try_reserve(payload.len()));
    store.inbox().push(0, Event::Messages { id, first, messages: vec![message] });
}

#[test]
fn segments_of_format_3_are_read_and_packed_beside_those_of_today() {
    let (_dir, path) = place();
    let store = open_small(&path);
    let (early, late) = (samples::open(2), samples::open(801));
    store.inbox().push(0, Event::Opened(Arc::clone(&early)));
    let reader = Reader::open(&path).unwrap();
    for text in [&b"one"[..], b"two"] {
        say(&store, &early, text);
        let number = early.lock().summary.messages - 1;
        eventually("its row", || reader.message(ExchangeId(2), number).unwrap());
    }
    finish(&store, &early);
    record(&store, 3..=800);
    store.inbox().push(0, Event::Opened(Arc::clone(&late)));
    for text in [&b"three"[..], b"four", b"five"] {
        say(&store, &late, text);
    }
    finish(&store, &late);
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.execute_batch("DROP VIEW messages; ALTER TABLE message DROP COLUMN run; PRAGMA user_version = 3;")
        .unwrap();
    drop(db);
    let texts = |reader: &Reader, id| -> Vec<Vec<u8>> {
        reader.all_messages(ExchangeId(id)).map(|found| found.unwrap().1.payload.to_vec()).collect()
    };
    let check = || {
        let reader = Reader::open(&path).unwrap();
        assert_eq!(texts(&reader, 2), [b"one", b"two"]);
        assert_eq!(texts(&reader, 801), [&b"three"[..], b"four", b"five"]);
        assert_eq!(reader.sift(&Query::of("ws:two"), &[2, 801]).unwrap(), [2]);
        assert_eq!(reader.sift(&Query::of("ws:four"), &[2, 801]).unwrap(), [801]);
        let mut told = Vec::new();
        let each = &mut |_: &[String], cells: &[crate::store::Cell<'_>]| {
            told.push(cells[0].as_str().unwrap().to_owned());
            true
        };
        Sql::open(&path).unwrap().run("SELECT text FROM messages ORDER BY exchange, number", each).unwrap();
        assert_eq!(told, ["one", "two", "three", "four", "five"]);
    };
    assert!(segments(&path).len() > 1);
    check();
    let packed = crate::store::pack(&path, &mut |_, _| {}).unwrap();
    assert!(packed.segments > 1, "{packed:?}");
    check();
}
