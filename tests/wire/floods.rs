//! Floods against the real binary: each is refused, and its resident memory stays where it was
//! (RFC 9113 10.5, RFC 7541 7.3).

use crate::support::Sandbox;
use crate::support::frames::{
    asking, code, credit, data, field, flag, frame, get, kind, post, reset, setting,
};
use crate::support::http2::PREFACE;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};

/// Connections that flood, one after the other.
const CONNECTIONS: usize = 20;
/// Octets that each of them sends at most.
const A_FLOOD: usize = 2 << 20;
/// By how much resident memory may have grown behind all of them, and that is what buffers and caches of the
/// capture take until they are full. 40 MiB were sent, or what decodes to gigabytes.
const GROWTH: usize = 32 << 20;

/// Lists that are larger than their blocks, on each connection.
const BOMBS: u32 = 16;
/// What waits for the disk at most if the writer does not come to it at all: each refused head is a row of up to
/// `limits.head` (256 KiB).
const RECORDED: usize = CONNECTIONS * BOMBS as usize * (256 << 10);

struct Served {
    child: Child,
    address: String,
    origin: SocketAddr,
    _sandbox: Sandbox,
}

impl Served {
    /// The binary, and an origin that reads and says nothing.
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let mut child = sandbox
            .hopscope(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || std::io::copy(&mut &stream, &mut std::io::sink()));
            }
        });
        Self { child, address, origin, _sandbox: sandbox }
    }

    /// Octets of memory that are resident.
    fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// A connection of HTTP/2 that sends `octets` until it is refused, and all that it is answered.
    fn flooded(&self, octets: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let origin = self.origin;
        write!(stream, "CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n\r\n").unwrap();
        let mut established = Vec::new();
        while !established.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            stream.read_exact(&mut octet).unwrap();
            established.push(octet[0]);
        }
        assert!(established.starts_with(b"HTTP/1.1 200 "), "{}", established.escape_ascii());
        let mut reading = stream.try_clone().unwrap();
        let answers = std::thread::spawn(move || {
            let mut answered = Vec::new();
            // A reset behind GOAWAY is an end too.
            let _ = reading.read_to_end(&mut answered);
            answered
        });
        // Refused in the middle of it: what was sent is enough.
        let _ = stream.write_all(&[PREFACE, &frame(kind::SETTINGS, 0, 0, &[])].concat());
        let _ = stream.write_all(octets);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        answers.join().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; then the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The code of the last GOAWAY among frames.
fn last_code(mut frames: &[u8]) -> Option<u32> {
    let mut last = None;
    while let Some((head, rest)) = frames.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = rest.get(..length).unwrap_or(rest);
        if head[3] == kind::GOAWAY {
            last = payload.get(4..8).map(|code| u32::from_be_bytes(code.try_into().unwrap()));
        }
        frames = rest.get(length..).unwrap_or_default();
    }
    last
}

fn many(begin: Vec<u8>, one: &[u8]) -> Vec<u8> {
    [begin, one.repeat(A_FLOOD / one.len())].concat()
}

fn streams(one: fn(u32) -> Vec<u8>) -> Vec<u8> {
    let count = u32::try_from(A_FLOOD / one(1).len()).unwrap();
    (0..count).flat_map(|number| one(number * 2 + 1)).collect()
}

/// One entry of some 4,000 octets in the table, then thousands of times its index: each octet of the block is
/// 4,000 of the list (RFC 7541 7.3, RFC 9113 10.5.1).
fn bomb(stream: u32) -> Vec<u8> {
    let mut block = asking("GET", &[]);
    let mut entry = field("x", [b'v'; 4_000]);
    entry[0] = 0x40;
    block.extend(entry);
    block.resize(16_000, 0xbe);
    frame(kind::HEADERS, flag::WHOLE, stream, &block)
}

fn stays_flat(name: &str, flood: &[u8]) {
    let served = Served::new();
    // Once, so that what is made once is made.
    served.flooded(flood);
    let before = served.resident();
    for _ in 0..CONNECTIONS {
        let answered = served.flooded(flood);
        assert_eq!(last_code(&answered), Some(code::ENHANCE_YOUR_CALM), "{name}");
    }
    let after = served.resident();
    eprintln!("{name}: {} KiB before, {} KiB after", before / 1024, after / 1024);
    assert!(after < before + GROWTH, "{name}: {before} octets before, {after} after");
}

macro_rules! flood {
    ($($name:ident: $flood:expr;)*) => {
        $(#[test]
        #[cfg(target_os = "linux")]
        fn $name() {
            stays_flat(stringify!($name), &$flood);
        })*
    };
}

flood! {
    rfc9113_10_5_rapid_reset: streams(|stream| [get(stream), reset(stream, 8)].concat());
    rfc9113_10_5_settings: many(Vec::new(), &setting(0xcafe, 1));
    rfc9113_10_5_pings: many(Vec::new(), &frame(kind::PING, 0, 0, b"payload!"));
    rfc9113_10_5_priorities: many(Vec::new(), &frame(kind::PRIORITY, 0, 9, &[0, 0, 0, 0, 15]));
    rfc9113_10_5_window_updates: many(Vec::new(), &credit(0, 1));
    rfc9113_10_5_empty_data: many(post(1), &data(1, 0, &[]));
    rfc9113_10_5_unknown_frames: many(Vec::new(), &frame(0xfa, 0, 0, &[0; 16]));
    rfc9113_10_5_empty_continuations:
        many(frame(kind::HEADERS, flag::END_STREAM, 1, &asking("GET", &[])), &frame(kind::CONTINUATION, 0, 1, &[]));
    rfc9113_10_5_1_a_block_without_end:
        many(frame(kind::HEADERS, flag::END_STREAM, 1, &asking("GET", &[])), &frame(kind::CONTINUATION, 0, 1, &[0; 16_000]));
}

/// A field list that decodes to gigabytes is refused request by request: 431 (RFC 6585 5), with nothing of it
/// kept beyond `limits.head`, which is the `SETTINGS_MAX_HEADER_LIST_SIZE` that the client was told.
#[test]
#[cfg(target_os = "linux")]
fn rfc7541_7_3_a_list_far_larger_than_its_block() {
    let served = Served::new();
    let all: Vec<u8> = (0..BOMBS).flat_map(|number| bomb(number * 2 + 1)).collect();
    served.flooded(&all);
    let before = served.resident();
    for _ in 0..CONNECTIONS {
        let answered = served.flooded(&all);
        let refusals = answered.windows(3).filter(|octets| octets == b"431").count();
        assert!(
            refusals > 0 || last_code(&answered) == Some(code::ENHANCE_YOUR_CALM),
            "{}",
            answered.escape_ascii()
        );
        let told = [&6_u16.to_be_bytes()[..], &(256_u32 << 10).to_be_bytes()].concat();
        assert!(answered.windows(6).any(|setting| setting == told), "SETTINGS_MAX_HEADER_LIST_SIZE");
    }
    let after = served.resident();
    eprintln!("HPACK: {} KiB before, {} KiB after", before / 1024, after / 1024);
    assert!(after < before + GROWTH + RECORDED, "{before} octets before, {after} after");
}
