//! What is done at the proxy's door from here: a client let in, a host intercepted again.

use super::app::App;
use super::source::Deed;
use super::update::Effect;
use crate::exchange::{Authority, Flags, Kind, Summary};

/// Whether a client waits to be let in.
#[must_use]
pub fn waits(app: &App) -> bool {
    !app.status.waiting.is_empty()
}

/// Lets the client in that has waited longest.
pub fn let_in(app: &App) -> Option<Effect> {
    app.status.waiting.first().map(|client| Effect::Do(Deed::LetIn(*client)))
}

/// The host that the exchange was left alone for, or whose certificate its client refused; only while
/// somebody records.
#[must_use]
pub fn host(app: &App) -> Option<String> {
    current(app).filter(|_| app.status.recording).and_then(left_alone)
}

/// Intercepts that host again.
pub fn intercept(app: &App) -> Option<Effect> {
    host(app).map(|host| Effect::Do(Deed::Intercept(host)))
}

fn left_alone(summary: &Summary) -> Option<String> {
    let refused = summary.failure.as_ref().is_some_and(|failure| failure.kind == Kind::CertificateRefused);
    let concerned = summary.flags.has(Flags::LEARNED) || (refused && summary.method == "CONNECT");
    let authority = Authority::parse(summary.host.as_bytes(), Some(443)).filter(|_| concerned)?;
    Some(authority.host)
}

/// The exchange that a key means.
fn current(app: &App) -> Option<&Summary> {
    app.list.summaries.get(&app.list.cursor?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake::{self, Stage};

    #[test]
    fn i_intercepts_a_host_again_that_was_left_alone() {
        let learned = |summary: &mut Summary| {
            "CONNECT".clone_into(&mut summary.method);
            "shop.test:443".clone_into(&mut summary.host);
            summary.flags = Flags(Flags::TUNNEL.0 | Flags::LEARNED.0);
        };
        let mut stage = Stage::new(80, 24, vec![fake::with(1, learned)]);
        assert_eq!(stage.press("i"), Some(Effect::Do(Deed::Intercept("shop.test".to_owned()))));
        stage.app.status.recording = false;
        assert_eq!(stage.press("i"), None);
        let mut other = Stage::new(80, 24, vec![fake::passed(1)]);
        assert_eq!(other.press("i"), None, "any other row was not left alone");
    }

    #[test]
    fn a_lets_in_who_waits() {
        let mut stage = Stage::new(80, 24, vec![fake::passed(1)]);
        assert_eq!(stage.press("a"), None);
        stage.app.status.waiting = vec!["10.0.0.2".parse().unwrap(), "10.0.0.3".parse().unwrap()];
        assert!(stage.screen().contains("a lets 10.0.0.2 in"), "{}", stage.screen());
        assert_eq!(stage.press("a"), Some(Effect::Do(Deed::LetIn("10.0.0.2".parse().unwrap()))));
    }
}
