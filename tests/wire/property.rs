//! Whatever the heads, the capture's four are what the raw sockets saw, and the edits explain them.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::proxy::Proxy;
use hopscope::exchange::{Exchange, Head, MessageKind, Side};
use hopscope::hop::replay_edits;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use std::net::TcpListener;

/// How a generated body is framed.
#[derive(Clone, Copy, Debug)]
enum Framed {
    Counted,
    Chunked,
}

/// A message to be sent: everything but the request line's authority and Host.
#[derive(Clone)]
struct Message {
    start: Vec<u8>,
    lines: Vec<Vec<u8>>,
    framed: Option<Framed>,
    body: Vec<u8>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "\n{}",
            self.bytes(&self.start, &[]).escape_ascii().to_string().replace("\\r\\n", "\\r\\n\n")
        )
    }
}

impl Message {
    /// Its bytes, with `more` lines put in the middle.
    fn bytes(&self, start: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
        let framing = match self.framed {
            None => None,
            Some(Framed::Counted) => Some(format!("cOntent-Length:\t{}", self.body.len()).into_bytes()),
            Some(Framed::Chunked) => Some(b"Transfer-encoding:chunked ".to_vec()),
        };
        let (before, behind) = self.lines.split_at(self.lines.len() / 2);
        let lines = before.iter().chain(more).chain(&framing).chain(behind);
        let mut bytes = [start, b"\r\n"].concat();
        for line in lines {
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.framed_body());
        bytes
    }

    fn framed_body(&self) -> Vec<u8> {
        match self.framed {
            None => Vec::new(),
            Some(Framed::Counted) => self.body.clone(),
            Some(Framed::Chunked) if self.body.is_empty() => b"0\r\n\r\n".to_vec(),
            Some(Framed::Chunked) => {
                let size = format!("{:X}\r\n", self.body.len()).into_bytes();
                [&size[..], &self.body, b"\r\n0\r\n\r\n"].concat()
            }
        }
    }

    fn data(&self) -> &[u8] {
        if self.framed.is_some() { &self.body } else { b"" }
    }
}

fn tchar() -> impl Strategy<Value = u8> {
    select(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".to_vec())
}

/// Names that stand for themselves, so that no rule but the general ones is about them.
fn free_name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(tchar(), 0..8).prop_map(|rest| [b"x", &rest[..]].concat()),
        select(vec![
            b"X-a".to_vec(),
            b"x-A".to_vec(),
            b"Set-Cookie".to_vec(),
            b"SET-cookie".to_vec(),
            b"Cookie".to_vec(),
            b"Accept".to_vec(),
            b"date".to_vec(),
            b"Authorization".to_vec(),
            b"Trailer".to_vec(),
        ]),
    ]
}

/// field-vchar, obs-text, blanks (RFC 9110 5.5).
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => 0x21_u8..=0x7e, 1 => Just(b' '), 1 => Just(b'\t'), 2 => 0x80_u8..=0xff];
    vec(byte, 0..24)
}

fn ows() -> impl Strategy<Value = &'static [u8]> {
    select(vec![&b""[..], b" ", b"\t", b"  \t"])
}

/// Options of Connection, some naming fields that may be there, with empty members and odd spacing.
fn options() -> impl Strategy<Value = Vec<u8>> {
    let option =
        select(vec!["close", "Keep-Alive", "X-A", "TE", "x-b", "", "cookie", "upgrade", "date", "x0"]);
    vec(option, 0..4).prop_map(|options| options.join(",\t").into_bytes())
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = |names: &[&str], values: &[&str]| {
        let own = |list: &[&str]| list.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
        (select(own(names)), select(own(values)))
    };
    let field = prop_oneof![
        8 => (free_name(), value()),
        2 => (select(vec![b"Connection".to_vec(), b"cOnnection".to_vec()]), options()),
        1 => known(&["TE", "te"], &["trailers", "gzip;q=0.5, Trailers", "deflate", ""]),
        1 => known(&["Via", "VIA"], &["1.0 fred", "1.1 a (x), HTTP/2 b:80", "1.1 c"]),
        1 => known(&["Keep-Alive", "Proxy-Connection", "Proxy-Authorization"], &["timeout=5", "keep-alive"]),
        1 => known(&["Proxy-Authenticate", "Upgrade"], &["Basic", "h2c", "foo/1"]),
        1 => known(&["Max-Forwards"], &["3", "17"]),
    ];
    (field, ows(), ows())
        .prop_map(|((name, value), before, behind)| [&name[..], b":", before, &value, behind].concat())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..64)
}

