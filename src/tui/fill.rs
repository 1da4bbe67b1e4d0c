//! Fetches what the next paint needs and the state does not hold: the visible rows'
//! summaries and the selected exchange.

use super::app::{App, Screen};
use super::compare::{Compared, Wanted};
use super::copy;
use super::detail::{Loaded, body, messages};
use super::filter;
use super::source::{Source, Unread};
use crate::diff;
use crate::exchange::{Exchange, ExchangeId, Side, Summary};
use crate::inspect::{Chapter, links, may_belong};
use bytes::Bytes;

/// Rows fetched at a time while a capture is being opened, so that keys are served in between.
pub const CHUNK: usize = 65_536;

/// Numbers between two visible rows that are fetched along rather than by a second question.
const GAP: u64 = 32;

/// Rows before and behind an exchange that are looked through for what belongs together with it.
const STORY: u64 = 50;
/// Exchanges of these that are read.
const MOST_READ: usize = 40;

/// Rows looked back through for one that asked for the same.
const NEAR: u64 = 500;

/// Fills in what is missing; what cannot be read is said in the footer.
pub fn fill(app: &mut App, source: &dyn Source) {
    let filled = summaries(app, source)
        .and_then(|()| detail(app, source))
        .and_then(|()| story(app, source))
        .and_then(|()| messages::fill(app, source))
        .and_then(|()| body::fill(app, source))
        .and_then(|()| offers(app, source))
        .and_then(|()| filter::fill(app, source));
    if let Err(error) = filled.and_then(|()| app.firsts.learn(source)) {
        app.message = Some(error.to_string());
    }
    compare(app, source);
    app.settle();
}

/// Goes on looking for what the filter means, by itself through about `rows` rows; an error ends the search and is said.
pub fn search(app: &mut App, source: &dyn Source, rows: usize) {
    if let Err(error) = filter::advance(app, source, rows) {
        app.message = Some(error.to_string());
    }
    app.settle();
}

fn summaries(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    let height = usize::from(app.list_places().rows.height);
    let visible = app.list.index.window(app.list.top, height).to_vec();
    let wanted = |id: &u64| visible.binary_search(id).is_ok() || app.detail.id == Some(*id);
    app.list.summaries.retain(|id, _| wanted(id));
    let mut missing: Vec<u64> = visible;
    missing.extend(app.detail.id);
    missing.retain(|id| !app.list.summaries.contains_key(id));
    missing.sort_unstable();
    for (from, to) in stretches(&missing) {
        for summary in source.summaries(ExchangeId(from), ExchangeId(to))? {
            app.list.know(summary);
        }
    }
    Ok(())
}

fn detail(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    let Some(id) = app.detail.id else { return Ok(()) };
    if !app.detail.stale && app.detail.loaded.is_some() {
        return Ok(());
    }
    // Cleared first: a capture that cannot be read is asked again on a change, not for ever.
    app.detail.stale = false;
    let Some(exchange) = source.exchange(ExchangeId(id))? else {
        app.detail.load(None, app.now);
        return Ok(());
    };
    let client = source.connection(exchange.client_connection)?;
    let origin = match exchange.origin_connection {
        Some((id, _)) => source.connection(id)?,
        None => None,
    };
    app.detail.load(Some(Loaded::new(exchange, client, origin)), app.now);
    Ok(())
}

/// What belongs together with the exchange in the detail, among the rows around it.
fn story(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    let Some(id) = app.detail.id.filter(|_| app.shows_detail() && app.detail.wants_links()) else {
        return Ok(());
    };
    let (from, to) = (ExchangeId(id.saturating_sub(STORY)), ExchangeId(id.saturating_add(STORY)));
    let rows = source.summaries(from, to)?;
    let Some(this) = app.detail.loaded.as_deref().map(|loaded| &loaded.exchange) else { return Ok(()) };
    // The nearest ones are read where there are many, and told in their order.
    let mut near: Vec<_> = rows.iter().filter(|row| may_belong(&this.summary, row)).collect();
    near.sort_by_key(|row| row.id.0.abs_diff(id));
    near.truncate(MOST_READ);
    near.sort_by_key(|row| row.id);
    let mut others = Vec::new();
    for row in near {
        others.extend(source.exchange(row.id)?);
    }
    let chapters: Vec<_> = others.iter().map(Chapter::of).collect();
    let found = links(&Chapter::of(this), &chapters);
    app.detail.take_links(found);
    Ok(())
}

