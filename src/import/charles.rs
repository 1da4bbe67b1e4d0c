//! Charles' sessions as JSON (`.chlsj`): a list of transactions, which say what an entry of a HAR says, by other names.

use super::har;
use super::json::{Budget, Fault, Json, Text, Tree};
use super::{Imported, LARGEST, Report, Sink, WHOLE};
use crate::exchange::{Flags, Note};
use std::io::{self, Read};

/// What tells such a list from other JSON.
pub const MARK: &[u8] = b"\"protocolVersion\"";

/// How gzip begins, in base64: such a body stands as it was received.
const GZIP: &[u8] = b"H4sI";

/// Reads transactions until the file ends or breaks.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut report = Report { by: Some("Charles".to_owned()), ..Report::default() };
    let mut json = Json::new(input);
    loop {
        let mut budget = Budget { text: LARGEST, all: WHOLE, exceeded: false };
        match next(&mut json, report.read + report.left_out == 0, &mut budget) {
            Ok(None) => return Ok(report),
            Ok(Some(tree)) => match exchange(tree) {
                Ok(imported) => {
                    report.cut += u64::from(budget.exceeded);
                    sink(imported)?;
                    report.read += 1;
                }
                Err(why) => report.leave_out(why),
            },
            Err(fault) => {
                report.broken = Some(fault.to_string());
                return Ok(report);
            }
        }
    }
}

fn next<R: Read>(json: &mut Json<R>, first: bool, budget: &mut Budget) -> Result<Option<Tree>, Fault> {
    if first {
        json.skip_mark()?;
        if !json.begins_list()? {
            json.skip()?;
            return Ok(None);
        }
    }
    if json.item(first)? { json.tree(budget).map(Some) } else { Ok(None) }
}

fn exchange(mut it: Tree) -> Result<Imported, String> {
    if it.of("tunnel").and_then(Tree::bool) == Some(true) {
        return Err("a tunnel that Charles relayed unread is no exchange".to_owned());
    }
    let note = text(&it, "notes").and_then(|notes| Note::new(&notes));
    let client = client(&it);
    let as_received = it
        .of("response")
        .and_then(|response| response.of("body")?.of("encoded")?.bytes())
        .is_some_and(|coded| coded.starts_with(GZIP));
    let mut imported = har::of_another(&mut entry(&mut it))?;
    let summary = &mut imported.exchange.summary;
    summary.set_note(note);
    summary.client = client.unwrap_or_default();
    if as_received {
        summary.flags.take(Flags::DECODED);
    }
    Ok(imported)
}

/// The same as an entry of a HAR.
fn entry(it: &mut Tree) -> Tree {
    let version = text(it, "protocolVersion").unwrap_or_default();
    let (mut request, mut response) =
        (it.take("request").unwrap_or(Tree::Null), it.take("response").unwrap_or(Tree::Null));
    let method = text(it, "method").unwrap_or_default();
    let posted = body(&mut request);
    let asked = map(vec![
        ("method", words(&method)),
        ("url", words(&url(it))),
        ("httpVersion", words(&version)),
        ("headers", fields(&mut request)),
        ("bodySize", size(&request)),
        ("postData", posted),
    ]);
    let first = response.of("header").and_then(|header| text(header, "firstLine")).unwrap_or_default();
    let reason = first.splitn(3, ' ').nth(2).unwrap_or_default();
    let answer = map(vec![
        ("status", response.take("status").unwrap_or(Tree::Null)),
        ("statusText", words(reason)),
        ("httpVersion", words(&version)),
        ("_error", it.take("errorMessage").unwrap_or(Tree::Null)),
        ("headers", fields(&mut response)),
        ("bodySize", size(&response)),
        ("content", body(&mut response)),
    ]);
    let times = it.of("times");
    map(vec![
        ("startedDateTime", words(&times.and_then(|times| text(times, "start")).unwrap_or_default())),
        ("time", took(it, "total").map_or(Tree::Null, number)),
        ("timings", timings(it)),
        ("request", asked),
        ("response", answer),
    ])
}

