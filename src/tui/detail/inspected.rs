//! What the header inspector says of the exchange in the detail: looked at once, when it is loaded.

use super::{DetailState, Tab};
use crate::exchange::{Exchange, MessageKind};
use crate::inspect::{Finding, Recorded, Severity, Verdicts};
use crate::text::sanitize_bounded;
use crate::tui::app::App;
use crate::tui::theme::Theme;
use ratatui::style::Style;

/// A line of one of the four heads; 0 is the start line.
pub type Place = (MessageKind, usize);

/// Findings and verdicts of an exchange.
#[derive(Debug)]
pub struct Inspected {
    /// The heads, parsed.
    pub recorded: Recorded,
    /// By message and line.
    pub findings: Vec<Finding>,
    /// What follows from the heads.
    pub verdicts: Verdicts,
}

impl Inspected {
    /// Looks at an exchange.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let recorded = Recorded::of(exchange);
        Self { findings: recorded.findings(), verdicts: recorded.verdicts(), recorded }
    }

    /// Errors and warnings, the gravest first.
    #[must_use]
    pub fn grave(&self) -> Vec<&Finding> {
        let mut grave: Vec<_> =
            self.findings.iter().filter(|found| found.rule.severity > Severity::Info).collect();
        grave.sort_by_key(|found| std::cmp::Reverse(found.rule.severity));
        grave
    }

    /// The name of the field that a finding is about, with a colon; empty where it is about none.
    #[must_use]
    pub fn named(&self, found: &Finding) -> String {
        let head = self.recorded.head(found.message);
        let field = found.line.checked_sub(1).zip(head).and_then(|(at, head)| head.fields().nth(at));
        let name = field.filter(|field| !field.name.is_empty());
        name.map(|field| format!("{}: ", sanitize_bounded(field.name, 40))).unwrap_or_default()
    }

    /// The findings of a line, the gravest first.
    #[must_use]
    pub fn on(&self, (kind, line): Place) -> Vec<&Finding> {
        let here = |found: &&Finding| found.message == kind && found.line == line;
        let mut findings: Vec<_> = self.findings.iter().filter(here).collect();
        findings.sort_by_key(|found| std::cmp::Reverse(found.rule.severity));
        findings
    }
}

/// The letter of a severity and its ink, so that it is told without colour.
#[must_use]
pub fn letter(theme: Theme, severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Error => ("E", theme.bad()),
        Severity::Warn => ("W", theme.notable()),
        Severity::Info => ("i", theme.dim()),
    }
}

/// Whether there is a finding to go to.
#[must_use]
pub fn works(app: &App) -> bool {
    app.detail.loaded.as_deref().is_some_and(|loaded| !loaded.inspected.findings.is_empty())
}

/// Goes to the next finding, or to the one before: through a tab's lines, then to the other message. Where
/// there are errors or warnings, facts are passed by.
pub fn go(app: &mut App, forward: bool) {
    let place = app.detail_text_place().0;
    let (theme, room) = (app.theme, usize::from(place.height));
    let tab = app.detail.tab;
    let begin =
        if tab == Tab::Response { [Tab::Response, Tab::Request] } else { [Tab::Request, Tab::Response] };
    for (turn, tab) in [begin[0], begin[1], begin[0]].into_iter().enumerate() {
        let fresh = turn > 0 || app.detail.tab != tab;
        app.detail.set_tab(tab);
        app.detail.settle(theme, &app.list, &app.status, place);
        if app.detail.go_to_finding(forward, fresh, room) {
            return;
        }
    }
}

impl DetailState {
    /// Puts the cursor onto the next line with a finding, from the beginning when `fresh`; false when there is none.
    fn go_to_finding(&mut self, forward: bool, fresh: bool, page: usize) -> bool {
        let Some(loaded) = self.loaded.as_deref() else { return false };
        let grave = loaded.inspected.findings.iter().any(|found| found.rule.severity > Severity::Info);
        let meant = |place: Option<Place>| {
            place.is_some_and(|place| {
                loaded.inspected.on(place).iter().any(|found| !grave || found.rule.severity > Severity::Info)
            })
        };
        let stops = self.stops().iter().enumerate().filter(|(_, stop)| meant(stop.place)).map(|(at, _)| at);
        let stops: Vec<_> = stops.collect();
        let here = self.cursor();
        let next = match (forward, fresh) {
            (true, true) => stops.first(),
            (false, true) => stops.last(),
            (true, false) => stops.iter().find(|at| **at > here),
            (false, false) => stops.iter().rev().find(|at| **at < here),
        };
        let Some(next) = next.copied() else { return false };
        self.put_cursor(next, page);
        true
    }
}
