//! What the header inspector finds in all four heads of an exchange, and what follows from them.

use super::super::door::{Ink, Out};
use super::super::exit::Halt;
use super::super::lint::{Looked, beginnings, print};
use super::super::records::Records;
use crate::exchange::Exchange;
use crate::inspect::{Chapter, Link, Verdicts, links, may_belong};
use std::io::{self, Write};

/// Rows before and behind that are looked through for what belongs together.
const NEAR: usize = 50;

/// Prints it: findings by message and line, then the verdicts with their arithmetic, then what belongs together.
pub(super) fn show<W: Write>(
    records: &mut dyn Records,
    exchange: &Exchange,
    as_json: bool,
    out: &mut Out<W>,
) -> Result<(), Halt> {
    let beginnings = beginnings(records, exchange);
    let looked = Looked { links: story(records, exchange)?, ..Looked::recorded(exchange, beginnings) };
    if as_json {
        return Ok(out.record(&serde_json::to_string(&looked).map_err(anyhow::Error::from)?)?);
    }
    print(out, &looked.title, &looked.findings, &looked.lines)?;
    if looked.findings.is_empty() {
        out.line("nothing found: every head is as it should be")?;
    }
    verdicts(out, &looked.verdicts)?;
    for link in &looked.links {
        out.line("")?;
        out.inked(&[(Ink::Dim, &format!("{:<16} ", link.tie.replace('-', " "))), (Ink::Plain, &link.says)])?;
    }
    Ok(())
}

fn story(records: &mut dyn Records, exchange: &Exchange) -> Result<Vec<Link>, Halt> {
    let id = exchange.summary.id;
    let mut near = records.before(Some(id), NEAR)?;
    near.reverse();
    near.extend(records.after(id, NEAR)?);
    let mut others = Vec::new();
    for row in near.iter().filter(|row| may_belong(&exchange.summary, row)) {
        others.extend(records.exchange(row.id)?);
    }
    let chapters: Vec<_> = others.iter().map(Chapter::of).collect();
    Ok(links(&Chapter::of(exchange), &chapters))
}

fn verdicts<W: Write>(out: &mut Out<W>, verdicts: &Verdicts) -> io::Result<()> {
    for told in verdicts.told() {
        out.line("")?;
        let ink = if told.bad { Ink::Removed } else { Ink::Strong };
        out.inked(&[(Ink::Dim, &format!("{:<16} ", told.topic.replace('_', " "))), (ink, told.says)])?;
        for step in told.steps {
            let mark = match step.passes {
                Some(true) => "passes  ",
                Some(false) => "fails   ",
                None => "        ",
            };
            let cite = step.cite.map(|cite| format!("  ({cite})")).unwrap_or_default();
            out.inked(&[(Ink::Plain, &format!("         {mark}{}", step.says)), (Ink::Dim, &cite)])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::records::tests::InMemory;
    use super::super::super::sample;
    use super::*;

    fn shown(exchange: &Exchange, as_json: bool) -> String {
        let mut records = InMemory::rows(Vec::new());
        let mut out = Vec::new();
        show(&mut records, exchange, as_json, &mut Out::to(&mut out, false)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_head_has_its_findings_and_the_exchange_its_verdicts() {
        let mut exchange = sample::exchange();
        exchange.heads.response_received = Some(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: sid=s3cret; SameSite=None\r\n\r\n".into(),
        );
        let text = shown(&exchange, false);
        for words in [
            "request received:",
            "response received:",
            "E   2  Set-Cookie: sid=••••; SameSite=None",
            "cookie-none-without-secure (draft-ietf-httpbis-rfc6265bis)",
            "sid: REJECTED: SameSite=None needs Secure",
            "5 bytes, by Content-Length",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("s3cret"));
        let json: serde_json::Value = serde_json::from_str(&shown(&exchange, true)).unwrap();
        let cookie = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|found| found["lint"] == "cookie-none-without-secure");
        assert_eq!(cookie.unwrap()["message"], "response-received");
        assert_eq!(json["verdicts"]["cookies"][0]["fate"], "rejected");
    }

    #[test]
    fn what_belongs_together_is_named() {
        let mut first = sample::exchange();
        first.summary.status = Some(302);
        let redirect = Some("HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n".into());
        (first.heads.response_received, first.heads.response_sent) = (redirect.clone(), redirect);
        let mut second = sample::exchange();
        second.summary.id = crate::exchange::ExchangeId(first.summary.id.0 + 1);
        "/next".clone_into(&mut second.summary.path);
        let rows = vec![first.summary.clone(), second.summary.clone()];
        let mut records = InMemory { exchanges: vec![first.clone(), second], ..InMemory::rows(rows) };
        let mut out = Vec::new();
        show(&mut records, &first, false, &mut Out::to(&mut out, false)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains(&format!("leads to         followed by #{}", first.summary.id.0 + 1)),
            "{text}"
        );
    }
}