/// In a HAR securing is a part of connecting.
fn timings(it: &Tree) -> Tree {
    let (connect, ssl) = (took(it, "connect"), took(it, "ssl"));
    let both = connect.map(|connect| connect + ssl.unwrap_or(0.0));
    let of = |took: Option<f64>| number(took.unwrap_or(-1.0));
    map(vec![
        ("dns", of(took(it, "dns"))),
        ("connect", of(both)),
        ("ssl", of(ssl)),
        ("send", of(took(it, "request"))),
        ("wait", of(took(it, "latency"))),
        ("receive", of(took(it, "response"))),
    ])
}

/// Milliseconds.
fn took(it: &Tree, name: &str) -> Option<f64> {
    it.of("durations")?.of(name)?.number::<f64>().filter(|millis| *millis >= 0.0)
}

fn url(it: &Tree) -> String {
    let part = |name| text(it, name).unwrap_or_default();
    let host = part("host");
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
    let port = ["port", "actualPort"].iter().find_map(|name| it.of(name)?.number::<u16>());
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let query = Some(part("query")).filter(|query| !query.is_empty());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}://{host}{port}{}{query}", part("scheme"), part("path"))
}

/// The client's address and port: `localhost/127.0.0.1` and 51234.
fn client(it: &Tree) -> Option<String> {
    let port = it.of("clientPort")?.number::<u16>()?;
    let address = text(it, "clientAddress")?;
    let address = address.rsplit('/').next().unwrap_or_default();
    (!address.is_empty()).then(|| match address.contains(':') {
        true => format!("[{address}]:{port}"),
        false => format!("{address}:{port}"),
    })
}

fn fields(part: &mut Tree) -> Tree {
    match part {
        Tree::Map(members) => members
            .iter_mut()
            .find(|(name, _)| name == "header")
            .and_then(|(_, header)| header.take("headers"))
            .unwrap_or(Tree::Null),
        _ => Tree::Null,
    }
}

fn size(part: &Tree) -> Tree {
    part.of("sizes").and_then(|sizes| sizes.of("body")).cloned().unwrap_or(Tree::Null)
}

/// `{"text"}`, or `{"encoded"}` in base64.
fn body(part: &mut Tree) -> Tree {
    let Some(mut body) = part.take("body") else { return Tree::Null };
    match (body.take("text"), body.take("encoded")) {
        (Some(text @ Tree::Text(_)), _) => map(vec![("text", text)]),
        (_, Some(coded @ Tree::Text(_))) => map(vec![("encoding", words("base64")), ("text", coded)]),
        _ => Tree::Null,
    }
}

fn text(tree: &Tree, name: &str) -> Option<String> {
    tree.of(name).and_then(Tree::text)
}

fn map(members: Vec<(&str, Tree)>) -> Tree {
    Tree::Map(members.into_iter().map(|(name, tree)| (name.to_owned(), tree)).collect())
}

fn words(text: &str) -> Tree {
    Tree::Text(Text { bytes: text.as_bytes().to_vec(), length: text.len() as u64 })
}

