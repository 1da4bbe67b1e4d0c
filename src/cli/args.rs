//! What can be typed: the commands and their flags. The help texts come from here.

use crate::import::Form;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// An HTTP(S) debugging forward proxy with a header inspector.
///
/// Point a client at it and see each exchange as the four messages that crossed the wire, and
/// every change with its reason. Without a command: proxy and list in this terminal.
#[derive(Debug, Parser)]
#[command(
    name = "hopscope",
    version,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES,
    max_term_width = 100
)]
pub(super) struct Typed {
    #[command(flatten)]
    pub(super) proxy: ProxyFlags,
    #[command(flatten)]
    pub(super) demo: Demo,
    #[command(flatten)]
    pub(super) screen: ScreenFlags,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  hopscope                                   proxy on 127.0.0.1:8080 and [::1]:8080, with the list
  hopscope run -- curl https://example.org/  run a command through a proxy of its own
  hopscope serve --listen 127.0.0.1:0        no screen: one line per exchange
  hopscope open last                         browse what was recorded last
  hopscope ls cart 404                       what passed, by words anywhere in its row
  hopscope show 18 --part hops               what the hop changed, and why
  hopscope replay 18 --set 'X-Debug: 1'      the same request again, a little different

Exit codes: 0 ok, 1 a difference (diff, replay --diff) or findings (lint --fail-on), 2 usage,
3 settings or filter, 4 port or authority, 5 failed;
run: CMD's own, 125 hopscope failed, 126 not executable, 127 not found, 128+n killed by signal n.";

const REPLAY_EXAMPLES: &str = "\
Examples:
  hopscope replay 18                          as it was received from the client
  hopscope replay 18 --set 'X-Debug: 1' --remove Cookie
  hopscope replay 18 --body cart.json --yes   another body; Content-Length follows it
  hopscope replay 18 --target http://127.0.0.1:3000 --diff
  hopscope replay 18 --count 50 --concurrency 5
  hopscope replay 18 20 --dry-run             what would go
  hopscope replay host:api status:5xx --diff  all that match

A method that is not safe (POST, PUT, DELETE ...) is asked about on a terminal and needs --yes
elsewhere; several of them always need it.

Exit codes: 1 the answers differ (--diff), 5 one could not be sent or got no answer.";

const EXPORT_EXAMPLES: &str = "\
Examples:
  hopscope export host:api status:500.. --to har -o bug.har
  hopscope export 18 --to curl | sh
  hopscope export 18 20 --to markdown
  hopscope export 18 --to raw --message response > answer.http
  hopscope export --to json -c last | jq -c '{url, status}'";

const IMPORT_EXAMPLES: &str = "\
Examples:
  hopscope import bug.har
  hopscope import flows.mitm --capture login
  pbpaste | hopscope import - --as curl";

const LINT_EXAMPLES: &str = "\
A block:
  {\"id\": 1, \"start\": \"HTTP/1.1 200 OK\", \"lines\": [\"Age: 5\"], \"url\": \"https://h/\", \"request\": {...}}
`lines` are the header lines as received. With `url` (what was asked for), `at` (when it arrived, in
seconds since 1970) and a response's `request` (a block too) more can be told. `kind` may say
request or response.

Examples:
  hopscope lint last --fail-on error
  hopscope lint bug.har --to sarif > findings.sarif
  hopscope lint --to json --fail-on error < blocks.jsonl > findings.jsonl

Exit codes: 1 findings at the level of --fail-on or above, 5 a line was no header block.";

const SQL_EXAMPLES: &str = "\
Examples:
  hopscope sql 'SELECT id, method, url, status FROM exchanges WHERE status >= 500'
  hopscope sql 'SELECT host, count(*), avg(duration) FROM exchange GROUP BY host ORDER BY 2 DESC'
  hopscope sql \"SELECT id, header(response_received, 'content-type') FROM payload LIMIT 9\"
  hopscope sql --json 'SELECT * FROM heads WHERE id = 18'

One line a row, values apart by tabs, under the names of the columns.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Proxy without a screen: one line per exchange on stdout
    ///
    /// The first SIGINT, SIGTERM or SIGHUP lets exchanges under way finish and ends with 0; a second SIGINT
    /// ends at once with 130.
    Serve(Serve),
    /// Run a command through a proxy of its own, on a free port
    ///
    /// CMD gets the variables of `hopscope env`; its exit code is ours. At the end stderr says what
    /// passed, what failed, and (on Linux) what went round the proxy, with the likely cause.
    Run(Run),
    /// Print the variables that send a shell's programs through the running proxy
    ///
    /// eval "$(hopscope env)"                       sh, bash, zsh
    /// hopscope env --shell fish | source           fish
    /// hopscope env --shell powershell | Invoke-Expression
    #[command(verbatim_doc_comment)]
    Env(Env),
    /// Browse a capture in the list, live while another process records it
    ///
    /// Marks and deletions are kept in the capture; the process that records is asked to write them.
    Open(Open),
    /// List exchanges of a capture
    ///
    /// Words match anywhere in method, URL, status, type, failure and client; all must match, and
    /// those after `-` or `not` must not. "Quotes" hold a phrase together; a capital letter minds case.
    /// Fields say where to look: status:4xx host:api size:100k.. is:error; `hopscope help filter` tells
    /// the whole language. Deleted exchanges are left out.
    Ls(Ls),
    /// Follow a capture that is being recorded: one line per exchange as it ends
    ///
    /// Begins with what comes next, and ends with the recording. FILTER is as for `ls`.
    Tail(Tail),
    /// Show one exchange: heads, bodies, changes, timing, TLS
    Show(Show),
    /// Compare two exchanges: heads by name, bodies by what they are
    ///
    /// Side by side on a terminal, else as lines to take away (-) and to put in (+). What any two
    /// answers differ in (Date, a request's number, ...) is set apart with its reason. Ends with 1 when
    /// anything else differs.
    Diff(Diff),
    /// Say what a field means, and each part of a value
    ///
    /// hopscope explain vary
    /// hopscope explain 'Cache-Control: max-age=300, immutable'
    #[command(verbatim_doc_comment)]
    Explain(Explain),
    /// Look for faults in the headers of a capture, a HAR file, or header blocks
    ///
    /// Blocks come as JSON lines from FILE or stdin. In JSON each block or exchange is answered by one line
    /// (see `hopscope help json`); SARIF is for CI. What is secret in a capture's headers is masked.
    #[command(after_help = LINT_EXAMPLES)]
    Lint(Lint),
    /// Send recorded requests again, as they were or changed
    ///
    /// Each replay is a new exchange of the same capture, linked to its original. It goes through the rules
    /// of the hop like any client's request, sent by the process that records the capture, or by this
    /// command when none does.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(Replay),
    /// Ask a capture in SQL: all of its segments as one, packed ones too
    ///
    /// Tables and views: exchanges, heads, bodies, messages, edits, frames, connection, gap; and what they are made
    /// of (the comments of `SELECT sql FROM sqlite_schema` tell). Functions of ours beside the usual ones: `header(head, name)`,
    /// `headers_json(head)`, `body_text(body, head)`. Nothing can be written. Without SQL, stdin is read.
    #[command(after_help = SQL_EXAMPLES)]
    Sql(Sql),
    /// Write exchanges for other programs and people: HAR, JSON lines, Markdown, commands, scripts
    ///
    /// Words are FILTER as for `ls`; numbers alone are IDs; without either all exchanges are meant. Where it
    /// leaves for people (har, json, markdown) secrets are covered: each becomes a tag, the same for the same
    /// secret, wherever it stands.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// Read exchanges from a file of another program into a capture
    ///
    /// HAR (of browsers, Charles, Proxyman, Fiddler, mitmproxy, hopscope), mitmproxy's flow files, JSON lines of
    /// `hopscope export`, curl commands, a raw request; gzip is unpacked. A HAR that hopscope wrote gives the same
    /// exchanges again. What could not be read is said; exit code 5 where the file is damaged.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// The captures that are kept: list, remove, share, pack
    Captures {
        #[command(subcommand)]
        command: Option<Captures>,
    },
    /// The interception authority: its file, its certificate
    Ca {
        #[command(subcommand)]
        command: Ca,
    },
    /// The settings in force and where each came from
    Config(Config),
    /// A shell's completion script, on stdout
    ///
    /// source <(hopscope completions bash)             bash, for this session
    /// hopscope completions zsh > ~/.zfunc/_hopscope   zsh, a folder of fpath
    /// hopscope completions fish | source              fish, for this session
    #[command(verbatim_doc_comment)]
    Completions(Completions),
    /// The manual pages, made from this same help
    ///
    /// Without --dir the main page goes to stdout: hopscope man | man -l -
    Man(Man),
    /// Help for a command; `help json` documents the JSON lines, `help filter` the filter language
    Help {
        /// A command, `json`, or `filter`
        topic: Option<String>,
    },
}

/// Commands that end in FILTER.
const FILTERED: &[&str] = &["ls", "tail", "export", "replay"];

/// Puts the flags of a command that ends in FILTER before `--` and its words behind, because a word of FILTER
/// may begin with `-` (`-image`): only `--…`, and the short flags that the command has, are flags there.
pub(super) fn words_last(typed: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut rest = typed.into_iter();
    let mut all: Vec<_> = rest.by_ref().take(2).collect();
    let name = all.get(1).and_then(|name| name.to_str()).filter(|name| FILTERED.contains(name));
    let Some(command) = name.and_then(|name| Typed::command().find_subcommand(name).cloned()) else {
        all.extend(rest);
        return all;
    };
    let mut words = Vec::new();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy();
        let flag = flag(&command, &text);
        if text == "--" {
            words.extend(rest.by_ref());
        } else if let Some(takes_value) = flag {
            all.push(argument);
            all.extend(rest.by_ref().take(usize::from(takes_value)));
        } else if text.starts_with("--") {
            all.push(argument);
        } else {
            words.push(argument);
        }
    }
    all.push("--".into());
    all.extend(words);
    all
}

