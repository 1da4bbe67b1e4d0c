//! `hopscope help`: the help of a command, what the JSON lines hold, and the filter language.

use super::args::Typed;
use super::door::Out;
use super::exit::{Exit, Halt, Outcome};
use super::json;
use crate::query;
use clap::CommandFactory as _;

/// Prints it.
pub(super) fn run(topic: Option<&str>) -> Outcome {
    let mut out = Out::stdout();
    for line in text(topic)?.lines() {
        out.line(line)?;
    }
    out.flush()?;
    Ok(Exit::Ok)
}

fn text(topic: Option<&str>) -> Result<String, Halt> {
    let mut command = Typed::command();
    command.build();
    match topic {
        None => Ok(command.render_long_help().to_string()),
        Some("json") => Ok(json::HELP.to_owned()),
        Some("filter") => Ok(query::help()),
        Some(name) => command
            .find_subcommand_mut(name)
            .map(|command| command.render_long_help().to_string())
            .ok_or_else(|| {
                Halt::new(Exit::Usage, format!("no help about {name}: a command, json, or filter"))
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Typed::command().debug_assert();
    }

    #[test]
    fn every_command_json_and_the_filter_have_help() {
        for name in [
            "serve",
            "run",
            "env",
            "ls",
            "tail",
            "show",
            "diff",
            "explain",
            "lint",
            "replay",
            "allow",
            "intercept",
            "export",
            "import",
            "captures",
            "completions",
            "man",
            "ca",
            "config",
            "json",
            "filter",
        ] {
            assert!(text(Some(name)).is_ok_and(|text| text.len() > 100), "{name}");
        }
        assert_eq!(text(Some("nope")).unwrap_err().exit, Exit::Usage);
    }
}
