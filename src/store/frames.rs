//! HTTP/2 frames as one text beside what they carried, there and back: `[[at,side,sent,type,flags,stream,
//! length,count,"words"],…]`. They are always read together, and plain `sqlite3` has them as rows of a view.

use super::rows::Fault;
use crate::exchange::{FrameNote, Side};

type Line = (u64, u8, u8, u8, u8, u32, u64, u32, String);

/// The text; NULL when there are none.
pub(super) fn json(frames: &[FrameNote]) -> Option<String> {
    if frames.is_empty() {
        return None;
    }
    let lines: Vec<_> = frames.iter().map(line).collect();
    // Numbers and texts always make JSON.
    serde_json::to_string(&lines).ok()
}

/// The frames of a text.
pub(super) fn read(json: Option<String>) -> Result<Vec<FrameNote>, Fault> {
    let Some(json) = json else { return Ok(Vec::new()) };
    let lines: Vec<Line> = serde_json::from_str(&json).map_err(|_| Fault::Bad("frames"))?;
    Ok(lines.into_iter().map(frame).collect())
}

fn line(frame: &FrameNote) -> (u64, u8, u8, u8, u8, u32, u64, u32, &str) {
    let FrameNote { at, side, sent, kind, flags, stream, length, count, says } = frame;
    (*at, u8::from(*side == Side::Origin), u8::from(*sent), *kind, *flags, *stream, *length, *count, says)
}

fn frame((at, side, sent, kind, flags, stream, length, count, says): Line) -> FrameNote {
    let side = if side == 0 { Side::Client } else { Side::Origin };
    FrameNote { at, side, sent: sent != 0, kind, flags, stream, length, count, says }
}
