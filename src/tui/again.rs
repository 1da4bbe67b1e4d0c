//! Sending again: as it is, edited, or by a form; asked about where a method is not safe.
//!
//! Nothing typed is lost: an edited text that is not sent stays, and `e` opens it again; a form keeps its
//! entries until they were sent.

use super::actions::Action;
use super::app::{App, Screen};
use super::form::Form;
use super::source::Deed;
use super::update::{EditFor, Effect, Outside, Program};
use crate::exchange::{ExchangeId, Flags, Order, Summary};
use crate::replay::{self, EditText, Edited};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::ops::ControlFlow;

/// What is known of replays that are being asked for.
#[derive(Debug, Default)]
pub struct Again {
    /// Wait for a second `r`.
    asked: Option<Vec<Order>>,
    /// The text that is, or was, in the editor.
    draft: Option<Draft>,
    /// The replay that the cursor is to go to when its row comes.
    awaited: Option<u64>,
    /// The form, while it is open.
    pub form: Option<Form>,
    /// The form closed last, for the same exchanges.
    pub kept: Option<Form>,
}

#[derive(Debug)]
struct Draft {
    text: EditText,
    /// As it was saved, with what was wrong with it on top.
    saved: Vec<u8>,
}

/// Whether there is a request under the cursor that could be sent again.
#[must_use]
pub fn works(app: &App) -> bool {
    current(app).is_some_and(|summary| summary.method != "CONNECT" && !summary.flags.has(Flags::TUNNEL))
}

fn current(app: &App) -> Option<&Summary> {
    app.list.cursor.and_then(|id| app.list.summaries.get(&id))
}

/// What is to be sent: the marked exchanges, else the one under the cursor.
fn chosen(app: &App) -> Vec<ExchangeId> {
    let marked: Vec<_> = app.list.index.marked().into_iter().map(ExchangeId).collect();
    if marked.is_empty() { app.list.cursor.map(ExchangeId).into_iter().collect() } else { marked }
}

/// An action of ours.
pub fn act(app: &mut App, action: Action) -> Option<Effect> {
    match action {
        Action::Replay => {
            let orders: Vec<_> = chosen(app).into_iter().map(Order::as_is).collect();
            send_or_ask(app, orders, "")
        }
        Action::EditReplay => edit(app),
        Action::ReplayForm => {
            open_form(app);
            None
        }
        _ => None,
    }
}

/// A key that answers a question, or belongs to the form; breaks off with what is to be done about it.
pub fn press(app: &mut App, key: KeyEvent) -> ControlFlow<Option<Effect>> {
    app.again.awaited = None;
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    if ctrl && key.code == KeyCode::Char('c') {
        return ControlFlow::Continue(());
    }
    if app.again.form.is_some() {
        return ControlFlow::Break(super::form::press(app, key));
    }
    let Some(orders) = app.again.asked.take() else { return ControlFlow::Continue(()) };
    if key.code == KeyCode::Char('r') && !ctrl {
        return ControlFlow::Break(Some(Effect::Do(Deed::Replay(orders))));
    }
    let kept = app.again.draft.as_ref().map_or("", |_| "; e opens the text again");
    app.message = Some(format!("not sent{kept}"));
    ControlFlow::Break(None)
}

/// Text was pasted.
pub fn paste(app: &mut App, text: &str) {
    if let Some(form) = app.again.form.as_mut() {
        form.paste(text);
    }
}

/// RFC 9110 9.2.1: what is not safe to repeat, and more than one, waits for a second `r`.
fn send_or_ask(app: &mut App, orders: Vec<Order>, how: &str) -> Option<Effect> {
    let (first, count) = (orders.first()?, orders.len());
    let summary = app.list.summaries.get(&first.of);
    let method = summary.map(|summary| replay::method_of(first, &summary.method));
    let asks = count > 1 || !method.as_deref().is_some_and(replay::is_safe);
    if app.status.replays_unasked || !asks {
        return Some(Effect::Do(Deed::Replay(orders)));
    }
    let what = method.unwrap_or_else(|| "this".to_owned());
    let host = summary.map_or("", |summary| summary.host.as_str());
    app.message = Some(if count > 1 {
        format!("{count} exchanges again? r = send, any other key = not")
    } else {
        format!("{what} again{how} to {host}? r = send, any other key = not")
    });
    app.again.asked = Some(orders);
    None
}

/// The request goes into the editor: the text kept from before, or a new one, which the source makes.
fn edit(app: &mut App) -> Option<Effect> {
    let id = ExchangeId(app.list.cursor?);
    match &app.again.draft {
        Some(draft) if draft.text.id == id => Some(editor(id, draft.saved.clone())),
        _ => Some(Effect::Do(Deed::EditText(id))),
    }
}

fn editor(id: ExchangeId, content: Vec<u8>) -> Effect {
    let back = Some(EditFor::Replay(id));
    Effect::Outside(Outside { program: Program::Editor, content, ending: ".http".to_owned(), back })
}

/// The source has made the text of a request.
pub fn editable(app: &mut App, text: EditText) -> Effect {
    let (id, saved) = (text.id, text.write());
    app.again.draft = Some(Draft { text, saved: saved.clone() });
    editor(id, saved)
}

