//! Node: undici's `ProxyAgent`, and the fetch that is built in, which may not know of proxies.

use super::ledger::{explains, has, lines, values};
use super::origins::httpbin;
use super::programs::{Node, output, script};
use super::serving::Serving;
use crate::support::origin::Origin;
use crate::support::{Ran, Sandbox};
use serde_json::{Value, json};

#[test]
fn undici_through_a_proxy_agent() {
    let (Some(node), Some(bin)) = (Node::with_undici(), httpbin()) else { return };
    let proxy = Serving::trusting();
    let origins = [bin.secure.as_str(), &bin.plain];
    let said = node.run(&proxy, "undici_client.js", "agent", &origins);
    for (one, origin) in said.iter().zip(origins) {
        assert_eq!((&one["status"], &one["echo"]["data"]), (&json!(200), &json!("from undici")));
        let row = proxy.row(origin, |row| row["url"] == format!("{origin}/anything?undici"));
        let whole = proxy.whole(&row);
        explains(&whole);
        assert_eq!(proxy.bytes(&row, "request"), b"from undici");
        assert!(lines(&whole, "request_sent").contains(&"X-Mixed-Case: Kept".to_owned()), "{whole:#}");
        assert_eq!(values(&whole, "request_sent", "x-two").join(", "), "a, b");
        for line in lines(&whole, "response_sent") {
            let (name, value) = line.split_once(": ").unwrap();
            assert_eq!(one["headers"][name.to_lowercase()], value, "{one}");
        }
        let authority = origin.split("//").nth(1).unwrap();
        let connect = proxy.row("CONNECT", |row| row["method"] == "CONNECT" && row["host"] == authority);
        assert!(has(&connect, "intercepted") && connect["state"] == "done", "{connect}");
    }
    assert_eq!(said.len(), 2);
}

#[test]
fn fetch_goes_round_us_where_node_ignores_the_variables() {
    if Node::with_undici().is_none() {
        return;
    }
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let url = format!("http://{}/", origin.address());
    let script = script("undici_client.js");
    let sandbox = Sandbox::new();
    let command = sandbox.hopscope(&["run", "--", "node", script.to_str().unwrap(), "fetch", "", "", &url]);
    let ran = Ran::from(output(command));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let said: Value = serde_json::from_str(ran.stdout.trim_end()).unwrap();
    let version: Vec<u32> =
        said["version"].as_str().unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    // Node reads the variables from 22.21 and 24 on, when NODE_USE_ENV_PROXY says so.
    if version[0] >= 24 || (version[0] == 22 && version[1] >= 21) {
        assert!(ran.stderr.contains("hopscope: 200 exchanges, 1 host, 0 failed"), "{}", ran.stderr);
        return;
    }
    for words in [
        "hopscope: 0 exchanges, 0 hosts, 0 failed",
        "nothing came through the proxy: every connection that was seen went round the proxy",
        "went round the proxy: ",
        &format!("-> {}", origin.address()),
        ": node 20 ignores HTTPS_PROXY: 22.21 or newer",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}
