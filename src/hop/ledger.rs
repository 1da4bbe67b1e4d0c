//! The proof that a ledger is complete: replays edits over a received head.

use super::names::name;
use crate::exchange::{Cause, Edit, Head};

/// Whether `edits` explain every difference between a head as received and as sent.
///
/// Each line of either head is explained once: it stands in both with equal bytes, or it
/// was changed (a pair of line numbers, the bytes differ), removed, or added. Lines that
/// stand in both, changed or not, are in the same order. A line that changed in form alone
/// (case, folds, spacing) still says the same, and in a sent section of HTTP/2 the start line
/// says what the pseudo-fields say. The error names the first line that does not fit.
pub fn replay_edits(received: &Head, sent: &Head, edits: &[Edit]) -> Result<(), String> {
    let mut before = vec![Fate::Same; received.fields().len() + 1];
    let mut after = vec![Fate::Same; sent.fields().len() + 1];
    for edit in edits {
        note(&mut before, edit.before, edit.after, "received")?;
        note(&mut after, edit.after, edit.before, "sent")?;
    }
    check_order(&before)?;
    check_forms(received, sent, edits)?;
    let mut after = after.into_iter().enumerate().filter(|(_, fate)| *fate != Fate::Alone);
    for (number, fate) in before.into_iter().enumerate().filter(|(_, fate)| *fate != Fate::Alone) {
        let Some((partner, partner_fate)) = after.next() else {
            return Err(format!("received line {number} is not in the sent head, and no edit says why"));
        };
        check_pair((received, number, fate), (sent, partner, partner_fate))?;
    }
    match after.next() {
        Some((number, _)) => Err(format!("sent line {number} was not received, and no edit says why")),
        None => check_form(sent),
    }
}

/// What the ledger says of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing: it stands in both heads.
    Same,
    /// It became, or was, that line of the other head.
    Changed(u16),
    /// It stands in one head only.
    Alone,
}

fn note(fates: &mut [Fate], line: Option<u16>, other: Option<u16>, which: &str) -> Result<(), String> {
    let Some(number) = line else { return Ok(()) };
    let fate = other.map_or(Fate::Alone, Fate::Changed);
    match fates.get_mut(usize::from(number)) {
        None => Err(format!("an edit names {which} line {number}, which does not exist")),
        Some(slot) if *slot != Fate::Same && *slot != fate => {
            Err(format!("edits contradict each other about {which} line {number}"))
        }
        Some(slot) => {
            *slot = fate;
            Ok(())
        }
    }
}

fn check_order(before: &[Fate]) -> Result<(), String> {
    let changed = before.iter().filter_map(|fate| match fate {
        Fate::Changed(after) => Some(*after),
        _ => None,
    });
    if changed.is_sorted() { Ok(()) } else { Err("changed lines are not in the order received".to_owned()) }
}

fn check_pair(from: (&Head, usize, Fate), to: (&Head, usize, Fate)) -> Result<(), String> {
    let ((received, before, fate), (sent, after, sent_fate)) = (from, to);
    let equal = received.line(before) == sent.line(after);
    match (fate, sent_fate) {
        (Fate::Same, Fate::Same) if equal => Ok(()),
        (Fate::Same, Fate::Same) => {
            Err(format!("received line {before} and sent line {after} differ, and no edit says why"))
        }
        (Fate::Changed(to), Fate::Changed(from))
            if (usize::from(to), usize::from(from)) == (after, before) =>
        {
            if equal {
                Err(format!("an edit changes line {before} to the same bytes"))
            } else {
                Ok(())
            }
        }
        _ => Err(format!("received line {before} does not meet its edit at sent line {after}")),
    }
}

/// Causes that change how a line is written and not what it says.
const OF_FORM: &[Cause] = &[Cause::LowerCase, Cause::Spacing, Cause::Unfolded, Cause::SpaceBeforeColon];

fn check_forms(received: &Head, sent: &Head, edits: &[Edit]) -> Result<(), String> {
    for edits in edits.chunk_by(|one, next| one.before == next.before && one.after == next.after) {
        let Some(Edit { before: Some(before), after: Some(after), .. }) = edits.first() else { continue };
        let of_form = edits.iter().all(|edit| OF_FORM.contains(&edit.cause));
        let says = |head: &Head, line: u16| {
            let field = head.fields().nth(usize::from(line).checked_sub(1)?)?;
            let words = field.value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            Some((name(&field).to_ascii_lowercase(), words.collect::<Vec<_>>().join(&b' ')))
        };
        if of_form && says(received, *before) != says(sent, *after) {
            return Err(format!("received line {before} changed its meaning, and its edit says its form"));
        }
    }
    Ok(())
}

/// The start line of a section was never on the wire: it must say what its pseudo-fields do.
fn check_control_data(sent: &Head) -> Result<(), String> {
    let agrees = match (sent.value(":status"), sent.request_line()) {
        (Some(status), _) => sent.start_line() == [b"HTTP/2 ", status, b" "].concat(),
        (None, Some((method, target, _))) => {
            let tunnel = method == b"CONNECT" && sent.value(":protocol").is_none();
            let named = if tunnel { ":authority" } else { ":path" };
            sent.value(":method") == Some(method) && sent.value(named) == Some(target)
        }
        (None, None) => false,
    };
    if agrees { Ok(()) } else { Err("the start line says other than the pseudo-fields".to_owned()) }
}

