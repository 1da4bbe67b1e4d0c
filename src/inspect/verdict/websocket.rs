//! Whether a WebSocket may open (RFC 6455 4, RFC 8441): every test that the client has to make.

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::Rfc;
use crate::inspect::message::Message;
use crate::inspect::value::websocket_answer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// The handshake and its tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Handshake {
    /// Whether it may open; none while there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens: Option<bool>,
    /// The protocol agreed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// In one sentence.
    pub says: String,
    /// Each test.
    pub steps: Vec<Step>,
}

impl Handshake {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "Upgrade",
            "Connection",
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Accept",
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Extensions",
        ];
        Told {
            topic: "websocket",
            bad: self.opens == Some(false),
            says: &self.says,
            steps: &self.steps,
            fields: FIELDS,
        }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Handshake> {
    let request = sight.request?;
    let extended = request.pseudo.iter().any(|line| line.is(":protocol") && line.value == b"websocket");
    if !extended && !request.lists("Upgrade", "websocket") {
        return None;
    }
    let mut steps = Vec::new();
    if !extended {
        asked(request, &mut steps);
    }
    let answer = sight.response.map(|response| {
        let opened =
            if extended { (200..300).contains(&response.status()) } else { response.status() == 101 };
        if opened {
            answered(request, response, extended, &mut steps);
        } else {
            let wanted = if extended { "2xx" } else { "101" };
            let says = format!("status: {} vs {wanted}: the server does not open it", response.status());
            steps.push(Step::test(false, says, Rfc(6455, "4.1")));
        }
        opened
    });
    let fails = steps.iter().filter(|step| step.passes == Some(false)).count();
    let opens = answer.map(|_| fails == 0);
    let protocol = sight.answered("Sec-WebSocket-Protocol").map(|line| text(line.value).into_owned());
    let says = match (answer, fails) {
        (None, _) => "asks to open a WebSocket; no answer yet".to_owned(),
        (Some(false), _) => "the server did not open the WebSocket".to_owned(),
        (Some(true), 0) => "the handshake is valid: the WebSocket is open".to_owned(),
        (Some(true), 1) => {
            "the handshake is valid but for one test: a browser MUST fail this connection".to_owned()
        }
        (Some(true), fails) => {
            format!("{fails} tests of the handshake fail: a browser MUST fail this connection")
        }
    };
    Some(Handshake { opens, protocol, says, steps })
}

/// What the request must say (RFC 6455 4.1, 4.2.1).
fn asked(request: &Message<'_>, steps: &mut Vec<Step>) {
    let named = request.lists("Connection", "upgrade");
    steps.push(Step::test(named, format!("upgrade: Connection {} it", names(named)), Rfc(9110, "7.8")));
    let version = request.first("Sec-WebSocket-Version").map(|line| text(line.value).into_owned());
    let says = format!("version: {} vs 13", version.as_deref().unwrap_or("none"));
    steps.push(Step::test(version.as_deref() == Some("13"), says, Rfc(6455, "4.1")));
    let key = request.first("Sec-WebSocket-Key").map(|line| line.value);
    let size = key.and_then(|key| STANDARD.decode(key).ok()).map(|bytes| bytes.len());
    let says = match (key, size) {
        (None, _) => "key: none".to_owned(),
        (Some(key), Some(size)) => format!("key: {} is {size} bytes, 16 are needed", text(key)),
        (Some(key), None) => format!("key: {} is no base64", text(key)),
    };
    steps.push(Step::test(size == Some(16), says, Rfc(6455, "4.1")));
}

fn names(named: bool) -> &'static str {
    if named { "names" } else { "does not name" }
}