/// Whether a word is one of a command's flags, and whether the next word is its value.
fn flag(command: &clap::Command, word: &str) -> Option<bool> {
    if word == "-h" {
        return Some(false);
    }
    let is = |argument: &&clap::Arg| match word.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => argument
            .get_short()
            .is_some_and(|short| word.strip_prefix('-') == Some(short.to_string().as_str())),
    };
    let argument = command.get_arguments().filter(|argument| !argument.is_positional()).find(is)?;
    Some(argument.get_action().takes_values())
}

/// Where the settings come from.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ConfigFlag {
    #[arg(
        long,
        value_name = "FILE",
        help = "Settings file, or HOPSCOPE_CONFIG; else config.toml in the user's config folder"
    )]
    pub(super) config: Option<PathBuf>,
}

/// Flags of everything that proxies; each is also a key of config.toml and a variable.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ProxyFlags {
    #[command(flatten)]
    pub(super) config: ConfigFlag,
    /// Address to listen on; port 0 takes a free one; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Vec<String>,
    /// Record into this capture folder: made if absent, continued if present
    #[arg(long, value_name = "PATH", conflicts_with = "no_capture")]
    pub(super) capture: Option<String>,
    /// Keep nothing: the capture goes when the run ends
    #[arg(long)]
    pub(super) no_capture: bool,
    /// Folder of the authority: ca.pem and ca.key
    #[arg(long, value_name = "DIR")]
    pub(super) ca_dir: Option<String>,
    /// Trust these roots too when checking origins (PEM); may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) origin_ca: Vec<String>,
    /// Let origins with untrusted certificates pass: all, or these hosts
    #[arg(long, value_name = "HOST,…", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) origin_insecure: Option<String>,
    /// Relay CONNECT tunnels unread
    #[arg(long)]
    pub(super) no_intercept: bool,
    /// Never intercept this host (pattern); may be repeated
    #[arg(long, value_name = "HOST")]
    pub(super) tunnel: Vec<String>,
    /// Intercept only this host (pattern); may be repeated
    #[arg(long, value_name = "HOST")]
    pub(super) intercept: Vec<String>,
    /// Reach origins through this proxy: http, https, socks5 or socks5h; `direct`: none
    #[arg(long, value_name = "URL")]
    pub(super) upstream: Option<String>,
    /// Reach this host (pattern) through this proxy, or `direct`; may be repeated
    #[arg(long, value_name = "HOST=URL")]
    pub(super) upstream_for: Vec<String>,
    /// Clients must send these credentials to us (Basic)
    #[arg(long, value_name = "USER:PASS")]
    pub(super) auth: Option<String>,
    /// Serve clients of this network only, and of this machine; may be repeated
    #[arg(long, value_name = "CIDR")]
    pub(super) allow: Vec<String>,
    /// Our name in Via
    #[arg(long, value_name = "NAME")]
    pub(super) pseudonym: Option<String>,
    /// What gives way when the disk is slower than the wire: drop or block
    #[arg(long, value_name = "drop|block")]
    pub(super) pressure: Option<String>,
    /// Bytes kept of one body
    #[arg(long, value_name = "SIZE")]
    pub(super) max_body: Option<String>,
    /// All captures together keep this much
    #[arg(long, value_name = "SIZE")]
    pub(super) retain_bytes: Option<String>,
    /// Captures older than this are removed at start
    #[arg(long, value_name = "TIME")]
    pub(super) retain_age: Option<String>,
    /// Exchanges that a capture keeps while it grows
    #[arg(long, value_name = "COUNT")]
    pub(super) retain_count: Option<String>,
}

