//! Traffic to record: heads as a browser and a server write them, bodies of JSON that differ, made beforehand,
//! so that making them is not measured.

use bytes::Bytes;
use hopscope::exchange::{Cause, ConnectionId, Edit, Side};
use hopscope::recorder::{BodyTee, Recorder};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Waker};
use std::time::Instant;

/// A field's value that one in 1,634 answers has.
pub const RARE_HEADER: &str = "trace-of-a-rare-kind";
/// A text that one in 5,464 bodies has.
pub const RARE_BODY: &str = "needle-in-a-haystack";
/// Exchanges that are different from each other.
const KINDS: u64 = 4_096;

/// Exchanges to be recorded, one after the other.
pub struct Traffic {
    kinds: Vec<Kind>,
    rare: [Kind; 2],
    next: AtomicU64,
}

struct Kind {
    host: String,
    path: String,
    heads: [Bytes; 4],
    body: Vec<u8>,
    status: u16,
}

impl Traffic {
    pub fn new() -> Self {
        let kinds = (0..KINDS).map(|number| Kind::new(number, "", "")).collect();
        Self {
            kinds,
            rare: [Kind::new(1, RARE_HEADER, ""), Kind::new(2, "", RARE_BODY)],
            next: AtomicU64::new(0),
        }
    }

    /// What all of it takes in memory.
    pub fn mib(&self) -> f64 {
        let octets = |kind: &Kind| kind.heads.iter().map(Bytes::len).sum::<usize>() + kind.body.len() + 200;
        self.kinds.iter().map(octets).sum::<usize>() as f64 / 1_048_576.0
    }

    /// Records the next exchange, in the steps in which the relay tells of one.
    pub fn record(&self, recorder: &Recorder) {
        let number = self.next.fetch_add(1, Relaxed);
        let kind = match number {
            number if number % 1_634 == 1_000 => &self.rare[0],
            number if number % 5_464 == 2_000 => &self.rare[1],
            number => &self.kinds[(number % KINDS) as usize],
        };
        kind.record(recorder);
    }
}

impl Kind {
    fn new(number: u64, field: &str, text: &str) -> Self {
        // Numbers that look like chance and are the same in every run.
        let hash = |salt: u32| (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(salt * 7);
        let host = format!("api-{}.example.com", hash(1) % 50);
        let path = format!(
            "/v2/accounts/{}/orders/{}?page={}&per_page=50&sort=created",
            hash(2) % 9999,
            hash(3) % 199_999,
            number % 7
        );
        let status = match number % 40 {
            0 => 503,
            1 | 2 => 404,
            3 => 304,
            _ => 200,
        };
        let fields = format!(
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
             Accept: application/json\r\nAccept-Language: en-GB,en;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n\
             Referer: https://{host}/orders\r\nCookie: session={:016x}{:016x}; theme=dark\r\nX-Request-Id: {:016x}\r\n",
            hash(4),
            hash(5),
            hash(6)
        );
        let answer = format!(
            "HTTP/1.1 {status} Whatever\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 16:{:02}:{:02} GMT\r\n\
             Content-Type: application/json; charset=utf-8\r\nContent-Length: 1050\r\nETag: \"{:x}\"\r\n\
             Cache-Control: private, max-age=0\r\nVary: Accept-Encoding, Cookie\r\nX-Trace: {field}{:x}\r\n",
            hash(7) % 60,
            hash(8) % 60,
            hash(9),
            number % 97
        );
        let mut body = format!("{{\"order\":{number},\"note\":\"{text}\",\"items\":[");
        for item in 0..99 {
            if body.len() > 1_000 {
                break;
            }
            body += &format!(
                "{{\"sku\":\"{:08x}\",\"price\":{},\"name\":\"Article number {item}\"}},",
                hash(item + 10) >> 32,
                hash(item + 20) % 10_000
            );
        }
        body += "null]}";
        let heads = [
            format!(
                "GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n{fields}Proxy-Connection: keep-alive\r\n\r\n"
            ),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}Via: 1.1 hopscope\r\n\r\n"),
            format!("{answer}\r\n"),
            format!("{answer}Via: 1.1 hopscope\r\n\r\n"),
        ];
        Self { host, path, heads: heads.map(Bytes::from), body: body.into_bytes(), status }
    }

    fn record(&self, recorder: &Recorder) {
        let [request_received, request_sent, response_received, response_sent] = self.heads.clone();
        let recording = recorder.begin(Instant::now(), "127.0.0.1:50000", ConnectionId(1));
        recording.note(|exchange| {
            "GET".clone_into(&mut exchange.summary.method);
            self.host.clone_into(&mut exchange.summary.host);
            self.path.clone_into(&mut exchange.summary.path);
            exchange.heads.request_received = Some(request_received);
        });
        recording.open();
        recording.note(|exchange| {
            exchange.request_edits = vec![
                Edit { before: Some(0), after: Some(0), cause: Cause::TargetForm },
                Edit { before: None, after: Some(9), cause: Cause::Via },
            ];
            exchange.heads.request_sent = Some(request_sent);
        });
        recording.note(|exchange| {
            exchange.summary.status = Some(self.status);
            exchange.summary.media_type = Some("application/json".to_owned());
            exchange.heads.response_received = Some(response_received);
        });
        recording.answered();
        recording.note(|exchange| exchange.heads.response_sent = Some(response_sent));
        let mut context = Context::from_waker(Waker::noop());
        let mut tee = BodyTee::new(recording.clone(), Side::Origin);
        // Never pending: a body of 1 KB fits the record.
        let _ = tee.poll_copy(&mut context, &self.body);
        let _ = tee.poll_complete(&mut context, &None);
        recording.complete();
    }
}
