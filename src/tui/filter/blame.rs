//! Why nothing is found: the filter without one of its terms, each in turn, and how many that would find.

use crate::query::Query;
use crate::tui::source::{Seeking, Source, Unread};
use std::time::Duration;

/// The terms of a filter that found nothing.
#[derive(Debug)]
pub(super) struct Blame {
    /// Those that were not left out yet, each with the filter without it.
    left: Vec<(String, Query)>,
    /// The one left out now.
    under: Option<Without>,
    /// The term without which most was found so far, and how much.
    most: Option<(String, usize)>,
}

#[derive(Debug)]
struct Without {
    term: String,
    search: Box<dyn Seeking>,
    found: usize,
}

impl Blame {
    /// Nothing is to blame yet.
    pub(super) fn of(query: &Query) -> Self {
        Self { left: query.without_each(), under: None, most: None }
    }

    /// Whether all terms were left out in turn.
    pub(super) fn is_over(&self) -> bool {
        self.left.is_empty() && self.under.is_none()
    }

    /// The term to blame, once that is certain.
    pub(super) fn most(&self) -> Option<(&str, usize)> {
        self.most.as_ref().filter(|_| self.is_over()).map(|(term, found)| (term.as_str(), *found))
    }

    /// Looks on for a moment; `count` says how many of what was found would be shown.
    pub(super) fn step(
        &mut self,
        source: &dyn Source,
        patience: Duration,
        count: impl Fn(&[u64]) -> usize,
    ) -> Result<(), Unread> {
        if let (None, Some((term, query))) = (&self.under, self.left.pop()) {
            self.under = Some(Without { term, search: source.search(&query, None)?, found: 0 });
        }
        let Some(under) = &mut self.under else { return Ok(()) };
        let found = under.search.found(patience)?;
        under.found += count(&found.ids);
        if found.is_over()
            && let Some(Without { term, found, .. }) = self.under.take()
            && found > self.most.as_ref().map_or(0, |(_, most)| *most)
        {
            self.most = Some((term, found));
        }
        Ok(())
    }
}
