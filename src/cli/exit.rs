//! How a command ends: the exit codes, and the error that carries one.

use crate::config::ConfigError;
use std::fmt;
use std::process::ExitCode;

/// The exit codes. They are part of the contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Ok,
    /// `diff`: the two differ in more than was to be expected. `lint`: findings at the asked level.
    Differs,
    /// The command line is wrong, or there is no terminal.
    Usage,
    /// Settings or a filter are wrong.
    Config,
    /// The port is taken, the authority is broken, or no proxy runs.
    Unavailable,
    /// Anything else that failed.
    Failed,
    /// `run`: hopscope itself failed.
    RunFailed,
    /// `run`: CMD cannot be executed.
    NotExecutable,
    /// `run`: CMD was not found.
    NotFound,
    /// `serve`: a second SIGINT.
    Interrupted,
    /// `run`: CMD's own code, or 128 and the number of the signal that ended it.
    Command(u8),
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Differs => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Unavailable => 4,
            Self::Failed => 5,
            Self::RunFailed => 125,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
            Self::Interrupted => 130,
            Self::Command(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command stopped, for a person: one or two lines, and the exit code.
#[derive(Debug)]
pub struct Halt {
    /// The code to end with.
    pub exit: Exit,
    /// What happened, why, what to do; empty when there is nothing to say.
    pub says: String,
}

impl Halt {
    pub(super) fn new(exit: Exit, says: impl fmt::Display) -> Self {
        Self { exit, says: says.to_string() }
    }
}

impl From<ConfigError> for Halt {
    fn from(error: ConfigError) -> Self {
        let exit = if error.is_usage() { Exit::Usage } else { Exit::Config };
        Self::new(exit, error)
    }
}

/// A closed pipe is no error: the reader has what it wanted.
impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Ok, says: String::new() };
        }
        Self::new(Exit::Failed, error)
    }
}

/// An error with its chain of causes.
impl From<anyhow::Error> for Halt {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<std::io::Error>() {
            Ok(error) => error.into(),
            Err(error) => Self::new(Exit::Failed, format!("{error:#}")),
        }
    }
}

/// What a command hands back.
pub type Outcome = Result<Exit, Halt>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_contract() {
        let codes = [
            Exit::Ok,
            Exit::Differs,
            Exit::Usage,
            Exit::Config,
            Exit::Unavailable,
            Exit::Failed,
            Exit::RunFailed,
            Exit::NotExecutable,
            Exit::NotFound,
            Exit::Interrupted,
            Exit::Command(7),
        ]
        .map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 125, 126, 127, 130, 7]);
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let halt = Halt::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!((halt.exit, halt.says.as_str()), (Exit::Ok, ""));
    }
}
