//! What explains and judges headers.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const LINT_EXAMPLES: &str = "\
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

#[derive(Args, Debug)]
pub(in crate::cli) struct Explain {
    /// Fields' names, or whole header lines
    #[arg(value_name = "NAME[: VALUE]", required = true, num_args = 1..)]
    pub(in crate::cli) field: Vec<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Lint {
    /// Header blocks as JSON lines, a HAR file, or a capture; without it, or with -, blocks on stdin
    #[arg(value_name = "FILE|CAPTURE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// End with 1 when there is a finding of this level or above
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(in crate::cli) fail_on: Option<Level>,
    /// How to print; default: text on a terminal, else json
    #[arg(long, value_enum, value_name = "FORM")]
    pub(in crate::cli) to: Option<LintTo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Level {
    /// What breaks a requirement, or will be dropped or misread
    Error,
    /// Also what works but surprises
    Warn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LintTo {
    /// For people: only where something was found
    Text,
    /// One JSON object per block or exchange
    Json,
    /// SARIF 2.1.0, for CI
    Sarif,
}
