//! `hopscope serve`: the proxy without a screen.

use super::args::Serve;
use super::door::{say, shown};
use super::engine::OnRows;
use super::exit::{Exit, Halt, Outcome};
use super::format::{self, counted};
use super::json;
use super::lines::Lines;
use super::plan::Plan;
use super::session::Session;
use super::signals::Signals;
use crate::exchange::Summary;

/// Runs until a signal ends it.
pub(super) fn run(typed: &Serve) -> Outcome {
    let plan = Plan::public(&typed.proxy)?;
    let mut signals = Signals::listen()?;
    let lines = if typed.quiet { None } else { Some(Lines::start(std::io::stdout(), line(typed.json))?) };
    let printer = lines.clone().map(|lines| Box::new(move |rows: &[Summary]| lines.push(rows)) as OnRows);
    let session = Session::start(&plan, printer)?;
    session.speak();
    session.announce();
    signals.wait();
    say("stopping: exchanges under way may finish; interrupt again to end at once");
    end(session, lines, &mut signals)
}

fn line(as_json: bool) -> impl Fn(&Summary) -> String + Send + 'static {
    move |summary| {
        if as_json {
            // Numbers and strings always serialise.
            json::row(summary).unwrap_or_default()
        } else {
            shown(format::row(summary).as_bytes()).into_owned()
        }
    }
}

/// Drains on another thread, so that a second interrupt can end it at once.
fn end(session: Session, lines: Option<Lines>, signals: &mut Signals) -> Outcome {
    let drained = signals.until_interrupt(move || {
        session.drain();
        lines.map_or(0, Lines::end)
    })?;
    let Some(lost) = drained else {
        return Err(Halt::new(Exit::Interrupted, "interrupted: what was under way is cut off"));
    };
    if lost > 0 {
        say(format!("{} not printed: the reader was slower than the traffic", counted(lost, "line")));
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::super::sample::plain;
    use super::*;

    #[test]
    fn lines_are_harmless_and_json_is_json() {
        let row = Summary { path: "/\u{1b}[2J\n".to_owned(), ..plain() };
        let text = line(false)(&row);
        assert!(!text.contains('\u{1b}') && !text.contains('\n'), "{text}");
        let value: serde_json::Value = serde_json::from_str(&line(true)(&row)).unwrap();
        assert_eq!(value["url"], "https://shop.test/\u{1b}[2J\n");
    }
}