impl ProxyFlags {
    /// Key, flag as typed and values of each flag that was given.
    pub(super) fn given(&self) -> Vec<(&'static str, &'static str, Vec<String>)> {
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
pub(super) struct ScreenFlags {
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub(super) no_mouse: bool,
    /// Panic at the first key: shows that the terminal is given back
    #[arg(long, hide = true)]
    pub(super) demo_panic: bool,
}

#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) proxy: ProxyFlags,
    /// One JSON object per line (see `hopscope help json`)
    #[arg(long)]
    pub(super) json: bool,
    /// No lines on stdout
    #[arg(long, conflicts_with = "json")]
    pub(super) quiet: bool,
}

#[derive(Args, Debug)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) proxy: ProxyFlags,
    /// The command and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) command: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(super) struct Env {
    /// Print what takes the variables away again
    #[arg(long, conflicts_with = "docker")]
    pub(super) unset: bool,
    /// The shell to write for; default: from SHELL
    #[arg(long, value_enum)]
    pub(super) shell: Option<Shell>,
    /// Print the arguments that `docker run` needs instead
    #[arg(long, conflicts_with = "shell")]
    pub(super) docker: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// sh, bash, zsh, dash
    Sh,
    /// fish
    Fish,
    #[value(name = "powershell", help = "PowerShell")]
    Power,
}

