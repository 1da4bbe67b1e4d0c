//! `hopscope import`, and what was exported imported again.

use crate::support::Sandbox;
use crate::support::capture::{exchange, record};
use bytes::Bytes;
use hopscope::exchange::{
    BodyPlace, Cause, Edit, Exchange, ExchangeId, Failure, Kind, Message, MessageFlags, MessageForm, Note,
    Phase, Side, State,
};
use hopscope::store::Reader;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::path::Path;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

/// Exchanges with a coded body, a large one, messages, and a failure.
fn exchanges() -> Vec<(Exchange, Vec<Message>)> {
    let request =
        "POST /cart HTTP/1.1\r\nHost: shop.test\r\nX-B: 1\r\nx-b: 2\r\nContent-Type: text/plain\r\n\r\n";
    let coded = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\n\r\n";
    let mut first = exchange(3, (request, b"h\xffi"), (coded, &gzip(b"{\"a\":1}")));
    first.request_edits = vec![Edit { before: Some(1), after: None, cause: Cause::Connection }];
    first.summary.set_note(Note::new("why is it coded? #todo"));
    let mut socket = exchange(5, (request, b""), ("HTTP/1.1 101 Switching Protocols\r\n\r\n", b""));
    let message = |side, form, payload: &[u8]| Message {
        at: 5,
        side,
        form,
        wire: 9,
        length: payload.len() as u64,
        payload: Bytes::copy_from_slice(payload),
        says: "w".to_owned(),
        flags: MessageFlags::COMPRESSED,
    };
    let messages = vec![
        message(Side::Client, MessageForm::Text, b"hello"),
        message(Side::Origin, MessageForm::Binary, &[0; 5_000]),
        message(Side::Origin, MessageForm::Broken, b"\xff"),
    ];
    socket.summary.messages = 3;
    socket.summary.parent = Some(ExchangeId(3));
    let mut failed = exchange(6, ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", b""), ("", b""));
    (failed.heads.response_received, failed.summary.status, failed.summary.state) =
        (None, None, State::Failed);
    failed.heads.response_sent = None;
    failed.summary.failure =
        Some(Failure { side: Side::Origin, phase: Phase::Wait, kind: Kind::Reset, says: "gone".to_owned() });
    vec![(first, Vec::new()), (socket, messages), (failed, Vec::new())]
}

/// All that is in a capture, as text to be compared.
fn all(path: &Path) -> Vec<String> {
    let reader = Reader::open(path).unwrap();
    let ids = reader.ids_after(ExchangeId(0), 100).unwrap();
    let whole = ids.into_iter().map(|id| {
        let mut exchange = reader.exchange(id).unwrap().unwrap();
        for side in [Side::Client, Side::Origin] {
            let mut bytes = Vec::new();
            reader.body(&exchange, side).unwrap().read_to_end(&mut bytes).unwrap();
            exchange.body_mut(side).place = BodyPlace::Inline(bytes);
        }
        let messages: Vec<_> = reader.all_messages(id).map(Result::unwrap).collect();
        format!("{exchange:?} {messages:?}")
    });
    whole.collect()
}

#[test]
fn what_was_exported_is_imported_the_same() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("a.hop");
    record(&path, exchanges());
    let expected = all(&path);
    let name = path.to_str().unwrap();
    for (arguments, file) in [
        (&["export", "--to", "har", "--with-secrets", "-o", "a.har", "-c", name][..], "a.har"),
        (&["captures", "share", name, "--with-secrets", "-o", "b.har"], "b.har"),
        (&["export", "--to", "capture", "-o", "c.hop", "-c", name], "c.hop"),
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let again = if file == "c.hop" {
            sandbox.path(file)
        } else {
            let ran = sandbox.run(&["import", file, "-c", &format!("./{file}.hop")]);
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            assert!(ran.stderr.starts_with("3 exchanges from"), "{}", ran.stderr);
            sandbox.path(&format!("{file}.hop"))
        };
        for (again, expected) in all(&again).iter().zip(&expected) {
            assert_eq!(again, expected, "{file}");
        }
        assert_eq!(all(&again).len(), 3);
    }
}