/// The editor was left.
pub fn edited(app: &mut App, id: ExchangeId, saved: Result<Vec<u8>, String>) -> Option<Effect> {
    let mut draft = app.again.draft.take().filter(|draft| draft.text.id == id)?;
    let saved = match saved {
        Ok(saved) => saved,
        Err(words) => {
            app.message = Some(words);
            app.again.draft = Some(draft);
            return None;
        }
    };
    match draft.text.read(&saved) {
        Ok(Edited::Nothing) => app.message = Some("the text is empty: nothing is sent".to_owned()),
        Ok(Edited::Same) => {
            app.message = Some("nothing was changed: not sent (r sends it as it is)".to_owned());
        }
        Ok(Edited::Changed(order)) => {
            draft.saved = saved;
            app.again.draft = Some(draft);
            return send_or_ask(app, vec![order], ", edited,");
        }
        Err(error) => {
            draft.saved = draft.text.write_again(&saved, &error);
            app.message = Some(format!("not sent; e opens the text again. {error}"));
            app.again.draft = Some(draft);
        }
    }
    None
}

fn open_form(app: &mut App) {
    let ids = chosen(app);
    let kept = app.again.kept.take().filter(|form| form.ids == ids);
    let Some(summary) = current(app) else { return };
    let title = match ids.len() {
        1 => format!("#{} {} {}", summary.id.0, summary.method, summary.url()),
        count => format!("{count} marked exchanges"),
    };
    let known = |id: &ExchangeId| app.list.summaries.get(&id.0).map(|summary| summary.method.as_str());
    let unsafe_one = ids.iter().map(known).find(|method| !method.is_some_and(replay::is_safe));
    let warns = unsafe_one.filter(|_| !app.status.replays_unasked);
    let warns = warns.map(|method| method.unwrap_or("this").to_owned());
    app.again.form = Some(kept.unwrap_or_else(|| Form::new(ids, title, warns)));
}

/// Replays have begun: the cursor goes to the last of them.
pub fn sent(app: &mut App, ids: &[ExchangeId]) {
    (app.again.draft, app.again.kept) = (None, None);
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return };
    app.message = Some(match ids.len() {
        1 => format!("sent as #{}", last.0),
        count => format!("{count} sent, #{} to #{}", first.0, last.0),
    });
    app.again.awaited = Some(last.0);
    arrived(app, last.0);
}

