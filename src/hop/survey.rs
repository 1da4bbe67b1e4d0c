//! One pass over the field lines: their syntax checked, and what the rules need picked out.

use super::Fault;
use super::framing::FramingLines;
use super::names::{Known, name};
use super::options::Options;
use super::syntax::{
    count, has_control, has_control_but_line_ends, is_blank, is_control, is_token, members, not_in_token,
    offset_in, quoted,
};
use crate::exchange::{Field, Head};

/// What the strict check learns from the fields of a head.
#[derive(Debug, Default)]
pub(super) struct Survey<'a> {
    pub(super) framing: FramingLines<'a>,
    pub(super) options: Options<'a>,
    /// Host lines: the first value and the second line, if any.
    pub(super) host: Option<&'a [u8]>,
    pub(super) second_host: Option<&'a [u8]>,
    /// `Expect: 100-continue`.
    pub(super) expects_continue: bool,
    /// Upgrade names a protocol that can be relayed.
    pub(super) offers_upgrade: bool,
}

/// Which side's rules hold where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// White space before a colon is refused (RFC 9112 5.1).
    Request,
    /// White space before a colon is tolerated and removed on the way.
    Response,
}

/// Checks the head's line ends and each field line, in one pass.
pub(super) fn survey(head: &Head, side: Strictness) -> Result<Survey<'_>, Fault> {
    check_line_ends(head)?;
    let mut survey = Survey::default();
    let plain = is_plain(head);
    for field in head.fields() {
        check_field(head, &field, side, plain)?;
        survey.note(&field);
    }
    Ok(survey)
}

impl<'a> Survey<'a> {
    fn note(&mut self, field: &Field<'a>) {
        match Known::of(field) {
            Known::ContentLength => self.framing.add_length(field),
            Known::TransferEncoding => self.framing.add_codings(field),
            Known::Connection => self.options.add_line(field),
            Known::Host if self.host.is_none() => self.host = Some(field.value),
            Known::Host => self.second_host = self.second_host.or(Some(field.line)),
            Known::Expect => self.expects_continue |= has_member(field.value, "100-continue"),
            Known::Upgrade => self.offers_upgrade |= members(field.value).any(can_be_relayed),
            _ => {}
        }
    }
}

/// `h2c` by Upgrade is obsolete (RFC 9113 3.1), needs the hop-by-hop HTTP2-Settings, and
/// would turn a connection that we read into one that we do not.
pub(super) fn can_be_relayed(protocol: &[u8]) -> bool {
    !protocol.is_empty() && !protocol.eq_ignore_ascii_case(b"h2c")
}

fn has_member(value: &[u8], wanted: &str) -> bool {
    members(value).any(|member| member.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// Every line must end with CR LF and the head with one empty line. The sum of the lines
/// tells: a line end is one or two bytes long, so only if each is CR LF does the last line
/// end where the sum says. CR and LF inside a line are [`check_field`]'s.
fn check_line_ends(head: &Head) -> Result<(), Fault> {
    let raw = head.raw();
    let last = head.fields().next_back().map_or(head.start_line(), |field| field.line);
    let end = offset_in(raw, last) + last.len();
    let sum = head.start_line().len() + head.fields().map(|field| field.line.len() + 2).sum::<usize>();
    if sum == end && raw.get(end..) == Some(b"\r\n\r\n") {
        return Ok(());
    }
    Err(bare_line_end(raw).unwrap_or_else(|| {
        let says = "The head does not end with exactly one empty line.";
        Fault::new(400, end, "RFC 9112 2.1", says)
    }))
}

/// The first CR without LF, or LF without CR.
fn bare_line_end(raw: &[u8]) -> Option<Fault> {
    let at = memchr::memchr2_iter(b'\r', b'\n', raw).find(|at| match raw[*at] {
        b'\r' => raw.get(at + 1) != Some(&b'\n'),
        _ => at.checked_sub(1).and_then(|before| raw.get(before)) != Some(&b'\r'),
    })?;
    let says = if raw[at] == b'\r' {
        "A CR stands alone. Some readers end a line there and some do not."
    } else {
        "A line ends with a bare LF; lines of a head end with CR LF."
    };
    Some(Fault::new(400, at, "RFC 9112 2.2", says))
}

/// Whether no line can hold a control, a bare CR or LF, or a fold: told for the whole head at
/// once, because that is a third of the work of asking each line.
fn is_plain(head: &Head) -> bool {
    let raw = head.raw();
    let ends = head.fields().len() + 2;
    !has_control_but_line_ends(raw) && count(raw, b'\r') == ends && count(raw, b'\n') == ends
}

fn check_field(head: &Head, field: &Field<'_>, side: Strictness, plain: bool) -> Result<(), Fault> {
    let name = if side == Strictness::Response { name(field) } else { field.name };
    if !is_token(name) {
        return Err(bad_name(head.raw(), field, name, side));
    }
    if !plain && has_control(field.line) {
        return check_controls(head.raw(), field.line);
    }
    Ok(())
}

/// A control in a line is a fault unless it is the CR LF of a fold (RFC 9112 5.2).
fn check_controls(raw: &[u8], line: &[u8]) -> Result<(), Fault> {
    let mut at = 0;
    while let Some(found) = line[at..].iter().position(|byte| is_control(*byte)) {
        at += found;
        match &line[at..] {
            [b'\r', b'\n', blank, ..] if is_blank(*blank) => at += 2,
            _ => return Err(control(raw, offset_in(raw, line) + at)),
        }
    }
    Ok(())
}

fn control(raw: &[u8], at: usize) -> Fault {
    match raw.get(at) {
        Some(b'\r' | b'\n') => bare_line_end(raw)
            .unwrap_or_else(|| Fault::new(400, at, "RFC 9112 2.2", "A line end stands where none may be.")),
        byte => {
            let says = format!(
                "A field value holds the control byte 0x{:02x}; only tabs may stand there.",
                byte.copied().unwrap_or_default()
            );
            Fault::new(400, at, "RFC 9110 5.5", says)
        }
    }
}

fn bad_name(raw: &[u8], field: &Field<'_>, name: &[u8], side: Strictness) -> Fault {
    let at = offset_in(raw, field.line);
    match field.line {
        [b' ' | b'\t', ..] => {
            let says = "White space stands before the first field line.";
            return Fault::new(400, at, "RFC 9112 2.2", says);
        }
        [b':', ..] => return Fault::new(400, at, "RFC 9112 5", "A field line has no name before its colon."),
        line if memchr::memchr(b':', line).is_none() => {
            let says = format!("The line {} has no colon, so it is no field.", quoted(line));
            return Fault::new(400, at + line.len(), "RFC 9112 5", says);
        }
        _ => {}
    }
    let bad = not_in_token(name).unwrap_or(0);
    if side == Strictness::Request && name[bad..].iter().all(|byte| is_blank(*byte)) {
        let says = format!(
            "White space stands between the name {} and its colon; \
             readers that ignore it and readers that do not see different fields.",
            quoted(&name[..bad])
        );
        return Fault::new(400, at + bad, "RFC 9112 5.1", says);
    }
    if matches!(name.get(bad), Some(b'\r' | b'\n' | 0)) {
        return control(raw, at + bad);
    }
    let says = format!("The field name {} holds a byte that no name may hold.", quoted(name));
    Fault::new(400, at + bad, "RFC 9110 5.1", says)
}
