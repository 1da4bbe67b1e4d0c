//! Exchanges as rows, there and back.

use super::error::StoreError;
use super::{frames, notes, packed, tunnels};
use crate::exchange::{
    Attempt, Body, BodyPlace, Cause, ConnectionId, Edit, Exchange, ExchangeId, Failure, Flags, Heads,
    Interim, Kind, Phase, Scheme, Side, State, Summary, Timing, Truncation,
};
use crate::query::Written;
use bytes::Bytes;
use rusqlite::{Row, params};
use std::fmt::Write as _;

/// The columns of a list row, in the order of [`summary`].
pub(super) const SUMMARY: &str = "id, started, client, scheme, method, host, path, version, status, state, \
    request_bytes, response_bytes, duration, ttfb, media_type, flags, parent, \
    failure_side, failure_phase, failure_kind, failure_says, messages";

/// What the place of a row is like. In a new one a plain insert does, which is cheaper: `SQLite` keeps
/// no journal for the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing stands under its number.
    New,
    /// Over whatever stands there.
    Over,
}

macro_rules! summary_row {
    ($verb:literal) => {
        concat!($verb, " INTO exchange VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)")
    };
}

macro_rules! payload_row {
    ($verb:literal) => {
        concat!(
            $verb,
            " INTO payload VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,",
            "?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,?31,?32,?33,?34,?35,?36,?37,NULL,NULL)"
        )
    };
}

impl Place {
    fn summary(self) -> &'static str {
        match self {
            Self::New => summary_row!("INSERT"),
            Self::Over => summary_row!("INSERT OR REPLACE"),
        }
    }

    fn payload(self) -> &'static str {
        match self {
            Self::New => payload_row!("INSERT"),
            Self::Over => payload_row!("INSERT OR REPLACE"),
        }
    }
}

/// Writes an exchange.
pub(super) fn write_exchange(
    db: &rusqlite::Connection,
    exchange: &Exchange,
    how: Place,
) -> rusqlite::Result<()> {
    write_summary(db, &exchange.summary, how)?;
    write_payload(db, exchange, how)?;
    let id = int(exchange.summary.id.0);
    for (number, interim) in (0_i64..).zip(&exchange.interim) {
        db.prepare_cached("INSERT OR REPLACE INTO interim VALUES (?1,?2,?3,?4,?5)")?.execute(params![
            id,
            number,
            int(interim.at),
            interim.forwarded,
            &interim.head[..]
        ])?;
    }
    for (number, attempt) in (0_i64..).zip(&exchange.attempts) {
        db.prepare_cached("INSERT OR REPLACE INTO attempt VALUES (?1,?2,?3,?4,?5)")?.execute(params![
            id,
            number,
            int(attempt.at),
            int(attempt.connection.0),
            attempt.says
        ])?;
    }
    if let Some(tunnel) = &exchange.tunnelled {
        tunnels::write(db, id, tunnel)?;
    }
    if exchange.summary.note.is_some() {
        notes::write(db, id, exchange.summary.note.as_ref())?;
    }
    Ok(())
}

/// Reads a list row whose columns are [`SUMMARY`]; its note is left to [`notes::fill`].
pub(super) fn summary(row: &Row<'_>) -> Result<Summary, Fault> {
    let failure: Option<String> = row.get(17)?;
    Ok(Summary {
        id: ExchangeId(nat(row.get(0)?)),
        started: row.get(1)?,
        client: row.get(2)?,
        scheme: scheme(row.get_ref(3)?.as_str().unwrap_or_default())?,
        method: row.get(4)?,
        host: row.get(5)?,
        path: row.get(6)?,
        version: row.get(7)?,
        status: row.get(8)?,
        state: State::from_code(row.get(9)?),
        request_bytes: nat(row.get(10)?),
        response_bytes: nat(row.get(11)?),
        messages: nat(row.get(21)?),
        duration: opt_nat(row.get(12)?),
        ttfb: opt_nat(row.get(13)?),
        media_type: row.get(14)?,
        flags: Flags(row.get(15)?),
        parent: opt_nat(row.get(16)?).map(ExchangeId),
        note: None,
        failure: failure.map(|side| failure_of(row, &side)).transpose()?,
    })
}

