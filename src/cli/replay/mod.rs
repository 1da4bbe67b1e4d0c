//! `hopscope replay`: recorded requests sent again.
//!
//! The orders are made and tried against the capture before anything is sent, so that a mistake costs
//! nothing; then they go, a bounded number at once, by the process that records or by this one.

pub(super) mod sending;

use super::args::{Replay, Sendable};
use super::capture;
use super::chosen::{self, Which};
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::signals::Signals;
use crate::exchange::{ExchangeId, Order};
use crate::replay::{self, Prepared, ReplayError};
use crate::store::Reader;
use sending::{Asked, Door};
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Exchanges that one filter may send.
const MOST: usize = 1_000;

/// Runs the command.
pub(super) fn run(typed: &Replay) -> Outcome {
    let which = Which::typed(&typed.ids)?;
    let path = capture::path(typed.chosen.capture.as_deref())?;
    let reader = Reader::open(&path).map_err(anyhow::Error::from)?;
    let orders = orders(typed, ids(&reader, which)?)?;
    let requests: Vec<_> = orders
        .iter()
        .map(|order| replay::prepare(&reader, order).map_err(refused))
        .collect::<Result<_, _>>()?;
    if typed.dry_run {
        return dry_run(&requests, typed.count, &mut Out::stdout());
    }
    allow(typed, &requests)?;
    let mut signals = Signals::listen()?;
    let door = Door::to(&path, typed)?;
    let asked = Asked {
        orders,
        count: typed.count,
        concurrency: typed.concurrency as usize,
        as_json: typed.json,
        diff: typed.diff,
    };
    let interrupts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&interrupts);
    let ended = signals.while_running(
        move || sending::run(&asked, door, &reader, &counted),
        move |_| {
            interrupts.fetch_add(1, Ordering::Relaxed);
        },
    )?;
    ended.unwrap_or_else(|| Err(Halt::new(Exit::Failed, "sending ended unexpectedly; the capture is whole")))
}

/// The exchanges that are meant; of a filter those that can be sent, as a CONNECT cannot.
fn ids(reader: &Reader, which: Which) -> Result<Vec<ExchangeId>, Halt> {
    let Which::Matching(query) = &which else {
        return Ok(if let Which::Ids(ids) = which { ids } else { Vec::new() });
    };
    let mut ids = Vec::new();
    let counts = which.each(reader, chosen::newest(reader)?, &mut |row| {
        ids.extend((row.method != "CONNECT").then_some(row.id));
        if ids.len() > MOST {
            let says =
                format!("more than {MOST} exchanges match: a narrower filter, or IDs; nothing was sent");
            return Err(Halt::new(Exit::Usage, says));
        }
        Ok(())
    })?;
    if ids.is_empty() {
        let says = format!("no exchange of {} matches {}; nothing was sent", counts.seen, query.text());
        return Err(Halt::new(Exit::Failed, says));
    }
    say(format!("{} of {} exchanges match", ids.len(), counts.seen));
    Ok(ids)
}

/// What was typed, for each exchange.
fn orders(typed: &Replay, ids: Vec<ExchangeId>) -> Result<Vec<Order>, Halt> {
    let body = typed.body.as_deref().map(read_body).transpose()?;
    let order = |id| Order {
        as_sent: typed.message == Some(Sendable::RequestSent),
        set: typed.set.clone(),
        remove: typed.remove.clone(),
        body: body.clone(),
        target: typed.target.clone(),
        ..Order::as_is(id)
    };
    Ok(ids.into_iter().map(order).collect())
}

fn read_body(path: &Path) -> Result<Vec<u8>, Halt> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| {
        Halt::new(Exit::Failed, format!("--body {}: cannot be read: {error}", path.display()))
    })
}

fn refused(error: ReplayError) -> Halt {
    let exit = match error {
        ReplayError::Malformed(_) | ReplayError::AsSent | ReplayError::AsSentHttp2(_) => Exit::Usage,
        _ => Exit::Failed,
    };
    match error {
        // The carets stand below the text, so it begins a line.
        ReplayError::Malformed(shown) => Halt::new(exit, format!("this cannot be sent:\n{shown}")),
        error => Halt::new(exit, error),
    }
}

