//! `hopscope note`: a person's words on an exchange, written, read, and taken away.

use super::args::Note as Typed;
use super::capture;
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::show::parse_id;
use crate::exchange::Note;
use crate::store::{self, Reader};

/// Runs the command.
pub(super) fn run(typed: &Typed) -> Outcome {
    let path = capture::path(typed.chosen.capture.as_deref())?;
    let id = parse_id(&typed.id)?;
    let rows =
        Reader::open(&path).and_then(|reader| reader.summaries(id, id)).map_err(anyhow::Error::from)?;
    let Some(row) = rows.first() else {
        let says =
            format!("no exchange {} in this capture; `hopscope ls` lists them (-c names another)", id.0);
        return Err(Halt::new(Exit::Failed, says));
    };
    if typed.text.is_empty() {
        let mut out = Out::stdout();
        row.note.iter().try_for_each(|note| out.line(note.as_str()))?;
        out.flush()?;
        return Ok(Exit::Ok);
    }
    let text = typed.text.join(" ");
    if text.chars().count() > Note::LONGEST {
        let says = format!("a note has {} characters at most; nothing was changed", Note::LONGEST);
        return Err(Halt::new(Exit::Usage, says));
    }
    let note = Note::new(&text);
    let says = match (&note, &row.note) {
        (None, None) => "there was no note",
        (None, Some(_)) => "the note is gone",
        (Some(_), None) => "noted",
        (Some(_), Some(_)) => "noted, in the place of another",
    };
    if note != row.note {
        store::set_note(&path, id, note).map_err(anyhow::Error::from)?;
    }
    say(format!("#{}: {says}", id.0));
    Ok(Exit::Ok)
}
