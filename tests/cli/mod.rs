//! The command line as scripts see it: exit codes, messages, help, settings.

mod config;
mod diff;
mod exits;
mod export;
mod import;
mod lint;
mod note;
mod proxying;
mod shells;
mod tail;

use crate::support::Sandbox;

/// Help is wrapped at 100 columns where no terminal says otherwise.
#[test]
fn help_texts() {
    let sandbox = Sandbox::new();
    for command in [
        "",
        "serve",
        "run",
        "env",
        "open",
        "ls",
        "tail",
        "show",
        "diff",
        "explain",
        "lint",
        "replay",
        "export",
        "import",
        "captures",
        "sql",
        "note",
        "completions",
        "man",
        "ca",
        "config",
    ] {
        let arguments: Vec<_> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let ran = sandbox.run(&arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        let name = if command.is_empty() { "hopscope" } else { command };
        insta::assert_snapshot!(format!("help_{name}"), ran.stdout);
    }
}

#[test]
fn help_json_documents_the_lines() {
    let ran = Sandbox::new().run(&["help", "json"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!("help_json", ran.stdout);
}
