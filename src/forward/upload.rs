//! The rest of a request whose answer is already over.

use super::blame;
use super::context::Client;
use super::note::is_sent;
use crate::recorder::Recording;
use crate::upstream::Upstream;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// Sends a request on to its end: "A client that receives a response while it is still sending the
/// associated request SHOULD continue sending that request unless it receives an explicit indication to
/// the contrary" (RFC 9110 7.5). Then the exchange is over and the connection is kept; should the origin
/// end it before, or the rest not come in time, the client's ends with it. An origin of HTTP/2 may have asked
/// for that (RFC 9113 8.1).
pub(super) fn go_on(client: Arc<Client>, mut upstream: Upstream, recording: Recording) {
    tokio::spawn(async move {
        let sent = poll_fn(|cx| {
            let over = upstream.poll_drive(cx).is_ready();
            if is_sent(&recording) {
                return Poll::Ready(true);
            }
            if over { Poll::Ready(false) } else { Poll::Pending }
        });
        let limit = client.shard.settings.limits.response_timeout;
        match tokio::time::timeout(limit, sent).await {
            Ok(true) => {
                recording.complete();
                upstream.rest();
                client.keep(upstream);
            }
            Ok(false) if upstream.has_enough() => recording.complete(),
            Ok(false) => {}
            Err(_) => recording.fail(blame::unfinished(limit)),
        }
    });
}
