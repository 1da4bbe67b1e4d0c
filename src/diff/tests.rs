//! Tests of whole comparisons: messages in, differences out.

use super::*;
use crate::exchange::{
    BodyPlace, ConnectionId, ExchangeId, Failure, Flags, Heads, Kind, Phase, Scheme, State, Summary, Timing,
};
use proptest::prelude::*;
use std::io::Read as _;

const REQUEST: &str = "GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n";

/// An exchange with this response head, and the response's trailers.
fn exchange(response: &[u8], trailers: Option<&'static str>) -> Exchange {
    let body = |trailers: Option<&'static str>| Body {
        complete: true,
        trailers: trailers.map(Bytes::from),
        ..Body::default()
    };
    Exchange {
        summary: Summary {
            id: ExchangeId(1),
            started: 0,
            client: "127.0.0.1:1".to_owned(),
            scheme: Scheme::Http,
            method: "GET".to_owned(),
            host: "shop.test".to_owned(),
            path: "/a".to_owned(),
            version: "HTTP/1.1".to_owned(),
            status: Some(200),
            state: State::Done,
            request_bytes: 0,
            response_bytes: 0,
            messages: 0,
            duration: None,
            ttfb: None,
            media_type: None,
            failure: None,
            flags: Flags::default(),
            parent: None,
            note: None,
        },
        heads: Heads {
            request_received: Some(Bytes::from_static(REQUEST.as_bytes())),
            request_sent: None,
            response_received: Some(Bytes::copy_from_slice(response)),
            response_sent: None,
        },
        request_edits: Vec::new(),
        response_edits: Vec::new(),
        request_body: body(None),
        response_body: body(trailers),
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing::default(),
        client_connection: ConnectionId(1),
        origin_connection: None,
        tunnel: None,
        tunnelled: None,
    }
}

fn side<'a>(exchange: &'a Exchange, body: &[u8]) -> Side<'a> {
    Side { exchange, request: Bytes::new(), response: Bytes::copy_from_slice(body) }
}

