//! The house rules: rows, fences, `//!` on every file, licences, no path outside the repository.

use crate::support::repository;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Crates that only some modules may use.
const FENCES: &[(&[&str], &[&str])] = &[
    (
        &["hyper", "hyper_util", "http", "http_body", "http_body_util", "h2"],
        &["tap", "forward", "upstream", "connection", "replay"],
    ),
    (&["rustls", "tokio_rustls"], &["connection", "upstream", "ca", "config"]),
    (&["rcgen"], &["ca"]),
    (&["ratatui", "crossterm"], &["tui"]),
    (&["rusqlite"], &["store"]),
    (&["clap", "anyhow"], &["cli", "main"]),
];

/// Crates of the rows from the wire on.
const WIRE: &[&str] = &["tokio", "tokio_util"];

/// The modules with their rows, in the order of src/lib.rs.
fn modules() -> Vec<(String, u8)> {
    let text = fs::read_to_string(repository().join("src/lib.rs")).unwrap();
    let mut row = 0;
    let mut modules = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("// row ") {
            row = rest.as_bytes()[0] - b'0';
        } else if let Some(name) = line.strip_prefix("pub mod ") {
            modules.push((name.trim_end_matches(';').to_owned(), row));
        }
    }
    modules
}

/// Rust files below a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![repository().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `tui` for src/tui/list.rs, `listener` for src/listener.rs.
fn module_of(path: &Path) -> String {
    let inner = path.strip_prefix(repository().join("src")).unwrap();
    let first = inner.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Names that stand before `::` at the head of a path, comments left out; with `below`, the names behind it.
fn paths(text: &str, below: Option<&str>) -> Vec<String> {
    let code =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let name = before.rsplit(|c: char| !is_name(c)).next().unwrap();
        let head = !before.strip_suffix(name).unwrap().ends_with("::");
        match below {
            None if head && !name.is_empty() => names.push(name.to_owned()),
            Some(root) if head && name == root => {
                let rest = &code[at + 2..];
                match rest.strip_prefix('{') {
                    // `crate::{a::b, c}`: every name after `{` or a comma counts.
                    Some(list) => {
                        let parts = list.split('}').next().unwrap().split(',').map(str::trim);
                        names.extend(
                            parts.map(|part| part.split(|c: char| !is_name(c)).next().unwrap().to_owned()),
                        );
                    }
                    None => names.push(rest.split(|c: char| !is_name(c)).next().unwrap().to_owned()),
                }
            }
            _ => {}
        }
    }
    names
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let modules = modules();
    let place = |name: &str| modules.iter().position(|(known, _)| known == name);
    for path in sources("src") {
        let Some(own) = place(&module_of(&path)) else { continue };
        for used in paths(&fs::read_to_string(&path).unwrap(), Some("crate")) {
            if let Some(used_at) = place(&used) {
                assert!(used_at <= own, "{}: {} is below {}", path.display(), used, modules[own].0);
            }
        }
    }
}

#[test]
fn crates_stay_behind_their_fences() {
    let modules = modules();
    for path in sources("src") {
        let own = module_of(&path);
        let row = modules.iter().find(|(name, _)| *name == own).map_or(u8::MAX, |(_, row)| *row);
        for used in paths(&fs::read_to_string(&path).unwrap(), None) {
            for (crates, allowed) in FENCES {
                let fenced = crates.contains(&used.as_str()) && !allowed.contains(&own.as_str());
                assert!(!fenced, "{}: {used} belongs to {allowed:?}", path.display());
            }
            assert!(row >= 4 || !WIRE.contains(&used.as_str()), "{}: {used} above the wire", path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for path in sources("src").into_iter().chain(sources("tests")) {
        assert!(
            fs::read_to_string(&path).unwrap().starts_with("//! "),
            "{}: no //! at its top",
            path.display()
        );
    }
}

#[test]
fn every_module_is_in_the_list() {
    let known: Vec<_> = modules().into_iter().map(|(name, _)| name).collect();
    for path in sources("src") {
        let own = module_of(&path);
        assert!(
            known.contains(&own) || ["lib", "main"].contains(&own.as_str()),
            "{own} is not in src/lib.rs"
        );
    }
}

#[test]
fn no_file_names_a_path_outside_the_repository() {
    let outside =
        [concat!("/wo", "rk/"), concat!("/tmp", "/wt"), concat!("../sha", "red"), concat!("/ro", "ot/")];
    let mut texts: Vec<_> = sources("src").into_iter().chain(sources("tests")).collect();
    texts.extend(
        ["README.md", "src/README.md", "tests/README.md", "config.toml", ".ci/run"]
            .map(|name| repository().join(name)),
    );
    for path in texts {
        let text = fs::read_to_string(&path).unwrap();
        for part in outside {
            assert!(!text.contains(part), "{} names {part}", path.display());
        }
    }
}

#[test]
fn licences_are_those_we_allow() {
    let list = fs::read_to_string(repository().join(".config/deny.toml")).unwrap();
    let list = list.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    let allowed: Vec<_> = list.split('"').skip(1).step_by(2).collect();
    for expression in licences() {
        let one_of = expression.replace('/', " OR ").replace(['(', ')'], "");
        let fits = |choice: &str| choice.split(" AND ").all(|licence| allowed.contains(&licence.trim()));
        assert!(one_of.split(" OR ").any(fits), "licence {expression}: not in .config/deny.toml");
    }
}

/// The licence expression of each package that is built on this machine, as the manifests say.
fn licences() -> Vec<String> {
    let tree = Command::new(std::env::var("CARGO").unwrap_or("cargo".into()))
        .args(["tree", "--offline", "--prefix", "none", "--edges", "normal,build,dev", "--format", "{l}"])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let found: Vec<_> = String::from_utf8(tree.stdout)
        .unwrap()
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|line| !line.is_empty() && line != "(*)")
        .collect();
    assert!(found.len() > 100, "only {} packages", found.len());
    found
}

#[test]
fn no_key_is_committed() {
    let Ok(git) = Command::new("git").args(["ls-files", "certs"]).current_dir(repository()).output() else {
        eprintln!("skipped: git is not installed");
        return;
    };
    if git.status.success() {
        assert_eq!(String::from_utf8(git.stdout).unwrap(), "certs/.gitignore\ncerts/README.md\n");
    } else {
        eprintln!("skipped: not a git checkout");
    }
}
