//! What peers send never drives the terminal: every escape sequence is hopscope's own.

use super::terminal::Terminal;
use super::{ANSWER, ask};
use crate::support::client::Peer;
use crate::support::origin::Origin;

/// Sets the clipboard, sets the title, asks where the cursor is, and paints over the screen.
const SEQUENCES: &str = "\u{1b}]52;c;aGk=\u{7}\u{1b}]0;owned\u{7}\u{1b}[6n\u{1b}[99;5H\u{1b}c";
/// The same without a control byte that HTTP forbids: C1 controls and bidirectional overrides in UTF-8.
const IN_UTF8: &str = "caf\u{e9}\u{9b}6n\u{9d}0;owned\u{9c}\u{202e}\u{2066}\u{85}";

/// Walks through every tab of the exchange under the cursor.
fn read_all_tabs(terminal: &mut Terminal) {
    terminal.press("\r");
    for (key, tab) in [
        ("2", "[2 Request]"),
        ("3", "[3 Response]"),
        ("4", "[4 Body]"),
        ("5", "[5 Timing]"),
        ("6", "[6 TLS]"),
        ("7", "[7 Hops]"),
        ("8", "[8 Raw]"),
        ("1", "[1 Overview]"),
    ] {
        terminal.press(key);
        terminal.shows(&[tab]);
    }
    terminal.press("8");
    terminal.shows(&["[8 Raw]"]);
}

/// What a painting ends with; what came behind the last may have been cut anywhere.
const PAINTED: &[u8] = b"\x1b[?2026l";

/// Asserts that all paintings so far are text and the sequences of a screen that is painted.
fn assert_clean(terminal: &Terminal) {
    let mut raw = terminal.look(|state| state.raw.clone());
    let last = raw.windows(PAINTED.len()).rposition(|part| part == PAINTED).expect("a painting");
    raw.truncate(last + PAINTED.len());
    let text = String::from_utf8(raw).expect("UTF-8");
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\u{1b}' => assert_eq!(rest.peek(), Some(&'['), "an escape that is no CSI: {text:?}"),
            '\r' | '\n' => {}
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => panic!("{char:?} in {text:?}"),
            char => assert!(!char.is_control(), "{char:?} in {text:?}"),
        }
    }
    for sequence in ["\u{1b}[6n", "\u{1b}[99;5H"] {
        assert!(!text.contains(sequence), "{sequence:?} in {text:?}");
    }
}

#[test]
fn a_refused_request_is_shown_harmlessly() {
    let mut terminal = Terminal::start(140, 40);
    let mut client = Peer::connect(terminal.address());
    client.send(format!("GET /{SEQUENCES} HTTP/1.1\r\nHost: h\r\nX-Evil: {SEQUENCES}\r\n\r\n"));
    assert!(client.read_message().0.starts_with(b"HTTP/1.1 400 "));
    terminal.shows(&["1 seen", " 400 "]);
    read_all_tabs(&mut terminal);
    terminal.shows(&["\\x1b]52;c;aGk=", "\\x1b]0;owned"]);
    assert_clean(&terminal);
}

#[test]
fn what_http_lets_pass_is_shown_harmlessly() {
    let origin = Origin::answering(format!(
        "HTTP/1.1 200 {IN_UTF8}\r\nX-Evil: {IN_UTF8}\r\nContent-Length: 0\r\n\r\n"
    ));
    let mut terminal = Terminal::start(140, 40);
    let fields = format!("X-Evil: {IN_UTF8}\r\n");
    assert!(ask(terminal.address(), origin.address(), "/passed", &fields).starts_with("HTTP/1.1 200 "));
    terminal.shows(&["/passed", "1 seen"]);
    read_all_tabs(&mut terminal);
    terminal.shows(&["\\u{9d}0;owned", "\\u{202e}"]);
    assert_clean(&terminal);
}

#[test]
fn a_refused_answer_is_shown_harmlessly() {
    let origin = Origin::answering(format!("HTTP/1.1 200 OK\r\nX-Evil: {SEQUENCES}\r\n\r\n"));
    let mut terminal = Terminal::start(140, 40);
    assert!(ask(terminal.address(), origin.address(), "/refused", "").starts_with("HTTP/1.1 502 "));
    terminal.shows(&["/refused", " 502 "]);
    read_all_tabs(&mut terminal);
    terminal.shows(&["\\x1b]52;c;aGk="]);
    assert_clean(&terminal);
}

#[test]
fn a_body_is_not_what_the_screen_is_made_of() {
    let origin = Origin::answering(
        ANSWER.replace("5\r\n\r\nhello", &format!("{}\r\n\r\n{SEQUENCES}", SEQUENCES.len())),
    );
    let mut terminal = Terminal::start(140, 40);
    ask(terminal.address(), origin.address(), "/body", "");
    terminal.shows(&["/body", " 200 "]);
    read_all_tabs(&mut terminal);
    assert_clean(&terminal);
}
