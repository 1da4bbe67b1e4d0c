//! `hopscope explain`: a field, or one value of it, in plain words.

use super::args::Explain;
use super::door::{Ink, Out};
use super::exit::{Exit, Halt, Outcome};
use crate::inspect::{Field, Hop, On, Part, Spec, Word, parse, table};
use crate::text::carets;
use std::io::{self, Write};

/// Runs the command.
pub(super) fn run(typed: &Explain) -> Outcome {
    let text = typed.field.join(" ");
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name.trim(), value.trim()),
        None => (text.trim(), ""),
    };
    let mut out = Out::stdout();
    match (table::field(name.as_bytes()), table::family(name.as_bytes())) {
        (Some(field), _) => print_field(&mut out, field)?,
        (None, Some(family)) => {
            out.inked(&[(Ink::Strong, name), (Ink::Plain, &format!("  a field of {}", family.vendor))])?;
            out.line(format!("  {}", family.means))?;
        }
        (None, None) => {
            let says = format!(
                "{name:?} is not in the table of fields: neither registered nor a vendor's that is known"
            );
            return Err(Halt::new(Exit::Failed, says));
        }
    }
    if !value.is_empty() {
        print_value(&mut out, name, value)?;
    }
    out.flush()?;
    Ok(Exit::Ok)
}

fn print_field<W: Write>(out: &mut Out<W>, field: &Field) -> io::Result<()> {
    let standing = match field.spec {
        Spec::Vendor("custom") => field.spec.to_string(),
        Spec::Vendor(name) => format!("a field of {name}, not registered"),
        spec => format!("{spec}, {}", field.status.as_str()),
    };
    out.inked(&[(Ink::Strong, field.name), (Ink::Plain, &format!("  {standing}"))])?;
    out.line(format!("  {}", field.means))?;
    let place = match (field.on.has(On::BOTH), field.on.has(On::REQUEST)) {
        (true, _) => "requests and responses",
        (false, true) => "requests",
        (false, false) => "responses",
    };
    let trailers = if field.on.has(On::TRAILERS) { ", also in trailers" } else { "" };
    let hop = if field.hop == Hop::HopByHop {
        "for the next recipient only"
    } else {
        "passed on to the last recipient"
    };
    let lines = if field.shape.may_repeat() { "may stand in several lines" } else { "stands once" };
    out.line(format!("  In {place}{trailers}; {hop}; {lines}."))?;
    print_words(out, field.words)?;
    let asked = table::words_asked(field);
    if !std::ptr::eq(asked, field.words) {
        out.line("  In requests:")?;
        print_words(out, asked)?;
    }
    Ok(())
}

fn print_words<W: Write>(out: &mut Out<W>, words: &[Word]) -> io::Result<()> {
    // A word with a comma behind it is one of those before, as some write it.
    for word in words.iter().filter(|word| !word.name.ends_with(',')) {
        let cite = word.spec.map(|spec| format!("  ({spec})")).unwrap_or_default();
        out.inked(&[(Ink::Plain, &format!("    {:<24} {}", word.name, word.means)), (Ink::Dim, &cite)])?;
    }
    Ok(())
}

fn print_value<W: Write>(out: &mut Out<W>, name: &str, value: &str) -> io::Result<()> {
    let parsed = parse(name.as_bytes(), value.as_bytes());
    out.line("")?;
    for part in &parsed.parts {
        print_part(out, part, value)?;
    }
    if let Some(broken) = &parsed.broken {
        out.line("")?;
        for line in carets(value, broken.at..broken.at + 1, &broken.says).lines() {
            out.line(line)?;
        }
    }
    Ok(())
}

fn print_part<W: Write>(out: &mut Out<W>, part: &Part, value: &str) -> io::Result<()> {
    let indent = "  ".repeat(usize::from(part.depth) + 1);
    let text =
        String::from_utf8_lossy(value.as_bytes().get(part.span.clone()).unwrap_or_default()).into_owned();
    let means = if part.meaning.is_empty() { part.label } else { &part.meaning };
    let cite = part.spec.map(|spec| format!("  ({spec})")).unwrap_or_default();
    let room = 32_usize.saturating_sub(indent.len());
    out.inked(&[
        (Ink::Strong, &format!("{indent}{text:<room$}")),
        (Ink::Plain, &format!(" {means}")),
        (Ink::Dim, &cite),
    ])
}