/// Prints the heads, as they would be given to the hop.
fn dry_run<W: Write>(requests: &[Prepared], count: u32, out: &mut Out<W>) -> Outcome {
    for request in requests {
        let times = if count == 1 { String::new() } else { format!(", {count} times") };
        let to = request.route.as_ref().map_or_else(String::new, |route| {
            format!(" to {}://{}", route.scheme.as_str(), route.authority.text(route.scheme))
        });
        let rules = if request.as_sent { "as it was sent" } else { "through the rules of the hop" };
        say(format!("#{}{to}, body {} bytes, {rules}{times}:", request.parent.0, request.length()));
        request.notes.iter().for_each(say);
        out.bytes(request.head.raw())?;
    }
    out.flush()?;
    say("nothing was sent (--dry-run)");
    Ok(Exit::Ok)
}

/// RFC 9110 9.2.1: what is not safe is sent again only when a person says so.
fn allow(typed: &Replay, requests: &[Prepared]) -> Result<(), Halt> {
    let methods = requests.iter().filter(|request| !replay::is_safe(&request.method()));
    let Some(first) = methods.clone().next() else { return Ok(()) };
    if typed.yes {
        return Ok(());
    }
    let (method, sends) = (first.method(), methods.count() as u64 * u64::from(typed.count));
    if requests.len() > 1 || typed.count > 1 {
        let says = format!(
            "{method} is not safe to repeat, and {sends} such requests would go: --yes sends them, --dry-run shows them"
        );
        return Err(Halt::new(Exit::Usage, says));
    }
    let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !terminal || typed.body.as_deref() == Some(Path::new("-")) {
        let says = format!("{method} is not safe to repeat, and nobody can be asked here: --yes sends it");
        return Err(Halt::new(Exit::Usage, says));
    }
    say(format!("{method} again (#{})? y and enter sends it:", first.parent.0));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") {
        return Ok(());
    }
    Err(Halt::new(Exit::Usage, "not sent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ExchangeId, Head};
    use crate::replay::Content;
    use bytes::Bytes;

    fn request(method: &str) -> Prepared {
        let head = format!("{method} http://h/ HTTP/1.1\r\nHost: h\r\n\r\n");
        Prepared {
            parent: ExchangeId(12),
            head: Head::parse(Bytes::from(head)),
            content: Content::Original { length: 0, chunked: None },
            route: None,
            as_sent: false,
            notes: Vec::new(),
        }
    }

    #[test]
    fn rfc9110_9_2_1_what_is_not_safe_needs_a_word() {
        let allowed = |change: &dyn Fn(&mut Replay), methods: &[&str]| {
            let mut typed = Replay { count: 1, ..Replay::default() };
            change(&mut typed);
            let requests: Vec<_> = methods.iter().map(|method| request(method)).collect();
            allow(&typed, &requests).map_err(|halt| (halt.exit, halt.says))
        };
        assert_eq!(allowed(&|_| (), &["GET", "HEAD", "OPTIONS"]), Ok(()));
        assert_eq!(allowed(&|typed| typed.count = 50, &["GET"]), Ok(()));
        assert_eq!(allowed(&|typed| (typed.yes, typed.count) = (true, 9), &["POST", "DELETE"]), Ok(()));
        let (exit, says) = allowed(&|typed| typed.count = 3, &["POST"]).unwrap_err();
        assert_eq!(exit, Exit::Usage);
        assert!(
            says.starts_with("POST is not safe to repeat, and 3 such requests would go: --yes"),
            "{says}"
        );
        assert!(allowed(&|_| (), &["GET", "PATCH"]).unwrap_err().1.contains("1 such"));
    }

    #[test]
    fn a_dry_run_prints_the_exact_heads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut out = Out::to(std::fs::File::create(&path).unwrap(), false);
        assert_eq!(dry_run(&[request("GET"), request("PUT")], 2, &mut out).unwrap(), Exit::Ok);
        let printed = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            printed,
            "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\nPUT http://h/ HTTP/1.1\r\nHost: h\r\n\r\n"
        );
    }
}
