//! What sends again, and what takes exchanges out and in.

use super::proxying::ConfigFlag;
use super::reading::Chosen;
use crate::import::Form;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

pub(super) const REPLAY_EXAMPLES: &str = "\
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

pub(super) const EXPORT_EXAMPLES: &str = "\
Examples:
  hopscope export host:api status:500.. --to har -o bug.har
  hopscope export 18 --to curl | sh
  hopscope export 18 20 --to markdown
  hopscope export 18 --to raw --message response > answer.http
  hopscope export --to json -c last | jq -c '{url, status}'";

pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  hopscope import bug.har
  hopscope import flows.mitm --capture login
  pbpaste | hopscope import - --as curl";

#[derive(Args, Debug)]
pub(in crate::cli) struct Pack {
    /// A name or path, or `last`; without one, the last
    #[arg(value_name = "CAPTURE")]
    pub(in crate::cli) capture: Option<String>,
}

#[derive(Args, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags as typed")]
pub(in crate::cli) struct Replay {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// Numbers of exchanges, as `ls` prints them; or words and fields as for `ls`
    #[arg(value_name = "ID|FILTER", required = true)]
    pub(in crate::cli) ids: Vec<String>,
    /// Set a field: the first line of that name changes in place; may be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    pub(in crate::cli) set: Vec<String>,
    /// Leave a field out; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) remove: Vec<String>,
    /// Another body from a file, or - for stdin; uncoded, Content-Length follows it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) body: Option<PathBuf>,
    /// Another origin; the path stays when the URL has none
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) target: Option<String>,
    /// The head to start from: request-received, or request-sent for those exact bytes
    #[arg(long, value_enum, value_name = "MESSAGE")]
    pub(in crate::cli) message: Option<Sendable>,
    /// Send each so often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) count: u32,
    /// So many at once
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(in crate::cli) concurrency: u32,
    /// Print what differs between the answers; exit with 1 when anything does
    #[arg(long)]
    pub(in crate::cli) diff: bool,
    /// Print what would go, and send nothing
    #[arg(long, conflicts_with_all = ["diff", "json", "yes"])]
    pub(in crate::cli) dry_run: bool,
    /// Send methods that are not safe without asking
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// One JSON object per replay (see `hopscope help json`)
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Where nobody records: trust these roots too when checking origins (PEM)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) origin_ca: Vec<String>,
    /// Where nobody records: let origins with untrusted certificates pass
    #[arg(long)]
    pub(in crate::cli) origin_insecure: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigFlag,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Sendable {
    /// As it came from the client, through the rules of the hop once more
    RequestReceived,
    /// As it went to the origin, byte for byte
    RequestSent,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// The form
    #[arg(long, value_enum, value_name = "FORM")]
    pub(in crate::cli) to: ExportTo,
    /// Into this file, which must not be there yet; else to stdout
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,
    /// Keep secrets as they are in har, json and markdown
    #[arg(long)]
    pub(in crate::cli) with_secrets: bool,
    /// Which message --to raw writes, as received: request or response
    #[arg(long, value_enum)]
    pub(in crate::cli) message: Option<Either>,
    /// Which are meant: IDs, or words and fields as for `ls`
    #[arg(value_name = "FILTER|ID")]
    pub(in crate::cli) filter: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Either {
    /// Client to hopscope
    Request,
    /// Origin to hopscope
    Response,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportTo {
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
    pub(in crate::cli) fn is_for_people(self) -> bool {
        matches!(self, Self::Har | Self::Json | Self::Markdown)
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Import {
    /// The file, or - for stdin
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// What it is, where its beginning does not tell
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub(in crate::cli) form: Option<ImportAs>,
    /// Into this capture, a name or path: made if absent, continued if present; else into a new one
    #[arg(short = 'c', long = "capture", value_name = "NAME|PATH")]
    pub(in crate::cli) capture: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ImportAs {
    /// HAR 1.2
    Har,
    /// Flows of mitmproxy
    Mitmproxy,
    /// A session of Charles as JSON
    Charles,
    /// Items saved by Burp
    Burp,
    /// An archive of Fiddler
    Fiddler,
    /// Commands for curl
    Curl,
    /// One request as it stands on the wire
    Raw,
    /// Lines of `hopscope export --to json`
    Json,
}

impl ImportAs {
    /// As the reader knows it.
    pub(in crate::cli) fn form(self) -> Form {
        match self {
            Self::Har => Form::Har,
            Self::Mitmproxy => Form::Flows,
            Self::Charles => Form::Charles,
            Self::Burp => Form::Burp,
            Self::Fiddler => Form::Fiddler,
            Self::Curl => Form::Curl,
            Self::Raw => Form::Raw,
            Self::Json => Form::Json,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Captures {
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
