//! Raw bytes in, raw bytes out, on both sides of a real proxy, and what was recorded of them.
//!
//! `cases/` holds what can be told as a trace (`trace` reads it, `run` plays it); the other files
//! hold what needs more than one client, many bytes, or chance.

mod ambiguous;
mod bodies;
mod connect;
mod dialling;
mod doors;
mod ends;
mod floods;
mod http2;
mod http2_client;
mod http2_door;
mod http2_origin;
mod http2_stand;
mod http2_uploads;
mod mirror;
mod parents;
mod property;
mod reuse;
mod run;
mod secured;
mod stalled;
mod streams;
mod talks;
mod trace;
mod tunnels;
mod websocket;
mod words;

use crate::support::proxy::Proxy;
use hopscope::config::{Reuse, Settings};
use std::time::Duration;

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

#[test]
fn failures() {
    run::run(&Proxy::start(plain), include_str!("cases/failures.txt"));
}

#[test]
fn limits() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        let short = Duration::from_millis(300);
        let limits = &mut settings.limits;
        (limits.head, limits.fields) = (4096, 20);
        (limits.head_timeout, limits.idle_timeout) = (short, Duration::from_secs(1));
        (limits.connect_timeout, limits.response_timeout) = (short, short);
    });
    run::run(&proxy, include_str!("cases/limits.txt"));
}

#[test]
fn interim_responses() {
    run::run(&Proxy::start(plain), include_str!("cases/interim.txt"));
}

#[test]
fn upgrades_and_intercepted_tunnels() {
    run::run(&Proxy::start(plain), include_str!("cases/upgrade.txt"));
}

#[test]
fn tunnels_relayed_unread() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.intercept.enabled = false;
    });
    run::run(&proxy, include_str!("cases/tunnel.txt"));
}

#[test]
fn credentials_for_us() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.auth = Some("u:p".to_owned());
    });
    run::run(&proxy, include_str!("cases/auth.txt"));
}

#[test]
fn connections_that_are_never_used_again() {
    let proxy = Proxy::start(|settings| settings.origin.reuse = Reuse::Never);
    run::run(&proxy, include_str!("cases/never.txt"));
}

#[test]
fn without_via() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.via = false;
    });
    run::run(&proxy, include_str!("cases/via_off.txt"));
}
