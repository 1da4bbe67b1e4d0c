//! The exchanges that a command is about: IDs, or all that a filter means, oldest first, a page at a time.

use super::exit::{Exit, Halt};
use super::{show, words};
use crate::exchange::{ExchangeId, Flags, Summary};
use crate::query::Query;
use crate::store::{Reader, Search};

/// Rows looked at together.
const PAGE: usize = 1_000;

/// Which are meant.
#[derive(Clone, Debug)]
pub(super) enum Which {
    /// These, in the order in which they were named.
    Ids(Vec<ExchangeId>),
    /// Those that match; what a person deleted is left out.
    Matching(Query),
}

/// How many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) matched: u64,
    pub(super) seen: u64,
}

impl Which {
    /// Reads what was typed: where everything is a number, those are IDs.
    pub(super) fn typed(words: &[String]) -> Result<Self, Halt> {
        let is_number =
            |word: &String| word.trim_start_matches('#').bytes().all(|byte| byte.is_ascii_digit());
        if !words.is_empty() && words.iter().all(is_number) {
            return words.iter().map(|word| show::parse_id(word)).collect::<Result<_, _>>().map(Self::Ids);
        }
        words::parse(words).map(Self::Matching).map_err(|says| Halt::new(Exit::Config, says))
    }

    /// Calls with each, as long as its number is at most `until`.
    pub(super) fn each(
        &self,
        reader: &Reader,
        until: ExchangeId,
        each: &mut dyn FnMut(&Summary) -> Result<(), Halt>,
    ) -> Result<Counts, Halt> {
        match self {
            Self::Ids(ids) => named(reader, ids, each),
            Self::Matching(query) => matching(reader, query, until, each),
        }
    }
}

/// The newest exchange: what comes later is not part of what was asked for.
pub(super) fn newest(reader: &Reader) -> Result<ExchangeId, Halt> {
    let rows = reader.newest(1).map_err(anyhow::Error::from)?;
    Ok(rows.first().map_or(ExchangeId(0), |row| row.id))
}

fn named(
    reader: &Reader,
    ids: &[ExchangeId],
    each: &mut dyn FnMut(&Summary) -> Result<(), Halt>,
) -> Result<Counts, Halt> {
    for id in ids {
        let rows = reader.summaries(*id, *id).map_err(anyhow::Error::from)?;
        let Some(row) = rows.first() else {
            let says =
                format!("no exchange {} in this capture; `hopscope ls` lists them (-c names another)", id.0);
            return Err(Halt::new(Exit::Failed, says));
        };
        each(row)?;
    }
    Ok(Counts { matched: ids.len() as u64, seen: ids.len() as u64 })
}

fn matching(
    reader: &Reader,
    query: &Query,
    until: ExchangeId,
    each: &mut dyn FnMut(&Summary) -> Result<(), Halt>,
) -> Result<Counts, Halt> {
    let below = ExchangeId(until.0.saturating_add(1));
    let mut search = Search::start(reader.path(), query, Some(below)).map_err(anyhow::Error::from)?;
    let mut ids = search.rest().map_err(anyhow::Error::from)?;
    ids.reverse();
    let mut matched = 0;
    for page in ids.chunks(PAGE) {
        let rows = reader.summaries_of(page).map_err(anyhow::Error::from)?;
        for row in rows.iter().filter(|row| !row.flags.has(Flags::HIDDEN)) {
            matched += 1;
            each(row)?;
        }
    }
    Ok(Counts { matched, seen: reader.listed(until).map_err(anyhow::Error::from)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Result<Which, Halt> {
        Which::typed(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn numbers_alone_are_ids_and_all_else_is_a_filter() {
        assert!(
            matches!(typed(&["18", "#20"]).unwrap(), Which::Ids(ids) if ids == [ExchangeId(18), ExchangeId(20)])
        );
        assert!(matches!(typed(&["18", "status:404"]).unwrap(), Which::Matching(_)));
        assert!(matches!(typed(&[]).unwrap(), Which::Matching(query) if query.is_all()));
        assert_eq!(typed(&["stauts:404"]).unwrap_err().exit, Exit::Config);
    }
}
