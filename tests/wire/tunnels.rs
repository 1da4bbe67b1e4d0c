//! Tunnels that are relayed unread: why they are, by target and by server name, what is spoken in them, and how
//! each half ends; and what a client's refusals teach.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::exchange::{Exchange, Flags, Side, Spoken, Tunnelled, Unopened};
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What is known of the tunnel of a client that has gone.
fn tunnelled(proxy: &Proxy, client: Peer) -> (Exchange, Tunnelled) {
    let me = client.address();
    drop(client);
    let exchange = proxy.exchange_of(me);
    let tunnel = exchange.tunnelled.clone().expect("a tunnel that was relayed unread");
    assert!(exchange.summary.flags.has(Flags::TUNNEL));
    (exchange, *tunnel)
}

#[test]
fn what_is_spoken_and_how_each_half_ends_is_told() {
    let proxy = Proxy::start(plain);
    let (go, may) = mpsc::channel::<()>();
    let may = std::sync::Mutex::new(may);
    let mail = Origin::start(move |peer, _| {
        peer.send("220 mail.test ESMTP\r\n");
        assert_eq!(peer.read_to_close(), b"QUIT\r\n");
        may.lock().unwrap().recv().unwrap();
        peer.send("221 bye\r\n");
    });
    let mut client = Peer::tunnel(proxy.address(), &mail.address().to_string());
    let me = client.address().to_string();
    assert_eq!(client.read_exact(21), b"220 mail.test ESMTP\r\n");
    client.send("QUIT\r\n");
    client.finish();
    // While it is open the record says that one half is over.
    let id = proxy.row(|row| row.client == me).id;
    while proxy.inbox().live(id).unwrap().tunnelled.unwrap().client_ended.is_none() {
        std::thread::yield_now();
    }
    go.send(()).unwrap();
    assert_eq!(client.read_to_close(), b"221 bye\r\n");
    let (exchange, tunnel) = tunnelled(&proxy, client);
    assert_eq!((tunnel.why, tunnel.spoken), (Unopened::ServerFirst, Some(Spoken::Smtp)));
    assert_eq!(tunnel.first, Some(Side::Origin));
    assert!(tunnel.client_ended.unwrap() < tunnel.origin_ended.unwrap());
    assert_eq!((exchange.request_body.length, exchange.response_body.length), (6, 30));
}

#[test]
fn a_tunnel_that_one_end_resets_is_reset_at_the_other() {
    let proxy = Proxy::start(plain);
    let (heard, hears) = mpsc::channel();
    let hears = std::sync::Mutex::new(hears);
    let server = Origin::start(move |peer, connection| {
        peer.send("220 cut short");
        assert_eq!(peer.read_exact(5), b"QUIT\r");
        if connection == 0 {
            peer.reset();
        } else {
            heard.send(peer.closes_in_order()).unwrap();
        }
    });
    let open = || {
        let mut client = Peer::tunnel(proxy.address(), &server.address().to_string());
        assert_eq!(client.read_exact(13), b"220 cut short");
        client.send("QUIT\r");
        client
    };
    let mut client = open();
    assert!(!client.closes_in_order(), "what the server cut was ended in order");
    let says = tunnelled(&proxy, client).0.summary.failure.unwrap().says;
    assert_eq!(says, "the server reset its end of the tunnel");

    let mut client = open();
    client.reset();
    drop(client);
    assert!(!hears.lock().unwrap().recv().unwrap(), "what the client cut was ended in order");
}

#[test]
fn rfc9110_9_3_6_the_last_words_of_a_server_that_resets_its_end_are_passed_on() {
    let proxy = Proxy::start(plain);
    let server = Origin::start(|peer, _| {
        peer.send("220 go on");
        assert_eq!(peer.read_exact(4), b"DATA");
        peer.send("552 too much");
        // With more of the client's bytes unread.
        peer.reset();
    });
    for _ in 0..20 {
        let mut client = Peer::tunnel(proxy.address(), &server.address().to_string());
        assert_eq!(client.read_exact(9), b"220 go on");
        let mut upload = client.tcp().try_clone().unwrap();
        let sending = std::thread::spawn(move || {
            let _ = upload.write_all(b"DATA").and_then(|()| upload.write_all(&vec![b'x'; 2_000_000]));
        });
        assert_eq!(client.read_exact(12), b"552 too much");
        drop(client);
        sending.join().unwrap();
    }
}

