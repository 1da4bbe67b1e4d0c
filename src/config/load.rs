//! Lays the sources over each other: built-in config.toml, the user's file, variables, flags.

use super::error::{ConfigError, Excerpt, From, line_number, nearest};
use super::keys::{KEYS, Key};
use super::raw::{Misfit, Raw};
use super::{Binding, Places, Settings, Written};
use std::collections::BTreeSet;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The documented default: config.toml of the repository.
const DEFAULT: &str = include_str!("../../config.toml");

/// The section whose names are actions of the interface, not settings.
const BINDINGS: &str = "keys";

/// Variables that are not settings but belong to hopscope or its tests.
const OTHER_VARIABLES: &[&str] = &["HOPSCOPE_CONFIG", "HOPSCOPE_LOG"];
const TEST_VARIABLES: &str = "HOPSCOPE_TEST_";

/// No settings file is that long; another file may be.
const MAX_FILE: u64 = 1 << 20;

/// What the command line and the environment say.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// The environment; only `HOPSCOPE_*` is looked at.
    pub variables: Vec<(String, String)>,
    /// Key, flag as typed, values.
    pub flags: Vec<(&'static str, &'static str, Vec<String>)>,
    /// Where relative paths of variables and flags count from.
    pub folder: PathBuf,
}

/// The effective settings and where each came from.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The settings.
    pub settings: Settings,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    from: Vec<From>,
}

impl Effective {
    /// Every key with its value as TOML and where that came from.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Key, String, &From)> {
        KEYS.iter().zip(&self.from).map(|(key, from)| (key, key.value(&self.settings), from))
    }

    /// Where the value of a key came from.
    #[must_use]
    pub fn from(&self, name: &str) -> Option<&From> {
        KEYS.iter().position(|key| key.name == name).and_then(|place| self.from.get(place))
    }

    fn apply(&mut self, key: &Key, raw: &Raw, base: &Path, from: From) -> Result<(), Misfit> {
        (key.set)(&mut self.settings, raw, base)?;
        if let Some(place) = KEYS.iter().position(|known| known.name == key.name) {
            self.from[place] = from;
        }
        Ok(())
    }
}

/// The documented default for a file of one's own: every option commented out.
#[must_use]
pub fn default_text() -> String {
    let comment = |line: &str| if is_option(line) { format!("#{line}") } else { line.to_owned() };
    by_line(DEFAULT, comment)
}

/// Reads all sources. Nothing is written, nothing but the file is opened.
pub fn load(places: &Places, sources: &Sources) -> Result<Effective, ConfigError> {
    let mut effective =
        Effective { settings: Settings::default(), file: None, from: vec![From::Default; KEYS.len()] };
    read_text(&mut effective, &uncommented(DEFAULT), &places.data, &|_| From::Default)?;
    if let Some((path, text)) = user_file(places, sources)? {
        let base = absolute(path.parent().unwrap_or(Path::new("")), &sources.folder);
        read_text(&mut effective, &text, &base, &|line| From::File(path.clone(), line))?;
        effective.file = Some(path);
    }
    read_variables(&mut effective, sources)?;
    read_flags(&mut effective, sources)?;
    Ok(effective)
}

fn absolute(path: &Path, folder: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { folder.to_owned() } else { folder.join(path) }
}

/// Every option of the text made live.
fn uncommented(text: &str) -> String {
    by_line(text, |line| line.strip_prefix('#').filter(|line| is_option(line)).unwrap_or(line).to_owned())
}

fn by_line(text: &str, change: impl Fn(&str) -> String) -> String {
    text.lines().flat_map(|line| [change(line), "\n".to_owned()]).collect()
}

fn is_option(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(name, _)| {
        let bare = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let name = bare.map_or(name.to_owned(), |bare| bare.replace(' ', "_"));
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

/// `--config`, else `HOPSCOPE_CONFIG`, else config.toml of the config folder if there is one.
fn user_file(places: &Places, sources: &Sources) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let variable =
        sources.variables.iter().find(|(name, value)| name == "HOPSCOPE_CONFIG" && !value.is_empty());
    let (path, from) = match (&sources.file, variable) {
        (Some(path), _) => (path.clone(), From::Flag("--config")),
        (None, Some((name, value))) => (PathBuf::from(value), From::Variable(name.clone())),
        (None, None) => {
            let path = places.config.join("config.toml");
            if !path.exists() {
                return Ok(None);
            }
            (path, From::Default)
        }
    };
    match read_file(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(why) => Err(ConfigError {
            place: from,
            says: format!("{} cannot be read: {why}", path.display()),
            excerpt: None,
        }),
    }
}

fn read_file(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other("longer than 1 MiB, so hardly a settings file"));
    }
    Ok(text)
}

/// One text of TOML, with the way to name a line of it.
struct Document<'a> {
    text: &'a str,
    place: &'a dyn Fn(usize) -> From,
}

