//! curl commands, as browsers, API references and our own exports write them: what each would ask for.
//!
//! A shell's quoting is read, nothing is run: files, variables and commands within stay what they are, and
//! are told.

use super::heads::{self, Fields, Place};
use super::{Imported, Report, Sink, blank};
use crate::exchange::{Body, Side};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, Read};

mod words;

use words::Command;

/// Octets of a file of commands.
const LARGEST: u64 = 32 << 20;

/// Reads the commands of a file.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut report = Report::default();
    let mut bytes = Vec::new();
    input.take(LARGEST).read_to_end(&mut bytes)?;
    for command in words::commands(&bytes) {
        match command.and_then(|command| exchange(&command)) {
            Ok(imported) => {
                sink(imported)?;
                report.read += 1;
            }
            Err(why) => report.leave_out(why),
        }
    }
    Ok(report)
}

/// What a command line asks for.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags as typed")]
struct Asked {
    url: Option<String>,
    method: Option<String>,
    fields: Fields,
    /// Fields that curl is told not to send.
    without: Vec<Vec<u8>>,
    data: Vec<u8>,
    has_data: bool,
    /// `-G`: the data belongs to the URL.
    get: bool,
    json: bool,
    version: &'static str,
    head: bool,
    compressed: bool,
}

/// Flags whose value says nothing about the request.
const IGNORED: &[&str] = &[
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-x",
    "--proxy",
    "--cacert",
    "--capath",
    "-E",
    "--cert",
    "--key",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--resolve",
    "--connect-to",
    "-c",
    "--cookie-jar",
    "--max-redirs",
    "--limit-rate",
    "--interface",
    "-y",
    "-Y",
    "--ciphers",
    "--tls-max",
    "-D",
    "--dump-header",
    "--noproxy",
    "--proxy-user",
    "-U",
    "--stderr",
    "--trace",
    "--trace-ascii",
    "--unix-socket",
    "--request-target",
];

fn exchange(command: &Command) -> Result<Imported, String> {
    let asked = asked(command)?;
    let mut url = asked.url.ok_or("it names no URL")?;
    if !url.contains("://") {
        url = format!("http://{url}");
    }
    let mut body = asked.data;
    if asked.get && asked.has_data {
        let joint = if url.contains('?') { '&' } else { '?' };
        url = format!("{url}{joint}{}", String::from_utf8_lossy(&body));
        body = Vec::new();
    }
    let place = Place::of(&url)?;
    let has_body = asked.has_data && !asked.get;
    let chosen = if asked.head {
        "HEAD"
    } else if has_body {
        "POST"
    } else {
        "GET"
    };
    let method = asked.method.unwrap_or_else(|| chosen.to_owned());
    let mut fields = vec![(b"Host".to_vec(), place.host.clone().into_bytes())];
    let has = |name: &str| {
        let is = |known: &[u8]| known.eq_ignore_ascii_case(name.as_bytes());
        asked.fields.iter().any(|(known, _)| is(known)) || asked.without.iter().any(|known| is(known))
    };
    if has("host") {
        fields.clear();
    }
    let mut added: Vec<(&str, &str)> = vec![("Accept", "*/*")];
    if asked.json {
        added = vec![("Content-Type", "application/json"), ("Accept", "application/json")];
    } else if has_body {
        added.push(("Content-Type", "application/x-www-form-urlencoded"));
    }
    if asked.compressed {
        added.push(("Accept-Encoding", "deflate, gzip"));
    }
    let added: Vec<_> = added.into_iter().filter(|(name, _)| !has(name)).collect();
    fields.extend(asked.fields.iter().cloned());
    fields.extend(added.into_iter().map(|(name, value)| (name.into(), value.into())));
    if has_body {
        fields.push((b"Content-Length".to_vec(), body.len().to_string().into_bytes()));
    }
    let version = if asked.version.is_empty() { "HTTP/1.1" } else { asked.version };
    let mut exchange = blank();
    exchange.heads.request_received = Some(heads::request(&method, &place, version, &fields));
    let length = body.len() as u64;
    exchange.request_body = Body { length, kept: length, complete: true, ..Body::default() };
    let summary = &mut exchange.summary;
    (summary.method, summary.version, summary.request_bytes) = (method, version.to_owned(), length);
    (summary.scheme, summary.host, summary.path) = (place.scheme, place.host, place.path);
    debug_assert_eq!(exchange.body(Side::Client).length, length);
    Ok(Imported { exchange, bodies: [body, Vec::new()], messages: Vec::new(), connections: Vec::new() })
}

