//! The TLS tab: what each connection's handshake settled, the chains that were shown, what was offered.
//!
//! Both legs side by side where there is room. What was not recorded is left out.

use super::View;
use crate::ca::told::{self, Told, Tone};
use crate::exchange::{Connection, Flags, Side, TlsFacts};
use crate::tui::page::{Cell, Page};
use ratatui::style::Style;
use ratatui::text::Span;

/// Columns from which the legs stand side by side.
const SIDE_BY_SIDE: usize = 100;

/// Columns of one half of a fingerprint.
const HALF: usize = 48;

/// Certificates of a chain that are told.
const CHAIN: usize = 8;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    if page.room() < SIDE_BY_SIDE {
        leg(view, page, Side::Client);
        page.gap();
        leg(view, page, Side::Origin);
        return;
    }
    let half = |side| {
        let mut column = Page::new(page.theme, page.half());
        leg(view, &mut column, side);
        column.finish().into_iter().map(cell).collect::<Vec<_>>()
    };
    let (left, right) = (half(Side::Client), half(Side::Origin));
    page.beside(left, right);
}

fn cell(line: ratatui::text::Line<'static>) -> Cell {
    Cell { lead: Span::default(), text: line.spans, ..Cell::default() }
}

fn leg(view: &View<'_>, page: &mut Page, side: Side) {
    let (title, connection) = match side {
        Side::Client => ("Client → hopscope", view.loaded.client.as_ref()),
        Side::Origin => ("hopscope → origin", view.loaded.origin.as_ref()),
    };
    let peer = connection.and_then(|connection| connection.peer).map(|peer| peer.to_string());
    page.heading(title, &peer.unwrap_or_default());
    let Some(connection) = connection else {
        page.prose("   ", missing(view, side), page.theme.dim());
        return;
    };
    match &connection.tls {
        Some(tls) => facts(page, connection, tls),
        None => page.prose("   ", plain(view, side), page.theme.dim()),
    }
}

fn missing(view: &View<'_>, side: Side) -> &'static str {
    match side {
        Side::Origin if view.loaded.exchange.origin_connection.is_none() => {
            "No connection to the origin was made."
        }
        _ => "This connection was not recorded.",
    }
}

fn plain(view: &View<'_>, side: Side) -> &'static str {
    if side == Side::Client && view.summary.flags.has(Flags::TUNNEL) {
        "What passed through the tunnel was relayed unread, and it did not begin with TLS."
    } else {
        "No TLS on this leg: plain TCP."
    }
}

fn facts(page: &mut Page, connection: &Connection, tls: &TlsFacts) {
    lines(page, told::handshake(tls, connection.side));
    for (number, der) in tls.chain.iter().take(CHAIN).enumerate() {
        page.gap();
        lines(page, told::certificate(number, der));
    }
    if tls.chain.len() > CHAIN {
        page.gap();
        let says = format!("{} more certificates in the chain", tls.chain.len() - CHAIN);
        page.prose("   ", &says, page.theme.dim());
    }
    let Some(hello) = &tls.hello else { return };
    page.gap();
    let who = if connection.side == Side::Client { "The client offered" } else { "hopscope offered" };
    page.heading(who, "");
    lines(page, told::offered(hello));
}

fn lines(page: &mut Page, told: Vec<Told>) {
    for Told { label, value, tone } in told {
        let style = match tone {
            Tone::Plain => Style::new(),
            Tone::Good => page.theme.good(),
            Tone::Bad => page.theme.bad(),
            Tone::Notable => page.theme.notable(),
            Tone::Title => page.theme.strong(),
            Tone::Quiet => page.theme.dim(),
        };
        // A fingerprint is one word: it may be broken in its middle.
        let halves = (tone == Tone::Quiet).then(|| value.split_at_checked(HALF)).flatten();
        let value = halves.map_or_else(|| value.clone(), |(half, rest)| format!("{half} {rest}"));
        page.fact(label, &value, style);
    }
}
