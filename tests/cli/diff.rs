//! `hopscope diff` on a real capture.

use super::proxying::{Serving, serve};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::{Ran, Sandbox};

/// A capture of what an origin answers one after the other, closed.
struct Captured {
    sandbox: Sandbox,
    path: String,
}

impl Captured {
    fn new(answers: Vec<Vec<u8>>, requests: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let path = sandbox.path("capture").to_str().unwrap().to_owned();
        let origin = Origin::start(move |peer, number| {
            peer.read_message();
            peer.send(&answers[number]);
        });
        let serving = serve(&sandbox, &["--capture", &path]);
        for request in requests {
            let mut client = Peer::connect(serving.address.parse().unwrap());
            client.send(request.replace("ORIGIN", &origin.address().to_string()));
            client.read_message();
        }
        end(serving);
        Self { sandbox, path }
    }

    fn diff(&self, arguments: &[&str]) -> Ran {
        self.sandbox.run(&[&["diff"], arguments, &["-c", &self.path]].concat())
    }
}

fn end(serving: Serving) {
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
}

const GET: &str = "GET http://ORIGIN/cart HTTP/1.1\r\nHost: ORIGIN\r\n\r\n";

fn answer(fields: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// What is printed, but for the two titles with their ports and times.
fn changes(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().filter(|line| !line.starts_with("--- #") && !line.starts_with("+++ #")).collect()
}

#[test]
fn what_differs_is_printed_and_the_rest_set_apart() {
    let json = |id: u8, total: &str, date: &str| {
        let fields =
            format!("Date: Mon, 23 Nov 2026 22:00:0{date} GMT\r\nContent-Type: application/json\r\n");
        answer(
            &fields,
            format!("{{\"id\":7,\"total\":{total},\"pad\":\"{}\"}}", "x".repeat(id.into())).as_bytes(),
        )
    };
    let answers = vec![json(1, "12.50", "1"), json(1, "12.50", "2"), json(2, "25.00", "3")];
    let post =
        "POST http://ORIGIN/cart HTTP/1.1\r\nHost: ORIGIN\r\nX-Debug: 1\r\nContent-Length: 3\r\n\r\na=1";
    let captured = Captured::new(answers, &[GET, GET, post]);

    let same = captured.diff(&["1", "2"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), ""));
    assert_eq!(same.stderr, "1 change, expected: date; --all shows them\n");
    let all = captured.diff(&["1", "#2", "--all"]);
    assert_eq!(all.code, Some(0));
    assert_eq!(
        changes(&all),
        [
            "@@ response as received @@",
            "- Date: Mon, 23 Nov 2026 22:00:01 GMT  (each message has its own time)",
            "+ Date: Mon, 23 Nov 2026 22:00:02 GMT  (each message has its own time)",
        ]
    );

    let differs = captured.diff(&["1", "3"]);
    assert_eq!(differs.code, Some(1), "{}", differs.stderr);
    assert!(differs.stdout.starts_with("--- #1 GET http://127.0.0.1:"), "{}", differs.stdout);
    assert_eq!(
        changes(&differs),
        [
            "@@ request as received @@",
            "- method GET",
            "+ method POST",
            "+ X-Debug: 1",
            "+ Content-Length: 3",
            "@@ request body: one has none @@",
            "+ a=1",
            "@@ response as received @@",
            "  (not shown, as expected: date, content-length)",
            "@@ response body: JSON, by path @@",
            "- $.total 12.50",
            "+ $.total 25.00",
            "- $.pad \"x\"",
            "+ $.pad \"xx\"",
        ]
    );
    assert_eq!(differs.stderr, "8 changes (2 expected: date, content-length); --all shows them\n");
    let answers = captured.diff(&["1", "3", "--message", "response"]);
    assert!(!answers.stdout.contains("request") && answers.stdout.contains("$.total"), "{}", answers.stdout);

    let json = captured.diff(&["3", "1", "--json", "--message", "request"]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, json.stderr.as_str()), (Some(1), ""));
    assert_eq!(
        (&value["left"]["id"], &value["equal"], &value["changes"]),
        (&3.into(), &false.into(), &4.into())
    );
    let first = &value["messages"][0]["changes"][0];
    assert_eq!(
        first,
        &serde_json::json!({"where": "method", "left": "POST", "right": "GET", "expected": null})
    );
}

#[test]
fn a_missing_exchange_ends_with_5_and_a_wrong_number_with_2() {
    let captured = Captured::new(vec![answer("", b"a")], &[GET]);
    let missing = captured.diff(&["1", "7"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (Some(5), ""));
    assert!(missing.stderr.contains("no exchange 7 in this capture"), "{}", missing.stderr);
    assert_eq!(captured.diff(&["1", "x"]).code, Some(2));
    assert_eq!(captured.diff(&["1"]).code, Some(2));
    assert_eq!(captured.diff(&["1", "1"]).stderr, "no changes\n");
}

#[test]
fn large_bodies_are_read_on_to_their_first_difference() {
    let mut body = vec![b'x'; (8 << 20) + 70_000];
    let one = answer("", &body);
    let same = one.clone();
    body[(8 << 20) + 66_000] = b'y';
    let captured = Captured::new(vec![one, same, answer("", &body)], &[GET, GET, GET]);
    assert_eq!(captured.diff(&["1", "2"]).code, Some(0));
    let differs = captured.diff(&["1", "3"]);
    assert_eq!(differs.code, Some(1));
    assert!(differs.stdout.contains("+ from byte 8 454 608: 79 78 78"), "{}", differs.stdout);
}

#[test]
fn nothing_captured_reaches_a_terminal_as_it_is() {
    let hostile =
        answer("X-Evil: \u{202e}\u{9b}31m\r\nContent-Type: text/plain\r\n", b"\x1b]52;c;aGk=\x07\n");
    let captured = Captured::new(vec![hostile, answer("", b"b")], &[GET, GET]);
    let ran = captured.diff(&["1", "2"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}']), "{}", ran.stdout.escape_debug());
    assert!(ran.stdout.contains("\\x1b]52;c;aGk=\\x07"), "{}", ran.stdout);
}
