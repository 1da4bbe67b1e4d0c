//! The texts that a field of an exchange has: one, several, or none.

use super::behind::Behind;
use super::facts::Facts;
use super::fields::Name;
use super::jsonpath::Path;
use super::kinds::Truth;
use super::tree::{Side, Test};
use crate::exchange::{self, Head};
use percent_encoding::percent_decode;
use serde_json::Value;

/// A text seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) text: &'a [u8],
    /// Whether it is a number of JSON: then it is equal or not, and never contained.
    pub(super) number: bool,
}

/// Takes a text; true when it is the one wanted.
type Wanted<'w> = dyn FnMut(Seen<'_>) -> bool + 'w;

const SIDES: [Side; 2] = [Side::Request, Side::Response];

/// Shows each text of a field until one is wanted. `line` is what words are looked for in, or the URL.
pub(super) fn any(
    test: &Test,
    facts: &Facts<'_>,
    behind: &dyn Behind,
    line: &str,
    wanted: &mut Wanted<'_>,
) -> Truth {
    let mut show = |text: &[u8]| wanted(Seen { text, number: false });
    let mut there = |text: &str| !text.is_empty() && show(text.as_bytes());
    match test.name {
        Name::Any | Name::Url => there(line).into(),
        Name::Method => there(facts.method).into(),
        Name::Host => (there(facts.host) || bare_host(facts).is_some_and(there)).into(),
        Name::Domain => suffixes(facts.host_and_port().0).any(there).into(),
        Name::Server => {
            let (host, port) = facts.host_and_port();
            (!host.is_empty() && there(&format!("{host}:{port}"))).into()
        }
        Name::Path => there(facts.path_and_query().0).into(),
        Name::Version => there(facts.version).into(),
        Name::Client => there(facts.client).into(),
        Name::Error => [facts.failure, facts.phase, facts.side, facts.says].into_iter().any(there).into(),
        Name::Type if test.side != Some(Side::Request) => there(facts.media_type).into(),
        Name::Param => param(facts.path_and_query().1, &test.part, &mut show).into(),
        Name::Note => there(facts.note).into(),
        Name::Tag => exchange::tags(facts.note).any(there).into(),
        Name::Finding => known(behind.findings(), |found| found.iter().any(|one| show(one.lint.as_bytes()))),
        Name::Hop => known(behind.written(), |written| written.changed(&test.part, &mut show)),
        Name::Type | Name::Header | Name::Cookie | Name::SetCookie => known(behind.written(), |written| {
            SIDES
                .into_iter()
                .filter_map(|side| Some((side, written.head(side)?)))
                .any(|(side, head)| in_head(test, side, head, &mut show))
        }),
        Name::Body | Name::Json => in_bodies(test, behind, wanted),
        Name::Ws => known(behind.messages(), |messages| {
            messages.iter().any(|message| {
                let side = match message.side {
                    exchange::Side::Client => Side::Request,
                    exchange::Side::Origin => Side::Response,
                };
                test.means(side) && show(&message.payload)
            })
        }),
        _ => Truth::No,
    }
}

fn known<T>(at_hand: Option<T>, wanted: impl FnOnce(T) -> bool) -> Truth {
    at_hand.map_or(Truth::Unknown, |at_hand| wanted(at_hand).into())
}

fn bare_host<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let name = facts.host_and_port().0;
    (name.len() < facts.host.len()).then_some(name)
}

/// The host, then what is behind each of its dots.
fn suffixes(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, rest)| rest))
}

fn param(query: &str, name: &str, show: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let decode = |text: &str| percent_decode(text.replace('+', " ").as_bytes()).collect::<Vec<u8>>();
    query.split('&').filter(|pair| !pair.is_empty()).any(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "" => show(&decode(pair)),
            name => decode(key) == name.as_bytes() && show(&decode(value)),
        }
    })
}

fn in_head(test: &Test, side: Side, head: &Head, show: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let part = test.part.as_str();
    match (test.name, side) {
        (Name::Header, side) if test.means(side) => head.fields().any(|field| match part {
            "" => show(&[field.name, b": ", field.value].concat()),
            name => field.is(name) && show(field.value),
        }),
        (Name::Type, Side::Request) => {
            head.value("content-type").is_some_and(|value| show(media_type(value)))
        }
        (Name::Cookie, Side::Request) => head
            .values("cookie")
            .flat_map(|line| line.split(|byte| *byte == b';'))
            .any(|pair| cookie(pair, part, show)),
        (Name::SetCookie, Side::Response) => head.values("set-cookie").any(|line| match part {
            "" => show(line),
            _ => cookie(line.split(|byte| *byte == b';').next().unwrap_or_default(), part, show),
        }),
        _ => false,
    }
}

fn media_type(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// One `name=value`.
fn cookie(pair: &[u8], part: &str, show: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let pair = pair.trim_ascii();
    if part.is_empty() {
        return !pair.is_empty() && show(pair);
    }
    let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let (name, value) = pair.split_at(at);
    name.trim_ascii_end() == part.as_bytes()
        && show(value.strip_prefix(b"=").unwrap_or_default().trim_ascii())
}

fn in_bodies(test: &Test, behind: &dyn Behind, wanted: &mut Wanted<'_>) -> Truth {
    let mut answer = Truth::No;
    for side in SIDES.into_iter().filter(|side| test.means(*side)) {
        let Some(body) = behind.body(side) else {
            answer = Truth::Unknown;
            continue;
        };
        let found = match test.name {
            Name::Json => in_json(&test.part, body, wanted),
            _ => !body.is_empty() && wanted(Seen { text: body, number: false }),
        };
        if found {
            return Truth::Yes;
        }
    }
    answer
}

fn in_json(path: &str, body: &[u8], wanted: &mut Wanted<'_>) -> bool {
    let Some(path) = Path::read(path) else { return false };
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return false };
    path.any(&json, &mut |value| match value {
        Value::String(text) => wanted(Seen { text: text.as_bytes(), number: false }),
        Value::Number(number) => wanted(Seen { text: number.to_string().as_bytes(), number: true }),
        other => wanted(Seen { text: other.to_string().as_bytes(), number: false }),
    })
}
