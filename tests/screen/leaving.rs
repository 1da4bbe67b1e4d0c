//! Every way out gives the terminal back and leaves a whole capture.

use super::terminal::Terminal;
use super::{ANSWER, ask};
use crate::support::origin::Origin;
use hopscope::exchange::{ExchangeId, State};
use hopscope::store::Reader;
use std::sync::{Mutex, mpsc};
use std::thread;

/// A terminal that shows one finished exchange, `/done`.
fn busy(columns: u16, lines: u16) -> Terminal {
    let origin = Origin::answering(ANSWER);
    let terminal = Terminal::start(columns, lines);
    ask(terminal.address(), origin.address(), "/done", "");
    terminal.shows(&["/done", " 200 "]);
    terminal
}

/// Asserts that the capture holds that exchange from head to body.
fn assert_whole(terminal: &Terminal) {
    let reader = Reader::open(&terminal.capture()).unwrap();
    assert_eq!(reader.count().unwrap(), 1);
    let exchange = reader.exchange(ExchangeId(1)).unwrap().unwrap();
    assert_eq!((exchange.summary.path.as_str(), exchange.summary.state), ("/done", State::Done));
    assert!(exchange.heads.response_sent.is_some() && exchange.response_body.complete);
    assert!(!terminal.capture().join("control.sock").exists());
}

#[test]
fn q_asks_once_while_a_client_was_just_active() {
    let mut terminal = busy(80, 24);
    terminal.press("q");
    terminal.shows(&["q again quits"]);
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
    assert_whole(&terminal);
}

#[test]
fn ctrl_c_quits_at_once() {
    let mut terminal = busy(80, 24);
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
    assert_whole(&terminal);
}

#[test]
fn signals_quit() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let terminal = busy(80, 24);
        terminal.signal(signal);
        assert_eq!(terminal.ended(), 0, "{signal}");
        terminal.assert_given_back();
        assert_whole(&terminal);
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_keeps_the_capture() {
    let origin = Origin::answering(ANSWER);
    let mut terminal = Terminal::with(80, 24, &["--demo-panic"], &[]);
    ask(terminal.address(), origin.address(), "/done", "");
    terminal.shows(&["/done", " 200 "]);
    terminal.press("j");
    assert_eq!(terminal.ended(), 5);
    terminal.shows(&["asked for by --demo-panic", "the capture is whole"]);
    terminal.assert_given_back();
    assert_whole(&terminal);
}

#[test]
fn a_closed_terminal_ends_it() {
    let mut terminal = busy(80, 24);
    terminal.hang_up();
    assert_ne!(terminal.ended(), 128, "it was killed rather than told");
    assert_whole(&terminal);
}

#[test]
fn an_exchange_under_way_may_finish() {
    let (answer, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        held.lock().unwrap().recv().unwrap();
        peer.send(ANSWER);
    });
    let terminal = Terminal::start(80, 24);
    let (proxy, target) = (terminal.address(), origin.address());
    let client = thread::spawn(move || ask(proxy, target, "/done", ""));
    terminal.shows(&["/done", "   0:"]);
    terminal.signal("-TERM");
    terminal.wait("the shell's screen", |state| (!state.screen().alternate_screen()).then_some(()));
    answer.send(()).unwrap();
    assert!(client.join().unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
    assert_whole(&terminal);
}

/// `serve` on a terminal, after the same exchange.
fn serving() -> Terminal {
    let origin = Origin::answering(ANSWER);
    let terminal = Terminal::with(140, 24, &["serve"], &[]);
    let screen = terminal.shows(&["listening on ", "recording into "]);
    let line = screen.lines().find_map(|line| line.strip_prefix("listening on ")).unwrap();
    ask(line.trim().parse().unwrap(), origin.address(), "/done", "");
    terminal.shows(&["/done"]);
    terminal
}

#[test]
fn a_hangup_drains_serve() {
    let terminal = serving();
    terminal.signal("-HUP");
    assert_eq!(terminal.ended(), 0);
    terminal.shows(&["stopping"]);
    assert_whole(&terminal);
}

#[test]
fn a_closed_terminal_ends_serve_too() {
    let mut terminal = serving();
    terminal.hang_up();
    assert_ne!(terminal.ended(), 128, "it was killed rather than told");
    assert_whole(&terminal);
}

#[test]
fn a_storm_of_sizes_down_to_one_cell_and_back() {
    let mut terminal = busy(80, 24);
    for round in 0..10 {
        for (columns, lines) in
            [(300, 80), (1, 1), (40, 8), (1, 24), (119, 40), (2, 2), (120, 40), (39, 7), (80, 1), (1, 1)]
        {
            terminal.resize(columns, lines);
        }
        terminal.resize(80 + round, 24);
        terminal.shows(&["hopscope", "/done", "follow"]);
    }
    terminal.resize(40, 7);
    terminal.shows(&["too small: 40x8 needed", "still recording"]);
    terminal.resize(80, 24);
    terminal.press("7");
    terminal.shows(&["[7 Hops]", "RFC 9110"]);
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
    assert_whole(&terminal);
}
