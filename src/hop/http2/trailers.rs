//! The check of a trailer section (RFC 9113 8.1).

use super::pseudo::Of;
use super::section::read;
use crate::exchange::{Head, SectionField, trailer_lines};
use crate::hop::{Bounds, Fault};

/// Checks the trailer section that ended a stream. The fault's status is 400 or 431, its
/// offset is counted in `exchange::trailer_lines` of it.
///
/// It takes the fields and not their text, in which an escaped CR could not be told from the
/// two characters `\r`.
pub fn check_trailers_http2(fields: &[SectionField], bounds: &Bounds) -> Result<(), Fault> {
    let lines = trailer_lines(fields);
    if lines.len() > bounds.head || fields.len() > bounds.fields {
        let says = "The trailer section is larger than limits.head or limits.fields allow.";
        return Err(Fault::new(431, lines.len().min(bounds.head), "RFC 6585 5", says));
    }
    // A start line makes it a head, and is taken off the offset again.
    let head = Head::of_response_section(fields);
    let before = head.raw().len().saturating_sub(lines.len() + 2);
    let bounds = Bounds { head: usize::MAX, ..*bounds };
    let read = read(&head, Of::Trailers, &bounds);
    read.map(|_| ()).map_err(|fault| Fault { offset: fault.offset.saturating_sub(before), ..fault })
}
