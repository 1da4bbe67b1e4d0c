//! The Raw tab: the four heads byte for byte, line ends visible.

use super::{View, message};
use crate::exchange::MessageKind;
use crate::tui::page::Page;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    let mut any = false;
    for (kind, raw) in message::recorded(view) {
        any = true;
        page.gap();
        page.heading(title(kind), &format!("{} B", raw.len()));
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").map_or(line, |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
            let (text, end) = line.split_at(text.len());
            page.raw_line(text, end);
        }
    }
    if !any {
        page.prose(" ", "No head was recorded.", page.theme.dim());
    }
}

fn title(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::RequestReceived => "Request received   client → hopscope",
        MessageKind::RequestSent => "Request sent   hopscope → origin",
        MessageKind::ResponseReceived => "Response received   origin → hopscope",
        MessageKind::ResponseSent => "Response sent   hopscope → client",
    }
}
