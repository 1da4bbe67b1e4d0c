//! Another reader of the tree: three values as numbers, texts gathered whole, no order, nothing cut short.

use super::super::behind::{Behind, RowOnly, Written};
use super::super::fields::Name;
use super::super::kinds::{Kind, Truth};
use super::super::matcher::began;
use super::super::pattern::{Form, Pattern};
use super::super::tree::{Node, Side, Test, Want};
use super::super::{Facts, Matcher, Query};
use super::samples::{Known, NOW, any_node, behind, failed, summary};
use crate::exchange::{self, Flags, State, Summary};
use proptest::prelude::*;

/// 0 no, 1 not known, 2 yes.
fn judge(node: &Node, row: &Summary, known: Option<&Known>) -> u8 {
    match node {
        Node::All => 2,
        Node::Nothing => 0,
        Node::Not(inner) => 2 - judge(inner, row, known),
        Node::And(nodes) => nodes.iter().map(|node| judge(node, row, known)).min().unwrap(),
        Node::Or(nodes) => nodes.iter().map(|node| judge(node, row, known)).max().unwrap(),
        Node::Word(word) => {
            let line = line(row);
            let caseless =
                [&row.host, &row.method].iter().any(|text| text.to_lowercase().contains(&word.lower));
            let found = if word.exact {
                line.contains(&word.text) || caseless
            } else {
                line.to_lowercase().contains(&word.lower)
            };
            2 * u8::from(found)
        }
        Node::Test(test) => tested(test, row, known),
    }
}

fn line(row: &Summary) -> String {
    let failure = row
        .failure
        .as_ref()
        .map(|failure| (failure.kind.as_str(), failure.says.as_str()))
        .unwrap_or_default();
    let status = row.status.map(|status| status.to_string()).unwrap_or_default();
    format!(
        "{} {} {status} {} {} {} {}{}",
        row.method,
        row.url(),
        row.media_type.clone().unwrap_or_default(),
        failure.0,
        failure.1,
        row.client,
        row.note.as_ref().map(|note| format!(" {}", note.as_str())).unwrap_or_default()
    )
}

fn tested(test: &Test, row: &Summary, known: Option<&Known>) -> u8 {
    let yes = |is: bool| 2 * u8::from(is);
    match test.kind() {
        Kind::Moment => yes(test.wants.iter().any(|want| began(want, NOW, row.started))),
        Kind::Choice(choices) => yes(test.wants.iter().any(|want| matches!(want, Want::Choice(_, place) if stands(test.name, choices[*place].word, row)))),
        Kind::Scale(_) => known.map_or(1, |known| {
            let worst = known.findings.iter().map(|finding| finding.severity).max();
            yes(test.wants.iter().any(|want| matches!((want, worst), (Want::Choice(compare, place), Some(worst)) if compare.holds(&worst, place))))
        }),
        kind if kind.is_number() => {
            let value = match (test.name, test.side) {
                (Name::Id, _) => Some(row.id.0 as f64),
                (Name::Status, _) => row.status.map(f64::from),
                (Name::Size, Some(Side::Request)) => Some(row.request_bytes as f64),
                (Name::Size, _) => Some(row.response_bytes as f64),
                (Name::Time, _) => row.duration.map(|value| value as f64),
                (Name::Wait, _) => row.ttfb.map(|value| value as f64),
                (Name::Port, _) => Some(f64::from(port(row))),
                other => panic!("{other:?}"),
            };
            yes(value.is_some_and(|value| test.wants.iter().any(|want| number(want, value))))
        }
        _ => texts(test, row, known).map_or(1, |texts| yes(texts.iter().any(|text| test.wants.iter().any(|want| fits(want, text))))),
    }
}

fn number(want: &Want, value: f64) -> bool {
    match want {
        Want::Any => true,
        Want::Number(compare, number) => compare.holds(&value, &number.get()),
        Want::Between(from, to) => {
            from.is_none_or(|from| from.get() <= value) && to.is_none_or(|to| value <= to.get())
        }
        Want::Class(class) => (f64::from(*class) * 100.0..f64::from(*class) * 100.0 + 100.0).contains(&value),
        _ => false,
    }
}

fn port(row: &Summary) -> u16 {
    row.host.split_once(':').map_or(443, |(_, port)| port.parse().unwrap())
}

