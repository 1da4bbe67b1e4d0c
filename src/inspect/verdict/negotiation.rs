//! What was asked for and what came, and what a cache tells requests apart by (RFC 9110 12, RFC 9111 4.1).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::Rfc;
use crate::inspect::message::{Line, pieces};
use serde::Serialize;

/// Members of Vary, and of what was asked for, that are looked at.
const MOST: usize = 60;

/// What was negotiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Negotiation {
    /// The fields besides method and target that a cache compares: those of Vary, in lower case.
    pub key: Vec<String>,
    /// What of that came is not what was asked for: `content-type`, `content-encoding`, `content-language`.
    pub unasked: Vec<&'static str>,
    /// In one sentence.
    pub says: String,
    /// Each of them.
    pub steps: Vec<Step>,
}

impl Negotiation {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "Vary",
            "Accept",
            "Accept-Encoding",
            "Accept-Language",
            "Content-Type",
            "Content-Encoding",
            "Content-Language",
        ];
        let bad = !self.unasked.is_empty();
        Told { topic: "negotiation", bad, says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Negotiation> {
    let response = sight.response.filter(|response| response.status() >= 200)?;
    let (mut steps, mut unasked) = (Vec::new(), Vec::new());
    let pairs: [(&str, &'static str, Fits, &'static str); 3] = [
        ("Accept", "content-type", media_fits, "12.5.1"),
        ("Accept-Encoding", "content-encoding", coding_fits, "12.5.3"),
        ("Accept-Language", "content-language", language_fits, "12.5.4"),
    ];
    for (asked, came, fits, section) in pairs {
        let Some((wanted, got)) = sight.asked(asked).zip(sight.answered(came)) else { continue };
        let weight = best(wanted, got.value, fits);
        let passes = weight.is_some_and(|weight| weight > 0);
        let shown = text(got.value);
        let says = match weight {
            Some(1000) => format!("{asked}: {shown} is what was asked for"),
            Some(weight) if passes => {
                format!("{asked}: {shown} was asked for with weight {}", thousandths(weight))
            }
            _ => format!("{asked}: {shown} was not asked for"),
        };
        steps.push(Step::test(passes, says, Rfc(9110, section)));
        if !passes {
            unasked.push(came);
        }
    }
    let mut key: Vec<String> = Vec::new();
    for name in response.members("Vary").map(|(_, _, name)| text(name).to_ascii_lowercase()).take(MOST) {
        if !key.contains(&name) {
            key.push(name);
        }
    }
    for name in key.iter().filter(|name| *name != "*") {
        let secret = crate::inspect::table::field(name.as_bytes()).is_some_and(|field| field.secret);
        let value = match sight.asked(name) {
            Some(_) if secret => "••••".to_owned(),
            Some(line) => text(line.value).into_owned(),
            None => "absent".to_owned(),
        };
        steps.push(Step::fact(format!("cache key: {name} = {value}"), Rfc(9111, "4.1")));
    }
    if steps.is_empty() && key.is_empty() {
        return None;
    }
    let says = sentence(&key, &unasked);
    Some(Negotiation { key, unasked, says, steps })
}

fn sentence(key: &[String], unasked: &[&str]) -> String {
    let key = match key {
        [] => "caches tell requests apart by method and address alone".to_owned(),
        names if names.iter().any(|name| name == "*") => {
            "caches can reuse it for no other request (Vary: *)".to_owned()
        }
        names => format!("caches keep one copy per {}", listed(names)),
    };
    match unasked {
        [] => key,
        several => format!("{} is not what was asked for; {key}", several.join(" and ")),
    }
}

/// `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Whether a member of what was asked for covers what came; the larger the number, the nearer.
type Fits = fn(&[u8], &[u8]) -> Option<u8>;

/// The weight, in thousandths, of the nearest member that covers what came; `None` when none does.
fn best(wanted: &Line<'_>, got: &[u8], fits: Fits) -> Option<u16> {
    let got = got.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let members = wanted.members();
    let covering = members.iter().take(MOST).filter_map(|(_, member)| {
        let mut parameters = pieces(member, b';').into_iter().map(|(_, piece)| piece);
        let near = fits(parameters.next()?, got)?;
        let weight = parameters.find_map(|one| one.strip_prefix(b"q=").or_else(|| one.strip_prefix(b"Q=")));
        Some((near, weight.map_or(1000, weight_of)))
    });
    covering.max_by_key(|(near, _)| *near).map(|(_, weight)| weight)
}

/// `0.5` as 500 (RFC 9110 12.4.2).
fn weight_of(text: &[u8]) -> u16 {
    let Some(digits) = text.trim_ascii().strip_prefix(b"0") else { return 1000 };
    let digits =
        digits.strip_prefix(b".").unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit());
    [100, 10, 1].into_iter().zip(digits).map(|(place, digit)| place * u16::from(digit - b'0')).sum()
}

