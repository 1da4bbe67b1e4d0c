//! What can be typed: the commands and their flags; each kind of command has its flags in a file of its own. The help texts come from here.

mod judging;
mod own;
mod passing;
mod proxying;
mod reading;

pub(super) use judging::{Explain, Level, Lint, LintTo};
pub(super) use own::{Ca, CaFlags, Completions, Config, Format, Man};
pub(super) use passing::{Captures, Either, Export, ExportTo, Import, ImportAs, Pack, Replay, Sendable};
pub(super) use proxying::{Allow, ConfigFlag, Env, Intercept, ProxyFlags, Run, ScreenFlags, Serve, Shell};
pub(super) use reading::{Compared, Demo, Diff, Ls, Message, Note, Open, Part, Show, Sql, Tail};

use clap::{CommandFactory as _, Parser, Subcommand};
use std::ffi::OsString;

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
    /// Words match anywhere in method, URL, status, type, failure, client and note; all must match, and
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
    /// Say what fields mean, and each part of a value
    ///
    /// Each argument is a name or a whole header line. Behind one that ends with its colon, the
    /// arguments up to the next that begins with NAME: are its value, so that quotes may be left out
    /// where the shell lets them.
    ///
    /// hopscope explain vary age
    /// hopscope explain 'Via: 1.1 edge' 'Date: Mon, 23 Nov 2026 12:00:00 GMT'
    /// hopscope explain 'Cache-Control: max-age=300, immutable'
    #[command(verbatim_doc_comment)]
    Explain(Explain),
    /// Look for faults in the headers of a capture, a HAR file, or header blocks
    ///
    /// Blocks come as JSON lines from FILE or stdin. In JSON each block or exchange is answered by one line
    /// (see `hopscope help json`); SARIF is for CI. What is secret in a capture's headers is masked.
    #[command(after_help = judging::LINT_EXAMPLES)]
    Lint(Lint),
    /// Send recorded requests again, as they were or changed
    ///
    /// Each replay is a new exchange of the same capture, linked to its original. It goes through the rules
    /// of the hop like any client's request, sent by the process that records the capture, or by this
    /// command when none does.
    #[command(after_help = passing::REPLAY_EXAMPLES)]
    Replay(Replay),
    /// Let a client of this network use the running proxy, or list those that wait for it
    ///
    /// Where others can reach the proxy and it asks for no credentials, a new client's first request waits.
    Allow(Allow),
    /// Intercept a host again that is left alone after refusals, or list those hosts
    ///
    /// A client program that refuses hopscope's certificate for a host again and again is left alone there for
    /// a while (intercept.learn). This ends it, for every client, and nothing more is learned of the host.
    Intercept(Intercept),
    /// Write a note on an exchange, or read the one that is there
    ///
    /// Its words that begin with # are tags: `hopscope ls tag:todo` finds #todo, `ls is:noted` all. The process that
    /// records is asked to write it. Exchanges with a note stay when old ones go.
    #[command(after_help = reading::NOTE_EXAMPLES)]
    Note(Note),
    /// Ask a capture in SQL: all of its segments as one, packed ones too
    ///
    /// Tables and views: exchanges, heads, bodies, messages, edits, frames, connection, gap; and what they are made
    /// of (the comments of `SELECT sql FROM sqlite_schema` tell). Functions of ours beside the usual ones: `header(head, name)`,
    /// `headers_json(head)`, `body_text(body, head)`. Nothing can be written. Without SQL, stdin is read.
    #[command(after_help = reading::SQL_EXAMPLES)]
    Sql(Sql),
    /// Write exchanges for other programs and people: HAR, JSON lines, Markdown, commands, scripts
    ///
    /// Words are FILTER as for `ls`; numbers alone are IDs; without either all exchanges are meant. Where it
    /// leaves for people (har, json, markdown) secrets are covered: each becomes a tag, the same for the same
    /// secret, wherever it stands.
    #[command(after_help = passing::EXPORT_EXAMPLES)]
    Export(Export),
    /// Read exchanges from a file of another program into a capture
    ///
    /// HAR (of browsers, Charles, Proxyman, Fiddler, Insomnia, mitmproxy, hopscope), mitmproxy's flow files, Fiddler's
    /// archives (.saz), Charles' JSON sessions (.chlsj), items saved by Burp (XML), JSON lines of `hopscope export`, curl commands, a raw request;
    /// gzip and zlib are unpacked. A HAR that hopscope wrote gives the same
    /// exchanges again. What could not be read is said; exit code 5 where the file is damaged.
    #[command(after_help = passing::IMPORT_EXAMPLES)]
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

/// Commands that end in FILTER, or in words.
const FILTERED: &[&str] = &["ls", "tail", "export", "replay", "note"];

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
