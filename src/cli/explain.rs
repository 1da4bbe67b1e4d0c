//! `hopscope explain`: fields, or values of them, in plain words.

use super::args::Explain;
use super::door::{Ink, Out};
use super::exit::{Exit, Halt, Outcome};
use crate::inspect::{Field, Hop, On, Parsed, Part, Spec, Word, parse, parse_asked, table};
use crate::text::carets;
use std::io::{self, Write};

/// Runs the command.
pub(super) fn run(typed: &Explain) -> Outcome {
    let mut out = Out::stdout();
    let mut unknown = Vec::new();
    let mut first = true;
    for line in header_lines(&typed.field) {
        let (name, value) = halves(&line);
        if table::means(name.as_bytes()).is_none() {
            unknown.push(format!("{name:?}"));
            continue;
        }
        if !std::mem::take(&mut first) {
            out.line("")?;
        }
        print_name(&mut out, name)?;
        print_value(&mut out, name, value)?;
    }
    out.flush()?;
    if unknown.is_empty() {
        return Ok(Exit::Ok);
    }
    let are = if unknown.len() == 1 { "is" } else { "are" };
    let says = format!(
        "{} {are} not in the table of fields: neither registered nor a vendor's that is known",
        unknown.join(", ")
    );
    Err(Halt::new(Exit::Failed, says))
}

/// Each argument is a name or a header line. What stands behind one that ends with its colon is its value, as the
/// shell parted it, up to the next argument that begins with a name and a colon.
fn header_lines(arguments: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for argument in arguments {
        let begins = begins_line(argument);
        if let Some(line) = lines.last_mut().filter(|_| open && !begins) {
            line.push(' ');
            line.push_str(argument);
        } else {
            open = begins && argument.trim_end().ends_with(':');
            lines.push(argument.clone());
        }
    }
    lines
}

