//! What passed while CMD ran, counted as it happens, and the words about it at the end.

use super::super::format::counted;
use super::around::Findings;
use crate::exchange::{ExchangeId, Flags, State, Summary};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Hosts that are told apart; more are counted together.
const HOSTS: usize = 10_000;
/// Hosts, failures and connections that are named.
const NAMED: usize = 8;

/// Counters shared with whoever records.
#[derive(Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    exchanges: u64,
    tunnels: u64,
    failed: u64,
    hosts: HashMap<String, u64>,
    failures: Vec<(ExchangeId, String)>,
}

impl Tally {
    /// Counts the rows that are over. A CONNECT whose TLS was opened is not counted: its exchanges are.
    pub(super) fn count(&self, rows: &[Summary]) {
        let mut counts = self.lock();
        for row in rows.iter().filter(|row| row.state != State::Open) {
            counts.add(row);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The words at the end. `left_alone` are hosts whose clients refused our certificate again and again; `named`
    /// says that the capture was asked for by its path.
    pub(super) fn summary(
        &self,
        around: &Findings,
        left_alone: &[String],
        capture: Option<&Path>,
        named: bool,
    ) -> Vec<String> {
        let counts = self.lock();
        let mut lines = vec![counts.first_line()];
        lines.extend(counts.busiest());
        lines.extend(counts.failures.iter().map(|(id, says)| format!("  failed  #{}: {says}", id.0)));
        lines.extend(unseen(left_alone));
        lines.extend(went_round(around));
        if counts.exchanges == 0 && counts.failed == 0 {
            lines.extend(nothing(around));
        }
        if let Some(path) = capture.filter(|_| counts.exchanges > 0) {
            let which = if named { path.display().to_string() } else { "last".to_owned() };
            let id = counts.failures.first().map_or_else(|| "ID".to_owned(), |(id, _)| id.0.to_string());
            lines.push(format!("look: hopscope ls -c {which} · hopscope show {id} -c {which}"));
        }
        lines
    }
}

impl Counts {
    fn add(&mut self, row: &Summary) {
        if let Some(failure) = &row.failure {
            self.failed += 1;
            if self.failures.len() < NAMED {
                self.failures.push((row.id, format!("{} {}: {}", row.method, row.url(), failure.says)));
            }
        }
        if row.flags.has(Flags::INTERCEPTED) {
            return;
        }
        self.exchanges += 1;
        self.tunnels += u64::from(row.flags.has(Flags::TUNNEL));
        if self.hosts.len() < HOSTS || self.hosts.contains_key(&row.host) {
            *self.hosts.entry(row.host.clone()).or_default() += 1;
        }
    }

    fn first_line(&self) -> String {
        let tunnels =
            if self.tunnels > 0 { format!(" ({} relayed unread)", self.tunnels) } else { String::new() };
        format!(
            "hopscope: {}{tunnels}, {}, {} failed",
            counted(self.exchanges, "exchange"),
            counted(self.hosts.len() as u64, "host"),
            self.failed
        )
    }

    fn busiest(&self) -> Vec<String> {
        let mut hosts: Vec<_> = self.hosts.iter().collect();
        hosts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let more = hosts.len().saturating_sub(NAMED);
        let mut lines: Vec<_> =
            hosts.iter().take(NAMED).map(|(host, count)| format!("  {count:>6}  {host}")).collect();
        if more > 0 {
            lines.push(format!("          and {}", counted(more as u64, "more host")));
        }
        lines
    }
}

/// Zero exchanges is always explained.
fn nothing(around: &Findings) -> Vec<String> {
    let why = match (around.sure.is_empty(), around.unsure.is_empty(), around.looked) {
        (false, _, _) => "every connection that was seen went round the proxy",
        (true, false, _) => {
            "connections too short to see whose they were went elsewhere meanwhile, perhaps its own"
        }
        (true, true, true) => {
            "no connection of the command was seen: it made no request, or none over TCP (HTTP/3, a Unix socket), \
             or had another process make it"
        }
        (true, true, false) => {
            "the command made no request or ignored the proxy variables (on this system connections cannot be watched)"
        }
    };
    let mut lines = vec![format!("nothing came through the proxy: {why}")];
    if around.sure.is_empty() {
        lines.extend(around.unsure.iter().take(NAMED).map(|(end, cause)| format!("  -> {end}: {cause}")));
        lines.extend(
            around.hint.filter(|_| around.unsure.is_empty()).map(|hint| format!("  if it did: {hint}")),
        );
    }
    lines
}

/// What was relayed unread, though it was to be seen.
fn unseen(left_alone: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    if !left_alone.is_empty() {
        let hosts = counted(left_alone.len() as u64, "host");
        lines.push(format!("learned to leave alone: {hosts}, relayed unread (intercept.learn)"));
    }
    lines.extend(left_alone.iter().take(NAMED).map(|line| format!("  {line}")));
    if left_alone.len() > NAMED {
        lines.push(format!("  and {} more", left_alone.len() - NAMED));
    }
    lines
}

fn went_round(around: &Findings) -> Vec<String> {
    let mut lines = Vec::new();
    if !around.sure.is_empty() {
        let total: usize = around.sure.iter().map(|one| one.count).sum();
        lines.push(format!("went round the proxy: {}", counted(total as u64, "connection")));
    }
    for one in around.sure.iter().take(NAMED) {
        let times = if one.count > 1 { format!(" ({} times)", one.count) } else { String::new() };
        lines.push(format!("  {} (pid {}) -> {}{times}: {}", one.process, one.pid, one.remote, one.cause));
    }
    if around.sure.len() > NAMED {
        lines.push(format!("  and {} to other places", around.sure.len() - NAMED));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{failed, plain};
    use super::super::around::Around;
    use super::*;

    #[test]
    fn a_summary() {
        let tally = Tally::default();
        let open = Summary { state: State::Open, ..plain() };
        let connect = Summary { flags: Flags::INTERCEPTED, ..plain() };
        tally.count(&[open, connect, plain(), plain(), failed()]);
        let around = Findings {
            sure: vec![Around {
                process: "python3".into(),
                pid: 7,
                remote: "127.0.0.1:8000".parse().unwrap(),
                count: 2,
                cause: "why".into(),
            }],
            hint: None,
            unsure: vec![("127.0.0.1:9".parse().unwrap(), "why".into())],
            looked: true,
        };
        insta::assert_snapshot!(tally.summary(&around, &["pinned.test  why".to_owned()], Some(Path::new("/c")), false).join("\n"), @r"
        hopscope: 3 exchanges, 2 hosts, 1 failed
               2  shop.test
               1  down.test
          failed  #19: POST http://down.test/: 127.0.0.1:9 refused the connection
        learned to leave alone: 1 host, relayed unread (intercept.learn)
          pinned.test  why
        went round the proxy: 2 connections
          python3 (pid 7) -> 127.0.0.1:8000 (2 times): why
        look: hopscope ls -c last · hopscope show 19 -c last
        ");
    }

    #[test]
    fn zero_exchanges_are_explained() {
        let explained = |findings| Tally::default().summary(&findings, &[], None, false).join("\n");
        assert!(explained(Findings::default()).contains("cannot be watched"));
        let looked = Findings { looked: true, ..Findings::default() };
        assert!(explained(looked.clone()).contains("no connection of the command was seen"));
        let unsure = vec![("127.0.0.1:9".parse().unwrap(), "why".to_owned())];
        assert!(explained(Findings { unsure, ..looked }).contains("  -> 127.0.0.1:9: why"));
    }
}
