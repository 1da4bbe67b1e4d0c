//! Several messages in one row: what is said in quick succession costs a row together.
//!
//! ```text
//!   message 7 | message 8 | message 9   ->   id of 7 | payload 789 | run [[..],[..],[..]]
//! ```
//! A run is numbered without a gap from its row's own number on. The other columns say of the first what they
//! would say of it alone; `run` says it of each: `[[at,side,form,flags,wire,length,from,kept,"says"],…]`, where
//! `from` and `kept` tell which octets of the payload are its own. Plain `SQLite` has them as rows of a view.

use super::rows::{Fault, nat, side_of};
use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use bytes::Bytes;
use rusqlite::Row;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::borrow::Cow;
use std::ops::Range;

/// Octets of payload in a run: who wants one message reads as much.
const ROOM: usize = 64 * 1024;
/// Messages in a run.
const MOST: usize = 256;
/// A longer payload has a row of its own: there is little to gain, and a list reads less of it.
const SMALL: usize = 16 * 1024;

/// The columns that [`Line::all`] reads.
pub(super) const COLUMNS: &str = "id, at, side, form, flags, wire, length, says, run, length(payload)";
/// How many they are.
pub(super) const COUNT: usize = 10;

type Item<'a> = (u64, u8, u8, u8, u64, u64, usize, usize, Cow<'a, str>);

/// How many of the messages make a row: the first at least.
pub(super) fn together(messages: &[Message]) -> usize {
    let mut octets = 0;
    let fits = |message: &&Message| {
        octets += message.payload.len();
        message.payload.len() <= SMALL && octets <= ROOM
    };
    messages.iter().take(MOST).take_while(fits).count().max(1)
}

/// The payload and the text of a run.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Of all, one behind the other.
    pub(super) payload: Vec<u8>,
    text: Vec<u8>,
}

impl Run {
    /// Makes it of these messages, in the memory of the one before.
    pub(super) fn make(&mut self, messages: &[Message]) -> serde_json::Result<()> {
        self.payload.clear();
        self.text.clear();
        for message in messages {
            self.text.push(if self.text.is_empty() { b'[' } else { b',' });
            serde_json::to_writer(&mut self.text, &item(message, self.payload.len()))?;
            self.payload.extend_from_slice(&message.payload);
        }
        self.text.push(b']');
        Ok(())
    }

    /// Its text.
    pub(super) fn text(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(&self.text))
    }
}

fn item(message: &Message, from: usize) -> Item<'_> {
    let Message { at, side, form, wire, length, payload, says, flags } = message;
    let side = u8::from(*side == Side::Origin);
    (*at, side, *form as u8, flags.0, *wire, *length, from, payload.len(), says.into())
}

/// One message of a row.
#[derive(Debug)]
pub(super) struct Line {
    /// Its key.
    pub(super) key: i64,
    /// All but the payload.
    pub(super) message: Message,
    /// Its own octets of the row's payload.
    pub(super) payload: Range<usize>,
}

impl Line {
    /// All messages of a row.
    pub(super) fn all(row: &Row<'_>) -> Result<Vec<Self>, Fault> {
        let key = row.get(0)?;
        match row.get_ref(8)?.as_str_or_null().map_err(rusqlite::Error::from)? {
            None => Ok(vec![Self::alone(key, row)?]),
            Some(run) => {
                let items: Vec<Item<'_>> = serde_json::from_str(run).map_err(|_| Fault::Bad("run"))?;
                (key..).zip(items).map(|(key, item)| Self::of(key, item)).collect()
            }
        }
    }

    /// Its own of the payload of its row.
    pub(super) fn payload_in<'p>(&self, payload: &'p [u8]) -> Result<&'p [u8], Fault> {
        payload.get(self.payload.clone()).ok_or(Fault::Bad("run"))
    }

    fn alone(key: i64, row: &Row<'_>) -> Result<Self, Fault> {
        let side = side_of(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?;
        let message = Message {
            at: nat(row.get(1)?),
            side,
            form: form(row.get(3)?)?,
            flags: MessageFlags(row.get(4)?),
            wire: nat(row.get(5)?),
            length: nat(row.get(6)?),
            says: row.get(7)?,
            payload: Bytes::new(),
        };
        let kept = usize::try_from(row.get::<_, i64>(9)?).unwrap_or_default();
        Ok(Self { key, message, payload: 0..kept })
    }

    fn of(key: i64, item: Item<'_>) -> Result<Self, Fault> {
        let (at, side, code, flags, wire, length, from, kept, says) = item;
        let side = if side == 0 { Side::Client } else { Side::Origin };
        let (flags, payload, says) = (MessageFlags(flags), Bytes::new(), says.into_owned());
        let message = Message { at, side, form: form(code)?, wire, length, payload, says, flags };
        let end = from.checked_add(kept).ok_or(Fault::Bad("run"))?;
        Ok(Self { key, message, payload: from..end })
    }
}

fn form(code: u8) -> Result<MessageForm, Fault> {
    MessageForm::from_code(code).ok_or(Fault::Bad("message's form"))
}
