//! Messages within exchanges: readable while they come, by window, bounded.

use super::super::inbox::Inbox;
use super::super::samples;
use super::{eventually, finish, listen, open, place, stored};
use crate::config::Pressure;
use crate::exchange::{Event, ExchangeId, Live, Message, MessageFlags, MessageForm, Side, State};
use crate::query::Query;
use crate::store::{GLANCE, Numbered, Reader, Seek, Sought, Store};
use std::sync::{Arc, mpsc};

const SOCKET: ExchangeId = ExchangeId(4);

fn message(at: u64, payload: &[u8]) -> Message {
    let mut flags = MessageFlags::COMPRESSED;
    flags.add(MessageFlags::FRAGMENTED);
    let (side, form) = if at.is_multiple_of(2) {
        (Side::Client, MessageForm::Text)
    } else {
        (Side::Origin, MessageForm::Binary)
    };
    let length = payload.len() as u64;
    let payload = payload.to_vec().into();
    Message { at, side, form, wire: length + 6, length, payload, says: format!("says {at}"), flags }
}

/// Hands messages over as the recorder does.
fn say(store: &Store, live: &Arc<Live>, messages: Vec<Message>) {
    let (id, first) = {
        let mut exchange = live.lock();
        let first = exchange.summary.messages;
        exchange.summary.messages += messages.len() as u64;
        (exchange.summary.id, first)
    };
    for message in &messages {
        assert!(store.inbox().try_reserve(message.payload.len()));
    }
    store.inbox().push(0, Event::Messages { id, first, messages });
}

fn begun(store: &Store, id: ExchangeId) -> Arc<Live> {
    let live = samples::open(id.0);
    store.inbox().push(0, Event::Opened(Arc::clone(&live)));
    live
}

fn numbers(found: &[Numbered]) -> Vec<u64> {
    found.iter().map(|numbered| numbered.number).collect()
}

#[test]
fn a_filter_looks_through_messages() {
    let (_dir, path) = place();
    let store = open(&path);
    let live = begun(&store, SOCKET);
    say(&store, &live, vec![message(0, b"hello needle"), message(1, b"hay")]);
    finish(&store, &live);
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let found = |text: &str| reader.sift(&Query::of(text), &[SOCKET.0]).unwrap();
    assert_eq!(found("ws:needle"), [SOCKET.0]);
    assert_eq!(found("ws:haystack"), [0; 0]);
}

#[test]
fn each_can_be_read_while_the_exchange_is_open() {
    let (_dir, path) = place();
    let store = open(&path);
    let reader = Reader::open(&path).unwrap();
    let told = listen(&store);
    let live = begun(&store, SOCKET);
    for number in 0..5_u64 {
        say(&store, &live, vec![message(number, format!("m{number}").as_bytes())]);
        let found = eventually("the message", || reader.message(SOCKET, number).unwrap());
        assert_eq!(found.message, message(number, format!("m{number}").as_bytes()));
        let row = eventually("its exchange", || reader.summaries(SOCKET, SOCKET).unwrap().pop());
        assert_eq!((row.state, row.messages), (State::Open, number + 1));
        assert_eq!(reader.message_count(SOCKET).unwrap(), number + 1);
    }
    eventually("the count on the list", || (told.lock().unwrap().last()?.messages == 5).then_some(()));
    *live.lock() = samples::exchange(SOCKET.0);
    live.lock().summary.messages = 5;
    finish(&store, &live);
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!((stored(&reader, 4).summary.state, stored(&reader, 4).summary.messages), (State::Done, 5));
    assert_eq!(reader.message_count(SOCKET).unwrap(), 5);
}

#[test]
fn a_window_of_many_is_read_by_key_and_neighbours_stay_apart() {
    let (_dir, path) = place();
    let store = open(&path);
    for id in [3, 4, 5] {
        let live = begun(&store, ExchangeId(id));
        say(&store, &live, (0..3000).map(|at| message(at, &id.to_le_bytes())).collect());
    }
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let window = reader.messages(SOCKET, 1490..1495, 99).unwrap();
    assert_eq!(numbers(&window), [1490, 1491, 1492, 1493, 1494]);
    assert!(window.iter().all(|numbered| numbered.message.payload[..] == 4_u64.to_le_bytes()));
    assert_eq!(numbers(&reader.messages(SOCKET, 2998..9999, 99).unwrap()), [2998, 2999]);
    assert_eq!(numbers(&reader.messages(SOCKET, 0..9999, 2).unwrap()), [0, 1]);
    assert!(reader.messages(ExchangeId(6), 0..9, 9).unwrap().is_empty());
    assert!(reader.messages(ExchangeId(u64::MAX), 0..u64::MAX, 9).unwrap().is_empty());
    assert_eq!(reader.message_count(SOCKET).unwrap(), 3000);
    let plan = "EXPLAIN QUERY PLAN SELECT id FROM message WHERE id BETWEEN 1 AND 2 ORDER BY id DESC LIMIT 1";
    let plan: String = reader.of_newest(|db| db.query_row(plan, [], |row| row.get(3))).unwrap();
    assert!(plan.starts_with("SEARCH message USING INTEGER PRIMARY KEY"), "{plan}");
}

