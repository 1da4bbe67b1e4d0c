//! The command line: what was typed becomes a checked plan, which is run; words go out by one door.

mod again;
mod args;
mod authority;
mod browse;
mod capture;
mod captures;
mod chosen;
mod demo;
mod completions;
mod diff;
mod door;
mod engine;
mod env;
mod exit;
mod explain;
mod export;
mod follow;
mod format;
mod guards;
mod help;
mod holder;
mod import;
mod json;
mod key_log;
mod lines;
mod lint;
mod ls;
mod open;
mod man;
mod note;
mod pack;
mod pem;
mod plan;
mod private;
mod progress;
mod records;
mod replay;
mod run;
mod runtime;
#[cfg(test)]
mod sample;
mod saving;
mod screen;
mod serve;
mod session;
mod settings;
mod show;
mod signals;
mod sql;
mod tail;
mod target;
mod processes;
mod variables;
mod words;

pub use exit::{Exit, Halt, Outcome};

use crate::config::Places;
use args::{Command, Typed};
use clap::Parser as _;
use std::ffi::OsString;
use std::process::ExitCode;

/// Does what was typed and says how it ended.
pub fn main(typed: impl IntoIterator<Item = OsString>) -> ExitCode {
    let exit = match Typed::try_parse_from(args::words_last(typed)) {
        Ok(typed) => dispatch(&typed).unwrap_or_else(|halt| report(&halt)),
        Err(error) => unparsed(&error),
    };
    exit.into()
}

fn dispatch(typed: &Typed) -> Outcome {
    match &typed.command {
        None if typed.demo.rows.is_some() => {
            open::run(&args::Open::demo(typed.demo, typed.proxy.config.clone(), typed.screen.clone()))
        }
        None => screen::run(&typed.proxy, &typed.screen),
        Some(Command::Serve(typed)) => serve::run(typed),
        Some(Command::Run(typed)) => run::run(typed),
        Some(Command::Env(typed)) => env::run(typed),
        Some(Command::Open(typed)) => open::run(typed),
        Some(Command::Ls(typed)) => ls::run(typed),
        Some(Command::Tail(typed)) => tail::run(typed),
        Some(Command::Show(typed)) => show::run(typed),
        Some(Command::Diff(typed)) => diff::run(typed),
        Some(Command::Explain(typed)) => explain::run(typed),
        Some(Command::Lint(typed)) => lint::run(typed),
        Some(Command::Replay(typed)) => replay::run(typed),
        Some(Command::Export(typed)) => export::run(typed),
        Some(Command::Import(typed)) => import::run(typed),
        Some(Command::Sql(typed)) => sql::run(typed),
        Some(Command::Note(typed)) => note::run(typed),
        Some(Command::Captures { command }) => captures::run(command.as_ref()),
        Some(Command::Allow(typed)) => guards::allow(typed),
        Some(Command::Intercept(typed)) => guards::intercept(typed),
        Some(Command::Ca { command }) => authority::run(command),
        Some(Command::Config(typed)) => settings::run(typed),
        Some(Command::Completions(typed)) => completions::run(typed),
        Some(Command::Man(typed)) => man::run(typed),
        Some(Command::Help { topic }) => help::run(topic.as_deref()),
    }
}

fn report(halt: &Halt) -> Exit {
    if !halt.says.is_empty() {
        door::say(format!("hopscope: {}", halt.says));
    }
    halt.exit
}

/// Help and version go to stdout and are no error; the rest is a usage error.
fn unparsed(error: &clap::Error) -> Exit {
    // A closed pipe is no error, and there is nobody to tell of another.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}

/// The user's folders, or why there are none.
fn places() -> Result<Places, Halt> {
    Places::here().ok_or_else(|| {
        Halt::new(Exit::Config, "no home folder: set HOME, or XDG_DATA_HOME and XDG_CONFIG_HOME")
    })
}
