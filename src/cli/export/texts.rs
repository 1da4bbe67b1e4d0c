//! An exchange as a command, a script, a note, or the bytes of a message.

use super::super::args::ExportTo;
use super::super::exit::Halt;
use super::super::target::Target;
use crate::exchange::{Exchange, Side};
use crate::export::{self, Outgoing, Request};
use crate::text::units;
use std::io::{Read as _, Write as _};

/// Octets of a body that stand in a command or a note.
const MOST: u64 = 16 << 20;

/// A request for another program; whether it holds a secret. What cannot be one is a remark in its place.
pub(super) fn request(
    target: &mut Target,
    outgoing: &Outgoing<'_>,
    to: ExportTo,
    between: bool,
) -> Result<bool, Halt> {
    let exchange = outgoing.exchange();
    if between {
        target.write_all(b"\n")?;
    }
    let body = match whole(outgoing) {
        Ok(body) => body,
        Err(why) => return remark(target, exchange, to, &why).map(|()| false),
    };
    let Some(request) = Request::of(exchange, &body) else {
        return remark(target, exchange, to, "a CONNECT is for the proxy alone").map(|()| false);
    };
    let text = match to {
        ExportTo::Httpie => export::httpie(&request),
        ExportTo::Python => export::python(&request),
        ExportTo::Fetch => export::fetch(&request),
        _ => export::curl(&request),
    };
    writeln!(target, "{}", text.trim_end_matches('\n'))?;
    Ok(request.holds_a_secret())
}

/// A note for people.
pub(super) fn markdown(target: &mut Target, outgoing: &Outgoing<'_>, between: bool) -> Result<(), Halt> {
    if between {
        target.write_all(b"\n")?;
    }
    let mut bodies = [Vec::new(), Vec::new()];
    for (body, side) in bodies.iter_mut().zip([Side::Client, Side::Origin]) {
        let content = outgoing.measure(side)?;
        outgoing.read(side, &content)?.take(MOST).read_to_end(body)?;
        if content.length > MOST {
            body.extend_from_slice(format!("\n… ({}B in all)", units::bytes(content.length)).as_bytes());
        }
    }
    let [request, response] = bodies;
    target.write_all(export::markdown(outgoing.exchange(), &request, &response).as_bytes())?;
    Ok(())
}

/// Head and body of a message as received.
pub(super) fn raw(target: &mut Target, outgoing: &Outgoing<'_>, response: bool) -> Result<(), Halt> {
    let heads = &outgoing.exchange().heads;
    let (head, side) = if response {
        (heads.response_received.as_ref().or(heads.response_sent.as_ref()), Side::Origin)
    } else {
        (heads.request_received.as_ref(), Side::Client)
    };
    if let Some(head) = head {
        target.write_all(head)?;
        std::io::copy(&mut outgoing.received(side)?, target)?;
    }
    Ok(())
}

fn whole(outgoing: &Outgoing<'_>) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let read =
        outgoing.received(Side::Client).and_then(|body_of| body_of.take(MOST + 1).read_to_end(&mut body));
    read.map_err(|error| format!("its body cannot be read: {error}"))?;
    if body.len() as u64 > MOST {
        return Err(format!("its body is too large for a command ({} MiB at most)", MOST >> 20));
    }
    Ok(body)
}

fn remark(target: &mut Target, exchange: &Exchange, to: ExportTo, why: &str) -> Result<(), Halt> {
    let sign = if to == ExportTo::Fetch { "//" } else { "#" };
    let url = crate::text::sanitize(&export::url(exchange)).into_owned();
    writeln!(
        target,
        "{sign} {}: {} {url} is left out: {why}",
        exchange.summary.id.0,
        crate::text::sanitize(&exchange.summary.method)
    )?;
    Ok(())
}
