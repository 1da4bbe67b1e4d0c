//! mitmproxy's expressions mean what they mean to mitmproxy: its own `flowfilter` was asked about each filter
//! and each exchange (`flowfilter.py`), and its answers are kept in `flowfilter.json`. Where we answer
//! otherwise, the case says what and why.

use hopscope::exchange::{
    self, ExchangeId, Failure, Flags, Heads, Kind, Message, MessageFlags, MessageForm, Phase, Scheme, State,
    Summary,
};
use hopscope::query::{Behind, Facts, Matcher, Side, Written, read_at};
use serde_json::Value;
use std::fmt::Write as _;

/// An exchange made of a flow.
struct Flow {
    summary: Summary,
    written: Written,
    bodies: [Vec<u8>; 2],
    messages: Vec<Message>,
}

impl Behind for Flow {
    fn written(&self) -> Option<&Written> {
        Some(&self.written)
    }

    fn body(&self, side: Side) -> Option<&[u8]> {
        Some(&self.bodies[usize::from(side == Side::Response)])
    }

    fn messages(&self) -> Option<&[Message]> {
        Some(&self.messages)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn head(start: &str, lines: &Value) -> Vec<u8> {
    let mut head = format!("{start}\r\n");
    for line in lines.as_array().unwrap() {
        write!(head, "{}: {}\r\n", text(&line[0]), text(&line[1])).unwrap();
    }
    format!("{head}\r\n").into_bytes()
}

fn field(lines: &Value, name: &str) -> Option<String> {
    lines.as_array()?.iter().find(|line| text(&line[0]).eq_ignore_ascii_case(name)).map(|line| text(&line[1]))
}

fn base64(value: &Value) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for place in value.as_str().unwrap().chars().filter_map(|c| alphabet.find(c)) {
        bits = bits << 6 | u32::try_from(place).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

fn flow(wire: &Value) -> Flow {
    let status = wire["status"].as_u64().map(|status| u16::try_from(status).unwrap());
    let says = wire["error"].as_str();
    let failure = says.map(|says| Failure {
        side: exchange::Side::Origin,
        phase: Phase::Connect,
        kind: Kind::Refused,
        says: says.to_owned(),
    });
    let messages: Vec<Message> = wire["messages"].as_array().unwrap().iter().map(message).collect();
    let mut flags = Flags::default();
    for (flag, set) in [
        (Flags::MARKED, wire["marked"] == true),
        (Flags::REPLAY, wire["replay"] == true),
        (Flags::UPGRADED, !messages.is_empty()),
    ] {
        if set {
            flags.add(flag);
        }
    }
    let request =
        head(&format!("{} {} HTTP/1.1", text(&wire["method"]), text(&wire["path"])), &wire["request"]);
    let response = status.map(|status| head(&format!("HTTP/1.1 {status} X"), &wire["response"]));
    let heads = Heads {
        request_received: Some(request.into()),
        response_received: response.map(Into::into),
        ..Heads::default()
    };
    let media = field(&wire["response"], "content-type");
    let summary = Summary {
        id: ExchangeId(wire["id"].as_u64().unwrap()),
        started: 0,
        client: text(&wire["client"]),
        scheme: if wire["scheme"] == "http" { Scheme::Http } else { Scheme::Https },
        method: text(&wire["method"]),
        host: text(&wire["host"]),
        path: text(&wire["path"]),
        version: "HTTP/1.1".to_owned(),
        status,
        state: match (status, says) {
            (_, Some(_)) => State::Failed,
            (None, None) => State::Open,
            _ => State::Done,
        },
        request_bytes: 0,
        response_bytes: 0,
        messages: 0,
        duration: None,
        ttfb: None,
        media_type: media.map(|media| media.split(';').next().unwrap_or_default().trim().to_owned()),
        failure,
        flags,
        parent: None,
        note: None,
    };
    let bodies = [base64(&wire["request_body"]), base64(&wire["response_body"])];
    Flow { summary, written: Written::new(&heads, Vec::new(), Vec::new()), bodies, messages }
}

fn message(wire: &Value) -> Message {
    let payload = bytes::Bytes::from(text(&wire[1]));
    Message {
        at: 0,
        side: if wire[0] == true { exchange::Side::Client } else { exchange::Side::Origin },
        form: MessageForm::Text,
        wire: 0,
        length: payload.len() as u64,
        payload,
        says: String::new(),
        flags: MessageFlags::default(),
    }
}

/// Our answers, one letter a flow; `None` where we refuse the filter too.
fn ours(filter: &str, flows: &[Flow]) -> Option<String> {
    let reading = read_at(filter, 0);
    let query = reading.settled(filter).ok()?;
    let mut matcher = Matcher::new(&query);
    let answer =
        |flow: &Flow| if matcher.judge(&Facts::of(&flow.summary), flow).is_yes() { '1' } else { '0' };
    Some(flows.iter().map(answer).collect())
}

#[test]
fn mitmproxys_expressions_mean_the_same() {
    let fixture: Value = serde_json::from_str(include_str!("flowfilter.json")).unwrap();
    let flows: Vec<Flow> = fixture["flows"].as_array().unwrap().iter().map(flow).collect();
    let cases = fixture["cases"].as_array().unwrap();
    let (mut equal, mut wrong) = (0, String::new());
    for case in cases {
        let filter = text(&case["filter"]);
        let answers = case["answers"].as_str().map(str::to_owned);
        let ours = ours(&filter, &flows);
        let explained = case["why"].as_str().is_some_and(|why| why.len() > 20);
        match &case["ours"] {
            // Not told apart: the answers are equal.
            Value::Null if !explained && ours == answers => equal += 1,
            expected if explained && ours.as_deref() == expected.as_str() && ours != answers => {}
            _ => writeln!(wrong, "{filter:?}: mitmproxy {answers:?}, ours {ours:?}").unwrap(),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases.len() > 400 && equal * 100 > cases.len() * 85, "{equal} of {} are equal", cases.len());
    eprintln!(
        "mitmproxy: {equal} of {} filters over {} flows answered the same, the others explained",
        cases.len(),
        flows.len()
    );
}
