//! `hopscope env`: the variables for a shell, or the arguments for a container.

use super::args::{Env, Shell};
use super::door::Out;
use super::exit::{Exit, Halt, Outcome};
use super::runtime::{self, Notice};
use super::variables::{self, Lookup};
use super::{pem, private};
use crate::config::Places;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a container sees the bundle.
const IN_CONTAINER: &str = "/etc/hopscope-roots.pem";

/// Prints them.
pub(super) fn run(typed: &Env) -> Outcome {
    let places = super::places()?;
    let lookup = |name: &str| std::env::var(name).ok();
    let shell = typed.shell.unwrap_or_else(|| shell_of(lookup("SHELL").as_deref()));
    let lines = if typed.unset {
        variables::unset(&lookup).into_iter().map(|(name, value)| unset_line(shell, name, value)).collect()
    } else {
        let notice = running(&places)?;
        let address = notice.address().ok_or_else(nothing_runs)?;
        let bundle = write_bundle(&places, &notice, &lookup)?;
        if typed.docker {
            docker(address, &bundle)
        } else {
            let all = variables::set(address, &bundle.to_string_lossy(), &lookup);
            all.into_iter().map(|(name, value)| set_line(shell, name, &value)).collect::<Vec<_>>()
        }
    };
    let mut out = Out::stdout();
    for line in lines {
        out.record(&line)?;
    }
    out.flush()?;
    Ok(Exit::Ok)
}

/// The newest proxy that serves more than one command.
fn running(places: &Places) -> Result<Notice, Halt> {
    runtime::running(places).into_iter().rfind(|notice| !notice.private).ok_or_else(nothing_runs)
}

fn nothing_runs() -> Halt {
    let says = "no proxy runs: start `hopscope` or `hopscope serve`, or use `hopscope run -- CMD`";
    Halt::new(Exit::Unavailable, says)
}

/// Writes the bundle of the system's roots, those already named and ours.
fn write_bundle(places: &Places, notice: &Notice, lookup: Lookup<'_>) -> Result<PathBuf, Halt> {
    let ours = std::fs::read(&notice.ca).map_err(|error| {
        let says = format!("{}: the authority cannot be read: {error}", notice.ca.display());
        Halt::new(Exit::Unavailable, says)
    })?;
    let path = runtime::bundle_path(places, notice.pid);
    private::write(&path, &bundle(&ours, lookup, &places.runtime))?;
    Ok(path)
}

/// The system's roots, the PEM files already named, and our authority.
pub(super) fn bundle(ours: &[u8], lookup: Lookup<'_>, runtime: &Path) -> Vec<u8> {
    let named = variables::named_roots(lookup, runtime);
    let mut texts: Vec<Vec<u8>> = pem::system_roots().into_iter().collect();
    texts.extend(named.iter().filter_map(|path| pem::read(Path::new(path))));
    texts.push(ours.to_vec());
    pem::bundle(texts.iter().map(Vec::as_slice))
}

fn shell_of(shell: Option<&str>) -> Shell {
    match shell.and_then(|path| Path::new(path).file_name()?.to_str()) {
        Some("fish") => Shell::Fish,
        Some("pwsh") => Shell::Power,
        None if cfg!(windows) => Shell::Power,
        _ => Shell::Sh,
    }
}

fn set_line(shell: Shell, name: &str, value: &str) -> String {
    match shell {
        Shell::Sh => format!("export {name}={}", sh_quoted(value)),
        Shell::Fish => format!("set -gx {name} {}", fish_quoted(value)),
        Shell::Power => format!("$env:{name} = '{}'", value.replace('\'', "''")),
    }
}

fn unset_line(shell: Shell, name: &str, value: Option<String>) -> String {
    match (shell, value) {
        (_, Some(value)) => set_line(shell, name, &value),
        (Shell::Sh, None) => format!("unset {name}"),
        (Shell::Fish, None) => format!("set -e {name}"),
        (Shell::Power, None) => format!("Remove-Item -ErrorAction Ignore Env:{name}"),
    }
}

fn sh_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn fish_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// The proxy listens on this machine's own address, so the container shares its network.
fn docker(address: SocketAddr, bundle: &Path) -> Vec<String> {
    let mut words = vec![
        "--network host".to_owned(),
        format!("-v {}", sh_quoted(&format!("{}:{IN_CONTAINER}:ro", bundle.display()))),
    ];
    let all = variables::set(address, IN_CONTAINER, &|_| None);
    words
        .extend(all.into_iter().map(|(name, value)| format!("-e {}", sh_quoted(&format!("{name}={value}")))));
    vec![words.join(" ")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_survives_each_shell() {
        let value = r"it's a \ $(test)";
        assert_eq!(set_line(Shell::Sh, "A", value), r"export A='it'\''s a \ $(test)'");
        assert_eq!(set_line(Shell::Fish, "A", value), r"set -gx A 'it\'s a \\ $(test)'");
        assert_eq!(set_line(Shell::Power, "A", value), r"$env:A = 'it''s a \ $(test)'");
    }

    #[test]
    fn shells_are_known_by_name() {
        assert_eq!(shell_of(Some("/usr/bin/fish")), Shell::Fish);
        assert_eq!(shell_of(Some("/bin/bash")), Shell::Sh);
    }

    #[test]
    fn output_for_each_shell() {
        let lines = |shell| {
            let all = variables::set("127.0.0.1:8080".parse().unwrap(), "/run/h/7.pem", &|_| None);
            let lines: Vec<_> = all.iter().map(|(name, value)| set_line(shell, name, value)).collect();
            lines.join("\n")
        };
        insta::assert_snapshot!("sh", lines(Shell::Sh));
        insta::assert_snapshot!("fish", lines(Shell::Fish));
        insta::assert_snapshot!("powershell", lines(Shell::Power));
        let unset = variables::unset(&|_| None).into_iter();
        let unset: Vec<_> = unset.map(|(name, value)| unset_line(Shell::Sh, name, value)).collect();
        insta::assert_snapshot!("unset", unset.join("\n"));
        insta::assert_snapshot!(
            "docker",
            docker("127.0.0.1:8080".parse().unwrap(), Path::new("/b.pem")).join("\n")
        );
    }
}
