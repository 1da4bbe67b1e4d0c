//! Captures of an older format: read as they are, continued in the newest.

use super::super::{samples, schema};
use super::{finish, live, open, place, stored};
use crate::exchange::{Connection, ConnectionId, Event, ExchangeId, Flags, Side, State, TlsFacts};
use crate::query::Query;
use crate::store::{Reader, set_flag};
use std::fs;
use std::io::Read as _;
use std::path::Path;

fn make(path: &Path) {
    fs::create_dir(path).unwrap();
    fs::write(path.join("writer.lock"), "").unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.execute_batch(include_str!("format_1.sql")).unwrap();
}

fn check(reader: &Reader) {
    let exchange = stored(reader, 1);
    assert_eq!((exchange.summary.host.as_str(), exchange.summary.status), ("old.test", Some(200)));
    assert_eq!((exchange.summary.messages, exchange.frames.len()), (0, 0));
    assert_eq!(exchange.request_edits.len(), 1);
    let mut body = String::new();
    reader.body(&exchange, Side::Origin).unwrap().read_to_string(&mut body).unwrap();
    assert_eq!(body, "hello");
    assert_eq!(reader.summaries(ExchangeId(1), ExchangeId(2)).unwrap().len(), 2);
    assert!(reader.connection(ConnectionId(1)).unwrap().unwrap().frames.is_empty());
    assert_eq!(reader.message_count(ExchangeId(1)).unwrap(), 0);
    assert!(reader.messages(ExchangeId(1), 0..9, 9).unwrap().is_empty());
    let found = reader.search(&Query::default(), None, 9).unwrap();
    assert!(found.ids.ends_with(&[2, 1]), "{:?}", found.ids);
}

#[test]
fn format_1_is_read_as_it_is() {
    let (_dir, path) = place();
    make(&path);
    let before = fs::read(path.join("000001.db")).unwrap();
    check(&Reader::open(&path).unwrap());
    set_flag(&path, &[ExchangeId(1)], Flags::MARKED, true).unwrap();
    assert!(stored(&Reader::open(&path).unwrap(), 1).summary.flags.has(Flags::MARKED));
    set_flag(&path, &[ExchangeId(1)], Flags::MARKED, false).unwrap();
    let version = |bytes: &[u8]| bytes[60..64].to_vec();
    assert_eq!(
        version(&fs::read(path.join("000001.db")).unwrap()),
        version(&before),
        "reading changes nothing"
    );
}

#[test]
fn format_1_is_brought_up_to_date_when_it_is_continued_under_the_eyes_of_a_reader() {
    let (_dir, path) = place();
    make(&path);
    let reader = Reader::open(&path).unwrap();
    check(&reader);
    let store = open(&path);
    assert_eq!(store.next_exchange(), 3);
    let mut exchange = samples::full(3);
    exchange.summary.messages = 7;
    finish(&store, &live(exchange.clone()));
    store.close().unwrap();
    check(&reader);
    assert_eq!(stored(&reader, 2).summary.state, State::Aborted, "what was killed under way has ended");
    let fresh = Reader::open(&path).unwrap();
    check(&fresh);
    for reader in [&reader, &fresh] {
        assert_eq!(super::all_of(&stored(reader, 3)), super::all_of(&exchange));
    }
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let number = |sql| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("PRAGMA user_version"), schema::FORMAT);
    assert_eq!(number("SELECT value FROM meta WHERE key = 'format'"), schema::FORMAT);
    assert_eq!(number("SELECT count(*) FROM messages"), 0);
    assert_eq!(number("SELECT messages FROM exchanges WHERE id = 3"), 7);
    assert_eq!(number("SELECT count(*) FROM frames"), i64::try_from(exchange.frames.len()).unwrap());
    assert_eq!(number("SELECT count(*) FROM cause WHERE says = 'an old word'"), 0);
}

#[test]
fn both_ways_to_the_newest_format_have_the_same_tables() {
    let (_dir, path) = place();
    make(&path);
    open(&path).close().unwrap();
    let upgraded = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let made = rusqlite::Connection::open_in_memory().unwrap();
    schema::prepare(&made, Path::new("memory"), &schema::Birth::default()).unwrap();
    let columns = |db: &rusqlite::Connection| -> Vec<String> {
        let sql = "SELECT m.name || '.' || c.name || ' ' || c.type FROM sqlite_schema m, pragma_table_info(m.name) c \
                   ORDER BY m.name, c.cid";
        let mut statement = db.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(columns(&upgraded), columns(&made));
}

#[test]
fn format_2_knows_less_of_tls_and_is_continued() {
    let (_dir, path) = place();
    let store = open(&path);
    let tls = TlsFacts { version: "TLSv1.3".to_owned(), took: Some(7), ..TlsFacts::default() };
    let connection = |id| Connection {
        id: ConnectionId(id),
        side: Side::Origin,
        opened: 1,
        peer: None,
        local: None,
        tls: Some(tls.clone()),
        dialling: None,
        frames: Vec::new(),
    };
    store.inbox().push(0, Event::Connection(Box::new(connection(1))));
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.execute_batch(
        "DROP TABLE handshake; DROP TABLE dialling; DROP TABLE segment; DROP TABLE dictionary;
         DROP INDEX exchange_failed; DROP INDEX payload_request_file; DROP INDEX payload_response_file;
         DROP VIEW exchanges; DROP VIEW heads; DROP VIEW bodies; DROP VIEW edits; DROP VIEW messages; DROP VIEW frames;
         ALTER TABLE payload DROP COLUMN packed_heads; ALTER TABLE payload DROP COLUMN packed_bodies;
         UPDATE meta SET value = 2 WHERE key = 'format'; PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(db);
    let took = |id| {
        let read = Reader::open(&path).unwrap().connection(ConnectionId(id)).unwrap();
        read.unwrap().tls.map(|tls| (tls.version, tls.took))
    };
    assert_eq!(took(1), Some(("TLSv1.3".to_owned(), None)));
    let store = open(&path);
    store.inbox().push(0, Event::Connection(Box::new(connection(2))));
    store.close().unwrap();
    assert_eq!(
        (took(1), took(2)),
        (Some(("TLSv1.3".to_owned(), None)), Some(("TLSv1.3".to_owned(), Some(7))))
    );
}