fn thousandths(weight: u16) -> String {
    let text = format!("0.{weight:03}");
    text.trim_end_matches('0').to_owned()
}

fn media_fits(range: &[u8], got: &[u8]) -> Option<u8> {
    let kind = got.split(|byte| *byte == b'/').next().unwrap_or_default();
    match range {
        b"*/*" | b"*" => Some(1),
        range if range.strip_suffix(b"/*").is_some_and(|wanted| wanted.eq_ignore_ascii_case(kind)) => Some(2),
        range if range.eq_ignore_ascii_case(got) => Some(3),
        _ => None,
    }
}

fn coding_fits(wanted: &[u8], got: &[u8]) -> Option<u8> {
    let plain = |name: &[u8]| name.strip_prefix(b"x-").unwrap_or(name).to_ascii_lowercase();
    match wanted {
        b"*" => Some(1),
        wanted if plain(wanted) == plain(got) => Some(2),
        _ if got.eq_ignore_ascii_case(b"identity") => Some(1),
        _ => None,
    }
}

/// A range covers a tag that begins with it (RFC 4647 3.3.1).
fn language_fits(range: &[u8], got: &[u8]) -> Option<u8> {
    let got = got.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    let start = got.get(..range.len()).is_some_and(|start| start.eq_ignore_ascii_case(range));
    let whole = matches!(got.get(range.len()), None | Some(b'-'));
    match range {
        b"*" => Some(1),
        _ if start && whole => Some(2),
        // en-GB asked for, en came: most take that for an answer.
        _ if range.get(..got.len()).is_some_and(|start| start.eq_ignore_ascii_case(got))
            && range.get(got.len()) == Some(&b'-') =>
        {
            Some(1)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;
    use super::*;

    fn negotiation(request: &str, response: &str) -> Negotiation {
        let request = format!("GET / HTTP/1.1\nHost: h.test\n{request}");
        judge("https://h.test/", &request, &format!("HTTP/1.1 200 OK\n{response}")).negotiation.unwrap()
    }

    #[test]
    fn rfc9110_12_5_what_came_was_asked_for() {
        for (request, response, unasked) in [
            ("Accept: application/json\n", "Content-Type: text/html; charset=utf-8\n", &["content-type"][..]),
            ("Accept: text/*;q=0.5, application/json\n", "Content-Type: text/html\n", &[]),
            ("Accept: text/html;q=0, */*\n", "Content-Type: text/html\n", &["content-type"]),
            ("Accept: */*\n", "Content-Type: image/png\n", &[]),
            ("Accept-Encoding: gzip\n", "Content-Encoding: br\n", &["content-encoding"]),
            ("Accept-Encoding: gzip\n", "Content-Encoding: x-gzip\n", &[]),
            ("Accept-Language: en\n", "Content-Language: en-GB\n", &[]),
            ("Accept-Language: en-GB\n", "Content-Language: en\n", &[]),
            ("Accept-Language: en\n", "Content-Language: de\n", &["content-language"]),
        ] {
            assert_eq!(negotiation(request, response).unasked, unasked, "{request}{response}");
        }
        let weighed = negotiation("Accept: text/*;q=0.5\n", "Content-Type: text/html\n");
        assert_eq!(weighed.steps[0].says, "Accept: text/html was asked for with weight 0.5");
    }

    #[test]
    fn rfc9111_4_1_the_key_of_a_cache() {
        let of = negotiation(
            "Accept-Encoding: br\nCookie: sid=secret\n",
            "Vary: Accept-Encoding, Origin, Cookie, accept-encoding\n",
        );
        assert_eq!(of.key, ["accept-encoding", "origin", "cookie"]);
        assert_eq!(of.says, "caches keep one copy per accept-encoding, origin and cookie");
        let steps: Vec<_> = of.steps.iter().map(|step| step.says.as_str()).collect();
        assert_eq!(
            steps,
            ["cache key: accept-encoding = br", "cache key: origin = absent", "cache key: cookie = ••••"]
        );
        assert!(negotiation("", "Vary: *\n").says.contains("no other request"));
    }
}
