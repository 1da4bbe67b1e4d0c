//! `hopscope export` and `captures share`: what is written, and what of secrets.

use crate::support::Sandbox;
use crate::support::capture::{exchange, record};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hopscope::exchange::{
    Exchange, Failure, Interim, Kind, Message, MessageFlags, MessageForm, Note, Phase, Side,
};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::Value;
use std::io::Write as _;

/// A capture in a sandbox.
fn captured(exchanges: Vec<(Exchange, Vec<Message>)>) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let path = sandbox.path("bug.hop");
    record(&path, exchanges);
    (sandbox, path.to_str().unwrap().to_owned())
}

fn answered(id: u64, path: &str, status: u16) -> Exchange {
    let request = format!("GET {path} HTTP/1.1\r\nHost: h.test\r\nCookie: sid=8f02c2aa91\r\n\r\n");
    let response = format!("HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\n\r\n");
    exchange(id, (&request, b""), (&response, b"hello"))
}

#[test]
fn a_filter_or_ids_say_what_is_written_and_nothing_is_replaced() {
    let exchanges = [(1, "/a", 200), (2, "/b", 404), (3, "/c", 404)];
    let (sandbox, path) =
        captured(exchanges.map(|(id, path, status)| (answered(id, path, status), Vec::new())).into());
    let export = |words: &[&str]| sandbox.run(&[&["export"], words, &["-c", &path]].concat());
    let ran = export(&["status:404", "--to", "har", "-o", "a.har"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with("2 of 3 exchanges match, ")
            && ran.stderr.contains(" in a.har; secrets are covered")
    );
    let har: Value = serde_json::from_slice(&std::fs::read(sandbox.path("a.har")).unwrap()).unwrap();
    let urls: Vec<_> =
        har["log"]["entries"].as_array().unwrap().iter().map(|entry| &entry["request"]["url"]).collect();
    assert_eq!(urls, ["https://h.test/b", "https://h.test/c"]);

    let ran = export(&["-404", "--to", "har", "-o", "a.har"]);
    assert_eq!(ran.code, Some(5));
    assert!(
        ran.stderr.contains("a.har is there already") && ran.stderr.contains("--overwrite"),
        "{}",
        ran.stderr
    );
    let ran = export(&["-404", "--to", "har", "-o", "a.har", "--overwrite"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("1 of 3 exchanges match"));

    let ran = export(&["3", "1", "--to", "json"]);
    let ids: Vec<_> =
        ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!(ids, [3, 1]);
    let ran = export(&["7", "--to", "curl"]);
    assert_eq!(ran.code, Some(5));
    assert!(ran.stderr.contains("no exchange 7"), "{}", ran.stderr);
    let ran = export(&["2", "--to", "raw", "--message", "response"]);
    assert_eq!(ran.stdout, "HTTP/1.1 404 X\r\nContent-Type: text/plain\r\n\r\nhello");
    let ran = export(&["2", "--to", "curl"]);
    assert!(ran.stdout.contains("sid=8f02c2aa91") && ran.stderr.contains("holds secrets"), "{}", ran.stderr);
}

#[test]
fn captures_are_listed_removed_and_shared() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("data/hopscope/captures");
    std::fs::create_dir_all(&folder).unwrap();
    record(&folder.join("login.hop"), vec![(answered(1, "/a", 200), Vec::new())]);
    let ran = sandbox.run(&["captures", "ls", "--json"]);
    let row: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&row["name"], &row["exchanges"]), (&Value::from("login"), &Value::from(1)));
    assert!(sandbox.run(&["captures"]).stdout.starts_with("login "));
    let ran = sandbox.run(&["captures", "share", "login"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let shared = std::fs::read_to_string(sandbox.path("login.har")).unwrap();
    assert!(shared.contains("hidden-") && !shared.contains("8f02c2aa91"));
    let ran = sandbox.run(&["captures", "rm", "login"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--yes") && folder.join("login.hop").exists());
    assert_eq!(sandbox.run(&["captures", "rm", "login", "--yes"]).code, Some(0));
    assert!(!folder.join("login.hop").exists());
}

/// Secrets of a kind, made so that none is a part of another.
struct Planted {
    made: Vec<String>,
}

impl Planted {
    /// A new one: letters and digits, or with what codings change.
    fn new_one(&mut self) -> String {
        let number = self.made.len();
        let noise = blake3::hash(format!("secret {number}").as_bytes()).to_hex();
        let odd = ["", "+/=", "&%\"", "ä€", " \\'"][number % 5];
        let secret = format!("s{}{odd}{number:03}x", &noise.as_str()[..9]);
        self.made.push(secret.clone());
        secret
    }

    /// The same without what a header or a token cannot hold.
    fn token(&mut self) -> String {
        let number = self.made.len();
        let noise = blake3::hash(format!("token {number}").as_bytes()).to_hex();
        let token = format!("t{}-{number:03}_z", &noise.as_str()[..12]);
        self.made.push(token.clone());
        token
    }
}

fn percent(text: &str) -> String {
    percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string()
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
}

fn codings(secret: &str) -> Vec<String> {
    vec![
        secret.to_owned(),
        percent(secret),
        json(secret).trim_matches('"').to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

fn multipart(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + "--b0--\r\n"
}

/// One exchange of every kind of place, ten secrets and more.
fn login(id: u64, planted: &mut Planted) -> (Exchange, Vec<Message>) {
    let mut token = || planted.token();
    let basic = STANDARD.encode(format!("user:{}", token()));
    let request = format!(
        "POST /cb?code={}&state={}&a=1 HTTP/1.1\r\nHost: h.test\r\nAuthorization: Bearer {}\r\nProxy-Authorization: Basic {basic}\r\n\
         Cookie: theme=dark; sid={}\r\nX-Api-Key: {}\r\nX-TokenAuth: {}\r\nReferer: https://u:{}@h.test/?access_token={}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        token(),
        token(),
        token(),
        token(),
        token(),
        token(),
        token(),
        token(),
    );
    let response = format!(
        "HTTP/1.1 302 Found\r\nSet-Cookie: s={}; Path=/\r\nLocation: /x#id_token={}\r\nContent-Type: application/json\r\n\
         Content-Encoding: gzip\r\n\r\n",
        token(),
        token(),
    );
    let trailers = format!("X-Auth-Token: {}\r\n", token());
    let early = format!("HTTP/1.1 103 Early Hints\r\nSet-Cookie: e={}\r\n\r\n", token());
    let form = format!(
        "user=me&password={}&client_secret={}",
        percent(&planted.new_one()),
        percent(&planted.new_one())
    );
    let answer = format!(
        "{{\"refresh_token\":{},\"nested\":{{\"password\":{}}},\"code\":\"NOT_FOUND\"}}",
        json(&planted.new_one()),
        json(&planted.new_one())
    );
    let mut exchange = exchange(id, (&request, form.as_bytes()), (&response, &gzip(answer.as_bytes())));
    exchange.request_body.trailers = Some(Bytes::from(trailers));
    exchange.interim = vec![Interim { at: 5, head: Bytes::from(early), forwarded: true }];
    exchange.summary.messages = 1;
    let payload = format!("{{\"type\":\"auth\",\"token\":{}}}", json(&planted.new_one()));
    let message = Message {
        at: 7,
        side: Side::Client,
        form: MessageForm::Text,
        wire: 10,
        length: payload.len() as u64,
        payload: Bytes::from(payload),
        says: String::new(),
        flags: MessageFlags::default(),
    };
    (exchange, vec![message])
}

/// One where secrets of others stand in every coding, and some of its own kind.
fn elsewhere(id: u64, planted: &mut Planted) -> (Exchange, Vec<Message>) {
    let own = [planted.new_one(), planted.new_one(), planted.token()];
    let mut text = multipart(&[("user[password]", &own[0]), ("other", "x"), ("token", &own[1])]);
    text += &format!("<SAMLAssertion>{}</SAMLAssertion>\n", own[2]);
    for secret in planted.made.iter().take(100) {
        for coded in codings(secret) {
            text += &format!("seen {coded} here\n");
        }
        for coded in &codings(secret)[..3] {
            text += &format!("within more: {}\n", STANDARD.encode(format!("id={coded}&x")));
        }
    }
    let request =
        "POST /log HTTP/1.1\r\nHost: h.test\r\nContent-Type: multipart/form-data; boundary=b0\r\n\r\n";
    let mut exchange = exchange(id, (request, text.as_bytes()), ("HTTP/1.1 502 Bad Gateway\r\n\r\n", b""));
    exchange.summary.failure = Some(Failure {
        side: Side::Origin,
        phase: Phase::Connect,
        kind: Kind::Refused,
        says: format!("could not reach {}", planted.made[0]),
    });
    let noted = format!("logged in with password={} and {}", planted.token(), percent(&planted.made[1]));
    exchange.summary.set_note(Note::new(&noted));
    (exchange, Vec::new())
}

#[test]
fn no_planted_secret_leaves_in_any_coding() {
    let mut planted = Planted { made: Vec::new() };
    let mut exchanges = Vec::new();
    let mut id = 0;
    while planted.made.len() < 200 {
        id += 1;
        let make = if id % 2 == 0 { elsewhere } else { login };
        exchanges.push(make(id, &mut planted));
    }
    let (sandbox, path) = captured(exchanges);
    let whole = sandbox.run(&["export", "--to", "json", "--with-secrets", "-c", &path]).stdout;
    // Some stand within codings of codings alone.
    let planted_there = |secret: &&String| codings(secret).iter().any(|coded| whole.contains(coded));
    assert!(planted.made.iter().filter(planted_there).count() > 180, "planted where nothing finds them");
    for arguments in [
        &["export", "--to", "har", "-o", "out", "-c", &path][..],
        &["export", "--to", "json", "-o", "out", "-c", &path],
        &["export", "--to", "markdown", "-o", "out", "-c", &path],
        &["captures", "share", &path, "-o", "out"],
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        let out = std::fs::read_to_string(sandbox.path("out")).unwrap();
        std::fs::remove_file(sandbox.path("out")).unwrap();
        let mut texts = vec![out.clone()];
        // What stands in base64 there is searched as well.
        let long = |word: &&str| word.len() > 16;
        let words = out.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c)).filter(long);
        texts.extend(words.filter_map(|word| String::from_utf8(STANDARD.decode(word).ok()?).ok()));
        for secret in &planted.made {
            for coded in codings(secret) {
                let leaked = texts.iter().find_map(|text| {
                    text.find(&coded)
                        .map(|at| text[at.saturating_sub(80)..].chars().take(200).collect::<String>())
                });
                assert_eq!(leaked, None, "{arguments:?}: {secret} as {coded}");
            }
        }
        let tags: std::collections::BTreeSet<_> =
            out.match_indices("hidden-").filter_map(|(at, _)| out.get(at..at + 19)).collect();
        // Some stand within credentials that have a tag of their own; notes have no trailers.
        assert!(tags.len() > 180, "{} tags of {}", tags.len(), planted.made.len());
        assert!(out.contains("theme=hidden-") && out.contains("NOT_FOUND"));
    }
}

#[test]
fn equal_secrets_have_equal_tags_and_another_export_has_others() {
    let (sandbox, path) = captured(vec![(answered(1, "/?token=8f02c2aa91", 200), Vec::new())]);
    let tags = || {
        let out = sandbox.run(&["export", "1", "--to", "markdown", "-c", &path]).stdout;
        out.match_indices("hidden-").map(|(at, _)| out[at..at + 19].to_owned()).collect::<Vec<_>>()
    };
    let first = tags();
    assert!(first.len() >= 3 && first.iter().all(|tag| *tag == first[0]), "{first:?}");
    assert_ne!(tags()[0], first[0]);
}
