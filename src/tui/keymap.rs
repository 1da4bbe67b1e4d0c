//! Which keys do what: the table's, changed by `[keys]` of the settings.
//!
//! On one screen a key does one thing. A map in which one would do two is refused before the terminal
//! is taken; what cannot reach us from a terminal is refused too.

use super::actions::{Action, Entry, TABLE};
use super::app::Screen;
use crate::config::{self, Binding, ConfigError, Written};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with what is held beside it. Shift is in the key itself: `R`, `shift-tab`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    code: KeyCode,
    ctrl: bool,
    alt: bool,
}

impl Press {
    /// What was pressed.
    #[must_use]
    pub fn of(event: KeyEvent) -> Self {
        let held = |modifier| event.modifiers.contains(modifier);
        Self { code: event.code, ctrl: held(KeyModifiers::CONTROL), alt: held(KeyModifiers::ALT) }
    }

    /// The key's name as `[keys]` writes it.
    #[must_use]
    pub fn name(self) -> String {
        let key = match self.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(number) => format!("f{number}"),
            code => NAMES.iter().find(|(_, named)| *named == code).map_or("?", |(name, _)| name).to_owned(),
        };
        let held = |on, name| if on { name } else { "" };
        format!("{}{}{key}", held(self.ctrl, "ctrl-"), held(self.alt, "alt-"))
    }

    /// Reads a key's name; the error says why there is no such key.
    fn parse(text: &str) -> Result<Self, String> {
        let mut press = Self { code: KeyCode::Null, ctrl: false, alt: false };
        let mut rest = text;
        loop {
            if let Some(after) = rest.strip_prefix("ctrl-").filter(|_| !press.ctrl) {
                (press.ctrl, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("alt-").filter(|_| !press.alt) {
                (press.alt, rest) = (true, after);
            } else {
                break;
            }
        }
        press.code = code(rest).ok_or_else(|| unknown_key(text))?;
        if press.ctrl { press.with_ctrl(text) } else { Ok(press) }
    }

    /// With ctrl held a terminal sends a byte that may be another key's.
    fn with_ctrl(mut self, text: &str) -> Result<Self, String> {
        self.code = match self.code {
            KeyCode::Char(c) => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        let same = match self.code {
            KeyCode::Char('i') => "tab",
            KeyCode::Char('m') => "enter",
            KeyCode::Char('h') => "backspace",
            KeyCode::Char('a'..='z' | ' ') | KeyCode::F(_) | KeyCode::Delete => return Ok(self),
            KeyCode::Up | KeyCode::Down | KeyCode::Left | KeyCode::Right => return Ok(self),
            KeyCode::Home | KeyCode::End | KeyCode::PageUp | KeyCode::PageDown => return Ok(self),
            _ => {
                let known =
                    "ctrl- goes with a letter, space, an arrow, home, end, pgup, pgdn, delete or f1 to f12";
                return Err(format!("terminals have no {text}: {known}"));
            }
        };
        Err(format!("terminals send the same for {text} as for {same}: choose another key"))
    }
}

/// Keys that are no characters.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("shift-tab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
];

fn code(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    if let Some(number) = name.strip_prefix('f').and_then(|number| number.parse().ok()) {
        return (1..=12).contains(&number).then_some(KeyCode::F(number));
    }
    let mut chars = name.chars();
    let c = chars.next().filter(|c| !c.is_control() && *c != ' ')?;
    chars.next().is_none().then_some(KeyCode::Char(c))
}

fn unknown_key(text: &str) -> String {
    let bare = text.rsplit_once('-').map_or(text, |(_, key)| key);
    let near = config::nearest(bare, NAMES.iter().map(|(name, _)| *name));
    let near = near.filter(|_| bare.chars().count() > 1).map(|name| format!("; did you mean {name}?"));
    let near = near
        .unwrap_or_else(|| ": write one character, or enter, space, pgdn, f1, ctrl-x, alt-x …".to_owned());
    format!("no key is called {text:?}{near}")
}

/// The keys of every entry of the table.
#[derive(Clone, Debug)]
pub struct Keymap {
    rows: Vec<Vec<Press>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { rows: TABLE.iter().map(own_keys).collect() }
    }
}

impl Keymap {
    /// The table's keys with these in their place. Settings that are built in say nothing new.
    pub fn new(bindings: &[Binding]) -> Result<Self, ConfigError> {
        let ours = |binding: &&Binding| *binding.action.place() != config::From::Default;
        let bindings: Vec<&Binding> = bindings.iter().filter(ours).collect();
        let mut map = Self::default();
        for binding in &bindings {
            map.bind(binding)?;
        }
        for binding in &bindings {
            for key in &binding.keys {
                map.check(&binding.action.text, key)?;
            }
        }
        Ok(map)
    }

