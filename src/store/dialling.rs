//! How connections came about, in a table beside theirs.

use super::rows::Fault;
use crate::exchange::{ConnectionId, Dialling, Found, Try};
use rusqlite::{Connection, OptionalExtension, params};

/// As JSON.
type Row = (String, u64, Option<u64>, Option<String>);

/// Writes one over whatever stood under its connection's number.
pub(super) fn write(db: &Connection, id: i64, dialling: &Dialling) -> rusqlite::Result<()> {
    let row = |one: &Try| (one.address.to_string(), one.began, one.took, one.failed.clone());
    let tries: Vec<Row> = dialling.tries.iter().map(row).collect();
    let tries = serde_json::to_string(&tries).unwrap_or_else(|_| "[]".to_owned());
    db.prepare_cached("INSERT OR REPLACE INTO dialling VALUES (?1,?2,?3,?4,?5,?6)")?.execute(params![
        id,
        dialling.parent,
        dialling.host,
        dialling.found.as_str(),
        super::rows::int(dialling.looked_up),
        tries
    ])?;
    Ok(())
}

/// Reads one.
pub(super) fn read(db: &Connection, id: ConnectionId) -> Result<Option<Box<Dialling>>, Fault> {
    let mut statement = db
        .prepare_cached("SELECT parent, host, found, looked_up, tries FROM dialling WHERE connection = ?1")?;
    let row = statement
        .query_row([super::rows::int(id.0)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?, row.get::<_, String>(4)?))
        })
        .optional()?;
    let Some((parent, host, found, looked_up, tries)) = row else { return Ok(None) };
    let bad = || Fault::Bad("dialling");
    let found = Found::from_word(&found).ok_or_else(bad)?;
    let tries: Vec<Row> = serde_json::from_str(&tries).map_err(|_| bad())?;
    let one = |(address, began, took, failed): Row| {
        Ok(Try { address: address.parse().map_err(|_| bad())?, began, took, failed })
    };
    let tries = tries.into_iter().map(one).collect::<Result<_, Fault>>()?;
    Ok(Some(Box::new(Dialling { parent, host, found, looked_up: super::rows::nat(looked_up), tries })))
}
