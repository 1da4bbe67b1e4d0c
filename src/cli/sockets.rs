//! TCP sockets and processes as Linux shows them in /proc. Elsewhere everything here is empty.
//!
//! Processes come and go while this is read: whatever cannot be read is left out.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// States of `/proc/net/tcp` (`include/net/tcp_states.h`).
pub(super) const LISTEN: u8 = 0x0A;
/// FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, LAST-ACK, CLOSING: a connection that is ending or has ended.
pub(super) const CLOSING: [u8; 5] = [0x04, 0x05, 0x06, 0x09, 0x0B];

/// One TCP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) state: u8,
    /// 0 when no process has it any more.
    pub(super) inode: u64,
}

/// All TCP sockets of the network namespace.
pub(super) fn table(proc: &Path) -> Vec<Socket> {
    ["net/tcp", "net/tcp6"]
        .iter()
        .filter_map(|name| fs::read_to_string(proc.join(name)).ok())
        .flat_map(|text| text.lines().skip(1).filter_map(parse_row).collect::<Vec<_>>())
        .collect()
}

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

fn parse_row(line: &str) -> Option<Socket> {
    let mut words = line.split_whitespace().skip(1);
    let local = parse_address(words.next()?)?;
    let remote = parse_address(words.next()?)?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    let inode = words.nth(5)?.parse().ok()?;
    Some(Socket { local, remote, state, inode })
}

/// `0100007F:1F90`: words of the address in the machine's own byte order, then the port.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words: Vec<u32> = address
        .as_bytes()
        .chunks(8)
        .map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok())
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(unmapped(ip), u16::from_str_radix(port, 16).ok()?))
}

/// `::ffff:127.0.0.1` is 127.0.0.1, and `::ffff:0.0.0.0` is any.
fn unmapped(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), |v4: Ipv4Addr| IpAddr::V4(v4)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Whether an address is this machine's own.
pub(super) fn is_loopback(ip: IpAddr) -> bool {
    match unmapped(ip) {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn rows_of_proc_net_tcp() {
        let row = parse_row(
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0",
        );
        let row = row.unwrap();
        assert_eq!(row.local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!((row.state, row.inode), (LISTEN, 4242));
        let v6 = parse_address("00000000000000000000000001000000:0050").unwrap();
        assert_eq!(v6, "[::1]:80".parse().unwrap());
        let mapped = parse_address("0000000000000000FFFF00000100007F:0050").unwrap();
        assert_eq!(mapped, "127.0.0.1:80".parse().unwrap());
    }

    #[test]
    fn nonsense_is_left_out() {
        for text in ["", "sl local", "0: x:y z:w 0A", "0: 01:1 02:2 0A"] {
            assert_eq!(parse_row(text), None);
        }
        assert_eq!(table(Path::new("/nowhere")), []);
    }
}
