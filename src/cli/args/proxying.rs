//! What proxies, and what is told to a proxy that runs.

use super::reading::Chosen;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Where the settings come from.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct ConfigFlag {
    #[arg(
        long,
        value_name = "FILE",
        help = "Settings file, or HOPSCOPE_CONFIG; else config.toml in the user's config folder"
    )]
    pub(in crate::cli) config: Option<PathBuf>,
}

/// Flags of everything that proxies; each is also a key of config.toml and a variable.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct ProxyFlags {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigFlag,
    /// Address to listen on, or lan, docker; port 0 takes a free one; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(in crate::cli) listen: Vec<String>,
    /// Record into this capture folder: made if absent, continued if present
    #[arg(long, value_name = "PATH", conflicts_with = "no_capture")]
    pub(in crate::cli) capture: Option<String>,
    /// Keep nothing: the capture goes when the run ends
    #[arg(long)]
    pub(in crate::cli) no_capture: bool,
    /// Folder of the authority: ca.pem and ca.key
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) ca_dir: Option<String>,
    /// Trust these roots too when checking origins (PEM); may be repeated
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) origin_ca: Vec<String>,
    /// Let origins with untrusted certificates pass: all, or these hosts
    #[arg(long, value_name = "HOST,…", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(in crate::cli) origin_insecure: Option<String>,
    /// Relay CONNECT tunnels unread
    #[arg(long)]
    pub(in crate::cli) no_intercept: bool,
    /// Never intercept this host (pattern); may be repeated
    #[arg(long, value_name = "HOST")]
    pub(in crate::cli) tunnel: Vec<String>,
    /// Intercept only this host (pattern); may be repeated
    #[arg(long, value_name = "HOST")]
    pub(in crate::cli) intercept: Vec<String>,
    /// Reach origins through this proxy: http, https, socks5 or socks5h; `direct`: none
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) upstream: Option<String>,
    /// Reach this host (pattern) through this proxy, or `direct`; may be repeated
    #[arg(long, value_name = "HOST=URL")]
    pub(in crate::cli) upstream_for: Vec<String>,
    /// Clients must send these credentials to us (Basic)
    #[arg(long, value_name = "USER:PASS")]
    pub(in crate::cli) auth: Option<String>,
    /// Serve clients of this network only, and of this machine; may be repeated
    #[arg(long, value_name = "CIDR")]
    pub(in crate::cli) allow: Vec<String>,
    /// Serve anyone who can reach it, without credentials: an open proxy
    #[arg(long)]
    pub(in crate::cli) allow_open: bool,
    /// Our name in Via
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) pseudonym: Option<String>,
    /// What gives way when the disk is slower than the wire: drop or block
    #[arg(long, value_name = "drop|block")]
    pub(in crate::cli) pressure: Option<String>,
    /// Bytes kept of one body
    #[arg(long, value_name = "SIZE")]
    pub(in crate::cli) max_body: Option<String>,
    /// All captures together keep this much
    #[arg(long, value_name = "SIZE")]
    pub(in crate::cli) retain_bytes: Option<String>,
    /// Captures older than this are removed at start
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) retain_age: Option<String>,
    /// Exchanges that a capture keeps while it grows
    #[arg(long, value_name = "COUNT")]
    pub(in crate::cli) retain_count: Option<String>,
}

impl ProxyFlags {
    /// Key, flag as typed and values of each flag that was given.
    pub(in crate::cli) fn given(&self) -> Vec<(&'static str, &'static str, Vec<String>)> {
        let off = |given: bool| given.then(|| "false".to_owned());
        let lone = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let all = [
            ("listen", "--listen", self.listen.clone()),
            ("capture.path", "--capture", lone(&self.capture)),
            ("capture.enabled", "--no-capture", lone(&off(self.no_capture))),
            ("ca_dir", "--ca-dir", lone(&self.ca_dir)),
            ("origin.ca", "--origin-ca", self.origin_ca.clone()),
            ("origin.insecure", "--origin-insecure", lone(&self.origin_insecure)),
            ("intercept.enabled", "--no-intercept", lone(&off(self.no_intercept))),
            ("intercept.tunnel", "--tunnel", self.tunnel.clone()),
            ("intercept.only", "--intercept", self.intercept.clone()),
            ("upstream.proxy", "--upstream", lone(&self.upstream)),
            ("upstream.for", "--upstream-for", self.upstream_for.clone()),
            ("auth", "--auth", lone(&self.auth)),
            ("allow", "--allow", self.allow.clone()),
            ("allow_open", "--allow-open", lone(&self.allow_open.then(|| "true".to_owned()))),
            ("pseudonym", "--pseudonym", lone(&self.pseudonym)),
            ("capture.pressure", "--pressure", lone(&self.pressure)),
            ("capture.max_body", "--max-body", lone(&self.max_body)),
            ("capture.retain_bytes", "--retain-bytes", lone(&self.retain_bytes)),
            ("capture.retain_age", "--retain-age", lone(&self.retain_age)),
            ("capture.retain_count", "--retain-count", lone(&self.retain_count)),
        ];
        all.into_iter().filter(|(_, _, values)| !values.is_empty()).collect()
    }
}

/// Flags of everything that shows the list in this terminal.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct ScreenFlags {
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub(in crate::cli) no_mouse: bool,
    /// Panic at the first key: shows that the terminal is given back
    #[arg(long, hide = true)]
    pub(in crate::cli) demo_panic: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Serve {
    #[command(flatten)]
    pub(in crate::cli) proxy: ProxyFlags,
    /// One JSON object per line (see `hopscope help json`)
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// No lines on stdout
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) quiet: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    pub(in crate::cli) proxy: ProxyFlags,
    /// The command and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(in crate::cli) command: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Env {
    /// Print what takes the variables away again
    #[arg(long, conflicts_with = "docker")]
    pub(in crate::cli) unset: bool,
    /// The shell to write for; default: from SHELL
    #[arg(long, value_enum)]
    pub(in crate::cli) shell: Option<Shell>,
    /// Print the arguments that `docker run` needs instead
    #[arg(long, conflicts_with = "shell")]
    pub(in crate::cli) docker: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Shell {
    /// sh, bash, zsh, dash
    Sh,
    /// fish
    Fish,
    #[value(name = "powershell", help = "PowerShell")]
    Power,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Allow {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// The client's address, as its row or stderr says it
    pub(in crate::cli) address: Option<std::net::IpAddr>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Intercept {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// The host, as CONNECT named it, without its port
    pub(in crate::cli) host: Option<String>,
}
