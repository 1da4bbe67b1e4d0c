//! The part of a filter that the columns of the `exchange` table answer, as a WHERE fragment; what it does
//! not answer exactly is left over, to be judged row by row.
//!
//! Every condition is true or false, never NULL, so that NOT means what it says.

use super::Query;
use super::fields::Name;
use super::kinds::Kind;
use super::matcher::{ASSETS, flag_of};
use super::moment::Moment;
use super::number::Number;
use super::pattern::{Form, Pattern};
use super::tree::{Compare, Node, Side, Test, Want};
use crate::exchange::Flags;
use std::sync::Arc;

/// A value of the fragment.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlValue {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Real(f64),
}

/// A filter, half in SQL.
#[derive(Clone, Debug)]
pub struct Sql {
    /// What stands behind WHERE, with a `?` for each value; `1` where the columns answer nothing.
    pub clause: String,
    /// The values, in the order of their question marks.
    pub values: Vec<SqlValue>,
    /// What every row that the fragment lets through is still to be judged by.
    pub residual: Query,
    /// Whether only statuses from 400 on are meant, for which there is an index.
    pub failed: bool,
}

/// A condition that holds wherever the part of the filter holds.
struct Piece {
    clause: String,
    values: Vec<SqlValue>,
    /// Whether it holds nowhere else.
    exact: bool,
}

impl Query {
    /// The part that columns answer, and the rest.
    #[must_use]
    pub fn sql(&self) -> Sql {
        let nodes = match &*self.plan {
            Node::And(nodes) => nodes.as_slice(),
            Node::All => &[],
            node => std::slice::from_ref(node),
        };
        let (mut clauses, mut values, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for node in nodes {
            match piece(node, self.now) {
                Some(piece) => {
                    if !piece.exact {
                        rest.push(node.clone());
                    }
                    clauses.push(piece.clause);
                    values.extend(piece.values);
                }
                None => rest.push(node.clone()),
            }
        }
        let clause = if clauses.is_empty() { "1".to_owned() } else { clauses.join(" AND ") };
        let rest = Node::and(rest);
        let residual = Query { plan: Arc::new(rest.clone()), node: rest, now: self.now };
        Sql { clause, values, residual, failed: nodes.iter().any(is_failed) }
    }
}

/// Whether it means nothing but statuses from 400 on.
fn is_failed(node: &Node) -> bool {
    let high = |number: &Number| number.get() >= 400.0;
    match node {
        Node::Or(nodes) => nodes.iter().all(is_failed),
        Node::Test(test) if test.name == Name::Status => test.wants.iter().all(|want| match want {
            Want::Class(class) => *class >= 4,
            Want::Number(Compare::Is | Compare::Above | Compare::Least, number) => high(number),
            Want::Between(Some(from), _) => high(from),
            _ => false,
        }),
        _ => false,
    }
}

fn piece(node: &Node, now: i64) -> Option<Piece> {
    match node {
        Node::All | Node::Word(_) => None,
        Node::Nothing => Some(exact("0", [])),
        Node::Not(inner) => {
            let inner = piece(inner, now).filter(|inner| inner.exact)?;
            Some(Piece { clause: format!("NOT {}", inner.clause), ..inner })
        }
        Node::And(nodes) => {
            let pieces: Vec<Option<Piece>> = nodes.iter().map(|node| piece(node, now)).collect();
            let all = pieces.iter().all(|piece| piece.as_ref().is_some_and(|piece| piece.exact));
            let known: Vec<Piece> = pieces.into_iter().flatten().collect();
            (!known.is_empty()).then(|| joined(known, " AND ", all))
        }
        Node::Or(nodes) => {
            let pieces: Vec<Piece> = nodes.iter().map(|node| piece(node, now)).collect::<Option<_>>()?;
            let all = pieces.iter().all(|piece| piece.exact);
            Some(joined(pieces, " OR ", all))
        }
        Node::Test(test) => {
            let pieces: Vec<Piece> =
                test.wants.iter().map(|want| condition(test, want, now)).collect::<Option<_>>()?;
            let all = pieces.iter().all(|piece| piece.exact);
            Some(joined(pieces, " OR ", all))
        }
    }
}

fn joined(pieces: Vec<Piece>, between: &str, exact: bool) -> Piece {
    let clauses: Vec<&str> = pieces.iter().map(|piece| piece.clause.as_str()).collect();
    let clause = format!("({})", clauses.join(between));
    Piece { clause, values: pieces.into_iter().flat_map(|piece| piece.values).collect(), exact }
}

fn exact<const N: usize>(clause: impl Into<String>, values: [SqlValue; N]) -> Piece {
    Piece { clause: clause.into(), values: values.into(), exact: true }
}

fn condition(test: &Test, want: &Want, now: i64) -> Option<Piece> {
    match test.kind() {
        Kind::Number | Kind::Status | Kind::Bytes | Kind::Span => counted(column(test)?, want),
        Kind::Moment => began(want, now),
        Kind::Choice(_) => stands(test.name, want),
        Kind::Text { .. } | Kind::Domain => text(test, want),
        Kind::Value | Kind::Scale(_) => None,
    }
}

fn column(test: &Test) -> Option<&'static str> {
    Some(match (test.name, test.side) {
        (Name::Id, _) => "id",
        (Name::Status, _) => "status",
        // As the matcher compares them: what is beyond 2^53 is rounded.
        (Name::Size, Some(Side::Request)) => "CAST(request_bytes AS REAL)",
        (Name::Size, _) => "CAST(response_bytes AS REAL)",
        (Name::Time, _) => "CAST(duration AS REAL)",
        (Name::Wait, _) => "CAST(ttfb AS REAL)",
        _ => return None,
    })
}

