//! Captures of an older format: read as they are, continued in the newest.

use super::super::{samples, schema};
use super::{finish, live, open, place, search, stored};
use crate::exchange::{
    Connection, ConnectionId, Event, ExchangeId, Flags, Message, MessageFlags, MessageForm, Note, Side,
    State, TlsFacts,
};
use crate::store::{Reader, set_flag, set_note};
use std::fs;
use std::io::Read as _;
use std::path::Path;

fn make(path: &Path) {
    make_of(path, include_str!("format_1.sql"));
}

fn make_of(path: &Path, sql: &str) {
    fs::create_dir(path).unwrap();
    fs::write(path.join("writer.lock"), "").unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.execute_batch(sql).unwrap();
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
    let found = search(reader, "");
    assert!(found.ends_with(&[2, 1]), "{found:?}");
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
fn format_2_is_read_as_it_is_and_continued_with_its_messages() {
    let (_dir, path) = place();
    make_of(&path, include_str!("format_2.sql"));
    let before = fs::read(path.join("000001.db")).unwrap();
    let check = |reader: &Reader| {
        let exchange = stored(reader, 1);
        assert_eq!((exchange.summary.messages, exchange.frames.len()), (1, 1));
        let said = reader.messages(ExchangeId(1), 0..9, 9).unwrap();
        assert_eq!(said.iter().map(|one| &one.message.payload[..]).collect::<Vec<_>>(), [b"hello"]);
        assert_eq!(reader.connection(ConnectionId(1)).unwrap().unwrap().frames.len(), 1);
        assert_eq!(search(reader, "ws:hello"), [1]);
        assert_eq!(search(reader, "host:old.test status:200"), [1]);
    };
    let reader = Reader::open(&path).unwrap();
    check(&reader);
    assert_eq!(fs::read(path.join("000001.db")).unwrap(), before, "reading changes nothing");
    let store = open(&path);
    assert_eq!(store.next_exchange(), 3);
    finish(&store, &live(samples::exchange(3)));
    store.close().unwrap();
    for reader in [&reader, &Reader::open(&path).unwrap()] {
        check(reader);
        assert_eq!(super::all_of(&stored(reader, 3)), super::all_of(&samples::exchange(3)));
    }
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let format: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(format, schema::FORMAT);
}

#[test]
fn both_ways_to_the_newest_format_have_the_same_tables() {
    let upgraded = |sql| {
        let (dir, path) = place();
        make_of(&path, sql);
        open(&path).close().unwrap();
        (rusqlite::Connection::open(path.join("000001.db")).unwrap(), dir)
    };
    let made = rusqlite::Connection::open_in_memory().unwrap();
    schema::prepare(&made, Path::new("memory"), &schema::Birth::default()).unwrap();
    let columns = |db: &rusqlite::Connection| -> Vec<String> {
        let sql = "SELECT m.name || '.' || c.name || ' ' || c.type FROM sqlite_schema m, pragma_table_info(m.name) c \
                   ORDER BY m.name, c.cid";
        let mut statement = db.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for sql in [include_str!("format_1.sql"), include_str!("format_2.sql")] {
        assert_eq!(columns(&upgraded(sql).0), columns(&made));
    }
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
        "DROP TABLE tunnel; DROP TABLE ocsp; DROP TABLE handshake; DROP TABLE dialling; DROP TABLE segment; DROP TABLE dictionary;
         DROP INDEX exchange_failed; DROP INDEX payload_request_file; DROP INDEX payload_response_file;
         DROP VIEW exchanges; DROP VIEW heads; DROP VIEW bodies; DROP VIEW edits; DROP VIEW messages; DROP VIEW frames;
         ALTER TABLE payload DROP COLUMN packed_heads; ALTER TABLE payload DROP COLUMN packed_bodies;
         ALTER TABLE message DROP COLUMN run;
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

/// Makes of a segment what format 3 wrote.
const LIKE_3: &str =
    "DROP TABLE tunnel; DROP TABLE ocsp; DROP VIEW messages; ALTER TABLE message DROP COLUMN run;
     CREATE VIEW messages AS SELECT id, says FROM message;
     UPDATE meta SET value = 3 WHERE key = 'format'; PRAGMA user_version = 3;";

#[test]
fn format_3_has_a_row_for_each_message_and_is_continued() {
    let (_dir, path) = place();
    let message = |payload: &'static [u8]| Message {
        at: 5,
        side: Side::Client,
        form: MessageForm::Text,
        wire: 9,
        length: payload.len() as u64,
        payload: payload.into(),
        says: String::new(),
        flags: MessageFlags::default(),
    };
    let said = |store: &crate::store::Store, id: u64, messages: Vec<Message>| {
        let live = live(samples::exchange(id));
        live.lock().summary.messages = messages.len() as u64;
        for message in &messages {
            assert!(store.inbox().try_reserve(message.payload.len()));
        }
        store.inbox().push(0, Event::Messages { id: ExchangeId(id), first: 0, messages });
        finish(store, &live);
    };
    let store = open(&path);
    said(&store, 1, vec![message(b"alone")]);
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.execute_batch(LIKE_3).unwrap();
    drop(db);
    let of = |reader: &Reader, id| -> Vec<Vec<u8>> {
        let found = reader.messages(ExchangeId(id), 0..9, 9).unwrap();
        found.iter().map(|found| found.message.payload.to_vec()).collect()
    };
    let before = Reader::open(&path).unwrap();
    assert_eq!(of(&before, 1), [b"alone"]);
    let store = open(&path);
    said(&store, 2, vec![message(b"both"), message(b"together")]);
    store.close().unwrap();
    for reader in [&before, &Reader::open(&path).unwrap()] {
        assert_eq!(of(reader, 1), [b"alone"]);
        assert_eq!(of(reader, 2), [&b"both"[..], b"together"]);
    }
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let number = |sql| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((number("PRAGMA user_version"), number("SELECT count(*) FROM messages")), (schema::FORMAT, 3));
}

#[test]
fn format_3_knows_nothing_of_tunnels_and_is_continued() {
    let (_dir, path) = place();
    let store = open(&path);
    finish(&store, &live(samples::full(1)));
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.execute_batch(LIKE_3).unwrap();
    drop(db);
    assert_eq!(stored(&Reader::open(&path).unwrap(), 1).tunnelled, None);
    let store = open(&path);
    finish(&store, &live(samples::full(2)));
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(stored(&reader, 1).tunnelled, None);
    assert_eq!(stored(&reader, 2).tunnelled, samples::full(2).tunnelled);
}

#[test]
fn a_capture_without_a_table_for_notes_gets_one_with_the_first() {
    for (sql, format) in
        [(include_str!("format_1.sql"), 1), (include_str!("format_2.sql"), 2), ("", schema::FORMAT)]
    {
        let (_dir, path) = place();
        if sql.is_empty() {
            let store = open(&path);
            finish(&store, &live(samples::exchange(1)));
            store.close().unwrap();
            let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
            db.execute_batch("DROP VIEW exchanges; DROP TABLE note").unwrap();
        } else {
            make_of(&path, sql);
        }
        let reader = Reader::open(&path).unwrap();
        assert_eq!(search(&reader, "note:*"), Vec::<u64>::new());
        assert_eq!(search(&reader, "nowhere"), Vec::<u64>::new());
        set_note(&path, ExchangeId(1), None).unwrap();
        set_note(&path, ExchangeId(1), Note::new("an old one #kept")).unwrap();
        // Whoever had it open sees it too.
        for reader in [&reader, &Reader::open(&path).unwrap()] {
            assert_eq!(stored(reader, 1).summary.note, Note::new("an old one #kept"), "format {format}");
            assert_eq!(search(reader, "tag:kept an old"), [1]);
        }
        let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
        let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, format, "a note alone changes no format");
        drop((db, reader));
        // Written anew in the newest format, it is still there.
        crate::store::pack(&path, &mut |_, _| {}).unwrap();
        assert_eq!(stored(&Reader::open(&path).unwrap(), 1).summary.note, Note::new("an old one #kept"));
    }
}
