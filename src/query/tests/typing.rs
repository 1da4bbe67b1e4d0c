//! While a filter is typed: what is unfinished, what is wrong, what may come next.

use super::super::{Completion, Name, Seen, complete, read};

#[test]
fn what_is_wrong_says_what_to_do() {
    for (text, span, says) in [
        ("host:api stauts:5xx", "stauts", "did you mean status?"),
        ("headers.x-id:1", "headers", "did you mean header?"),
        ("status>x", "x", "“x” is no number"),
        ("status~/4/", "/4/", "status is a number"),
        ("host>3", "3", "host is text"),
        ("time>3 x", "3", "units are us, ms, s, m, h"),
        ("size>3q x", "3q", "units are k, M, G"),
        ("is:eror", "eror", "did you mean error?"),
        ("is:nonsense", "nonsense", "it takes error, pending"),
        ("start:never", "never", "as in start:-5m"),
        ("url~/(/ x", "/(/", "unclosed group"),
        ("req.host:x", "req.host", "not of one message"),
        ("host.x:1", "host.x", "nothing stands behind host."),
        ("hop.remved:x", "hop.remved", "did you mean removed?"),
        ("json.a..b:1", "json.a..b", "no path"),
        ("~zz x", "~zz", "mitmproxy has no ~zz"),
        ("~c x", "~c", "no value after ~c"),
        ("a | ", "|", "nothing stands behind |"),
        ("& a", "&", "nothing stands before &"),
        ("(a", "(", "not closed"),
        ("a ()", "()", "nothing stands in the group"),
        ("status: x", "status:", "no value after status:"),
        ("status:404, x", ",", "no value behind the comma"),
        ("url~(?=x)", "(?=x)", "look-around"),
    ] {
        let reading = read(text);
        let fault = reading.faults.first().unwrap_or_else(|| panic!("{text} is no fault"));
        assert_eq!(text.get(fault.span.clone()), Some(span), "{text}: {fault}");
        assert!(fault.to_string().contains(says), "{text}: {fault}");
    }
}

#[test]
fn words_are_no_misspelt_fields() {
    for text in [
        "localhost:8080",
        "https://shop.test/cart",
        "node:8080",
        "a=b",
        "shop.test:443",
        "page=2",
        "x<y",
        "f(x)",
        "it's",
        "a)",
        "-",
        "%:",
    ] {
        let reading = read(text);
        assert_eq!((reading.faults.as_slice(), reading.query.is_words()), (&[][..], true), "{text}");
    }
}

#[test]
fn what_the_caret_is_in_is_no_error_yet_and_the_rest_applies() {
    for text in [
        "host:api status:",
        "host:api time>3",
        "host:api is:er",
        "host:api (",
        "host:api |",
        "host:api url~/(",
        "host:api ~",
        "host:api start:10",
    ] {
        let reading = read(text);
        assert_eq!(reading.fault_at(text.len()), None, "{text}");
        assert!(reading.query.text().starts_with("host:api"), "{text}: {}", reading.query.text());
    }
    let reading = read("host:api status: cart");
    assert_eq!(reading.query.text(), "host:api cart");
    assert!(reading.fault_at(21).is_some() && reading.fault_at(16).is_none());
    assert!(read("stauts:").fault_at(7).is_some(), "no letter more makes that a field");
}

#[test]
fn a_shell_that_took_the_value_is_noticed() {
    for text in ["status", "cart status", "time", "host"] {
        let fault = read(text).settled(text).unwrap_err();
        assert!(fault.to_string().starts_with("no value after "), "{fault}");
    }
    let says = read("status").settled("status").unwrap_err().to_string();
    assert!(
        says.contains("if you typed status>400, the shell took the >") && says.contains("status:400.."),
        "{says}"
    );
    for text in ["cart host", "\"status\"", "-status", "cart", "status:400..", ""] {
        assert!(read(text).settled(text).is_ok(), "{text}");
    }
}

struct Some3;

impl Seen for Some3 {
    fn values(&self, field: Name, part: &str) -> Vec<(String, u64)> {
        match (field, part) {
            (Name::Status, _) => vec![("200".to_owned(), 8120), ("404".to_owned(), 37)],
            (Name::Host, _) => vec![("api.shop.test".to_owned(), 3), ("a b".to_owned(), 1)],
            (Name::Header, "server") => vec![("nginx".to_owned(), 4)],
            _ => Vec::new(),
        }
    }

    fn parts(&self, field: Name) -> Vec<(String, u64)> {
        if field == Name::Header {
            vec![("server".to_owned(), 4), ("x-id".to_owned(), 1)]
        } else {
            Vec::new()
        }
    }
}

fn offered(text: &str) -> (String, Vec<String>) {
    let (before, behind) = text.split_once('^').unwrap_or((text, ""));
    let whole = format!("{before}{behind}");
    let Completion { span, candidates } = complete(&whole, before.len(), &Some3);
    (whole.get(span).unwrap().to_owned(), candidates.into_iter().map(|candidate| candidate.text).collect())
}

#[test]
fn what_may_come_next() {
    for (text, replaced, first) in [
        ("sta", "sta", &["status:", "start:"][..]),
        ("cart -ho", "ho", &["host:", "hop."]),
        ("(ho", "ho", &["host:"]),
        ("status:", "", &["200", "404"]),
        ("status:200,4", "4", &["404"]),
        ("status:(200 or 4", "4", &[]),
        ("host:", "", &["api.shop.test", "\"a b\""]),
        ("host:AP", "AP", &["api.shop.test"]),
        ("is:e", "e", &["error"]),
        ("header.", "header.", &["header.server:", "header.x-id:"]),
        ("res.header.x", "res.header.x", &["res.header.x-id:"]),
        ("res.header.server:", "", &["nginx"]),
        ("hop.", "hop.", &["hop.added:", "hop.removed:", "hop.changed:"]),
        ("start:", "", &["-5m", "10:30..10:45", "2026-11-23"]),
        ("ho^ cart", "ho", &["host:"]),
        ("\"a sta", "", &[]),
    ] {
        let (span, candidates) = offered(text);
        assert_eq!(
            candidates.iter().take(first.len()).map(String::as_str).collect::<Vec<_>>(),
            first,
            "{text}: {candidates:?}"
        );
        assert!(candidates.is_empty() || span == replaced, "{text}: {span}");
    }
    assert!(offered("").1.len() > 20, "every field");
    assert!(offered("size").1.contains(&"size>=".to_owned()));
    assert!(complete("sta", 3, &Some3).candidates.iter().all(|candidate| !candidate.words.is_empty()));
}