/// Whether an argument begins as a header line does: a token, a colon, then a blank or nothing.
fn begins_line(argument: &str) -> bool {
    let (name, rest) = argument.split_at_checked(colon(argument).unwrap_or(0)).unwrap_or_default();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:".contains(&byte);
    !name.is_empty()
        && name.bytes().all(token)
        && rest.get(1..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Name and value of a line; the name of a pseudo-field begins with a colon itself (RFC 9113 8.3).
fn halves(line: &str) -> (&str, &str) {
    let line = line.trim();
    let (name, value) = colon(line).and_then(|at| line.split_at_checked(at)).unwrap_or((line, ""));
    (name.trim(), value.get(1..).unwrap_or_default().trim())
}

/// The colon behind a name.
fn colon(line: &str) -> Option<usize> {
    line.bytes().enumerate().skip(1).find(|(_, byte)| *byte == b':').map(|(at, _)| at)
}

fn print_name<W: Write>(out: &mut Out<W>, name: &str) -> io::Result<()> {
    if let Some(field) = table::field(name.as_bytes()) {
        return print_field(out, field);
    }
    let Some(family) = table::family(name.as_bytes()) else { return Ok(()) };
    out.inked(&[(Ink::Strong, name), (Ink::Plain, &format!("  a field of {}", family.vendor))])?;
    out.line(format!("  {}", family.means))
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
    let lines = if field.shape.may_repeat() { "may stand in several lines" } else { "stands once" };
    out.line(format!("  In {place}{trailers}; {}; {lines}.", travels(field)))?;
    let asked = table::words_asked(field);
    if std::ptr::eq(asked, field.words) {
        return print_words(out, field.words);
    }
    out.line("  In responses:")?;
    print_words(out, field.words)?;
    out.line("  In requests:")?;
    print_words(out, asked)
}

/// How far it goes.
fn travels(field: &Field) -> &'static str {
    match field.hop {
        _ if field.name.starts_with(':') => "of HTTP/2 and HTTP/3 only, before all fields",
        Hop::EndToEnd => "passed on to the last recipient",
        Hop::HopByHop => "for the next recipient only",
        Hop::NextProxy if field.on.has(On::REQUEST) => {
            "for the next proxy that asks for it, which may pass it along a chain of proxies that share it"
        }
        Hop::NextProxy => "from a proxy to its next client only, which may be a proxy too",
    }
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
    if value.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let (answered, asked) =
        (parse(name.as_bytes(), value.as_bytes()), parse_asked(name.as_bytes(), value.as_bytes()));
    if answered == asked {
        print_parts(out, &answered, value)?;
    } else {
        let side = side(name, value);
        if side != Some(On::REQUEST) {
            out.line("  In a response:")?;
            print_parts(out, &answered, value)?;
        }
        if side != Some(On::RESPONSE) {
            out.line("  In a request:")?;
            print_parts(out, &asked, value)?;
        }
    }
    if let Some(broken) = &answered.broken {
        out.line("")?;
        for line in carets(value, broken.at..broken.at + 1, &broken.says).lines() {
            out.line(line)?;
        }
    }
    Ok(())
}

/// The only side on which a value stands, by its directives; `None` where it may stand on both.
fn side(name: &str, value: &str) -> Option<On> {
    let field = table::field(name.as_bytes())?;
    let has = |words: &[Word], name: &str| words.iter().any(|word| word.name.eq_ignore_ascii_case(name));
    let (mut answered, mut asked) = (false, false);
    for directive in value.split(',').filter_map(|piece| piece.split('=').next()) {
        let known = [field.words, table::words_asked(field)].map(|words| has(words, directive.trim()));
        answered |= known == [true, false];
        asked |= known == [false, true];
    }
    match (answered, asked) {
        (true, false) => Some(On::RESPONSE),
        (false, true) => Some(On::REQUEST),
        _ => None,
    }
}

fn print_parts<W: Write>(out: &mut Out<W>, parsed: &Parsed, value: &str) -> io::Result<()> {
    parsed.parts.iter().try_for_each(|part| print_part(out, part, value))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_lines_or_names_or_what_the_shell_made_of_a_line() {
        let lines =
            |arguments: &[&str]| header_lines(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(lines(&["Host", "Accept"]), ["Host", "Accept"]);
        assert_eq!(lines(&["Via: 1.1 x", "Date: now"]), ["Via: 1.1 x", "Date: now"]);
        assert_eq!(
            lines(&["Cache-Control:", "no-cache,", "max-age=0"]),
            ["Cache-Control: no-cache, max-age=0"]
        );
        assert_eq!(
            lines(&["Date:", "Mon,", "23", "Nov", "2026", "12:00:00", "GMT", "Vary:", "Accept"]),
            ["Date: Mon, 23 Nov 2026 12:00:00 GMT", "Vary: Accept"]
        );
        assert_eq!(lines(&[":status:", "200", ":path: /"]), [":status: 200", ":path: /"]);
        assert_eq!(lines(&["Location:", "https://h/"]), ["Location: https://h/"]);
    }

    #[test]
    fn rfc9113_8_3_a_pseudo_fields_name_has_its_colon() {
        assert_eq!(halves(":status: 200"), (":status", "200"));
        assert_eq!(halves(":path"), (":path", ""));
        assert_eq!(halves("Host:h:80"), ("Host", "h:80"));
        assert_eq!((halves(":"), halves("")), ((":", ""), ("", "")));
    }

    #[test]
    fn rfc9111_5_2_a_value_stands_on_the_side_of_its_directives() {
        assert_eq!(side("cache-control", "max-age=0, max-stale=30"), Some(On::REQUEST));
        assert_eq!(side("cache-control", "max-age=0, public"), Some(On::RESPONSE));
        assert_eq!(side("cache-control", "max-age=0, no-store"), None);
        assert_eq!(side("cache-control", "public, min-fresh=2"), None);
    }
}
