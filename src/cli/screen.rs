//! `hopscope` alone: the proxy and the list in this terminal.

use super::args::ProxyFlags;
use super::exit::{Exit, Halt, Outcome};
use super::plan::Plan;
use std::io::IsTerminal as _;

/// Runs until the person quits.
pub(super) fn run(flags: &ProxyFlags) -> Outcome {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Halt::new(Exit::Usage, "no terminal: use hopscope serve"));
    }
    let plan = Plan::public(flags)?;
    super::engine::screen(&plan)
}
