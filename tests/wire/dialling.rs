//! How origins are reached is told: where the addresses came from, which were tried, by which parent; and a
//! tunnel is left unread by the name that its TLS asks for, too.

use super::plain;
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::config::{HostAddress, Parent};
use hopscope::exchange::{Dialling, Found};
use std::net::SocketAddr;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Asks for `/` of a host and returns how its origin was reached.
fn reached(proxy: &Proxy, host: &str, port: u16) -> (Dialling, Option<SocketAddr>) {
    let mut client = Peer::connect(proxy.address());
    client.send(format!("GET http://{host}:{port}/ HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"));
    assert!(client.read_message().0.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let me = client.address();
    drop(client);
    let exchange = proxy.exchange_of(me);
    let connection = proxy.connection(exchange.origin_connection.unwrap().0);
    (*connection.dialling.unwrap(), connection.peer)
}

#[test]
fn where_the_addresses_came_from_and_which_were_tried() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        let known = |address: &str| HostAddress {
            name: "shop.invalid".to_owned(),
            address: address.parse().unwrap(),
        };
        settings.origin.hosts = vec![known("::1"), known("127.0.0.1")];
    });
    let origin = Origin::answering(OK);
    let at = origin.address();
    for (host, found) in
        [("127.0.0.1", Found::Literal), ("localhost", Found::Resolver), ("shop.invalid", Found::Settings)]
    {
        let (dialling, peer) = reached(&proxy, host, at.port());
        assert_eq!((dialling.host.as_str(), dialling.found, peer), (host, found, Some(at)), "{dialling}");
        let last = dialling.tries.last().unwrap();
        assert!(last.address == at && last.took.is_some() && last.failed.is_none(), "{dialling}");
        assert_eq!(dialling.parent, None);
    }
    let (dialling, _) = reached(&proxy, "shop.invalid", at.port());
    // RFC 8305 5: the one that cannot be reached does not hold up the next.
    assert_eq!(dialling.tries[0].address.ip(), "::1".parse::<std::net::IpAddr>().unwrap());
    assert!(dialling.tries[0].failed.is_some(), "{dialling}");
}

#[test]
fn a_parent_is_what_was_reached() {
    let parent = Origin::answering(OK);
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.parents.proxy =
            Some(Parent::parse(&format!("http://me:secret@{}", parent.address())).unwrap());
    });
    let (dialling, peer) = reached(&proxy, "a.test", 80);
    assert_eq!(peer, Some(parent.address()));
    assert_eq!(dialling.parent, Some(format!("http://***@{}", parent.address())));
    assert_eq!(dialling.found, Found::Literal);
}

#[test]
fn rfc6066_3_a_host_is_left_unread_by_the_name_that_tls_asks_for() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.intercept.tunnel = vec!["*.pinned.test".to_owned()];
    });
    let origin = Origin::secured_answering(proxy.origin_ca().server(), OK);
    let tunnel = || Peer::tunnel(proxy.address(), &origin.address().to_string());
    let client = tunnel();
    let me = client.address();
    // Its own certificate, of the CA that the proxy trusts, reaches the client.
    let mut client = client.secured(proxy.origin_ca().pem(), "a.pinned.test").unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a.pinned.test\r\n\r\n");
    assert!(client.read_message().0.starts_with(b"HTTP/1.1 200 OK\r\n"));
    drop(client);
    let exchange = proxy.exchange_of(me);
    assert_eq!(super::words::exchange(&exchange), "done 200 [tunnel]");
    let connection = proxy.connection(exchange.origin_connection.unwrap().0);
    assert_eq!(connection.peer, Some(origin.address()));
    assert!(tunnel().secured(proxy.pem(), "other.test").is_ok(), "other names are intercepted");
}
