//! What tests share: processes that see nothing of the person's own settings, proxies and folders.

pub mod authority;
pub mod capture;
pub mod client;
pub mod frames;
pub mod http2;
pub mod origin;
pub mod proxy;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A home folder for one test, gone at its end.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that lives in it: without any `HOPSCOPE_*`, `*_PROXY` or `SSL_CERT_*` or `SSLKEYLOGFILE` of the person who tests,
    /// with HOME and the XDG folders here, in this folder, and with no stdin.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if is_foreign(&name.to_string_lossy().to_ascii_uppercase()) {
                command.env_remove(name);
            }
        }
        for (name, folder) in [
            ("HOME", "home"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_RUNTIME_DIR", "runtime"),
        ] {
            let path = self.path(folder);
            std::fs::create_dir_all(&path).expect("a folder in the sandbox");
            command.env(name, path);
        }
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// The real hopscope.
    pub fn hopscope(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_hopscope"));
        command.args(arguments);
        command
    }

    /// Runs the real hopscope to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.hopscope(arguments).output().expect("hopscope runs"))
    }
}

fn is_foreign(name: &str) -> bool {
    let roots =
        ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS"];
    name.starts_with("HOPSCOPE_")
        || name.ends_with("_PROXY")
        || name.starts_with("SSL_CERT_")
        || name == "SSLKEYLOGFILE"
        || roots.contains(&name)
}

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}