/// What the client must find in the answer (RFC 6455 4.1).
fn answered(request: &Message<'_>, response: &Message<'_>, extended: bool, steps: &mut Vec<Step>) {
    if !extended {
        let upgrade =
            response.first("Upgrade").is_some_and(|line| line.value.eq_ignore_ascii_case(b"websocket"));
        let says = format!("answer: Upgrade {} websocket", names(upgrade));
        steps.push(Step::test(upgrade, says, Rfc(6455, "4.1")));
        let named = response.lists("Connection", "upgrade");
        let says = format!("answer: Connection {} the upgrade", names(named));
        steps.push(Step::test(named, says, Rfc(6455, "4.1")));
        accepted(request, response, steps);
    }
    if let Some(line) = response.first("Sec-WebSocket-Protocol") {
        let offered: Vec<_> =
            request.members("Sec-WebSocket-Protocol").map(|(_, _, member)| member).take(50).collect();
        let shown = offered.iter().map(|one| text(one)).collect::<Vec<_>>().join(", ");
        let says = format!(
            "protocol: {} vs offered {}",
            text(line.value),
            if shown.is_empty() { "none" } else { &shown }
        );
        steps.push(Step::test(offered.contains(&line.value), says, Rfc(6455, "4.1")));
    }
    for (_, _, extension) in response.members("Sec-WebSocket-Extensions").take(20) {
        let name = extension.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let offered = request.lists("Sec-WebSocket-Extensions", &text(name));
        let was = if offered { "was" } else { "was not" };
        steps.push(Step::test(offered, format!("extension: {} {was} offered", text(name)), Rfc(6455, "9.1")));
    }
}

/// SHA-1 over the key and the GUID (RFC 6455 4.2.2).
fn accepted(request: &Message<'_>, response: &Message<'_>, steps: &mut Vec<Step>) {
    let Some(key) = request.first("Sec-WebSocket-Key") else { return };
    let wanted = websocket_answer(key.value);
    let got = response.first("Sec-WebSocket-Accept").map(|line| text(line.value).into_owned());
    let same = got.as_deref() == Some(wanted.as_str());
    let says = match (&got, same) {
        (_, true) => format!("SHA-1(key + GUID) = {wanted}: Accept is the same"),
        (Some(got), false) => format!("SHA-1(key + GUID) = {wanted}: Accept is {got}"),
        (None, false) => format!("SHA-1(key + GUID) = {wanted}: no Accept"),
    };
    steps.push(Step::test(same, says, Rfc(6455, "4.2.2")));
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;
    use super::*;

    const REQUEST: &str = "GET /ws HTTP/1.1\nHost: chat.test\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: chat.v1, chat.v2\nSec-WebSocket-Extensions: permessage-deflate\n";
    const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n";

    fn handshake(request: &str, response: &str) -> Handshake {
        judge("https://chat.test/ws", request, response).websocket.unwrap()
    }

    #[test]
    fn rfc6455_4_2_2_the_example_of_the_rfc() {
        let fine = handshake(REQUEST, ANSWER);
        assert_eq!(fine.opens, Some(true), "{:?}", fine.steps);
        assert!(
            fine.steps
                .iter()
                .any(|step| step.says.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=: Accept is the same"))
        );
    }

    #[test]
    fn rfc6455_4_1_what_a_client_must_fail() {
        for (request, response) in [
            (REQUEST.replace(": 13", ": 8"), ANSWER.to_owned()),
            (REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhl"), ANSWER.to_owned()),
            (REQUEST.replace("Connection: Upgrade\n", ""), ANSWER.to_owned()),
            (REQUEST.to_owned(), ANSWER.replace("s3pP", "xxxx")),
            (REQUEST.to_owned(), ANSWER.replace("Upgrade: websocket\n", "")),
            (REQUEST.to_owned(), format!("{ANSWER}Sec-WebSocket-Protocol: chat.v3\n")),
            (REQUEST.to_owned(), format!("{ANSWER}Sec-WebSocket-Extensions: x-zip\n")),
            (REQUEST.to_owned(), "HTTP/1.1 403 Forbidden\n".to_owned()),
        ] {
            assert_eq!(handshake(&request, &response).opens, Some(false), "{request}{response}");
        }
        let agreed = format!(
            "{ANSWER}Sec-WebSocket-Protocol: chat.v2\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\n"
        );
        let fine = handshake(REQUEST, &agreed);
        assert_eq!((fine.opens, fine.protocol.as_deref()), (Some(true), Some("chat.v2")));
    }

    #[test]
    fn rfc8441_5_over_http2_there_is_no_key() {
        let request =
            "CONNECT /ws HTTP/2\n:method: CONNECT\n:protocol: websocket\nsec-websocket-version: 13\n";
        assert_eq!(handshake(request, "HTTP/2 200\n").opens, Some(true));
        assert_eq!(handshake(request, "HTTP/2 501\n").opens, Some(false));
    }
}
