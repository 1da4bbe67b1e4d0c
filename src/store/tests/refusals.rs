//! What is no capture, not ours, not whole or not private, said in words.

use super::super::{samples, schema, segment};
use super::{finish, live, open, place, settings};
use crate::store::{Reader, Store, StoreError};
use std::fs;
use std::path::Path;

fn refusal(path: &Path) -> StoreError {
    Store::open(path, &settings(), 1).map(|_| ()).unwrap_err()
}

#[test]
fn things_that_are_no_capture_are_left_alone() {
    let (dir, path) = place();
    fs::write(&path, "notes").unwrap();
    assert!(matches!(refusal(&path), StoreError::NotACapture { .. }));
    assert!(matches!(refusal(dir.path()), StoreError::NotACapture { .. }), "a folder with other files");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(matches!(Reader::open(&dir.path().join("none")), Err(StoreError::Absent(_))));
    assert!(matches!(Reader::open(dir.path()), Err(StoreError::NotACapture { .. })));
}

#[test]
fn a_damaged_database_is_said_to_be_so_and_not_written_over() {
    let (_dir, path) = place();
    fs::create_dir(&path).unwrap();
    let garbage = "this is not a database ".repeat(500);
    fs::write(path.join("000001.db"), &garbage).unwrap();
    assert!(matches!(refusal(&path), StoreError::Unreadable { .. }));
    assert!(matches!(Reader::open(&path), Err(StoreError::Unreadable { .. })));
    assert_eq!(fs::read_to_string(path.join("000001.db")).unwrap(), garbage);
}

#[test]
fn a_database_damaged_behind_its_head_is_an_error_at_the_read() {
    let (_dir, path) = place();
    let store = open(&path);
    for id in 1..300 {
        finish(&store, &live(samples::exchange(id)));
    }
    store.close().unwrap();
    let file = path.join("000001.db");
    let mut bytes = fs::read(&file).unwrap();
    let length = bytes.len();
    bytes[length / 3..].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let damaged = (1..300).any(|id| match Reader::open(&path) {
        Ok(reader) => reader.exchange(crate::exchange::ExchangeId(id)).is_err(),
        Err(error) => matches!(error, StoreError::Unreadable { .. }),
    });
    assert!(damaged);
}

#[test]
fn another_program_s_database_is_no_capture() {
    let (_dir, path) = place();
    fs::create_dir(&path).unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.execute_batch("CREATE TABLE t(a); PRAGMA user_version = 1;").unwrap();
    assert!(matches!(refusal(&path), StoreError::NotACapture { .. }));
    assert!(matches!(Reader::open(&path), Err(StoreError::NotACapture { .. })));
}

#[test]
fn a_newer_format_asks_for_a_newer_hopscope() {
    let (_dir, path) = place();
    open(&path).close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    db.pragma_update(None, "user_version", schema::FORMAT + 1).unwrap();
    drop(db);
    assert!(matches!(refusal(&path), StoreError::Newer { .. }));
    let error = Reader::open(&path).unwrap_err().to_string();
    let format = format!("format {}", schema::FORMAT + 1);
    assert!(error.contains(&format) && error.contains("newer hopscope"), "{error}");
}

#[test]
fn a_capture_is_recorded_by_one_at_a_time() {
    let (_dir, path) = place();
    let store = open(&path);
    let error = refusal(&path);
    assert!(
        matches!(error, StoreError::Recorded { pid: Some(pid), .. } if pid == std::process::id()),
        "{error}"
    );
    store.close().unwrap();
    open(&path).close().unwrap();
}

#[test]
fn a_making_cut_short_is_taken_up() {
    let (_dir, path) = place();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("writer.lock"), "").unwrap();
    fs::write(path.join("000001.db"), "").unwrap();
    assert!(Reader::open(&path).is_err());
    open(&path).close().unwrap();
    assert_eq!(Reader::open(&path).unwrap().count().unwrap(), 0);
}

#[test]
fn a_path_with_the_marks_of_a_uri_opens_immutable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("100%20 ?x=1#y.hop");
    open(&path).close().unwrap();
    assert!(segment::open(&path, &path.join("000001.db"), true).is_ok());
}

#[cfg(unix)]
#[test]
fn an_existing_folder_that_others_may_enter_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = place();
    let store = open(&path);
    assert!(store.warnings().is_empty());
    store.close().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let store = open(&path);
    assert_eq!(store.warnings().len(), 1);
    assert!(store.warnings()[0].contains("chmod 700"), "{:?}", store.warnings());
}
