//! What keeps a long capture whole: segments written anew under everybody's eyes, processes killed between two
//! steps, readers that stay, file systems of other machines.

use super::super::packing::{self, Keep};
use super::super::segment::{self, Name};
use super::super::segments::Segments;
use super::super::{bodies, mount, samples};
use super::bodies::record as record_body;
use super::{all_of, eventually, finish, listen, live, place, search, settings, stored};
use crate::config;
use crate::exchange::{Connection, ConnectionId, Event, ExchangeId, Flags, Side};
use crate::store::writer::Rhythm;
use crate::store::{Reader, Store, pack, set_flag};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

fn open(path: &Path, settings: &config::Capture) -> Store {
    open_to_rhythm(path, settings, Rhythm { seal: Duration::ZERO, ..Rhythm::default() })
}

fn open_to_rhythm(path: &Path, settings: &config::Capture, rhythm: Rhythm) -> Store {
    Store::open_with(path, settings, 2, rhythm).unwrap()
}

/// Segments as small as they may be: some 300 of the samples.
fn small() -> config::Capture {
    config::Capture { segment: 1 << 20, pack: false, ..settings() }
}

fn record(store: &Store, numbers: RangeInclusive<u64>) {
    let told = listen(store);
    for id in numbers {
        finish(store, &live(samples::exchange(id)));
        if id.is_multiple_of(100) {
            eventually("the rows", || told.lock().unwrap().iter().any(|row| row.id.0 == id).then_some(()));
        }
    }
}

fn captured(path: &Path, numbers: RangeInclusive<u64>) {
    let store = open(path, &small());
    record(&store, numbers);
    store.close().unwrap();
}

fn ids(reader: &Reader) -> Vec<u64> {
    reader.ids_after(ExchangeId(0), usize::MAX).unwrap().into_iter().map(|id| id.0).collect()
}

fn marked(reader: &Reader) -> Vec<u64> {
    search(reader, "is:marked")
}

fn connection(id: u64) -> Connection {
    Connection {
        id: ConnectionId(id),
        side: Side::Client,
        opened: 1,
        peer: None,
        local: None,
        tls: None,
        dialling: None,
        frames: Vec::new(),
    }
}

fn body(number: u8) -> Vec<u8> {
    vec![number; 300 * 1024]
}

fn body_file(path: &Path, number: u8) -> std::path::PathBuf {
    bodies::body_file(path, blake3::hash(&body(number)).as_bytes())
}

#[test]
fn no_more_goes_than_must_where_bodies_are_most_of_a_capture() {
    let (_dir, path) = place();
    let store = open(&path, &config::Capture { retain_bytes: 6 << 20, ..small() });
    let told = listen(&store);
    for number in 1..=60_u8 {
        record_body(&store, &samples::open(u64::from(number)), &body(number));
        eventually("its row", || {
            told.lock().unwrap().iter().any(|row| row.id.0 == u64::from(number)).then_some(())
        });
    }
    let left = || -> u64 { (1..=60).filter(|number| body_file(&path, *number).exists()).count() as u64 };
    let fits = |left: u64| left * (300 << 10) <= 6 << 20;
    eventually("the oldest to go", || fits(left()).then_some(()));
    store.close().unwrap();
    // 20 fit; a segment has three or four.
    assert!(left() >= 13, "only {} of 60 bodies stay", left());
    let reader = Reader::open(&path).unwrap();
    let there = ids(&reader);
    assert!(there.windows(2).all(|two| two[0] + 1 == two[1]) && there.ends_with(&[60]), "{there:?}");
    for id in there {
        let mut bytes = Vec::new();
        reader.body(&stored(&reader, id), Side::Origin).unwrap().read_to_end(&mut bytes).unwrap();
        assert!(bytes == body(u8::try_from(id).unwrap()), "{id}");
    }
}

#[test]
fn what_a_killed_process_left_of_bodies_goes_before_anything_else_does() {
    let (_dir, path) = place();
    captured(&path, 1..=400);
    let orphan = body_file(&path, 9);
    fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    fs::write(&orphan, vec![9; 8 << 20]).unwrap();
    let store = open(&path, &config::Capture { retain_bytes: 6 << 20, ..small() });
    eventually("the orphan to go", || (!orphan.exists()).then_some(()));
    store.close().unwrap();
    assert_eq!(ids(&Reader::open(&path).unwrap()).len(), 400);
}

