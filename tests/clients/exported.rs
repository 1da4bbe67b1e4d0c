//! What is exported, in the hands of the programs that it is made for.

use super::programs::{Python, installed, output};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::capture::{exchange, record};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use std::sync::{Mutex, mpsc};

/// Method, target, the fields that are the client's own in lower case and sorted, and the body.
type Asked = (String, Vec<String>, Vec<u8>);

/// What an origin read, without what a hop adds.
fn asked((head, body): (Vec<u8>, Vec<u8>)) -> Asked {
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let ours = ["via:", "connection:"];
    let fields = lines.map(str::to_lowercase).filter(|line| !line.is_empty());
    let mut fields: Vec<_> = fields.filter(|line| !ours.iter().any(|name| line.starts_with(name))).collect();
    fields.sort();
    (line, fields, body)
}

#[test]
fn an_exported_curl_command_sends_the_same_request() {
    if !installed("curl") {
        return;
    }
    let (sender, got) = mpsc::channel();
    let sender = Mutex::new(sender);
    let origin = Origin::start(move |peer, _| {
        let message = peer.read_message();
        sender.lock().unwrap().send(message).unwrap();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
    let proxy = Serving::start(&[]);
    for (line, fields, body) in [
        (
            "GET /a?b='c'&d=%20$HOME",
            "User-Agent: x/1\r\nAccept: */*\r\nX-A: it's \"$7\" `id` \\\r\nCookie: a=1; b=2\r\n",
            &b""[..],
        ),
        (
            "POST /form",
            "User-Agent: x/1\r\nAccept: text/html\r\nContent-Type: text/plain\r\n",
            b"@file 'x' \"$y\" \\n%d\nend",
        ),
        (
            "PUT /binary",
            "Accept: */*\r\nUser-Agent: x/1\r\nContent-Type: application/octet-stream\r\n",
            b"\x00\xff%'\r\n",
        ),
        ("DELETE /x", "X-Empty:\r\nUser-Agent: x/1\r\nAccept: */*\r\nAuthorization: Bearer a.b.c\r\n", b""),
        ("PATCH /empty-agent", "Accept: */*\r\nContent-Type: application/json\r\n", "{\"ä\":1}".as_bytes()),
    ] {
        let (method, target) = line.split_once(' ').unwrap();
        let at = origin.address();
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} http://{at}{target} HTTP/1.1\r\nHost: {at}\r\n{fields}{length}\r\n");
        let mut client = Peer::connect(proxy.address());
        client.send([head.as_bytes(), body].concat());
        client.read_message();
        let expected = asked(got.recv().unwrap());
        let row = proxy.to(target);
        let command = proxy.said(&["export", &row["id"].to_string(), "--to", "curl"]);
        let mut shell = proxy.sandbox.command("sh");
        shell.args(["-c", &command.replacen("curl ", "curl -q -s ", 1)]);
        let ran = output(shell);
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(asked(got.recv().unwrap()), expected, "{command}");
    }
}

#[test]
fn another_reader_of_hars_reads_ours() {
    let Some(python) = Python::with("haralyzer") else { return };
    let sandbox = Sandbox::new();
    let path = sandbox.path("a.hop");
    let request =
        "POST /a?b=c HTTP/1.1\r\nHost: h.test\r\nX-B: 1\r\nx-b: 2\r\nContent-Type: text/plain\r\n\r\n";
    let answer = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n";
    record(&path, vec![(exchange(1, (request, b"hi"), (answer, "hä".as_bytes())), Vec::new())]);
    let ran = sandbox.run(&["export", "--to", "har", "-o", "a.har", "-c", path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let script = "import json, sys\nfrom haralyzer import HarEntry, HarParser\n\
        entry = HarEntry(HarParser(json.load(open(sys.argv[1]))).har_data['entries'][0])\n\
        request, response = entry.request, entry.response\n\
        print(request.method, request.url, request.text, response.status, response.text, response.mimeType)";
    let mut command = sandbox.command(python.path());
    command.args(["-I", "-c", script, "a.har"]);
    let ran = output(command);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "POST https://h.test/a?b=c hi 404 hä text/plain");
}
