//! One stream of a client's HTTP/2 connection, from its request to its end.

use super::http::Link;
use super::tunnel::whole;
use super::{relay, tunnel};
use crate::exchange::Side;
use crate::forward::{Asked, Client, Connected, ResponseBody, Switched};
use crate::recorder::Recording;
use crate::tap::Parts;
use crate::tap::http2::Handle;
use crate::upstream::{Duplex, Io, Pump, Source, Stopped};
use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http_body::Body;
use hyper::{Request, Response, StatusCode};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::time::timeout;

/// `RST_STREAM` (RFC 9113 6.4).
const RST_STREAM: u8 = 3;

/// Serves one stream of a link. A client that resets it has its request let go of at once.
pub(super) async fn serve(
    link: Link,
    client: Arc<Client>,
    tap: Handle,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    client.shard.recorder.ready().await;
    let number = respond.stream_id().as_u32();
    let body = Source::stream(request.into_body());
    let Some((asked, mut answering)) = Asked::take(client, tap.clone(), number, body) else {
        return respond.send_reset(Reason::INTERNAL_ERROR);
    };
    let frames = Frames { recording: asked.recording().clone(), tap, stream: number };
    let answered = poll_fn(|cx| match respond.poll_reset(cx) {
        Poll::Ready(reset) => Poll::Ready(Err(reset)),
        Poll::Pending => answering.as_mut().poll(cx).map(Ok),
    });
    match answered.await {
        Ok(response) => answer(link, &asked, &frames, respond, response).await,
        Err(Ok(reason)) => frames.reset(&asked, reason.into()),
        // The connection is gone.
        Err(Err(_)) => {}
    }
    // The connection's task writes what it was given: its last frames belong to the record.
    tokio::task::yield_now().await;
}

/// Has the stream's frames recorded, however it ends.
struct Frames {
    recording: Recording,
    tap: Handle,
    stream: u32,
}

impl Frames {
    /// The stream was reset: by the client, or by us because the client broke the protocol on it.
    fn reset(&self, asked: &Asked, code: u32) {
        let frames = self.tap.take_frames(self.stream);
        let received = frames.iter().any(|(_, frame)| frame.kind == RST_STREAM && !frame.sent);
        self.recording.frames(Side::Client, frames);
        match self.tap.stream_fault(self.stream) {
            None if received => asked.reset(code),
            fault => asked.broke(fault.as_ref(), code),
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.recording.frames(Side::Client, self.tap.take_frames(self.stream));
    }
}

/// Sends the answer. Its head waits at the tap; h2 is given a stand-in.
async fn answer(
    link: Link,
    asked: &Asked,
    frames: &Frames,
    mut respond: SendResponse<Bytes>,
    response: Response<ResponseBody>,
) {
    let (parts, body) = response.into_parts();
    if let ResponseBody::Reset(code) = body {
        return respond.send_reset(Reason::from(code));
    }
    let mut stand_in = Response::new(());
    *stand_in.status_mut() = if parts.status.is_informational() { StatusCode::OK } else { parts.status };
    // The client may have reset the stream meanwhile.
    let Ok(stream) = respond.send_response(stand_in, body.is_end_stream()) else { return };
    match body {
        ResponseBody::Switched(switched) => switch(*switched, stream).await,
        ResponseBody::Connected(connected) => tunnel(link, *connected, stream).await,
        body => pump(asked, frames, stream, body).await,
    }
}

/// Moves the answer's body to the client, and then what is left of the request to the origin. A client that
/// still owes some of it when that is over, or takes too long, is told to stop: h2 resets a stream that is let
/// go of behind a whole answer with `NO_ERROR` (RFC 9113 8.1).
async fn pump(asked: &Asked, frames: &Frames, stream: SendStream<Bytes>, mut body: ResponseBody) {
    let mut pump = Pump::new(stream, body.is_end_stream(), asked.write_limit);
    let ended = match poll_fn(|cx| pump.poll(cx, &mut body)).await {
        Ok(()) => {
            let rest = poll_fn(|cx| match body.poll_request(cx) {
                Poll::Ready(()) => Poll::Ready(Ok(())),
                Poll::Pending => pump.poll_reset(cx),
            });
            timeout(asked.rest_limit, rest).await.unwrap_or(Ok(()))
        }
        Err(stopped) => Err(stopped),
    };
    match ended {
        Err(Stopped::Cut(cut)) => {
            relay::let_written().await;
            pump.reset(cut.code.unwrap_or_else(|| Reason::INTERNAL_ERROR.into()));
        }
        Err(Stopped::Reset(code)) => frames.reset(asked, code),
        Err(Stopped::Stalled) => {
            asked.stalled();
            pump.reset(Reason::CANCEL.into());
        }
        Ok(()) | Err(Stopped::Lost) => {}
    }
}

/// The stream is the other protocol's from here on (RFC 8441 5).
async fn switch(switched: Switched, sender: SendStream<Bytes>) {
    let Switched { origin, body, joint, recording } = switched;
    let Source::Http2 { stream: receiver, .. } = body else { return };
    let spoken = relay::spoken(&recording);
    let client = Duplex::new(sender, receiver, joint, Side::Client);
    relay::relay(client, whole(origin), &recording, spoken, None).await;
}

/// The stream is a tunnel from here on (RFC 9113 8.5). Without a size of its own: in a tunnel a connection of
/// HTTP/2 may be spoken, which has streams.
fn tunnel(
    link: Link,
    connected: Connected,
    sender: SendStream<Bytes>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let Connected { authority, dialed, recording, body } = connected;
    Box::pin(async move {
        let Source::Http2 { stream: receiver, .. } = body else { return };
        let io: Box<dyn Io> = Box::new(Duplex::tunnel(sender, receiver));
        tunnel::open(link, authority, dialed, recording, Parts { io, read: BytesMut::new() }).await;
    })
}
