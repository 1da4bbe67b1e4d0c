//! What reads a capture.

use super::proxying::{ConfigFlag, ScreenFlags};
use clap::{Args, ValueEnum};

pub(super) const SQL_EXAMPLES: &str = "\
Examples:
  hopscope sql 'SELECT id, method, url, status FROM exchanges WHERE status >= 500'
  hopscope sql 'SELECT host, count(*), avg(duration) FROM exchange GROUP BY host ORDER BY 2 DESC'
  hopscope sql \"SELECT id, header(response_received, 'content-type') FROM payload LIMIT 9\"
  hopscope sql --json 'SELECT * FROM heads WHERE id = 18'

One line a row, values apart by tabs, under the names of the columns.";

#[derive(Args, Debug)]
pub(in crate::cli) struct Open {
    /// A name or path, or `last`; or a file that `import` reads; without one, the capture being recorded, else
    /// the last
    #[arg(value_name = "CAPTURE|FILE")]
    pub(in crate::cli) capture: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigFlag,
    #[command(flatten)]
    pub(in crate::cli) screen: ScreenFlags,
    #[command(flatten)]
    pub(in crate::cli) demo: Demo,
}

impl Open {
    /// Made-up rows in place of a capture.
    pub(in crate::cli) fn demo(demo: Demo, config: ConfigFlag, screen: ScreenFlags) -> Self {
        Self { capture: None, config, screen, demo }
    }
}

/// For measuring the interface.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Demo {
    /// Show this many made-up rows instead
    #[arg(long = "demo-rows", value_name = "N", hide = true)]
    pub(in crate::cli) rows: Option<u64>,
    /// Add this many a second
    #[arg(long = "demo-rate", value_name = "N", hide = true, requires = "rows")]
    pub(in crate::cli) rate: Option<u64>,
}

#[derive(Args, Debug, Default)]
pub(in crate::cli) struct Chosen {
    /// Capture to read: a name or path; else the one being recorded, else the last
    #[arg(short = 'c', long = "capture", value_name = "NAME|PATH")]
    pub(in crate::cli) capture: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Ls {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// The newest N that match
    #[arg(long, value_name = "N")]
    pub(in crate::cli) limit: Option<usize>,
    /// One JSON object per line (see `hopscope help json`)
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Which are meant: words and fields, cart -image status:4xx (see `hopscope help filter`)
    #[arg(value_name = "FILTER")]
    pub(in crate::cli) filter: Vec<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Tail {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// One JSON object per line (see `hopscope help json`)
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Which are meant: words and fields, cart -image status:4xx (see `hopscope help filter`)
    #[arg(value_name = "FILTER")]
    pub(in crate::cli) filter: Vec<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Sql {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// One JSON object per row
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// One statement or more
    #[arg(value_name = "SQL")]
    pub(in crate::cli) statements: Vec<String>,
}

pub(super) const NOTE_EXAMPLES: &str = "\
Examples:
  hopscope note 18 slow since noon '#todo'
  hopscope note 18                          what was written
  hopscope note 18 ''                       takes it away";

#[derive(Args, Debug)]
pub(in crate::cli) struct Note {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// The exchange's number, as `ls` prints it
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,
    /// The words; an empty one takes the note away
    #[arg(value_name = "TEXT")]
    pub(in crate::cli) text: Vec<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Show {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// Numbers of exchanges, as `ls` prints them
    #[arg(value_name = "ID", required = true)]
    pub(in crate::cli) ids: Vec<String>,
    /// What to show; default: an overview
    #[arg(long, value_enum)]
    pub(in crate::cli) part: Option<Part>,
    /// Which message: for raw one of four, for body request or response
    #[arg(long, value_enum)]
    pub(in crate::cli) message: Option<Message>,
    /// Body with its content codings undone
    #[arg(long)]
    pub(in crate::cli) decoded: bool,
    /// With --part messages: the payload of this one, as it was kept
    #[arg(long, value_name = "N")]
    pub(in crate::cli) number: Option<u64>,
    /// Everything but the bodies as one JSON object; with --part messages or frames one a line
    #[arg(long, conflicts_with_all = ["message", "decoded", "number"])]
    pub(in crate::cli) json: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Diff {
    #[command(flatten)]
    pub(in crate::cli) chosen: Chosen,
    /// Number of the left exchange, as `ls` prints it
    #[arg(value_name = "A")]
    pub(in crate::cli) left: String,
    /// Number of the right exchange
    #[arg(value_name = "B")]
    pub(in crate::cli) right: String,
    /// Which messages, as received
    #[arg(long, value_enum, default_value = "both")]
    pub(in crate::cli) message: Compared,
    /// Show expected differences too
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// One JSON object (see `hopscope help json`)
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Compared {
    /// The requests
    Request,
    /// The responses
    Response,
    /// Requests and responses
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Part {
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
pub(in crate::cli) enum Message {
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
