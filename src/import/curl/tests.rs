//! Commands as people and browsers write them.

use super::super::Imported;
use super::*;
use crate::exchange::Head;
use crate::export::{Request, curl};

fn read(text: &[u8]) -> (Vec<Imported>, Report) {
    let mut all = Vec::new();
    let report = super::read(&mut &text[..], &mut |imported| {
        all.push(imported);
        Ok(())
    });
    (all, report.unwrap())
}

fn asked(text: &str) -> (String, String, String) {
    let (mut all, report) = read(text.as_bytes());
    assert_eq!((all.len(), report.why), (1, None), "{text}");
    let one = all.remove(0);
    let head = one.exchange.heads.request_received.clone().unwrap();
    (
        one.exchange.summary.url(),
        String::from_utf8_lossy(&head).replace("\r\n", "|"),
        String::from_utf8_lossy(&one.bodies[0]).into_owned(),
    )
}

#[test]
fn commands_ask_for_what_curl_would() {
    for (text, url, head, body) in [
        ("curl h.test/a", "http://h.test/a", "GET /a HTTP/1.1|Host: h.test|Accept: */*||", ""),
        (
            "curl 'https://h.test/x' -X PUT -H 'Content-Type: application/json' -H 'X-E;' -H 'Accept:' --data-raw '{\"a\":1}'",
            "https://h.test/x",
            "PUT /x HTTP/1.1|Host: h.test|Content-Type: application/json|X-E: |Content-Length: 7||",
            "{\"a\":1}",
        ),
        (
            "curl -G -d a=1 -d 'b=2' --url http://h.test/?c=3 -k -s -o /dev/null --compressed",
            "http://h.test/?c=3&a=1&b=2",
            "GET /?c=3&a=1&b=2 HTTP/1.1|Host: h.test|Accept: */*|Accept-Encoding: deflate, gzip||",
            "",
        ),
        (
            "curl -u me:pw -b 's=1' -d x=1 --data-urlencode 'y=a b' http://h.test",
            "http://h.test/",
            "POST / HTTP/1.1|Host: h.test|Authorization: Basic bWU6cHc=|Cookie: s=1|Accept: */*|Content-Type: application/x-www-form-urlencoded|Content-Length: 9||",
            "x=1&y=a+b",
        ),
        ("curl -I h.test", "http://h.test/", "HEAD / HTTP/1.1|Host: h.test|Accept: */*||", ""),
    ] {
        assert_eq!(asked(text), (url.to_owned(), head.to_owned(), body.to_owned()), "{text}");
    }
}

#[test]
fn what_needs_files_is_left_out_aloud() {
    let (all, report) = read(b"curl -F a=@b h.test\ncurl -d @body.json h.test\ncurl h.test/ok\nls -l");
    assert_eq!((all.len(), report.read, report.left_out), (1, 1, 2));
    assert_eq!(report.why.as_deref(), Some("entry 1: -F reads files, which are not here"));
}

#[test]
fn our_own_commands_are_read_again() {
    let head = b"POST http://h.test/a?b='c' HTTP/1.1\r\nHost: h.test\r\nUser-Agent: a\r\nAccept: */*\r\nContent-Type: t/t\r\nX-Odd: \xff'\r\nContent-Length: 4\r\n\r\n";
    let exchange = crate::export::tests::exchange(head, "h.test", b"");
    let body = b"\x00'%\xff";
    let (all, report) = read(curl(&Request::of(&exchange, body).unwrap()).as_bytes());
    assert_eq!(report.why, None);
    assert_eq!(all[0].bodies[0], body);
    let again = Head::parse(all[0].exchange.heads.request_received.clone().unwrap());
    assert_eq!(again.value("x-odd"), Some(&b"\xff'"[..]));
    assert_eq!(all[0].exchange.summary.url(), "http://h.test/a?b='c'");
}
