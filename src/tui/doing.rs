//! For tests: that every action of the table does something that can be seen, and that no footer names a
//! key that does nothing.

use super::actions::{self, Entry, TABLE};
use super::fake::{self, Stage};
use super::fill::fill;
use super::footer;
use super::update::{Effect, Event, update};
use crate::exchange::{Body, BodyPlace, Exchange, Flags, Summary};

/// Situations that a person gets into: keys from the list on.
const SITUATIONS: &[&str] = &[
    "",
    "g",
    "gjjj",
    "<tab>",
    "g<enter>",
    "g2",
    "g3jj",
    "g4",
    "g4jjj",
    "g4za",
    "g7",
    "g8",
    "g8j",
    "g2/Host<enter>",
    "g4/a<enter>",
    "gm",
    "gmjm",
    "gmjmM",
    "gvjj",
    "gD",
    "g/1<enter>",
    "g/1<enter><ctrl-t>",
    "g=",
    "gmjjm=",
    "gmjm=jj",
    "?",
    "?j",
    "g|",
    "gF",
    // The last but one is a WebSocket under way, the last an event stream that is over.
    "Gk4",
    "Gk4kk",
    "Gk4g<enter>",
    "G4",
    "G4/a<enter>",
    "G4p",
    // Before these two a tunnel that was left alone after refusals.
    LEFT_ALONE,
];

/// Where a client waits to be let in, too.
const LEFT_ALONE: &str = "Gkk";

fn with_json(id: u64) -> Exchange {
    let json = br#"{"a": 1, "list": [1, 2, {"b": "a long text"}], "c": {"d": null}}"#.to_vec();
    let length = json.len() as u64;
    let body =
        Body { length, kept: length, complete: true, place: BodyPlace::Inline(json), ..Body::default() };
    Exchange { response_body: body, ..fake::passed(id) }
}

fn stage(keys: &str, (width, height): (u16, u16)) -> Stage {
    let mut exchanges = vec![with_json(1), with_json(2)];
    exchanges.extend(fake::varied());
    let learned = |summary: &mut Summary| {
        "CONNECT".clone_into(&mut summary.method);
        "pinned.test:443".clone_into(&mut summary.host);
        summary.flags = Flags(Flags::TUNNEL.0 | Flags::LEARNED.0);
    };
    exchanges.extend([fake::with(20_000, learned), fake::socket(20_001, 3, true), fake::events(20_002, 40)]);
    let mut stage = Stage::new(width, height, exchanges);
    stage.source.messages.insert(20_001, fake::ticks(3));
    stage.source.messages.insert(20_002, fake::ticks(40));
    stage.press(keys);
    settle(&mut stage);
    if keys == LEFT_ALONE {
        stage.app.status.waiting = vec![[10, 0, 0, 2].into()];
    }
    stage
}

fn settle(stage: &mut Stage) {
    if stage.app.filter.is_working() {
        stage.scan();
    }
    stage.work();
    stage.app.message = None;
}

/// What pressing a key brings: an effect, words, or another screen.
fn does_something(stage: &mut Stage, press: crossterm::event::KeyEvent) -> bool {
    let before = stage.screen();
    let effect: Option<Effect> = update(&mut stage.app, Event::Key(press));
    fill(&mut stage.app, &stage.source);
    let said = stage.app.message.is_some();
    settle(stage);
    effect.is_some() || said || stage.screen() != before
}

fn acts_somewhere(entry: &Entry) -> bool {
    let sizes = [(140, 40), (80, 24), (60, 10)];
    sizes.iter().any(|size| {
        SITUATIONS.iter().any(|keys| {
            let mut stage = stage(keys, *size);
            let press = fake::key_event(entry.keys[0]);
            actions::action_of(press, &stage.app) == Some(entry.action) && does_something(&mut stage, press)
        })
    })
}

#[test]
fn every_action_does_something_that_can_be_seen() {
    let idle: Vec<_> = TABLE.iter().filter(|entry| !acts_somewhere(entry)).map(|entry| entry.name).collect();
    assert_eq!(idle, [""; 0]);
}

#[test]
fn no_footer_names_a_key_that_does_nothing() {
    for size in [(140, 40), (80, 24)] {
        for keys in SITUATIONS {
            for (shown, words) in footer::keys(&stage(keys, size).app) {
                let mut stage = stage(keys, size);
                let Some(entry) = TABLE.iter().find(|entry| entry.shown == shown) else {
                    panic!("{shown} is not in the table")
                };
                let press = fake::key_event(entry.keys[0]);
                assert!(does_something(&mut stage, press), "{shown} {words} after {keys:?} at {size:?}");
            }
        }
    }
}
