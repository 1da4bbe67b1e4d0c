//! The TLS tab: what each connection's handshake settled.

use super::View;
use crate::exchange::{Connection, Side, TlsFacts, Verdict};
use crate::text::units;
use crate::tui::page::Page;
use ratatui::style::Style;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    one(page, "Client → hopscope", view.loaded.client.as_ref());
    page.gap();
    one(page, "hopscope → origin", view.loaded.origin.as_ref());
}

fn one(page: &mut Page, title: &str, connection: Option<&Connection>) {
    page.heading(title, "");
    let Some(connection) = connection else {
        page.prose("   ", "No such connection was recorded.", page.theme.dim());
        return;
    };
    match &connection.tls {
        Some(tls) => facts(page, connection.side, tls),
        None => page.prose("   ", "Not secured: plain TCP.", page.theme.dim()),
    }
}

fn facts(page: &mut Page, side: Side, tls: &TlsFacts) {
    let plain = Style::new();
    page.fact("version", &tls.version, plain);
    page.fact("cipher", &tls.cipher, plain);
    page.fact("ALPN", tls.alpn.as_deref().unwrap_or("not agreed"), plain);
    page.fact("SNI", tls.sni.as_deref().unwrap_or("not sent"), plain);
    let chain = units::counted(tls.chain.len(), "certificate", "certificates");
    match (&tls.verdict, side) {
        (Some(Verdict::Trusted), _) => {
            page.fact("verdict", "trusted: chains to a known root and names the host", page.theme.good());
        }
        (Some(Verdict::Untrusted(why)), _) => {
            page.fact("verdict", &format!("not trusted: {why}"), page.theme.bad());
        }
        (None, Side::Client) => page.fact("certificate", "made by hopscope's own authority", plain),
        (None, Side::Origin) => page.fact("verdict", "not judged", page.theme.notable()),
    }
    page.fact("chain", &chain, plain);
}
