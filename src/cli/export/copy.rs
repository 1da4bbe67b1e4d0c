//! Exchanges as another capture: everything as it is, secrets too.

use super::super::chosen::Which;
use super::super::door::say;
use super::super::exit::{Exit, Halt, Outcome};
use super::super::format::counted;
use super::super::import::patient;
use super::super::progress::Progress;
use super::Asked;
use crate::exchange::{Exchange, ExchangeId, Side};
use crate::store::{Filling, Reader, Store, StoreError};
use std::io::{self, Read};

/// Makes the capture.
pub(super) fn write(reader: &Reader, which: &Which, until: ExchangeId, asked: &Asked<'_>) -> Outcome {
    let path = asked.output.ok_or_else(|| {
        Halt::new(Exit::Usage, "--to capture makes a folder: -o names it, as in -o bug.hop")
    })?;
    if path.exists() {
        let says = format!("{} is there already: name another folder; nothing was changed", path.display());
        return Err(Halt::new(Exit::Failed, says));
    }
    let store = Store::open(path, &patient(), 1).map_err(anyhow::Error::from)?;
    let mut filling = Filling::of(&store);
    let mut progress = Progress::begin("writing");
    let mut done = 0;
    let counts = which.each(reader, until, &mut |row| {
        let Some(exchange) = reader.exchange(row.id).map_err(anyhow::Error::from)? else { return Ok(()) };
        one(reader, &mut filling, exchange)?;
        done += 1;
        progress.tell(|| counted(done, "exchange"));
        Ok(())
    });
    drop(progress);
    store.close().map_err(anyhow::Error::from)?;
    let counts = counts?;
    say(format!(
        "{} of {} in {}; holds secrets (`captures share` covers them)",
        counts.matched,
        counted(counts.seen, "exchange"),
        path.display()
    ));
    Ok(Exit::Ok)
}

fn one(reader: &Reader, filling: &mut Filling<'_>, exchange: Exchange) -> Result<(), Halt> {
    let origin = exchange.origin_connection.map(|(id, _)| id);
    for id in [Some(exchange.client_connection), origin].into_iter().flatten() {
        if let Some(connection) = reader.connection(id).map_err(anyhow::Error::from)? {
            filling.connection(&connection);
        }
    }
    let (mut request, mut response) =
        (body(reader, &exchange, Side::Client)?, body(reader, &exchange, Side::Origin)?);
    let mut broken = None;
    let mut messages = reader.all_messages(exchange.summary.id).map_while(|found| match found {
        Ok(found) => Some(found),
        Err(error) => {
            broken = Some(error);
            None
        }
    });
    filling.exchange(exchange, [&mut request, &mut response], &mut messages)?;
    drop(messages);
    broken.map_or(Ok(()), |error| Err(anyhow::Error::from(error).into()))
}

/// One whose file is gone is as if nothing had been kept.
fn body(reader: &Reader, exchange: &Exchange, side: Side) -> Result<Box<dyn Read>, Halt> {
    match reader.body(exchange, side) {
        Ok(body) => Ok(Box::new(body)),
        Err(StoreError::BodyGone(_)) => Ok(Box::new(io::empty())),
        Err(error) => Err(anyhow::Error::from(error).into()),
    }
}