fn head(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

/// Compares two answers given by their fields and bodies.
fn answered(left: (&str, &[u8]), right: (&str, &[u8])) -> Message {
    let one = exchange(head(left.0).as_bytes(), None);
    let other = exchange(head(right.0).as_bytes(), None);
    answers(&side(&one, left.1), &side(&other, right.1)).messages.remove(0)
}

/// The changes in words, expected ones in brackets.
fn told(message: &Message) -> Vec<String> {
    let text = |bytes: &Option<Bytes>| {
        bytes.as_ref().map_or("-".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    message
        .changes()
        .map(|item| {
            let says = format!("{}: {} -> {}", item.place.words(), text(&item.left), text(&item.right));
            if item.expected.is_some() { format!("({says})") } else { says }
        })
        .collect()
}

fn notes(message: &Message) -> Vec<&str> {
    message.notes.iter().map(|(_, note)| note.as_str()).collect()
}

#[test]
fn fields_are_compared_by_name_and_repeated_ones_in_order() {
    for (left, right, expected) in [
        ("A: 1\r\n", "a: 1\r\n", &[][..]),
        ("A: 1\r\n", "A: 2\r\n", &["field A: 1 -> 2"]),
        ("A: 1\r\n", "", &["field A: 1 -> -"]),
        ("", "A:\r\n", &["field A: - -> "]),
        ("A: 1\r\nB: 2\r\n", "B: 2\r\nA: 1\r\n", &[]),
        ("A: 1\r\nA: 2\r\n", "A: 1\r\nA: 3\r\nA: 4\r\n", &["field A: 2 -> 3", "field A: - -> 4"]),
        ("A: 1\r\nC: 1\r\n", "A: 1\r\nB: 1\r\nC: 2\r\n", &["field B: - -> 1", "field C: 1 -> 2"]),
        ("no colon\r\n", "no colon\r\n", &[]),
        ("no colon\r\n", "other\r\n", &["field : no colon -> other"]),
    ] {
        assert_eq!(told(&answered((left, b""), (right, b""))), expected, "{left:?} / {right:?}");
    }
    assert_eq!(
        notes(&answered(("A: 1\r\nb: 2\r\n", b""), ("B: 2\r\nA: 1\r\n", b""))),
        ["the fields stand in another order", "names are written in another case: b / B"]
    );
}

#[test]
fn start_lines_are_compared_by_their_parts() {
    let compare = |left: &str, right: &str| {
        let one = exchange(format!("{left}\r\n\r\n").as_bytes(), None);
        let other = exchange(format!("{right}\r\n\r\n").as_bytes(), None);
        told(&message(&side(&one, b""), &side(&other, b""), MessageKind::ResponseReceived))
    };
    assert_eq!(
        compare("HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"),
        ["status: 200 -> 404", "reason: OK -> Not Found"]
    );
    assert_eq!(compare("HTTP/1.1 200 OK", "HTTP/1.0 200 OK"), ["version: HTTP/1.1 -> HTTP/1.0"]);
    assert_eq!(compare("HTTP/1.1 200 OK", "nonsense"), ["start line: HTTP/1.1 200 OK -> nonsense"]);
    assert_eq!(compare("GET /a HTTP/1.1", "PUT /b HTTP/1.1"), ["method: GET -> PUT", "target: /a -> /b"]);
}

#[test]
fn rfc9113_8_what_only_one_version_has_is_set_apart() {
    let compare = |left: &str, right: &str| {
        let one = exchange(left.as_bytes(), None);
        let other = exchange(right.as_bytes(), None);
        let message = message(&side(&one, b""), &side(&other, b""), MessageKind::ResponseReceived);
        (told(&message), notes(&message).iter().map(|note| (*note).to_owned()).collect::<Vec<_>>())
    };
    let http1 = "HTTP/1.1 200 OK\r\nA: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let http2 = "HTTP/2 200 \r\n:status: 200\r\na: 1\r\n\r\n";
    let expected = [
        "version: HTTP/1.1 -> HTTP/2",
        "(reason: OK -> )",
        "(field Connection: close -> -)",
        "(field Transfer-Encoding: chunked -> -)",
    ];
    assert_eq!(compare(http1, http2), (expected.map(str::to_owned).to_vec(), Vec::new()));
    assert_eq!(compare(http2, http2).0, Vec::<String>::new());
    assert_eq!(compare(http2, &http2.replace("200", "404")).0, ["status: 200 -> 404"]);

    let http1 = "GET /a HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n";
    let http2 =
        "GET /a HTTP/2\r\n:method: GET\r\n:scheme: https\r\n:authority: h\r\n:path: /a\r\na: 1\r\n\r\n";
    let expected = ["version: HTTP/1.1 -> HTTP/2", "(field :scheme: - -> https)"];
    assert_eq!(compare(http1, http2), (expected.map(str::to_owned).to_vec(), Vec::new()));
    let absolute = http1.replace("/a", "https://h/a");
    assert_eq!(
        compare(&absolute, http2).0,
        ["(target: https://h/a -> /a)", "version: HTTP/1.1 -> HTTP/2", "(field :scheme: - -> https)"]
    );
}

#[test]
fn what_was_to_be_expected_is_set_apart() {
    let one = ("Date: Mon, 23 Nov 2026 22:00:00 GMT\r\nContent-Length: 1\r\n", &b"a"[..]);
    let other = ("Date: Mon, 23 Nov 2026 22:07:31 GMT\r\nContent-Length: 2\r\n", &b"bc"[..]);
    let found = answered(one, other);
    assert_eq!(
        told(&found),
        [
            "(field Date: Mon, 23 Nov 2026 22:00:00 GMT -> Mon, 23 Nov 2026 22:07:31 GMT)",
            "(field Content-Length: 1 -> 2)",
            "line 1: a -> bc",
        ]
    );
    let counts = Comparison { messages: vec![found] }.counts();
    assert_eq!(counts.says(), "3 changes (2 expected: date, content-length)");
    let found = answered(("Date: a\r\n", b""), ("Date: b\r\n", b""));
    let comparison = Comparison { messages: vec![found] };
    assert_eq!(
        (comparison.is_equal(), comparison.counts().says()),
        (true, "1 change, expected: date".to_owned())
    );
    assert!(!Comparison { messages: vec![answered(("Date: a\r\n", b""), ("", b""))] }.is_equal());
}

#[test]
fn trailers_are_compared_as_fields() {
    let text = head("");
    let one = exchange(text.as_bytes(), Some("X-Sum: 1\r\nX-Sum: 2\r\n"));
    let other = exchange(text.as_bytes(), Some("x-sum: 1\r\n"));
    assert_eq!(told(&answers(&side(&one, b""), &side(&other, b"")).messages[0]), ["trailer X-Sum: 2 -> -"]);
    let none = exchange(text.as_bytes(), None);
    assert_eq!(told(&answers(&side(&none, b""), &side(&other, b"")).messages[0]), ["trailer x-sum: - -> 1"]);
}

#[test]
fn bodies_are_compared_by_what_they_are() {
    let json = "Content-Type: application/json\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (fields, left, right, how, expected) in [
        (
            json,
            &br#"{"total":12.50,"id":7}"#[..],
            &br#"{"id":7,"total":25.00}"#[..],
            "JSON, by path",
            &["$.total: 12.50 -> 25.00"][..],
        ),
        (
            form,
            b"a=1&b=2&b=3",
            b"b=2&a=x+y&b=4&c=",
            "form, by name",
            &["form a: 1 -> x y", "form b: 3 -> 4", "form c: - -> "],
        ),
        ("", b"a\nb\n", b"a\nc\n", "text, by line", &["line 2: b\n -> c\n"]),
        (json, b"{broken", b"{\"a\":1}", "text, by line", &["line 1: {broken -> {\"a\":1}"]),
        ("", b"\x00abc", b"\x00abX", "bytes", &["byte 3: c -> X"]),
        ("", b"\x00abc", b"\x00ab", "bytes", &["byte 3: c -> "]),
        ("", b"", b"new", "one has none", &["body: - -> new"]),
        ("", b"same", b"same", "", &[]),
    ] {
        let found = answered((fields, left), (fields, right));
        assert_eq!((found.body_as, told(&found)), (how, expected.iter().map(|s| (*s).to_owned()).collect()));
    }
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzEncoder::new(bytes, flate2::Compression::new(level)).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn coded_bodies_are_compared_decoded() {
    let coded = "Content-Encoding: gzip\r\n";
    let text = "{\"a\":1}";
    let (strong, weak) = (gzip(text.as_bytes(), 9), gzip(text.as_bytes(), 0));
    let found = answered((coded, &strong), (coded, &weak));
    assert_eq!((found.body_as, told(&found).len()), ("", 0));
    assert!(notes(&found)[0].starts_with("the same when decoded; as received: gzip "), "{:?}", notes(&found));
    let found = answered((coded, &strong), ("", b"{\"a\":2}"));
    assert_eq!(told(&found), ["field Content-Encoding: gzip -> -", "$.a: 1 -> 2"]);
    assert!(notes(&found)[0].ends_with(" / 7 B"), "{:?}", notes(&found));
    let found = answered((coded, &strong), (coded, b"no gzip"));
    assert_eq!(found.body_as, "bytes");
    assert!(
        notes(&found)[0].starts_with("compared as received: gzip cannot be undone"),
        "{:?}",
        notes(&found)
    );
    let found = answered(("Content-Encoding: zip\r\n", b"a"), ("Content-Encoding: zip\r\n", b"b"));
    assert!(notes(&found)[0].contains("the content coding zip cannot be undone here"));
}

#[test]
fn a_bomb_is_opened_no_further_than_the_bound() {
    let coded = "Content-Encoding: gzip\r\n";
    let (one, other) = (gzip(&vec![0; 40 << 20], 9), gzip(&vec![0; 41 << 20], 9));
    let found = answered((coded, &one), (coded, &other));
    // Equal in all that was looked at, and different as received: neither is called the same.
    assert_eq!(told(&found), ["behind byte 8388608:  -> "]);
}

#[test]
fn large_bodies_are_compared_as_bytes() {
    let mut one = vec![b'x'; LARGEST + 1];
    let other = one.clone();
    assert_eq!(told(&answered(("", &one), ("", &other))), ["behind byte 8388608:  -> "]);
    one[LARGEST - 1] = b'y';
    let found = answered(("", &one), ("", &other));
    assert_eq!((found.body_as, told(&found)), ("bytes", vec![format!("byte {}: y -> x", LARGEST - 1)]));
    let found = answered(("", b"xx"), ("", &other));
    assert_eq!(told(&found), [format!("byte 2:  -> {}", "x".repeat(16))]);
}

#[test]
fn one_file_of_the_capture_is_the_same_body() {
    let text = head("");
    let mut one = exchange(text.as_bytes(), None);
    one.response_body.place = BodyPlace::File([7; 32]);
    let bytes = vec![0; LARGEST + 1];
    assert!(answers(&side(&one, &bytes), &side(&one.clone(), &bytes)).is_equal());
    let mut other = one.clone();
    other.response_body.place = BodyPlace::File([8; 32]);
    assert!(!answers(&side(&one, &bytes), &side(&other, &bytes)).is_equal());
}

#[test]
fn deep_nesting_and_endless_changes_are_bounded() {
    let deep = |middle: &str| format!("{}{middle}{}", "[".repeat(100_000), "]".repeat(100_000));
    let found = answered(("", deep("1").as_bytes()), ("", deep("2").as_bytes()));
    assert_eq!(found.body_as, "text, by line");
    let wide = |value: u8| format!("[{}]", vec![value.to_string(); 100_000].join(","));
    let found = answered(("", wide(1).as_bytes()), ("", wide(2).as_bytes()));
    assert_eq!((found.changes().count(), found.more), (2_000, 98_000));
    assert_eq!(Comparison { messages: vec![found] }.counts().says(), "100 000 changes");
    // Long names deep inside would make paths that no memory holds.
    let name = "n".repeat(10_000);
    let long = |value: u8| {
        let inner = vec![format!("[{value}]"); 10_000].join(",");
        format!("{}[{inner}]{}", format!("{{\"{name}\":").repeat(100), "}".repeat(100))
    };
    let found = answered(("", long(1).as_bytes()), ("", long(2).as_bytes()));
    assert_eq!(found.body_as, "JSON, by path");
    assert!(found.items.iter().all(|item| item.place.words().len() < 2_048));
    // The most that is aligned, with nothing in common.
    let lines = |word: &str| (0..3_000).map(|at| format!("{word}{at}\n")).collect::<Vec<_>>().concat();
    let found = answered(("", lines("a").as_bytes()), ("", lines("b").as_bytes()));
    assert_eq!(found.changes().count() + found.more, 3_000);
    let lines = |word: &str| (0..200_000).map(|at| format!("{word}{at}\n")).collect::<Vec<_>>().concat();
    let found = answered(("", lines("a").as_bytes()), ("", lines("b").as_bytes()));
    assert_eq!(found.more, 198_000);
}

#[test]
fn a_missing_message_is_a_change_and_says_why() {
    let text = head("");
    let whole = exchange(text.as_bytes(), None);
    let mut failed = exchange(text.as_bytes(), None);
    failed.heads.response_received = None;
    failed.summary.state = State::Failed;
    failed.summary.failure = Some(Failure {
        side: exchange::Side::Origin,
        phase: Phase::Connect,
        kind: Kind::Refused,
        says: "connect refused".to_owned(),
    });
    let found = answers(&side(&whole, b""), &side(&failed, b""));
    assert_eq!(told(&found.messages[0]), ["message: HTTP/1.1 200 OK -> -"]);
    assert_eq!(notes(&found.messages[0]), ["right: no response: connect refused"]);
    assert!(!found.is_equal());
    let mut open = failed.clone();
    (open.summary.state, open.summary.failure) = (State::Open, None);
    let found = answers(&side(&open, b""), &side(&failed, b""));
    assert_eq!(
        notes(&found.messages[0]),
        ["left: no response yet: still under way", "right: no response: connect refused"]
    );
    assert!(found.is_equal(), "neither has an answer");
    failed.heads.response_sent = Some(Bytes::from_static(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    failed.summary.flags.add(Flags::OURS);
    let found = answers(&side(&whole, b""), &side(&failed, b""));
    assert_eq!(told(&found.messages[0])[0], "status: 200 -> 502");
    assert_eq!(notes(&found.messages[0]), ["right: hopscope made this response itself"]);
}

#[test]
fn lines_for_people_fold_what_was_expected() {
    let found = answered(("Date: a\r\nA: 1\r\nB: \x1b[2J\r\n", b"\x00"), ("Date: b\r\nA: 1\r\n", b"\x01"));
    let text = |wish: Wish| {
        let cell = |cell: &Option<Cell>| {
            cell.as_ref().map_or("-".to_owned(), |cell| format!("{}{}", cell.label, cell.text))
        };
        let line = |line: &Line| match line {
            Line::Heading(title, remark) => format!("# {title} {remark}"),
            Line::Note(note) => format!("! {note}"),
            Line::Row(row) => format!("{} | {}", cell(&row.left), cell(&row.right)),
        };
        lines(&found, wish).iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        text(Wish { expected: false, same: false }),
        [
            "# response as received ",
            "B: \\x1b[2J | -",
            "! not shown, as expected: date",
            "# response body bytes",
            "from byte 0: 00 | from byte 0: 01",
        ]
    );
    assert!(text(Wish { expected: true, same: true }).contains(&"A: 1 | A: 1".to_owned()));
}

fn any_head() -> impl Strategy<Value = Vec<u8>> {
    let field = ("[AaBb]{1,2}|Date|Set-Cookie|Content-Length", "[ -~]{0,6}");
    let fields = proptest::collection::vec(field, 0..6);
    let orderly = fields.prop_map(|fields| {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        head(&fields.concat()).into_bytes()
    });
    prop_oneof![4 => orderly, 1 => any::<Vec<u8>>()]
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let value = "(1|2|\"a\"|null|\\[1,2\\]|\\{\"b\":1\\})";
    let json = proptest::collection::vec(("[ab]", value), 0..4).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", pairs.join(",")).into_bytes()
    });
    let lines = proptest::collection::vec("[abc]\n", 0..8).prop_map(|lines| lines.concat().into_bytes());
    prop_oneof![json, lines, any::<Vec<u8>>()]
}

/// Items in an order that does not depend on which side is which.
fn sorted(items: impl Iterator<Item = Item>) -> Vec<String> {
    let mut all: Vec<_> = items
        .map(|item| {
            let Item { place, left, right, expected, .. } = item;
            format!("{} {left:?} {right:?} {expected:?}", place.name())
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn a_message_does_not_differ_from_itself(head in any_head(), body in any_body()) {
        let one = exchange(&head, None);
        let found = compare(&side(&one, &body), &side(&one, &body), Which::Both);
        prop_assert_eq!(found.counts().changes, 0);
        prop_assert!(found.messages.iter().all(|message| message.body_as.is_empty()));
    }

    #[test]
    fn what_is_shown_stands_in_the_messages(a in any_head(), b in any_head(), x in any_body(), y in any_body()) {
        let (one, other) = (exchange(&a, None), exchange(&b, None));
        let found = answers(&side(&one, &x), &side(&other, &y)).messages.remove(0);
        let within = |part: &Bytes, whole: &[&[u8]]| {
            part.is_empty() || whole.iter().any(|whole| whole.windows(part.len()).any(|window| window == &part[..]))
        };
        for item in &found.items {
            prop_assert!(item.left.iter().all(|left| within(left, &[&a, &x])), "{item:?}");
            prop_assert!(item.right.iter().all(|right| within(right, &[&b, &y])), "{item:?}");
            prop_assert!(item.left.is_some() || item.right.is_some());
        }
        prop_assert!(found.changes().count() > 0 || x == y || found.notes.iter().any(|(about, _)| *about == Section::Body));
    }

    #[test]
    fn left_and_right_can_be_exchanged(a in any_head(), b in any_head(), x in any_body(), y in any_body()) {
        let (one, other) = (exchange(&a, None), exchange(&b, None));
        let (one, other) = (side(&one, &x), side(&other, &y));
        let (there, back) = (answers(&one, &other), answers(&other, &one));
        prop_assert_eq!(there.counts().changes, back.counts().changes);
        prop_assert_eq!(there.counts().expected, back.counts().expected);
        let same_case = |items: Vec<String>| items.into_iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
        prop_assert_eq!(
            same_case(sorted(there.messages[0].items.iter().cloned())),
            same_case(sorted(back.messages[0].items.iter().cloned().map(Item::mirrored)))
        );
    }
}
