//! The TLS tab: what each connection's handshake settled, and the chains that were shown.
//!
//! Both legs side by side where there is room. What was not recorded is left out.

use super::View;
use super::certificate;
use crate::exchange::{Connection, Flags, Side, TlsFacts, Verdict};
use crate::tui::page::{Cell, Page};
use ratatui::style::Style;
use ratatui::text::Span;

/// Columns from which the legs stand side by side.
const SIDE_BY_SIDE: usize = 100;

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
        "No TLS of hopscope's: what passed through the tunnel was relayed unread."
    } else {
        "No TLS on this leg: plain TCP."
    }
}

fn facts(page: &mut Page, connection: &Connection, tls: &TlsFacts) {
    let plain = Style::new();
    page.fact("version", &tls.version, plain);
    page.fact("cipher", &tls.cipher, plain);
    page.fact("ALPN", tls.alpn.as_deref().unwrap_or("not agreed"), plain);
    page.fact("SNI", tls.sni.as_deref().unwrap_or("not sent"), plain);
    match (&tls.verdict, connection.side) {
        (Some(Verdict::Trusted), _) => {
            page.fact("verdict", "trusted: chains to a known root and names the host", page.theme.good());
        }
        (Some(Verdict::Untrusted(why)), _) => {
            page.fact("verdict", &format!("not trusted: {why}"), page.theme.bad());
        }
        (None, Side::Client) => page.fact("shown", "a certificate by hopscope's own authority", plain),
        (None, Side::Origin) => page.fact("verdict", "not judged", page.theme.notable()),
    }
    chain(page, &tls.chain);
}

fn chain(page: &mut Page, chain: &[Vec<u8>]) {
    for (number, der) in chain.iter().take(CHAIN).enumerate() {
        page.gap();
        one(page, number, der);
    }
    if chain.len() > CHAIN {
        page.gap();
        let says = format!("{} more certificates in the chain", chain.len() - CHAIN);
        page.prose("   ", &says, page.theme.dim());
    }
}

fn one(page: &mut Page, number: usize, der: &[u8]) {
    let label = if number == 0 { "certificate".to_owned() } else { format!("issuer {number}") };
    let plain = Style::new();
    let Some(known) = certificate::read(der) else {
        page.fact(&label, "its bytes are no well-formed certificate", page.theme.notable());
        return;
    };
    page.fact(&label, &known.subject, page.theme.strong());
    if known.self_signed {
        page.fact("signed by", "itself", plain);
    } else {
        page.fact("signed by", &known.issuer, plain);
    }
    if !known.names.is_empty() {
        page.fact("names", &known.names, plain);
    }
    page.fact("valid", &known.days, plain);
    page.fact("SHA-256", &certificate::fingerprint(der), page.theme.dim());
}
