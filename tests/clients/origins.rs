//! Origin servers that people use: nginx and httpbin, plain and in TLS under a CA of the tests.

use super::programs::{LIMIT, Python, file, output};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::authority::TestCa;
use rustls::ServerConfig;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};
use std::{fs, thread};
use tempfile::TempDir;

/// The CA that signs for all of them, without its folder: what lives as long as the process is never cleared away.
pub struct Signer {
    pem: String,
    /// A certificate for localhost and 127.0.0.1, and its key.
    files: (String, String),
    /// A server that shows a certificate of this CA for whatever name it is asked.
    pub server: Arc<ServerConfig>,
}

/// It.
pub fn ca() -> &'static Signer {
    static CA: OnceLock<Signer> = OnceLock::new();
    CA.get_or_init(|| {
        let ca = TestCa::new();
        let files = ca.server_files(&["localhost", "127.0.0.1"]);
        Signer { pem: ca.pem().to_owned(), files, server: ca.server() }
    })
}

/// Its certificate as a file of a sandbox, as `--origin-ca` takes it.
pub fn ca_file(sandbox: &Sandbox) -> PathBuf {
    file(sandbox, "origins.pem", ca().pem.as_bytes())
}

/// httpbin, once for all tests of this process; it ends with the process.
pub struct HttpBin {
    /// `http://127.0.0.1:PORT`
    pub plain: String,
    /// `https://localhost:PORT`
    pub secure: String,
}

/// httpbin; `None`, said aloud, where it is not installed.
pub fn httpbin() -> Option<&'static HttpBin> {
    static RUNNING: OnceLock<Option<HttpBin>> = OnceLock::new();
    RUNNING.get_or_init(|| Some(start_httpbin(&Python::with("httpbin")?))).as_ref()
}

