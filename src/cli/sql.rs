//! `hopscope sql`: questions in SQL to a whole capture.

use super::args::Sql as Typed;
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::{capture, format};
use crate::store::{Cell, LeftOut, Sql};
use crate::text::sanitize;
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal as _, Read as _, Write};

/// Runs the command.
pub(super) fn run(typed: &Typed) -> Outcome {
    let text = asked(typed)?;
    let sql = Sql::open(&capture::path(typed.chosen.capture.as_deref())?).map_err(anyhow::Error::from)?;
    if let Some(LeftOut { segments, below, seen }) = sql.left_out() {
        say(format!(
            "the oldest {} left out, with the exchanges below {below}: SQLite takes {seen} segments at once; each can be \
             opened by itself, and ls, show and export see all",
            match segments {
                1 => "segment is".to_owned(),
                _ => format!("{} are", format::counted(segments, "segment")),
            }
        ));
    }
    let mut out = Out::stdout();
    print(&sql, &text, typed.json, &mut out)?;
    out.flush()?;
    Ok(Exit::Ok)
}

/// The statement that was typed, or what stdin holds.
fn asked(typed: &Typed) -> Result<String, Halt> {
    if !typed.statements.is_empty() {
        return Ok(typed.statements.join(" "));
    }
    if io::stdin().is_terminal() {
        let says =
            "no SQL: hopscope sql 'SELECT id, method, url, status FROM exchanges ORDER BY id DESC LIMIT 9'";
        return Err(Halt::new(Exit::Usage, says));
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

fn print<W: Write>(sql: &Sql, text: &str, as_json: bool, out: &mut Out<W>) -> Result<(), Halt> {
    let mut titled: Option<Vec<String>> = None;
    let mut written = Ok(());
    sql.run(text, &mut |columns, cells| {
        written = if as_json {
            out.record(&object(columns, cells))
        } else {
            let title = titled.as_deref() != Some(columns);
            titled = Some(columns.to_vec());
            let title = if title {
                out.record(&columns.iter().map(|name| shown(name.as_bytes())).collect::<Vec<_>>().join("\t"))
            } else {
                Ok(())
            };
            title.and_then(|()| out.record(&cells.iter().map(cell).collect::<Vec<_>>().join("\t")))
        };
        written.is_ok()
    })
    .map_err(|says| Halt::new(Exit::Failed, format!("SQLite says: {says}")))?;
    Ok(written?)
}

fn object(columns: &[String], cells: &[Cell<'_>]) -> String {
    let values = columns.iter().zip(cells).map(|(name, cell)| (name.clone(), value(cell)));
    Value::Object(values.collect::<Map<_, _>>()).to_string()
}

fn value(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => json!(number),
        Cell::Real(number) => json!(number),
        Cell::Text(bytes) => json!(String::from_utf8_lossy(bytes)),
        Cell::Blob(bytes) => {
            std::str::from_utf8(bytes).map_or_else(|_| json!(hex(bytes)), |text| json!(text))
        }
    }
}

fn cell(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(bytes) => shown(bytes),
        Cell::Blob(bytes) => {
            if std::str::from_utf8(bytes).is_ok() {
                shown(bytes)
            } else {
                hex(bytes)
            }
        }
    }
}

/// One line without tabs, whatever it holds.
fn shown(bytes: &[u8]) -> String {
    sanitize(bytes).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