#[test]
fn a_window_holds_no_more_than_the_beginning_of_a_payload() {
    let (_dir, path) = place();
    let store = open(&path);
    let live = begun(&store, SOCKET);
    let long: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    let messages = vec![message(0, &long), message(1, b""), message(2, &long[..GLANCE])];
    say(&store, &live, messages);
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let window = reader.messages(SOCKET, 0..9, 9).unwrap();
    let sizes: Vec<_> = window.iter().map(|found| (found.message.payload.len(), found.kept)).collect();
    assert_eq!(sizes, [(GLANCE, 1_000_000), (0, 0), (GLANCE, GLANCE as u64)]);
    assert_eq!(window[0].message.payload[..], long[..GLANCE]);
    assert_eq!(reader.message(SOCKET, 0).unwrap().unwrap().message.payload[..], long);
}

#[test]
fn a_text_is_found_both_ways_a_stretch_at_a_time() {
    let (_dir, path) = place();
    let store = open(&path);
    let live = begun(&store, SOCKET);
    let payload = |at: u64| if at == 700 { &b"needle"[..] } else { b"hay" };
    say(&store, &live, (0..1000).map(|at| message(at, payload(at))).collect());
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let sought = |from, forward, limit, text: &'static [u8]| {
        let holds = |bytes: &[u8]| memchr::memmem::find(bytes, text).is_some();
        reader.find_message(SOCKET, &Seek { from, forward, limit, holds: &holds }).unwrap()
    };
    assert_eq!(sought(0, true, 500, b"needle"), Sought::GoOn(500));
    assert_eq!(sought(500, true, 500, b"needle"), Sought::Found(700));
    assert_eq!(sought(701, true, 500, b"needle"), Sought::Nowhere);
    assert_eq!(sought(999, false, 100, b"needle"), Sought::GoOn(899));
    assert_eq!(sought(899, false, 500, b"needle"), Sought::Found(700));
    assert_eq!(sought(0, true, 9999, b"says 12"), Sought::Found(12), "what it says is looked through too");
    assert_eq!(sought(0, false, 1, b"needle"), Sought::Nowhere);
}

#[test]
fn a_stalled_writer_holds_no_messages_without_bound_and_counts_the_rest() {
    let inbox = Inbox::new(1, Pressure::Drop, 1 << 20, mpsc::channel().0);
    let mut handed = 0;
    for number in 0..2_000_000_u64 {
        assert!(inbox.try_reserve(10));
        inbox.push(
            0,
            Event::Messages { id: SOCKET, first: number, messages: vec![message(0, b"0123456789")] },
        );
        handed += 1;
        if inbox.losses().messages > 1000 {
            break;
        }
    }
    let kept = inbox.swap().events.len() as u64;
    assert_eq!(kept + inbox.losses().messages, handed);
    assert!(inbox.losses().messages > 1000 && kept < 100_000, "{kept} in memory");
}

#[test]
fn written_payloads_make_room_for_others() {
    let (_dir, path) = place();
    let mut settings = super::settings();
    settings.unsaved = 100_000;
    let store = Store::open(&path, &settings, 1).unwrap();
    let live = begun(&store, SOCKET);
    for number in 0..50 {
        let large = vec![b'x'; 60_000];
        eventually("room", || store.inbox().try_reserve(large.len()).then_some(()));
        store.inbox().release(large.len());
        say(&store, &live, vec![message(number, &large)]);
    }
    store.close().unwrap();
    assert_eq!(Reader::open(&path).unwrap().message_count(SOCKET).unwrap(), 50);
}

/// Messages of all sizes: two beyond the size that shares a row, some empty.
fn mixed(count: u64) -> Vec<Message> {
    let size = |at: u64| match at {
        100 => 40_000,
        400 => 17_000,
        _ => usize::try_from(at % 7 * 200).unwrap(),
    };
    let payload = |at: u64| [format!("<{at}>").as_bytes(), &vec![b'x'; size(at)]].concat();
    let one = |at: u64| if at.is_multiple_of(50) { message(at, b"") } else { message(at, &payload(at)) };
    (0..count).map(one).collect()
}

