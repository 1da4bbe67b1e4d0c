//! Bytes pass on as they come, and who goes away takes the other connection along.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::exchange::State;
use std::sync::Mutex;
use std::sync::mpsc;

/// A script's end of a channel: scripts run on threads of their own, and may run more than once.
fn once<T: Send>(receiver: mpsc::Receiver<T>) -> impl Fn() -> T + Send + Sync {
    let receiver = Mutex::new(receiver);
    move || {
        let receiver = receiver.lock().unwrap();
        receiver.recv_timeout(crate::support::client::DEADLINE).expect("the test says to go on")
    }
}

#[test]
fn an_event_reaches_the_client_before_the_next_is_sent() {
    let proxy = Proxy::start(plain);
    let (go_on, told) = mpsc::channel();
    let told = once(told);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        for number in 0..3 {
            peer.send(format!("9\r\ndata: {number}\n\n\r\n"));
            told();
        }
        peer.send("0\r\n\r\n");
    });
    let mut client = Peer::connect(proxy.address());
    client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    let head = client.read_head();
    assert_eq!(
        head.escape_ascii().to_string(),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDate: x\r\nTransfer-Encoding: chunked\r\nVia: 1.1 hopscope\r\n\r\n"
            .escape_ascii()
            .to_string()
    );
    for number in 0..3 {
        // The origin sends the next only when this one has arrived.
        assert_eq!(client.read_through(b"\n\n\r\n"), format!("9\r\ndata: {number}\n\n\r\n").into_bytes());
        go_on.send(()).unwrap();
    }
    assert_eq!(client.read_exact(5), b"0\r\n\r\n");
    let exchange = proxy.exchange_of(client.address());
    assert_eq!(words::bodies(&exchange), "request 0, response 27");
}

#[test]
fn an_upload_passes_on_as_it_comes() {
    let proxy = Proxy::start(plain);
    let (arrived, seen) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        for _ in 0..3 {
            arrived.lock().unwrap().send(peer.read_exact(8)).unwrap();
        }
        peer.read_through(b"0\r\n\r\n");
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(format!(
        "POST http://{0}/ HTTP/1.1\r\nHost: {0}\r\nTransfer-Encoding: chunked\r\n\r\n",
        origin.address()
    ));
    let seen = once(seen);
    for number in 0..3 {
        let chunk = format!("3\r\nab{number}\r\n");
        client.send(&chunk);
        assert_eq!(seen(), chunk.into_bytes());
    }
    client.send("0\r\n\r\n");
    assert!(client.read_head().starts_with(b"HTTP/1.1 204 No Content\r\n"));
    assert_eq!(words::bodies(&proxy.exchange_of(me)), "request 9, response 0");
}

/// A client asks through `way` for an answer that never comes, and goes away.
fn abandoned(request: &str, reset: bool, secured: bool) {
    let proxy = Proxy::start(plain);
    let (asked, wait) = mpsc::channel();
    let (asked, wait) = (Mutex::new(asked), once(wait));
    let (gone, closed) = mpsc::channel();
    let (gone, closed) = (Mutex::new(gone), once(closed));
    let script = move |peer: &mut Peer, _| {
        peer.read_message();
        asked.lock().unwrap().send(()).unwrap();
        gone.lock().unwrap().send(peer.is_closed()).unwrap();
    };
    let (mut client, me, _origin);
    if secured {
        let origin = Origin::secured(proxy.origin_ca().server(), script);
        let tunnel = Peer::tunnel(proxy.address(), &format!("localhost:{}", origin.address().port()));
        me = tunnel.address();
        client = tunnel.secured(proxy.pem(), "localhost").unwrap();
        client.send(request.replace("{}", ""));
        _origin = origin;
    } else {
        let origin = Origin::start(script);
        client = Peer::connect(proxy.address());
        me = client.address();
        client.send(request.replace("{}", &format!("http://{}", origin.address())));
        _origin = origin;
    }
    wait();
    if reset {
        client.reset();
    }
    drop(client);
    assert!(closed(), "the origin's connection is closed at once");
    let exchange = proxy.exchanges_of(me, 1 + usize::from(secured)).remove(usize::from(secured));
    let says = words::exchange(&exchange);
    assert!(says.starts_with("aborted -, client wait gave-up: client gave up after "), "{says}");
    assert!(says.ends_with(" s waiting for the answer"), "{says}");
}

#[test]
fn a_client_that_goes_away_takes_the_origin_connection_along() {
    let get = "GET {}/ HTTP/1.1\r\nHost: h\r\n\r\n";
    let post = "POST {}/ HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
    let chunked = "POST {}/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let upgrade = "GET {}/ HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n";
    for request in [get, post, chunked, upgrade] {
        for reset in [false, true] {
            for secured in [false, true] {
                abandoned(request, reset, secured);
            }
        }
    }
}

#[test]
fn a_client_that_goes_away_within_the_answer() {
    let proxy = Proxy::start(plain);
    let (gone, closed) = mpsc::channel();
    let (gone, closed) = (Mutex::new(gone), once(closed));
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        gone.lock().unwrap().send(peer.is_closed()).unwrap();
    });
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    client.read_head();
    assert_eq!(client.read_exact(5), b"hello");
    drop(client);
    assert!(closed());
    let exchange = proxy.exchange_of(me);
    let says = words::exchange(&exchange);
    assert!(says.starts_with("aborted 200, client body gave-up: client gave up after "), "{says}");
    assert_eq!(words::bodies(&exchange), "request 0, response 5 cut");
}

#[test]
fn an_exchange_is_listed_while_it_waits() {
    let proxy = Proxy::start(plain);
    let (go_on, told) = mpsc::channel();
    let told = once(told);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        told();
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(format!("GET http://{0}/slow HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    let row = proxy.row(|row| row.client == me.to_string());
    assert_eq!((row.state, row.path.as_str(), row.status), (State::Open, "/slow", None));
    go_on.send(()).unwrap();
    client.read_head();
    assert_eq!(words::exchange(&proxy.exchange_of(me)), "done 204");
}

#[test]
fn a_drain_lets_the_exchange_under_way_finish() {
    let mut proxy = Proxy::start(plain);
    let (asked, wait) = mpsc::channel();
    let (asked, wait) = (Mutex::new(asked), once(wait));
    let (go_on, told) = mpsc::channel();
    let told = once(told);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        asked.lock().unwrap().send(()).unwrap();
        told();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    });
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    wait();
    let address = proxy.address();
    let draining = std::thread::spawn(move || {
        proxy.drain();
        proxy
    });
    // Once nobody listens any more the drain has begun.
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
    go_on.send(()).unwrap();
    let (head, body) = client.read_message();
    assert!(head.escape_ascii().to_string().contains("Connection: close"), "{}", head.escape_ascii());
    assert_eq!(body, b"hi");
    assert!(client.is_closed());
    drop(client);
    let proxy = draining.join().unwrap();
    assert_eq!(words::exchange(&proxy.exchange_of(me)), "done 200");
}