fn counted(column: &str, want: &Want) -> Option<Piece> {
    let value = |number: &Number| number.whole().map_or(SqlValue::Real(number.get()), SqlValue::Integer);
    let piece = match want {
        Want::Any => exact(format!("({column} IS NOT NULL)"), []),
        Want::Number(compare, number) => {
            let op = match compare {
                Compare::Is => "=",
                Compare::Below => "<",
                Compare::Most => "<=",
                Compare::Above => ">",
                Compare::Least => ">=",
            };
            exact(format!("ifnull({column} {op} ?, 0)"), [value(number)])
        }
        Want::Between(Some(from), Some(to)) => {
            exact(format!("ifnull({column} BETWEEN ? AND ?, 0)"), [value(from), value(to)])
        }
        Want::Between(Some(from), None) => exact(format!("ifnull({column} >= ?, 0)"), [value(from)]),
        Want::Between(None, Some(to)) => exact(format!("ifnull({column} <= ?, 0)"), [value(to)]),
        Want::Class(class) => {
            let floor = i64::from(*class) * 100;
            let ends = [SqlValue::Integer(floor), SqlValue::Integer(floor + 99)];
            exact(format!("ifnull({column} BETWEEN ? AND ?, 0)"), ends)
        }
        _ => return None,
    };
    Some(piece)
}

/// A time of day is none of a column's.
fn began(want: &Want, now: i64) -> Option<Piece> {
    let named = |moment: Moment| match moment {
        Moment::Clock(..) => None,
        other => Some(other.span(now, 0)),
    };
    let at = |op: &str, micros: i64| exact(format!("(started {op} ?)"), [SqlValue::Integer(micros)]);
    match want {
        Want::Any => Some(exact("1", [])),
        Want::Moment(compare, moment) => {
            let named = named(*moment)?;
            Some(match compare {
                Compare::Is => exact(
                    "(started >= ? AND started < ?)",
                    [SqlValue::Integer(named.start), SqlValue::Integer(named.end)],
                ),
                Compare::Below => at("<", named.start),
                Compare::Most => at("<", named.end),
                Compare::Above => at(">=", named.end),
                Compare::Least => at(">=", named.start),
            })
        }
        Want::Within(from, to) => {
            let mut pieces = Vec::new();
            if let Some(from) = from {
                pieces.push(at(">=", named(*from)?.start));
            }
            match to {
                Some(Moment::Ago(ago)) => pieces.push(at("<=", now - ago)),
                Some(to) => pieces.push(at("<", named(*to)?.end)),
                None => {}
            }
            Some(joined(pieces, " AND ", true)).filter(|piece| !piece.values.is_empty())
        }
        _ => None,
    }
}

