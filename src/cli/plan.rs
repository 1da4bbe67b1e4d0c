//! Everything checked before a port is bound: what was typed becomes a plan that can only fail at the system.

use super::args::{ConfigFlag, ProxyFlags};
use super::exit::{Exit, Halt};
use crate::config::{self, Effective, From, HostRoots, Parent, Places, Settings, Sources};
use crate::exchange::Authority;
use crate::tui::Keymap;
use crate::upstream::Identities;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A proxy that may be started.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) places: Places,
    /// Serves one command only.
    pub(super) private: bool,
    /// Whether the settings say anything of a parent proxy, be it that there is none.
    pub(super) parent_given: bool,
}

impl Plan {
    /// For `hopscope` and `serve`.
    pub(super) fn public(flags: &ProxyFlags) -> Result<Self, Halt> {
        Self::of(flags, false)
    }

    /// For `run`: a free port, unless `--listen` asks for one.
    pub(super) fn private(flags: &ProxyFlags) -> Result<Self, Halt> {
        Self::of(flags, true)
    }

    fn of(flags: &ProxyFlags, private: bool) -> Result<Self, Halt> {
        let places = super::places()?;
        let effective = effective(&places, &flags.config, flags)?;
        let asked = effective.from("listen").is_some_and(|from| matches!(from, From::Flag(_)));
        let parent_given = effective.from("upstream.proxy").is_some_and(|from| *from != From::Default);
        let mut settings = effective.settings;
        if private && !asked {
            settings.listen = vec![(std::net::Ipv4Addr::LOCALHOST, 0).into()];
        }
        check(&settings)?;
        super::key_log::check()?;
        Ok(Self { settings, places, private, parent_given })
    }
}

/// The settings of these flags, this environment and the file they name.
pub(super) fn effective(places: &Places, config: &ConfigFlag, flags: &ProxyFlags) -> Result<Effective, Halt> {
    let sources = Sources {
        file: config.config.clone(),
        variables: std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect(),
        flags: flags.given(),
        folder: std::env::current_dir()?,
    };
    let effective = config::load(places, &sources)?;
    // Whatever the command: a settings file is right or wrong.
    Keymap::new(&effective.settings.keys)?;
    Ok(effective)
}

/// What a setting can only be judged by together with others or with the disk.
fn check(settings: &Settings) -> Result<(), Halt> {
    for path in &settings.origin.ca {
        check_roots("origin.ca", path)?;
    }
    if let Some(parent) = settings.parents.all().find(|parent| is_ourselves(settings, parent)) {
        let says = format!(
            "upstream: {parent} is where hopscope itself is to listen; requests would come back for ever"
        );
        return Err(Halt::new(Exit::Config, says));
    }
    for HostRoots { roots, .. } in &settings.origin.ca_for {
        check_roots("origin.ca_for", roots)?;
    }
    Identities::read(&settings.origin.client_certificates).map_err(|error| Halt::new(Exit::Config, error))?;
    if let Some(path) = settings.capture.path.as_deref().filter(|path| path.exists() && !path.is_dir()) {
        let says = format!("capture.path: {} is a file; a capture is a folder", path.display());
        return Err(Halt::new(Exit::Config, says));
    }
    Ok(())
}

fn is_ourselves(settings: &Settings, parent: &Parent) -> bool {
    let Authority { host, port } = &parent.authority;
    let ip = host.parse::<std::net::IpAddr>();
    settings.listen.iter().any(|address| {
        address.port() == *port
            && (ip == Ok(address.ip()) || (host == "localhost" && address.ip().is_loopback()))
    })
}

fn check_roots(key: &str, path: &Path) -> Result<(), Halt> {
    let wrong = |why: String| Halt::new(Exit::Config, format!("{key}: {}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if super::pem::certificates(&bytes).next().is_none() {
        return Err(wrong("holds no PEM certificate (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(())
}

/// The file that a command's name means, as the shell finds it; the error is what `env` would end with.
pub(super) fn find_command(name: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, Halt> {
    let typed = Path::new(name);
    let candidates: Vec<PathBuf> = if typed.components().count() > 1 {
        vec![typed.to_owned()]
    } else {
        path.map(std::env::split_paths).into_iter().flatten().map(|folder| folder.join(typed)).collect()
    };
    let mut present = false;
    for candidate in candidates.iter().flat_map(|path| with_suffixes(path)) {
        match std::fs::metadata(&candidate) {
            Ok(facts) if facts.is_file() && executable(&facts) => return Ok(candidate),
            Ok(_) => present = true,
            Err(_) => {}
        }
    }
    let shown = typed.display();
    if present {
        return Err(Halt::new(Exit::NotExecutable, format!("{shown} cannot be executed")));
    }
    Err(Halt::new(Exit::NotFound, format!("{shown}: no such command")))
}

#[cfg(unix)]
fn executable(facts: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&facts.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &std::fs::Metadata) -> bool {
    true
}

fn with_suffixes(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    if cfg!(windows) {
        all.extend(["exe", "cmd", "bat"].map(|suffix| path.with_extension(suffix)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_somebody_else() {
        let mut settings = Settings::default();
        for (url, fits) in [
            ("http://localhost:8080", false),
            ("http://[::1]:8080", false),
            ("http://127.0.0.1:8081", true),
            ("http://proxy.test:8080", true),
        ] {
            settings.parents.proxy = Some(Parent::parse(url).unwrap());
            assert_eq!(check(&settings).is_ok(), fits, "{url}");
        }
    }

    #[test]
    fn roots_must_be_pem() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roots.pem");
        let mut settings = Settings::default();
        settings.origin.ca = vec![path.clone()];
        assert!(check(&settings).unwrap_err().says.contains("cannot be read"));
        std::fs::write(&path, "hello").unwrap();
        assert!(check(&settings).unwrap_err().says.contains("holds no PEM certificate"));
    }

    #[test]
    #[cfg(unix)]
    fn commands_are_found_as_the_shell_finds_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().unwrap();
        let tool = temp.path().join("tool");
        std::fs::write(&tool, "").unwrap();
        let find = |name: &OsStr| find_command(name, Some(temp.path().as_os_str())).map_err(|halt| halt.exit);
        assert_eq!(find("tool".as_ref()), Err(Exit::NotExecutable));
        assert_eq!(find("other".as_ref()), Err(Exit::NotFound));
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find("tool".as_ref()), Ok(tool.clone()));
        assert_eq!(find(tool.as_os_str()), Ok(tool.clone()));
    }
}
