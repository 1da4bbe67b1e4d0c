//! What is known of tunnels that were relayed unread, in a table beside their exchanges.

use super::rows::{Fault, int, nat, side_of};
use super::schema;
use crate::exchange::{Side, Spoken, Tunnelled, Unopened};
use rusqlite::{Connection, OptionalExtension, params};

/// Writes one over whatever stood under its exchange's number.
pub(super) fn write(db: &Connection, id: i64, tunnel: &Tunnelled) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO tunnel VALUES (?1,?2,?3,?4,?5,?6,?7)")?.execute(params![
        id,
        tunnel.why.as_str(),
        tunnel.says,
        tunnel.first.map(Side::as_str),
        tunnel.spoken.map(Spoken::as_str),
        tunnel.client_ended.map(int),
        tunnel.origin_ended.map(int),
    ])?;
    Ok(())
}

/// Reads one.
pub(super) fn read(db: &Connection, id: i64) -> Result<Option<Box<Tunnelled>>, Fault> {
    let sql = "SELECT why, says, first, spoken, client_ended, origin_ended FROM tunnel WHERE exchange = ?1";
    let Some(mut statement) = schema::statement(db, sql)? else { return Ok(None) };
    let word = |row: &rusqlite::Row<'_>, column| row.get::<_, Option<String>>(column);
    let moment = |row: &rusqlite::Row<'_>, column| row.get::<_, Option<i64>>(column);
    let row = statement
        .query_row([id], |row| {
            Ok((
                row.get::<_, String>(0)?,
                word(row, 1)?,
                [word(row, 2)?, word(row, 3)?],
                [moment(row, 4)?, moment(row, 5)?],
            ))
        })
        .optional()?;
    let Some((why, says, [first, spoken], [client_ended, origin_ended])) = row else { return Ok(None) };
    let bad = || Fault::Bad("tunnel");
    Ok(Some(Box::new(Tunnelled {
        why: Unopened::from_word(&why).ok_or_else(bad)?,
        says,
        first: first.map(|word| side_of(&word)).transpose()?,
        spoken: spoken.map(|word| Spoken::from_word(&word).ok_or_else(bad)).transpose()?,
        client_ended: client_ended.map(nat),
        origin_ended: origin_ended.map(nat),
    })))
}
