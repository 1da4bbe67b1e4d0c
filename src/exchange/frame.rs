//! HTTP/2 frames as they crossed a connection: what of them is kept beside the heads they carried.

use super::Side;
use std::borrow::Cow;

/// One frame, or a run of DATA frames of one stream and direction (RFC 9113 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameNote {
    /// Microseconds since the exchange began; for a connection's own frames, since it was opened.
    pub at: u64,
    /// On which side of the hop.
    pub side: Side,
    /// Whether we sent it; else it came in.
    pub sent: bool,
    /// Its type, as numbered by RFC 9113 6 (0 DATA, 1 HEADERS, ...).
    pub kind: u8,
    /// Its flags; of a run, those of the last.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// Octets of payload, of a run together.
    pub length: u64,
    /// How many frames this stands for.
    pub count: u32,
    /// What it says, in words: settings, an error code, a priority, an increment.
    pub says: String,
}

/// Names of the types (RFC 9113 6).
const TYPES: [&str; 10] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];

/// Flags, by the types that know them (RFC 9113 6): the bit, its name, the types.
const FLAGS: [(u8, &str, &[u8]); 5] = [
    (1, "END_STREAM", &[0, 1]),
    (1, "ACK", &[4, 6]),
    (4, "END_HEADERS", &[1, 5, 9]),
    (8, "PADDED", &[0, 1, 5]),
    (0x20, "PRIORITY", &[1]),
];

impl FrameNote {
    /// The name of its type; `type 0xfa` of one that RFC 9113 does not know.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        TYPES
            .get(usize::from(self.kind))
            .map_or_else(|| format!("type {:#04x}", self.kind).into(), |name| Cow::Borrowed(*name))
    }

    /// The names of its flags, those that its type knows.
    pub fn flag_names(&self) -> impl Iterator<Item = &'static str> {
        let known = |(bit, name, kinds): &(u8, &'static str, &[u8])| {
            (self.flags & bit != 0 && kinds.contains(&self.kind)).then_some(*name)
        };
        FLAGS.iter().filter_map(known)
    }

    /// Its flags and what it says, in one line of words: `END_HEADERS · weight 16`. The latter came from a
    /// peer in part and passes `text::sanitize` before it reaches a terminal.
    #[must_use]
    pub fn words(&self) -> String {
        let flags = self.flag_names().collect::<Vec<_>>().join(" ");
        match (flags.is_empty(), self.says.is_empty() || self.says.eq_ignore_ascii_case(&flags)) {
            (_, true) => flags,
            (true, false) => self.says.clone(),
            (false, false) => format!("{flags} · {}", self.says),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(kind: u8, flags: u8) -> String {
        let says = String::new();
        let note = FrameNote {
            at: 0,
            side: Side::Client,
            sent: false,
            kind,
            flags,
            stream: 1,
            length: 0,
            count: 1,
            says,
        };
        format!("{} {}", note.name(), note.flag_names().collect::<Vec<_>>().join("+"))
    }

    #[test]
    fn rfc9113_6_a_flag_means_what_its_type_says() {
        assert_eq!(words(1, 0x2d), "HEADERS END_STREAM+END_HEADERS+PADDED+PRIORITY");
        assert_eq!(words(4, 1), "SETTINGS ACK");
        assert_eq!(words(0, 1), "DATA END_STREAM");
        assert_eq!(words(8, 0xff), "WINDOW_UPDATE ");
        assert_eq!(words(0xfa, 1), "type 0xfa ");
    }

    #[test]
    fn what_the_flags_say_is_not_said_twice() {
        let said = |flags, says: &str| {
            let says = says.to_owned();
            FrameNote {
                at: 0,
                side: Side::Origin,
                sent: true,
                kind: 4,
                flags,
                stream: 0,
                length: 0,
                count: 1,
                says,
            }
            .words()
        };
        assert_eq!(
            [said(1, "ack"), said(0, ""), said(0, "A 1"), said(1, "A 1")],
            ["ACK", "", "A 1", "ACK · A 1"]
        );
    }
}