/// The sent head is its lines, each with CR LF, and one empty line.
fn check_form(sent: &Head) -> Result<(), String> {
    if sent.is_http2() {
        check_control_data(sent)?;
    }
    let mut raw = Vec::with_capacity(sent.raw().len());
    for line in std::iter::once(sent.start_line()).chain(sent.fields().map(|field| field.line)) {
        raw.extend_from_slice(line);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(b"\r\n");
    if raw == sent.raw()[..] { Ok(()) } else { Err("the sent head has odd line ends".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Cause;
    use bytes::Bytes;

    fn replay(received: &[&str], sent: &[&str], edits: &[(Option<u16>, Option<u16>)]) -> Result<(), String> {
        let head = |lines: &[&str]| Head::parse(Bytes::from(lines.join("\r\n") + "\r\n\r\n"));
        let edits: Vec<_> = edits
            .iter()
            .map(|(before, after)| Edit { before: *before, after: *after, cause: Cause::Via })
            .collect();
        replay_edits(&head(received), &head(sent), &edits)
    }

    #[test]
    fn a_complete_ledger_replays() {
        let (received, sent) = (["S", "A: 1", "B: 2", "C: 3"], ["S", "A: 1", "B: x", "V: 1"]);
        let edits = [(Some(2), Some(2)), (Some(3), None), (None, Some(3))];
        assert_eq!(replay(&received, &sent, &edits), Ok(()));
    }

    #[test]
    fn an_incomplete_or_false_one_does_not() {
        for (received, sent, edits) in [
            (&["S", "A: 1"][..], &["S"][..], &[][..]),
            (&["S"], &["S", "A: 1"], &[]),
            (&["S", "A: 1"], &["S", "A: 2"], &[]),
            (&["S", "A: 1"], &["S", "A: 1"], &[(Some(1), Some(1))]),
            (&["S", "A: 1", "B: 1"], &["S", "B: 1", "A: 1"], &[]),
            (&["S", "A: 1", "B: 1"], &["S", "B: 2", "A: 2"], &[(Some(1), Some(2)), (Some(2), Some(1))]),
            (&["S", "A: 1"], &["S"], &[(Some(1), None), (Some(1), Some(1))]),
            (&["S"], &["S"], &[(Some(7), None)]),
            (&["S"], &["S"], &[(None, Some(7))]),
        ] {
            assert!(replay(received, sent, edits).is_err(), "{received:?} {sent:?} {edits:?}");
        }
    }

    #[test]
    fn rfc9113_8_2_a_change_of_form_changes_no_meaning() {
        use Cause::{LowerCase, Spacing, Unfolded};
        let replay = |received: &str, sent: &str, causes: &[Cause]| {
            let head = |line: &str| Head::parse(Bytes::from(format!("S\r\n{line}\r\n\r\n")));
            let edits: Vec<_> =
                causes.iter().map(|cause| Edit { before: Some(1), after: Some(1), cause: *cause }).collect();
            replay_edits(&head(received), &head(sent), &edits)
        };
        assert_eq!(replay("X-A:b", "x-a: b", &[LowerCase, Spacing]), Ok(()));
        assert_eq!(replay("X-A: b\r\n c", "x-a: b c", &[Unfolded, LowerCase]), Ok(()));
        assert!(replay("X-A: b", "x-b: b", &[LowerCase]).is_err());
        assert!(replay("X-A: b", "x-a: B", &[LowerCase]).is_err());
        assert_eq!(replay("X-A: b", "x-a: B", &[LowerCase, Cause::Asked]), Ok(()));
    }

    #[test]
    fn rfc9113_8_3_the_start_line_says_what_the_pseudo_fields_say() {
        let replay = |start: &str, pseudo: &[&str]| {
            let lines = |start: &str, more: &[&str]| [&[start][..], more].concat().join("\r\n") + "\r\n\r\n";
            let head = |text: String| Head::parse(Bytes::from(text));
            let edits: Vec<_> = (1..=pseudo.len())
                .map(|at| Edit { before: None, after: u16::try_from(at).ok(), cause: Cause::PseudoFields })
                .collect();
            replay_edits(&head(lines(start, &[])), &head(lines(start, pseudo)), &edits)
        };
        assert_eq!(replay("GET /a HTTP/2", &[":method: GET", ":path: /a"]), Ok(()));
        assert_eq!(replay("CONNECT h:1 HTTP/2", &[":method: CONNECT", ":authority: h:1"]), Ok(()));
        assert_eq!(replay("HTTP/2 200 ", &[":status: 200"]), Ok(()));
        assert!(replay("GET /a HTTP/2", &[":method: GET", ":path: /b"]).is_err());
        assert!(replay("GET /a HTTP/2", &[":path: /a"]).is_err());
        assert!(replay("HTTP/2 200 ", &[":status: 201"]).is_err());
    }
}
