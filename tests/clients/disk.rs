//! A disk without room, under traffic: the traffic goes on, it is said, and recording goes on when there is room
//! again. The room is what the system lets one file have (`RLIMIT_FSIZE`), so that it takes no disk of its own.

use super::programs::{installed, output, text};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::client::{DEADLINE, Peer};
use crate::support::origin::Origin;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A shell that lets no file grow beyond 2 MiB (4096 blocks), and becomes what it is given.
const SMALL: [&str; 4] = ["sh", "-c", "trap '' XFSZ; ulimit -S -f 4096; exec \"$@\"", "sh"];

/// So many exchanges with answers that lie in the capture's database.
fn traffic(proxy: &Serving, origin: &Origin, count: usize) {
    let mut client = Peer::connect(proxy.address());
    for number in 0..count {
        client.send(format!("GET http://{}/{number} HTTP/1.1\r\nHost: a\r\n\r\n", origin.address()));
        let (head, body) = client.read_message();
        assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n") && body.len() == 30_000, "exchange {number}");
    }
}

#[test]
fn traffic_goes_on_and_recording_resumes_when_there_is_room() {
    if !Command::new("prlimit").arg("--version").output().is_ok_and(|ended| ended.status.success()) {
        eprintln!("skipped: prlimit is not installed (apt-get install util-linux)");
        return;
    }
    let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n".to_vec(), vec![b'x'; 30_000]].concat();
    let origin = Origin::start(move |peer, _| {
        while !peer.read_up_to(1).is_empty() {
            peer.read_head();
            peer.send(&answer);
        }
    });
    let proxy = Serving::within(&SMALL, &["--listen", "127.0.0.1:0"], &[]);
    traffic(&proxy, &origin, 200);
    proxy.aloud(&["nothing can be recorded now (", "the traffic goes on"]);
    traffic(&proxy, &origin, 20);
    let room = output({
        let mut command = Command::new("prlimit");
        command.args(["--pid", &proxy.pid().to_string(), "--fsize=unlimited"]);
        command
    });
    assert!(room.status.success(), "{}", String::from_utf8_lossy(&room.stderr));
    traffic(&proxy, &origin, 20);
    proxy.aloud(&["recording again"]);
    // What waited in memory is written with the rest: 240 exchanges of 30 kB fit there.
    let began = Instant::now();
    let kept = || {
        let all = proxy.said(&["ls", "--limit", "1000", "--json"]);
        let whole = all.lines().filter(|line| !line.contains("\"truncated\"")).count();
        (all.lines().count(), whole)
    };
    while kept() != (240, 240) {
        assert!(began.elapsed() < DEADLINE, "{:?}", kept());
    }
}

/// A disk that takes its time, and a stop meanwhile.
#[test]
#[cfg(target_os = "linux")]
fn a_stop_does_not_wait_for_a_slow_disk_for_ever() {
    if !installed("strace") {
        return;
    }
    let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n".to_vec(), vec![b'x'; 30_000]].concat();
    let origin = Origin::start(move |peer, _| {
        while !peer.read_up_to(1).is_empty() {
            peer.read_head();
            peer.send(&answer);
        }
    });
    let proxy = Serving::with(Sandbox::new(), &[], &[("HOPSCOPE_CAPTURE_CLOSE_TIMEOUT", "1s")]);
    let (pid, log) = (proxy.pid().to_string(), proxy.sandbox.path("strace.log"));
    let mut strace = proxy.sandbox.command("strace");
    // 400 ms for each page.
    strace.args(["-f", "-p", &pid, "-o", text(&log), "-e", "trace=pwrite64,fdatasync"]);
    strace.args(["-e", "inject=pwrite64,fdatasync:delay_exit=400000"]);
    let Some(mut slow) = attached(strace) else { return };
    let began = Instant::now();
    traffic(&proxy, &origin, 50);
    assert!(began.elapsed() < DEADLINE, "the traffic waited for the disk");
    let heard = proxy.words();
    assert_eq!(proxy.stop(), Some(0));
    let said = heard();
    assert!(said.contains("gave up writing to the capture ") && said.contains("after 1 s"), "{said}");
    assert!(
        said.contains("not kept, for want of room or time on the disk: ") && said.contains(" records"),
        "{said}"
    );
    slow.wait().unwrap();
}

/// The same once it holds the process; nothing where it may not.
fn attached(mut strace: Command) -> Option<Child> {
    let mut child = strace.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    if said.contains(" attached") {
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        return Some(child);
    }
    eprintln!("skipped: strace may not look at processes here ({})", said.trim_end());
    child.wait().unwrap();
    None
}
