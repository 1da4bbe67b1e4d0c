//! Moving in the detail: the cursor over the lines of a head, and the view that follows it.
//!
//! Where a text has lines to stand on, `j` and `k` go from one to the next, and a line that is taller
//! than the view is scrolled through first. Where it has none, they scroll. Pages move the view, and
//! the cursor stays in it.

use super::DetailState;
use crate::tui::actions::Action;
use crate::tui::laid::Stop;
use crate::tui::update::step;
use std::ops::Range;

impl DetailState {
    /// Moves as asked in a view of `page` rows.
    pub fn travel(&mut self, action: Action, page: usize) {
        self.turned = (0, None);
        match action {
            Action::Down if self.stop().is_some() => self.down(page),
            Action::Up if self.stop().is_some() => self.up(page),
            _ => {
                let (from, end) = (self.scroll(), self.last_top(page));
                let to = step(action, from, end, page);
                *self.scroll_mut() = to;
                self.keep_cursor_in_view(action, from, page);
            }
        }
    }

    /// The field line under the cursor: its name, its value, and the whole line as captured. The name
    /// is empty on a start line and on a line without a colon, whose value is all of it.
    #[must_use]
    pub fn field_under_cursor(&self) -> Option<(&[u8], &[u8], &[u8])> {
        let stop = self.stop()?;
        let line = stop.line.as_slice();
        // A pseudo-field's name has a colon of its own before it (RFC 9113 8.3).
        let own = usize::from(line.first() == Some(&b':'));
        let rest = line.get(own..).unwrap_or_default();
        let colon = rest.iter().position(|byte| *byte == b':').map(|at| own + at);
        let colon = colon.or((own == 1).then_some(0)).filter(|_| !stop.start_line);
        let (name, value) = match colon {
            Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
            None => (&b""[..], line),
        };
        Some((name, value.trim_ascii(), line))
    }

    /// The rows of the line under the cursor; empty where there is none to stand on.
    #[must_use]
    pub fn cursor_rows(&self) -> Range<usize> {
        self.stop().map_or(0..0, |stop| stop.rows.clone())
    }

    /// Scrolls as little as is needed to have rows in view, their first one above all.
    pub fn reveal(&mut self, rows: &Range<usize>, page: usize) {
        let end = self.last_top(page);
        let scroll = self.scroll_mut();
        if rows.start < *scroll {
            *scroll = rows.start;
        } else if rows.end > *scroll + page {
            *scroll = rows.end.saturating_sub(page).min(rows.start);
        }
        *scroll = (*scroll).min(end);
    }

    /// Puts the cursor onto the line that holds a row, if one does.
    pub fn stand_on(&mut self, row: usize) {
        if let Some(at) = self.laid.stops.iter().position(|stop| stop.rows.contains(&row)) {
            *self.cursor_mut() = at;
        }
    }

    /// The first row shown.
    #[must_use]
    pub fn scroll(&self) -> usize {
        self.scrolls[self.tab as usize]
    }

    /// The lines that the cursor may stand on.
    pub(super) fn stops(&self) -> &[Stop] {
        &self.laid.stops
    }

    /// Which of them it stands on.
    pub(super) fn cursor(&self) -> usize {
        self.cursors[self.tab as usize]
    }

    /// Puts it onto one of them, in view.
    pub(super) fn put_cursor(&mut self, at: usize, page: usize) {
        *self.cursor_mut() = at;
        let rows = self.cursor_rows();
        self.reveal(&rows, page);
    }

    fn stop(&self) -> Option<&Stop> {
        self.laid.stops.get(self.cursors[self.tab as usize])
    }

    fn cursor_mut(&mut self) -> &mut usize {
        &mut self.cursors[self.tab as usize]
    }

    fn down(&mut self, page: usize) {
        let (rows, bottom) = (self.cursor_rows(), self.scroll() + page);
        let next = self.laid.stops.get(self.cursors[self.tab as usize] + 1).map(|stop| stop.rows.clone());
        match next {
            Some(next) if rows.end <= bottom && next.start < bottom + page => {
                *self.cursor_mut() += 1;
                self.reveal(&next, page);
            }
            // Its own further rows first, and what stands behind the last line.
            _ => *self.scroll_mut() = (self.scroll() + 1).min(self.last_top(page)),
        }
    }