    /// What a key does on a screen.
    #[must_use]
    pub fn action(&self, press: Press, screen: Screen) -> Option<Action> {
        self.entry(press, screen).map(|entry| entry.action)
    }

    /// The keys of a place in the table for people; empty when it has none.
    #[must_use]
    pub fn shown(&self, place: usize) -> String {
        let (Some(entry), Some(keys)) = (TABLE.get(place), self.rows.get(place)) else {
            return String::new();
        };
        if *keys == own_keys(entry) {
            return entry.shown.to_owned();
        }
        keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(" ")
    }

    /// The first key of a place in the table, where one is to be named.
    #[must_use]
    pub fn first(&self, place: usize) -> String {
        self.shown(place).split(' ').next().unwrap_or_default().to_owned()
    }

    fn entry(&self, press: Press, screen: Screen) -> Option<&'static Entry> {
        let mut rows = TABLE.iter().zip(&self.rows).filter(|(entry, _)| entry.screens.contains(&screen));
        rows.find(|(_, keys)| keys.contains(&press)).map(|(entry, _)| entry)
    }

    fn bind(&mut self, binding: &Binding) -> Result<(), ConfigError> {
        let name = binding.action.text.as_str();
        let places: Vec<usize> = (0..TABLE.len()).filter(|place| TABLE[*place].name == name).collect();
        let Some(first) = places.first() else { return Err(unknown_action(&binding.action)) };
        if name == "quit" && binding.keys.is_empty() {
            return Err(binding.action.error("quit needs a key: it is the way out of every screen"));
        }
        for place in &places {
            self.rows[*place].clear();
        }
        for key in &binding.keys {
            let press = Press::parse(&key.text).map_err(|says| key.error(says))?;
            // An action with two lines in the table has keys that work on some screens only.
            let own = places.iter().find(|place| own_keys(&TABLE[**place]).contains(&press));
            let row = &mut self.rows[*own.unwrap_or(first)];
            if row.contains(&press) {
                return Err(key.error(format!("{} is here twice", key.text)));
            }
            row.push(press);
        }
        Ok(())
    }

    /// Refuses a key that does something else on one of the action's screens.
    fn check(&self, action: &str, key: &Written) -> Result<(), ConfigError> {
        let press = Press::parse(&key.text).map_err(|says| key.error(says))?;
        let holds = |place: &usize| self.rows[*place].contains(&press);
        for own in (0..TABLE.len()).filter(|place| TABLE[*place].name == action).filter(holds) {
            let shares = |other: &&usize| {
                TABLE[own].screens.iter().any(|screen| TABLE[**other].screens.contains(screen))
            };
            let others: Vec<usize> = (0..TABLE.len()).filter(holds).collect();
            let mut others = others.iter().filter(shares).map(|place| TABLE[*place].name);
            if let Some(other) = others.find(|name| *name != action) {
                let says = format!(
                    "{} is the key of {other} on the same screen: give {other} another one",
                    key.text
                );
                return Err(key.error(says));
            }
        }
        Ok(())
    }
}

fn own_keys(entry: &Entry) -> Vec<Press> {
    entry.keys.iter().map(|(code, ctrl)| Press { code: *code, ctrl: *ctrl, alt: false }).collect()
}

