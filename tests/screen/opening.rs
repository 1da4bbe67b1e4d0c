//! `hopscope open` beside the process that records, on what was recorded, and on what is no capture.

use super::terminal::Terminal;
use super::{ANSWER, ask};
use crate::support::origin::Origin;

/// A second terminal that opens what the first one records.
fn beside(first: &Terminal) -> Terminal {
    Terminal::running(80, 24, &["open", first.capture().to_str().unwrap()])
}

#[test]
fn rows_appear_beside_the_process_that_records() {
    let origin = Origin::answering(ANSWER);
    let first = Terminal::start(80, 24);
    let (proxy, target) = (first.address(), origin.address());
    ask(proxy, target, "/before", "");
    first.shows(&["/before", " 200 "]);
    let mut second = beside(&first);
    second.shows(&["live, recorded by pid", "/before", " 200 "]);
    ask(proxy, target, "/after", "");
    second.shows(&["/after", "2 seen"]);
    second.press("/after\r");
    second.shows(&["1 of 2 shown"]);
    second.press("q");
    assert_eq!(second.ended(), 0);
    second.assert_given_back();
}

#[test]
fn marks_and_deletions_go_both_ways_and_stay() {
    let origin = Origin::answering(ANSWER);
    let mut first = Terminal::start(80, 24);
    let (proxy, target) = (first.address(), origin.address());
    for path in ["/one", "/two", "/three"] {
        ask(proxy, target, path, "");
    }
    first.shows(&["/three", "3 seen"]);
    let mut second = beside(&first);
    second.shows(&["3 seen"]);
    second.press("gm");
    first.shows(&["1 marked", "●    1"]);
    first.press("D");
    second.shows(&["2 seen"]);
    first.shows(&["#1 deleted: u brings back", "2 seen"]);
    let capture = first.capture();
    let ls = || first.sandbox().run(&["ls", "-c", capture.to_str().unwrap()]).stdout;
    first.wait("the deletion in the capture", |_| (ls().lines().count() == 2).then_some(()));
    let shown = first.sandbox().run(&["show", "1", "-c", capture.to_str().unwrap()]);
    assert!(shown.stdout.contains("deleted   not listed"), "{shown:?}");
}

#[test]
fn a_stored_capture_is_browsed_and_marked_where_nobody_records() {
    let origin = Origin::answering(ANSWER);
    let mut first = Terminal::start(80, 24);
    ask(first.address(), origin.address(), "/kept", "Connection: close\r\n");
    first.shows(&["/kept", " 200 "]);
    first.press("qq");
    assert_eq!(first.ended(), 0);
    let mut second = beside(&first);
    second.shows(&["a stored capture", "/kept"]);
    second.press("m");
    second.shows(&["1 marked"]);
    second.press("q");
    assert_eq!(second.ended(), 0, "nobody would lose a proxy: q does not ask");
    beside(&first).shows(&["1 marked"]);
}

#[test]
fn what_is_no_capture_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "x").unwrap();
    let at = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let broken = folder.path().join("broken.hop");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("000001.db"), [7; 8192]).unwrap();
    for (name, says) in [
        ("nobody-s".to_owned(), "no capture is called \"nobody-s\""),
        (at(&folder.path().join("gone")), "there is no capture at"),
        (at(&text), "is nothing that can be imported"),
        (at(&broken), "cannot be read: it is damaged or not yours"),
    ] {
        let terminal = Terminal::running(200, 24, &["open", &name]);
        assert_eq!(terminal.ended(), 5, "{name}");
        terminal.look(|state| assert!(state.text().contains(says), "{name}: {}", state.text()));
    }
}

#[test]
fn a_million_made_up_rows_are_there_at_once() {
    let mut terminal = Terminal::running(140, 40, &["open", "--demo-rows", "1000000"]);
    terminal.shows(&["1 000 000 seen"]);
    terminal.press("gj");
    terminal.shows(&["▌        2", "2 of 1 000 000"]);
}
