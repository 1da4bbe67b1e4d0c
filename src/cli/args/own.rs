//! What is about hopscope itself: authority, settings, completions, manual.

use super::proxying::{ConfigFlag, ProxyFlags};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(in crate::cli) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Man {
    /// Write hopscope.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Ca {
    /// Print the path of the authority's certificate
    Path(CaFlags),
    /// Print the authority's names, dates and fingerprint
    Show(CaFlags),
    /// Write the authority's certificate to stdout, never its key
    Export {
        #[command(flatten)]
        flags: CaFlags,
        /// Encoding
        #[arg(long, value_enum, default_value = "pem")]
        format: Format,
    },
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct CaFlags {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigFlag,
    /// Folder of the authority: ca.pem and ca.key
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) ca_dir: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Text, as most programs read it
    Pem,
    /// Binary
    Der,
    /// For Windows and phones (not yet)
    P12,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Config {
    #[command(flatten)]
    pub(in crate::cli) proxy: ProxyFlags,
    /// Print the documented default file
    #[arg(long)]
    pub(in crate::cli) default: bool,
    /// One JSON object per setting
    #[arg(long, conflicts_with = "default")]
    pub(in crate::cli) json: bool,
}
