//! From the start to the hops of an exchange, as a person sees it.

use super::terminal::Terminal;
use super::{ANSWER, ask};
use crate::support::origin::Origin;

#[test]
fn a_start_tells_how_to_begin_with_what_is_really_there() {
    let mut terminal = Terminal::start(140, 40);
    let address = terminal.address();
    let certificate = terminal.certificate();
    let recipe = format!("curl -x http://{address} --cacert {}", certificate.display());
    terminal.shows(&[&recipe, "eval \"$(hopscope env)\"", "no traffic yet", "q quit"]);
    assert!(std::fs::read_to_string(certificate).unwrap().contains("BEGIN CERTIFICATE"));
    assert!(terminal.is_raw());
    // Nobody would lose anything: q need not ask.
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
}

#[test]
fn an_exchange_is_a_row_and_its_hops_say_why() {
    for (columns, lines) in [(80, 24), (140, 40)] {
        let origin = Origin::answering(ANSWER);
        let mut terminal = Terminal::start(columns, lines);
        let fields = "Proxy-Connection: keep-alive\r\nConnection: x-trace\r\nX-Trace: 7f3a\r\n";
        let head = ask(terminal.address(), origin.address(), "/a?b=c", fields);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let host = origin.address().to_string();
        let screen = terminal.shows(&["/a?b=c", "1 seen", " 200 "]);
        let row = screen.lines().find(|line| line.starts_with('▌')).unwrap();
        assert!(row.contains("GET") && row.contains("200") && row.contains(&host), "{row}");
        terminal.press("\r");
        terminal.shows(&["[1 Overview]", "it worked"]);
        terminal.press("7");
        terminal.shows(&[
            "[7 Hops]",
            "− Proxy-Connection: keep-alive",
            "− X-Trace: 7f3a",
            "named by a Connection line",
            "RFC 9110 7.6.1",
        ]);
        terminal.press("q");
        terminal.shows(&["status", "host", "path"]);
    }
}

#[test]
fn a_request_under_way_is_a_row_before_its_answer() {
    let (answer, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        held.lock().unwrap().recv().unwrap();
        peer.send(ANSWER);
    });
    let terminal = Terminal::start(80, 24);
    let (proxy, target) = (terminal.address(), origin.address());
    let client = std::thread::spawn(move || ask(proxy, target, "/slow", ""));
    terminal.shows(&["/slow", "   0:"]);
    answer.send(()).unwrap();
    client.join().unwrap();
    let screen = terminal.wait("a finished row", |state| {
        let text = state.text();
        (text.contains(" 200 ") && !text.contains("   0:")).then_some(text)
    });
    assert!(screen.contains("/slow"));
}

#[test]
fn no_color_leaves_the_selection_to_be_seen() {
    let inks = |terminal: &Terminal| {
        terminal.look(|state| {
            let screen = state.screen();
            let (lines, columns) = (screen.size().0.get(), screen.size().1.get());
            let cells = (0..lines).flat_map(|line| (0..columns).map(move |column| (line, column)));
            let cells: Vec<_> = cells.filter_map(|(line, column)| screen.cell(line, column)).collect();
            let plain = |cell: &&vt100::Cell| {
                cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default
            };
            (cells.iter().all(plain), cells.iter().any(|cell| cell.inverse()))
        })
    };
    for (variables, plain) in [(&[("NO_COLOR", "1")][..], true), (&[][..], false)] {
        let origin = Origin::answering(ANSWER);
        let terminal = Terminal::with(80, 24, &[], variables);
        ask(terminal.address(), origin.address(), "/row", "");
        terminal.shows(&["▌", "/row", " 200 "]);
        assert_eq!(inks(&terminal), (plain, true), "{variables:?}");
    }
}
