//! Exchanges to try filters on, and trees at random.

use super::super::behind::{Behind, Finding, Written};
use super::super::fields::{FIELDS, Name};
use super::super::kinds::Kind;
use super::super::moment::Moment;
use super::super::number::Number;
use super::super::pattern::{Form, Pattern};
use super::super::tree::{Compare, Node, Side, Test, Want, Word};
use crate::exchange::{
    self, Cause, Edit, ExchangeId, Failure, Flags, Heads, Kind as FailureKind, Message, MessageFlags,
    MessageForm, Phase, Scheme, State, Summary,
};
use bytes::Bytes;
use proptest::prelude::*;

/// 2026-11-23 10:34:15 UTC.
pub const BEGAN: i64 = 1_795_430_055_000_000;
/// An hour later.
pub const NOW: i64 = BEGAN + 3_600_000_000;

/// A POST that was answered with 404.
pub fn summary() -> Summary {
    Summary {
        id: ExchangeId(18_313),
        started: BEGAN,
        client: "127.0.0.1:51234".to_owned(),
        scheme: Scheme::Https,
        method: "POST".to_owned(),
        host: "api.shop.test".to_owned(),
        path: "/v1/Cart?page=12&note=add%20to cart".to_owned(),
        version: "HTTP/1.1".to_owned(),
        status: Some(404),
        state: State::Done,
        request_bytes: 2_000_000,
        response_bytes: 14_200,
        messages: 0,
        duration: Some(1_940_000),
        ttfb: Some(600_000),
        media_type: Some("application/json".to_owned()),
        failure: None,
        flags: Flags(Flags::MARKED.0 | Flags::UPGRADED.0 | Flags::NOTED.0),
        parent: None,
        note: exchange::Note::new("Slow since noon, see #7 #cart"),
    }
}

/// One that nobody answered.
pub fn failed() -> Summary {
    let says = "connect refused by 127.0.0.1:9 (origin)".to_owned();
    let failure =
        Failure { side: exchange::Side::Origin, phase: Phase::Connect, kind: FailureKind::TimedOut, says };
    Summary {
        status: None,
        state: State::Failed,
        failure: Some(failure),
        duration: None,
        ttfb: None,
        response_bytes: 0,
        messages: 0,
        media_type: None,
        host: "cdn.shop.test:8443".to_owned(),
        flags: Flags(Flags::OURS.0),
        note: None,
        ..summary()
    }
}

/// What lies behind, all of it at hand.
pub struct Known {
    pub written: Written,
    pub request: Vec<u8>,
    pub response: Vec<u8>,
    pub messages: Vec<Message>,
    pub findings: Vec<Finding>,
}

impl Behind for Known {
    fn written(&self) -> Option<&Written> {
        Some(&self.written)
    }

    fn body(&self, side: Side) -> Option<&[u8]> {
        Some(match side {
            Side::Request => &self.request,
            Side::Response => &self.response,
        })
    }

    fn messages(&self) -> Option<&[Message]> {
        Some(&self.messages)
    }

    fn findings(&self) -> Option<&[Finding]> {
        Some(&self.findings)
    }
}

/// What lies behind [`summary`].
pub fn behind() -> Known {
    let heads = Heads {
        request_received: Some(Bytes::from_static(
            b"POST /v1/Cart HTTP/1.1\r\nHost: api.shop.test\r\nX-Id: AbC\r\nKeep-Alive: 5\r\nCookie: sid=abc123; b=2\r\nContent-Type: text/plain; charset=x\r\n\r\n",
        )),
        request_sent: Some(Bytes::from_static(b"POST /v1/Cart HTTP/1.1\r\nHost: api.shop.test\r\nVia: 1.1 hopscope\r\n\r\n")),
        response_received: Some(Bytes::from_static(
            b"HTTP/1.1 404 Not Found\r\nCache-Control: no-store, private\r\nAge: 12\r\nSet-Cookie: sid=9; Path=/\r\n\r\n",
        )),
        response_sent: None,
    };
    let edits = vec![
        Edit { before: Some(3), after: None, cause: Cause::HopByHop },
        Edit { before: None, after: Some(2), cause: Cause::Via },
    ];
    let payload = Bytes::from_static(b"{\"price\":7}");
    Known {
        written: Written::new(&heads, edits, Vec::new()),
        request: b"qty=2".to_vec(),
        response:
            br#"{"user":{"roles":["admin","dev"],"id":10},"items":[{"price":12.5}],"says":"Out of stock"}"#
                .to_vec(),
        messages: vec![Message {
            at: 0,
            side: exchange::Side::Origin,
            form: MessageForm::Text,
            wire: 13,
            length: 11,
            payload,
            says: String::new(),
            flags: MessageFlags::default(),
        }],
        findings: vec![Finding { lint: "cookie-no-secure".to_owned(), severity: 1 }],
    }
}

/// Texts that occur in the samples, and some that do not.
pub fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(?i)(cart|shop|api|cdn|post|json|404|test|/v1|connect|a|12|or|and|not|-x|q\\*|)",
        2 => "[a-zA-Z0-9/.:?=,\"'()*<>~ \\\\-]{1,6}",
        1 => any::<char>().prop_map(String::from),
    ]
}

