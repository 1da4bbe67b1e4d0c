//! Plays cases of raw frames: what a peer sends, and the code with which it is answered (RFC 9113 5.4).

use super::plain;
use crate::support::frames::{Frame, NO_CONTENT, code, flag, frame, get, kind, setting};
use crate::support::http2::{Origin2, PREFACE, Raw, World, raw_tunnel, read, status};
use crate::support::proxy::Proxy;
use hopscope::config::Settings;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The stream on which it shows that the connection lives on.
const LAST: u32 = 0x7fff_fff1;
/// The payload of the PING that goes before it.
const MARK: &[u8; 8] = b"the mark";

/// What becomes of a connection.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    /// A connection error: GOAWAY with this code is the last frame, and the connection is closed.
    GoAway(u32),
    /// A stream error: one `RST_STREAM` with this code, and the connection lives on.
    Reset(u32, u32),
    /// So many requests are answered with 204, and nothing is said against anything.
    Answers(usize),
}

/// One connection of a client.
pub struct Case {
    pub name: &'static str,
    /// Each is sent in one piece; behind each but the last, the answer on that stream is waited for.
    pub sends: Vec<(Vec<u8>, u32)>,
    pub want: Want,
    /// The clause that the record names; empty where h2 finds the fault by itself.
    pub clause: &'static str,
}

/// A case that sends everything at once.
pub fn case(name: &'static str, frames: &[Vec<u8>], want: Want, clause: &'static str) -> Case {
    Case { name, sends: vec![(frames.concat(), 0)], want, clause }
}

/// A case whose first request is answered before the rest is sent.
pub fn late(name: &'static str, frames: &[Vec<u8>], want: Want, clause: &'static str) -> Case {
    Case { name, sends: vec![(get(1), 1), (frames.concat(), 0)], want, clause }
}

/// Nothing is wrong with these frames.
pub fn fine(name: &'static str, frames: &[Vec<u8>], answers: usize) -> Case {
    case(name, frames, Want::Answers(answers), "")
}

/// A proxy, and an origin of HTTP/2 behind it that answers 204 to what it has read whole, and nothing on
/// `/hold`.
pub struct Stand {
    pub world: World,
    pub proxy: Proxy,
    pub origin: Origin2,
}

impl Stand {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// With settings of its own.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let proxy = Proxy::start(|settings| {
            plain(settings);
            change(settings);
        });
        let world = World::new();
        let origin = world.origin(proxy.origin_ca().server(), |request, mut respond| async move {
            if request.uri().path() == "/hold" {
                let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
            } else if read(&mut request.into_body()).await.is_ok() {
                let _ = respond.send_response(status(204), true);
            }
        });
        Self { world, proxy, origin }
    }

    /// A client whose connection stands: both SETTINGS are acknowledged.
    pub async fn client(&self) -> (Raw, SocketAddr) {
        let (mut raw, me) = raw_tunnel(&self.proxy, self.origin.address()).await;
        raw.put(&[PREFACE, &frame(kind::SETTINGS, 0, 0, &[])].concat()).await;
        while raw.next(kind::SETTINGS).await.is_some_and(|(flags, ..)| flags != flag::ACK) {
            raw.send(kind::SETTINGS, flag::ACK, 0, &[]).await;
        }
        (raw, me)
    }

    /// Plays all cases and fails with the names of those that went wrong.
    pub fn play(&self, cases: &[Case]) {
        let only = std::env::var("CASE").unwrap_or_default();
        let mut failed = Vec::new();
        for case in cases.iter().filter(|case| case.name.contains(&only)) {
            if catch_unwind(AssertUnwindSafe(|| self.world.run(self.one(case)))).is_err() {
                failed.push(case.name);
            }
        }
        assert!(failed.is_empty(), "{} failed:\n  {}", failed.len(), failed.join("\n  "));
    }

    async fn one(&self, case: &Case) {
        let (mut raw, me) = self.client().await;
        for (octets, awaited) in &case.sends {
            raw.put(octets).await;
            if *awaited > 0 {
                while raw.next(kind::HEADERS).await.expect("an answer").1 != *awaited {}
            }
        }
        let came = match case.want {
            Want::GoAway(_) => to_end(&mut raw).await,
            Want::Reset(..) | Want::Answers(_) => lives_on(&mut raw, case.want).await,
        };
        judge(case, &came);
        if !case.clause.is_empty() {
            self.is_recorded(me, case.clause);
        }
    }

    /// Waits for the record of a failure that names the clause.
    pub fn is_recorded(&self, me: SocketAddr, clause: &str) {
        let me = me.to_string();
        let names = |says: &str| says.contains(&format!("({clause}")) || says.contains(&format!("{clause},"));
        self.proxy
            .row(|row| row.client == me && row.failure.as_ref().is_some_and(|failure| names(&failure.says)));
    }
}

