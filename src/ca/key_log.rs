//! `SSLKEYLOGFILE`: the secrets of both sides' handshakes, for Wireshark and its like to decrypt what they saw.

use rustls::{KeyLog, KeyLogFile};
use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The variable that browsers, curl and Wireshark's manual use.
const VARIABLE: &str = "SSLKEYLOGFILE";

/// The file that the variable names, if it is set.
#[must_use]
pub fn file() -> Option<PathBuf> {
    env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// Whether the file can be written; it is made, readable by its owner only, where it is not there.
pub fn check(path: &std::path::Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// What every TLS configuration of hopscope is given: one log for both sides, opened on first use. Without the
/// variable it keeps nothing.
pub fn key_log() -> Arc<dyn KeyLog> {
    static LOG: OnceLock<Arc<KeyLogFile>> = OnceLock::new();
    let log = LOG.get_or_init(|| Arc::new(KeyLogFile::new()));
    Arc::clone(log) as Arc<dyn KeyLog>
}