fn stands(name: Name, word: &str, row: &Summary) -> bool {
    match (name, word) {
        (Name::Scheme, scheme) => row.scheme.as_str() == scheme,
        (Name::From, whose) => row.flags.has(Flags::OURS) == (whose == "hopscope"),
        (_, "error") => row.failure.is_some() || matches!(row.state, State::Failed | State::Aborted),
        (_, "pending") => row.state == State::Open && row.status.is_none(),
        (_, "running") => row.state == State::Open,
        (_, "done" | "aborted" | "failed") => row.state.as_str() == word,
        (_, "unanswered") => row.status.is_none(),
        (_, "asset") => {
            row.media_type.as_deref().is_some_and(|media| media.starts_with("image/") || media == "text/css")
        }
        (_, "secure") => row.scheme.as_str() == "https",
        (_, word) => row.flags.words().any(|flag| {
            flag == word || (flag, word) == ("hidden", "deleted") || (flag, word) == ("upgraded", "ws")
        }),
    }
}

/// A text, and whether it is a number of JSON.
type Text = (Vec<u8>, bool);

fn texts(test: &Test, row: &Summary, known: Option<&Known>) -> Option<Vec<Text>> {
    let plain = |texts: &[&str]| {
        Some(
            texts
                .iter()
                .filter(|text| !text.is_empty())
                .map(|text| (text.as_bytes().to_vec(), false))
                .collect(),
        )
    };
    let host = row.host.split(':').next().unwrap();
    match test.name {
        Name::Any => plain(&[&line(row)]),
        Name::Method => plain(&[&row.method]),
        Name::Host => plain(&[&row.host, host]),
        Name::Domain => plain(
            &(0..host.len())
                .filter(|at| *at == 0 || host.as_bytes()[at - 1] == b'.')
                .map(|at| host.get(at..).unwrap())
                .collect::<Vec<_>>(),
        ),
        Name::Server => plain(&[&format!("{host}:{}", port(row))]),
        Name::Path => plain(&[row.path.split('?').next().unwrap()]),
        Name::Url => plain(&[&row.url()]),
        Name::Version => plain(&[&row.version]),
        Name::Client => plain(&[&row.client]),
        Name::Note => plain(&[row.note.as_ref().map_or("", |note| note.as_str())]),
        Name::Tag => plain(&row.note.as_ref().map_or(Vec::new(), |note| {
            let tag = |word: &'static str| note.as_str().contains(word).then(|| word.get(1..).unwrap());
            ["#cart", "#Slow"].into_iter().filter_map(tag).collect()
        })),
        Name::Error => row.failure.as_ref().map_or(plain(&[]), |failure| {
            plain(&[failure.kind.as_str(), failure.phase.as_str(), failure.side.as_str(), &failure.says])
        }),
        Name::Type if test.side != Some(Side::Request) => {
            plain(&[row.media_type.as_deref().unwrap_or_default()])
        }
        Name::Param => {
            let pairs = ["page=12", "note=add to cart"].map(str::to_owned);
            let wanted = pairs.iter().filter_map(|pair| {
                if test.part.is_empty() {
                    Some(pair.as_str())
                } else {
                    pair.strip_prefix(&format!("{}=", test.part))
                }
            });
            plain(&wanted.collect::<Vec<_>>())
        }
        _ => behind_it(test, known?),
    }
}

