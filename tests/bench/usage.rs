//! What a process used so far, as Linux tells it; nothing elsewhere.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn tasks(name: &str) -> Vec<PathBuf> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten().map(|task| task.path());
    tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name)).collect()
}

/// Threads of that name.
pub fn threads(name: &str) -> usize {
    tasks(name).len()
}

/// Processor time of the threads of that name.
pub fn cpu_of(name: &str) -> Duration {
    tasks(name).iter().filter_map(|task| schedstat(task)).sum()
}

/// Processor time of all threads that are there.
pub fn cpu_of_all() -> Duration {
    // In ticks of 10 ms, but with the threads that have ended.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        behind.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn schedstat(task: &Path) -> Option<Duration> {
    let times = fs::read_to_string(task.join("schedstat")).ok()?;
    times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The most memory that was resident.
pub fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

/// Bytes of all files in a folder.
pub fn size(folder: &Path) -> io::Result<u64> {
    fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.metadata())
        .map(|meta| Ok(if let Ok(meta) = meta { meta.len() } else { 0 }))
        .sum()
}
