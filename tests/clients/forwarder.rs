//! For clients that know no proxies: a port whose connections become CONNECTs through one.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Listens on a free port; each connection is a tunnel through `proxy` to `target`. The thread that
/// accepts ends with the process.
pub fn forwarder(proxy: SocketAddr, target: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let target = target.to_owned();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let target = target.clone();
            thread::spawn(move || relay(client, proxy, &target));
        }
    });
    address
}

/// A connection that breaks is the client's to notice.
fn relay(client: TcpStream, proxy: SocketAddr, target: &str) -> Option<()> {
    let mut there = TcpStream::connect(proxy).ok()?;
    write!(there, "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").ok()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        there.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    if !head.starts_with(b"HTTP/1.1 200") {
        return None;
    }
    let (up, down) = (client.try_clone().ok()?, there.try_clone().ok()?);
    let back = thread::spawn(move || one_way(down, client));
    one_way(up, there);
    back.join().ok()
}

fn one_way(mut from: TcpStream, mut to: TcpStream) {
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
