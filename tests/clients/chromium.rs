//! Cookies and CORS: what Chromium itself stores, blocks and refuses of cases that are served over the real proxy,
//! by its `DevTools` protocol, beside what we say of the recorded exchanges. A case that ends otherwise says why.

use super::http2::has_certutil;
use super::origins::trust;
use super::programs::{Python, file, installed, output, script, text};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::authority::TestCa;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Stdio};

const CASES: &str = include_str!("chromium_cases.json");
/// Hosts that the cases are served from, besides addresses.
const HOSTS: &[&str] = &[
    "app.test",
    "api.test",
    "shop.test",
    "www.shop.test",
    "a.github.io",
    "foo.co.uk",
    "www.foo.co.uk",
    "localhost",
];

/// The script, which is the browser's driver and its origin; dropping it ends it.
struct Driver {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    fn start(python: &Python, sandbox: &Sandbox, ca: &TestCa) -> (Self, u64) {
        let (certificate, key) = ca.server_files(HOSTS);
        let mut command = python.script(sandbox, "chromium_client.py");
        command
            .arg(script("chromium_cases.json"))
            .arg(file(sandbox, "hosts.pem", certificate.as_bytes()))
            .arg(file(sandbox, "hosts.key", key.as_bytes()))
            .arg(sandbox.path("chromium"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut driver = Self { said: BufReader::new(child.stdout.take().unwrap()).lines(), child };
        let port = driver.next().expect("the origin's port")["origin"].as_u64().unwrap();
        (driver, port)
    }

    fn browse(&mut self, proxy: &str) {
        writeln!(self.child.stdin.take().unwrap(), "{proxy}").unwrap();
    }

    fn next(&mut self) -> Option<Value> {
        Some(serde_json::from_str(&self.said.next()?.unwrap()).unwrap())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our verdicts on every exchange with a case, by path and method.
fn verdicts(proxy: &Serving) -> BTreeMap<(String, String), Value> {
    let printed = output(proxy.sandbox.hopscope(&["lint", "last", "--to", "json"]));
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let lint = String::from_utf8(printed.stdout).unwrap();
    let rows = proxy.said(&["ls", "--json", "--limit", "100000"]);
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let methods: BTreeMap<_, _> = rows
        .lines()
        .map(read)
        .map(|row| (row["id"].as_u64(), row["method"].as_str().unwrap().to_owned()))
        .collect();
    let looked = lint.lines().map(read).map(|mut looked| {
        let path = looked["url"].as_str().unwrap().splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        ((path, methods[&looked["id"].as_u64()].clone()), looked["verdicts"].take())
    });
    looked.collect()
}

/// Chromium's reasons, one for each cookie that it blocked, and `stored` or `gone` for the others.
fn fates_in_chromium(case: &Value, said: &Value) -> Vec<String> {
    let word = |one: &Value| {
        let reason = one["reasons"][0].as_str().unwrap().to_owned();
        // The prefix says that Chromium looks at the scheme too when it calls two sites the same.
        reason.strip_prefix("Schemeful").map_or(reason.clone(), str::to_owned)
    };
    let mut fates: Vec<_> = said["blocked"].as_array().unwrap().iter().map(word).collect();
    let before = case["before"]["set"].as_str().map(|line| line.split(';').next().unwrap());
    let kept = said["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| format!("{}={}", kept["name"].as_str().unwrap(), kept["value"].as_str().unwrap()));
    fates.extend(kept.filter(|pair| Some(pair.as_str()) != before).map(|_| "stored".to_owned()));
    fates.resize(case["set"].as_array().unwrap().len().max(fates.len()), "gone".to_owned());
    fates.sort();
    fates
}

/// Ours; a response that did not reach the client sets nothing.
fn our_fates(case: &Value, verdicts: &Value) -> Vec<String> {
    let word = |cookie: &Value| match cookie["fate"].as_str().unwrap() {
        "rejected" => cookie["reason"].as_str().unwrap().to_owned(),
        "deleted" => "gone".to_owned(),
        fate => fate.to_owned(),
    };
    let mut fates: Vec<_> = verdicts["cookies"].as_array().into_iter().flatten().map(word).collect();
    fates.resize(case["set"].as_array().unwrap().len().max(fates.len()), "gone".to_owned());
    fates.sort();
    fates
}

/// What of a stored cookie differs: its name, whether it is for one host, when it ends.
fn facts_that_differ(verdicts: &Value, said: &Value) -> Option<String> {
    let (ours, theirs) = (&verdicts["cookies"][0], &said["kept"][0]);
    let end = theirs["expires"].as_f64().filter(|_| theirs["session"] == false);
    let close = match (ours["expires"].as_i64(), end) {
        (None, None) => true,
        // Chromium counts from its own clock, and cuts at 400 days from then.
        (Some(ours), Some(theirs)) => (ours as f64 - theirs).abs() < 120.0,
        _ => false,
    };
    let host_only = !theirs["domain"].as_str()?.starts_with('.');
    let same = ours["name"] == theirs["name"] && ours["host_only"] == host_only && close;
    (!same).then(|| format!("{ours} beside {theirs}"))
}

/// Whether the request may go and be read, and every cause that is enough to refuse it.
fn our_cors(number: usize, case: &Value, all: &BTreeMap<(String, String), Value>) -> (bool, Vec<Value>) {
    let method = case["fetch"]["method"].as_str().unwrap_or("GET");
    let of =
        |method: &str| all.get(&(format!("cors/{number}"), method.to_owned())).map(|found| &found["cors"]);
    let both: Vec<_> =
        ["OPTIONS", method].into_iter().filter_map(of).filter(|cors| cors.is_object()).collect();
    let errors = both.iter().flat_map(|cors| cors["errors"].as_array().unwrap().clone()).collect();
    (both.iter().all(|cors| cors["allowed"] == true), errors)
}

#[test]
fn chromium_stores_and_refuses_what_we_say() {
    let Some(python) = Python::with("websockets") else { return };
    if !installed("chromium") || !has_certutil() {
        return;
    }
    let (sandbox, ca) = (Sandbox::new(), TestCa::new());
    let (mut driver, port) = Driver::start(&python, &sandbox, &ca);
    let parent = format!("http://127.0.0.1:{port}");
    let proxy = Serving::in_sandbox(sandbox, &["--upstream", &parent, "--origin-ca", text(ca.path())]);
    trust(&proxy);
    driver.browse(&proxy.url());
    let browser = driver.next().expect("Chromium starts")["browser"].clone();
    let said: Vec<Value> = std::iter::from_fn(|| driver.next()).collect();
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let (cookies, cors) = (cases["cookies"].as_array().unwrap(), cases["cors"].as_array().unwrap());
    assert_eq!(said.len(), cookies.len() + cors.len(), "{browser} stopped at {:?}", said.last());
    proxy.row("the last case", |row| {
        row["url"].as_str().unwrap().ends_with(&format!("/cors/{}", cors.len() - 1))
    });
    let all = verdicts(&proxy);
    let (mut wrong, mut equal) = (Vec::new(), 0);
    for said in &said {
        let number = usize::try_from(said["case"].as_u64().unwrap()).unwrap();
        let case = &cases[said["kind"].as_str().unwrap()][number];
        if said["failed"].is_string() {
            wrong.push(format!("{case}: {}", said["failed"]));
            continue;
        }
        let (ours, theirs, detail) = if said["kind"] == "cookies" {
            let verdicts = &all[&(format!("cookie/{number}"), "GET".to_owned())];
            let (ours, theirs) = (our_fates(case, verdicts), fates_in_chromium(case, said));
            let one = theirs == ["stored"] && ours == theirs;
            (json!(ours), json!(theirs), one.then(|| facts_that_differ(verdicts, said)).flatten())
        } else {
            let (allowed, errors) = our_cors(number, case, &all);
            // Chromium names the first cause that it meets.
            let ours = if allowed { Value::Null } else { errors.first().cloned().unwrap_or_default() };
            assert_eq!(said["allowed"], said["error"].is_null(), "{said}");
            (ours, said["error"].clone(), None)
        };
        match (&case["differs"], ours == theirs && detail.is_none()) {
            (Value::Null, true) => equal += 1,
            (Value::Null, false) => wrong.push(format!("{case}: Chromium {theirs}, we {ours} {detail:?}")),
            (known, false) if known["chromium"] == theirs || json!([known["chromium"]]) == theirs => {}
            (known, _) => wrong.push(format!("{case}: not as told ({known}): Chromium {theirs}, we {ours}")),
        }
    }
    assert!(wrong.is_empty(), "{browser}:\n{}", wrong.join("\n"));
    eprintln!("{browser}: {equal} of {} cases equal, each of the others explained", said.len());
}
