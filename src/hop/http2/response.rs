//! The check of a response's section, interim ones too (RFC 9113 8.3.2).

use super::pseudo::Of;
use super::section::read;
use crate::exchange::Head;
use crate::hop::syntax::{decimal, offset_in, quoted};
use crate::hop::{Bounds, Fault, Framing, ResponseFacts, Version};

/// Checks a response's section and reads it. `to_head` tells that it answers HEAD, `ends`
/// that its stream ends with it: then a response that might have content has
/// [`Framing::Length`] of 0, for HTTP/1.1 must be told so, and all others [`Framing::None`].
///
/// The fault's status is always 502: "Clients MUST NOT accept a malformed response"
/// (RFC 9113 8.1.1). Its offset is counted in the section as text.
pub fn check_response_http2(
    head: &Head,
    to_head: bool,
    ends: bool,
    bounds: &Bounds,
) -> Result<ResponseFacts, Fault> {
    let section = read(head, Of::Response, bounds).map_err(Fault::in_response)?;
    let status = check_status(head, section.pseudo.status)?;
    if status < 200 && ends {
        let says = "The stream ends with an interim response; a final one must follow.";
        return Err(Fault::new(502, head.start_line().len(), "RFC 9113 8.1", says));
    }
    let length = section.length(head, Framing::Stream).map_err(Fault::in_response)?;
    let bodiless = to_head || status < 200 || matches!(status, 204 | 304);
    let framing = match length {
        _ if bodiless => Framing::None,
        Framing::Length(1..) if ends => return Err(section.length_without_content(head).in_response()),
        _ if ends => Framing::Length(0),
        length => length,
    };
    Ok(ResponseFacts { version: Version::Http2, status, framing, persistent: true, switches: false })
}

/// "This pseudo-header field MUST be included in all responses, including interim responses"
/// (RFC 9113 8.3.2), and "HTTP/2 does not support the 101 (Switching Protocols) informational
/// status code" (8.6).
fn check_status(head: &Head, status: Option<&[u8]>) -> Result<u16, Fault> {
    let Some(text) = status else {
        let says = "The response has no :status.";
        return Err(Fault::new(502, head.start_line().len(), "RFC 9113 8.3.2", says));
    };
    let at = offset_in(head.raw(), text);
    let code = decimal(text).filter(|code| text.len() == 3 && *code >= 100);
    match code.and_then(|code| u16::try_from(code).ok()) {
        Some(101) => Err(Fault::new(
            502,
            at,
            "RFC 9113 8.6",
            "The response switches protocols, which HTTP/2 cannot do.",
        )),
        Some(code) => Ok(code),
        None => {
            let says = format!(":status is {}; it is three digits from 100 on.", quoted(text));
            Err(Fault::new(502, at, "RFC 9113 8.3.2", says))
        }
    }
}
