//! What is copied for other programs, run by them: the origin gets the request that was captured.

use super::programs::{Python, installed, output};
use crate::support::Sandbox;
use crate::support::origin::Origin;
use hopscope::exchange::{
    Body, ConnectionId, Exchange, ExchangeId, Flags, Heads, Scheme, State, Summary, Timing,
};
use hopscope::export::{self, Request};
use percent_encoding::percent_decode_str;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Mutex, mpsc};

/// A message as an origin read it: its head and its body.
type Got = (Vec<u8>, Vec<u8>);

/// An origin that hands on each request that it reads.
fn origin() -> (Origin, mpsc::Receiver<Got>) {
    let (sender, got) = mpsc::channel();
    let sender = Mutex::new(sender);
    let origin = Origin::start(move |peer, _| {
        let message = peer.read_message();
        sender.lock().unwrap().send(message).unwrap();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
    (origin, got)
}

/// A captured request: its line without the origin, its fields without Host and length, its body.
struct Case {
    method: &'static str,
    target: &'static str,
    fields: &'static [(&'static str, &'static [u8])],
    body: &'static [u8],
}

/// Quotes, line ends, percent signs, what shells and scripts take for something else, bytes that are no text.
const CASES: &[Case] = &[
    Case {
        method: "GET",
        target: "/a?b=c&d='e'%20$HOME`x`!",
        fields: &[("X-Id", b"it's \"$7\" \\ %s `id` !")],
        body: b"",
    },
    Case {
        method: "POST",
        target: "/form",
        fields: &[("Content-Type", b"text/plain")],
        body: b"@file\n'quoted' \"$x\" \\n %d\n",
    },
    Case {
        method: "PUT",
        target: "/binary",
        fields: &[("Content-Type", b"application/octet-stream")],
        body: b"\x00\x01\xff%\\'\"\r\n\x7f",
    },
    Case {
        method: "PATCH",
        target: "/text",
        fields: &[("Content-Type", b"application/json")],
        body: "{\"ä\":\"日本\t\"}".as_bytes(),
    },
    Case {
        method: "DELETE",
        target: "/x/7",
        fields: &[("Authorization", b"Bearer a.b.c"), ("Cookie", b"a=1; b=2")],
        body: b"",
    },
    Case { method: "POST", target: "/empty", fields: &[("Content-Type", b"text/plain")], body: b"" },
];

impl Case {
    fn exchange(&self, origin: SocketAddr) -> Exchange {
        let mut head =
            format!("{} http://{origin}{} HTTP/1.1\r\nHost: {origin}\r\n", self.method, self.target)
                .into_bytes();
        for (name, value) in self.fields {
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend_from_slice(b"User-Agent: captured/1\r\nAccept: */*\r\nProxy-Connection: keep-alive\r\n");
        if !self.body.is_empty() || self.method == "POST" {
            head.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        exchange(head, origin)
    }

    fn request(&self, origin: SocketAddr) -> Request {
        Request::of(&self.exchange(origin), self.body).unwrap()
    }

    /// Asserts that a request is the captured one, in what matters to an origin.
    #[track_caller]
    fn assert_same(&self, (head, body): &Got, by: &str) {
        let head = String::from_utf8(head.clone()).unwrap();
        let mut lines = head.lines();
        let line = format!("{} {} HTTP/1.1", self.method, self.target);
        let got = lines.next().unwrap();
        // Libraries encode what they like of a URL; curl sends it as it stands.
        let decoded = |line: &str| percent_decode_str(line).decode_utf8_lossy().into_owned();
        if by.starts_with("requests") || by.starts_with("fetch") {
            assert_eq!(decoded(got), decoded(&line), "{by}");
        } else {
            assert_eq!(got, line, "{by}");
        }
        let value = |name: &str| {
            let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            lines
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
                .collect::<Vec<_>>()
        };
        for (name, expected) in self.fields {
            assert_eq!(value(name), [std::str::from_utf8(expected).unwrap()], "{by}: {head}");
        }
        assert_eq!(value("User-Agent"), ["captured/1"], "{by}: {head}");
        assert_eq!(value("Proxy-Connection"), [""; 0], "{by}: {head}");
        assert_eq!(body.escape_ascii().to_string(), self.body.escape_ascii().to_string(), "{by}");
    }
}

fn exchange(head: Vec<u8>, origin: SocketAddr) -> Exchange {
    let summary = Summary {
        id: ExchangeId(1),
        started: 0,
        client: String::new(),
        scheme: Scheme::Http,
        method: String::new(),
        host: origin.to_string(),
        path: String::new(),
        version: "HTTP/1.1".to_owned(),
        status: None,
        state: State::Done,
        request_bytes: 0,
        response_bytes: 0,
        messages: 0,
        duration: None,
        ttfb: None,
        media_type: None,
        failure: None,
        flags: Flags::default(),
        parent: None,
        note: None,
    };
    Exchange {
        summary,
        heads: Heads { request_received: Some(head.into()), ..Heads::default() },
        request_edits: Vec::new(),
        response_edits: Vec::new(),
        request_body: Body::default(),
        response_body: Body::default(),
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing::default(),
        client_connection: ConnectionId(1),
        origin_connection: None,
        tunnel: None,
        tunnelled: None,
    }
}

/// Runs each case's text by a program and compares what the origin got.
fn each(by: &str, make: fn(&Request) -> String, run: impl Fn(&Sandbox, &str) -> Command) {
    let (origin, got) = origin();
    let sandbox = Sandbox::new();
    for case in CASES {
        let text = make(&case.request(origin.address()));
        let ran = output(run(&sandbox, &text));
        assert!(ran.status.success(), "{by}: {text}\n{}", String::from_utf8_lossy(&ran.stderr));
        case.assert_same(&got.recv().unwrap(), &format!("{by}: {text}"));
    }
}

#[test]
fn curl_sends_what_was_captured() {
    if installed("curl") {
        for shell in ["sh", "bash"] {
            each(shell, export::curl, |sandbox, text| {
                let mut command = sandbox.command(shell);
                command.args(["-c", text]);
                command
            });
        }
    }
}

#[test]
fn requests_sends_what_was_captured() {
    let Some(python) = Python::with("requests") else { return };
    each("requests", export::python, |sandbox, text| {
        let mut command = sandbox.command(python.path());
        command.args(["-I", "-c", text]);
        command
    });
}

#[test]
fn fetch_sends_what_was_captured() {
    if installed("node") {
        each("fetch", export::fetch, |sandbox, text| {
            let mut command = sandbox.command("node");
            command.args(["--input-type=module", "-e", text]);
            command
        });
    }
}

#[test]
fn curl_keeps_fields_of_one_name_and_empty_ones_apart() {
    if !installed("curl") {
        return;
    }
    let (origin, got) = origin();
    let address = origin.address();
    let head = format!(
        "GET http://{address}/a/../b?x[]={{1}} HTTP/1.1\r\nHost: other.test\r\nX-A: 1\r\nX-A: 2\r\nX-Empty:\r\nX-Raw: \u{e9}\r\n\r\n"
    );
    let head: Vec<u8> = head.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let request = Request::of(&exchange(head, address), b"").unwrap();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("sh");
    command.args(["-c", &export::curl(&request)]);
    assert!(output(command).status.success());
    let (head, _) = got.recv().unwrap();
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    assert_eq!(
        head,
        "GET /a/../b?x[]={1} HTTP/1.1\r\nHost: other.test\r\nX-A: 1\r\nX-A: 2\r\nX-Empty:\r\nX-Raw: \u{e9}\r\n\r\n"
    );
}