fn any_pattern(name: Name, caseless: bool) -> impl Strategy<Value = Want> {
    let forms = prop_oneof![
        3 => Just(Form::Has), 1 => Just(Form::Is), 1 => Just(Form::Starts), 1 => Just(Form::Ends),
        1 => Just(Form::Glob), 1 => Just(Form::Regex),
    ];
    (forms, any_text(), any::<bool>()).prop_map(move |(form, text, cased)| {
        let pattern = match (form, name) {
            (Form::Is, Name::Domain) => Pattern::new(form, &text, false),
            (Form::Glob, Name::Domain) => Pattern::new(form, "*.test", false),
            (_, Name::Domain) => Pattern::new(Form::Is, "shop.test", false),
            (Form::Glob, _) => Pattern::smart(
                form,
                &format!("*{}?", text.chars().filter(char::is_ascii_alphanumeric).collect::<String>()),
                caseless,
            ),
            (Form::Regex, _) => {
                Pattern::new(form, &format!("{}/|{}", regex::escape(&text), "a.c"), cased && !caseless)
            }
            (Form::Is, _) => Pattern::new(form, &text, !caseless),
            (form, _) => Pattern::smart(form, &text, caseless),
        };
        Want::Text(pattern.unwrap())
    })
}

fn any_number(kind: Kind) -> BoxedStrategy<Number> {
    let values = match kind {
        Kind::Status => vec![200.0, 404.0, 500.0, 100.0],
        Kind::Span => vec![0.0, 0.5, 1_000.0, 600_000.0, 1_940_000.0, 7_200_000_000.0],
        Kind::Bytes => vec![0.0, 14_200.0, 2_000_000.0, 1.5],
        _ => vec![0.0, 12.0, 18_313.0, 8443.0, 443.0, 12.5],
    };
    proptest::sample::select(values).prop_map(|value| Number::new(value).unwrap()).boxed()
}

fn any_compare() -> impl Strategy<Value = Compare> {
    proptest::sample::select(vec![Compare::Is, Compare::Below, Compare::Most, Compare::Above, Compare::Least])
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let texts =
        ["-5m", "-2h", "10:34", "10:34:15", "09:00", "11:00", "2026-11-23", "2026-11-24", "2026-11-23T10:34"];
    proptest::sample::select(texts.to_vec()).prop_map(|text| Moment::read(text).unwrap())
}

fn any_want(name: Name) -> BoxedStrategy<Want> {
    let kind = name.field().kind;
    let number = move || any_number(kind);
    let numbers = move || {
        let ends = (proptest::option::of(number()), proptest::option::of(number()));
        prop_oneof![
            2 => (any_compare(), number()).prop_map(|(compare, number)| Want::Number(compare, number)),
            1 => ends.prop_filter("one end", |(from, to)| from.is_some() || to.is_some()).prop_map(|(from, to)| Want::Between(from, to)),
        ]
    };
    match kind {
        Kind::Text { caseless } => {
            prop_oneof![5 => any_pattern(name, caseless), 1 => Just(Want::Any)].boxed()
        }
        Kind::Domain => any_pattern(name, true).boxed(),
        // A bare number is a text there: `:` compares as what the value is.
        Kind::Value => prop_oneof![
            3 => any_pattern(name, false),
            1 => Just(Want::Any),
            2 => numbers().prop_filter("no equality", |want| !matches!(want, Want::Number(Compare::Is, _))),
        ]
        .boxed(),
        Kind::Status => {
            prop_oneof![3 => numbers(), 1 => (1u8..6).prop_map(Want::Class), 1 => Just(Want::Any)].boxed()
        }
        Kind::Number | Kind::Bytes | Kind::Span => prop_oneof![4 => numbers(), 1 => Just(Want::Any)].boxed(),
        Kind::Moment => {
            let is_ago = |moment: &Moment| matches!(moment, Moment::Ago(_));
            let ends = (proptest::option::of(any_moment()), proptest::option::of(any_moment()));
            prop_oneof![
                // `start:-5m` is a range.
                1 => (any_compare(), any_moment()).prop_filter("a point", move |(compare, moment)| *compare != Compare::Is || !is_ago(moment))
                    .prop_map(|(compare, moment)| Want::Moment(compare, moment)),
                1 => ends.prop_filter("one end", |(from, to)| from.is_some() || to.is_some()).prop_map(|(from, to)| Want::Within(from, to)),
            ].boxed()
        }
        Kind::Choice(choices) => {
            (0..choices.len()).prop_map(|place| Want::Choice(Compare::Is, place)).boxed()
        }
        Kind::Scale(choices) => (any_compare(), 0..choices.len())
            .prop_map(|(compare, place)| Want::Choice(compare, place))
            .boxed(),
    }
}

/// Any field with any values of one operator.
pub fn any_test() -> impl Strategy<Value = Node> {
    (0..FIELDS.len(), 0u8..3, 0usize..3).prop_flat_map(|(place, side, part)| {
        let field = &FIELDS[place];
        let parts: &[&str] = match field.key {
            Name::Hop => &["", "added", "removed"],
            Name::Json => &["user.roles", "items[0].price", "[\"a b\"].c"],
            Name::Header => &["x-id", "age", "a b"],
            Name::Param => &["page", "note", ""],
            _ if field.part.is_some() => &["sid", "b", ""],
            _ => &["", "", ""],
        };
        let part = parts[part].to_owned();
        let side = match side {
            1 if field.sided => Some(Side::Request),
            2 if field.sided => Some(Side::Response),
            _ => None,
        };
        let name = field.key;
        proptest::collection::vec(any_want(name), 1..4).prop_map(move |wants| {
            let op = super::super::print::want_op(&wants[0], field);
            let same = |want: &Want| super::super::print::want_op(want, field) == op;
            let wants = wants.into_iter().filter(same).collect();
            Node::test(Test { name, side, part: part.clone(), wants })
        })
    })
}

/// Any tree.
pub fn any_node() -> impl Strategy<Value = Node> {
    let word = any_text()
        .prop_filter("not empty", |text| !text.is_empty())
        .prop_map(|text| Node::Word(Word::new(text)));
    let leaf = prop_oneof![1 => word, 3 => any_test()];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Node::and),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Node::or),
            inner.prop_map(Node::not),
        ]
    })
}