fn unknown_action(name: &Written) -> ConfigError {
    let near = match config::nearest(&name.text, TABLE.iter().map(|entry| entry.name)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "`hopscope config` lists them under [keys]".to_owned(),
    };
    name.error(format!("no action is called {:?}; {near}", name.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Places, Sources, load};
    use crate::tui::fake;

    /// The map that a settings file makes.
    fn map(text: &str) -> Result<Keymap, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let places = Places { data: "/data".into(), config: "/nowhere".into(), runtime: "/run".into() };
        let sources = Sources { file: Some(file), folder: "/cwd".into(), ..Sources::default() };
        let settings = load(&places, &sources).map_err(|error| error.to_string())?.settings;
        Keymap::new(&settings.keys)
            .map_err(|error| error.to_string().replace(folder.path().to_str().unwrap(), "FOLDER"))
    }

    fn press(name: &str) -> Press {
        Press::parse(name).unwrap()
    }

    #[test]
    fn the_documented_keys_are_the_table_s() {
        let live: String = config::default_text()
            .lines()
            .skip_while(|line| *line != "[keys]")
            .filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')))
            .map(|line| format!("{line}\n"))
            .collect();
        let names: Vec<_> =
            live.lines().map(|line| line.split(" = ").next().unwrap().trim_matches('"')).collect();
        for entry in TABLE {
            assert!(names.contains(&entry.name), "{} is missing in config.toml", entry.name);
        }
        let map = map(&format!("[keys]\n{live}")).unwrap();
        for (place, entry) in TABLE.iter().enumerate() {
            assert_eq!(map.rows[place], own_keys(entry), "{}", entry.name);
        }
    }

    #[test]
    fn a_rebound_action_has_its_new_keys_only() {
        let map = map("[keys]\nreplay = \"f5\"\n\"half page down\" = [\"ctrl-d\", \"alt-j\"]\ndelete = []\n")
            .unwrap();
        assert_eq!(map.action(press("f5"), Screen::List), Some(Action::Replay));
        assert_eq!(map.action(press("r"), Screen::List), None);
        assert_eq!(map.action(press("alt-j"), Screen::Detail), Some(Action::HalfDown));
        assert_eq!(map.action(press("D"), Screen::List), None);
        assert_eq!(map.action(press("j"), Screen::Detail), Some(Action::Down));
    }

    #[test]
    fn keys_may_change_places_and_may_differ_by_screen() {
        let map = map("[keys]\nreplay = \"e\"\nedit = \"r\"\n\"mark and move\" = \"]\"\n").unwrap();
        assert_eq!(map.action(press("e"), Screen::List), Some(Action::Replay));
        assert_eq!(map.action(press("r"), Screen::List), Some(Action::EditReplay));
        assert_eq!(map.action(press("]"), Screen::List), Some(Action::MarkMove));
        assert_eq!(map.action(press("]"), Screen::Detail), Some(Action::TabAfter));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        for (line, expected) in [
            ("repaly = \"r\"", "1: no action is called \"repaly\"; did you mean \"replay\"?"),
            (
                "wholly_other = \"r\"",
                "1: no action is called \"wholly_other\"; `hopscope config` lists them under [keys]",
            ),
            ("replay = \"entre\"", "10: no key is called \"entre\"; did you mean enter?"),
            (
                "replay = \"rr\"",
                "10: no key is called \"rr\": write one character, or enter, space, pgdn, f1, ctrl-x, alt-x …",
            ),
            ("replay = \"f13\"", "10: no key is called \"f13\""),
            ("replay = \"\"", "10: no key is called \"\""),
            ("replay = \"ctrl-i\"", "10: terminals send the same for ctrl-i as for tab: choose another key"),
            (
                "replay = \"ctrl-M\"",
                "10: terminals send the same for ctrl-M as for enter: choose another key",
            ),
            (
                "replay = \"ctrl-h\"",
                "10: terminals send the same for ctrl-h as for backspace: choose another key",
            ),
            ("replay = \"ctrl-5\"", "10: terminals have no ctrl-5"),
            ("replay = \"e\"", "10: e is the key of edit on the same screen: give edit another one"),
            ("replay = [\"r\", \"space\"]", "16: space is the key of mark and move on the same screen"),
            ("replay = [\"f5\", \"f5\"]", "17: f5 is here twice"),
            ("replay = true", "10: replay: a list is expected here"),
            ("quit = []", "1: quit needs a key"),
        ] {
            let says = map(&format!("[keys]\n{line}\n")).unwrap_err();
            assert!(says.contains(&format!("config.toml:2:{expected}")), "{line}: {says}");
            assert!(says.contains('^'), "no caret: {says}");
        }
    }

    #[test]
    fn a_key_s_name_reads_back() {
        for (_, keys) in TABLE.iter().map(|entry| (entry.name, own_keys(entry))) {
            for key in keys {
                assert_eq!(Press::parse(&key.name()), Ok(key));
            }
        }
        let alt = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::ALT | KeyModifiers::CONTROL);
        assert_eq!(Press::of(alt).name(), "ctrl-alt-x");
    }

    #[test]
    fn what_is_shown_is_what_is_bound() {
        let mut stage = fake::Stage::new(80, 24, fake::varied());
        stage.app.keymap = map("[keys]\nhelp = \"f1\"\nopen = []\n").unwrap();
        let screen = stage.screen();
        assert!(
            screen.contains("f1 help") && !screen.contains("? help") && !screen.contains("enter open"),
            "{screen}"
        );
        stage.press("?");
        assert_eq!(stage.app.screen(), Screen::List);
    }
}