#[test]
fn a_body_put_aside_by_a_process_that_was_killed_is_there_again() {
    let (_dir, path) = place();
    let store = open(&path, &small());
    record_body(&store, &samples::open(1), &body(1));
    store.close().unwrap();
    let file = body_file(&path, 1);
    fs::rename(&file, file.with_extension(bodies::LEAVING)).unwrap();
    open(&path, &small()).close().unwrap();
    let reader = Reader::open(&path).unwrap();
    let mut bytes = Vec::new();
    reader.body(&stored(&reader, 1), Side::Origin).unwrap().read_to_end(&mut bytes).unwrap();
    assert!(bytes == body(1));
}

#[test]
fn a_body_seen_again_while_its_last_row_goes_is_kept() {
    let (_dir, path) = place();
    let store = open(&path, &small());
    record_body(&store, &samples::open(1), &body(1));
    let reader = Reader::open(&path).unwrap();
    eventually("its row", || reader.exchange(ExchangeId(1)).unwrap());
    let exchange = samples::open(2);
    let (told, done) = std::sync::mpsc::channel();
    assert!(store.inbox().try_reserve(body(1).len()));
    store.inbox().body_whole(
        ExchangeId(2),
        Side::Origin,
        body(1),
        Box::new(move |end| told.send(end).unwrap()),
    );
    let hash = done.recv().unwrap().unwrap();
    // As retention does, which knows of no row that refers to it.
    fs::remove_file(body_file(&path, 1)).unwrap();
    {
        let mut exchange = exchange.lock();
        exchange.summary.state = crate::exchange::State::Done;
        exchange.response_body = crate::exchange::Body {
            length: 300 << 10,
            kept: 300 << 10,
            complete: true,
            place: crate::exchange::BodyPlace::File(hash),
            ..Default::default()
        };
    }
    finish(&store, &exchange);
    store.close().unwrap();
    let mut bytes = Vec::new();
    reader.body(&stored(&reader, 2), Side::Origin).unwrap().read_to_end(&mut bytes).unwrap();
    assert!(bytes == body(1));
}

#[test]
fn too_many_go_at_start_already_but_for_what_is_marked() {
    let (_dir, path) = place();
    captured(&path, 1..=1_500);
    set_flag(&path, &[ExchangeId(5), ExchangeId(1_499)], Flags::MARKED, true).unwrap();
    let store = open(&path, &config::Capture { retain_count: Some(300), ..small() });
    let reader = Reader::open(&path).unwrap();
    let left = eventually("the oldest to go", || {
        let left = ids(&reader);
        (left.len() < 800).then_some(left)
    });
    assert!(left.starts_with(&[5]) && left.ends_with(&[1_499, 1_500]) && left.len() > 300, "{left:?}");
    store.close().unwrap();
    // And once more: what stayed by its mark stays.
    let store = open(&path, &config::Capture { retain_count: Some(300), ..small() });
    record(&store, 1_501..=1_900);
    store.close().unwrap();
    assert_eq!(marked(&Reader::open(&path).unwrap()), [1_499, 5]);
}

#[test]
fn marks_made_and_taken_back_while_a_segment_is_thinned_out_count() {
    let (_dir, path) = place();
    let store = open(&path, &settings());
    for id in 1..=40 {
        store.inbox().push(0, Event::Connection(Box::new(connection(id))));
    }
    record(&store, 1..=100);
    store.close().unwrap();
    let mark = |id, on| set_flag(&path, &[ExchangeId(id)], Flags::MARKED, on).unwrap();
    mark(7, true);
    mark(8, true);
    let written = packing::write_anew(&path, Name::FIRST, Keep::Marked, &mut |_| true).ok().unwrap();
    assert_eq!(written.exchanges, 2);
    mark(7, false);
    mark(90, true);
    set_flag(&path, &[ExchangeId(50)], Flags::HIDDEN, true).unwrap();
    packing::replace(&path, Name::FIRST, Keep::Marked, &BTreeSet::from([7, 50, 90])).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(ids(&reader), [8, 90]);
    let used = stored(&reader, 90).client_connection;
    assert!(reader.connection(used).unwrap().is_some(), "what it went over is known");
    assert!(!Name::FIRST.file(&path).exists());
}