    fn up(&mut self, page: usize) {
        let (rows, top) = (self.cursor_rows(), self.scroll());
        let before = self.cursors[self.tab as usize].checked_sub(1);
        match before.and_then(|at| Some((at, self.laid.stops.get(at)?.rows.clone()))) {
            Some((at, before)) if rows.start >= top && before.end + page > top => {
                *self.cursor_mut() = at;
                // From below it is entered at its end.
                let entered = before.end.saturating_sub(page).max(before.start)..before.end;
                self.reveal(&entered, page);
            }
            _ => *self.scroll_mut() = top.saturating_sub(1),
        }
    }

    /// After the view moved: the cursor goes along to the nearest line in it, and to the first or the
    /// last one where the view could not move.
    fn keep_cursor_in_view(&mut self, action: Action, from: usize, page: usize) {
        let Some(last) = self.laid.stops.len().checked_sub(1) else { return };
        let to = self.scroll();
        let at = match action {
            Action::Top => Some(0),
            Action::Bottom => Some(last),
            Action::PageDown | Action::HalfDown if to == from => Some(last),
            Action::PageUp | Action::HalfUp if to == from => Some(0),
            _ => self.nearest_in_view(to..to + page),
        };
        if let Some(at) = at {
            *self.cursor_mut() = at;
        }
    }

    fn nearest_in_view(&self, view: Range<usize>) -> Option<usize> {
        let in_view = |stop: &Stop| stop.rows.start < view.end && stop.rows.end > view.start;
        let stops = &self.laid.stops;
        if self.stop().is_some_and(in_view) {
            return None;
        }
        if self.cursor_rows().start < view.start {
            stops.iter().position(in_view)
        } else {
            stops.iter().rposition(in_view)
        }
    }