impl Document<'_> {
    fn error(&self, span: &Range<usize>, says: String) -> ConfigError {
        let excerpt = Excerpt::of(self.text, span, true);
        let line = line_number(self.text, span.start);
        let excerpt = (!self.holds_a_secret(line)).then_some(excerpt);
        ConfigError { place: (self.place)(line), says, excerpt }
    }

    fn word(&self, span: &Range<usize>, text: &str) -> Written {
        let place = (self.place)(line_number(self.text, span.start));
        Written::new(text, place, Excerpt::of(self.text, span, true))
    }

    /// The line of a password is not repeated, even when it is broken.
    fn holds_a_secret(&self, line: usize) -> bool {
        let text = self.text.lines().nth(line - 1).unwrap_or_default().trim_start();
        let leaf = |key: &Key| key.name.rsplit('.').next().is_some_and(|leaf| text.starts_with(leaf));
        KEYS.iter().filter(|key| key.secret).any(leaf)
    }
}

fn read_text(
    effective: &mut Effective,
    text: &str,
    base: &Path,
    place: &dyn Fn(usize) -> From,
) -> Result<(), ConfigError> {
    let document = Document { text, place };
    let table = DeTable::parse(text).map_err(|why| {
        let says = format!("not TOML: {}", why.message().replace('\n', "; "));
        document.error(&why.span().unwrap_or(0..0), says)
    })?;
    read_table(effective, &document, "", table.get_ref(), base)
}

fn read_table(
    effective: &mut Effective,
    document: &Document<'_>,
    section: &str,
    table: &DeTable<'_>,
    base: &Path,
) -> Result<(), ConfigError> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (name, value) in entries {
        let full = if section.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{section}.{}", name.get_ref())
        };
        match (Key::named(&full), value.get_ref()) {
            (Some(key), _) => {
                let from = (document.place)(line_number(document.text, name.span().start));
                let raw = Raw::from_toml(value);
                effective.apply(key, &raw, base, from).map_err(|misfit| {
                    let error = document.error(&misfit.span, format!("{full}: {}", misfit.says));
                    ConfigError { excerpt: error.excerpt.filter(|_| !key.secret), ..error }
                })?;
            }
            (None, DeValue::Table(inner)) if full == BINDINGS => read_bindings(effective, document, inner)?,
            (None, DeValue::Table(inner)) if sections().contains(full.as_str()) => {
                read_table(effective, document, &full, inner, base)?;
            }
            (None, _) if sections().contains(full.as_str()) => {
                let says = format!("{full} is a section: write [{full}] on a line of its own");
                return Err(document.error(&name.span(), says));
            }
            (None, _) => return Err(document.error(&name.span(), unknown(&full))),
        }
    }
    Ok(())
}

/// Reads `[keys]`. An action that is there already gets these keys instead.
fn read_bindings(
    effective: &mut Effective,
    document: &Document<'_>,
    table: &DeTable<'_>,
) -> Result<(), ConfigError> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (name, value) in entries {
        let action = document.word(&name.span(), name.get_ref());
        let binding =
            Binding::read(action, &Raw::from_toml(value), |raw, text| document.word(&raw.span, text))
                .map_err(|misfit| {
                    document.error(&misfit.span, format!("{}: {}", name.get_ref(), misfit.says))
                })?;
        let known = &mut effective.settings.keys;
        match known.iter().position(|other| other.action.text == binding.action.text) {
            Some(place) => known[place] = binding,
            None => known.push(binding),
        }
    }
    Ok(())
}

fn sections() -> BTreeSet<&'static str> {
    let settings = KEYS.iter().filter_map(|key| key.name.split_once('.')).map(|(section, _)| section);
    settings.chain([BINDINGS]).collect()
}

fn unknown(full: &str) -> String {
    let leaf = full.rsplit('.').next().unwrap_or(full);
    let elsewhere = KEYS.iter().map(|key| key.name).find(|name| name.rsplit('.').next() == Some(leaf));
    let near = elsewhere
        .or_else(|| nearest(full, KEYS.iter().map(|key| key.name).chain(sections())))
        .map_or_else(String::new, |name| format!("; did you mean {name}?"));
    format!("no setting is called {full}{near}")
}

fn read_variables(effective: &mut Effective, sources: &Sources) -> Result<(), ConfigError> {
    let mut ours: Vec<_> =
        sources.variables.iter().filter(|(name, _)| name.starts_with("HOPSCOPE_")).collect();
    ours.sort();
    for (name, value) in ours {
        if OTHER_VARIABLES.contains(&name.as_str()) || name.starts_with(TEST_VARIABLES) {
            continue;
        }
        let place = From::Variable(name.clone());
        let Some(key) = KEYS.iter().find(|key| key.variable() == *name) else {
            return Err(ConfigError { place, says: unknown_variable(name), excerpt: None });
        };
        effective
            .apply(key, &Raw::untyped(value), &sources.folder, place.clone())
            .map_err(|misfit| untyped_error(key, place, value, misfit))?;
    }
    Ok(())
}

fn unknown_variable(name: &str) -> String {
    let known: Vec<_> = KEYS.iter().map(Key::variable).collect();
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("no setting has this variable; did you mean {near}?"),
        None => "no setting has this variable; `hopscope config --default` lists them".to_owned(),
    }
}

