//! Clients that find no room: turned away in words, and told in the capture, once a second.

use crate::exchange::{Failure, Flags, Kind, Phase, Side};
use crate::forward::{Answer, Crowded, Shard};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For how long a client that is turned away is listened to.
const BRIEF: Duration = Duration::from_millis(500);

/// Answers a client that has as many connections as it may.
pub async fn turn_away(shard: Arc<Shard>, mut tcp: TcpStream, peer: SocketAddr, crowded: Crowded) {
    if let Some(count) = crowded.untold {
        let says = format!(
            "{} has {} connections, as many as one client may (limits.client_connections): {count} turned away",
            peer.ip(),
            crowded.limit
        );
        note(&shard, &peer.to_string(), says, Some(503));
    }
    let answer = Answer::crowded(crowded.limit, &shard.settings.pseudonym).bytes();
    let answered = async {
        // What came is read first: closing over it would be a reset, which may overtake the answer.
        let mut first = [0; 4096];
        let length = tcp.read(&mut first).await.unwrap_or(0);
        // In TLS and SOCKS there is nothing that could be said yet.
        if first.get(..length).and_then(<[u8]>::first).is_some_and(u8::is_ascii_graphic) {
            let _ = tcp.write_all(&answer).await;
        }
        let _ = tcp.shutdown().await;
        while matches!(tcp.read(&mut first).await, Ok(1..)) {}
    };
    // It is closed in any case.
    let _ = timeout(BRIEF, answered).await;
}

/// Says in the capture that all connections are taken.
pub fn note_full(shard: &Shard) {
    let limit = shard.settings.limits.connections;
    let says =
        format!("{limit} client connections are open, as many as may be (limits.connections): more wait");
    note(shard, "", says, None);
}

fn note(shard: &Shard, client: &str, says: String, status: Option<u16>) {
    let peer = client.parse().ok();
    let connection = shard.recorder.connection(Side::Client, peer, None, None);
    let recording = shard.recorder.begin(Instant::now(), client, connection);
    recording.note(|exchange| {
        exchange.summary.status = status;
        if status.is_some() {
            exchange.summary.flags.add(Flags::OURS);
        }
    });
    recording.fail(Failure { side: Side::Client, phase: Phase::Request, kind: Kind::TooMany, says });
    recording.open();
}
