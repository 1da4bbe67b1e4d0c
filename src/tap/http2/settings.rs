//! SETTINGS (RFC 9113 6.5, RFC 8441 3): checked, read, and put into words.

use super::Role;
use super::code::{Breach, ErrorCode};
use super::frame::{INITIAL_FRAME, MOST_31_BITS};

/// The largest `SETTINGS_MAX_FRAME_SIZE` (RFC 9113 6.5.2).
const MOST_FRAME: u32 = (1 << 24) - 1;

const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_FRAME_SIZE: u16 = 5;
const MAX_HEADER_LIST_SIZE: u16 = 6;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;
const NO_RFC7540_PRIORITIES: u16 = 9;

/// What one SETTINGS frame changes, as far as the tap cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) header_table: Option<usize>,
    /// The smallest on the way to the last, should it come more than once.
    pub(super) header_table_least: Option<usize>,
    pub(super) max_frame: Option<usize>,
    pub(super) max_concurrent: Option<usize>,
    pub(super) initial_window: Option<u32>,
    pub(super) connect_protocol: Option<bool>,
}

impl Settings {
    /// Reads a payload; what does not fit is left out.
    pub(super) fn read(payload: &[u8]) -> Self {
        let mut settings = Self::default();
        for (id, value) in each(payload) {
            let size = usize::try_from(value).unwrap_or(usize::MAX);
            match id {
                HEADER_TABLE_SIZE => {
                    settings.header_table = Some(size);
                    let least = settings.header_table_least.map_or(size, |least| least.min(size));
                    settings.header_table_least = Some(least);
                }
                MAX_FRAME_SIZE => settings.max_frame = Some(size),
                MAX_CONCURRENT_STREAMS => settings.max_concurrent = Some(size),
                INITIAL_WINDOW_SIZE => settings.initial_window = Some(value),
                ENABLE_CONNECT_PROTOCOL => settings.connect_protocol = Some(value == 1),
                _ => {}
            }
        }
        settings
    }
}

/// Checks the payload of a SETTINGS frame that `role`'s peer sent; `connect_protocol` is what it said of
/// extended CONNECT before.
pub(super) fn check(payload: &[u8], role: Role, connect_protocol: Option<bool>) -> Result<(), Breach> {
    if !payload.len().is_multiple_of(6) {
        return Err(Breach::size("RFC 9113 6.5", "The length of SETTINGS is no multiple of 6."));
    }
    for (id, value) in each(payload) {
        match (id, value) {
            (ENABLE_PUSH, 2..) => {
                return Err(Breach::protocol("RFC 9113 6.5.2", "SETTINGS_ENABLE_PUSH is neither 0 nor 1."));
            }
            (ENABLE_PUSH, 1) if role == Role::Client => {
                return Err(Breach::protocol("RFC 9113 6.5.2", "A server sent SETTINGS_ENABLE_PUSH=1."));
            }
            (INITIAL_WINDOW_SIZE, value) if value > MOST_31_BITS => {
                let says = "SETTINGS_INITIAL_WINDOW_SIZE is above 2^31-1.";
                return Err(Breach::connection(ErrorCode::FLOW_CONTROL_ERROR, "RFC 9113 6.5.2", says));
            }
            (MAX_FRAME_SIZE, value) if value > MOST_FRAME || (value as usize) < INITIAL_FRAME => {
                let says = "SETTINGS_MAX_FRAME_SIZE is not within 2^14 to 2^24-1.";
                return Err(Breach::protocol("RFC 9113 6.5.2", says));
            }
            (ENABLE_CONNECT_PROTOCOL, 2..) => {
                let says = "SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1.";
                return Err(Breach::protocol("RFC 8441 3", says));
            }
            (ENABLE_CONNECT_PROTOCOL, 0) if connect_protocol == Some(true) => {
                let says = "SETTINGS_ENABLE_CONNECT_PROTOCOL is taken back.";
                return Err(Breach::protocol("RFC 8441 3", says));
            }
            (NO_RFC7540_PRIORITIES, 2..) => {
                let says = "SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1.";
                return Err(Breach::protocol("RFC 9218 2.1", says));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `HEADER_TABLE_SIZE=65536, ENABLE_PUSH=0`.
pub(super) fn words(payload: &[u8]) -> String {
    let mut words = String::new();
    for (id, value) in each(payload) {
        if !words.is_empty() {
            words.push_str(", ");
        }
        match name(id) {
            Some(name) => words.push_str(&format!("{name}={value}")),
            None => words.push_str(&format!("{id:#06x}={value}")),
        }
    }
    words
}

fn name(id: u16) -> Option<&'static str> {
    Some(match id {
        HEADER_TABLE_SIZE => "HEADER_TABLE_SIZE",
        ENABLE_PUSH => "ENABLE_PUSH",
        MAX_CONCURRENT_STREAMS => "MAX_CONCURRENT_STREAMS",
        INITIAL_WINDOW_SIZE => "INITIAL_WINDOW_SIZE",
        MAX_FRAME_SIZE => "MAX_FRAME_SIZE",
        MAX_HEADER_LIST_SIZE => "MAX_HEADER_LIST_SIZE",
        ENABLE_CONNECT_PROTOCOL => "ENABLE_CONNECT_PROTOCOL",
        NO_RFC7540_PRIORITIES => "NO_RFC7540_PRIORITIES",
        _ => return None,
    })
}

fn each(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    payload.chunks_exact(6).filter_map(|setting| {
        let (id, value) = setting.split_first_chunk::<2>()?;
        Some((u16::from_be_bytes(*id), u32::from_be_bytes(*value.first_chunk::<4>()?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_put_into_words() {
        let payload = [0, 1, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9, 0xca, 0xfe, 0, 0, 0, 1];
        assert_eq!(words(&payload), "HEADER_TABLE_SIZE=65536, INITIAL_WINDOW_SIZE=9, 0xcafe=1");
        assert_eq!(Settings::read(&payload).header_table, Some(65536));
    }
}
