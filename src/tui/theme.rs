//! Colours and shapes: the 16 ANSI colours and reverse, so that the terminal's own theme
//! decides, and shapes beside every colour, so that nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// How things look. Colour is left out under `NO_COLOR` and on a dumb terminal, shapes
/// outside ASCII where the locale is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours are used.
    pub colour: bool,
    /// Whether only ASCII may be shown.
    pub ascii: bool,
}

#[expect(clippy::unused_self, reason = "every style is asked of the theme, those without an ink too")]
impl Theme {
    /// What the environment asks for: `NO_COLOR`, `TERM`, and the locale.
    #[must_use]
    pub fn from_environment() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        Self {
            colour: set("NO_COLOR").is_none() && set("TERM").as_deref() != Some("dumb"),
            ascii: !locale.is_some_and(|locale| is_utf8(&locale)),
        }
    }

    /// Heads, reasons, what is beside the point.
    #[must_use]
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What the eye should find first.
    #[must_use]
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The line that keys act on.
    #[must_use]
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What was looked for and found; one hit is in turn.
    #[must_use]
    pub fn hit(self, in_turn: bool) -> Style {
        let hit = self.notable().add_modifier(Modifier::UNDERLINED);
        if in_turn { hit.add_modifier(Modifier::REVERSED) } else { hit }
    }

    /// Names: field names, keys.
    #[must_use]
    pub fn name(self) -> Style {
        self.ink(Color::Cyan)
    }

    /// Values that are not text: numbers, true, false, null.
    #[must_use]
    pub fn value(self) -> Style {
        self.ink(Color::Magenta)
    }

    /// Well: done, added, listening.
    #[must_use]
    pub fn good(self) -> Style {
        self.ink(Color::Green)
    }

    /// Worth a look: changed, 4xx, slow.
    #[must_use]
    pub fn notable(self) -> Style {
        self.ink(Color::Yellow)
    }

    /// Failed or removed.
    #[must_use]
    pub fn bad(self) -> Style {
        self.ink(Color::Red)
    }

    fn ink(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The ASCII stand-in for a shape, one column for one column.
#[must_use]
pub fn ascii(symbol: &str) -> &'static str {
    match symbol {
        "▌" | "→" | "▸" => ">",
        "─" | "−" | "—" | "·" => "-",
        "│" | "▏" => "|",
        "┬" | "┴" | "┼" | "✓" => "+",
        "●" => "*",
        "○" => "o",
        "≡" | "≈" => "=",
        "⇄" | "↕" => "%",
        "✗" => "x",
        "‼" => "X",
        "↻" => "r",
        "▾" | "↓" => "v",
        "↑" => "^",
        "…" => "~",
        "█" => "#",
        "µ" => "u",
        "└" => "`",
        "“" | "”" => "\"",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales() {
        assert!(is_utf8("en_GB.UTF-8") && is_utf8("C.utf8"));
        assert!(!is_utf8("C") && !is_utf8("de_DE.ISO-8859-1"));
    }

    #[test]
    fn without_colour_nothing_has_an_ink() {
        let plain = Theme { colour: false, ascii: false };
        for style in [plain.name(), plain.good(), plain.notable(), plain.bad(), plain.selected()] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
