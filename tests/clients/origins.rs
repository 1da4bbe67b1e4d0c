//! Origin servers that people use: nginx and httpbin, plain and in TLS under a CA of the tests.

use super::programs::{Python, file};
use crate::support::Sandbox;
use crate::support::authority::TestCa;
use rustls::ServerConfig;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
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
        let [plain, secure] = free_ports();
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
        let (plain, secure) = (format!("http://127.0.0.1:{plain}"), format!("https://localhost:{secure}"));
        Some(Self { folder, child, plain, secure })
    }
}

impl Drop for Nginx {
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

fn free_ports() -> [u16; 2] {
    let open = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    open.map(|listener| listener.local_addr().unwrap().port())
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
