//! `hopscope export`: exchanges in the forms of other programs.
//!
//! What leaves for people (HAR, JSON lines, Markdown) has its secrets covered unless that is refused; that
//! takes a pass of its own before, because a secret is covered wherever else it stands. What is to run stays
//! whole.

mod copy;
mod lines;
mod texts;

use super::args::{Either, Export, ExportTo};
use super::capture;
use super::chosen::{Counts, Which, newest};
use super::door::say;
use super::exit::{Exit, Halt, Outcome};
use super::format::{counted, size};
use super::progress::Progress;
use super::target::Target;
use crate::ca;
use crate::exchange::{Exchange, ExchangeId, Side};
use crate::export::redact::{Secrets, Veil};
use crate::export::{Har, Outgoing};
use crate::store::Reader;
use crate::view;
use std::io::Read as _;
use std::path::Path;

/// Runs the command.
pub(super) fn run(typed: &Export) -> Outcome {
    let which = Which::typed(&typed.filter)?;
    let path = capture::path(typed.chosen.capture.as_deref())?;
    let reader = Reader::open(&path).map_err(anyhow::Error::from)?;
    let covered = typed.to.is_for_people() && !typed.with_secrets;
    let asked = Asked {
        to: typed.to,
        output: typed.output.as_deref(),
        overwrite: typed.overwrite,
        covered,
        response: typed.message == Some(Either::Response),
    };
    if typed.message.is_some() && typed.to != ExportTo::Raw {
        return Err(Halt::new(Exit::Usage, "--message belongs to --to raw"));
    }
    write(&reader, &which, &asked)
}

/// What is to be written, and where.
pub(super) struct Asked<'a> {
    pub(super) to: ExportTo,
    pub(super) output: Option<&'a Path>,
    pub(super) overwrite: bool,
    /// Secrets are covered.
    pub(super) covered: bool,
    /// Of raw messages the answer.
    pub(super) response: bool,
}

/// Writes exchanges, and says what became of it.
pub(super) fn write(reader: &Reader, which: &Which, asked: &Asked<'_>) -> Outcome {
    let until = newest(reader)?;
    if asked.to == ExportTo::Capture {
        return copy::write(reader, which, until, asked);
    }
    // Opened before the long work: a name that cannot be used is told at once.
    let target = Target::begin(asked.output, asked.overwrite)?;
    let (veil, left_out) = if asked.covered {
        let secrets = collect(reader, which, until)?;
        let left_out = secrets.left_out();
        let veil = Veil::new(secrets, ca::random_key());
        (
            Some(veil.ok_or_else(|| Halt::new(Exit::Failed, "there are too many secrets to be covered"))?),
            left_out,
        )
    } else {
        (None, 0)
    };
    let mut work =
        Work { reader, veil: veil.as_ref(), progress: Progress::begin("writing"), done: 0, secret: false };
    let (counts, bytes) = match asked.to {
        ExportTo::Har => work.har(which, until, target)?,
        _ => work.texts(which, until, target, asked)?,
    };
    let secret = work.secret;
    drop(work);
    told(which, counts, bytes, asked, secret);
    if left_out > 0 {
        say(format!(
            "{} more than can be looked for: they are covered where their names say so, and not wherever else they stand",
            counted(left_out, "secret")
        ));
    }
    Ok(Exit::Ok)
}

fn told(which: &Which, counts: Counts, bytes: Option<u64>, asked: &Asked<'_>, secret: bool) {
    let mut says = match which {
        Which::Matching(query) if !query.is_all() => {
            format!("{} of {} match", counts.matched, counted(counts.seen, "exchange"))
        }
        _ => counted(counts.matched, "exchange"),
    };
    if let (Some(bytes), Some(path)) = (bytes, asked.output) {
        says.push_str(&format!(", {} in {}", size(bytes), path.display()));
    }
    if asked.covered {
        says.push_str("; secrets are covered (--with-secrets keeps them)");
    } else if secret || asked.to.is_for_people() {
        says.push_str("; holds secrets");
    }
    say(says);
}

/// The first pass: every secret of what is to be written.
fn collect(reader: &Reader, which: &Which, until: ExchangeId) -> Result<Secrets, Halt> {
    let mut secrets = Secrets::default();
    let mut progress = Progress::begin("looking for secrets in");
    let mut done = 0;
    which.each(reader, until, &mut |row| {
        let Some(exchange) = reader.exchange(row.id).map_err(anyhow::Error::from)? else { return Ok(()) };
        secrets.exchange(&exchange);
        for side in [Side::Client, Side::Origin] {
            bodies(reader, &exchange, side, &mut secrets)?;
        }
        if row.messages > 0 {
            crate::export::Kept::messages(reader, row.id, &mut |_, message| {
                secrets.text(&message.payload);
                Ok(())
            })?;
        }
        done += 1;
        progress.tell(|| counted(done, "exchange"));
        Ok(())
    })?;
    Ok(secrets)
}

/// What is damaged is looked through as far as it can be read.
fn bodies(reader: &Reader, exchange: &Exchange, side: Side, secrets: &mut Secrets) -> Result<(), Halt> {
    if exchange.body(side).kept == 0 {
        return Ok(());
    }
    let open = || reader.body(exchange, side);
    let codings = view::codings_of(exchange, side);
    if !codings.is_empty()
        && let Ok(body) = open()
        && let Ok(decoded) = view::decoded(Box::new(body), &codings)
    {
        let _ = secrets.body(decoded.take(crate::export::UNPACKED));
    }
    match open() {
        Ok(body) => Ok(secrets.body(body)?),
        // Told where it is written.
        Err(_) => Ok(()),
    }
}

/// Exchanges as they are written.
struct Work<'a> {
    reader: &'a Reader,
    veil: Option<&'a Veil>,
    progress: Progress,
    done: u64,
    /// One of them holds a secret as it is.
    secret: bool,
}

impl Work<'_> {
    fn har(
        &mut self,
        which: &Which,
        until: ExchangeId,
        target: Target,
    ) -> Result<(Counts, Option<u64>), Halt> {
        let mut har = Har::begin(target)?;
        let counts = which
            .each(self.reader, until, &mut |row| self.with(row.id, |outgoing| Ok(har.entry(outgoing)?)))?;
        Ok((counts, har.end()?.keep()?))
    }

    fn texts(
        &mut self,
        which: &Which,
        until: ExchangeId,
        mut target: Target,
        asked: &Asked<'_>,
    ) -> Result<(Counts, Option<u64>), Halt> {
        let mut first = true;
        let mut secret = false;
        let counts = which.each(self.reader, until, &mut |row| {
            let between = !std::mem::take(&mut first);
            self.with(row.id, |outgoing| match asked.to {
                ExportTo::Json => lines::write(&mut target, outgoing),
                ExportTo::Markdown => texts::markdown(&mut target, outgoing, between),
                ExportTo::Raw => texts::raw(&mut target, outgoing, asked.response),
                _ => texts::request(&mut target, outgoing, asked.to, between).map(|holds| secret |= holds),
            })
        })?;
        self.secret |= secret;
        Ok((counts, target.keep()?))
    }

    fn with(
        &mut self,
        id: ExchangeId,
        write: impl FnOnce(&Outgoing<'_>) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        // Retention may have taken it meanwhile.
        let Some(exchange) = self.reader.exchange(id).map_err(anyhow::Error::from)? else { return Ok(()) };
        write(&Outgoing::new(&exchange, self.reader, self.veil))?;
        self.done += 1;
        let done = self.done;
        self.progress.tell(|| counted(done, "exchange"));
        Ok(())
    }
}
