//! `hopscope run -- python …` and `eval "$(hopscope env)"`: programs that are told of us by variables only.

use super::origins::{ca_file, httpbin};
use super::programs::{Python, installed, output, script, text};
use super::serving::Serving;
use crate::support::origin::Origin;
use crate::support::{Ran, Sandbox};

/// `hopscope run` of a library's GET.
fn run(sandbox: &Sandbox, python: &Python, library: &str, url: &str, count: &str) -> Ran {
    let script = script("run_client.py");
    let roots = ca_file(sandbox);
    let words = ["run", "--origin-ca", text(&roots), "--", python.path(), "-I", text(&script)];
    let mut command = sandbox.hopscope(&words);
    command.args([library, url, count]);
    output(command).into()
}

fn captured(library: &str, module: &str) {
    let (Some(python), Some(bin)) = (Python::with(module), httpbin()) else { return };
    for origin in [&bin.plain, &bin.secure] {
        let sandbox = Sandbox::new();
        let url = format!("{origin}/get?{library}");
        let ran = run(&sandbox, &python, library, &url, "1");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "{\"status\": 200}\n"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hopscope: 1 exchange, 1 host, 0 failed\n"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("went round"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hopscope ls -c last"), "{}", ran.stderr);
        let listed = sandbox.run(&["ls", "-c", "last", "--json"]);
        assert!(listed.stdout.contains(&format!("\"url\":\"{url}\"")), "{}", listed.stdout);
    }
}

#[test]
fn requests_is_captured() {
    captured("requests", "requests");
}

#[test]
fn httpx_is_captured() {
    captured("httpx", "httpx");
}

#[test]
fn urllib_is_captured() {
    captured("urllib_request", "urllib.request");
}

#[test]
#[cfg(target_os = "linux")]
fn bare_http_client_goes_round_us_and_is_told() {
    let Some(python) = Python::with("http.client") else { return };
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let url = format!("http://{}/", origin.address());
    let ran = run(&Sandbox::new(), &python, "http_client", &url, "3000");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for words in [
        "hopscope: 0 exchanges, 0 hosts, 0 failed",
        "nothing came through the proxy: every connection that was seen went round the proxy",
        "went round the proxy: 1 connection\n",
        &format!("-> {}: python http.client ignores proxy variables: use set_tunnel", origin.address()),
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

#[test]
fn failures_are_in_the_summary_and_codes_are_the_commands() {
    let Some(python) = Python::with("requests") else { return };
    let origin = Origin::start(|peer, _| drop(peer.read_head()));
    let url = format!("http://{}/gone", origin.address());
    let ran = run(&Sandbox::new(), &python, "requests", &url, "1");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "{\"status\": 502}\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hopscope: 1 exchange, 1 host, 1 failed\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("GET {url}: ")) && ran.stderr.contains("closed the connection"));
    let python = python.path();
    for (code, expected) in [
        ("import sys; sys.exit(3)", 3),
        ("raise Exception", 1),
        ("import os; os.kill(os.getpid(), 15)", 128 + 15),
    ] {
        let ran = Sandbox::new().run(&["run", "--", python, "-c", code]);
        assert_eq!(ran.code, Some(expected), "{code}: {}", ran.stderr);
        // Which words follow depends on what other programs do on this machine meanwhile.
        assert!(ran.stderr.contains("nothing came through the proxy: "), "{}", ran.stderr);
    }
    assert_eq!(Sandbox::new().run(&["run", "no-such-program-here"]).code, Some(127));
    assert_eq!(Sandbox::new().run(&["run", text(&script("run_client.py"))]).code, Some(126));
}

#[test]
fn a_shell_that_evaluates_env() {
    let (true, Some(bin)) = (installed("curl"), httpbin()) else { return };
    let proxy = Serving::trusting();
    let fetch = format!(
        "set -e; said=$({0} env --shell sh); eval \"$said\"; curl -q -sS {1}/get?env; curl -q -sS {2}/get?env",
        env!("CARGO_BIN_EXE_hopscope"),
        bin.secure,
        bin.plain
    );
    let mut shell = proxy.sandbox.command("sh");
    shell.args(["-c", &fetch]);
    let ran = Ran::from(output(shell));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rows = proxy.rows("curl's", 2, |row| row["url"].as_str().unwrap().ends_with("/get?env"));
    assert_eq!(rows.iter().map(|row| row["scheme"].as_str().unwrap()).collect::<Vec<_>>(), ["https", "http"]);
    let sandbox = Sandbox::new();
    let mut shell = sandbox.command("sh");
    shell.args(["-c", &fetch]);
    assert_eq!(output(shell).status.code(), Some(4), "none runs there");
}
