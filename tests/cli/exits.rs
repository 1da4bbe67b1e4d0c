//! Exit codes and messages of the real binary where something is wrong.

use crate::support::{Sandbox, repository};
use std::fs;
use std::process::Stdio;

#[track_caller]
fn ends(arguments: &[&str], code: i32, says: &str) {
    let ran = Sandbox::new().run(arguments);
    assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
    assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    assert_eq!(ran.stdout, "", "{arguments:?}");
}

#[test]
fn usage_errors_end_with_2() {
    ends(&["--nonsense"], 2, "--nonsense");
    ends(&["serve", "--listen", "nowhere"], 2, "--listen: \"nowhere\" is not ADDRESS:PORT");
    ends(&["serve", "--listen", "wlan"], 2, "nor lan or docker");
    ends(&["serve", "--max-body", "64XB"], 2, "is not a size");
    ends(&["show", "abc"], 2, "abc is not the number of an exchange");
    ends(&["show", "1", "--part", "body"], 2, "--message request or --message response");
    ends(&["show", "1", "--part", "findings", "--message", "request"], 2, "--message belongs to");
    ends(&["ca", "export", "--format", "p12"], 2, "not yet");
}

#[test]
fn without_a_terminal_the_screen_is_a_usage_error() {
    ends(&[], 2, "hopscope: no terminal: use hopscope serve");
}

#[test]
fn a_capture_to_open_needs_a_terminal() {
    ends(&["open"], 2, "no terminal: hopscope ls and hopscope show print a capture");
    ends(&["open", "--demo-rate", "5"], 2, "--demo-rows");
}

#[test]
fn settings_and_filters_end_with_3() {
    ends(&["serve", "--config", "/nonexistent/config.toml"], 3, "cannot be read");
    ends(&["ls", "cart", "stauts:404"], 3, "\n     ^^^^^^ no field “stauts”; did you mean status?");
    ends(&["ls", "status"], 3, "if you typed status>400, the shell took the >");
    ends(&["ls", "-is:aset"], 3, "did you mean asset?");
    let ran = Sandbox::new().hopscope(&["serve"]).env("HOPSCOPE_LISEN", "x").output().unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("did you mean HOPSCOPE_LISTEN?"));
}

#[test]
fn a_taken_port_names_its_holder() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let ran = Sandbox::new().run(&["serve", "--listen", &address]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("--listen 127.0.0.1:0"), "{}", ran.stderr);
    if cfg!(target_os = "linux") {
        assert!(ran.stderr.contains(&std::process::id().to_string()), "{}", ran.stderr);
    }
}

#[test]
fn no_proxy_runs() {
    ends(&["env"], 4, "no proxy runs");
    let unset = Sandbox::new().run(&["env", "--unset", "--shell", "sh"]);
    assert_eq!(unset.code, Some(0));
    assert!(unset.stdout.contains("unset HTTPS_PROXY\n"));
}

#[test]
fn no_capture_yet() {
    ends(&["ls"], 5, "no capture yet");
    ends(&["show", "1", "-c", "nope"], 5, "nope");
}

#[test]
fn a_broken_authority_ends_with_4() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("ca");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("ca.pem"), "not a certificate").unwrap();
    let ran = sandbox.run(&["ca", "show", "--ca-dir", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
}

#[test]
fn the_authority_is_shown_and_exported_without_its_key() {
    let sandbox = Sandbox::new();
    let path = sandbox.run(&["ca", "path"]);
    assert_eq!(path.code, Some(0), "{}", path.stderr);
    let file = path.stdout.trim_end();
    assert!(file.starts_with(sandbox.path("data/hopscope/certs").to_str().unwrap()), "{file}");
    let pem = sandbox.run(&["ca", "export"]);
    assert_eq!(pem.stdout, fs::read_to_string(file).unwrap());
    assert!(!pem.stdout.contains("PRIVATE KEY"));
    let der = sandbox.hopscope(&["ca", "export", "--format", "der"]).output().unwrap();
    assert_eq!(der.stdout.first(), Some(&0x30));
    assert!(sandbox.run(&["ca", "show"]).stdout.contains("SHA-256      "));
}

#[test]
fn certs_of_the_checkout_is_left_alone() {
    let listing = || {
        let entries = fs::read_dir(repository().join("certs")).unwrap().map(|entry| entry.unwrap());
        let mut all: Vec<_> =
            entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().modified().unwrap())).collect();
        all.sort();
        all
    };
    let before = listing();
    let ran = Sandbox::new().run(&["ca", "path"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(listing(), before);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sandbox.hopscope(&["config", "--default"]);
    let child = command.stdout(Stdio::from(writer)).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
