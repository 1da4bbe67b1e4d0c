//! `hopscope completions`: a shell's completion script, made from the same table as the help.

use super::args::{Completions, Typed};
use super::exit::{Exit, Outcome};
use clap::CommandFactory as _;
use std::io::Write as _;

/// Runs the command. The script is ours, every byte of it, and goes out as it is.
pub(super) fn run(typed: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(typed.shell, &mut Typed::command(), "hopscope", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Ok)
}