#[test]
fn a_second_import_goes_on_counting_and_links_stay_true() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("a.hop");
    record(&path, exchanges());
    let ran = sandbox.run(&["export", "--to", "har", "-o", "a.har", "-c", path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for _ in 0..2 {
        assert_eq!(sandbox.run(&["import", "a.har", "-c", "both"]).code, Some(0));
    }
    let reader = Reader::open(&sandbox.path("data/hopscope/captures/both.hop")).unwrap();
    let rows = reader.newest(10).unwrap();
    let links: Vec<_> = rows.iter().rev().map(|row| (row.id.0, row.parent.map(|id| id.0))).collect();
    assert_eq!(links, [(3, None), (5, Some(3)), (6, None), (9, None), (11, Some(9)), (12, None)]);
}

#[test]
fn every_form_is_known_by_its_beginning() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("a.hop");
    record(&path, exchanges());
    let lines = sandbox.run(&["export", "--to", "json", "-c", path.to_str().unwrap()]).stdout;
    let chrome = json!({"log": {"creator": {"name": "WebInspector"}, "entries": [{
        "startedDateTime": "2023-11-14T22:13:20.000Z", "request": {"method": "GET", "url": "http://h/", "headers": []}}]}});
    let flows = include_bytes!("../../src/import/flows/three.flows");
    for (name, bytes, count, form) in [
        ("chrome.har", chrome.to_string().into_bytes(), 1, "HAR by WebInspector"),
        ("packed.har.gz", gzip(chrome.to_string().as_bytes()), 1, "HAR by WebInspector"),
        ("lines", lines.into_bytes(), 3, "JSON lines by hopscope"),
        ("flows", flows.to_vec(), 3, "mitmproxy flows by mitmproxy"),
        ("commands", b"curl 'http://h/a' -d x=1\ncurl h/b\n".to_vec(), 2, "curl commands"),
        ("raw", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), 1, "a raw request"),
    ] {
        std::fs::write(sandbox.path(name), bytes).unwrap();
        let ran = sandbox.run(&["import", name, "-c", &format!("of-{name}")]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        let s = if count == 1 { "" } else { "s" };
        assert!(
            ran.stderr.starts_with(&format!("{count} exchange{s} from {name} ({form})\n")),
            "{}",
            ran.stderr
        );
        let listed = sandbox.run(&["ls", "-c", &format!("of-{name}")]);
        assert_eq!(listed.stdout.lines().count(), count, "{name}: {}", listed.stdout);
    }
}

#[test]
fn what_cannot_be_read_is_said_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    std::fs::write(
        sandbox.path("cut.har"),
        r#"{"log":{"entries":[{"request":{"method":"GET","url":"http://h/"}},{"req"#,
    )
    .unwrap();
    let ran = sandbox.run(&["import", "cut.har", "-c", "cut"]);
    assert_eq!(ran.code, Some(5));
    assert!(
        ran.stderr.contains(
            "1 exchange from cut.har (HAR)\nthe rest was not read: it ends in the middle, at byte "
        ),
        "{}",
        ran.stderr
    );
    for (name, text, says) in [
        ("text", "hello", "is nothing that can be imported"),
        ("empty", "", "is nothing that can be imported"),
        ("other.json", "{\"a\":1}", "no log with entries"),
        ("bomb.gz", "\u{1f}", "is nothing that can be imported"),
    ] {
        std::fs::write(sandbox.path(name), text).unwrap();
        let ran = sandbox.run(&["import", name, "-c", "none"]);
        assert_eq!(ran.code, Some(5), "{name}");
        assert!(ran.stderr.contains(says), "{name}: {}", ran.stderr);
        assert!(!sandbox.path("data/hopscope/captures/none.hop").exists(), "{name}");
    }
    assert_eq!(sandbox.run(&["import", "absent"]).code, Some(5));
}
