//! Settings files: a corpus of good and bad ones through the real binary.

use crate::support::{Ran, Sandbox, repository};
use std::fs;

fn corpus(folder: &str) -> Vec<String> {
    let folder = repository().join("tests/cli/config").join(folder);
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn config(folder: &str, name: &str) -> Ran {
    let mut command = Sandbox::new().hopscope(&["config", "--config", name]);
    command.current_dir(repository().join("tests/cli/config").join(folder));
    command.output().unwrap().into()
}

#[test]
fn valid_files() {
    for name in corpus("valid") {
        let ran = config("valid", &name);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        assert!(!ran.stdout.contains("pass:word"), "{name} shows a password");
        let folder = repository().join("tests/cli/config/valid");
        let shown = ran.stdout.replace(folder.to_str().unwrap(), "FOLDER");
        // The columns depend on the length of paths, and the default's on where the sandbox is.
        let lines = shown.lines().filter(|line| !line.ends_with("# default"));
        let lines: Vec<_> = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        insta::assert_snapshot!(format!("valid_{name}"), lines.join("\n"));
    }
}

#[test]
fn invalid_files() {
    for name in corpus("invalid") {
        let ran = config("invalid", &name);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{name}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{name} shows a password");
        insta::assert_snapshot!(format!("invalid_{name}"), ran.stderr);
    }
}

#[test]
fn the_default_is_the_documented_file_and_sets_nothing() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["config", "--default"]);
    let own = sandbox.path("config/hopscope");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.toml"), &ran.stdout).unwrap();
    let shown = sandbox.run(&["config"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let from: Vec<_> =
        shown.stdout.lines().filter_map(|line| line.split_once("  # ")).map(|(_, from)| from).collect();
    assert!(from.len() > 20 && from.iter().all(|from| *from == "default"), "{from:?}");
}

#[test]
fn the_user_s_file_a_variable_and_a_flag_are_named() {
    let sandbox = Sandbox::new();
    let own = sandbox.path("config/hopscope");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.toml"), "\nca_dir = \"mine\"\nvia = false\npseudonym = \"a\"\n").unwrap();
    let mut command = sandbox.hopscope(&["config", "--json", "--pseudonym", "c", "--auth", "u:hunter2"]);
    let ran = Ran::from(command.env("HOPSCOPE_VIA", "on").env("HOPSCOPE_PSEUDONYM", "b").output().unwrap());
    assert!(!ran.stdout.contains("hunter2"));
    let row = |key: &str| {
        let rows = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let row = rows.into_iter().find(|row| row["key"] == key).unwrap();
        (row["value"].as_str().unwrap().to_owned(), row["from"].as_str().unwrap().to_owned())
    };
    let file = own.join("config.toml");
    assert_eq!(
        row("ca_dir"),
        (format!("\"{}\"", own.join("mine").display()), format!("{}:2", file.display()))
    );
    assert_eq!(row("via"), ("true".into(), "env HOPSCOPE_VIA".into()));
    assert_eq!(row("pseudonym"), ("\"c\"".into(), "--pseudonym".into()));
    assert_eq!(row("auth"), ("\"(hidden)\"".into(), "--auth".into()));
}

#[test]
fn the_working_folder_s_config_is_not_read_by_itself() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("config.toml"), "nonsense").unwrap();
    assert_eq!(sandbox.run(&["config"]).code, Some(0));
}
