//! What is spoken in a tunnel that is relayed unread, told by the first bytes of both sides.

use super::sniff;
use crate::exchange::{Side, Spoken};
use crate::recorder::Recording;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// First bytes of each side that are kept to tell by.
const MOST: usize = 128;

/// Hears the beginning of both directions, and notes in the record what it is.
#[derive(Debug, Default)]
pub(super) struct Ear {
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    client: Vec<u8>,
    origin: Vec<u8>,
    first: Option<Side>,
    told: Option<Spoken>,
}

impl Ear {
    /// Hears what one side said; whether more of it would tell more.
    pub(super) fn hear(&self, recording: &Recording, side: Side, bytes: &[u8]) -> bool {
        let mut heard = self.lock();
        let first = *heard.first.get_or_insert(side);
        let of_side = match side {
            Side::Client => &mut heard.client,
            Side::Origin => &mut heard.origin,
        };
        let room = MOST.saturating_sub(of_side.len()).min(bytes.len());
        of_side.extend_from_slice(bytes.get(..room).unwrap_or_default());
        let full = of_side.len() >= MOST;
        let told = tell(&heard.client, &heard.origin);
        if heard.told != Some(told) {
            heard.told = Some(told);
            drop(heard);
            recording.note(|exchange| {
                if let Some(tunnel) = &mut exchange.tunnelled {
                    (tunnel.first, tunnel.spoken) = (Some(first), Some(told));
                }
            });
        }
        !full && told == Spoken::Unknown
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The protocol that these first bytes begin.
fn tell(client: &[u8], origin: &[u8]) -> Spoken {
    match sniff::sniff(client) {
        Some(sniff::Kind::Tls) => return Spoken::Tls,
        Some(sniff::Kind::Http) => return Spoken::Http1,
        Some(sniff::Kind::Http2) => return Spoken::Http2,
        Some(sniff::Kind::Other) | None => {}
    }
    let begins = |bytes: &[u8], words: &[&[u8]]| {
        words.iter().any(|word| bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
    };
    let holds = |word: &[u8]| origin.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    // RFC 4253 4.2: either may speak first.
    if begins(client, &[b"SSH-"]) || begins(origin, &[b"SSH-"]) {
        Spoken::Ssh
    } else if begins(client, &[b"EHLO ", b"HELO ", b"LHLO "]) || (begins(origin, &[b"220"]) && holds(b"SMTP"))
    {
        Spoken::Smtp
    } else if begins(origin, &[b"220"]) && (begins(client, &[b"USER ", b"AUTH ", b"FEAT"]) || holds(b"FTP")) {
        Spoken::Ftp
    } else if begins(origin, &[b"* OK", b"* PREAUTH"]) {
        Spoken::Imap
    } else if begins(origin, &[b"+OK"]) && !begins(client, &[b"*"]) {
        Spoken::Pop3
    } else if begins(origin, &[b"RFB 0"]) {
        Spoken::Vnc
    } else if is_postgres(client) {
        Spoken::Postgres
    } else if is_mysql(origin) {
        Spoken::Mysql
    } else if is_redis(client) {
        Spoken::Redis
    } else if client.first() == Some(&0x10) && client.get(4..8) == Some(b"MQTT") {
        Spoken::Mqtt
    } else {
        Spoken::Unknown
    }
}

/// A startup message of protocol 3.0, or the request for TLS before it.
fn is_postgres(client: &[u8]) -> bool {
    matches!(client.get(4..8), Some([0, 3, 0, 0] | [0x04, 0xd2, 0x16, 0x2f])) && client.starts_with(&[0, 0])
}

/// A handshake of version 10: the first packet, its length before it.
fn is_mysql(origin: &[u8]) -> bool {
    matches!(origin, [_, _, 0, 0, 10, b'0'..=b'9', ..])
}

/// An array of strings: `*1\r\n$4\r\nPING`.
fn is_redis(client: &[u8]) -> bool {
    let Some((b'*', rest)) = client.split_first() else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest.get(digits..).is_some_and(|rest| rest.starts_with(b"\r\n$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_tell() {
        for (client, origin, spoken) in [
            (&b"\x16\x03\x01"[..], &b""[..], Spoken::Tls),
            (b"GET / HTTP/1.1\r\n", b"", Spoken::Http1),
            (b"PRI * HTTP/2.0\r\n\r\n", b"", Spoken::Http2),
            (b"SSH-2.0-OpenSSH", b"", Spoken::Ssh),
            (b"", b"SSH-2.0-OpenSSH", Spoken::Ssh),
            (b"", b"220 mail.test ESMTP Postfix\r\n", Spoken::Smtp),
            (b"EHLO me\r\n", b"220 mail.test ready\r\n", Spoken::Smtp),
            (b"", b"220 (vsFTPd 3.0.3)\r\n", Spoken::Ftp),
            (b"USER me\r\n", b"220 ready\r\n", Spoken::Ftp),
            (b"", b"220 ready\r\n", Spoken::Unknown),
            (b"", b"* OK [CAPABILITY IMAP4rev1]", Spoken::Imap),
            (b"", b"+OK POP3 ready", Spoken::Pop3),
            (b"", b"RFB 003.008\n", Spoken::Vnc),
            (&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f], b"", Spoken::Postgres),
            (&[0, 0, 0, 41, 0, 3, 0, 0, b'u'], b"", Spoken::Postgres),
            (b"", b"\x4a\0\0\0\x0a8.0.36\0", Spoken::Mysql),
            (b"*1\r\n$4\r\nPING\r\n", b"", Spoken::Redis),
            (b"\x10\x10\0\x04MQTT\x04", b"", Spoken::Mqtt),
            (b"\0\x01\x02", b"", Spoken::Unknown),
            (b"", b"", Spoken::Unknown),
        ] {
            assert_eq!(tell(client, origin), spoken, "{} {}", client.escape_ascii(), origin.escape_ascii());
        }
    }
}
