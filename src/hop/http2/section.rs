//! The strict reading of one section: each line's syntax, and what the rules need picked out.

use super::pseudo::{Of, Pseudo};
use crate::exchange::{Field, Head};
use crate::hop::check::{Bounds, MOST_FIELDS};
use crate::hop::framing::{self, FramingLines};
use crate::hop::names::Known;
use crate::hop::syntax::{has_control, is_blank, is_control, members, not_in_token, offset_in, quoted};
use crate::hop::{Fault, Framing};

/// What the check learns from a section's lines.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    pub(super) pseudo: Pseudo<'a>,
    lengths: FramingLines<'a>,
    /// Host lines: the first value and the second line, if any.
    pub(super) host: Option<&'a [u8]>,
    pub(super) second_host: Option<&'a [u8]>,
    /// `Expect: 100-continue`.
    pub(super) expects_continue: bool,
}

/// Reads a section whose text is within the bounds; else 431 (RFC 6585 5).
pub(super) fn read<'a>(head: &'a Head, of: Of, bounds: &Bounds) -> Result<Section<'a>, Fault> {
    check_size(head, bounds)?;
    if let Some(at) = head.stray() {
        let says = "A field holds CR, LF or NUL, or its name a blank or a colon. \
                    HTTP/1.1 ends lines and names there.";
        return Err(Fault::new(400, at, CLAUSE, says));
    }
    let mut section = Section::default();
    let mut regular = false;
    for field in head.fields() {
        let placed =
            |fault: Fault| Fault { offset: offset_in(head.raw(), field.line) + fault.offset, ..fault };
        if field.is_pseudo() {
            section.pseudo.take(&field, of, regular).map_err(placed)?;
        } else {
            regular = true;
            check_name(&field).map_err(placed)?;
            section.note(&field, of).map_err(placed)?;
        }
        check_value(&field).map_err(placed)?;
    }
    Ok(section)
}

/// The clause on names and values.
const CLAUSE: &str = "RFC 9113 8.2.1";

impl<'a> Section<'a> {
    fn note(&mut self, field: &Field<'a>, of: Of) -> Result<(), Fault> {
        match Known::of(field) {
            Known::Connection
            | Known::ProxyConnection
            | Known::KeepAlive
            | Known::TransferEncoding
            | Known::Upgrade => return Err(connection_specific(field)),
            Known::Te if !field.value.eq_ignore_ascii_case(b"trailers") => {
                let says = "TE says something other than trailers; HTTP/2 has no transfer codings.";
                return Err(Fault::new(400, 0, "RFC 9113 8.2.2", says));
            }
            Known::ContentLength if of != Of::Trailers => self.lengths.add_length(field),
            Known::Host if self.host.is_none() => self.host = Some(field.value),
            Known::Host => self.second_host = self.second_host.or(Some(field.line)),
            Known::Expect => {
                let continues = |member: &[u8]| member.eq_ignore_ascii_case(b"100-continue");
                self.expects_continue |= members(field.value).any(continues);
            }
            _ => {}
        }
        Ok(())
    }

    /// What Content-Length says, `absent` where there is none. A message whose length is not
    /// a number cannot agree with its DATA (RFC 9113 8.1.1).
    pub(super) fn length(&self, head: &Head, absent: Framing) -> Result<Framing, Fault> {
        framing::of_length(&self.lengths, absent).map_err(|flaw| {
            let at = offset_in(head.raw(), flaw.line);
            Fault { clause: "RFC 9113 8.1.1", ..flaw.at(at) }
        })
    }

    /// A section that ends its stream brings no content, whatever Content-Length says.
    pub(super) fn length_without_content(&self, head: &Head) -> Fault {
        let at = self.lengths.length_at.map_or(0, |line| offset_in(head.raw(), line));
        let says = "Content-Length announces content, but the stream ends with this section.";
        Fault::new(400, at, "RFC 9113 8.1.1", says)
    }
}

fn check_size(head: &Head, bounds: &Bounds) -> Result<(), Fault> {
    if head.raw().len() > bounds.head {
        let says = format!(
            "The field section is longer than {} bytes; raise limits.head in config.toml.",
            bounds.head
        );
        return Err(Fault::new(431, bounds.head, "RFC 6585 5", says));
    }
    let most = bounds.fields.min(MOST_FIELDS);
    match head.fields().nth(most) {
        None => Ok(()),
        Some(field) => {
            let says =
                format!("The section has more than {most} field lines; raise limits.fields in config.toml.");
            Err(Fault::new(431, offset_in(head.raw(), field.line), "RFC 6585 5", says))
        }
    }
}

/// Lower-case tokens only: RFC 9113 8.2.1 says which octets no name may hold, RFC 9110 5.1
/// leaves a few fewer.
fn check_name(field: &Field<'_>) -> Result<(), Fault> {
    let name = field.name;
    if name.is_empty() {
        return Err(Fault::new(400, 0, CLAUSE, "A field line has no name."));
    }
    if let Some(at) = name.iter().position(u8::is_ascii_uppercase) {
        let says = format!("The field name {} holds upper-case letters.", quoted(name));
        return Err(Fault::new(400, at, CLAUSE, says));
    }
    match not_in_token(name) {
        None => Ok(()),
        Some(at) => {
            let listed = name[at] <= b' ' || name[at] >= 0x7f;
            let clause = if listed { CLAUSE } else { "RFC 9110 5.1" };
            let says = format!("The field name {} holds a byte that no name may hold.", quoted(name));
            Err(Fault::new(400, at, clause, says))
        }
    }
}

/// The value with the white space that [`Field::value`] leaves out: HPACK delimits values, so
/// here it would be part of them.
fn check_value(field: &Field<'_>) -> Result<(), Fault> {
    let from = field.name.len() + 2;
    let value = field.line.get(from..).unwrap_or_default();
    if has_control(value) {
        let at = value.iter().position(|byte| is_control(*byte)).unwrap_or(0);
        let byte = value.get(at).copied().unwrap_or_default();
        let says = format!("A field value holds the control byte 0x{byte:02x}; only tabs may stand there.");
        return Err(Fault::new(400, from + at, "RFC 9110 5.5", says));
    }
    let says = "A field value begins or ends with white space.";
    match (value.first(), value.last()) {
        (Some(first), _) if is_blank(*first) => Err(Fault::new(400, from, CLAUSE, says)),
        (_, Some(last)) if is_blank(*last) => Err(Fault::new(400, field.line.len() - 1, CLAUSE, says)),
        _ => Ok(()),
    }
}

fn connection_specific(field: &Field<'_>) -> Fault {
    let says = format!(
        "The field {} speaks of the connection; HTTP/2 says such things in frames, never in fields.",
        quoted(field.name)
    );
    Fault::new(400, 0, "RFC 9113 8.2.2", says)
}
