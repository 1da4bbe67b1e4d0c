//! mitmproxy's expressions: `~u /api & ~c 500 | ~e`. Each code means one of our terms; what hopscope does
//! not record matches nothing.

use super::fault::Fault;
use super::fields::Name;
use super::number::Number;
use super::parse::{Parser, test};
use super::pattern::{Form, Pattern};
use super::tree::{Compare, Node, Side, Test, Want};

/// What a code means.
#[derive(Clone, Copy, Debug)]
enum Code {
    /// A word of `is:`.
    Is(&'static str),
    /// Not that word.
    IsNot(&'static str),
    /// Everything that hopscope records.
    All,
    /// Nothing that hopscope records.
    Nothing,
    /// A regex on a field; whether case matters.
    Regex(Name, Option<Side>, bool),
    /// A regex on the content type of either message.
    ContentType(Option<Side>),
    /// A regex on bodies and messages.
    Body(Option<Side>),
    /// A status.
    Status,
}

const REQUEST: Option<Side> = Some(Side::Request);
const RESPONSE: Option<Side> = Some(Side::Response);

/// Every code, and what is said of it in the help.
const CODES: &[(&str, Code, &str)] = &[
    ("a", Code::Is("asset"), "is:asset"),
    ("all", Code::All, "everything"),
    ("b", Code::Body(None), "body~ or ws~"),
    ("bq", Code::Body(REQUEST), "req.body~ or req.ws~"),
    ("bs", Code::Body(RESPONSE), "res.body~ or res.ws~"),
    ("c", Code::Status, "status:"),
    ("comment", Code::Regex(Name::Note, None, true), "note~"),
    ("d", Code::Regex(Name::Host, None, false), "host~"),
    ("dns", Code::Nothing, "nothing: not recorded"),
    ("dst", Code::Regex(Name::Server, None, true), "server~"),
    ("e", Code::Is("error"), "is:error"),
    ("h", Code::Regex(Name::Header, None, true), "header~"),
    ("hq", Code::Regex(Name::Header, REQUEST, true), "req.header~"),
    ("hs", Code::Regex(Name::Header, RESPONSE, true), "res.header~"),
    ("http", Code::All, "everything"),
    ("m", Code::Regex(Name::Method, None, false), "method~"),
    ("marked", Code::Is("marked"), "is:marked"),
    ("marker", Code::Regex(Name::Tag, None, true), "tag~"),
    ("meta", Code::Nothing, "nothing: not recorded"),
    ("q", Code::Is("unanswered"), "is:unanswered"),
    ("replay", Code::Is("replay"), "is:replay"),
    ("replayq", Code::Is("replay"), "is:replay"),
    ("replays", Code::Nothing, "nothing: hopscope replays requests only"),
    ("s", Code::IsNot("unanswered"), "-is:unanswered"),
    ("src", Code::Regex(Name::Client, None, true), "client~"),
    ("t", Code::ContentType(None), "header.content-type~"),
    ("tcp", Code::Nothing, "nothing: not recorded"),
    ("tq", Code::ContentType(REQUEST), "req.header.content-type~"),
    ("ts", Code::ContentType(RESPONSE), "res.header.content-type~"),
    ("u", Code::Regex(Name::Url, None, false), "url~"),
    ("udp", Code::Nothing, "nothing: not recorded"),
    ("websocket", Code::Is("ws"), "is:ws"),
];

/// Codes with what they mean here, for the help.
pub(super) fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    CODES.iter().map(|(code, _, says)| (*code, *says))
}

/// Reads a code, which stands here, with its value.
pub(super) fn code(parser: &mut Parser<'_>) -> Option<Node> {
    parser.met_code = true;
    let from = parser.scan.at;
    parser.scan.at += 1;
    let name = parser.scan.take_while(|c| c.is_ascii_alphabetic());
    let Some((_, code, _)) = CODES.iter().find(|(known, ..)| *known == name) else {
        let fault = Fault::new(
            parser.scan.since(from),
            format!("mitmproxy has no ~{name}"),
            "`hopscope help filter` lists them",
        );
        parser.faults.push(if parser.scan.is_over() { fault.unfinished() } else { fault });
        return None;
    };
    let status = matches!(code, Code::Status);
    Some(match *code {
        Code::Is(word) => is(word),
        Code::IsNot(word) => Node::not(is(word)),
        Code::All => Node::All,
        Code::Nothing => {
            let valued = name == "meta";
            if valued {
                value(parser, from, false)?;
            }
            Node::Nothing
        }
        _ => {
            let at = value(parser, from, status)?;
            return valued(parser, *code, &at, from);
        }
    })
}

fn valued(parser: &mut Parser<'_>, code: Code, value: &str, from: usize) -> Option<Node> {
    match code {
        Code::Status => {
            let number = value.parse().ok().and_then(Number::new)?;
            Some(test(Name::Status, vec![Want::Number(Compare::Is, number)]))
        }
        Code::ContentType(side) => sided(parser, (Name::Header, side, "content-type"), value, true, from),
        Code::Body(side) => {
            let body = sided(parser, (Name::Body, side, ""), value, true, from)?;
            let messages = sided(parser, (Name::Ws, side, ""), value, true, from)?;
            Some(Node::or([body, messages]))
        }
        Code::Regex(name, side, cased) => sided(parser, (name, side, ""), value, cased, from),
        _ => None,
    }
}

/// A regex on a field of either message.
pub(super) fn regex(
    parser: &mut Parser<'_>,
    name: Name,
    source: &str,
    cased: bool,
    from: usize,
) -> Option<Node> {
    sided(parser, (name, None, ""), source, cased, from)
}

fn sided(
    parser: &mut Parser<'_>,
    (name, side, part): (Name, Option<Side>, &str),
    source: &str,
    cased: bool,
    from: usize,
) -> Option<Node> {
    let caseless = matches!(name.field().kind, super::kinds::Kind::Text { caseless: true });
    match Pattern::new(Form::Regex, source, cased && !caseless) {
        Ok(pattern) => {
            let wants = vec![Want::Text(pattern)];
            Some(Node::Test(Test { name, side, part: part.to_owned(), wants }))
        }
        Err(says) => {
            let span = from..parser.scan.at.max(from);
            parser.push_bad_regex(span, &says);
            None
        }
    }
}

fn is(word: &str) -> Node {
    let choices = Name::Is.field().kind.choices();
    let place = choices.iter().position(|choice| choice.word == word);
    place.map_or(Node::Nothing, |place| test(Name::Is, vec![Want::Choice(Compare::Is, place)]))
}

/// The value behind a code: a phrase, or characters up to a blank, a bracket, a quote or a tilde.
fn value(parser: &mut Parser<'_>, from: usize, number: bool) -> Option<String> {
    parser.scan.skip_blanks();
    let quoted = if number { None } else { parser.scan.take_quoted() };
    let value = quoted.unwrap_or_else(|| {
        let fits =
            |c: char| if number { c.is_ascii_digit() } else { !c.is_whitespace() && !"()~'\"".contains(c) };
        parser.scan.take_while(fits).to_owned()
    });
    if value.is_empty() {
        let typed = parser.scan.text.get(from..parser.scan.at).unwrap_or_default().trim().to_owned();
        let cure = if number { "as in ~c 404" } else { "as in ~u /api" };
        let fault = Fault::new(from..from + typed.len(), format!("no value after {typed}"), cure);
        parser.faults.push(fault.unfinished());
        return None;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_there_once_in_order_and_their_words_exist() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
        for (code, means, _) in CODES {
            if let Code::Is(word) | Code::IsNot(word) = means {
                assert_ne!(is(word), Node::Nothing, "~{code}");
            }
        }
    }
}
