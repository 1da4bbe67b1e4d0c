//! `hopscope note`: written where nobody records and through who does, shown and found wherever exchanges are.

use super::proxying::serve;
use crate::support::Sandbox;
use crate::support::capture::{exchange, record};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use serde_json::Value;

#[test]
fn a_note_is_written_found_passed_on_and_taken_away() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("bug.hop");
    let answered = |id| {
        let request = "GET /a HTTP/1.1\r\nHost: h.test\r\n\r\n";
        (exchange(id, (request, b""), ("HTTP/1.1 200 OK\r\n\r\n", b"")), Vec::new())
    };
    record(&path, vec![answered(1), answered(2)]);
    let path = path.to_str().unwrap();
    let run = |words: &[&str]| {
        let ran = sandbox.run(&[words, &["-c", path]].concat());
        assert_eq!(ran.code, Some(0), "{words:?}: {}", ran.stderr);
        (ran.stdout, ran.stderr)
    };
    assert_eq!(run(&["note", "2", "slow", "-x", "since noon,", "#todo"]).1, "#2: noted\n");
    assert_eq!(run(&["note", "2"]).0, "slow -x since noon, #todo\n");
    assert_eq!(run(&["note", "1"]).0, "");
    for filter in ["note:slow", "tag:todo", "is:noted", "~comment noon", "NOON or noon,"] {
        let listed = run(&["ls", filter]).0;
        assert!(
            listed.starts_with("     2 ") && listed.ends_with("; slow -x since noon, #todo\n"),
            "{filter}: {listed}"
        );
    }
    let row: Value = serde_json::from_str(&run(&["ls", "--json", "id:2"]).0).unwrap();
    assert_eq!(
        (&row["note"], &row["flags"]),
        (&"slow -x since noon, #todo".into(), &serde_json::json!(["noted"]))
    );
    assert!(run(&["show", "2"]).0.contains("\n  note      slow -x since noon, #todo\n"));
    assert!(run(&["export", "2", "--to", "markdown"]).0.contains("\n> slow -x since noon, #todo\n"));
    assert!(
        run(&["sql", "SELECT note FROM exchanges WHERE note IS NOT NULL"])
            .0
            .ends_with("\nslow -x since noon, #todo\n")
    );
    for (form, file) in [("har", "a.har"), ("json", "a.jsonl"), ("capture", "a.hop")] {
        run(&["export", "2", "--to", form, "-o", file]);
        let again = if form == "capture" { "./a.hop" } else { "./again.hop" };
        if form != "capture" {
            assert_eq!(sandbox.run(&["import", file, "-c", again]).code, Some(0));
        }
        let listed = sandbox.run(&["ls", "tag:todo", "--json", "-c", again]).stdout;
        assert!(listed.contains("\"note\":\"slow -x since noon, #todo\""), "{form}: {listed}");
        let _ = std::fs::remove_dir_all(sandbox.path("again.hop"));
    }
    assert_eq!(run(&["note", "2", "slow\nno more"]).1, "#2: noted, in the place of another\n");
    assert_eq!(run(&["note", "2", ""]).1, "#2: the note is gone\n");
    assert_eq!(run(&["note", "2", ""]).1, "#2: there was no note\n");
    assert!(run(&["ls", "is:noted"]).1.starts_with("0 of 2 exchanges match"));
}

#[test]
fn what_cannot_be_noted_is_said() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("bug.hop");
    record(&path, Vec::new());
    let path = path.to_str().unwrap();
    for (words, code, says) in [
        (&["note", "7", "x"][..], 5, "no exchange 7 in this capture"),
        (&["note", "seven", "x"], 2, "seven is not the number of an exchange"),
        (&["note"], 2, "<ID>"),
    ] {
        let ran = sandbox.run(&[words, &["-c", path]].concat());
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
}

#[test]
fn the_process_that_records_is_asked_to_write_it() {
    let sandbox = Sandbox::new();
    let origin = Origin::start(|peer, _| {
        peer.read_message();
        peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    });
    let path = sandbox.path("live.hop").to_str().unwrap().to_owned();
    let serving = serve(&sandbox, &["--capture", &path]);
    let mut client = Peer::connect(serving.address.parse().unwrap());
    client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    client.read_message();
    while !sandbox.run(&["ls", "--json", "-c", &path]).stdout.contains("\"status\":204") {}
    assert_eq!(sandbox.run(&["note", "1", "while it is recorded", "-c", &path]).code, Some(0));
    while sandbox.run(&["note", "1", "-c", &path]).stdout != "while it is recorded\n" {}
    let long = "x".repeat(4_001);
    let ran = sandbox.run(&["note", "1", &long, "-c", &path]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("4000 characters at most; nothing was changed"), "{}", ran.stderr);
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
    assert_eq!(sandbox.run(&["note", "1", "-c", &path]).stdout, "while it is recorded\n");
}