#[test]
fn connections_of_before_are_known_after_a_continuation_without_any() {
    let (_dir, path) = place();
    let store = open(&path, &small());
    store.inbox().push(0, Event::Connection(Box::new(connection(9))));
    record(&store, 1..=100);
    store.close().unwrap();
    captured(&path, 101..=900);
    assert!(segment::list(&path).unwrap().len() > 2);
    assert_eq!(Reader::open(&path).unwrap().connection(ConnectionId(9)).unwrap(), Some(connection(9)));
}

#[test]
fn a_segment_packed_between_reading_its_name_and_opening_it_is_read() {
    let (_dir, path) = place();
    captured(&path, 1..=900);
    let segments = Segments::open(&path).unwrap();
    pack(&path, &mut |_, _| {}).unwrap();
    let rows: i64 = segments
        .all()
        .iter()
        .map(|segment| {
            let db = segment.db(&path).unwrap().expect("it is there under another name");
            db.query_row("SELECT count(*) FROM exchange", [], |row| row.get::<_, i64>(0)).unwrap()
        })
        .sum();
    assert_eq!(rows, 900);
}

#[test]
fn what_was_written_by_half_to_a_packed_segment_is_taken_back_by_its_reader() {
    let (dir, path) = place();
    captured(&path, 1..=900);
    pack(&path, &mut |_, _| {}).unwrap();
    let name = segment::list(&path).unwrap()[0];
    // Killed in the middle of a transaction of which a part is on the disk.
    let db = rusqlite::Connection::open(name.file(&path)).unwrap();
    db.execute_batch("PRAGMA cache_size = 1; BEGIN; UPDATE exchange SET flags = 512; DELETE FROM payload;")
        .unwrap();
    let killed = dir.path().join("killed.hop");
    fs::create_dir(&killed).unwrap();
    for entry in fs::read_dir(&path).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), killed.join(entry.file_name())).unwrap();
    }
    drop(db);
    let journal = killed.join(format!("{name}-journal"));
    assert!(journal.metadata().unwrap().len() > 0, "there is something to take back");
    let reader = Reader::open(&killed).unwrap();
    assert_eq!(all_of(&stored(&reader, 2)), all_of(&samples::exchange(2)));
    assert_eq!(ids(&reader), (1..=900).collect::<Vec<_>>());
}

#[test]
fn a_segment_whose_making_was_cut_short_by_half_hides_no_other() {
    let (_dir, path) = place();
    captured(&path, 1..=700);
    let next = segment::list(&path).unwrap().last().unwrap().following();
    // What is left of the very first transaction: a page of which the journal says that it was not there.
    let elsewhere = path.join("elsewhere");
    let db = rusqlite::Connection::open(&elsewhere).unwrap();
    db.execute_batch(
        "PRAGMA cache_size = 1; BEGIN; CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(1 << 20));",
    )
    .unwrap();
    fs::copy(&elsewhere, next.file(&path)).unwrap();
    fs::copy(path.join("elsewhere-journal"), path.join(format!("{next}-journal"))).unwrap();
    drop(db);
    fs::remove_file(&elsewhere).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(ids(&reader), (1..=700).collect::<Vec<_>>());
    let store = open(&path, &small());
    assert_eq!(store.next_exchange(), 701);
    store.close().unwrap();
}

#[test]
fn files_of_others_in_the_folder_stay_and_what_belongs_to_no_segment_goes() {
    let (_dir, path) = place();
    captured(&path, 1..=10);
    let files =
        ["my.news.txt", "000001.db.note", "000009.db-wal", "000009.db-shm", "000001.1.db.new-journal"];
    for name in files {
        fs::write(path.join(name), "x").unwrap();
    }
    open(&path, &small()).close().unwrap();
    assert_eq!(files.map(|name| path.join(name).exists()), [true, true, false, false, false]);
}

/// Bytes of all logs together.
fn logs(path: &Path) -> u64 {
    let entries = fs::read_dir(path).unwrap().flatten();
    let logs = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with("-wal"));
    logs.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
}