fn behind_it(test: &Test, known: &Known) -> Option<Vec<Text>> {
    let plain = |texts: Vec<String>| Some(texts.into_iter().map(|text| (text.into_bytes(), false)).collect());
    let sides = [Side::Request, Side::Response].into_iter().filter(|side| test.means(*side));
    let lines = |side: Side| -> Vec<(String, String)> {
        let head = known.written.head(side).unwrap();
        head.fields()
            .map(|field| {
                (
                    String::from_utf8_lossy(field.name).to_lowercase(),
                    String::from_utf8_lossy(field.value).into_owned(),
                )
            })
            .collect()
    };
    let values = |side, name: &str| {
        lines(side)
            .into_iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
    };
    let pairs = |list: Vec<String>| {
        let fits = |pair: &String| test.part.is_empty() || pair.starts_with(&format!("{}=", test.part));
        let value = |pair: String| {
            if test.part.is_empty() { pair } else { pair.get(test.part.len() + 1..).unwrap().to_owned() }
        };
        plain(list.into_iter().filter(fits).map(value).collect())
    };
    match test.name {
        Name::Header if test.part.is_empty() => {
            let raw = |side| {
                known
                    .written
                    .head(side)
                    .unwrap()
                    .fields()
                    .map(|field| {
                        format!(
                            "{}: {}",
                            String::from_utf8_lossy(field.name),
                            String::from_utf8_lossy(field.value)
                        )
                    })
                    .collect::<Vec<_>>()
            };
            plain(sides.flat_map(raw).collect())
        }
        Name::Header => plain(sides.flat_map(|side| values(side, &test.part)).collect()),
        Name::Type => plain(vec!["text/plain".to_owned()]),
        Name::Cookie => pairs(
            values(Side::Request, "cookie")
                .iter()
                .flat_map(|line| line.split("; ").map(str::to_owned))
                .collect(),
        ),
        Name::SetCookie if test.part.is_empty() => plain(values(Side::Response, "set-cookie")),
        Name::SetCookie => pairs(
            values(Side::Response, "set-cookie")
                .iter()
                .map(|line| line.split("; ").next().unwrap().to_owned())
                .collect(),
        ),
        Name::Hop => plain(match test.part.as_str() {
            "added" => vec!["Via".to_owned()],
            "removed" => vec!["Keep-Alive".to_owned()],
            "changed" => Vec::new(),
            _ => vec!["Via".to_owned(), "Keep-Alive".to_owned()],
        }),
        Name::Finding => plain(known.findings.iter().map(|finding| finding.lint.clone()).collect()),
        Name::Ws => Some(
            known
                .messages
                .iter()
                .filter(|message| {
                    test.means(if message.side == exchange::Side::Client {
                        Side::Request
                    } else {
                        Side::Response
                    })
                })
                .map(|message| (message.payload.to_vec(), false))
                .collect(),
        ),
        Name::Body => Some(
            sides
                .map(|side| (known.body(side).unwrap().to_vec(), false))
                .filter(|(body, _)| !body.is_empty())
                .collect(),
        ),
        Name::Json if test.side == Some(Side::Request) => plain(Vec::new()),
        Name::Json => Some(match test.part.as_str() {
            "user.roles" => vec![(b"admin".to_vec(), false), (b"dev".to_vec(), false)],
            "items[0].price" => vec![(b"12.5".to_vec(), true)],
            _ => Vec::new(),
        }),
        other => panic!("{other:?}"),
    }
}

fn fits(want: &Want, (text, number_of_json): &Text) -> bool {
    let value = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse::<f64>().ok());
    match want {
        Want::Any => true,
        Want::Text(pattern) => match (number_of_json, pattern.form, pattern.text.trim().parse::<f64>()) {
            (true, Form::Has, Ok(wanted)) => value == Some(wanted),
            _ => found(pattern, text),
        },
        want => value.is_some_and(|value| number(want, value)),
    }
}

/// Without automata; regular expressions, and how Unicode folds, are trusted to their crate.
fn found(pattern: &Pattern, text: &[u8]) -> bool {
    if !pattern.text.is_ascii() {
        return pattern.matches(text);
    }
    let shown = String::from_utf8_lossy(text).into_owned();
    let fold = |text: &str| if pattern.cased { text.to_owned() } else { text.to_ascii_lowercase() };
    let (text_folded, wanted) = (fold(&shown), fold(&pattern.text));
    match pattern.form {
        Form::Has => text_folded.contains(&wanted),
        Form::Is => text_folded == wanted,
        Form::Starts => text_folded.starts_with(&wanted),
        Form::Ends => text_folded.ends_with(&wanted),
        Form::Glob => glob(wanted.as_bytes(), text_folded.as_bytes()),
        Form::Regex => pattern.matches(text),
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => glob(&pattern[1..], text) || (!text.is_empty() && glob(pattern, &text[1..])),
        (Some(b'?'), Some(_)) => glob(&pattern[1..], &text[1..]),
        (Some(a), Some(b)) if a == b => glob(&pattern[1..], &text[1..]),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn both_readers_agree(node in any_node(), which in 0u8..3) {
        let query = Query::new(node.clone(), NOW);
        let row = match which {
            0 => summary(),
            1 => failed(),
            _ => Summary { status: None, state: State::Open, media_type: Some("image/png".to_owned()), ..summary() },
        };
        let known = behind();
        let number = |truth: Truth| match truth { Truth::No => 0, Truth::Unknown => 1, Truth::Yes => 2 };
        let whole = Matcher::new(&query).judge(&Facts::of(&row), &known);
        prop_assert_eq!(number(whole), judge(&node, &row, Some(&known)), "{}", node);
        let alone = Matcher::new(&query).judge(&Facts::of(&row), &RowOnly);
        prop_assert_eq!(number(alone), judge(&node, &row, None), "{}", node);
    }
}

#[test]
fn what_is_written_by_nobody_else_is_our_own_answer() {
    let heads = exchange::Heads {
        response_sent: Some(bytes::Bytes::from_static(b"HTTP/1.1 502 x\r\nServer: us\r\n\r\n")),
        ..exchange::Heads::default()
    };
    let written = Written::new(&heads, Vec::new(), Vec::new());
    assert!(written.head(Side::Response).is_some_and(|head| head.value("server") == Some(b"us")));
    assert!(written.head(Side::Request).is_none());
}
