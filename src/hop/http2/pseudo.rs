//! Pseudo-fields: control data of HTTP/2 in the shape of fields (RFC 9113 8.3).

use crate::exchange::Field;
use crate::hop::Fault;

/// The clause of all rules here that speak of no field in particular.
pub(super) const CLAUSE: &str = "RFC 9113 8.3";

/// Which message a section belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Request,
    Response,
    Trailers,
}

/// The pseudo-fields of one section, each at most once.
#[derive(Debug, Default)]
pub(super) struct Pseudo<'a> {
    pub(super) method: Option<&'a [u8]>,
    pub(super) scheme: Option<&'a [u8]>,
    pub(super) authority: Option<&'a [u8]>,
    pub(super) path: Option<&'a [u8]>,
    pub(super) protocol: Option<&'a [u8]>,
    pub(super) status: Option<&'a [u8]>,
}

impl<'a> Pseudo<'a> {
    /// Takes one in. `late` tells that a regular field came before it; the fault's offset is
    /// counted from the line's first byte.
    pub(super) fn take(&mut self, field: &Field<'a>, of: Of, late: bool) -> Result<(), Fault> {
        let refuse = |says: &str| Err(Fault::new(400, 0, CLAUSE, says));
        let slot = match (of, field.name) {
            (Of::Trailers, _) => {
                let says = "A pseudo-field stands in a trailer section.";
                return Err(Fault::new(400, 0, "RFC 9113 8.1", says));
            }
            (Of::Request, b":method") => &mut self.method,
            (Of::Request, b":scheme") => &mut self.scheme,
            (Of::Request, b":authority") => &mut self.authority,
            (Of::Request, b":path") => &mut self.path,
            (Of::Request, b":protocol") => &mut self.protocol,
            (Of::Response, b":status") => &mut self.status,
            (Of::Request, b":status") => return refuse("A request has :status, which only responses have."),
            (Of::Response, b":method" | b":scheme" | b":authority" | b":path" | b":protocol") => {
                return refuse("A response has a pseudo-field that only requests have.");
            }
            _ => return refuse("This pseudo-field is not defined."),
        };
        if late {
            return refuse("A pseudo-field stands behind a regular field; all pseudo-fields come first.");
        }
        if slot.replace(field.value).is_some() {
            return refuse("A pseudo-field stands twice; each is said once.");
        }
        Ok(())
    }
}
