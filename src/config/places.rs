//! Where things lie: the user's data, configuration and runtime folders.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folders of one user. None of them needs to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Captures and the authority: `$XDG_DATA_HOME/hopscope`.
    pub data: PathBuf,
    /// `config.toml`: `$XDG_CONFIG_HOME/hopscope`.
    pub config: PathBuf,
    /// What a running proxy says of itself: `$XDG_RUNTIME_DIR/hopscope`, else a folder in `data`.
    pub runtime: PathBuf,
}

impl Places {
    /// The folders that these variables name; `None` when there is neither a home nor the XDG variables.
    #[must_use]
    pub fn of(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
        let home = folder(variable, "HOME").or_else(|| folder(variable, "USERPROFILE"));
        let data = own(variable, "XDG_DATA_HOME", "LOCALAPPDATA", home.as_deref(), DATA)?;
        let config = own(variable, "XDG_CONFIG_HOME", "APPDATA", home.as_deref(), CONFIG)?;
        let runtime = folder(variable, "XDG_RUNTIME_DIR")
            .map_or_else(|| data.join("run"), |runtime| runtime.join("hopscope"));
        Some(Self { data, config, runtime })
    }

    /// The folders of whoever runs this process.
    #[must_use]
    pub fn here() -> Option<Self> {
        Self::of(&|name| std::env::var_os(name))
    }
}

const DATA: &str = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
const CONFIG: &str = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };

fn own(
    variable: &dyn Fn(&str) -> Option<OsString>,
    xdg: &str,
    windows: &str,
    home: Option<&Path>,
    below_home: &str,
) -> Option<PathBuf> {
    folder(variable, xdg)
        .or_else(|| if cfg!(windows) { folder(variable, windows) } else { None })
        .or_else(|| Some(home?.join(below_home)))
        .map(|folder| folder.join("hopscope"))
}

/// The XDG specification: a path that is not absolute is to be ignored.
fn folder(variable: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn places(set: &[(&str, &str)]) -> Option<Places> {
        Places::of(&|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn xdg_then_home_then_nothing() {
        let all = places(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("XDG_RUNTIME_DIR", "/r")]).unwrap();
        assert_eq!(all.data, Path::new("/d/hopscope"));
        assert_eq!(all.config, Path::new("/h/.config/hopscope"));
        assert_eq!(all.runtime, Path::new("/r/hopscope"));
        let home = places(&[("HOME", "/h"), ("XDG_DATA_HOME", "relative")]).unwrap();
        assert_eq!(home.data, Path::new("/h/.local/share/hopscope"));
        assert_eq!(home.runtime, Path::new("/h/.local/share/hopscope/run"));
        assert_eq!(places(&[]), None);
    }
}
