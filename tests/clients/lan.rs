//! A listener that others can reach, in a network of its own: neighbours are served once they were let in, everybody
//! else is refused. It takes root and `ip netns`; where they are not, that is said aloud.

use super::programs::output;
use super::serving::Serving;
use crate::support::client::Peer;
use serde_json::Value;
use std::process::{Command, Stdio};

/// Two network namespaces with a cable between them; dropped, they go.
///
/// ```text
/// PROXY 10.77.0.1/24, 10.78.0.1/24 ── veth ── GUEST 10.77.0.2/24, 10.99.0.9/32, 203.0.113.9/32
/// ```
struct Cable {
    proxy: String,
    guest: String,
}

fn ip(arguments: &[&str]) -> bool {
    let run = Command::new("ip").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

impl Cable {
    fn lay() -> Option<Self> {
        let name = |end: &str| format!("hop{}{end}", std::process::id());
        let cable = Self { proxy: name("p"), guest: name("g") };
        if !ip(&["netns", "add", &cable.proxy]) || !ip(&["netns", "add", &cable.guest]) {
            eprintln!("skipped: network namespaces cannot be made here (root and iproute2 are needed)");
            return None;
        }
        let (near, far) = (name("a"), name("b"));
        assert!(ip(&["link", "add", &near, "type", "veth", "peer", "name", &far]));
        assert!(ip(&["link", "set", &near, "netns", &cable.proxy]));
        assert!(ip(&["link", "set", &far, "netns", &cable.guest]));
        Self::address(&cable.proxy, &near, &["10.77.0.1/24", "10.78.0.1/24"]);
        Self::address(
            &cable.guest,
            &far,
            &["10.77.0.2/24", "10.77.0.3/24", "10.99.0.9/32", "203.0.113.9/32"],
        );
        for there in ["10.99.0.9", "203.0.113.9"] {
            assert!(ip(&["-n", &cable.proxy, "route", "add", there, "dev", &near]));
        }
        assert!(ip(&["-n", &cable.guest, "route", "add", "10.78.0.0/24", "dev", &far]));
        Some(cable)
    }

    fn address(namespace: &str, device: &str, all: &[&str]) {
        for address in all {
            assert!(ip(&["-n", namespace, "address", "add", address, "dev", device]), "{address}");
        }
        assert!(ip(&["-n", namespace, "link", "set", device, "up"]));
        assert!(ip(&["-n", namespace, "link", "set", "lo", "up"]));
    }

    /// The proxy in its namespace, listening where `arguments` say.
    fn serve(&self, arguments: &[&str]) -> Serving {
        self.serve_with(arguments, &[])
    }

    fn serve_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Serving {
        Serving::within(&["ip", "netns", "exec", &self.proxy], arguments, variables)
    }

    /// What a client at this address gets for the proxy's own page: the status and the words.
    fn asks(&self, proxy: &Serving, from: &str) -> (String, String) {
        let mut command = Command::new("ip");
        command.args([
            "netns",
            "exec",
            &self.guest,
            "curl",
            "-q",
            "-sS",
            "--max-time",
            "20",
            "--interface",
            from,
        ]);
        command.args(["-w", "\n%{http_code}", "-x", &proxy.url(), "http://hopscope.internal/proxy.pac"]);
        let ended = output(command);
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').unwrap_or_default();
        (status.to_owned(), body.to_owned())
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.proxy]);
        ip(&["netns", "del", &self.guest]);
    }
}

#[test]
fn a_lan_listener_serves_whom_it_is_to_serve_and_nobody_else() {
    let Some(cable) = Cable::lay() else { return };
    // Without a word only a neighbour is served, and that once it was let in.
    let proxy = cable.serve(&["--listen", "lan:0"]);
    let from = |address: &str| cable.asks(&proxy, address);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| from("10.77.0.2"));
        proxy.aloud(&["10.77.0.2 asks to be served: `hopscope allow 10.77.0.2` lets it in"]);
        assert_eq!(proxy.said(&["allow"]), "10.77.0.2\n");
        proxy.said(&["allow", "10.77.0.2"]);
        assert_eq!(waits.join().unwrap().0, "200");
    });
    assert_eq!((from("10.77.0.2").0.as_str(), proxy.said(&["allow"]).as_str()), ("200", ""));
    for (stranger, why) in [
        ("10.99.0.9", "not in the network that it came to"),
        ("203.0.113.9", "comes from the Internet: give --auth USER:PASS, or --allow-open"),
    ] {
        let (status, says) = from(stranger);
        assert!(status == "403" && says.contains(why), "{status} {says}");
        let row = proxy.row(stranger, |row: &Value| row["client"].as_str().unwrap().starts_with(stranger));
        assert!(row["failure"]["says"].as_str().unwrap().contains(why), "{row}");
    }
    drop(proxy);

    // Nobody lets it in.
    let proxy = cable.serve_with(&["--listen", "lan:0"], &[("HOPSCOPE_LIMITS_CONSENT_TIMEOUT", "100ms")]);
    let (status, says) = cable.asks(&proxy, "10.77.0.2");
    assert!(status == "403" && says.contains("waited to be let in, and nobody did"), "{status} {says}");
    drop(proxy);

    let proxy = cable.serve(&["--listen", "lan:0", "--allow", "10.77.0.2"]);
    let from = |address: &str| cable.asks(&proxy, address).0;
    assert_eq!([from("10.77.0.2"), from("10.77.0.3"), from("203.0.113.9")], ["200", "403", "403"]);
    drop(proxy);

    let proxy = cable.serve(&["--listen", "lan:0", "--allow-open"]);
    proxy.aloud(&["an open proxy: whoever reaches it is served (--allow-open)"]);
    let from = |address: &str| cable.asks(&proxy, address).0;
    assert_eq!([from("10.77.0.2"), from("10.99.0.9"), from("203.0.113.9")], ["200", "200", "200"]);
    drop(proxy);

    let proxy = cable.serve(&["--listen", "lan:0", "--auth", "u:p"]);
    assert_eq!(cable.asks(&proxy, "203.0.113.9").0, "407", "whoever has the password may come from anywhere");
}

#[test]
fn who_is_served_is_said_where_others_can_reach_us() {
    let all = ["--listen", "0.0.0.0:0"];
    for (more, says) in [
        (&[][..], "only neighbours are served, each once you let it in: `hopscope allow ADDRESS`"),
        (&["--allow-open"], "an open proxy: whoever reaches it is served (--allow-open)"),
    ] {
        let proxy = Serving::within(&["env"], &[&all[..], more].concat(), &[]);
        proxy.aloud(&[says]);
        // This machine is served in any case.
        let mut client = Peer::connect(([127, 0, 0, 1], proxy.address().port()).into());
        client.send("GET http://hopscope.internal/proxy.pac HTTP/1.1\r\nHost: hopscope.internal\r\n\r\n");
        assert!(client.read_message().0.starts_with(b"HTTP/1.1 200 "));
    }
}
