//! Questions in SQL: the documented ones, by the programs that people have, and by `hopscope sql` over a capture of
//! several segments, packed and plain.

use crate::support::{Sandbox, repository};
use bytes::Bytes;
use hopscope::config::Capture;
use hopscope::exchange::{ConnectionId, Side};
use hopscope::recorder::{BodyTee, Recorder};
use hopscope::store::{Store, pack};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::task::{Context, Waker};
use std::time::Instant;

/// Exchanges recorded; each tenth was answered with 503.
const COUNT: u64 = 900;

fn record(path: &Path, numbers: std::ops::RangeInclusive<u64>) {
    let settings = Capture { segment: 1 << 20, pack: false, ..Capture::default() };
    let store = Store::open(path, &settings, 1).unwrap();
    let recorder = Recorder::new(store.inbox(), store.next_exchange(), store.next_connection(), &settings);
    for number in numbers {
        one(&recorder, number);
        if number.is_multiple_of(100) {
            // Not more than the buffers take while a test machine is busy; and segments are begun between swaps.
            let reader = hopscope::store::Reader::open(path).unwrap();
            while reader.newest(1).unwrap().first().is_none_or(|row| row.id.0 < number) {
                std::thread::yield_now();
            }
        }
    }
    store.close().unwrap();
}

fn one(recorder: &Recorder, number: u64) {
    let recording = recorder.begin(Instant::now(), "127.0.0.1:50000", ConnectionId(1));
    recording.note(|exchange| {
        "GET".clone_into(&mut exchange.summary.method);
        "shop.test".clone_into(&mut exchange.summary.host);
        exchange.summary.path = format!("/orders/{number}");
        exchange.summary.status = Some(if number.is_multiple_of(10) { 503 } else { 200 });
        exchange.heads.request_received = Some(
            format!("GET /orders/{number} HTTP/1.1\r\nHost: shop.test\r\nX-Number: {number}\r\n\r\n").into(),
        );
        exchange.heads.response_received =
            Some(Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"));
    });
    let mut tee = BodyTee::new(recording.clone(), Side::Origin);
    let body = format!("{{\"order\":{number},\"note\":\"{}\"}}", "x".repeat(2_000));
    let mut context = Context::from_waker(Waker::noop());
    assert!(tee.poll_copy(&mut context, body.as_bytes()).is_ready());
    assert!(tee.poll_complete(&mut context, &None).is_ready());
    recording.complete();
}

/// A capture of several segments, all but the last ones packed.
fn captured(sandbox: &Sandbox) -> std::path::PathBuf {
    let path = sandbox.path("big.hop");
    record(&path, 1..=COUNT / 2);
    pack(&path, &mut |_, _| {}).unwrap();
    record(&path, COUNT / 2 + 1..=COUNT);
    let segments = fs::read_dir(&path)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "db"));
    assert!(segments.count() >= 3);
    path
}

fn sql(sandbox: &Sandbox, path: &Path, text: &str) -> String {
    let ran = sandbox.run(&["sql", "-c", path.to_str().unwrap(), text]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{text}");
    ran.stdout
}

#[test]
fn sql_sees_one_capture_packed_or_not() {
    let sandbox = Sandbox::new();
    let path = captured(&sandbox);
    let ask = |text: &str| sql(&sandbox, &path, text);
    assert_eq!(
        ask("SELECT count(*) AS n, min(id) AS a, max(id) AS b FROM exchanges"),
        format!("n\ta\tb\n{COUNT}\t1\t{COUNT}\n")
    );
    assert_eq!(ask("SELECT count(*) AS n FROM exchanges WHERE status = 503"), format!("n\n{}\n", COUNT / 10));
    for id in [3, COUNT - 3] {
        assert_eq!(
            ask(&format!("SELECT header(request_received, 'x-number') AS n FROM payload WHERE id = {id}")),
            format!("n\n{id}\n")
        );
        let text = ask(&format!(
            "SELECT json_extract(body_text(response_body, response_received), '$.order') AS n FROM payload WHERE id = {id}"
        ));
        assert_eq!(text, format!("n\n{id}\n"));
        assert!(
            ask(&format!("SELECT request_received FROM heads WHERE id = {id}"))
                .contains(&format!("X-Number: {id}"))
        );
        assert!(
            ask(&format!("SELECT text FROM bodies WHERE side = 'origin' AND id = {id}"))
                .contains(&format!("\"order\":{id}"))
        );
    }
    let found = ask(&format!(
        "SELECT p.id AS n FROM payload p, json_each(headers_json(p.request_received)) f WHERE f.value ->> 1 = '{}'",
        COUNT - 1
    ));
    assert_eq!(found, format!("n\n{}\n", COUNT - 1));
    let json = sandbox.run(&[
        "sql",
        "--json",
        "-c",
        path.to_str().unwrap(),
        "SELECT id, NULL AS missing, 1.5 AS real FROM exchanges WHERE id = 2",
    ]);
    assert_eq!(json.stdout, "{\"id\":2,\"missing\":null,\"real\":1.5}\n");
}

#[test]
fn nothing_can_be_written_and_what_is_wrong_is_said() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("small.hop");
    record(&path, 1..=3);
    for (text, says) in [
        ("DELETE FROM main.exchange", "SQLite says: attempt to write a readonly database"),
        ("SELECT nowhere FROM exchanges", "no such column: nowhere"),
    ] {
        let ran = sandbox.run(&["sql", "-c", path.to_str().unwrap(), text]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(5), ""), "{text}");
        assert!(ran.stderr.contains(says), "{text}: {}", ran.stderr);
    }
    assert_eq!(sql(&sandbox, &path, "SELECT count(*) AS n FROM exchanges"), "n\n3\n");
}