/// Reads a whole exchange; `None` when there is no such row.
pub(super) fn exchange(db: &rusqlite::Connection, id: ExchangeId) -> Result<Option<Exchange>, Fault> {
    let key = int(id.0);
    let mut list = db.prepare_cached(&format!("SELECT {SUMMARY} FROM exchange WHERE id = ?1"))?;
    let mut rows = list.query([key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut summary = summary(row)?;
    notes::fill(db, std::slice::from_mut(&mut summary))?;
    // Behind all columns the packed ones once more, as they were before.
    let mut payload = db.prepare_cached(
        "SELECT *, unpacked(packed_heads), unpacked(packed_bodies) FROM payload WHERE id = ?1",
    )?;
    let mut rows = payload.query([key])?;
    let row = rows.next()?.ok_or(Fault::Bad("payload"))?;
    Ok(Some(Exchange {
        interim: interims(db, key)?,
        attempts: attempts(db, key)?,
        tunnelled: tunnels::read(db, key)?,
        ..of_payload(row, summary)?
    }))
}

/// Reads the heads and ledgers of one exchange, and no body; `None` when there is no such row.
pub(super) fn written(db: &rusqlite::Connection, id: ExchangeId) -> Result<Option<Written>, Fault> {
    let sql = "SELECT request_received, request_sent, response_received, response_sent, request_edits, \
               response_edits, unpacked(packed_heads) FROM payload WHERE id = ?1";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([int(id.0)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let heads = heads(row, 0, 6)?;
    let ((request, _), (response, _)) = (edits(row.get(4)?)?, edits(row.get(5)?)?);
    Ok(Some(Written::new(&heads, request, response)))
}

/// What keeps a row from being read.
#[derive(Debug)]
pub(super) enum Fault {
    /// `SQLite` says so.
    Sql(rusqlite::Error),
    /// The column holds what its format does not allow.
    Bad(&'static str),
    /// The same, of the row with this number.
    BadIn(u64, &'static str),
}

impl Fault {
    /// In the words of the border.
    pub(super) fn at(self, id: u64, capture: &std::path::Path) -> StoreError {
        match self {
            Self::Sql(source) => StoreError::sql("read", capture)(source),
            Self::Bad(what) => StoreError::Damaged { id, what },
            Self::BadIn(id, what) => StoreError::Damaged { id, what },
        }
    }

    /// Of a row whose first column is its number.
    pub(super) fn of(self, row: &Row<'_>) -> Self {
        match (self, row.get(0)) {
            (Self::Bad(what), Ok(id)) => Self::BadIn(nat(id), what),
            (other, _) => other,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sql(source)
    }
}

/// Integers of `SQLite` are signed; what is larger than 2^63 is no count that we meet.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn nat(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn opt_int(value: Option<u64>) -> Option<i64> {
    value.map(int)
}

fn opt_nat(value: Option<i64>) -> Option<u64> {
    value.map(nat)
}

fn write_summary(db: &rusqlite::Connection, summary: &Summary, how: Place) -> rusqlite::Result<()> {
    let failure = summary.failure.as_ref();
    db.prepare_cached(how.summary())?.execute(params![
        int(summary.id.0),
        summary.started,
        summary.client,
        summary.scheme.as_str(),
        summary.method,
        summary.host,
        summary.path,
        summary.version,
        summary.status,
        summary.state.code(),
        int(summary.request_bytes),
        int(summary.response_bytes),
        opt_int(summary.duration),
        opt_int(summary.ttfb),
        summary.media_type,
        summary.flags.0,
        opt_int(summary.parent.map(|parent| parent.0)),
        failure.map(|failure| failure.side.as_str()),
        failure.map(|failure| failure.phase.as_str()),
        failure.map(|failure| failure.kind.as_str()),
        failure.map(|failure| failure.says.as_str()),
        int(summary.messages),
    ])?;
    Ok(())
}

fn write_payload(db: &rusqlite::Connection, exchange: &Exchange, how: Place) -> rusqlite::Result<()> {
    let (timing, request, response) = (&exchange.timing, &exchange.request_body, &exchange.response_body);
    let heads = &exchange.heads;
    db.prepare_cached(how.payload())?.execute(params![
        int(exchange.summary.id.0),
        int(exchange.client_connection.0),
        opt_int(exchange.origin_connection.map(|(id, _)| id.0)),
        exchange.origin_connection.map(|(_, reused)| reused),
        opt_int(exchange.tunnel.map(|tunnel| tunnel.0)),
        opt_int(timing.request_head),
        opt_int(timing.resolved),
        opt_int(timing.connected),
        opt_int(timing.secured),
        opt_int(timing.request_sent),
        opt_int(timing.request_end),
        opt_int(timing.response_head),
        opt_int(timing.response_sent),
        opt_int(timing.response_end),
        edits_json(&exchange.request_edits, &request.withheld),
        edits_json(&exchange.response_edits, &response.withheld),
        int(request.length),
        int(request.kept),
        request.complete,
        request.truncated.map(Truncation::code),
        place_code(&request.place),
        hash_of(&request.place),
        request.trailers.as_deref(),
        int(response.length),
        int(response.kept),
        response.complete,
        response.truncated.map(Truncation::code),
        place_code(&response.place),
        hash_of(&response.place),
        response.trailers.as_deref(),
        heads.request_received.as_deref(),
        heads.request_sent.as_deref(),
        heads.response_received.as_deref(),
        heads.response_sent.as_deref(),
        inline_of(&request.place),
        inline_of(&response.place),
        frames::json(&exchange.frames),
    ])?;
    Ok(())
}

fn of_payload(row: &Row<'_>, summary: Summary) -> Result<Exchange, Fault> {
    let moment = |column: usize| row.get(column).map(opt_nat);
    let origin: Option<i64> = row.get(2)?;
    // From the end: a capture brought up to date under a reader's eyes has columns more before these.
    let unpacked = row.as_ref().column_count().saturating_sub(2);
    let [request_inline, response_inline] = inline_bodies(row, 34, unpacked + 1)?;
    let (request_edits, request_withheld) = edits(row.get(14)?)?;
    let (response_edits, response_withheld) = edits(row.get(15)?)?;
    Ok(Exchange {
        summary,
        client_connection: ConnectionId(nat(row.get(1)?)),
        origin_connection: match origin {
            None => None,
            Some(id) => Some((ConnectionId(nat(id)), row.get::<_, Option<bool>>(3)?.unwrap_or(false))),
        },
        tunnel: opt_nat(row.get(4)?).map(ExchangeId),
        tunnelled: None,
        timing: Timing {
            request_head: moment(5)?,
            resolved: moment(6)?,
            connected: moment(7)?,
            secured: moment(8)?,
            request_sent: moment(9)?,
            request_end: moment(10)?,
            response_head: moment(11)?,
            response_sent: moment(12)?,
            response_end: moment(13)?,
        },
        request_edits,
        response_edits,
        request_body: Body { withheld: request_withheld, ..body(row, 16, request_inline)? },
        response_body: Body { withheld: response_withheld, ..body(row, 23, response_inline)? },
        heads: heads(row, 30, unpacked)?,
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: frames::read(row.get(36)?)?,
    })
}

/// The four heads, from four columns, or from one that holds them unpacked.
fn heads(row: &Row<'_>, at: usize, unpacked: usize) -> Result<Heads, Fault> {
    let mut heads = match row.get_ref(unpacked)?.as_bytes_or_null().ok().flatten() {
        None => [bytes(row, at)?, bytes(row, at + 1)?, bytes(row, at + 2)?, bytes(row, at + 3)?],
        Some(joined) => {
            let parts = packed::split::<4>(joined).ok_or(Fault::Bad("packed heads"))?;
            parts.map(|part| part.map(Bytes::copy_from_slice))
        }
    }
    .into_iter();
    let mut next = || heads.next().flatten();
    Ok(Heads {
        request_received: next(),
        request_sent: next(),
        response_received: next(),
        response_sent: next(),
    })
}

/// The bodies that lie in the row, the same way.
fn inline_bodies(row: &Row<'_>, at: usize, unpacked: usize) -> Result<[Vec<u8>; 2], Fault> {
    let Some(joined) = row.get_ref(unpacked)?.as_bytes_or_null().ok().flatten() else {
        let own = |at| row.get::<_, Option<Vec<u8>>>(at).map(Option::unwrap_or_default);
        return Ok([own(at)?, own(at + 1)?]);
    };
    let parts = packed::split::<2>(joined).ok_or(Fault::Bad("packed bodies"))?;
    Ok(parts.map(|part| part.unwrap_or_default().to_vec()))
}

fn body(row: &Row<'_>, at: usize, inline: Vec<u8>) -> Result<Body, Fault> {
    let truncated: Option<u8> = row.get(at + 3)?;
    Ok(Body {
        length: nat(row.get(at)?),
        kept: nat(row.get(at + 1)?),
        complete: row.get(at + 2)?,
        truncated: match truncated {
            None => None,
            Some(code) => Some(Truncation::from_code(code).ok_or(Fault::Bad("body's truncation"))?),
        },
        place: match row.get(at + 4)? {
            0_u8 => BodyPlace::Nowhere,
            1 => BodyPlace::Inline(inline),
            2 => BodyPlace::File(row.get::<_, [u8; 32]>(at + 5).map_err(|_| Fault::Bad("body's hash"))?),
            3 => BodyPlace::Arriving,
            _ => return Err(Fault::Bad("body's place")),
        },
        trailers: bytes(row, at + 6)?,
        withheld: Vec::new(),
    })
}

fn place_code(place: &BodyPlace) -> u8 {
    match place {
        BodyPlace::Nowhere => 0,
        BodyPlace::Inline(_) => 1,
        BodyPlace::File(_) => 2,
        BodyPlace::Arriving => 3,
    }
}

fn hash_of(place: &BodyPlace) -> Option<&[u8]> {
    match place {
        BodyPlace::File(hash) => Some(hash),
        _ => None,
    }
}

fn inline_of(place: &BodyPlace) -> Option<&[u8]> {
    match place {
        BodyPlace::Inline(bytes) => Some(bytes),
        _ => None,
    }
}

/// `[[before,after,cause],…]`, then `[line,null,cause,1]` for each line of the trailer section that was
/// withheld; NULL when nothing was changed.
fn edits_json(edits: &[Edit], withheld: &[(u16, Cause)]) -> Option<String> {
    if edits.is_empty() && withheld.is_empty() {
        return None;
    }
    let mut json = String::with_capacity(2 + (edits.len() + withheld.len()) * 12);
    for edit in edits {
        json.push_str(if json.is_empty() { "[[" } else { ",[" });
        for line in [edit.before, edit.after] {
            // Writing to a String does not fail.
            let _ = match line {
                Some(line) => write!(json, "{line},"),
                None => write!(json, "null,"),
            };
        }
        let _ = write!(json, "{}]", edit.cause as u8);
    }
    for (line, cause) in withheld {
        json.push_str(if json.is_empty() { "[[" } else { ",[" });
        let _ = write!(json, "{line},null,{},1]", *cause as u8);
    }
    json.push(']');
    Some(json)
}

/// What [`edits_json`] wrote.
type Ledger = (Vec<Edit>, Vec<(u16, Cause)>);

fn edits(json: Option<String>) -> Result<Ledger, Fault> {
    let Some(json) = json else { return Ok(Ledger::default()) };
    let lines: Vec<Vec<Option<u16>>> = serde_json::from_str(&json).map_err(|_| Fault::Bad("ledger"))?;
    let (mut edits, mut withheld) = Ledger::default();
    for line in lines {
        match line[..] {
            [before, after, Some(code)] => edits.push(Edit { before, after, cause: cause(code)? }),
            [Some(line), None, Some(code), _] => withheld.push((line, cause(code)?)),
            _ => return Err(Fault::Bad("ledger")),
        }
    }
    Ok((edits, withheld))
}

fn cause(code: u16) -> Result<Cause, Fault> {
    let known = u8::try_from(code).ok().and_then(Cause::from_code);
    known.ok_or(Fault::Bad("ledger (a cause that a newer hopscope knows)"))
}

fn interims(db: &rusqlite::Connection, id: i64) -> Result<Vec<Interim>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT at, forwarded, head FROM interim WHERE exchange = ?1 ORDER BY number")?;
    let rows = statement.query_map([id], |row| {
        let head: Vec<u8> = row.get(2)?;
        Ok(Interim { at: nat(row.get(0)?), forwarded: row.get(1)?, head: head.into() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn attempts(db: &rusqlite::Connection, id: i64) -> Result<Vec<Attempt>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT at, connection, says FROM attempt WHERE exchange = ?1 ORDER BY number")?;
    let rows = statement.query_map([id], |row| {
        Ok(Attempt { at: nat(row.get(0)?), connection: ConnectionId(nat(row.get(1)?)), says: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn failure_of(row: &Row<'_>, side: &str) -> Result<Failure, Fault> {
    let bad = Fault::Bad("failure");
    let word = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
    let (Some(phase), Some(kind)) = (Phase::from_word(&word(18)?), Kind::from_word(&word(19)?)) else {
        return Err(bad);
    };
    Ok(Failure { side: side_of(side)?, phase, kind, says: word(20)? })
}

pub(super) fn side_of(word: &str) -> Result<Side, Fault> {
    [Side::Client, Side::Origin].into_iter().find(|side| side.as_str() == word).ok_or(Fault::Bad("side"))
}

fn scheme(word: &str) -> Result<Scheme, Fault> {
    [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|scheme| scheme.as_str() == word)
        .ok_or(Fault::Bad("scheme"))
}

fn bytes(row: &Row<'_>, column: usize) -> Result<Option<Bytes>, Fault> {
    Ok(row.get::<_, Option<Vec<u8>>>(column)?.map(Bytes::from))
}
