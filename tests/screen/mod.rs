//! The terminal interface of the real binary: on a pseudo-terminal, with real exchanges.

#![cfg(unix)]

mod comparing;
mod hostile;
mod leaving;
mod outside;
mod opening;
mod second;
mod suspending;
mod terminal;
mod traffic;

use crate::support::client::Peer;
use std::net::SocketAddr;

/// Sends a request through the proxy and reads the answer's head.
fn ask(proxy: SocketAddr, origin: SocketAddr, path: &str, fields: &str) -> String {
    let mut client = Peer::connect(proxy);
    client.send(format!("GET http://{origin}{path} HTTP/1.1\r\nHost: {origin}\r\n{fields}\r\n"));
    String::from_utf8_lossy(&client.read_message().0).into_owned()
}

/// What origins answer where it does not matter.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