#[test]
fn what_comes_together_shares_rows_and_reads_as_if_each_had_its_own() {
    let (_dir, path) = place();
    let store = open(&path);
    let live = begun(&store, SOCKET);
    let all = mixed(600);
    say(&store, &live, all.clone());
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let rows: u64 = reader
        .of_newest(|db| db.query_row("SELECT count(*) FROM message", [], |row| row.get::<_, i64>(0)))
        .unwrap()
        .unsigned_abs();
    assert!((5..40).contains(&rows), "{rows} rows");
    assert_eq!(reader.message_count(SOCKET).unwrap(), 600);
    for (number, message) in (0..).zip(&all) {
        let found = reader.message(SOCKET, number).unwrap().unwrap();
        assert_eq!((found.number, &found.message), (number, message));
        assert_eq!(found.kept, message.payload.len() as u64);
        let window = reader.messages(SOCKET, number..number + 3, 2).unwrap();
        let expected: Vec<u64> = (number..600).take(2).collect();
        assert_eq!(numbers(&window), expected);
        let start = message.payload.get(..GLANCE).unwrap_or(&message.payload);
        assert_eq!(window[0].message, Message { payload: start.to_vec().into(), ..message.clone() });
        assert_eq!(window[0].kept, message.payload.len() as u64);
    }
    assert!(
        reader.message(SOCKET, 600).unwrap().is_none() && reader.message(ExchangeId(3), 0).unwrap().is_none()
    );
    let whole: Vec<_> = reader.all_messages(SOCKET).map(|found| found.unwrap().1).collect();
    assert_eq!(whole, all);
}

#[test]
fn a_search_goes_over_the_ends_of_rows_and_begins_within_them() {
    let (_dir, path) = place();
    let store = open(&path);
    let live = begun(&store, SOCKET);
    say(&store, &live, mixed(600));
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    for (from, forward) in [(0, true), (333, true), (599, false), (270, false)] {
        for limit in [1, 7, 100, 1000] {
            let (mut next, mut looked_at) = (from, Vec::new());
            while let Some(begin) = Some(next).filter(|_| looked_at.len() < 601) {
                let seen = std::cell::RefCell::new(Vec::new());
                let holds = |bytes: &[u8]| {
                    let says = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_prefix("says "));
                    seen.borrow_mut().extend(says.and_then(|number| number.parse::<u64>().ok()));
                    false
                };
                let found = reader
                    .find_message(SOCKET, &Seek { from: begin, forward, limit, holds: &holds })
                    .unwrap();
                assert!(seen.borrow().len() <= limit);
                looked_at.append(&mut seen.borrow_mut());
                match found {
                    Sought::GoOn(on) => next = on,
                    _ => break,
                }
            }
            let expected: Vec<u64> = if forward { (from..600).collect() } else { (0..=from).rev().collect() };
            assert_eq!(looked_at, expected, "from {from}, {limit} at a time");
        }
    }
}

#[test]
fn a_gap_ends_a_row() {
    let (_dir, path) = place();
    let store = open(&path);
    let live = begun(&store, SOCKET);
    say(&store, &live, mixed(3));
    live.lock().summary.messages += 2;
    say(&store, &live, mixed(3));
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(numbers(&reader.messages(SOCKET, 0..9, 9).unwrap()), [0, 1, 2, 5, 6, 7]);
    assert_eq!(numbers(&reader.messages(SOCKET, 3..9, 2).unwrap()), [5, 6]);
    assert!(reader.message(SOCKET, 4).unwrap().is_none());
    assert_eq!(reader.message_count(SOCKET).unwrap(), 8);
}

#[test]
fn plain_sqlite_finds_those_of_a_row_by_their_exchange() {
    let (_dir, path) = place();
    let store = open(&path);
    for id in [3, 4, 5] {
        let live = begun(&store, ExchangeId(id));
        say(&store, &live, mixed(120));
    }
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let of_4 = "FROM messages WHERE id BETWEEN 4 << 32 AND (5 << 32) - 1";
    let told: Vec<String> = db
        .prepare(&format!(
            "SELECT exchange || ' ' || number || ' ' || side || ' ' || form || ' ' || says || ' ' || length || ' ' || \
             text {of_4} ORDER BY number"
        ))
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let expected = |(number, message): (u64, Message)| {
        let (side, form, says) = (message.side.as_str(), message.form.as_str(), message.says);
        let text = String::from_utf8(message.payload.to_vec()).unwrap();
        format!("4 {number} {side} {form} {says} {} {text}", message.length)
    };
    assert_eq!(told, (0..).zip(mixed(120)).map(expected).collect::<Vec<_>>());
    let plan: Vec<String> = db
        .prepare(&format!("EXPLAIN QUERY PLAN SELECT * {of_4}"))
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(!plan.iter().any(|line| line.starts_with("SCAN m")), "{plan:?}");
}

#[test]
fn plain_sqlite_shows_them_in_words() {
    let (_dir, path) = place();
    let store = open(&path);
    let live = begun(&store, SOCKET);
    say(&store, &live, vec![message(1500, b"hello"), message(2001, b"\x00\x01")]);
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let sql = "SELECT exchange || ' ' || number || ' ' || at_ms || ' ' || side || ' ' || form || ' ' || text \
               FROM messages WHERE id BETWEEN 4 << 32 AND (5 << 32) - 1";
    let text: String = db.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(text, "4 0 1.5 client text hello");
}