    /// Keeps cursor and view inside a text that was laid out anew.
    pub(super) fn settle_cursor(&mut self, page: usize, other_room: bool) {
        let last = self.laid.stops.len().saturating_sub(1);
        let cursor = self.cursor_mut();
        *cursor = (*cursor).min(last);
        if other_room && self.scroll() > 0 {
            let rows = self.cursor_rows();
            self.reveal(&rows, page);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::fake::{self, Stage};
    use bytes::Bytes;
    use ratatui::style::Modifier;

    fn stage(head: &[u8], width: u16, height: u16) -> Stage {
        let mut exchange = fake::passed(1);
        exchange.heads.request_received = Some(Bytes::copy_from_slice(head));
        (exchange.heads.request_sent, exchange.request_edits) = (None, Vec::new());
        let mut stage = Stage::new(width, height, vec![exchange]);
        stage.press("<enter>2X");
        stage
    }

    fn under(stage: &Stage) -> String {
        let (.., line) = stage.app.detail.field_under_cursor().unwrap();
        String::from_utf8_lossy(&line[..line.len().min(20)]).into_owned()
    }

    fn many(lines: usize) -> Vec<u8> {
        let fields: Vec<String> = (1..=lines).map(|n| format!("X-{n}: v{n}\r\n")).collect();
        let fields = fields.concat();
        format!("GET / HTTP/1.1\r\n{fields}\r\n").into_bytes()
    }

    #[test]
    fn the_cursor_goes_from_line_to_line_and_knows_its_field() {
        let mut stage = stage(b"GET / HTTP/1.1\r\nHost: a:1\r\nno colon\r\nX-F:\t v \r\n\r\n", 80, 24);
        let field = |stage: &Stage| {
            let (name, value, line) = stage.app.detail.field_under_cursor().unwrap();
            [name, value, line].map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        assert_eq!(field(&stage), ["", "GET / HTTP/1.1", "GET / HTTP/1.1"]);
        stage.press("j");
        assert_eq!(field(&stage), ["Host", "a:1", "Host: a:1"]);
        stage.press("j");
        assert_eq!(field(&stage), ["", "no colon", "no colon"]);
        stage.press("jjj");
        assert_eq!(field(&stage), ["X-F", "v", "X-F:\t v "]);
        stage.press("kkkkkk");
        assert_eq!(field(&stage)[1], "GET / HTTP/1.1");
    }

    #[test]
    fn rfc9113_8_3_a_pseudo_field_has_a_name() {
        let head = b"GET / HTTP/2\r\n:method: GET\r\n:authority: a:1\r\n:\r\n\r\n";
        let mut stage = stage(head, 80, 24);
        let field = |stage: &Stage| {
            let (name, value, _) = stage.app.detail.field_under_cursor().unwrap();
            [name, value].map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        for expected in [["", "GET / HTTP/2"], [":method", "GET"], [":authority", "a:1"], ["", ""]] {
            assert_eq!(field(&stage), expected);
            stage.press("j");
        }
    }

    #[test]
    fn rfc9113_8_3_raw_shows_a_section_without_the_line_that_was_never_sent() {
        let mut stage = stage(b"GET / HTTP/2\r\n:method: GET\r\nx-a: b\r\n\r\n", 80, 24);
        stage.press("8");
        let screen = stage.screen();
        assert!(screen.contains("HTTP/2 section") && screen.contains(":method: GET"), "{screen}");
        assert!(screen.contains("x-a: b") && !screen.contains("GET / HTTP/2"), "{screen}");
    }

    #[test]
    fn the_view_follows_the_cursor_both_ways() {
        let mut stage = stage(&many(100), 80, 24);
        let page = 20;
        for line in 1..=100 {
            stage.press("j");
            assert_eq!(under(&stage), format!("X-{line}: v{line}"));
            let (rows, top) = (stage.app.detail.cursor_rows(), stage.app.detail.scroll());
            assert!(rows.start >= top && rows.end <= top + page, "{line}");
        }
        for line in (1..100).rev() {
            stage.press("k");
            assert_eq!(under(&stage), format!("X-{line}: v{line}"));
            let (rows, top) = (stage.app.detail.cursor_rows(), stage.app.detail.scroll());
            assert!(rows.start >= top && rows.end <= top + page, "{line}");
        }
        stage.press("kk");
        assert_eq!((under(&stage), stage.app.detail.scroll()), ("GET / HTTP/1.1".to_owned(), 0));
    }

    #[test]
    fn pages_take_the_cursor_along() {
        let mut stage = stage(&many(100), 80, 24);
        stage.press("<pgdn>");
        assert_eq!(under(&stage), "X-18: v18");
        stage.press("<pgdn><pgup><pgup>");
        assert_eq!(stage.app.detail.scroll(), 0);
        stage.press("<pgup>");
        assert_eq!(under(&stage), "GET / HTTP/1.1");
        stage.press("G");
        assert_eq!(under(&stage), "X-100: v100");
        stage.press("g");
        assert_eq!((under(&stage), stage.app.detail.scroll()), ("GET / HTTP/1.1".to_owned(), 0));
    }

    #[test]
    fn a_line_taller_than_the_view_is_scrolled_through_before_it_is_left() {
        let long = "x".repeat(3000);
        let mut stage =
            stage(format!("GET / HTTP/1.1\r\nX-Long: {long}\r\nHost: h\r\n\r\n").as_bytes(), 80, 24);
        stage.press("j");
        let rows = stage.app.detail.cursor_rows();
        assert!(rows.len() > 20);
        assert_eq!(stage.app.detail.scroll(), rows.start, "its beginning comes first");
        let mut presses = 0;
        while under(&stage).starts_with("X-Long") {
            stage.press("j");
            presses += 1;
            assert!(presses < 60);
        }
        assert_eq!((under(&stage), presses), ("Host: h".to_owned(), rows.len() - 20 + 1));
        stage.press("k");
        assert!(under(&stage).starts_with("X-Long"));
        assert_eq!(stage.app.detail.scroll(), rows.end - 20, "entered at its end");
    }

    #[test]
    fn without_colour_the_cursor_is_still_seen_where_the_focus_is() {
        let mut stage = stage(&many(3), 80, 24);
        stage.app.theme.colour = false;
        stage.press("j");
        let buffer = stage.buffer();
        // Below the heading, the start line, and what is wrong with that: there is no Host.
        let row = 3 + 3;
        assert_eq!((buffer[(0, row)].symbol(), buffer[(0, row - 1)].symbol()), ("▌", " "));
        assert!((0..9).all(|x| buffer[(x, row)].modifier.contains(Modifier::BOLD)));
        assert!((0..9).all(|x| !buffer[(x, row + 1)].modifier.contains(Modifier::BOLD)));
        stage.resize(140, 40);
        stage.press("q2");
        assert!(!stage.screen().contains("▌X"), "the list has the focus");
    }
}
