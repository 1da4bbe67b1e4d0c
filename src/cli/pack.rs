//! `hopscope captures pack`: a capture made small that nobody records any more.

use super::args::Pack;
use super::door::say;
use super::exit::{Exit, Outcome};
use super::{capture, format};
use crate::store;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Work that takes longer than this shows how far it is.
const LONG: Duration = Duration::from_millis(500);

/// Runs the command.
pub(super) fn run(typed: &Pack) -> Outcome {
    let path = capture::path(typed.capture.as_deref())?;
    let (begun, terminal) = (Instant::now(), std::io::stderr().is_terminal());
    let mut shown: Option<Instant> = None;
    let mut tell = |done: u64, of: u64| {
        let due = shown.map_or(begun.elapsed() > LONG, |shown| shown.elapsed() > LONG / 5);
        if terminal && due {
            shown = Some(Instant::now());
            // Nobody to see it is as good.
            let _ = write!(std::io::stderr(), "\r{done} of {of} exchanges packed ");
        }
    };
    let packed = store::pack(&path, &mut tell).map_err(anyhow::Error::from)?;
    if shown.is_some() {
        say("");
    }
    say(match packed.segments {
        0 => format!("{}: all is packed already, {}", path.display(), format::size(packed.after)),
        _ => format!(
            "{}: {} before, {} now",
            path.display(),
            format::size(packed.before),
            format::size(packed.after)
        ),
    });
    Ok(Exit::Ok)
}