/// The commands of the README that begin so, made for this capture.
fn documented(begins: &str, path: &Path) -> Vec<String> {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let lines = readme.lines().map(str::trim).filter(|line| line.starts_with(begins));
    let found: Vec<String> = lines.map(|line| line.replace("NAME.hop", path.to_str().unwrap())).collect();
    assert!(!found.is_empty(), "README.md has no line {begins}");
    found
}

fn shell(sandbox: &Sandbox, command: &str) -> String {
    let ran = sandbox.command("sh").args(["-c", command]).output().unwrap();
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        eprintln!("SKIPPED: {program} is not installed");
    }
    there
}

#[test]
fn the_documented_questions_are_answered_by_sqlite3_and_python() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("plain.hop");
    record(&path, 1..=30);
    if has("sqlite3") {
        for command in documented("sqlite3 ", &path) {
            let answer = shell(&sandbox, &command);
            assert!(answer.contains("30|GET|http://shop.test/orders/30|503"), "{command}: {answer}");
        }
    }
    if has("python3") {
        for command in documented("python3 -c 'import sqlite3", &path) {
            let answer = shell(&sandbox, &command);
            assert!(answer.contains("(30, 'GET', 'http://shop.test/orders/30', 503)"), "{command}: {answer}");
        }
    }
}

#[test]
fn the_documented_questions_of_ours() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("ours.hop");
    record(&path, 1..=30);
    for command in documented("hopscope sql ", &path) {
        let binary = sandbox.hopscope(&[]).get_program().to_str().unwrap().to_owned();
        let command = command.replacen("hopscope sql", &format!("{binary} sql -c {}", path.display()), 1);
        assert!(shell(&sandbox, &command).lines().count() >= 2, "{command}");
    }
}

#[test]
fn packing_says_what_it_came_to() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("big.hop");
    record(&path, 1..=600);
    let ran = sandbox.run(&["captures", "pack", path.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(" before, ") && ran.stderr.contains(" now"), "{}", ran.stderr);
    let again = sandbox.run(&["captures", "pack", path.to_str().unwrap()]);
    assert!(again.stderr.contains("all is packed already"), "{}", again.stderr);
    let shown = sandbox.run(&[
        "show",
        "600",
        "-c",
        path.to_str().unwrap(),
        "--part",
        "body",
        "--message",
        "response",
    ]);
    assert!(shown.stdout.starts_with("{\"order\":600,"), "{}", shown.stdout);
    let listed = sandbox.run(&[
        "ls",
        "-c",
        path.to_str().unwrap(),
        "body:\"\\\"order\\\":77,\"",
        "header.x-number:77",
    ]);
    assert_eq!(listed.stdout.lines().count(), 1, "{}", listed.stdout);
    let absent = sandbox.run(&["captures", "pack", sandbox.path("no.hop").to_str().unwrap()]);
    assert_eq!(absent.code, Some(5));
}
