//! `SSLKEYLOGFILE` at a start: it is wrong at once or said aloud, never silently.

use super::exit::{Exit, Halt};
use crate::ca::key_log;

/// Refuses a file that cannot be written.
pub(super) fn check() -> Result<(), Halt> {
    let Some(path) = key_log::file() else { return Ok(()) };
    key_log::check(&path).map_err(|error| {
        Halt::new(
            Exit::Config,
            format!(
                "SSLKEYLOGFILE: {} cannot be written: {error}\nname a file in a folder of yours, or unset it",
                path.display()
            ),
        )
    })
}

/// What a person who has set it ought to know.
pub(super) fn notice() -> Option<String> {
    let path = key_log::file()?;
    Some(format!(
        "the secrets of every TLS connection, on both sides, are written to {} (SSLKEYLOGFILE)",
        path.display()
    ))
}
