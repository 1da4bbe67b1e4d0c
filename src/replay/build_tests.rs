//! Tests of building, as tables: what is asked for, and the head and body that go out.

use super::super::sample::exchange;
use super::*;
use proptest::prelude::*;

const POST: &str = "POST http://h:81/a?b HTTP/1.1\r\nhOST: h:81\r\nX-A:1\r\nx-a: 2\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n";

fn order(change: impl FnOnce(&mut Order)) -> Order {
    let mut order = Order::as_is(ExchangeId(12));
    change(&mut order);
    order
}

fn built(head: &str, body: &[u8], change: impl FnOnce(&mut Order)) -> Result<Prepared, ReplayError> {
    build(&order(change), &exchange(head, body))
}

fn head(prepared: &Prepared) -> String {
    String::from_utf8_lossy(prepared.head.raw()).into_owned()
}

#[test]
fn as_is_the_head_is_the_one_received() {
    let prepared = built(POST, b"abc", |_| ()).unwrap();
    assert_eq!(head(&prepared), POST);
    assert_eq!(prepared.content, Content::Original { length: 3, chunked: None });
    assert_eq!(prepared.route, None);
}

#[test]
fn fields_set_and_removed() {
    let prepared = built(POST, b"abc", |order| {
        order.set = vec!["X-a: 9".to_owned(), "New: n".to_owned()];
        order.remove = vec!["content-type".to_owned(), "Nope".to_owned()];
    })
    .unwrap();
    assert_eq!(
        head(&prepared),
        "POST http://h:81/a?b HTTP/1.1\r\nhOST: h:81\r\nX-A: 9\r\nContent-Length: 3\r\nNew: n\r\n\r\n"
    );
    assert_eq!(prepared.notes, ["there is no field Nope to remove"]);
}

#[test]
fn content_length_follows_a_new_body_unless_it_is_set_by_hand() {
    let body = |body: &[u8]| Some(body.to_vec());
    let length = |head: &str, change: &dyn Fn(&mut Order)| {
        let prepared = built(head, b"abc", change)?;
        let length = prepared.head.value("content-length").map(|value| value.escape_ascii().to_string());
        Ok::<_, ReplayError>((length, prepared.content))
    };
    let new = |bytes: &'static [u8], chunked| Content::New { bytes: Bytes::from_static(bytes), chunked };
    let followed = length(POST, &|order| order.body = body(b"12345")).unwrap();
    assert_eq!(followed, (Some("5".to_owned()), new(b"12345", false)));
    let emptied = length(POST, &|order| order.body = body(b"")).unwrap();
    assert_eq!(emptied.0.as_deref(), Some("0"));
    let by_hand = length(POST, &|order| {
        order.body = body(b"12345");
        order.set = vec!["Content-Length: 9".to_owned()];
    });
    assert_eq!(by_hand.unwrap().0.as_deref(), Some("9"));
    let too_short = length(POST, &|order| {
        order.body = body(b"12345");
        order.set = vec!["Content-Length: 2".to_owned()];
    });
    assert!(matches!(too_short, Err(ReplayError::Longer { says: 2, has: 5 })));
    let chunked = POST.replace("Content-Length: 3", "Transfer-Encoding: gzip, chunked");
    let stays = length(&chunked, &|order| order.body = body(b"12345")).unwrap();
    assert_eq!(stays, (None, new(b"12345", true)));
    let get = "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n";
    let given = built(get, b"", |order| order.body = body(b"12")).unwrap();
    assert!(head(&given).ends_with("Content-Length: 2\r\n\r\n"));
    let unframed = length(POST, &|order| order.remove = vec!["Content-Length".to_owned()]);
    assert!(matches!(unframed, Err(ReplayError::Unframed { has: 3 })));
}

#[test]
fn an_edited_head_decides_by_hand_only_where_it_was_changed() {
    let typed = |length: &str| {
        POST.replace("Content-Length: 3", &format!("Content-Length: {length}"))
            .replace("\r\n", "\n")
            .into_bytes()
    };
    let length = |shown: &str| {
        let edited =
            |order: &mut Order| (order.head, order.body) = (Some(typed(shown)), Some(b"12345".to_vec()));
        let prepared = built(POST, b"abc", edited).unwrap();
        prepared.head.value("content-length").unwrap().escape_ascii().to_string()
    };
    assert_eq!((length("3"), length("7")), ("5".to_owned(), "7".to_owned()));
}

