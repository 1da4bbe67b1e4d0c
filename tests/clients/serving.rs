//! A `hopscope serve --json` as a process of its own: its rows as they are printed, and what other
//! processes read from its capture.

use super::origins::ca_file;
use super::programs::{output, text};
use crate::support::client::DEADLINE;
use crate::support::{Ran, Sandbox};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// A running proxy with a home of its own; dropping it ends it.
pub struct Serving {
    pub sandbox: Sandbox,
    child: Child,
    address: SocketAddr,
    rows: Arc<Rows>,
    aloud: Arc<Aloud>,
}

/// What it said on stderr so far.
#[derive(Default)]
struct Aloud {
    said: Mutex<String>,
    more: Condvar,
    over: AtomicBool,
}

/// The rows that were printed so far.
#[derive(Default)]
struct Rows {
    all: Mutex<(Vec<Value>, bool)>,
    changed: Condvar,
}

impl Serving {
    /// Starts it on a free port and waits until it says which.
    pub fn start(arguments: &[&str]) -> Self {
        Self::in_sandbox(Sandbox::new(), arguments)
    }

    /// The same, and it trusts the origins of these tests.
    pub fn trusting() -> Self {
        let sandbox = Sandbox::new();
        let roots = ca_file(&sandbox);
        Self::in_sandbox(sandbox, &["--origin-ca", text(&roots)])
    }

    /// In a home that the caller has prepared.
    pub fn in_sandbox(sandbox: Sandbox, arguments: &[&str]) -> Self {
        Self::with(sandbox, arguments, &[])
    }

    /// The same with variables set.
    pub fn with(sandbox: Sandbox, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let all: Vec<_> =
            ["serve", "--listen", "127.0.0.1:0", "--json"].iter().chain(arguments).copied().collect();
        let mut command = sandbox.hopscope(&all);
        command.envs(variables.iter().copied());
        Self::launch(command, sandbox)
    }

    /// Started by another program, which becomes it, listening where the arguments say.
    pub fn within(program: &[&str], arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        let mut command = sandbox.command(program[0]);
        command.args(&program[1..]).args([env!("CARGO_BIN_EXE_hopscope"), "serve", "--json"]).args(arguments);
        command.envs(variables.iter().copied());
        Self::launch(command, sandbox)
    }

    fn launch(mut command: Command, sandbox: Sandbox) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").and_then(|text| text.parse().ok());
        let address = address.unwrap_or_else(|| panic!("hopscope serve said {line:?}"));
        let aloud = Arc::new(Aloud::default());
        let heard = Arc::clone(&aloud);
        thread::spawn(move || heard.fill(stderr));
        let rows = Arc::new(Rows::default());
        let (kept, stdout) = (Arc::clone(&rows), BufReader::new(child.stdout.take().unwrap()));
        thread::spawn(move || kept.fill(stdout));
        Self { sandbox, child, address, rows, aloud }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it has said all of these words on stderr.
    #[track_caller]
    pub fn aloud(&self, words: &[&str]) {
        let said = self.aloud.said.lock().unwrap_or_else(PoisonError::into_inner);
        let lacks = |said: &mut String| words.iter().any(|words| !said.contains(words));
        let waited = self.aloud.more.wait_timeout_while(said, DEADLINE, lacks);
        let (said, late) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!late.timed_out(), "it did not say {words:?}, but {said}");
    }

    /// All that it will have said on stderr, to be asked for once it was stopped.
    pub fn words(&self) -> impl FnOnce() -> String + use<> {
        let aloud = Arc::clone(&self.aloud);
        move || {
            let said = aloud.said.lock().unwrap_or_else(PoisonError::into_inner);
            let goes_on = |_: &mut String| !aloud.over.load(SeqCst);
            let waited = aloud.more.wait_timeout_while(said, DEADLINE, goes_on);
            waited.unwrap_or_else(PoisonError::into_inner).0.clone()
        }
    }

    /// The file of its authority's certificate.
    pub fn ca(&self) -> PathBuf {
        PathBuf::from(self.said(&["ca", "path"]).trim_end())
    }

    /// The first row that matches, once it is printed: finished rows are.
    #[track_caller]
    pub fn row(&self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        self.rows(what, 1, matches).remove(0)
    }

    /// All rows that match, in the order of their numbers, once there are so many.
    #[track_caller]
    pub fn rows(&self, what: &str, count: usize, matches: impl Fn(&Value) -> bool) -> Vec<Value> {
        let all = self.rows.all.lock().unwrap_or_else(PoisonError::into_inner);
        let few = |(rows, over): &mut (Vec<Value>, bool)| {
            !*over && rows.iter().filter(|row| matches(row)).count() < count
        };
        let (all, _) =
            self.rows.changed.wait_timeout_while(all, DEADLINE, few).unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<_> = all.0.iter().filter(|row| matches(row)).cloned().collect();
        let shown =
            || all.0.iter().map(|row| format!("{} {}", row["method"], row["url"])).collect::<Vec<_>>();
        assert!(found.len() >= count, "{count} rows of {what} did not come; there are {:#?}", shown());
        found.sort_by_key(|row| row["id"].as_u64());
        found
    }

    /// The row whose URL ends so and that is no CONNECT.
    #[track_caller]
    pub fn to(&self, end: &str) -> Value {
        self.row(end, |row| row["method"] != "CONNECT" && row["url"].as_str().unwrap().ends_with(end))
    }

    /// `hopscope show ID --json`, from a second process.
    #[track_caller]
    pub fn whole(&self, row: &Value) -> Value {
        serde_json::from_str(&self.said(&["show", &id(row), "--json"])).unwrap()
    }

    /// `hopscope show ID --part PART`.
    #[track_caller]
    pub fn part(&self, row: &Value, part: &str) -> String {
        self.said(&["show", &id(row), "--part", part])
    }

    /// The exact bytes of a head or a body: `request-received`, `response` and their like.
    #[track_caller]
    pub fn bytes(&self, row: &Value, message: &str) -> Vec<u8> {
        let part = if message.contains('-') { "raw" } else { "body" };
        let words = ["show", &id(row), "--part", part, "--message", message];
        let output = output(self.sandbox.hopscope(&words));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Runs another hopscope in the same home, which must succeed; its stdout.
    #[track_caller]
    pub fn said(&self, arguments: &[&str]) -> String {
        let Ran { code, stdout, stderr } = output(self.sandbox.hopscope(arguments)).into();
        assert_eq!(code, Some(0), "hopscope {arguments:?}: {stderr}");
        stdout
    }

    /// Stops it in order; the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let all = self.rows.all.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = self.rows.changed.wait_timeout_while(all, DEADLINE, |(_, over)| !*over);
        assert!(!ended.unwrap_or_else(PoisonError::into_inner).1.timed_out(), "it does not stop");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Aloud {
    fn fill(&self, lines: impl BufRead) {
        for line in lines.lines().map_while(Result::ok) {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.push_str(&line);
            said.push('\n');
            drop(said);
            self.more.notify_all();
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        self.over.store(true, SeqCst);
        drop(said);
        self.more.notify_all();
    }
}

impl Rows {
    fn fill(&self, lines: impl BufRead) {
        let parsed = lines.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line));
        for row in parsed {
            self.all.lock().unwrap_or_else(PoisonError::into_inner).0.push(row.unwrap());
            self.changed.notify_all();
        }
        self.all.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.changed.notify_all();
    }
}

fn id(row: &Value) -> String {
    row["id"].to_string()
}