fn number(value: f64) -> Tree {
    Tree::Number(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::State;
    use serde_json::{Value, json};

    fn read(session: &Value) -> (Vec<Imported>, Report) {
        let mut all = Vec::new();
        let report = super::read(&mut session.to_string().as_bytes(), &mut |imported| {
            all.push(imported);
            Ok(())
        });
        (all, report.unwrap())
    }

    /// As Charles 4 writes it.
    fn transaction() -> Value {
        json!({
            "status": "COMPLETE", "method": "POST", "protocolVersion": "HTTP/1.1", "scheme": "https",
            "host": "api.shop.test", "actualPort": 8443, "path": "/v1/cart", "query": "id=7", "tunnel": false,
            "keptAlive": false, "remoteAddress": "api.shop.test/192.0.2.7", "clientAddress": "localhost/127.0.0.1",
            "clientPort": 51234, "notes": "too slow\n#todo",
            "times": {"start": "2023-05-16T15:48:07.559+08:00", "end": "2023-05-16T15:48:07.699+08:00"},
            "durations": {"total": 140, "dns": 5, "connect": 20, "ssl": 30, "request": 1, "response": 4, "latency": 80},
            "request": {"sizes": {"headers": 120, "body": 3}, "header": {"firstLine": "POST /v1/cart?id=7 HTTP/1.1",
                "headers": [{"name": "Host", "value": "api.shop.test:8443"}, {"name": "X-B", "value": "1"}]},
                "body": {"text": "a=1", "charset": null}},
            "response": {"status": 201, "sizes": {"headers": 90, "body": 2}, "contentEncoding": null,
                "header": {"firstLine": "HTTP/1.1 201 Created",
                "headers": [{"name": "Content-Type", "value": "image/png"}]},
                "body": {"encoding": "base64", "encoded": "iVBO"}},
        })
    }

    #[test]
    fn a_transaction_is_an_exchange() {
        let (all, report) = read(&json!([transaction()]));
        assert_eq!((report.read, report.left_out, report.broken), (1, 0, None));
        let (exchange, bodies) = (&all[0].exchange, &all[0].bodies);
        let summary = &exchange.summary;
        assert_eq!(summary.url(), "https://api.shop.test:8443/v1/cart?id=7");
        assert_eq!((summary.status, summary.state), (Some(201), State::Done));
        assert_eq!(summary.client, "127.0.0.1:51234");
        assert_eq!(summary.note, Note::new("too slow #todo"));
        assert_eq!(summary.started, 1_684_223_287_559_000);
        assert_eq!((summary.ttfb, summary.duration), (Some(136_000), Some(140_000)));
        assert_eq!((exchange.timing.connected, exchange.timing.secured), (Some(25_000), Some(55_000)));
        let heads = &exchange.heads;
        let asked = "POST /v1/cart?id=7 HTTP/1.1\r\nHost: api.shop.test:8443\r\nX-B: 1\r\n\r\n";
        assert_eq!(heads.request_received.as_deref(), Some(asked.as_bytes()));
        let answered = "HTTP/1.1 201 Created\r\nContent-Type: image/png\r\n\r\n";
        assert_eq!(heads.response_received.as_deref(), Some(answered.as_bytes()));
        assert_eq!(bodies, &[b"a=1".to_vec(), b"\x89PN".to_vec()]);
    }

    #[test]
    fn what_is_coded_still_is_no_decoded_body() {
        for (body, decoded) in [(json!({"text": "{}"}), true), (json!({"encoded": "H4sIAAA="}), false)] {
            let mut it = transaction();
            it["response"]["header"]["headers"] = json!([{"name": "Content-Encoding", "value": "gzip"}]);
            it["response"]["body"] = body;
            let (all, _) = read(&json!([it]));
            assert_eq!(all[0].exchange.summary.flags.has(Flags::DECODED), decoded);
        }
    }

    #[test]
    fn tunnels_and_what_has_no_answer() {
        let (mut tunnel, mut failed) = (transaction(), transaction());
        tunnel["tunnel"] = json!(true);
        failed["response"] = json!({"status": null, "header": {}});
        failed["errorMessage"] = json!("Connection refused");
        let (all, report) = read(&json!([tunnel, failed, 7]));
        assert_eq!((all.len(), report.left_out), (1, 2));
        assert!(report.why.unwrap().starts_with("entry 1: a tunnel"));
        let summary = &all[0].exchange.summary;
        assert_eq!((summary.state, summary.status), (State::Failed, None));
        assert_eq!(summary.failure.as_ref().unwrap().says, "Connection refused");
        assert_eq!(read(&json!({"log": 1})).1.read, 0);
    }
}
