//! `openssl` as a certificate authority and as an origin: certificates that no library of ours would make, and
//! servers that speak what no modern one does.

use super::programs::{installed, output, text};
use super::serving::Serving;
use crate::support::Sandbox;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::{fs, thread};

/// What `openssl ca` is told: it alone gives certificates any dates.
const SETTINGS: &str = "\
[ca]
default_ca = matrix
[matrix]
dir = .
database = index.txt
new_certs_dir = .
rand_serial = yes
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
x509_extensions = leaf
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[leaf]
basicConstraints = CA:false
extendedKeyUsage = serverAuth, clientAuth
";

/// An authority in a folder of its own.
pub struct Matrix {
    sandbox: Sandbox,
}

/// What is odd about a certificate.
#[derive(Clone, Copy)]
pub struct Leaf<'a> {
    /// The file it goes by.
    pub name: &'a str,
    /// The host it names.
    pub host: &'a str,
    /// First and last moment, as `openssl ca` writes them.
    pub dates: [&'a str; 2],
    /// `-newkey` and what belongs to it.
    pub key: &'a [&'a str],
    /// The digest of its signature.
    pub digest: &'a str,
}

impl Default for Leaf<'_> {
    fn default() -> Self {
        Self {
            name: "leaf",
            host: "localhost",
            dates: ["20200101000000Z", "20491231000000Z"],
            key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            digest: "sha256",
        }
    }
}

impl Matrix {
    /// Makes the authority; `None`, said aloud, where there is no openssl.
    pub fn new() -> Option<Self> {
        let found = Command::new("openssl").arg("version").stdout(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            eprintln!("skipped: openssl is not installed (apt-get install openssl)");
            return None;
        }
        if !installed("curl") {
            return None;
        }
        let matrix = Self { sandbox: Sandbox::new() };
        fs::write(matrix.path("openssl.cnf"), SETTINGS).unwrap();
        fs::write(matrix.path("index.txt"), "").unwrap();
        matrix.self_signed("ca", "Matrix CA");
        Some(matrix)
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }

    /// Makes `NAME.pem` and `NAME.key`, signed by itself.
    pub fn self_signed(&self, name: &str, subject: &str) {
        self.openssl(
            &["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            &[
                "-days",
                "30",
                "-keyout",
                &format!("{name}.key"),
                "-out",
                &format!("{name}.pem"),
                "-subj",
                &format!("/CN={subject}"),
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ],
        );
    }

    /// Makes `NAME.pem` and `NAME.key`, signed by the authority.
    pub fn signed(&self, leaf: Leaf<'_>) {
        let [key, request, certificate] = ["key", "csr", "pem"].map(|end| format!("{}.{end}", leaf.name));
        let subject = format!("/CN={}", leaf.host);
        let names = format!("subjectAltName=DNS:{}", leaf.host);
        let asked = ["-keyout", &key, "-out", &request, "-subj", &subject, "-addext", &names];
        self.openssl(&[&["req", "-new", "-nodes", "-newkey"], leaf.key].concat(), &asked);
        let [from, until] = leaf.dates;
        self.openssl(
            &["ca", "-batch", "-notext", "-config", "openssl.cnf", "-md", leaf.digest],
            &["-startdate", from, "-enddate", until, "-in", &request, "-out", &certificate],
        );
    }

    /// Revokes `NAME.pem`.
    pub fn revoked(&self, name: &str) {
        self.openssl(&["ca", "-config", "openssl.cnf"], &["-revoke", &format!("{name}.pem")]);
    }

    /// Makes `NAME.ocsp`, the authority's word on whether it has revoked `NAME.pem` (RFC 6960).
    pub fn vouched(&self, name: &str) {
        let [certificate, response] = ["pem", "ocsp"].map(|end| format!("{name}.{end}"));
        let about = ["-issuer", "ca.pem", "-cert", &certificate, "-no_nonce", "-reqout", "asked.der"];
        self.openssl(&["ocsp"], &about);
        let answered =
            ["-rsigner", "ca.pem", "-rkey", "ca.key", "-reqin", "asked.der", "-respout", &response];
        self.openssl(&["ocsp", "-index", "index.txt", "-CA", "ca.pem"], &answered);
    }

    fn openssl(&self, arguments: &[&str], more: &[&str]) {
        let mut command = self.sandbox.command("openssl");
        command.args(arguments).args(more);
        let Output { status, stderr, .. } = output(command);
        assert!(status.success(), "openssl {arguments:?} {more:?}: {}", String::from_utf8_lossy(&stderr));
    }

    /// A server that shows `NAME.pem` and answers every request with a page about the connection.
    pub fn serve(&self, name: &str, more: &[&str]) -> Server {
        let [key, certificate] = ["key", "pem"].map(|end| format!("{name}.{end}"));
        let mut command = self.sandbox.command("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", &certificate, "-key", &key]);
        Server::start(command.args(more))
    }
}

/// A running `openssl s_server`; dropping it ends it.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (mut said, mut line) = (String::new(), String::new());
        let port = loop {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut why = String::new();
                child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
                panic!("{command:?} said {said}{why}");
            }
            said.push_str(&line);
            if let Some(address) = line.trim_end().strip_prefix("ACCEPT ") {
                break address.rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        for mut pipe in [Box::new(stdout) as Box<dyn Read + Send>, Box::new(child.stderr.take().unwrap())] {
            thread::spawn(move || std::io::copy(&mut pipe, &mut std::io::sink()));
        }
        Self { child, port }
    }

    /// Its page's URL.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What curl gets through a proxy that it trusts: the status and the body.
#[track_caller]
pub fn curl(proxy: &Serving, url: &str) -> (u16, String) {
    let mut command = proxy.sandbox.command("curl");
    command.args(["-q", "-sS", "--max-time", "30", "-x", &proxy.url(), "--cacert", text(&proxy.ca())]);
    command.args(["-w", "\n%{http_code}", url]);
    let ended = output(command);
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}
