//! The `request` and `response` of an entry.

use super::super::json::Json;
use super::super::outgoing::{Content, Outgoing};
use crate::exchange::{Exchange, Head, Side, Truncation};
use std::io::{self, Write};
use url::form_urlencoded;

/// What the client asked, as received.
pub fn request(
    json: &mut Json<impl Write>,
    outgoing: &Outgoing<'_>,
    url: &str,
    content: &Content,
) -> io::Result<()> {
    let exchange = outgoing.exchange();
    let head = exchange.heads.request_received.clone().map(Head::parse);
    json.open()?;
    json.key("method")?.text(&exchange.summary.method)?;
    json.key("url")?.text(url)?;
    json.key("httpVersion")?.text(&exchange.summary.version)?;
    cookies(json, head.as_ref(), "cookie")?;
    headers(json, head.as_ref())?;
    json.key("queryString")?.open_list()?;
    let query = url.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or_default());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        pair(json, &name, &value)?;
    }
    json.close_list()?;
    if content.length > 0 || content.trouble.is_some() {
        json.key("postData")?.open()?;
        json.key("mimeType")?.text(&value(head.as_ref(), "content-type"))?;
        json.key("params")?.open_list()?;
        json.close_list()?;
        body(json, outgoing, Side::Client, content)?;
        json.close()?;
    }
    sizes(json, head.as_ref(), exchange, Side::Client)?;
    json.close()
}

/// What the origin answered, as received; else what the client was sent. Without either, status 0 and why.
pub fn response(json: &mut Json<impl Write>, outgoing: &Outgoing<'_>, content: &Content) -> io::Result<()> {
    let exchange = outgoing.exchange();
    let raw = exchange.heads.response_received.clone().or_else(|| exchange.heads.response_sent.clone());
    let head = raw.map(Head::parse);
    let line = head.as_ref().and_then(Head::status_line);
    let (version, status, reason) = line.unwrap_or((b"", 0, b""));
    json.open()?;
    json.key("status")?.plain(status)?;
    json.key("statusText")?.text(&lossy(reason))?;
    json.key("httpVersion")?.text(&lossy(version))?;
    cookies(json, head.as_ref(), "set-cookie")?;
    headers(json, head.as_ref())?;
    json.key("content")?.open()?;
    json.key("size")?.plain(content.length)?;
    if let Some(saved) = content.length.checked_sub(exchange.response_body.kept).filter(|_| content.decoded) {
        json.key("compression")?.plain(saved)?;
    }
    json.key("mimeType")?.text(&value(head.as_ref(), "content-type"))?;
    if content.length > 0 || content.trouble.is_some() {
        body(json, outgoing, Side::Origin, content)?;
    }
    json.close()?;
    json.key("redirectURL")?.text(&value(head.as_ref(), "location"))?;
    sizes(json, head.as_ref(), exchange, Side::Origin)?;
    if let Some(failure) = &exchange.summary.failure {
        json.key("_error")?.text(&failure.says)?;
    }
    json.close()
}

/// `text`, in base64 where it is none, and in words what of it is missing.
fn body(
    json: &mut Json<impl Write>,
    outgoing: &Outgoing<'_>,
    side: Side,
    content: &Content,
) -> io::Result<()> {
    let mut octets = outgoing.read(side, content)?;
    if content.text {
        json.key("text")?.long_text(&mut octets)?;
    } else {
        json.key("text")?.long_base64(&mut octets)?;
        json.key("encoding")?.text("base64")?;
    }
    let body = outgoing.exchange().body(side);
    let cut = body
        .truncated
        .map(|why| format!("{} of {} bytes were kept: {}", body.kept, body.length, Truncation::says(why)));
    let coded = content.trouble.as_ref().map(|why| format!("as received: {why}"));
    let remarks: Vec<String> = cut.into_iter().chain(coded).collect();
    if !remarks.is_empty() {
        json.key("comment")?.text(&remarks.join("; "))?;
    }
    Ok(())
}

/// Every line in its order; pseudo-fields (RFC 9113 8.3) are method, URL and status.
fn headers(json: &mut Json<impl Write>, head: Option<&Head>) -> io::Result<()> {
    json.key("headers")?.open_list()?;
    for field in head.into_iter().flat_map(Head::fields).filter(|field| !field.is_pseudo()) {
        pair(json, &lossy(field.name), &lossy(field.value))?;
    }
    json.close_list()
}

fn cookies(json: &mut Json<impl Write>, head: Option<&Head>, field: &str) -> io::Result<()> {
    json.key("cookies")?.open_list()?;
    let is_list = field == "cookie";
    for line in head.into_iter().flat_map(|head| head.values(field)) {
        let line = lossy(line);
        // Of Set-Cookie the first pair is the cookie, the others are its attributes (RFC 6265 4.1.1).
        for cookie in line.split(';').take(if is_list { usize::MAX } else { 1 }) {
            let (name, value) = cookie.trim().split_once('=').unwrap_or(("", cookie.trim()));
            json.open()?;
            json.key("name")?.text(name)?;
            json.key("value")?.text(value)?;
            if !is_list {
                attributes(json, &line)?;
            }
            json.close()?;
        }
    }
    json.close_list()
}

fn attributes(json: &mut Json<impl Write>, line: &str) -> io::Result<()> {
    let is = |name: &str| line.split(';').skip(1).any(|word| word.trim().eq_ignore_ascii_case(name));
    let attributes = line.split(';').skip(1).filter_map(|attribute| attribute.trim().split_once('='));
    for (name, value) in attributes {
        match name.to_ascii_lowercase().as_str() {
            "path" => json.key("path")?.text(value)?,
            "domain" => json.key("domain")?.text(value)?,
            "samesite" => json.key("sameSite")?.text(value)?,
            _ => {}
        }
    }
    json.key("httpOnly")?.plain(is("httponly"))?;
    json.key("secure")?.plain(is("secure"))
}

fn sizes(
    json: &mut Json<impl Write>,
    head: Option<&Head>,
    exchange: &Exchange,
    side: Side,
) -> io::Result<()> {
    match head {
        Some(head) => json.key("headersSize")?.plain(head.raw().len())?,
        None => json.key("headersSize")?.plain(-1)?,
    }
    json.key("bodySize")?.plain(exchange.body(side).length)
}

fn pair(json: &mut Json<impl Write>, name: &str, value: &str) -> io::Result<()> {
    json.open()?;
    json.key("name")?.text(name)?;
    json.key("value")?.text(value)?;
    json.close()
}

fn value(head: Option<&Head>, name: &str) -> String {
    head.and_then(|head| head.value(name)).map(lossy).unwrap_or_default()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