/// What can be copied, while the menu for it is open.
fn offers(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    if app.acting.menu.is_none() { Ok(()) } else { copy::fill(app, source) }
}

/// Reads the two that are to be compared; where that cannot be, says why and leaves their screen.
fn compare(app: &mut App, source: &dyn Source) {
    let Some(wanted) = app.compare.needs().filter(|_| app.base == Screen::Compare) else { return };
    match compared(wanted, source) {
        Ok(compared) => app.compare.load(compared),
        Err(says) => {
            app.message = Some(says);
            app.base = app.compare.back();
        }
    }
}

fn compared(wanted: Wanted, source: &dyn Source) -> Result<Compared, String> {
    let (left, right) = match wanted {
        Wanted::Pair(left, right) => (left, right),
        Wanted::Previous(id) => (previous(id, source)?, id),
    };
    let (left, right) = (Whole::read(left, source)?, Whole::read(right, source)?);
    Ok(Compared::new(&left.side(), &right.side()))
}

/// The last exchange before one that asked for the same, among the rows near by.
fn previous(id: u64, source: &dyn Source) -> Result<u64, String> {
    let from = ExchangeId(id.saturating_sub(NEAR));
    let near = source.summaries(from, ExchangeId(id)).map_err(|error| error.to_string())?;
    let asked = |summary: &&Summary| {
        near.last().is_some_and(|own| {
            (&own.method, &own.host, &own.path) == (&summary.method, &summary.host, &summary.path)
        })
    };
    let before = near.iter().filter(|summary| summary.id.0 < id).rev().find(asked);
    before.map(|summary| summary.id.0).ok_or_else(|| {
        format!(
            "Nothing to compare #{id} with: no original, and none of the {NEAR} before it asked the same."
        )
    })
}

/// An exchange with what its bodies hold.
struct Whole {
    exchange: Exchange,
    request: Bytes,
    response: Bytes,
}

impl Whole {
    fn read(id: u64, source: &dyn Source) -> Result<Self, String> {
        let says = |error: Unread| error.to_string();
        let exchange = source.exchange(ExchangeId(id)).map_err(says)?;
        let exchange = exchange.ok_or_else(|| {
            format!("#{id} cannot be compared: it is not in this capture, or cannot be read yet.")
        })?;
        let body = |side| body(&exchange, side, source).map_err(says);
        let (request, response) = (body(Side::Client)?, body(Side::Origin)?);
        Ok(Self { exchange, request, response })
    }

    fn side(&self) -> diff::Side<'_> {
        diff::Side {
            exchange: &self.exchange,
            request: self.request.clone(),
            response: self.response.clone(),
        }
    }
}

/// The beginning of a body, as much of it as is compared.
fn body(exchange: &Exchange, side: Side, source: &dyn Source) -> Result<Bytes, Unread> {
    let octets = source.body(exchange, side)?;
    let length = usize::try_from(octets.len()).unwrap_or(usize::MAX).min(diff::LARGEST + 1);
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match octets.read_at(filled as u64, rest).map_err(|error| Unread(error.to_string()))? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(Bytes::from(bytes))
}

/// Groups rising numbers into ranges, none of which asks for a long stretch of rows that are not shown.
fn stretches(ids: &[u64]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for id in ids {
        match ranges.last_mut() {
            Some((_, to)) if id.saturating_sub(*to) <= GAP => *to = *id,
            _ => ranges.push((*id, *id)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_rows_are_asked_for_apart() {
        assert_eq!(stretches(&[1, 2, 3, 40, 900]), [(1, 3), (40, 40), (900, 900)]);
        assert_eq!(stretches(&[1, 33]), [(1, 33)]);
        assert_eq!(stretches(&[]), []);
    }
}