/// A row may have come that the cursor is to go to.
pub fn arrived(app: &mut App, id: u64) {
    let index = &app.list.index;
    if app.again.awaited == Some(id) && index.at(index.position(id)) == Some(id) {
        app.again.awaited = None;
        app.list.set_follow(false);
        app.list.move_to(app.list.index.position(id));
        if app.base == Screen::Compare {
            app.base = Screen::List;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Stage};
    use super::super::source::Told;
    use super::super::update::{Event, update};
    use super::*;
    use crate::exchange::Exchange;

    fn exchange(id: u64, method: &'static str) -> Exchange {
        let mut exchange = fake::with(id, |summary| method.clone_into(&mut summary.method));
        let head = format!("{method} http://api.shop.test/a HTTP/1.1\r\nHost: api.shop.test\r\n\r\n");
        exchange.heads.request_received = Some(head.into());
        exchange
    }

    fn stage(method: &'static str) -> Stage {
        Stage::new(80, 24, vec![exchange(1, "GET"), exchange(2, method)])
    }

    #[expect(clippy::unnecessary_wraps, reason = "compared with what a key asks for")]
    fn as_is(ids: &[u64]) -> Option<Effect> {
        let orders = ids.iter().map(|id| Order::as_is(ExchangeId(*id))).collect();
        Some(Effect::Do(Deed::Replay(orders)))
    }

    #[test]
    fn r_sends_what_is_safe_at_once_and_asks_about_the_rest() {
        assert_eq!(stage("GET").press("r"), as_is(&[2]));
        assert_eq!(stage("GET").press("<enter>r"), as_is(&[2]), "from the detail too");
        let mut stage = stage("POST");
        assert_eq!(stage.press("r"), None);
        assert!(stage.screen().contains("POST again to api.shop.test? r = send, any other key = not"));
        assert_eq!(stage.press("r"), as_is(&[2]));
        assert_eq!(stage.press("rk"), None);
        assert!(stage.screen().contains("not sent"));
        assert_eq!(stage.app.list.cursor, Some(2), "the key that says no does nothing else");
        assert_eq!(stage.press("r"), None, "asked anew");
        assert_eq!(stage.press("<ctrl-c>"), Some(Effect::Quit));
        stage.app.status.replays_unasked = true;
        assert_eq!(stage.press("r"), as_is(&[2]));
    }

    #[test]
    fn a_tunnel_cannot_be_sent_again() {
        let mut stage = Stage::new(80, 24, vec![fake::with(1, |s| "CONNECT".clone_into(&mut s.method))]);
        for keys in ["r", "e", "R"] {
            assert_eq!(stage.press(keys), None);
            assert!(stage.app.again.form.is_none() && stage.app.message.is_none());
        }
    }

    #[test]
    fn marked_ones_go_together_after_a_question() {
        let mut marked = exchange(1, "GET");
        marked.summary.flags.add(Flags::MARKED);
        let mut other = exchange(3, "GET");
        other.summary.flags.add(Flags::MARKED);
        let mut stage = Stage::new(80, 24, vec![marked, exchange(2, "GET"), other]);
        assert_eq!(stage.press("r"), None);
        assert!(stage.screen().contains("2 exchanges again? r = send"));
        assert_eq!(stage.press("r"), as_is(&[1, 3]));
    }

    #[test]
    fn the_cursor_goes_to_the_new_row_whichever_comes_first() {
        let mut first = stage("GET");
        first.source.status.recording = true;
        first.press("gr");
        first.change(exchange(3, "GET"));
        update(&mut first.app, Event::Told(Told::Replayed(vec![ExchangeId(3)])));
        assert_eq!((first.app.list.cursor, first.app.message.as_deref()), (Some(3), Some("sent as #3")));
        let mut later = stage("GET");
        later.press("gkr");
        update(&mut later.app, Event::Told(Told::Replayed(vec![ExchangeId(3)])));
        assert_eq!(later.app.list.cursor, Some(1));
        later.change(exchange(3, "GET"));
        later.change(exchange(4, "GET"));
        assert_eq!(later.app.list.cursor, Some(3));
    }

    /// Opens the editor on the row under the cursor; the text that it would show.
    fn open(stage: &mut Stage) -> String {
        let id = ExchangeId(stage.app.list.cursor.unwrap());
        assert_eq!(stage.press("e"), Some(Effect::Do(Deed::EditText(id))));
        let exchange = stage.source.exchanges.iter().find(|exchange| exchange.summary.id == id).unwrap();
        let text = EditText::of(exchange, &b""[..]).unwrap();
        content(update(&mut stage.app, Event::Told(Told::Editable(Box::new(text)))))
    }

    fn content(effect: Option<Effect>) -> String {
        match effect {
            Some(Effect::Outside(outside)) => {
                assert_eq!((outside.program, outside.ending.as_str()), (Program::Editor, ".http"));
                String::from_utf8(outside.content).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    fn save(stage: &mut Stage, text: &str) -> Option<Effect> {
        let id = ExchangeId(stage.app.list.cursor.unwrap());
        update(&mut stage.app, Event::Edited(EditFor::Replay(id), Ok(text.as_bytes().to_vec())))
    }

    #[test]
    fn e_edits_and_sends_what_was_changed() {
        let mut stage = stage("GET");
        let text = open(&mut stage);
        match save(&mut stage, &text.replace("Host:", "X-New: 1\nHost:")) {
            Some(Effect::Do(Deed::Replay(orders))) => {
                let head = String::from_utf8(orders[0].head.clone().unwrap()).unwrap();
                assert!(head.contains("\r\nX-New: 1\r\nHost: "), "{head}");
            }
            other => panic!("{other:?}"),
        }
        update(&mut stage.app, Event::Told(Told::Replayed(vec![ExchangeId(3)])));
        assert_eq!(stage.press("e"), Some(Effect::Do(Deed::EditText(ExchangeId(2)))), "a new text");
    }

    #[test]
    fn what_was_edited_into_an_unsafe_method_is_asked_about_and_not_lost() {
        let mut stage = stage("GET");
        let text = open(&mut stage).replace("GET http", "PUT http");
        assert_eq!(save(&mut stage, &text), None);
        assert!(stage.screen().contains("PUT again, edited, to api.shop.test? r = send"));
        stage.press("x");
        assert!(stage.screen().contains("not sent; e opens the text again"));
        assert_eq!(content(stage.press("e")), text);
        assert_eq!(save(&mut stage, &text), None);
        assert!(matches!(stage.press("r"), Some(Effect::Do(Deed::Replay(_)))));
    }

    #[test]
    fn a_mistake_keeps_the_text_and_names_the_line() {
        let mut stage = stage("GET");
        let text = open(&mut stage).replace("Host:", "no colon\nHost:");
        assert_eq!(save(&mut stage, &text), None);
        assert!(stage.screen().contains("not sent; e opens the text again. line 4: "), "{}", stage.screen());
        let again = content(stage.press("e"));
        assert!(again.contains("\nno colon\n") && again.contains("# NOT SENT: line 5: "), "{again}");
    }

    #[test]
    fn an_empty_or_untouched_text_sends_nothing() {
        let mut stage = stage("GET");
        let text = open(&mut stage);
        assert_eq!(save(&mut stage, &text), None);
        assert!(stage.screen().contains("nothing was changed: not sent"));
        open(&mut stage);
        assert_eq!(save(&mut stage, "\n"), None);
        assert!(stage.screen().contains("the text is empty: nothing is sent"));
        open(&mut stage);
        let failed = Event::Edited(EditFor::Replay(ExchangeId(2)), Err("vi: not found".to_owned()));
        assert_eq!(update(&mut stage.app, failed), None);
        assert!(stage.screen().contains("vi: not found"));
    }
}