/// All frames to the end of the connection.
pub async fn to_end(raw: &mut Raw) -> Vec<Frame> {
    let mut came = Vec::new();
    while let Some(frame) = raw.frame().await {
        came.push(frame);
    }
    came
}

/// Asks once more, behind a PING, and reads until both are answered, and what is wanted has come.
async fn lives_on(raw: &mut Raw, want: Want) -> Vec<Frame> {
    raw.put(&[frame(kind::PING, 0, 0, MARK), get(LAST)].concat()).await;
    let mut came: Vec<Frame> = Vec::new();
    loop {
        let has = |test: &dyn Fn(&Frame) -> bool| came.iter().filter(|frame| test(frame)).count();
        let missing = match want {
            Want::Reset(stream, _) => has(&|frame| is_reset_of(frame, stream)) == 0,
            Want::Answers(count) => has(&|frame| frame.kind == kind::HEADERS && frame.stream != LAST) < count,
            Want::GoAway(_) => false,
        };
        let answered = has(&|frame| frame.kind == kind::HEADERS && frame.stream == LAST) > 0;
        let ponged =
            has(&|frame| (frame.kind, frame.flags, &frame.payload[..]) == (kind::PING, flag::ACK, MARK)) > 0;
        if answered && ponged && !missing {
            return came;
        }
        match raw.frame().await {
            Some(frame) => came.push(frame),
            None => panic!("the connection ended: {came:?}"),
        }
    }
}

fn is_reset_of(frame: &Frame, stream: u32) -> bool {
    (frame.kind, frame.stream) == (kind::RST_STREAM, stream)
}

fn judge(case: &Case, came: &[Frame]) {
    let name = case.name;
    let resets: Vec<_> = came.iter().filter(|frame| frame.kind == kind::RST_STREAM).collect();
    match case.want {
        Want::GoAway(code) => {
            let last = came.last().unwrap_or_else(|| panic!("{name}: nothing came"));
            assert_eq!((last.kind, last.code()), (kind::GOAWAY, Some(code)), "{name}: {came:?}");
        }
        Want::Reset(stream, code) => {
            let of_it: Vec<_> = resets.iter().filter(|frame| frame.stream == stream).collect();
            assert_eq!(of_it.len(), 1, "{name}: {came:?}");
            assert_eq!((of_it[0].code(), resets.len()), (Some(code), 1), "{name}: {came:?}");
        }
        Want::Answers(count) => {
            let is_answer = |frame: &&Frame| frame.kind == kind::HEADERS && is_no_content(&frame.payload);
            // The one that shows that the connection lives on is not counted.
            assert_eq!(came.iter().filter(is_answer).count(), count + 1, "{name}: {came:?}");
            assert!(resets.is_empty(), "{name}: {came:?}");
        }
    }
    if !matches!(case.want, Want::GoAway(_)) {
        let ends = |frame: &&Frame| frame.kind == kind::GOAWAY && frame.code() != Some(code::NO_ERROR);
        assert!(came.iter().find(ends).is_none(), "{name}: {came:?}");
    }
}

/// Whether a block begins with `:status: 204`, behind sizes of the table (RFC 7541 4.2, 6.3).
fn is_no_content(mut block: &[u8]) -> bool {
    while let [first @ 0x20..=0x3f, rest @ ..] = block {
        let more = rest.iter().take_while(|octet| **octet >= 0x80).count() + 1;
        block = rest.get(if *first == 0x3f { more } else { 0 }..).unwrap_or_default();
    }
    block.starts_with(NO_CONTENT)
}

/// Each of these blocks as the section of a request of its own, on one connection: each is malformed
/// (RFC 9113 8.1.1), so its stream is reset with `PROTOCOL_ERROR`, and nothing else.
pub fn are_malformed(stand: &Stand, blocks: &[(String, Vec<u8>)]) {
    stand.world.run(async {
        let (mut raw, _) = stand.client().await;
        for (number, (name, block)) in (0..).zip(blocks) {
            let stream = number * 2 + 1;
            raw.send(kind::HEADERS, flag::WHOLE, stream, block).await;
            let came = loop {
                let frame = raw.frame().await.unwrap_or_else(|| panic!("{name}: the connection ended"));
                if matches!(frame.kind, kind::HEADERS | kind::RST_STREAM | kind::GOAWAY) {
                    break frame;
                }
            };
            assert!(is_reset_of(&came, stream), "{name}: {came:?}");
            assert_eq!(came.code(), Some(code::PROTOCOL_ERROR), "{name}: {came:?}");
        }
        lives_on(&mut raw, Want::Answers(0)).await;
    });
}

/// SETTINGS that this side sends in the middle of a connection, up to its acknowledgment.
pub async fn change_setting(raw: &mut Raw, id: u16, value: u32) {
    raw.put(&setting(id, value)).await;
    while raw.next(kind::SETTINGS).await.is_some_and(|(flags, ..)| flags != flag::ACK) {}
}