#[derive(Args, Debug)]
pub(super) struct Open {
    /// A name or path, or `last`; or a file that `import` reads; without one, the capture being recorded, else
    /// the last
    #[arg(value_name = "CAPTURE|FILE")]
    pub(super) capture: Option<String>,
    #[command(flatten)]
    pub(super) config: ConfigFlag,
    #[command(flatten)]
    pub(super) screen: ScreenFlags,
    #[command(flatten)]
    pub(super) demo: Demo,
}

impl Open {
    /// Made-up rows in place of a capture.
    pub(super) fn demo(demo: Demo, config: ConfigFlag, screen: ScreenFlags) -> Self {
        Self { capture: None, config, screen, demo }
    }
}

/// For measuring the interface.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct Demo {
    /// Show this many made-up rows instead
    #[arg(long = "demo-rows", value_name = "N", hide = true)]
    pub(super) rows: Option<u64>,
    /// Add this many a second
    #[arg(long = "demo-rate", value_name = "N", hide = true, requires = "rows")]
    pub(super) rate: Option<u64>,
}

#[derive(Args, Debug, Default)]
pub(super) struct Chosen {
    /// Capture to read: a name or path; else the one being recorded, else the last
    #[arg(short = 'c', long = "capture", value_name = "NAME|PATH")]
    pub(super) capture: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct Ls {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// The newest N that match
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// One JSON object per line (see `hopscope help json`)
    #[arg(long)]
    pub(super) json: bool,
    /// Which are meant: words and fields, cart -image status:4xx (see `hopscope help filter`)
    #[arg(value_name = "FILTER")]
    pub(super) filter: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct Tail {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// One JSON object per line (see `hopscope help json`)
    #[arg(long)]
    pub(super) json: bool,
    /// Which are meant: words and fields, cart -image status:4xx (see `hopscope help filter`)
    #[arg(value_name = "FILTER")]
    pub(super) filter: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct Sql {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// One JSON object per row
    #[arg(long)]
    pub(super) json: bool,
    /// One statement or more
    #[arg(value_name = "SQL")]
    pub(super) statements: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct Pack {
    /// A name or path, or `last`; without one, the last
    #[arg(value_name = "CAPTURE")]
    pub(super) capture: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct Show {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// Numbers of exchanges, as `ls` prints them
    #[arg(value_name = "ID", required = true)]
    pub(super) ids: Vec<String>,
    /// What to show; default: an overview
    #[arg(long, value_enum)]
    pub(super) part: Option<Part>,
    /// Which message: for raw one of four, for body request or response
    #[arg(long, value_enum)]
    pub(super) message: Option<Message>,
    /// Body with its content codings undone
    #[arg(long)]
    pub(super) decoded: bool,
    /// With --part messages: the payload of this one, as it was kept
    #[arg(long, value_name = "N")]
    pub(super) number: Option<u64>,
    /// Everything but the bodies as one JSON object; with --part messages or frames one a line
    #[arg(long, conflicts_with_all = ["message", "decoded", "number"])]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Diff {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// Number of the left exchange, as `ls` prints it
    #[arg(value_name = "A")]
    pub(super) left: String,
    /// Number of the right exchange
    #[arg(value_name = "B")]
    pub(super) right: String,
    /// Which messages, as received
    #[arg(long, value_enum, default_value = "both")]
    pub(super) message: Compared,
    /// Show expected differences too
    #[arg(long)]
    pub(super) all: bool,
    /// One JSON object (see `hopscope help json`)
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Compared {
    /// The requests
    Request,
    /// The responses
    Response,
    /// Requests and responses
    Both,
}

#[derive(Args, Debug)]
pub(super) struct Explain {
    /// A field's name, or a whole header line
    #[arg(value_name = "NAME[: VALUE]", required = true, num_args = 1..)]
    pub(super) field: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct Lint {
    /// Header blocks as JSON lines, a HAR file, or a capture; without it, or with -, blocks on stdin
    #[arg(value_name = "FILE|CAPTURE")]
    pub(super) file: Option<PathBuf>,
    /// End with 1 when there is a finding of this level or above
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) fail_on: Option<Level>,
    /// How to print; default: text on a terminal, else json
    #[arg(long, value_enum, value_name = "FORM")]
    pub(super) to: Option<LintTo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    /// What breaks a requirement, or will be dropped or misread
    Error,
    /// Also what works but surprises
    Warn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LintTo {
    /// For people: only where something was found
    Text,
    /// One JSON object per block or exchange
    Json,
    /// SARIF 2.1.0, for CI
    Sarif,
}

#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(super) struct Man {
    /// Write hopscope.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// The request as received, head and body
    Request,
    /// The response as received, head and body
    Response,
    /// The bytes of a body
    Body,
    /// What is said within it: WebSocket messages, events, lines, parts, gRPC messages
    Messages,
    /// The exact bytes of the heads; of HTTP/2 the fields as text
    Raw,
    /// HTTP/2 frames, of the exchange and of its connections
    Frames,
    /// What the hop changed, and why
    Hops,
    /// When each phase ended
    Timing,
    /// How both connections were secured
    Tls,
    /// What the header inspector finds
    Findings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Message {
    /// Client to hopscope
    RequestReceived,
    /// Hopscope to origin
    RequestSent,
    /// Origin to hopscope
    ResponseReceived,
    /// Hopscope to client
    ResponseSent,
    /// The request's body
    Request,
    /// The response's body
    Response,
}

#[derive(Args, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags as typed")]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// Numbers of exchanges, as `ls` prints them; or words and fields as for `ls`
    #[arg(value_name = "ID|FILTER", required = true)]
    pub(super) ids: Vec<String>,
    /// Set a field: the first line of that name changes in place; may be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    pub(super) set: Vec<String>,
    /// Leave a field out; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) remove: Vec<String>,
    /// Another body from a file, or - for stdin; uncoded, Content-Length follows it
    #[arg(long, value_name = "FILE")]
    pub(super) body: Option<PathBuf>,
    /// Another origin; the path stays when the URL has none
    #[arg(long, value_name = "URL")]
    pub(super) target: Option<String>,
    /// The head to start from: request-received, or request-sent for those exact bytes
    #[arg(long, value_enum, value_name = "MESSAGE")]
    pub(super) message: Option<Sendable>,
    /// Send each so often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) count: u32,
    /// So many at once
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(super) concurrency: u32,
    /// Print what differs between the answers; exit with 1 when anything does
    #[arg(long)]
    pub(super) diff: bool,
    /// Print what would go, and send nothing
    #[arg(long, conflicts_with_all = ["diff", "json", "yes"])]
    pub(super) dry_run: bool,
    /// Send methods that are not safe without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// One JSON object per replay (see `hopscope help json`)
    #[arg(long)]
    pub(super) json: bool,
    /// Where nobody records: trust these roots too when checking origins (PEM)
    #[arg(long, value_name = "FILE")]
    pub(super) origin_ca: Vec<String>,
    /// Where nobody records: let origins with untrusted certificates pass
    #[arg(long)]
    pub(super) origin_insecure: bool,
    #[command(flatten)]
    pub(super) config: ConfigFlag,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sendable {
    /// As it came from the client, through the rules of the hop once more
    RequestReceived,
    /// As it went to the origin, byte for byte
    RequestSent,
}

#[derive(Args, Debug)]
pub(super) struct Export {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// The form
    #[arg(long, value_enum, value_name = "FORM")]
    pub(super) to: ExportTo,
    /// Into this file, which must not be there yet; else to stdout
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Keep secrets as they are in har, json and markdown
    #[arg(long)]
    pub(super) with_secrets: bool,
    /// Which message --to raw writes, as received: request or response
    #[arg(long, value_enum)]
    pub(super) message: Option<Either>,
    /// Which are meant: IDs, or words and fields as for `ls`
    #[arg(value_name = "FILTER|ID")]
    pub(super) filter: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Either {
    /// Client to hopscope
    Request,
    /// Origin to hopscope
    Response,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportTo {
    /// HAR 1.2, with all that hopscope knows beside it
    Har,
    /// One JSON object per line: `show --json` with bodies and messages
    Json,
    /// Notes for people
    Markdown,
    /// Exact bytes of the message
    Raw,
    /// Commands for curl
    Curl,
    #[value(help = "Commands for HTTPie")]
    Httpie,
    /// Scripts with Python's requests
    Python,
    /// Calls of JavaScript's fetch
    Fetch,
    /// Another capture, a folder that -o names; secrets stay
    Capture,
}

impl ExportTo {
    /// Whether it is made to be passed on rather than run.
    pub(super) fn is_for_people(self) -> bool {
        matches!(self, Self::Har | Self::Json | Self::Markdown)
    }
}

#[derive(Args, Debug)]
pub(super) struct Import {
    /// The file, or - for stdin
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What it is, where its beginning does not tell
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub(super) form: Option<ImportAs>,
    /// Into this capture, a name or path: made if absent, continued if present; else into a new one
    #[arg(short = 'c', long = "capture", value_name = "NAME|PATH")]
    pub(super) capture: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportAs {
    /// HAR 1.2
    Har,
    /// Flows of mitmproxy
    Mitmproxy,
    /// Commands for curl
    Curl,
    /// One request as it stands on the wire
    Raw,
    /// Lines of `hopscope export --to json`
    Json,
}

impl ImportAs {
    /// As the reader knows it.
    pub(super) fn form(self) -> Form {
        match self {
            Self::Har => Form::Har,
            Self::Mitmproxy => Form::Flows,
            Self::Curl => Form::Curl,
            Self::Raw => Form::Raw,
            Self::Json => Form::Json,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Captures {
    /// List them, the last written first
    Ls {
        /// One JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Remove captures and all that was recorded in them
    ///
    /// One that is being recorded stays. On a terminal it is asked first; elsewhere --yes says so.
    Rm {
        /// Names or paths, as `captures ls` prints them
        #[arg(value_name = "CAPTURE", required = true)]
        names: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Make one file to mail of a capture, its secrets covered
    ///
    /// It is a HAR: hopscope opens and imports it with nothing lost, and browsers and other tools read it too.
    Share {
        /// A name or path, or `last`; without one, the capture being recorded, else the last
        #[arg(value_name = "CAPTURE")]
        name: Option<String>,
        /// The file; else NAME.har here
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it is there
        #[arg(long)]
        overwrite: bool,
        /// Keep secrets as they are
        #[arg(long)]
        with_secrets: bool,
    },
    /// Make a capture small that nobody records
    ///
    /// Heads and bodies are packed with zstd, each exchange by itself: every command reads it as before, and any
    /// sqlite3 its list. While a capture is recorded, its segments are packed in the background as it grows.
    Pack(Pack),
}

#[derive(Debug, Subcommand)]
pub(super) enum Ca {
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
pub(super) struct CaFlags {
    #[command(flatten)]
    pub(super) config: ConfigFlag,
    /// Folder of the authority: ca.pem and ca.key
    #[arg(long, value_name = "DIR")]
    pub(super) ca_dir: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text, as most programs read it
    Pem,
    /// Binary
    Der,
    /// For Windows and phones (not yet)
    P12,
}

#[derive(Args, Debug)]
pub(super) struct Config {
    #[command(flatten)]
    pub(super) proxy: ProxyFlags,
    /// Print the documented default file
    #[arg(long)]
    pub(super) default: bool,
    /// One JSON object per setting
    #[arg(long, conflicts_with = "default")]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_begin_with_a_hyphen_and_flags_stay_flags() {
        let typed = ["hopscope", "ls", "cart", "--json", "-image", "--limit", "3", "-c", "x", "--", "--y"];
        let typed = Typed::try_parse_from(words_last(typed.map(OsString::from)));
        match typed.unwrap().command {
            Some(Command::Ls(ls)) => {
                assert_eq!(
                    (ls.filter, ls.json, ls.limit),
                    (vec!["cart".into(), "-image".into(), "--y".into()], true, Some(3))
                );
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_command_keeps_its_own_flags() {
        let typed = Typed::try_parse_from(["hopscope", "run", "--listen", "[::1]:0", "curl", "--json", "-x"]);
        match typed.unwrap().command {
            Some(Command::Run(run)) => {
                assert_eq!(run.proxy.listen, ["[::1]:0"]);
                assert_eq!(run.command, ["curl", "--json", "-x"]);
            }
            other => panic!("{other:?}"),
        }
    }
}
