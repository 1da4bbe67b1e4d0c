//! Why a program most likely did not use the proxy: a table by its name and its arguments.

use crate::connection::sockets::is_loopback;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;

/// Ports of protocols that are not HTTP: nothing is missing there.
const OTHER_PROTOCOLS: &[(u16, &str)] = &[
    (22, "SSH, not HTTP"),
    (53, "DNS, not HTTP"),
    (853, "DNS over TLS, not HTTP"),
    (3306, "MySQL, not HTTP"),
    (5432, "PostgreSQL, not HTTP"),
    (6379, "Redis, not HTTP"),
    (27017, "MongoDB, not HTTP"),
];

/// By the beginning of a program's name.
const BY_NAME: &[(&str, &str)] = &[
    (
        "python",
        "python http.client ignores proxy variables: use set_tunnel (requests, httpx and urllib read them unless \
         told otherwise: trust_env, proxies={})",
    ),
    ("pypy", "python http.client ignores proxy variables: use set_tunnel"),
    ("node", "node 20 ignores HTTPS_PROXY: 22.21 or newer, or undici's ProxyAgent"),
    ("deno", "deno reads HTTP_PROXY for fetch only, not for raw connections"),
    ("bun", "bun reads HTTP_PROXY for fetch only, not for raw connections"),
    (
        "java",
        "a Java client that does not use java.net ignores the proxy options: give it a proxy of its own",
    ),
    ("ruby", "a Ruby socket or a Net::HTTP made with a nil proxy ignores proxy variables"),
    ("php", "PHP streams ignore proxy variables: its curl extension reads them"),
    ("perl", "LWP reads proxy variables only after env_proxy"),
    ("wget", "wget was told so (--no-proxy or use_proxy=off in .wgetrc)"),
    ("ssh", "SSH, not HTTP"),
    ("psql", "PostgreSQL, not HTTP"),
    ("chrom", "Chromium never proxies localhost: --proxy-bypass-list=<-loopback>"),
    ("firefox", "Firefox has its own proxy setting and never proxies localhost by itself"),
];

/// A program as the causes judge it.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    /// Whether it is a Go program, as its build information tells.
    pub(super) is_go: bool,
}

/// The likely cause in words.
pub(super) fn likely(program: &Program, remote: SocketAddr) -> String {
    let name = program.name.as_str();
    if let Some((_, says)) = OTHER_PROTOCOLS.iter().find(|(port, _)| *port == remote.port()) {
        return (*says).to_owned();
    }
    if name.starts_with("curl") {
        return curl(&program.arguments);
    }
    if let Some(says) = by_name(name) {
        return says.to_owned();
    }
    match (program.is_go, is_loopback(remote.ip())) {
        (true, true) => "Go never proxies localhost: use the machine's name or address".to_owned(),
        (true, false) => {
            "a Go client whose Transport has no Proxy: http.ProxyFromEnvironment ignores proxy variables"
                .to_owned()
        }
        (false, true) => format!("{name} may never proxy localhost, or ignore proxy variables"),
        (false, false) => format!("{name} seems to ignore proxy variables: give it the proxy itself"),
    }
}

/// What programs of this name are known for.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    BY_NAME.iter().find(|(known, _)| name.starts_with(known)).map(|(_, says)| *says)
}

/// curl reads the variables; what it is told on the command line comes first.
fn curl(arguments: &[String]) -> String {
    let told = |names: &[&str]| {
        arguments.iter().find(|argument| {
            names.iter().any(|name| *argument == name || argument.starts_with(&format!("{name}=")))
        })
    };
    match told(&["--noproxy", "-x", "--proxy", "--socks5", "--socks5-hostname", "--preproxy"]) {
        Some(argument) => format!("curl was told so: {argument}"),
        None => "curl was told so, most likely in ~/.curlrc (-q ignores it)".to_owned(),
    }
}

/// Whether a file is a Go program: the mark of its build information (debug/buildinfo).
pub(super) fn is_go(exe: &Path) -> bool {
    const MARK: &[u8] = b"\xff Go buildinf:";
    // The linker puts it near the start of the data segment; large programs are not searched to the end.
    const FAR_ENOUGH: u64 = 64 << 20;
    let Ok(file) = std::fs::File::open(exe) else { return false };
    let mut file = file.take(FAR_ENOUGH);
    let mut window = Vec::with_capacity(2 << 20);
    loop {
        let kept = window.len().min(MARK.len());
        window.drain(..window.len() - kept);
        match file.by_ref().take(1 << 20).read_to_end(&mut window) {
            Ok(0) | Err(_) => return false,
            Ok(_) if memchr::memmem::find(&window, MARK).is_some() => return true,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str, arguments: &[&str], is_go: bool) -> Program {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Program { name: name.to_owned(), arguments, is_go }
    }

    #[test]
    fn likely_causes() {
        let far = "192.0.2.1:443".parse().unwrap();
        let near = "127.0.0.1:8000".parse().unwrap();
        let cases = [
            (
                program("python3", &[], false),
                far,
                "python http.client ignores proxy variables: use set_tunnel",
            ),
            (program("node", &[], false), far, "node 20 ignores HTTPS_PROXY: 22.21 or newer"),
            (program("curl", &["curl", "--noproxy", "*"], false), far, "curl was told so: --noproxy"),
            (program("curl", &["curl"], false), far, "curl was told so, most likely in ~/.curlrc"),
            (program("terraform", &[], true), near, "Go never proxies localhost"),
            (program("tool", &[], false), far, "tool seems to ignore proxy variables"),
            (program("python3", &[], false), "192.0.2.1:5432".parse().unwrap(), "PostgreSQL, not HTTP"),
        ];
        for (program, remote, expected) in cases {
            let said = likely(&program, remote);
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn go_programs_are_known_by_their_mark() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("exe");
        let mut bytes = vec![b'x'; (1 << 20) - 5];
        std::fs::write(&path, &bytes).unwrap();
        assert!(!is_go(&path));
        bytes.extend_from_slice(b"\xff Go buildinf:\x08\x02");
        std::fs::write(&path, &bytes).unwrap();
        assert!(is_go(&path));
    }
}
