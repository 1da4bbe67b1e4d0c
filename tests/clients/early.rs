//! Interim answers and trailer fields over HTTP/1.1, as curl, Node and Python see them: a 103 before the 200
//! (RFC 8297), and trailers at the end of a request and of an answer (RFC 9110 6.5).

use super::origins::certificates;
use super::programs::{Node, Python, installed, output, script, text};
use super::serving::Serving;
use crate::support::Sandbox;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// Node's own HTTP/1.1 server; dropping it ends it.
struct Early {
    _files: Sandbox,
    child: Child,
    plain: String,
    secure: String,
}

impl Early {
    fn start() -> Self {
        let sandbox = Sandbox::new();
        let (certificate, key) = certificates(&sandbox);
        let mut command = sandbox.command("node");
        command.arg(script("early_origin.js")).args([certificate, key]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Value = serde_json::from_str(&line).expect("the origin starts");
        Self {
            _files: sandbox,
            child,
            plain: format!("http://127.0.0.1:{}", ports["plain"]),
            secure: format!("https://localhost:{}", ports["secure"]),
        }
    }
}

impl Drop for Early {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const HINTS: &str = "</a.css>; rel=preload";

#[test]
fn curl_sees_the_hints_the_answer_and_its_trailers() {
    if !installed("curl") || Node::alone().is_none() {
        return;
    }
    let (origin, proxy) = (Early::start(), Serving::trusting());
    for url in [&origin.plain, &origin.secure] {
        let heads = proxy.sandbox.path("heads");
        let mut curl = proxy.sandbox.command("curl");
        curl.args(["-q", "-sS", "--max-time", "30", "-x", &proxy.url(), "--suppress-connect-headers"]);
        curl.args(["--cacert", text(&proxy.ca()), "-D", text(&heads), &format!("{url}/curl")]);
        let said = output(curl);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let body = String::from_utf8(said.stdout).unwrap();
        assert_eq!(body, r#"first {"body":"","trailers":[]}"#);
        let heads = std::fs::read_to_string(heads).unwrap();
        let (interim, rest) = heads.split_once("\r\n\r\n").unwrap();
        assert!(interim.starts_with("HTTP/1.1 103 Early Hints\r\n"), "{heads}");
        assert!(interim.to_lowercase().contains(&format!("link: {HINTS}")), "{heads}");
        let (answer, trailers) = rest.split_once("\r\n\r\n").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\r\nX-Via: 1.1 hopscope"));
        assert_eq!(trailers, "X-Sum: of the answer\r\n", "{heads}");
    }
}

#[test]
fn node_and_python_see_the_hints_and_trailers_both_ways() {
    let (Some(node), Some(python)) = (Node::alone(), Python::with("h11")) else { return };
    let (origin, proxy) = (Early::start(), Serving::trusting());
    let by_node = node.run(&proxy, "early_client.js", "trailers", &[&origin.plain]);
    let by_python = |url: &str| python.run(&proxy, "early_client.py", "trailers", &[url]).remove(0);
    let said = [&by_node[..], &[by_python(&origin.plain)], &[by_python(&origin.secure)]].concat();
    for (one, name) in said.iter().zip(["node", "python", "python"]) {
        assert_eq!((&one["status"], &one["interim"]), (&json!(200), &json!([[103, HINTS]])), "{one}");
        assert_eq!(one["trailers"], json!(["X-Sum", "of the answer"]), "{one}");
        let told = one["body"].as_str().unwrap().strip_prefix("first ").unwrap();
        let told: Value = serde_json::from_str(told).unwrap();
        let sent = json!(["X-Mine", format!("of {name}")]);
        assert_eq!(told, json!({ "body": format!("from {name}"), "trailers": sent }));
    }
    for row in proxy.rows("the three", 3, |row| row["method"] == "POST") {
        let whole = proxy.whole(&row);
        let interim = &whole["interim"][0];
        assert_eq!((&interim["start"], &interim["sent"]), (&json!("HTTP/1.1 103 Early Hints"), &json!(true)));
    }
}
