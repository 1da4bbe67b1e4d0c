//! A second process reads the capture while the first records.

use super::terminal::Terminal;
use super::{ANSWER, ask};
use crate::support::Ran;
use crate::support::client::DEADLINE;
use crate::support::origin::Origin;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Instant;

/// Runs a command on the capture until what it prints is as wanted.
fn until(terminal: &Terminal, arguments: &[&str], wanted: impl Fn(&Ran) -> bool) -> Ran {
    let capture = terminal.capture();
    let arguments = [arguments, &["-c", capture.to_str().unwrap()]].concat();
    let begun = Instant::now();
    loop {
        let ran = terminal.sandbox().run(&arguments);
        if wanted(&ran) {
            return ran;
        }
        assert!(begun.elapsed() < DEADLINE, "{arguments:?} still gives {ran:?}");
    }
}

fn row(line: &str) -> serde_json::Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn finished_exchanges_and_one_in_flight() {
    let (answer, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let origin = Origin::start(move |peer, number| {
        peer.read_head();
        if number == 1 {
            held.lock().unwrap().recv().unwrap();
        }
        peer.send(ANSWER);
    });
    let terminal = Terminal::start(80, 24);
    let (proxy, target) = (terminal.address(), origin.address());
    ask(proxy, target, "/first", "Connection: close\r\n");
    let first = until(&terminal, &["ls", "--json"], |ran| ran.stdout.contains("\"done\""));
    let first = row(first.stdout.trim_end());
    assert_eq!((first["state"].as_str(), first["status"].as_u64()), (Some("done"), Some(200)), "{first}");

    let client = thread::spawn(move || ask(proxy, target, "/second", ""));
    let both = until(&terminal, &["ls", "--json"], |ran| ran.stdout.lines().count() == 2);
    let second = row(both.stdout.lines().last().unwrap());
    assert_eq!((second["state"].as_str(), second["status"].as_u64()), (Some("open"), None), "{second}");
    let raw = terminal.sandbox().run(&[
        "show",
        "2",
        "--part",
        "raw",
        "--message",
        "request-sent",
        "-c",
        terminal.capture().to_str().unwrap(),
    ]);
    assert!(raw.stdout.starts_with("GET /second HTTP/1.1\r\n"), "{raw:?}");

    answer.send(()).unwrap();
    client.join().unwrap();
    let over = until(&terminal, &["ls", "--json"], |ran| !ran.stdout.contains("\"open\""));
    let states: Vec<_> = over.stdout.lines().map(|line| row(line)["state"].clone()).collect();
    assert_eq!(states, ["done", "done"]);
    let shown = until(&terminal, &["show", "2"], |ran| ran.code == Some(0));
    assert!(shown.stdout.contains("200 OK"), "{shown:?}");
}
