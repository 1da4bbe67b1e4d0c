//! A client that ends its half of the connection, or pipelines and goes away, and answers that take
//! longer than a connection may lie idle.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

/// Answers so many requests with their paths.
fn echo(count: usize) -> impl Fn(&mut Peer, usize) + Send + Sync {
    move |peer, _| {
        for _ in 0..count {
            let head = String::from_utf8(peer.read_message().0).unwrap();
            let path = head.split(' ').nth(1).unwrap();
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}", path.len()));
        }
    }
}

fn get(origin: &Origin, path: &str) -> String {
    format!("GET http://{0}{path} HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address())
}

#[test]
fn rfc9112_9_6_a_client_that_closed_its_half_gets_its_answer() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(echo(1));
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(get(&origin, "/one"));
    client.finish();
    let answer = client.read_to_close();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", answer.escape_ascii());
    assert!(answer.ends_with(b"\r\n\r\n/one"), "{}", answer.escape_ascii());
    assert_eq!(words::exchange(&proxy.exchange_of(me)), "done 200");
}

#[test]
fn rfc9110_7_8_a_client_that_offers_an_upgrade_and_closes_its_half_gets_its_answer() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(echo(1));
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    let offer = "\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
    client.send(get(&origin, "/one").replace("\r\n\r\n", offer));
    client.finish();
    let answer = client.read_to_close();
    assert!(answer.ends_with(b"\r\n\r\n/one"), "{}", answer.escape_ascii());
    assert_eq!(words::exchange(&proxy.exchange_of(me)), "done 200");
}

#[test]
fn rfc9112_9_3_2_a_pipeline_behind_which_the_client_closed_its_half_is_answered_whole() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(echo(3));
    let mut client = Peer::connect(proxy.address());
    client.send(["/a", "/b", "/c"].map(|path| get(&origin, path)).concat());
    client.finish();
    let answers = client.read_to_close();
    let bodies: Vec<_> = ["/a", "/b", "/c"]
        .iter()
        .map(|body| answers.windows(6).position(|bytes| bytes == format!("\r\n\r\n{body}").as_bytes()))
        .collect();
    assert!(bodies.iter().all(Option::is_some) && bodies.is_sorted(), "{}", answers.escape_ascii());
}

#[test]
fn rfc9112_8_a_head_cut_by_the_client_behind_a_pipelined_request_is_refused_after_the_answer() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(echo(1));
    let mut client = Peer::connect(proxy.address());
    client.send(get(&origin, "/a") + "GET http://h/ HTT");
    client.finish();
    let answers = String::from_utf8(client.read_to_close()).unwrap();
    let (first, second) = answers.split_once("\r\n\r\n/a").unwrap();
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n") && second.starts_with("HTTP/1.1 400 "), "{answers}");
}

#[test]
fn a_client_that_goes_away_with_a_request_waiting_takes_the_origin_connection_along() {
    let proxy = Proxy::start(plain);
    let (asked, wait) = mpsc::channel();
    let (gone, closed) = mpsc::channel();
    let tell = Mutex::new((asked, gone));
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        let (asked, gone) = &*tell.lock().unwrap();
        asked.send(()).unwrap();
        gone.send(peer.is_closed()).unwrap();
    });
    let mut client = Peer::connect(proxy.address());
    client.send(get(&origin, "/a") + &get(&origin, "/b"));
    wait.recv_timeout(crate::support::client::DEADLINE).unwrap();
    drop(client);
    assert!(closed.recv_timeout(crate::support::client::DEADLINE).unwrap());
}

#[test]
fn an_answer_may_take_longer_than_a_connection_may_lie_idle() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.idle_timeout = Duration::from_millis(200);
    });
    let (quick, address) = (Origin::answering("HTTP/1.1 204 No Content\r\n\r\n"), proxy.address());
    // Another connection, idle from now on, is closed when the limit has passed.
    let limit_passes = {
        let request = get(&quick, "/");
        move || {
            let mut idle = Peer::connect(address);
            idle.send(&request);
            idle.read_to_close();
        }
    };
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        limit_passes();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        limit_passes();
        peer.send("ok");
    });
    let mut client = Peer::connect(proxy.address());
    client.send(get(&origin, "/"));
    assert!(client.read_head().starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(client.read_exact(2), b"ok");
    assert_eq!(client.read_to_close(), b"", "and then it is idle, and closed");
}

#[test]
fn rfc9112_9_5_an_answer_that_a_reset_follows_reaches_a_client_that_still_sends() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(|peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge");
        // With the request's body unread.
        peer.reset();
    });
    for _ in 0..20 {
        let mut client = Peer::connect(proxy.address());
        client.send(format!(
            "POST http://{0}/ HTTP/1.1\r\nHost: {0}\r\nContent-Length: 2000000\r\n\r\n",
            origin.address()
        ));
        let mut upload = client.tcp().try_clone().unwrap();
        let sending = std::thread::spawn(move || {
            let _ = upload.write_all(&vec![b'x'; 2_000_000]);
        });
        let (head, body) = client.read_message();
        assert!(head.starts_with(b"HTTP/1.1 413 "), "{}", head.escape_ascii());
        assert_eq!(body, b"large");
        sending.join().unwrap();
    }
}
