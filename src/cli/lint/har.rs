//! The exchanges of a HAR file (HTTP Archive 1.2), as far as their heads go: fields in their order, as the
//! program that wrote it saw them.

use super::exchanges::Looked;
use crate::exchange::{Head, Scheme};
use crate::inspect::View;
use bytes::Bytes;
use serde::Deserialize;

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: String,
    #[serde(default)]
    time: f64,
    request: Request,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    headers: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    status_text: String,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    headers: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

/// What is answered for each of its entries, in their order; the error is that of the JSON.
pub fn entries(text: &[u8]) -> Result<impl Iterator<Item = Looked>, serde_json::Error> {
    let archive: Archive = serde_json::from_slice(text)?;
    Ok(archive.log.entries.into_iter().zip(1..).map(|(entry, id)| looked(id, &entry)))
}

fn looked(id: u64, entry: &Entry) -> Looked {
    let Entry { request, response, .. } = entry;
    let url = url::Url::parse(&request.url).ok();
    let target = url.as_ref().map_or_else(
        || request.url.clone(),
        |url| url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
    );
    let asked =
        head(&format!("{} {target} {}", request.method, version(&request.http_version)), &request.headers);
    let line = format!("{} {} {}", version(&response.http_version), response.status, response.status_text);
    let answered = (response.status > 0).then(|| head(line.trim_end(), &response.headers));
    let scheme = match url.as_ref().map(url::Url::scheme) {
        Some("https" | "wss") => Some(Scheme::Https),
        Some("http" | "ws") => Some(Scheme::Http),
        _ => None,
    };
    let view = View {
        heads: [Some(&asked), None, answered.as_ref(), None],
        scheme,
        host: url.as_ref().and_then(url::Url::host_str),
        arrived: arrived(entry),
        trailers: false,
    };
    Looked::of(id, &request.method, request.url.clone(), &view)
}

/// `h2`, `http/2.0` and their like as they stand in a start line.
fn version(written: &str) -> &str {
    match written.to_ascii_lowercase().as_str() {
        "h2" | "http/2" | "http/2.0" => "HTTP/2",
        "h3" | "http/3" | "http/3.0" => "HTTP/3",
        "http/1.0" => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

/// The head that these fields stood in; what no line can hold becomes a blank.
fn head(start: &str, fields: &[Field]) -> Head {
    let plain = |text: &str| text.replace(['\r', '\n', '\0'], " ");
    let lines = fields.iter().map(|field| format!("{}: {}\r\n", plain(&field.name), plain(&field.value)));
    let raw = format!("{}\r\n{}\r\n", plain(start), lines.collect::<String>());
    Head::parse(Bytes::from(raw))
}

/// When it was over, in seconds since 1970.
fn arrived(entry: &Entry) -> Option<i64> {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    let began = OffsetDateTime::parse(&entry.started_date_time, &Rfc3339).ok()?;
    let took = if entry.time.is_finite() {
        time::Duration::seconds_f64(entry.time.clamp(0.0, 86_400_000.0) / 1000.0)
    } else {
        time::Duration::ZERO
    };
    began.checked_add(took).map(OffsetDateTime::unix_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAR: &str = r#"{"log":{"version":"1.2","creator":{"name":"WebInspector"},"entries":[
        {"startedDateTime":"2026-11-23T12:00:00.000Z","time":1500,"request":{"method":"GET","url":"https://shop.test/a?b=1#c","httpVersion":"h2",
         "headers":[{"name":":method","value":"GET"},{"name":"accept","value":"*/*"}]},
         "response":{"status":200,"statusText":"","httpVersion":"h2","headers":[{"name":"set-cookie","value":"a=1; SameSite=None"},{"name":"date","value":"Mon, 23 Nov 2026 11:59:00 GMT"}]}},
        {"request":{"method":"GET","url":"https://shop.test/b"},"response":{"status":0}}]}}"#;

    #[test]
    fn every_entry_is_looked_at_as_an_exchange() {
        let all: Vec<_> = entries(HAR.as_bytes()).unwrap().collect();
        assert_eq!(all.len(), 2);
        let first = &all[0];
        assert_eq!(first.title, "#1  GET https://shop.test/a?b=1#c  200");
        assert!(
            first.findings.iter().any(|found| found.lint == "cookie-none-without-secure"),
            "{:?}",
            first.findings
        );
        assert_eq!(first.verdicts.cache.as_ref().unwrap().age, 61);
        assert!(all[1].verdicts.cache.is_none(), "no answer came");
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(entries(b"{\"log\":{}}").is_err() && entries(b"x").is_err());
    }
}
