//! `hopscope tail` beside a proxy at work.

use super::proxying::serve;
use crate::support::Sandbox;
use crate::support::client::Peer;
use crate::support::origin::Origin;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

#[test]
fn what_matches_is_printed_as_it_ends_until_the_recording_ends() {
    let sandbox = Sandbox::new();
    let origin = Origin::start(|peer, _| {
        peer.read_message();
        peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    let path = sandbox.path("live.hop").to_str().unwrap().to_owned();
    let serving = serve(&sandbox, &["--capture", &path]);
    let ask = |path: &str| {
        let mut client = Peer::connect(serving.address.parse().unwrap());
        client.send(format!(
            "GET http://{0}{path} HTTP/1.1\r\nHost: {0}\r\nX-Mark: {path}\r\n\r\n",
            origin.address()
        ));
        client.read_message();
    };
    ask("/before");
    // Told of before the tail listens.
    while !sandbox.run(&["ls", "--json", "-c", &path]).stdout.contains("\"status\":404") {}
    let mut tail = sandbox
        .hopscope(&["tail", "status:404", "-header.x-mark:skip", "--json", "-c", &path])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut out, mut said) =
        (BufReader::new(tail.stdout.take().unwrap()), BufReader::new(tail.stderr.take().unwrap()));
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("following "), "{line}");
    ask("/skip");
    ask("/after");
    line.clear();
    out.read_line(&mut line).unwrap();
    let row: Value = serde_json::from_str(&line).unwrap();
    assert!(row["url"].as_str().unwrap().ends_with("/after"), "{line}");
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
    assert_eq!(tail.wait().unwrap().code(), Some(0));
    let rest = std::io::read_to_string(out).unwrap();
    assert!(!rest.contains("/skip") && !rest.contains("/before"), "{rest}");
    assert_eq!(std::io::read_to_string(said).unwrap(), "the recording has ended\n");
}

#[test]
fn without_a_recording_it_says_what_to_do() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("rest.hop");
    crate::support::capture::record(&path, Vec::new());
    let ran = sandbox.run(&["tail", "-c", path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(4));
    assert!(ran.stderr.contains("nobody records") && ran.stderr.contains("hopscope serve"), "{}", ran.stderr);
}