fn start_httpbin(python: &Python) -> HttpBin {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate_files(&folder);
    // Its stdin stays open for as long as this process lives, and it ends when that closes.
    let mut child = python
        .script(&Sandbox::new(), "httpbin_origin.py")
        .args([certificate, key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ports: Value = serde_json::from_str(&line).expect("httpbin starts");
    std::mem::forget(child);
    HttpBin {
        plain: format!("http://127.0.0.1:{}", ports["plain"]),
        secure: format!("https://localhost:{}", ports["secure"]),
    }
}

/// An nginx with files of its own; dropping it ends it.
pub struct Nginx {
    folder: TempDir,
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub plain: String,
    /// `https://localhost:PORT`
    pub secure: String,
    /// `https://localhost:PORT`, where it speaks HTTP/2 as well.
    pub http2: String,
}

impl Nginx {
    /// Starts it; `None`, said aloud, where it is not installed.
    pub fn start() -> Option<Self> {
        let Some(program) = find_nginx() else {
            eprintln!("skipped: nginx is not installed (apt-get install nginx-light)");
            return None;
        };
        // nginx cannot say which port it took, so it is given one that is free now, and another if that is gone.
        (0..8).find_map(|_| Self::on_free_ports(&program)).or_else(|| panic!("nginx found no port"))
    }

    /// The body of `/large`.
    pub fn large(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("root/large")).unwrap()
    }

    /// What was uploaded to `/upload/NAME`.
    pub fn uploaded(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join("root/upload").join(name)).unwrap()
    }

    fn on_free_ports(program: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let [plain, secure, http2] = free_ports();
        let (certificate, key) = certificate_files(&folder);
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("upload")).unwrap();
        let large: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        fs::write(root.join("large"), large).unwrap();
        fs::write(root.join("small.txt"), "0123456789").unwrap();
        let settings = format!(include_str!("nginx.conf.in"), path = folder.path().display());
        let settings = settings
            .replace("PLAIN", &plain.to_string())
            .replace("SECURE", &secure.to_string())
            .replace("HTTP2", &http2.to_string())
            .replace("CERTIFICATE", &certificate)
            .replace("KEY", &key);
        let file = folder.path().join("nginx.conf");
        fs::write(&file, settings).unwrap();
        let mut child = Sandbox::new()
            .command(program)
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .current_dir("/")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        // It says this once its sockets listen.
        let listens = said.by_ref().lines().map_while(Result::ok).inspect(|line| {
            assert!(!line.contains("[emerg]") || line.contains("already in use"), "nginx: {line}");
        });
        if !{ listens }.any(|line| line.contains("getrlimit(RLIMIT_NOFILE)")) {
            let _ = child.wait();
            return None;
        }
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let (plain, [secure, http2]) = (
            format!("http://127.0.0.1:{plain}"),
            [secure, http2].map(|port| format!("https://localhost:{port}")),
        );
        Some(Self { folder, child, plain, secure, http2 })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// hypercorn with the application of `asgi_origin.py`; dropping it ends it.
pub struct Asgi {
    _files: Sandbox,
    child: Child,
    reports: Receiver<String>,
    /// `https://localhost:PORT`
    pub secure: String,
}

impl Asgi {
    /// Starts it.
    pub fn start(python: &Python) -> Self {
        let sandbox = Sandbox::new();
        let (certificate, key) = certificates(&sandbox);
        let mut child = python
            .script(&sandbox, "asgi_origin.py")
            .args([certificate, key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let ports: Value = serde_json::from_str(&line).expect("hypercorn starts");
        let secure = format!("https://localhost:{}", ports["secure"]);
        let (tell, reports) = mpsc::channel();
        thread::spawn(move || said.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { _files: sandbox, child, reports, secure }
    }

    /// Opens a page in Chromium, which trusts the proxy's authority, and waits for what its script reports.
    pub fn report_of(&self, proxy: &Serving, path: &str) -> Value {
        trust(proxy);
        let mut chromium = proxy.sandbox.command("chromium");
        chromium
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // Chromium would go round a proxy to this machine otherwise.
            .arg("--proxy-bypass-list=<-loopback>")
            .arg(format!("--proxy-server={}", proxy.url()))
            .arg(format!("--user-data-dir={}", proxy.sandbox.path("chromium").display()))
            .arg(format!("{}{path}", self.secure))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut chromium = chromium.spawn().unwrap();
        let report = self.reports.recv_timeout(LIMIT);
        let _ = chromium.kill();
        let _ = chromium.wait();
        serde_json::from_str(&report.expect("the page reports")).unwrap()
    }
}

/// Puts the proxy's authority among the roots of its sandbox's person, where Chromium looks for them.
pub fn trust(proxy: &Serving) {
    let folder = proxy.sandbox.path("home/.pki/nssdb");
    fs::create_dir_all(&folder).unwrap();
    let database = format!("sql:{}", folder.display());
    for arguments in [
        &["-N", "--empty-password"][..],
        &["-A", "-t", "C,,", "-n", "hopscope", "-i", proxy.ca().to_str().unwrap()],
    ] {
        let done = output({
            let mut certutil = proxy.sandbox.command("certutil");
            certutil.args(["-d", &database]).args(arguments);
            certutil
        });
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Asgi {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find_nginx() -> Option<String> {
    let runs = |program: &&str| {
        Command::new(program).arg("-v").stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    ["nginx", "/usr/sbin/nginx"].into_iter().find(runs).map(str::to_owned)
}

fn free_ports() -> [u16; 3] {
    let open = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    open.map(|listener| listener.local_addr().unwrap().port())
}

/// The certificate for localhost and 127.0.0.1, and its key, as files of a sandbox.
pub fn certificates(sandbox: &Sandbox) -> (PathBuf, PathBuf) {
    let (certificate, key) = &ca().files;
    (file(sandbox, "server.pem", certificate.as_bytes()), file(sandbox, "server.key", key.as_bytes()))
}

/// A certificate for localhost and 127.0.0.1, and its key, as files.
fn certificate_files(folder: &TempDir) -> (String, String) {
    let (certificate, key) = &ca().files;
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    (text(write("server.pem", certificate)), text(write("server.key", key)))
}
