//! What leaves the screen: the clipboard, files, programs that get the terminal for a while.

use super::terminal::Terminal;
use super::{ANSWER, ask};
use crate::support::origin::Origin;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// A terminal that shows one finished exchange, `/done`, whose answer's body is `hello`.
fn busy(variables: &[(&str, &str)]) -> Terminal {
    let origin = Origin::answering(ANSWER);
    let terminal = Terminal::with(80, 24, &[], variables);
    ask(terminal.address(), origin.address(), "/done", "X-Id: 7\r\n");
    terminal.shows(&["/done", " 200 "]);
    terminal
}

/// A program made of these lines of sh.
fn program(terminal_folder: &std::path::Path, lines: &str) -> String {
    let path = terminal_folder.join("program");
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_is_copied_reaches_the_terminal_s_clipboard() {
    let mut terminal = busy(&[("TMUX", "")]);
    terminal.press("yb");
    terminal.shows(&["copied response body (5B)"]);
    assert_eq!(terminal.look(|state| state.copied().to_owned()), ["hello"]);
    terminal.press("yR");
    terminal.shows(&["copied raw request"]);
    let copied = terminal.look(|state| state.copied()[1].clone());
    assert!(copied.starts_with("GET http://127.0.0.1:") && copied.contains("\r\nX-Id: 7\r\n"), "{copied}");
}

#[test]
fn tmux_is_asked_to_pass_it_on() {
    let mut terminal = busy(&[("TMUX", "/tmp/tmux-0/default,1,0")]);
    terminal.press("yb");
    terminal.shows(&["copied response body (5B)"]);
    let wrapped = b"\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\";
    assert!(terminal.look(|state| state.raw.windows(wrapped.len()).any(|window| window == wrapped)));
    // And plain, for a tmux that sets the clipboard itself.
    assert_eq!(terminal.look(|state| state.copied()[0].clone()), "hello");
}

#[test]
fn a_terminal_without_a_clipboard_gets_a_private_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = busy(&[("TERM", "linux"), ("XDG_RUNTIME_DIR", folder.path().to_str().unwrap())]);
    terminal.press("yb");
    terminal.shows(&["this terminal has no clipboard"]);
    let files = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = files().find(|path| path.file_name().unwrap().to_str().unwrap().contains("copied")).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "hello");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_body_is_saved_and_never_over_another_file() {
    let mut terminal = busy(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.txt");
    let typed = path.to_str().unwrap();
    terminal.press("b");
    terminal.shows(&["Save the response body (5) to", "done.txt"]);
    terminal.press(&format!("\u{15}{typed}\r"));
    terminal.shows(&["saved 5B to"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "hello");
    fs::write(&path, "mine").unwrap();
    terminal.press(&format!("b\u{15}{typed}\r"));
    terminal.shows(&["is there already", "Save the response body"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    terminal.press("2\r");
    terminal.shows(&["saved 5B to"]);
    assert_eq!(fs::read_to_string(format!("{typed}2")).unwrap(), "hello");
}

#[test]
fn pasted_text_goes_into_a_line_and_runs_nothing() {
    let mut terminal = busy(&[]);
    terminal.press("\u{1b}[200~q7\r\u{3}\u{1b}[201~");
    terminal.press("b\u{15}\u{1b}[200~a\rb\u{1b}[201~");
    terminal.shows(&["Save the response body", "\n ab"]);
}

#[test]
fn a_pager_gets_every_key_and_gives_the_terminal_back() {
    let folder = tempfile::tempdir().unwrap();
    let pager = program(
        folder.path(),
        "n=$(cat \"$0.n\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$0.n\"; \
         echo; echo \"round $n: $(cat \"$1\")\"; read -r line; echo \"read <$line>\"; read -r end",
    );
    let mut terminal = busy(&[("PAGER", &pager)]);
    for round in 0..5 {
        terminal.press("o");
        terminal.shows(&[&format!("round {round}: hello")]);
        assert!(!terminal.look(|state| state.screen().alternate_screen()), "{round}");
        // Were it still read, the interface would take some of these and quit at the end.
        let line = format!("line {round} jjkkq7?");
        terminal.press(&format!("{line}\r"));
        terminal.shows(&[&format!("read <{line}>")]);
        terminal.press("\r");
        terminal.shows(&["hopscope", "/done", "enter open"]);
    }
    terminal.press("7");
    terminal.shows(&["[7 Hops]"]);
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
}

#[test]
fn an_interrupt_meant_for_the_pager_does_not_end_us() {
    let folder = tempfile::tempdir().unwrap();
    let pager = program(
        folder.path(),
        "trap 'echo interrupted; read -r line; exit 0' INT; echo paging; read -r line",
    );
    let mut terminal = busy(&[("PAGER", &pager)]);
    terminal.press("o");
    terminal.shows(&["paging"]);
    terminal.press("\u{3}");
    terminal.shows(&["interrupted"]);
    terminal.press("\r");
    terminal.shows(&["hopscope", "/done", "enter open"]);
    terminal.press("7");
    terminal.shows(&["[7 Hops]"]);
}

#[test]
fn a_pager_that_is_not_there_is_named() {
    let mut terminal = busy(&[("PAGER", "hopscope-no-such-pager")]);
    terminal.press("o");
    terminal.shows(&["PAGER=hopscope-no-such-pager: no such program here", "/done"]);
    terminal.press("7");
    terminal.shows(&["[7 Hops]"]);
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let origin = Origin::answering(ANSWER);
    let mut terminal = Terminal::start(80, 24);
    for path in ["/one", "/two", "/three"] {
        ask(terminal.address(), origin.address(), path, "");
    }
    terminal.shows(&["/one", "/two", "/three", "3 seen"]);
    let press = |row: u32| format!("\u{1b}[<0;20;{row}M\u{1b}[<0;20;{row}m");
    terminal.press(&press(5));
    terminal.wait("the second row selected", |state| {
        state.text().lines().any(|line| line.starts_with('▌') && line.contains("/two")).then_some(())
    });
    terminal.press(&press(4));
    terminal.press(&press(4));
    terminal.shows(&["#1 ", "/one", "[1 Overview]"]);
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
}

#[test]
fn without_the_mouse_the_terminal_keeps_it() {
    let terminal = Terminal::with(80, 24, &["--no-mouse"], &[]);
    terminal.shows(&["127.0.0.1:", "hopscope"]);
    assert_eq!(terminal.look(|state| state.screen().mouse_protocol_mode()), vt100::MouseProtocolMode::None);
    let terminal = Terminal::start(80, 24);
    terminal.shows(&["127.0.0.1:", "hopscope"]);
    assert_ne!(terminal.look(|state| state.screen().mouse_protocol_mode()), vt100::MouseProtocolMode::None);
}

#[test]
fn rebound_keys_work_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, "[keys]\nhops = \"f7\"\nhelp = \"f1\"\n").unwrap();
    let origin = Origin::answering(ANSWER);
    let mut terminal = Terminal::with(80, 24, &["--config", file.to_str().unwrap()], &[]);
    ask(terminal.address(), origin.address(), "/done", "");
    terminal.shows(&["/done", "f1 help"]);
    terminal.press("7?\u{1b}[18~");
    terminal.shows(&["[7 Hops]"]);
}
