//! What is covered, and how.

use super::*;
use crate::export::request::tests::exchange;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

const KEY: [u8; 32] = [7; 32];

fn veil(texts: &[&str]) -> Veil {
    let mut secrets = Secrets::default();
    for text in texts {
        secrets.text(text.as_bytes());
    }
    Veil::new(secrets, KEY).unwrap()
}

fn covered(veil: &Veil, text: &str) -> String {
    String::from_utf8(veil.text(text.as_bytes())).unwrap()
}

#[test]
fn equal_secrets_have_equal_tags_in_every_coding() {
    let veil = veil(&["password=s3cr3t+w%C3%B6rd/1"]);
    let secret = "s3cr3t+wörd/1";
    let tag = tag(&KEY, secret.as_bytes());
    for text in [
        secret.to_owned(),
        serde_json::to_string(secret).unwrap().trim_matches('"').to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        "s3cr3t%2bw%c3%b6rd%2f1".to_owned(),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ] {
        assert_eq!(covered(&veil, &format!("<{text}>")), format!("<{tag}>"), "{text}");
    }
    assert_eq!(covered(&veil, "password=s3cr3t%2Bw%C3%B6rd%2F1"), format!("password={tag}"));
    assert_ne!(tag, super::tag(&[8; 32], secret.as_bytes()));
}

#[test]
fn short_secrets_go_where_they_stand_alone() {
    let veil = veil(&["password=1234"]);
    let out = covered(&veil, "pin=1234&page=1234");
    assert!(out.starts_with("pin=hidden-") && out.ends_with("&page=1234"), "{out}");
}

#[test]
fn heads_keep_their_lines() {
    let head = b"GET /cb?code=a1b2c3d4e5 HTTP/1.1\r\nHost: h.test\r\nAuthorization: Bearer a1b2c3d4e5\r\nX-Copy: <a1b2c3d4e5>\r\n\r\n";
    let exchange = exchange(head, "h.test", b"");
    let mut secrets = Secrets::default();
    secrets.exchange(&exchange);
    let covered = Veil::new(secrets, KEY).unwrap().exchange(&exchange);
    let tag = tag(&KEY, b"a1b2c3d4e5");
    let expected = format!(
        "GET /cb?code={tag} HTTP/1.1\r\nHost: h.test\r\nAuthorization: Bearer {tag}\r\nX-Copy: <{tag}>\r\n\r\n"
    );
    assert_eq!(covered.heads.request_received.unwrap(), expected);
}

#[test]
fn a_body_is_covered_across_windows() {
    let veil = veil(&["token=abcdefgh12345678"]);
    for before in [0, WINDOW - 8, WINDOW - OVERLAP - 3, 2 * WINDOW - 20] {
        let body = [&vec![b'x'; before][..], b" abcdefgh12345678 ", &vec![b'y'; before]].concat();
        let mut out = Vec::new();
        let mut reader = veil.body(&body[..]);
        reader.read_to_end(&mut out).unwrap();
        assert!(reader.touched());
        let tag = tag(&KEY, b"abcdefgh12345678");
        assert_eq!(out, [&vec![b'x'; before][..], b" ", tag.as_bytes(), b" ", &vec![b'y'; before]].concat());
    }
}

#[test]
fn a_secret_longer_than_a_window_goes_whole() {
    let long = "A1".repeat(WINDOW);
    let body = format!("a=b&SAMLResponse={long}&c=d");
    let mut secrets = Secrets::default();
    secrets.body(body.as_bytes()).unwrap();
    let veil = Veil::new(secrets, KEY).unwrap();
    let mut out = String::new();
    veil.body(body.as_bytes()).read_to_string(&mut out).unwrap();
    assert!(
        out.len() < 100 && out.starts_with("a=b&SAMLResponse=hidden-") && out.ends_with("&c=d"),
        "{}",
        out.len()
    );
}

#[test]
fn too_many_secrets_are_counted() {
    let mut secrets = Secrets::default();
    for number in 0..4_000 {
        secrets.text(format!("token={number:0300}").as_bytes());
    }
    assert!(secrets.left_out() > 0 && secrets.bytes <= MOST);
}