#[test]
fn a_coded_body_is_coded_again_or_goes_plain_and_says_so() {
    let coded = |coding: &str| POST.replace("X-A:1", &format!("Content-Encoding: {coding}"));
    let prepared = built(&coded("gzip"), b"abc", |order| order.body = Some(b"hello".to_vec())).unwrap();
    let Content::New { bytes, .. } = &prepared.content else { panic!("{prepared:?}") };
    assert_eq!(coding::decode(&bytes[..], &prepared.head, 100).unwrap(), b"hello");
    assert_eq!(prepared.promised(), Some(bytes.len() as u64));
    let plain = built(&coded("br"), b"abc", |order| order.body = Some(b"hello".to_vec())).unwrap();
    assert_eq!(plain.head.value("content-encoding"), None);
    assert_eq!(plain.notes, ["the body goes without Content-Encoding: br can be undone here, not made"]);
    assert_eq!(plain.promised(), Some(5));
}

#[test]
fn another_target_in_each_form() {
    let absolute = |url: &str| {
        let prepared = built(POST, b"abc", |order| order.target = Some(url.to_owned())).unwrap();
        let head = head(&prepared);
        let mut lines = head.lines();
        (lines.next().unwrap().to_owned(), lines.next().unwrap().to_owned(), prepared.route)
    };
    for (url, line, host) in [
        ("http://other", "POST http://other/a?b HTTP/1.1", "hOST: other"),
        ("https://other:8443/", "POST https://other:8443/ HTTP/1.1", "hOST: other:8443"),
        ("http://[::1]:1?q#f", "POST http://[::1]:1/?q HTTP/1.1", "hOST: [::1]:1"),
        ("HTTP://other:80/x", "POST http://other/x HTTP/1.1", "hOST: other"),
    ] {
        assert_eq!(absolute(url), (line.to_owned(), host.to_owned(), None), "{url}");
    }
    let mut inside = exchange("GET /p HTTP/1.1\r\nHost: h\r\n\r\n", b"");
    inside.summary.scheme = Scheme::Https;
    inside.tunnel = Some(ExchangeId(1));
    let route = |order: &Order| build(order, &inside).unwrap();
    let as_is = route(&Order::as_is(ExchangeId(12)));
    assert_eq!(as_is.route.unwrap().authority.to_string(), "h:443");
    let elsewhere = route(&order(|order| order.target = Some("http://o:81".to_owned())));
    assert_eq!(head(&elsewhere), "GET /p HTTP/1.1\r\nHost: o:81\r\n\r\n");
    let to = elsewhere.route.unwrap();
    assert_eq!((to.scheme, to.authority.to_string()), (Scheme::Http, "o:81".to_owned()));
}