#[test]
fn each_protocol_is_told_by_its_first_bytes() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.intercept.enabled = false;
    });
    for (says, spoken) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", Spoken::Ssh),
        ("GET / HTTP/1.1\r\n\r\n", Spoken::Http1),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Spoken::Http2),
        ("*1\r\n$4\r\nPING\r\n", Spoken::Redis),
        ("\x01\x02\x03\x04", Spoken::Unknown),
    ] {
        let origin = Origin::start(|peer, _| {
            peer.read_to_close();
        });
        let mut client = Peer::tunnel(proxy.address(), &origin.address().to_string());
        client.send_pieces(says, 3);
        client.finish();
        assert_eq!(client.read_to_close(), b"");
        let (exchange, tunnel) = tunnelled(&proxy, client);
        assert_eq!(
            (tunnel.why, tunnel.spoken, tunnel.first),
            (Unopened::Off, Some(spoken), Some(Side::Client))
        );
        assert_eq!(exchange.request_body.length, says.len() as u64);
    }
}

/// The tunnel to a secured origin in which a client that trusts `pem` asks for a server name; the answer.
fn asks(proxy: &Proxy, origin: &Origin, pem: &str, name: &str) -> Peer {
    let authority = format!("127.0.0.1:{}", origin.address().port());
    let mut client = Peer::tunnel(proxy.address(), &authority).secured(pem, name).unwrap();
    client.send(format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n"));
    assert!(client.read_message().0.starts_with(b"HTTP/1.1 200 OK\r\n"));
    client
}

#[test]
fn rfc6066_3_only_and_tunnel_mean_the_server_name_as_well_as_the_target() {
    for (only, tunnel, why) in [
        (vec!["localhost"], vec![], None),
        (vec!["127.0.0.*"], vec![], None),
        (vec!["other.test"], vec![], Some(Unopened::NotNamed)),
        (vec![], vec!["localhost"], Some(Unopened::Named)),
        (vec![], vec!["127.0.0.1"], Some(Unopened::Named)),
        (vec!["127.0.0.1"], vec!["localhost"], Some(Unopened::Named)),
        (vec![], vec![], None),
    ] {
        let proxy = Proxy::start(|settings| {
            plain(settings);
            let owned = |all: &[&str]| all.iter().map(ToString::to_string).collect();
            (settings.intercept.only, settings.intercept.tunnel) = (owned(&only), owned(&tunnel));
        });
        let origin = Origin::secured_answering(proxy.origin_ca().server(), OK);
        let trusted = if why.is_some() { proxy.origin_ca().pem() } else { proxy.pem() };
        let client = asks(&proxy, &origin, trusted, "localhost");
        let me = client.address();
        if let Some(why) = why {
            let (_, tunnel) = tunnelled(&proxy, client);
            assert_eq!((tunnel.why, tunnel.spoken), (why, Some(Spoken::Tls)), "{only:?} {tunnel:?}");
        } else {
            drop(client);
            let exchanges = proxy.exchanges_of(me, 2);
            assert!(exchanges[0].summary.flags.has(Flags::INTERCEPTED), "{only:?} {tunnel:?}");
        }
    }
}

#[test]
fn a_host_that_is_not_named_is_relayed_though_it_speaks_plain_http() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.intercept.only = vec!["other.test".to_owned()];
    });
    let origin = Origin::answering(OK);
    let mut client = Peer::tunnel(proxy.address(), &origin.address().to_string());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_message();
    let (_, tunnel) = tunnelled(&proxy, client);
    assert_eq!((tunnel.why, tunnel.spoken), (Unopened::NotNamed, Some(Spoken::Http1)));
}

