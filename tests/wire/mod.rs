//! Raw bytes in, raw bytes out, on both sides of a real proxy, and what was recorded of them.

mod run;
mod trace;
mod words;

use crate::support::proxy::Proxy;
use hopscope::config::{Reuse, Settings};

/// Origin connections end with the client's, so that a case can see that nothing more comes.
fn plain(settings: &mut Settings) {
    settings.origin.reuse = Reuse::Client;
}

#[test]
fn hop_by_hop_fields() {
    run::run(&Proxy::start(plain), include_str!("cases/hop_by_hop.txt"));
}

#[test]
fn messages() {
    run::run(&Proxy::start(plain), include_str!("cases/messages.txt"));
}

#[test]
fn framing() {
    run::run(&Proxy::start(plain), include_str!("cases/framing.txt"));
}
