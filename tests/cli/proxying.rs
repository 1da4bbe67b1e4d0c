//! `serve` and `run` as processes: what they say, and how they end.

use crate::support::{Ran, Sandbox};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A `serve` that has said where it listens.
pub(super) struct Serving {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    pub(super) address: String,
}

pub(super) fn serve(sandbox: &Sandbox, arguments: &[&str]) -> Serving {
    let all: Vec<_> = ["serve", "--listen", "127.0.0.1:0"].iter().chain(arguments).copied().collect();
    let mut child = sandbox
        .hopscope(&all)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hopscope starts");
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address =
        line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
    // The authority and the capture are named before anything can end it.
    for expected in ["authority ", "recording into "] {
        line.clear();
        stderr.read_line(&mut line).unwrap();
        assert!(line.starts_with(expected), "{line}");
    }
    Serving { child, stderr, address }
}

impl Serving {
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(super) fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, std::io::read_to_string(self.stderr).unwrap())
    }
}

#[test]
#[cfg(unix)]
fn a_signal_drains_and_ends_with_0() {
    for signal in ["-INT", "-TERM"] {
        let sandbox = Sandbox::new();
        let serving = serve(&sandbox, &[]);
        serving.signal(signal);
        let (code, said) = serving.end();
        assert_eq!(code, Some(0), "{signal}: {said}");
    }
}

#[test]
#[cfg(unix)]
fn env_names_the_running_proxy_and_a_second_start_says_it_runs() {
    let sandbox = Sandbox::new();
    let serving = serve(&sandbox, &[]);
    let pid = serving.child.id();
    let env = sandbox.run(&["env", "--shell", "sh"]);
    assert_eq!(env.code, Some(0), "{}", env.stderr);
    assert!(
        env.stdout.contains(&format!("export HTTPS_PROXY='http://{}'\n", serving.address)),
        "{}",
        env.stdout
    );
    let line = env.stdout.lines().find_map(|line| line.strip_prefix("export SSL_CERT_FILE='")).unwrap();
    let bundle = std::path::PathBuf::from(line.trim_end_matches('\''));
    let ours = sandbox.run(&["ca", "export"]).stdout;
    assert!(std::fs::read_to_string(&bundle).unwrap().contains(ours.trim_end()));
    let second = sandbox.run(&["serve", "--listen", &serving.address]);
    assert_eq!(second.code, Some(4));
    assert!(second.stderr.contains(&format!("already running, pid {pid}: ")), "{}", second.stderr);
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
    assert_eq!(sandbox.run(&["env"]).code, Some(4));
    assert!(!bundle.exists());
}

#[test]
#[cfg(unix)]
fn run_ends_as_its_command_does_and_explains_that_nothing_came() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["run", "--", "sh", "-c", "exit 7"]);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert!(ran.stderr.contains("hopscope: 0 exchanges, 0 hosts, 0 failed"), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing came through the proxy: "), "{}", ran.stderr);
    assert_eq!(sandbox.run(&["run", "sh", "-c", "kill -9 $$"]).code, Some(137));
    assert_eq!(sandbox.run(&["run", "no-such-command-here"]).code, Some(127));
    let file = sandbox.path("plain");
    std::fs::write(&file, "").unwrap();
    assert_eq!(sandbox.run(&["run", file.to_str().unwrap()]).code, Some(126));
    let failed = sandbox.run(&["run", "--ca-dir", file.to_str().unwrap(), "true"]);
    assert_eq!(failed.code, Some(125), "{}", failed.stderr);
}

#[test]
#[cfg(unix)]
fn run_sets_the_environment_and_takes_the_bundle_away() {
    let sandbox = Sandbox::new();
    let script = "grep -c BEGIN \"$SSL_CERT_FILE\" > /dev/null && echo \"$HTTPS_PROXY|$NO_PROXY|$NODE_USE_ENV_PROXY|$SSL_CERT_FILE\"";
    let mut command = sandbox.hopscope(&["run", "--", "sh", "-c", script]);
    let ran = Ran::from(command.env("http_proxy", "http://u:secret@proxy.test:3128").output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let parts: Vec<_> = ran.stdout.trim_end().split('|').collect();
    assert!(parts[0].starts_with("http://127.0.0.1:"), "{parts:?}");
    assert_eq!(parts[1..3], ["", "1"]);
    assert!(!std::path::Path::new(parts[3]).exists());
    assert!(
        ran.stderr.contains("http_proxy=http://proxy.test:3128/ is now hopscope's parent"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("secret"));
}