/// A client that trusts the origin's CA alone: it refuses our certificate, or comes through to the origin's.
fn tries(proxy: &Proxy, origin: &Origin) -> (bool, Exchange) {
    let authority = format!("localhost:{}", origin.address().port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let me = tunnel.address();
    let through = match tunnel.secured(proxy.origin_ca().pem(), "localhost") {
        Ok(mut client) => {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            client.read_message().0.starts_with(b"HTTP/1.1 200")
        }
        Err(_) => false,
    };
    (through, proxy.exchange_of(me))
}

#[test]
fn the_third_try_of_a_client_that_does_not_trust_us_goes_through() {
    let proxy = Proxy::start(plain);
    let origin = Origin::secured_answering(proxy.origin_ca().server(), OK);
    let says = |exchange: &Exchange| exchange.summary.failure.clone().unwrap().says;
    let (through, first) = tries(&proxy, &origin);
    assert!(!through && !says(&first).contains("intercept.learn"), "{}", says(&first));
    let (through, second) = tries(&proxy, &origin);
    assert!(!through);
    assert!(
        says(&second).contains(". That was refusal 2: the host is left alone for this client until "),
        "{}",
        says(&second)
    );
    let (through, third) = tries(&proxy, &origin);
    assert!(through);
    let tunnel = third.tunnelled.unwrap();
    assert_eq!((tunnel.why, tunnel.spoken), (Unopened::Learned, Some(Spoken::Tls)));
    let why = tunnel.reason();
    assert!(why.contains("refused our certificate 2 times, last with the alert unknown_ca; until "), "{why}");
    assert!(third.summary.flags.has(Flags::LEARNED) && third.summary.failure.is_none());
    // Undone, it is intercepted again, and stays so.
    assert!(proxy.learned().forget("localhost"));
    for _ in 0..3 {
        let (through, exchange) = tries(&proxy, &origin);
        assert!(!through && !says(&exchange).contains("intercept.learn"));
    }
}

#[test]
fn what_is_asked_for_by_name_is_not_left_alone_and_learning_can_be_off() {
    for change in [
        (|intercept| intercept.only = vec!["localhost".to_owned()]) as fn(&mut hopscope::config::Intercept),
        |intercept| intercept.learn = false,
        |intercept| intercept.learn_for = Duration::from_nanos(1),
        |intercept| intercept.learn_after = 4,
    ] {
        let proxy = Proxy::start(|settings| {
            plain(settings);
            change(&mut settings.intercept);
        });
        let origin = Origin::secured_answering(proxy.origin_ca().server(), OK);
        for _ in 0..3 {
            assert!(!tries(&proxy, &origin).0);
        }
    }
}

#[test]
fn a_client_that_has_come_through_takes_longer_to_be_believed() {
    let proxy = Proxy::start(plain);
    let origin = Origin::secured_answering(proxy.origin_ca().server(), OK);
    assert!(!tries(&proxy, &origin).0);
    let authority = format!("localhost:{}", origin.address().port());
    let mut trusting = Peer::tunnel(proxy.address(), &authority).secured(proxy.pem(), "localhost").unwrap();
    trusting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(trusting.read_message().0.starts_with(b"HTTP/1.1 200"));
    // A check with the same library that does not trust us: two refusals would take the host out of sight.
    for refusal in 1..=6 {
        assert!(!tries(&proxy, &origin).0, "refusal {refusal}");
    }
    assert!(tries(&proxy, &origin).0);
}

#[test]
fn a_connection_that_was_not_needed_is_no_refusal_of_who_has_come_through() {
    let proxy = Proxy::start(plain);
    let origin = Origin::secured_answering(proxy.origin_ca().server(), OK);
    let authority = format!("localhost:{}", origin.address().port());
    let connects = || Peer::tunnel(proxy.address(), &authority).secured(proxy.pem(), "localhost").unwrap();
    let leaves = || {
        let mut client = connects();
        client.finish();
        client.read_to_close();
        words::exchange(&proxy.exchange_of(client.address()))
    };
    let refused = "failed 200, client tls certificate-refused: client refused our certificate by closing";
    let first = leaves();
    assert!(first.starts_with(refused), "{first}");
    let mut client = connects();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(client.read_message().0.starts_with(b"HTTP/1.1 200"));
    assert_eq!(leaves(), "done 200 [intercepted]");
}

#[test]
fn who_asks_badly_has_not_refused_our_certificate() {
    let proxy = Proxy::start(plain);
    let origin = Origin::secured_answering(proxy.origin_ca().server(), OK);
    let authority = format!("localhost:{}", origin.address().port());
    for _ in 0..7 {
        let mut client = Peer::tunnel(proxy.address(), &authority).secured(proxy.pem(), "localhost").unwrap();
        client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        assert!(client.read_message().0.starts_with(b"HTTP/1.1 400"));
    }
    assert!(proxy.learned().lessons().is_empty());
}