#[test]
fn a_reader_that_holds_a_snapshot_bounds_neither_recording_nor_the_log() {
    let (_dir, path) = place();
    // As if the log were large at 1 MiB.
    let store = open_to_rhythm(
        &path,
        &config::Capture { pack: false, ..settings() },
        Rhythm { wal: 32, ..Rhythm::default() },
    );
    record(&store, 1..=100);
    let pinned = rusqlite::Connection::open(Name::FIRST.file(&path)).unwrap();
    pinned.execute_batch("BEGIN").unwrap();
    let seen = |db: &rusqlite::Connection| -> i64 {
        db.query_row("SELECT count(*) FROM exchange", [], |row| row.get(0)).unwrap()
    };
    let then = seen(&pinned);
    let mut largest = 0;
    for hundred in 1..60 {
        record(&store, hundred * 100 + 1..=hundred * 100 + 100);
        largest = largest.max(logs(&path));
    }
    assert!(largest < 10 << 20, "{largest} bytes of logs");
    assert!(segment::list(&path).unwrap().len() > 1, "the log was left to its reader");
    assert_eq!((seen(&pinned), store.inbox().losses().records), (then, 0));
    drop(pinned);
    store.close().unwrap();
    assert_eq!(ids(&Reader::open(&path).unwrap()), (1..=6_000).collect::<Vec<_>>());
    assert_eq!(logs(&path), 0);
}

#[test]
fn on_a_network_file_system_there_is_no_log_and_all_else_is_as_everywhere() {
    let (dir, path) = place();
    mount::pretend_remote(dir.path());
    let store = open(&path, &config::Capture { segment: 1 << 20, ..settings() });
    assert!(
        store.warnings().iter().any(|says| says.contains("network file system")),
        "{:?}",
        store.warnings()
    );
    let reader = Reader::open(&path).unwrap();
    for hundred in 0..9 {
        record(&store, hundred * 100 + 1..=hundred * 100 + 100);
        assert_eq!(logs(&path), 0);
        eventually("what another reads", || (reader.count().ok()? == hundred * 100 + 100).then_some(()));
    }
    store.inbox().flag(vec![ExchangeId(3)], Flags::MARKED, true).unwrap();
    eventually("the mark", || (marked(&reader) == [3]).then_some(()));
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(ids(&reader), (1..=900).collect::<Vec<_>>());
    let store = open(&path, &small());
    assert_eq!(store.next_exchange(), 901);
    store.close().unwrap();
}

#[test]
fn sql_says_which_exchanges_it_does_not_see() {
    let (_dir, path) = place();
    let store = open(&path, &small());
    store.inbox().push(0, Event::Connection(Box::new(connection(1))));
    record(&store, 1..=4_500);
    store.close().unwrap();
    let names = segment::list(&path).unwrap();
    assert!(names.len() > 12, "{names:?}");
    let sql = crate::store::Sql::open_with(&path, 10).unwrap();
    let left_out = sql.left_out().unwrap();
    assert_eq!(left_out.segments, names.len() as u64 - 11);
    let mut found = Vec::new();
    let asked = "SELECT min(id), count(*) FROM exchange; SELECT count(*), 0 FROM connection JOIN handshake";
    sql.run(asked, &mut |_, cells| {
        found.extend(cells.iter().map(|cell| cell.as_i64().unwrap()));
        true
    })
    .unwrap();
    let below = i64::try_from(left_out.below).unwrap();
    assert_eq!(found, [below, 4_501 - below, 0, 0]);
}

#[test]
fn sql_sees_as_many_segments_as_sqlite_takes() {
    let (_dir, path) = place();
    // What was packed gets nothing more: each goes into a segment of its own.
    for id in 1..=128 {
        let store = open(&path, &small());
        store.inbox().push(0, Event::Connection(Box::new(connection(id))));
        store.inbox().push(0, Event::Finished(live(samples::exchange(id))));
        store.close().unwrap();
        crate::store::pack(&path, &mut |_, _| {}).unwrap();
    }
    let sql = crate::store::Sql::open(&path).unwrap();
    let left_out = sql.left_out().unwrap();
    assert_eq!((left_out.segments, left_out.below, left_out.seen), (2, 3, 126));
    let asked = "SELECT count(*) FROM exchanges; SELECT count(*) FROM connection;
         SELECT max(e.id) FROM exchange e JOIN payload p USING (id) LEFT JOIN handshake h ON h.connection = p.client_connection;
         SELECT id FROM exchanges ORDER BY id DESC LIMIT 2; SELECT count(*) FROM heads WHERE request_received LIKE '%HTTP/1.1%'";
    let mut found = Vec::new();
    sql.run(asked, &mut |_, cells| {
        found.push(cells[0].as_i64().unwrap());
        true
    })
    .unwrap();
    // The samples' first connections go on in every segment, and are told of once.
    assert_eq!(found, [126, 128, 128, 128, 127, 126]);
}