fn stands(name: Name, want: &Want) -> Option<Piece> {
    let Want::Choice(_, place) = want else {
        return matches!(want, Want::Any).then(|| exact("1", []));
    };
    let word = name.field().kind.choices().get(*place)?.word;
    let flag = |flag: u32| exact("(flags & ? <> 0)", [SqlValue::Integer(i64::from(flag))]);
    let state = |code: i64| exact("(state = ?)", [SqlValue::Integer(code)]);
    Some(match (name, word) {
        (Name::Scheme, scheme) => exact("(scheme = ?)", [SqlValue::Text(scheme.to_owned())]),
        (Name::From, "hopscope") => flag(1),
        (Name::From, _) => exact("(flags & 1 = 0)", []),
        (_, "error") => exact("(ifnull(failure_kind, '') <> '' OR state IN (2, 3))", []),
        (_, "pending") => exact("(state = 0 AND status IS NULL)", []),
        (_, "running") => state(0),
        (_, "done") => state(1),
        (_, "aborted") => state(2),
        (_, "failed") => state(3),
        (_, "unanswered") => exact("(status IS NULL)", []),
        (_, "secure") => exact("(scheme = 'https')", []),
        (_, "asset") => asset(),
        (_, word) => flag(flag_of(word)?.0),
    })
}

fn asset() -> Piece {
    let begins = |start: &&str| {
        exact(
            format!("(lower(substr(ifnull(media_type, ''), 1, {})) = ?)", start.len()),
            [SqlValue::Text((*start).to_owned())],
        )
    };
    joined(ASSETS.iter().map(begins).collect(), " OR ", true)
}

/// Only what `SQLite` folds as we do: ASCII.
fn text(test: &Test, want: &Want) -> Option<Piece> {
    if matches!(test.name, Name::Note | Name::Tag) {
        // Which words they are is no matter of columns.
        let any = test.name == Name::Note && matches!(want, Want::Any);
        return Some(Piece { exact: any, ..exact(format!("(flags & {} <> 0)", Flags::NOTED.0), []) });
    }
    let Want::Text(pattern) = want else { return None };
    if pattern.text.is_empty() || !pattern.text.is_ascii() || pattern.text.contains('\0') {
        return None;
    }
    let column = match (test.name, test.side) {
        (Name::Method, _) => "method",
        (Name::Host | Name::Domain, _) => "host",
        (Name::Path, _) => "substr(path, 1, instr(path || '?', '?') - 1)",
        (Name::Version, _) => "version",
        (Name::Client, _) => "client",
        (Name::Type, None | Some(Side::Response)) => "ifnull(media_type, '')",
        _ => return None,
    };
    let folded = if pattern.cased { column.to_owned() } else { format!("lower({column})") };
    let wanted = if pattern.cased { pattern.text.clone() } else { pattern.text.to_ascii_lowercase() };
    let has = |wanted: String| exact(format!("(instr({folded}, ?) > 0)"), [SqlValue::Text(wanted)]);
    match (test.name, pattern.form) {
        (Name::Domain, Form::Is) => Some(Piece { exact: false, ..has(wanted) }),
        (Name::Host, Form::Is) => Some(Piece { exact: false, ..has(wanted) }),
        (_, Form::Has) => Some(has(wanted)),
        (_, Form::Is) => Some(exact(format!("({folded} = ?)"), [SqlValue::Text(wanted)])),
        (Name::Domain, _) => None,
        _ => longest_plain(pattern).map(|plain| {
            let wanted = if pattern.cased { plain } else { plain.to_ascii_lowercase() };
            Piece { exact: false, ..has(wanted) }
        }),
    }
}

/// A text that must stand in whatever the pattern fits.
fn longest_plain(pattern: &Pattern) -> Option<String> {
    match pattern.form {
        Form::Regex => None,
        Form::Glob => pattern
            .text
            .split(['*', '?'])
            .max_by_key(|part| part.len())
            .filter(|part| !part.is_empty())
            .map(str::to_owned),
        _ => Some(pattern.text.clone()),
    }
}