fn request() -> impl Strategy<Value = Message> {
    let method = select(vec![&b"GET"[..], b"POST", b"OPTIONS", b"x-!Odd~", b"DELETE"]);
    // A fragment is no part of a target (RFC 9112 3.2).
    let path = vec(prop_oneof![1 => 0x21_u8..=0x22, 5 => 0x24_u8..=0x7e, 1 => 0x80_u8..=0xff], 0..24);
    let framed = select(vec![None, Some(Framed::Counted), Some(Framed::Chunked)]);
    (method, path, vec(line(), 0..12), framed, body()).prop_map(|(method, path, lines, framed, body)| {
        Message { start: [method, b" http://{}/", &path].concat(), lines, framed, body }
    })
}

fn response() -> impl Strategy<Value = Message> {
    let status = select(vec!["200", "201", "299", "404", "503", "999"]);
    let version = select(vec!["HTTP/1.1", "HTTP/1.0"]);
    (version, status, value(), vec(line(), 0..12), body()).prop_map(
        |(version, status, reason, lines, body)| {
            let framed =
                if version == "HTTP/1.1" && body.len() % 2 == 0 { Framed::Chunked } else { Framed::Counted };
            let start = [version.as_bytes(), b" ", status.as_bytes(), b" ", &reason].concat();
            Message { start, lines, framed: Some(framed), body }
        },
    )
}

/// What crossed the sockets.
struct Crossed {
    heads: [Vec<u8>; 4],
    exchange: Exchange,
}

fn cross(proxy: &Proxy, listener: &TcpListener, request: &Message, response: &Message) -> Crossed {
    let authority = listener.local_addr().unwrap().to_string();
    let start = super::trace::replaced(&request.start, b"{}", authority.as_bytes());
    let host = format!("hOst:{authority}").into_bytes();
    let asked = request.bytes(&[&start[..], b" HTTP/1.1"].concat(), &[host]);
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(&asked);
    let mut origin = Peer::new(listener.accept().unwrap().0);
    let (sent, sent_body) = origin.read_message();
    assert_eq!(sent_body.escape_ascii().to_string(), request.framed_body().escape_ascii().to_string());
    let answered = response.bytes(&response.start, &[]);
    origin.send(&answered);
    let (got, got_body) = client.read_message();
    assert_eq!(got_body.escape_ascii().to_string(), response.framed_body().escape_ascii().to_string());
    client.finish();
    assert!(origin.is_closed() && client.is_closed(), "nothing more came");
    let exchange = proxy.exchange_of(me);
    let head = |message: Vec<u8>, body: usize| message[..message.len() - body].to_vec();
    let asked = head(asked, request.framed_body().len());
    let answered = head(answered, response.framed_body().len());
    Crossed { heads: [asked, sent, answered, got], exchange }
}

#[test]
fn the_capture_holds_the_four_heads_byte_for_byte_and_the_edits_explain_them() {
    let proxy = Proxy::start(plain);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = Config { cases: 96, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let run = TestRunner::new(config).run(&(request(), response()), |(request, response)| {
        let Crossed { heads, exchange } = cross(&proxy, &listener, &request, &response);
        for (kind, crossed) in MessageKind::ALL.into_iter().zip(&heads) {
            let recorded = exchange.heads.of(kind).map(|head| &head[..]).unwrap_or_default();
            prop_assert!(recorded == crossed, "{}:\n{}", kind.as_str(), words::difference(crossed, recorded));
        }
        let [asked, sent, answered, got] = heads.map(|head| Head::parse(head.into()));
        prop_assert_eq!(replay_edits(&asked, &sent, &exchange.request_edits), Ok(()));
        prop_assert_eq!(replay_edits(&answered, &got, &exchange.response_edits), Ok(()));
        prop_assert_eq!(proxy.body(&exchange, Side::Client), request.data());
        prop_assert_eq!(proxy.body(&exchange, Side::Origin), response.data());
        let says = words::exchange(&exchange);
        prop_assert!(says.starts_with("done "), "{says}");
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
}
