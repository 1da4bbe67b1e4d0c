//! The path of a message, drawn as hops: Via, Forwarded, Age, Cache-Status, Proxy-Status, Server-Timing.

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::{Rfc, Vendor, W3c};
use crate::inspect::message::{Message, pieces};
use crate::inspect::value::{decimal, how_long, unquoted};
use serde::Serialize;

/// Hops that are drawn.
const MOST: usize = 30;

/// One who passed a message on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// `request` or `response`.
    pub of: &'static str,
    /// The version it received.
    pub version: String,
    /// Its name: a host or a pseudonym; empty where it has none.
    pub name: String,
}

impl Stop {
    fn named(&self) -> &str {
        if self.name.is_empty() { "(no name)" } else { &self.name }
    }
}

/// Who passed the messages on, and what they did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Path {
    /// In the order in which each message met them.
    pub stops: Vec<Stop>,
    /// In one sentence.
    pub says: String,
    /// What each of them tells.
    pub steps: Vec<Step>,
}

impl Path {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "Via",
            "Forwarded",
            "X-Forwarded-For",
            "Age",
            "Cache-Status",
            "Proxy-Status",
            "Server-Timing",
            "X-Cache",
            "X-Served-By",
            "CDN-Loop",
        ];
        Told { topic: "path", bad: false, says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Path> {
    let mut stops = Vec::new();
    let mut steps = Vec::new();
    for (of, message) in [("request", sight.request), ("response", sight.response)] {
        let Some(message) = message else { continue };
        let own = via(of, message);
        if !own.is_empty() {
            steps.push(Step::fact(drawn(of, &own), Rfc(9110, "7.6.3")));
        }
        stops.extend(own);
    }
    if let Some(request) = sight.request {
        forwarded(request, &mut steps);
    }
    if let Some(response) = sight.response {
        caches(response, &mut steps);
        timings(response, &mut steps);
    }
    if steps.is_empty() {
        return None;
    }
    // Both messages went the same way, so only one of them is counted.
    let of = if stops.iter().any(|stop| stop.of == "response") { "response" } else { "request" };
    let names: Vec<_> = stops.iter().filter(|stop| stop.of == of).map(Stop::named).collect();
    let hops = crate::text::units::counted(names.len(), "hop", "hops");
    let hit = steps.iter().find(|step| step.says.contains(": hit")).map(|step| step.says.clone());
    let says = match (stops.is_empty(), hit) {
        (true, Some(hit)) => hit,
        (true, None) => "no hop names itself; what is known of the way stands below".to_owned(),
        (false, Some(hit)) => format!("{hops}; {hit}"),
        (false, None) => format!("{hops}: {}", names.join(" → ")),
    };
    Some(Path { stops, says, steps })
}

/// Each member of Via, the first hop first (RFC 9110 7.6.3).
fn via(of: &'static str, message: &Message<'_>) -> Vec<Stop> {
    let mut stops = Vec::new();
    for line in message.all("Via") {
        for part in
            line.parsed().parts.iter().filter(|part| matches!(part.label, "hop" | "protocol" | "name"))
        {
            let bytes = text(line.value.get(part.span.clone()).unwrap_or_default()).into_owned();
            if part.label == "hop" {
                stops.push(Stop { of, version: String::new(), name: String::new() });
            }
            match (part.label, stops.last_mut()) {
                ("protocol", Some(stop)) => stop.version = bytes,
                ("name", Some(stop)) => stop.name = bytes,
                _ => {}
            }
        }
    }
    stops.truncate(MOST);
    stops
}

fn drawn(of: &str, stops: &[Stop]) -> String {
    let hops = stops.iter().map(|stop| format!("{} {}", stop.version, stop.named()));
    let hops = hops.collect::<Vec<_>>().join(" → ");
    if of == "request" {
        format!("client → {hops} → origin")
    } else {
        format!("origin → {hops} → client")
    }
}

/// Addresses that proxies put down (RFC 7239 4); anybody may have made them up.
fn forwarded(request: &Message<'_>, steps: &mut Vec<Step>) {
    for (_, _, element) in request.members("Forwarded").take(MOST) {
        let says = pieces(element, b';')
            .into_iter()
            .map(|(_, pair)| text(pair).into_owned())
            .collect::<Vec<_>>()
            .join(", ");
        steps.push(Step::fact(format!("Forwarded: {says}"), Rfc(7239, "4")));
    }
    let addresses: Vec<_> =
        request.members("X-Forwarded-For").map(|(_, _, one)| text(one).into_owned()).take(MOST).collect();
    if !addresses.is_empty() {
        let says = format!(
            "X-Forwarded-For: {} (the first is the client, if every hop told the truth)",
            addresses.join(" → ")
        );
        steps.push(Step::fact(says, Vendor("X-Forwarded-For")));
    }
}

/// What caches and proxies tell of themselves: RFC 9211, RFC 9209, and the custom before them.
fn caches(response: &Message<'_>, steps: &mut Vec<Step>) {
    if let Some(age) = response.first("Age").and_then(|line| decimal(line.value)) {
        steps.push(Step::fact(format!("Age: {} in caches", how_long(age)), Rfc(9111, "5.1")));
    }
    // The first member is the cache nearest the origin (RFC 9211 2).
    for (_, _, member) in response.members("Cache-Status").take(MOST) {
        let mut parts = pieces(member, b';').into_iter().map(|(_, piece)| text(piece).into_owned());
        let name = parts.next().unwrap_or_default();
        let told = parts.map(|part| cache_word(&part)).collect::<Vec<_>>().join(", ");
        steps.push(Step::fact(format!("cache {}: {told}", name.trim_matches('"')), Rfc(9211, "2")));
    }
    for (_, _, member) in response.members("Proxy-Status").take(MOST) {
        let mut parts = pieces(member, b';').into_iter().map(|(_, piece)| text(piece).into_owned());
        let name = parts.next().unwrap_or_default();
        let told = parts.collect::<Vec<_>>().join(", ");
        steps.push(Step::test(
            !told.contains("error="),
            format!("proxy {}: {told}", name.trim_matches('"')),
            Rfc(9209, "2"),
        ));
    }
    for name in ["X-Cache", "CF-Cache-Status"] {
        if let Some(line) = response.first(name) {
            let value = text(line.value);
            let lower = value.to_ascii_lowercase();
            let said =
                if lower.contains("hit") { "hit, a cache served it" } else { "not served from that cache" };
            steps.push(Step::fact(format!("{name}: {said} ({value})"), Vendor("CDN")));
        }
    }
}

/// A parameter of Cache-Status in words (RFC 9211 2.1 to 2.7).
fn cache_word(part: &str) -> String {
    match part.split_once('=') {
        None if part == "hit" => "hit, served from here".to_owned(),
        None => part.to_owned(),
        Some(("fwd", why)) => format!("forwarded ({why})"),
        Some(("ttl", seconds)) => match seconds.parse::<i64>() {
            Ok(seconds) if seconds < 0 => format!("stale for {}", how_long(seconds.unsigned_abs())),
            Ok(seconds) => format!("fresh for {} more", how_long(seconds.unsigned_abs())),
            Err(_) => part.to_owned(),
        },
        Some(("fwd-status", status)) => format!("its origin answered {status}"),
        Some(_) => part.to_owned(),
    }
}

/// Where the time went on the server's side (Server Timing 3).
fn timings(response: &Message<'_>, steps: &mut Vec<Step>) {
    for (_, _, member) in response.members("Server-Timing").take(MOST) {
        let mut parts = pieces(member, b';').into_iter().map(|(_, piece)| piece);
        let name = text(parts.next().unwrap_or_default()).into_owned();
        let (mut took, mut about) = (String::new(), String::new());
        for part in parts {
            let at = memchr::memchr(b'=', part).unwrap_or(part.len());
            let value = unquoted(part.get(at + 1..).unwrap_or_default());
            match part.get(..at).unwrap_or_default().to_ascii_lowercase().as_slice() {
                b"dur" => took = format!(" {} ms", text(&value)),
                b"desc" => about = format!(" ({})", text(&value)),
                _ => {}
            }
        }
        steps.push(Step::fact(
            format!(
                "server spent on {name}{about}:{}",
                if took.is_empty() { " no time told" } else { &took }
            ),
            W3c("Server Timing"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;
    use super::*;

    fn path(request: &str, response: &str) -> Path {
        let request = format!("GET / HTTP/1.1\nHost: h.test\n{request}");
        judge("https://h.test/", &request, &format!("HTTP/1.1 200 OK\n{response}")).path.unwrap()
    }

    #[test]
    fn rfc9110_7_6_3_hops_in_their_order() {
        let path = path("Via: 1.0 fred, 1.1 (Apache/1.1)\n", "Via: 2 shield, 1.1 edge (Varnish)\n");
        let steps: Vec<_> = path.steps.iter().map(|step| step.says.as_str()).collect();
        assert_eq!(
            steps,
            ["client → 1.0 fred → 1.1 (no name) → origin", "origin → 2 shield → 1.1 edge → client"]
        );
        assert_eq!(path.says, "2 hops: shield → edge");
    }

    #[test]
    fn rfc9211_2_each_cache_says_what_it_did() {
        let path =
            path("", "Age: 86\nCache-Status: shield; fwd=stale; fwd-status=304, \"edge\"; hit; ttl=513\n");
        let steps: Vec<_> = path.steps.iter().map(|step| step.says.as_str()).collect();
        assert_eq!(
            steps,
            [
                "Age: 1 min 26 s in caches",
                "cache shield: forwarded (stale), its origin answered 304",
                "cache edge: hit, served from here, fresh for 8 min 33 s more"
            ]
        );
        assert!(path.says.starts_with("cache edge: hit"), "{}", path.says);
    }

    #[test]
    fn rfc9209_2_a_proxys_error() {
        let path = path("", "Proxy-Status: hop.test; error=connection_timeout\n");
        assert_eq!(
            (path.steps[0].passes, path.steps[0].says.as_str()),
            (Some(false), "proxy hop.test: error=connection_timeout")
        );
    }

    #[test]
    fn rfc7239_4_addresses_and_what_the_server_timed() {
        let path = path(
            "Forwarded: for=192.0.2.1;proto=https\nX-Forwarded-For: 192.0.2.1, 192.0.2.2\n",
            "Server-Timing: db;dur=53.2;desc=\"all of it\", miss\n",
        );
        let steps: Vec<_> = path.steps.iter().map(|step| step.says.as_str()).collect();
        assert_eq!(steps[0], "Forwarded: for=192.0.2.1, proto=https");
        assert!(steps[1].starts_with("X-Forwarded-For: 192.0.2.1 → 192.0.2.2"));
        assert_eq!(
            steps[2..],
            ["server spent on db (all of it): 53.2 ms", "server spent on miss: no time told"]
        );
    }
}
