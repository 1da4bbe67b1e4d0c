//! Where the clients are found, how they are started, and what they say.

use super::serving::Serving;
use crate::support::{Sandbox, repository};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// No program of these tests takes longer, on a machine however slow.
pub const LIMIT: Duration = Duration::from_mins(1);

/// A Python with the modules that a test needs.
#[derive(Clone)]
pub struct Python(PathBuf);

impl Python {
    /// The first that can import a module; `None`, said aloud, when there is none.
    pub fn with(module: &str) -> Option<Self> {
        static KNOWN: Mutex<BTreeMap<String, Option<PathBuf>>> = Mutex::new(BTreeMap::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.entry(module.to_owned()).or_insert_with(|| Self::find(module)).clone();
        if found.is_none() {
            eprintln!(
                "skipped: no Python that can import {module} (.ci/run makes one; or name one in HOPSCOPE_TEST_PYTHON)"
            );
        }
        found.map(Self)
    }

    fn find(module: &str) -> Option<PathBuf> {
        let named = std::env::var_os("HOPSCOPE_TEST_PYTHON").map(PathBuf::from);
        let made = target().join("ci-venv/bin/python");
        let all = [named, Some(made), Some(PathBuf::from("python3"))];
        all.into_iter().flatten().find(|python| {
            let mut command = Command::new(python);
            let import = command.args(["-I", "-c", &format!("import {module}")]);
            let import = import.stdout(Stdio::null()).stderr(Stdio::null());
            import.status().is_ok_and(|status| status.success())
        })
    }

    /// One of the scripts beside this file, without any setting of the tester's.
    pub fn script(&self, sandbox: &Sandbox, name: &str) -> Command {
        let mut command = sandbox.command(&self.0);
        // -I keeps user packages and PYTHON* out.
        command.args([OsStr::new("-I"), script(name).as_os_str()]);
        command
    }

    /// The interpreter.
    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// Runs a case of a script against a proxy; the JSON values that it printed, one a line.
    #[track_caller]
    pub fn run(&self, proxy: &Serving, script: &str, case: &str, origins: &[&str]) -> Vec<Value> {
        let mut command = self.script(&proxy.sandbox, script);
        command.arg(case).arg(proxy.url()).arg(proxy.ca()).args(origins);
        values(command)
    }
}

/// Node, with the modules it may find.
pub struct Node {
    modules: PathBuf,
}

impl Node {
    /// Without any module; `None`, said aloud, when it is not installed.
    pub fn alone() -> Option<Self> {
        installed("node").then(|| Self { modules: PathBuf::new() })
    }

    /// `None`, said aloud, when either is missing.
    pub fn with_undici() -> Option<Self> {
        let named = std::env::var_os("HOPSCOPE_TEST_NODE_MODULES").map(PathBuf::from);
        let made = target().join("ci-node/node_modules");
        let modules = named.unwrap_or(made);
        if !is_there("node") {
            eprintln!("skipped: node is not installed (apt-get install nodejs npm)");
            return None;
        }
        if !modules.join("undici").is_dir() {
            eprintln!(
                "skipped: no undici in {} (.ci/run installs it; HOPSCOPE_TEST_NODE_MODULES names another node_modules)",
                modules.display()
            );
            return None;
        }
        Some(Self { modules })
    }

    /// Runs a case of a script against a proxy; the JSON values that it printed, one a line.
    #[track_caller]
    pub fn run(&self, proxy: &Serving, name: &str, case: &str, origins: &[&str]) -> Vec<Value> {
        let mut command = proxy.sandbox.command("node");
        command.env("NODE_PATH", &self.modules).arg(script(name));
        command.arg(case).arg(proxy.url()).arg(proxy.ca()).args(origins);
        values(command)
    }
}

/// Whether a program can be started; said aloud when not.
pub fn installed(program: &str) -> bool {
    let found = is_there(program);
    if !found {
        eprintln!("skipped: {program} is not installed (apt-get install {program})");
    }
    found
}

/// Where a server is, which may be in a folder that only root's PATH has; said aloud when nowhere.
pub fn server(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: {program} is not installed (apt-get install {program})");
    }
    found
}

/// The path of a script beside this file.
pub fn script(name: &str) -> PathBuf {
    repository().join("tests/clients").join(name)
}

/// How a program ended, and what it said.
#[track_caller]
pub fn output(mut command: Command) -> Output {
    let shown = format!("{command:?}");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|error| panic!("{shown}: {error}"));
    let pid = child.id().to_string();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output()));
    let Ok(ended) = told.recv_timeout(LIMIT) else {
        let _ = Command::new("kill").args(["-KILL", &pid]).status();
        panic!("{shown} did not end within {LIMIT:?}");
    };
    ended.unwrap()
}

#[track_caller]
fn values(command: Command) -> Vec<Value> {
    let shown = format!("{command:?}");
    let output = output(command);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown}\n{stdout}\n{stderr}");
    stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The build's folder, where `.ci/run` puts what it installs.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

/// A file in a sandbox.
pub fn file(sandbox: &Sandbox, name: &str, content: &[u8]) -> PathBuf {
    let path = sandbox.path(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// A path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
