//! Processes and their sockets as Linux shows them in /proc. Elsewhere everything here is empty.
//!
//! Processes come and go while this is read: whatever cannot be read is left out.

use std::fs;
use std::path::Path;

/// Numbers of all processes.
pub(super) fn processes(proc: &Path) -> Vec<u32> {
    names(proc).filter_map(|name| name.parse().ok()).collect()
}

/// Inodes of the sockets that a process has open.
pub(super) fn inodes(proc: &Path, pid: u32) -> Vec<u64> {
    let folder = proc.join(pid.to_string()).join("fd");
    names(&folder).filter_map(|fd| socket_inode(&fs::read_link(folder.join(fd)).ok()?)).collect()
}

/// Name of a process (15 bytes at most); empty when it is gone.
pub(super) fn name(proc: &Path, pid: u32) -> String {
    let path = proc.join(pid.to_string()).join("comm");
    fs::read_to_string(path).map(|name| name.trim_end().to_owned()).unwrap_or_default()
}

/// Arguments of a process.
pub(super) fn arguments(proc: &Path, pid: u32) -> Vec<String> {
    let bytes = fs::read(proc.join(pid.to_string()).join("cmdline")).unwrap_or_default();
    bytes
        .split(|byte| *byte == 0)
        .filter(|argument| !argument.is_empty())
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

/// Processes that a process started and that still live.
pub(super) fn children(proc: &Path, pid: u32) -> Vec<u32> {
    let tasks = proc.join(pid.to_string()).join("task");
    names(&tasks)
        .filter_map(|task| fs::read_to_string(tasks.join(task).join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Field 22 of /proc/PID/stat: tells two processes apart that got the same number.
pub(super) fn started(proc: &Path, pid: u32) -> Option<u64> {
    let text = fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    // The name in parentheses may hold spaces and parentheses of its own.
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
}

fn socket_inode(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}
