//! What the tap costs: an exchange with an answer of 1 KiB through its four halves, over memory
//! instead of sockets, beside a bare copy of the same bytes.
//!
//! The reading halves include the check of the head (see `hop`).

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod measure;
mod messages;

use bytes::Bytes;
use hopscope::hop::{Bounds, Framing};
use hopscope::tap::{Handle, HeadOf, HeadSent, OutHead, Tap};
use measure::micros;
use messages::{REQUEST, RESPONSE};
use std::hint::black_box;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const BOUNDS: Bounds = Bounds { fields: 1_000, head: 256 * 1024 };
const BODY: [u8; 1024] = [b'x'; 1024];
const CALLS: u32 = 20_000;
/// What is written is let go of whenever there is more than this.
const KEPT: usize = 64 * 1024;

/// hyper's own heads, which the tap replaces.
const HYPER_REQUEST: &[u8] = b"GET /1 HTTP/1.1\r\n\r\n";
const HYPER_RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1024\r\n\r\n";

/// Nobody wants to know that a head was sent.
struct Nobody;

impl HeadSent for Nobody {
    fn sent(&self, _: HeadOf, _: Bytes, _: bool) {}
}

fn main() -> io::Result<()> {
    // The tap's time limits are tokio's timers.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let _entered = runtime.enter();
    let response = [RESPONSE, &BODY].concat();
    let halves = [
        ("request read", request_read()),
        ("request written", written(REQUEST, HYPER_REQUEST, &[], Framing::None)),
        ("response read", response_read(&response)),
        ("response written", written(RESPONSE, HYPER_RESPONSE, &BODY, Framing::Length(1024))),
    ];
    for (name, micros) in halves {
        println!("{name:<18} {micros:>7.3} µs");
    }
    let sum: f64 = halves.iter().map(|(_, micros)| micros).sum();
    let bare = copied(REQUEST) + copied(&response);
    println!("{:<18} {sum:>7.3} µs an exchange", "all");
    println!("{:<18} {bare:>7.3} µs: the tap costs {:.1} times as much", "bare copy", sum / bare);
    Ok(())
}

fn request_read() -> f64 {
    let hour = Duration::from_hours(1);
    let (mut tap, handle) = Tap::server(Memory::holding(REQUEST), BOUNDS, hour, hour);
    let (mut buffer, mut number) = ([0; 4096], 0);
    micros(CALLS, || {
        read_all(&mut tap, &mut buffer);
        number += 1;
        assert!(handle.take_request(number).is_some());
    })
}

fn response_read(wire: &[u8]) -> f64 {
    let (mut tap, handle) = Tap::client(Memory::holding(wire), BOUNDS);
    let mut buffer = [0; 4096];
    micros(CALLS, || {
        let _ = handle.expect(false, false);
        read_all(&mut tap, &mut buffer);
        assert!(handle.take_response().is_some());
    })
}

fn written(head: &'static [u8], hyper_head: &[u8], body: &[u8], framing: Framing) -> f64 {
    let (mut tap, handle) = Tap::client(Memory::holding(&[]), BOUNDS);
    let raw = Bytes::from_static(head);
    micros(CALLS, || {
        queue(&handle, &raw, framing);
        write_all(&mut tap, hyper_head, body);
    })
}

fn queue(handle: &Handle, raw: &Bytes, framing: Framing) {
    handle.queue(OutHead {
        raw: raw.clone(),
        framing,
        closes: false,
        of: HeadOf::Request,
        sent: Arc::new(Nobody),
    });
}

/// The same bytes read and written without a tap.
fn copied(wire: &[u8]) -> f64 {
    let mut memory = Memory::holding(wire);
    let mut buffer = [0; 4096];
    micros(CALLS, || {
        let length = read_all(&mut memory, &mut buffer);
        write_all(&mut memory, &buffer[..length], &[]);
    })
}

/// Reads one message; returns the bytes that are in `buffer`.
fn read_all(io: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> usize {
    let mut context = Context::from_waker(Waker::noop());
    let mut buffer = ReadBuf::new(buffer);
    while Pin::new(&mut *io).poll_read(&mut context, &mut buffer).is_ready() {}
    black_box(buffer.filled().len())
}

fn write_all(io: &mut (impl AsyncWrite + Unpin), head: &[u8], body: &[u8]) {
    let mut context = Context::from_waker(Waker::noop());
    let mut left = [IoSlice::new(head), IoSlice::new(body)];
    let mut left = &mut left[..];
    while left.iter().any(|slice| !slice.is_empty()) {
        let written = Pin::new(&mut *io).poll_write_vectored(&mut context, left);
        let Poll::Ready(Ok(length)) = written else { return };
        IoSlice::advance_slices(&mut left, length);
    }
}

/// Gives the same message again and again, with a pause behind each; takes whatever is written.
struct Memory {
    wire: Vec<u8>,
    at: usize,
    written: Vec<u8>,
}

impl Memory {
    fn holding(wire: &[u8]) -> Self {
        Self { wire: wire.to_owned(), at: 0, written: Vec::with_capacity(2 * KEPT) }
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = &self.wire[self.at..];
        if rest.is_empty() {
            self.at = 0;
            return Poll::Pending;
        }
        let part = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..part]);
        self.at += part;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.written.len() > KEPT {
            self.written.clear();
        }
        for slice in slices {
            self.written.extend_from_slice(slice);
        }
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
