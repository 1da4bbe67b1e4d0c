//! Python's websockets on both ends, with and without compression: echoed unharmed, kept message by message.

use super::programs::Python;
use super::serving::Serving;
use serde_json::{Value, json};

fn talk(case: &str, compressed: bool) {
    let Some(python) = Python::with("websockets") else { return };
    let proxy = Serving::start(&[]);
    let said = python.run(&proxy, "websockets_client.py", case, &[]);
    assert_eq!(said[1]["same"], json!([true, true, true, true, true]), "{said:#?}");
    assert_eq!(said[1]["extensions"].as_array().unwrap().len(), usize::from(compressed), "{said:#?}");
    assert_eq!((&said[2]["server_code"], &said[2]["reason"]), (&json!(1001), &json!("going away")));
    let row = proxy.to("/echo");
    assert_eq!((&row["status"], &row["state"], &row["failure"]), (&json!(101), &json!("done"), &Value::Null));
    let id = row["id"].to_string();
    let lines = proxy.said(&["show", &id, "--part", "messages", "--json"]);
    let messages: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(row["messages"], messages.len());
    for side in ["client", "origin"] {
        let of = |form: &str| -> Vec<&Value> {
            let is = |message: &&Value| message["side"] == side && message["form"] == form;
            messages.iter().filter(is).collect()
        };
        let texts: Vec<_> = of("text").iter().map(|message| message["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["{\"a\": 1}", &"grüße ".repeat(2000), "in three pieces"], "{side}");
        let binary: Vec<_> = of("binary").iter().map(|message| message["length"].as_u64().unwrap()).collect();
        assert_eq!(binary, [2, 256 * 1024], "{side}");
        assert_eq!(of("binary")[0]["base64"], "AP8=");
        let close = of("close");
        assert!(close[0]["says"].as_str().unwrap().contains("1001"), "{side} {close:#?}");
        let long = of("text")[1];
        let flags = long["flags"].as_array().unwrap();
        assert_eq!(flags.contains(&json!("compressed")), compressed, "{long:#}");
        if compressed {
            assert!(
                long["wire"].as_u64() < Some(1000),
                "its octets on the wire are the compressed ones: {long:#}"
            );
        }
    }
    let pinged = |side: &str, form: &str| messages.iter().any(|m| m["side"] == side && m["form"] == form);
    assert!(pinged("client", "ping") && pinged("origin", "pong"));
    let table = proxy.part(&row, "messages");
    assert_eq!(table.lines().count(), messages.len(), "{table}");
}

#[test]
fn without_compression() {
    talk("plain", false);
}

#[test]
fn rfc7692_with_permessage_deflate() {
    talk("deflate", true);
}
