//! Two exchanges compared on a real terminal.

use super::ask;
use super::terminal::Terminal;
use crate::support::origin::Origin;

#[test]
fn two_answers_side_by_side_and_below_each_other() {
    let origin = Origin::start(|peer, number| {
        peer.read_head();
        let body = format!("{{\"id\":7,\"total\":{}}}", ["12.50", "25.00"][number.min(1)]);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
        peer.send(format!("{head}X-Request-Id: {number}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    });
    let mut terminal = Terminal::start(140, 40);
    let proxy = terminal.address();
    for fields in ["X-Debug: 1\r\n", ""] {
        ask(proxy, origin.address(), "/cart", fields);
    }
    terminal.shows(&["1 GET", "2 GET"]);
    terminal.press("=");
    terminal.shows(&[
        "Compare  #1 → #2",
        "3 changes (1 expected: x-request-id)",
        "− X-Debug: 1",
        "~ $.total 25.00",
    ]);
    terminal.press(".");
    terminal.shows(&["not shown, as expected: x-request-id"]);
    terminal.resize(80, 24);
    terminal.press("HH");
    terminal.shows(&["H: responses", "− $.total 12.50", "+ $.total 25.00"]);
    terminal.press("q");
    terminal.shows(&["hopscope", "/cart"]);
}