fn read_flags(effective: &mut Effective, sources: &Sources) -> Result<(), ConfigError> {
    for (name, flag, values) in &sources.flags {
        let Some(key) = Key::named(name) else { continue };
        let place = From::Flag(flag);
        effective
            .apply(key, &Raw::repeated(values), &sources.folder, place.clone())
            .map_err(|misfit| untyped_error(key, place, &values.join(","), misfit))?;
    }
    Ok(())
}

fn untyped_error(key: &Key, place: From, text: &str, misfit: Misfit) -> ConfigError {
    let excerpt = (!key.secret).then(|| Excerpt::of(text, &misfit.span, false));
    ConfigError { place, says: misfit.says, excerpt }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places { data: "/data".into(), config: "/nowhere".into(), runtime: "/run".into() }
    }

    fn from_variables(set: &[(&str, &str)]) -> Result<Effective, ConfigError> {
        let variables = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(&places(), &Sources { variables, folder: "/cwd".into(), ..Sources::default() })
    }

    #[test]
    fn config_toml_holds_every_key_at_its_default() {
        let text = uncommented(DEFAULT);
        let table: toml::Table = text.parse().unwrap();
        for key in KEYS {
            let mut value = Some(&toml::Value::Table(table.clone())).cloned();
            for part in key.name.split('.') {
                value = value.and_then(|value| value.get(part).cloned());
            }
            assert!(value.is_some(), "{} is missing in config.toml", key.name);
        }
        let mut effective = from_variables(&[]).unwrap();
        assert!(effective.settings.keys.iter().all(|binding| *binding.action.place() == From::Default));
        effective.settings.keys.clear();
        let mut expected = Settings::default();
        expected.ca_dir = Path::new("/data").join(expected.ca_dir);
        assert_eq!(format!("{:?}", effective.settings), format!("{expected:?}"));
        assert!(effective.from.iter().all(|from| *from == From::Default));
    }

    #[test]
    fn the_default_text_changes_nothing() {
        let table: toml::Table = default_text().parse().unwrap();
        let live: Vec<_> =
            table.values().filter(|value| !value.as_table().is_some_and(toml::Table::is_empty)).collect();
        assert!(live.is_empty(), "{live:?}");
    }

    #[test]
    fn later_sources_win_and_are_named() {
        let mut effective =
            from_variables(&[("HOPSCOPE_LISTEN", "127.0.0.1:0"), ("HOPSCOPE_VIA", "off")]).unwrap();
        assert!(!effective.settings.via);
        let flags =
            Sources { flags: vec![("listen", "--listen", vec!["[::1]:0".into()])], ..Sources::default() };
        read_flags(&mut effective, &flags).unwrap();
        let from: Vec<_> = effective.rows().map(|(_, value, from)| (value, from.to_string())).collect();
        assert_eq!(from[0], (r#"["[::1]:0"]"#.to_owned(), "--listen".to_owned()));
        assert_eq!(from[3], ("false".to_owned(), "env HOPSCOPE_VIA".to_owned()));
    }

    #[test]
    fn relative_paths_of_variables_count_from_the_working_folder() {
        let settings = from_variables(&[("HOPSCOPE_CA_DIR", "mine")]).unwrap().settings;
        assert_eq!(settings.ca_dir, Path::new("/cwd/mine"));
    }

    #[test]
    fn a_bad_variable_points_at_the_member() {
        let error = from_variables(&[("HOPSCOPE_LISTEN", "127.0.0.1:0,nope")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "HOPSCOPE_LISTEN: \"nope\" is not ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:0, nor lan or docker\n   \
             | 127.0.0.1:0,nope\n   |             ^^^^"
        );
    }

    #[test]
    fn a_password_is_never_repeated() {
        let error = from_variables(&[("HOPSCOPE_AUTH", "hunter2")]).unwrap_err().to_string();
        assert_eq!(error, "HOPSCOPE_AUTH: credentials are written USER:PASS");
        let mut effective = from_variables(&[]).unwrap();
        for text in [
            "auth = \"hunter2\"",
            "auth = \"a:hunter2",
            "auth = [\"a:hunter2\"]",
            "[upstream]\nproxy = \"http://a:hunter2@:1\"",
            "[upstream]\nproxy = \"http://a:hunter2@h",
            "[upstream]\nfor = [\n  \"h=ftp://a:hunter2@h\"]",
        ] {
            let error = read_text(&mut effective, text, Path::new(""), &|line| From::File("f".into(), line));
            let shown = error.unwrap_err().to_string();
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn unknown_variables_are_errors_with_the_nearest_name() {
        let error = from_variables(&[("HOPSCOPE_LISTEM", "x")]).unwrap_err().to_string();
        assert_eq!(error, "HOPSCOPE_LISTEM: no setting has this variable; did you mean HOPSCOPE_LISTEN?");
        assert!(from_variables(&[("HOPSCOPE_TEST_PYTHON", "x"), ("PATH", "y")]).is_ok());
    }
}