fn asked(command: &Command) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut words = command.words.iter().skip(1);
    while let Some(word) = words.next() {
        let text = String::from_utf8_lossy(word).into_owned();
        if !text.starts_with('-') || text == "-" {
            asked.url = Some(text);
            continue;
        }
        let (flag, attached) = split(&text, word);
        let mut value = || -> Result<Vec<u8>, String> {
            attached.clone().or_else(|| words.next().cloned()).ok_or_else(|| format!("{flag} has no value"))
        };
        option(&mut asked, &flag, &mut value, command)?;
    }
    Ok(asked)
}

/// `-XPUT` and `--request=PUT` have their value with them.
fn split(text: &str, word: &[u8]) -> (String, Option<Vec<u8>>) {
    if text.starts_with("--") {
        return (text.to_owned(), None);
    }
    let valued = ["-X", "-H", "-d", "-b", "-u", "-A", "-e", "-F", "-o", "-x", "-m", "-T"];
    match valued.iter().find(|flag| text.starts_with(**flag) && text.len() > flag.len()) {
        Some(flag) => ((*flag).to_owned(), word.get(flag.len()..).map(<[u8]>::to_vec)),
        None => (text.to_owned(), None),
    }
}

fn option(
    asked: &mut Asked,
    flag: &str,
    value: &mut dyn FnMut() -> Result<Vec<u8>, String>,
    command: &Command,
) -> Result<(), String> {
    let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match flag {
        "-X" | "--request" => asked.method = Some(lossy(value()?)),
        "--url" => asked.url = Some(lossy(value()?)),
        "-H" | "--header" => header(asked, &value()?),
        "-A" | "--user-agent" => asked.fields.push((b"User-Agent".to_vec(), value()?)),
        "-e" | "--referer" => asked.fields.push((b"Referer".to_vec(), value()?)),
        "-b" | "--cookie" => asked.fields.push((b"Cookie".to_vec(), value()?)),
        "-u" | "--user" => {
            let coded = format!("Basic {}", STANDARD.encode(value()?));
            asked.fields.push((b"Authorization".to_vec(), coded.into_bytes()));
        }
        "--oauth2-bearer" => {
            asked.fields.push((b"Authorization".to_vec(), [b"Bearer ", value()?.as_slice()].concat()));
        }
        "-d" | "--data" | "--data-ascii" | "--data-raw" | "--data-binary" | "--data-urlencode" | "--json" => {
            asked.json |= flag == "--json";
            let data = value()?;
            let data = data_of(flag, data, command)?;
            if asked.has_data && flag != "--json" {
                asked.data.push(b'&');
            }
            asked.data.extend_from_slice(&data);
            asked.has_data = true;
        }
        "-F" | "--form" | "--form-string" | "-T" | "--upload-file" | "-K" | "--config" => {
            return Err(format!("{flag} reads files, which are not here"));
        }
        "-G" | "--get" => asked.get = true,
        "-I" | "--head" => asked.head = true,
        "--compressed" => asked.compressed = true,
        "--http2" | "--http2-prior-knowledge" => asked.version = "HTTP/2",
        "-0" | "--http1.0" => asked.version = "HTTP/1.0",
        "-:" | "--next" => return Err("it asks for several things (--next)".to_owned()),
        _ if IGNORED.contains(&flag) => drop(value()?),
        // The others say how, not what.
        _ => {}
    }
    Ok(())
}

/// `Name: value`; `Name;` sends one without a value, `Name:` takes one away.
fn header(asked: &mut Asked, line: &[u8]) {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        let name = line.strip_suffix(b";").unwrap_or(line);
        asked.fields.push((name.to_vec(), Vec::new()));
        return;
    };
    let (name, value) = line.split_at(colon);
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    if value.is_empty() {
        asked.without.push(name.to_vec());
    } else {
        asked.fields.push((name.to_vec(), value.to_vec()));
    }
}

/// `@-` is what is piped in; other files are not here.
fn data_of(flag: &str, data: Vec<u8>, command: &Command) -> Result<Vec<u8>, String> {
    if flag == "--data-raw" || data.first() != Some(&b'@') {
        if flag == "--data-urlencode" {
            let text = String::from_utf8_lossy(&data).into_owned();
            let coded = match text.split_once('=') {
                Some(("", value)) => {
                    url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>()
                }
                Some((name, value)) => {
                    format!(
                        "{name}={}",
                        url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>()
                    )
                }
                None => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            };
            return Ok(coded.into_bytes());
        }
        return Ok(data);
    }
    match (data.as_slice(), &command.piped) {
        (b"@-", Some(piped)) => Ok(piped.clone()),
        _ => Err(format!(
            "{flag} reads the file {}, which is not here",
            String::from_utf8_lossy(&data).trim_start_matches('@')
        )),
    }
}

#[cfg(test)]
mod tests;
