//! Through other people's proxies: squid, microsocks, and a second hopscope.

use super::ledger::{failure, lines, says};
use super::origins::{ca, ca_file};
use super::programs::{file, installed, output, server, text};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::client::DEADLINE;
use crate::support::origin::Origin;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Another program's proxy; dropping it ends it.
struct Parent {
    child: Child,
    at: SocketAddr,
    _files: Sandbox,
}

impl Parent {
    /// Starts one on a port that was free a moment ago, and on another if that is gone.
    fn start(make: impl Fn(&Sandbox, SocketAddr) -> Command) -> Self {
        let attempt = |_| {
            let files = Sandbox::new();
            let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut command = make(&files, at);
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let mut parent = Self { child, at, _files: files };
            parent.listens().then_some(parent)
        };
        (0..8).find_map(attempt).expect("a parent proxy starts")
    }

    /// It says nothing when it is ready: it can be connected to then.
    fn listens(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < DEADLINE && matches!(self.child.try_wait(), Ok(None)) {
            if TcpStream::connect(self.at).is_ok() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

    /// squid that asks for the user "me" with the password "secret", and lets nobody ask for `forbidden.test`.
    fn squid() -> Option<Self> {
        let program = server("squid")?;
        Some(Self::start(|files, at| {
            let helper =
                "while read -r line; do case $line in 'me secret') echo OK;; *) echo ERR;; esac; done\n";
            let helper = file(files, "helper.sh", helper.as_bytes());
            // Started by root it becomes somebody else, who must be able to read it.
            let folder = helper.parent().unwrap();
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
            let settings = format!(
                "http_port {at}\npid_filename none\naccess_log none\ncache_log stdio:/dev/stderr\ncache deny all\n\
                 coredump_dir /\nvisible_hostname squid.test\nshutdown_lifetime 0\n\
                 auth_param basic program /bin/sh {}\nauth_param basic realm corp\nauth_param basic children 1\n\
                 acl known proxy_auth REQUIRED\nacl bad dstdomain forbidden.test\nhttp_access deny bad\n\
                 http_access allow known\nhttp_access deny all\n",
                helper.display()
            );
            let settings = file(files, "squid.conf", settings.as_bytes());
            let mut command = files.command(&program);
            command.args(["-N", "-f", text(&settings)]);
            command
        }))
    }

    /// microsocks that asks for the same.
    fn microsocks() -> Option<Self> {
        let program = server("microsocks")?;
        Some(Self::start(|files, at| {
            let mut command = files.command(&program);
            command.args(["-i", "127.0.0.1", "-p", &at.port().to_string(), "-u", "me", "-P", "secret"]);
            command
        }))
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A hopscope that goes on through `parent`.
fn behind(parent: &str, roots: Option<&Path>) -> Serving {
    let sandbox = Sandbox::new();
    let own = ca_file(&sandbox);
    let mut all = vec!["--upstream", parent, "--origin-ca", text(&own)];
    if let Some(roots) = roots {
        all.extend(["--origin-ca", text(roots)]);
    }
    Serving::in_sandbox(sandbox, &all)
}

/// What curl gets: the status and the body.
fn curl(proxy: &Serving, url: &str) -> String {
    let mut command = proxy.sandbox.command("curl");
    let ca = proxy.ca();
    command.args(["-q", "-sS", "--max-time", "30", "-x", &proxy.url(), "--cacert", text(&ca)]);
    command.args(["-w", "%{http_code}", url]);
    let ended = output(command);
    String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr)
}

/// An origin in the clear and one in TLS, and the ports of both by a name.
fn origins() -> (Origin, Origin, [String; 2]) {
    let (plain, secure) = (Origin::answering(OK), Origin::secured_answering(Arc::clone(&ca().server), OK));
    let urls = [
        format!("http://127.0.0.1:{}/plain", plain.address().port()),
        format!("https://127.0.0.1:{}/secure", secure.address().port()),
    ];
    (plain, secure, urls)
}

#[test]
fn through_squid_with_credentials() {
    let (true, Some(squid)) = (installed("curl"), Parent::squid()) else { return };
    let proxy = behind(&format!("http://me:secret@{}", squid.at), None);
    let (_plain, _secure, urls) = origins();
    for url in &urls {
        assert_eq!(curl(&proxy, url), "ok200", "{url}");
    }
    let whole = proxy.whole(&proxy.to("/plain"));
    let via = lines(&whole, "response_received");
    assert!(via.iter().any(|line| line.starts_with("Via: ") && line.contains("squid.test")), "{via:?}");
    let sent = lines(&whole, "request_sent");
    assert!(sent.last().unwrap().starts_with("Proxy-Authorization: Basic ***"), "{sent:?}");
    assert!(!whole.to_string().contains("bWU6c2VjcmV0"), "the credentials are in no record");
    assert_eq!(proxy.to("/secure")["status"], 200);

    // What squid tells of the origin, and what it will not do itself.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(curl(&proxy, &format!("https://{nobody}/")).contains("502"));
    let row = proxy.row("the CONNECT", |row| row["method"] == "CONNECT" && row["host"] == nobody.to_string());
    assert_eq!(failure(&row), ["origin", "connect", "unreachable"], "{row}");
    assert!(says(&row).contains("X-Squid-Error: ERR_CONNECT_FAIL"), "{row}");
    assert!(curl(&proxy, &format!("http://{nobody}/gone")).contains("503"));
    let row = proxy.to("/gone");
    assert_eq!(failure(&row), ["origin", "parent", "unreachable"], "{row}");
    assert!(says(&row).contains("not the origin"), "{row}");
    curl(&proxy, "https://forbidden.test/");
    let row = proxy.row("the refused", |row| row["host"] == "forbidden.test:443");
    assert_eq!(failure(&row), ["origin", "parent", "denied"], "{row}");
}

#[test]
fn squid_without_the_right_credentials() {
    let (true, Some(squid)) = (installed("curl"), Parent::squid()) else { return };
    let (_plain, _secure, urls) = origins();
    for (user, words) in [("", "asks for credentials (407)"), ("me:wrong@", "did not take the credentials")] {
        let proxy = behind(&format!("http://{user}{}", squid.at), None);
        let page = curl(&proxy, &urls[0]);
        assert!(page.contains(words) && page.contains("--upstream") && page.ends_with("502"), "{page}");
        assert_eq!(failure(&proxy.to("/plain")), ["origin", "parent", "denied"]);
        curl(&proxy, &urls[1]);
        let row = proxy.row("the CONNECT", |row| row["method"] == "CONNECT");
        assert_eq!(failure(&row), ["origin", "parent", "denied"], "{row}");
        assert!(says(&row).contains("realm=\"corp\""), "{row}");
    }
}

#[test]
fn through_microsocks() {
    let (true, Some(socks)) = (installed("curl"), Parent::microsocks()) else { return };
    let (_plain, _secure, urls) = origins();
    for scheme in ["socks5", "socks5h"] {
        let proxy = behind(&format!("{scheme}://me:secret@{}", socks.at), None);
        for url in &urls {
            assert_eq!(curl(&proxy, url), "ok200", "{url}");
            let url = url.replace("127.0.0.1", "localhost");
            assert_eq!(curl(&proxy, &url), "ok200", "{url}");
        }
    }
    let proxy = behind(&format!("socks5h://me:wrong@{}", socks.at), None);
    assert!(curl(&proxy, &urls[0]).ends_with("502"));
    assert_eq!(failure(&proxy.to("/plain")), ["origin", "parent", "denied"]);
}

#[test]
fn a_hopscope_behind_a_hopscope_draws_the_path() {
    if !installed("curl") {
        return;
    }
    let sandbox = Sandbox::new();
    let roots = ca_file(&sandbox);
    let inner = Serving::in_sandbox(sandbox, &["--pseudonym", "inner", "--origin-ca", text(&roots)]);
    let (plain, secure, urls) = origins();
    // In the clear, and in the TLS that the inner one speaks at its own door.
    for scheme in ["http", "https"] {
        let proxy = behind(&format!("{scheme}://{}", inner.address()), Some(&inner.ca()));
        for url in &urls {
            assert_eq!(curl(&proxy, url), "ok200", "{scheme} {url}");
        }
        let whole = proxy.whole(&proxy.to("/secure"));
        let sent: Vec<_> = lines(&whole, "response_sent");
        let via: Vec<_> = sent.iter().filter(|line| line.starts_with("Via: ")).collect();
        assert_eq!(via, ["Via: 1.1 inner", "Via: 1.1 hopscope"]);
        let drawn = proxy.part(&proxy.to("/secure"), "hops");
        assert!(drawn.starts_with("request: client > hopscope > inner > origin\n"), "{drawn}");
        assert!(drawn.contains("\nresponse: origin > inner > hopscope > client\n"), "{drawn}");
    }
    for origin in [&plain, &secure] {
        let seen = String::from_utf8(origin.received(0)).unwrap();
        assert!(seen.contains("\r\nVia: 1.1 hopscope\r\nVia: 1.1 inner\r\n"), "{seen}");
    }
}

#[test]
fn run_goes_on_through_the_proxy_that_was_set() {
    let (true, Some(socks)) = (installed("curl"), Parent::microsocks()) else { return };
    let (plain, _secure, urls) = origins();
    let sandbox = Sandbox::new();
    for (arguments, says) in
        [(&["run"][..], "is now hopscope's parent proxy"), (&["run", "--upstream", "direct"], "is replaced")]
    {
        let command: Vec<_> = arguments.iter().copied().chain(["--", "curl", "-sS", &urls[0]]).collect();
        let mut command = sandbox.hopscope(&command);
        command.env("ALL_PROXY", format!("socks5h://me:secret@{}", socks.at));
        let ended = output(command);
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.stdout, b"ok", "{stderr}");
        assert!(stderr.contains(says) && !stderr.contains("secret"), "{stderr}");
    }
    assert_eq!(plain.connections(), 2);
}
