//! What is written is what is read, byte for byte.

use super::super::{connections, rows, samples, schema};
use super::{all_of, finish, live, open, place, stored};
use crate::exchange::{
    Connection, ConnectionId, Dialling, Event, ExchangeId, Found, Side, TlsFacts, Try, Verdict,
};
use crate::store::Reader;
use proptest::prelude::*;
use std::path::Path;

fn tables() -> rusqlite::Connection {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    schema::prepare(&db, Path::new("memory"), &schema::Birth::default()).unwrap();
    db
}

#[test]
fn an_exchange_with_every_fact_comes_back_whole() {
    let (_dir, path) = place();
    let store = open(&path);
    let exchange = samples::full(5);
    finish(&store, &live(exchange.clone()));
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(all_of(&stored(&reader, 5)), all_of(&exchange));
    assert_eq!(reader.newest(9).unwrap(), [exchange.summary]);
}

fn dialling() -> Dialling {
    let one = |address: &str, took, failed: Option<&str>| Try {
        address: address.parse().unwrap(),
        began: 7,
        took,
        failed: failed.map(str::to_owned),
    };
    let tries = vec![one("[::1]:80", Some(9), Some("refused")), one("127.0.0.1:80", None, None)];
    let (parent, host) = (Some("http://p:1".to_owned()), "p".to_owned());
    Dialling { parent, host, found: Found::Resolver, looked_up: 5, tries }
}

#[test]
fn a_connection_comes_back_and_may_be_written_over() {
    let (_dir, path) = place();
    let store = open(&path);
    let plain = Connection {
        id: ConnectionId(4),
        side: Side::Origin,
        opened: 1_790_000_000_000_000,
        peer: Some("[2001:db8::1]:443".parse().unwrap()),
        local: None,
        tls: None,
        dialling: Some(Box::new(dialling())),
        frames: Vec::new(),
    };
    let tls = TlsFacts {
        version: "TLSv1.3".to_owned(),
        cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
        alpn: None,
        sni: Some("example.com".to_owned()),
        chain: vec![vec![1, 2], vec![3], vec![1, 2]],
        verdict: Some(Verdict::Untrusted("self-signed".to_owned())),
        took: Some(1_500),
        hello: Some(vec![0x16, 3, 1]),
        ..TlsFacts::default()
    };
    let secured = Connection { tls: Some(tls), ..plain.clone() };
    for connection in [&plain, &secured] {
        store.inbox().push(0, Event::Connection(Box::new(connection.clone())));
    }
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.connection(ConnectionId(4)).unwrap(), Some(secured));
    assert_eq!(reader.connection(ConnectionId(5)).unwrap(), None);
}

#[test]
fn plain_sqlite_reads_heads_urls_and_reasons_as_text() {
    let db = tables();
    rows::write_exchange(&db, &samples::exchange(1), rows::Place::New).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert!(one("SELECT url FROM exchanges").starts_with("http://api-1.example.com/v2/accounts/1/orders?"));
    assert_eq!(one("SELECT time FROM exchanges"), "2026-09-21T14:13:20.000Z");
    assert!(one("SELECT request_sent FROM heads").starts_with("GET /v2/"));
    assert_eq!(one("SELECT CAST(count(file) AS TEXT) FROM bodies"), "0");
    assert!(one("SELECT text FROM bodies WHERE side = 'origin'").starts_with("{\"id\":1"));
    assert_eq!(
        one("SELECT group_concat(clause, ', ') FROM edits WHERE side = 'client'"),
        "RFC 9112 3.2.1, RFC 9110 7.6.1, RFC 9110 7.6.3"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_exchange_comes_back(exchange in samples::any_exchange(7)) {
        let db = tables();
        rows::write_exchange(&db, &exchange, rows::Place::Over).unwrap();
        let back = rows::exchange(&db, ExchangeId(7)).unwrap().unwrap();
        prop_assert_eq!(all_of(&back), all_of(&exchange));
    }

    #[test]
    fn any_connection_comes_back(connection in samples::any_connection(7)) {
        let db = tables();
        connections::write(&db, &connection).unwrap();
        let back = connections::read(&db, ConnectionId(7)).unwrap();
        prop_assert_eq!(back, Some(connection));
    }
}