#[test]
fn a_bad_target_is_pointed_at() {
    for (url, says) in [
        ("ftp://x/", "^^^^^^^^ a target is written http://host"),
        ("http://x y/", "        ^ a URL holds no blanks"),
        ("http://h:x/p", "       ^^^ this is not host or host:port"),
        ("http://u:p@h/", "this is not host or host:port"),
        ("other", "a target is written"),
    ] {
        let error = built(POST, b"abc", |order| order.target = Some(url.to_owned())).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_cannot_be_sent_again_says_why() {
    let mut cut = exchange(POST, b"abc");
    (cut.request_body.length, cut.request_body.kept) = (71_000_000, 10_000_000);
    let says = |order: &Order, original: &Exchange| build(order, original).unwrap_err().to_string();
    let as_is = Order::as_is(ExchangeId(12));
    assert_eq!(
        says(&as_is, &cut),
        "the body of #12 cannot be sent again: the capture holds only the first 10 MB of 71 MB; \
         give another with --body FILE"
    );
    assert!(build(&order(|order| order.body = Some(b"x".to_vec())), &cut).is_ok());
    let mut unfinished = exchange(POST, b"ab");
    unfinished.request_body.complete = false;
    assert!(says(&as_is, &unfinished).contains("the client did not send it to its end"));
    let connect = exchange("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", b"");
    assert!(says(&as_is, &connect).starts_with("#12 is a tunnel"));
    let mut headless = exchange(POST, b"abc");
    assert!(says(&order(|order| order.as_sent = true), &headless).contains("never reached an origin"));
    headless.heads.request_received = None;
    assert_eq!(says(&as_is, &headless), "#12 has no request head to send again");
}

#[test]
fn bytes_as_sent_are_not_changed() {
    let mut original = exchange(POST, b"abc");
    let sent = "POST /a?b HTTP/1.1\r\nHost: h:81\r\nContent-Length: 3\r\nVia: 1.1 hopscope\r\n\r\n";
    original.heads.request_sent = Some(Bytes::from_static(sent.as_bytes()));
    original.summary.host = "h:81".to_owned();
    let prepared = build(&order(|order| order.as_sent = true), &original).unwrap();
    assert_eq!((head(&prepared).as_str(), prepared.as_sent), (sent, true));
    assert_eq!(prepared.route.unwrap().authority.to_string(), "h:81");
    let changed = order(|order| (order.as_sent, order.set) = (true, vec!["A: b".to_owned()]));
    assert!(matches!(build(&changed, &original), Err(ReplayError::AsSent)));
}

#[test]
fn rfc9110_9_2_1_safe_methods() {
    assert!(["GET", "HEAD", "OPTIONS", "TRACE"].into_iter().all(is_safe));
    assert!(!["POST", "PUT", "DELETE", "PATCH", "get", ""].into_iter().any(is_safe));
    let edited = order(|order| order.head = Some(b"PUT / HTTP/1.1\n\n".to_vec()));
    assert_eq!((method_of(&edited, "GET"), method_of(&order(|_| ()), "GET")), ("PUT".into(), "GET".into()));
}

proptest! {
    #[test]
    fn an_as_is_head_is_the_head_as_received(
        lines in proptest::collection::vec("[A-Za-z]{1,6}:[ \t]?[ -~]{0,10}", 0..6),
    ) {
        let fields: String = lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect();
        let text = format!("GET http://h/ HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        let prepared = built(&text, b"", |_| ());
        if let Ok(prepared) = prepared {
            prop_assert_eq!(head(&prepared), text);
        }
    }
}

const HTTP2: &str =
    "POST /a HTTP/2\r\n:method: POST\r\n:scheme: https\r\n:authority: h:81\r\n:path: /a\r\nx-a: 1\r\n\r\n";

#[test]
fn rfc9113_8_3_an_http2_request_is_built_in_the_form_of_http1() {
    let expected = "POST /a HTTP/1.1\r\nHost: h:81\r\nx-a: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let prepared = built(HTTP2, b"abc", |_| ()).unwrap();
    assert_eq!(head(&prepared), expected);
    assert_eq!(prepared.content, Content::Original { length: 3, chunked: Some(None) });
    assert_eq!(prepared.route.map(|route| route.authority.to_string()), Some("h:80".to_owned()));
    let changed = built(HTTP2, b"", |order| order.set = vec!["Host: g".to_owned()]).unwrap();
    assert_eq!(head(&changed), "POST /a HTTP/1.1\r\nHost: g\r\nx-a: 1\r\n\r\n");
    let new = built(HTTP2, b"", |order| order.target = Some("https://g/b".to_owned())).unwrap();
    assert_eq!(head(&new), "POST /b HTTP/1.1\r\nHost: g\r\nx-a: 1\r\n\r\n");
}

#[test]
fn frames_of_http2_do_not_go_out_byte_for_byte() {
    let mut original = exchange(HTTP2, b"");
    original.heads.request_sent = original.heads.request_received.clone();
    let order = order(|order| order.as_sent = true);
    assert!(matches!(build(&order, &original), Err(ReplayError::AsSentHttp2(ExchangeId(12)))));
}
