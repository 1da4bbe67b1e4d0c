//! The header inspector beside other programs that judge the same bytes, and on the values of the source document.

mod caching;
mod document;

use crate::support::Sandbox;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

/// What `hopscope lint` answers to header blocks, one a line.
fn lint(blocks: &'static str) -> Vec<Value> {
    let sandbox = Sandbox::new();
    let mut command = sandbox.hopscope(&["lint"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Both pipes are bounded: who writes all before reading would wait for ever.
    let writer = std::thread::spawn(move || stdin.write_all(blocks.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}
