//! Where a response sends the client, and what the client asks there (RFC 9110 15.4, 10.2.2).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::{Rfc, Whatwg};
use serde::Serialize;

/// The next request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Redirect {
    /// Its method.
    pub method: String,
    /// Its address, resolved against this request's where that is known.
    pub to: String,
    /// In one sentence.
    pub says: String,
    /// What leads to it.
    pub steps: Vec<Step>,
}

impl Redirect {
    pub(super) fn told(&self) -> Told<'_> {
        let bad = self.steps.iter().any(|step| step.passes == Some(false));
        Told { topic: "redirect", bad, says: &self.says, steps: &self.steps, fields: &["Location"] }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Redirect> {
    let status = sight.response?.status();
    let line = sight.answered("Location").filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308))?;
    let asked = text(sight.method()).into_owned();
    let mut steps = Vec::new();
    let method = match (status, asked.as_str()) {
        (301..=303, "HEAD") => "HEAD".to_owned(),
        (303, _) => "GET".to_owned(),
        (301 | 302, "POST") => {
            steps.push(Step::fact(
                format!("{status}: browsers turn POST into GET, and the body is lost; 307 or 308 keep it"),
                Rfc(9110, "15.4.2"),
            ));
            "GET".to_owned()
        }
        (307 | 308, _) => {
            steps
                .push(Step::fact(format!("{status}: method and body stay as they are"), Rfc(9110, "15.4.8")));
            asked
        }
        _ => asked,
    };
    let written = text(line.value).into_owned();
    let from = sight.url();
    let resolved = from.as_ref().and_then(|from| from.join(&written).ok());
    if let (Some(from), Some(to)) = (&from, &resolved) {
        compare(from, to, &mut steps);
    }
    let to = resolved.map_or(written, String::from);
    let kept = if matches!(status, 301 | 308) { "for good" } else { "this time" };
    let says = format!("{status}, {kept}: the next request is {method} {to}");
    Some(Redirect { method, to, says, steps })
}

/// What is lost or weakened on the way there.
fn compare(from: &url::Url, to: &url::Url, steps: &mut Vec<Step>) {
    let same = from.as_str().split('#').next() == to.as_str().split('#').next();
    if same {
        steps.push(Step::test(
            false,
            "it leads back to the same address: a loop, unless a cookie breaks it",
            Rfc(9110, "15.4"),
        ));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        steps.push(Step::test(
            false,
            "from https to http: what follows can be read on the way",
            Rfc(9110, "17.4"),
        ));
    }
    if from.origin() != to.origin() {
        steps.push(Step::fact(
            "another origin: clients leave Authorization behind",
            Whatwg("Fetch, HTTP-redirect fetch"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;

    #[test]
    fn rfc9110_15_4_which_request_follows() {
        for (method, status, location, says) in [
            ("POST", 303, "/account", "303, this time: the next request is GET https://shop.test/account"),
            ("POST", 302, "/account", "302, this time: the next request is GET https://shop.test/account"),
            ("POST", 307, "/account", "307, this time: the next request is POST https://shop.test/account"),
            ("GET", 301, "../b?x=1", "301, for good: the next request is GET https://shop.test/b?x=1"),
            (
                "HEAD",
                303,
                "https://other.test/",
                "303, this time: the next request is HEAD https://other.test/",
            ),
            ("PUT", 308, "/c", "308, for good: the next request is PUT https://shop.test/c"),
        ] {
            let request = format!("{method} /a/login HTTP/1.1\nHost: shop.test\n");
            let response = format!("HTTP/1.1 {status} Moved\nLocation: {location}\n");
            assert_eq!(judge("https://shop.test/", &request, &response).redirect.unwrap().says, says);
        }
    }

    #[test]
    fn rfc9110_17_4_what_is_weakened_is_said() {
        for (location, words) in [
            ("http://shop.test/", "from https to http"),
            ("/a", "same address"),
            ("https://other.test/", "another origin"),
        ] {
            let request = "GET /a HTTP/1.1\nHost: shop.test\n";
            let response = format!("HTTP/1.1 302 Found\nLocation: {location}\n");
            let redirect = judge("https://shop.test/", request, &response).redirect.unwrap();
            assert!(redirect.steps.iter().any(|step| step.says.contains(words)), "{:?}", redirect.steps);
        }
        assert!(judge("https://h.test/", "", "HTTP/1.1 201 Created\nLocation: /a\n").redirect.is_none());
    }
}
