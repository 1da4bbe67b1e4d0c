//! Tests of the tab: what is listed, followed, opened, found, and what keys mean in it.

use super::Front;
use crate::exchange::{MessageFlags, MessageForm, Side};
use crate::store::{GLANCE, Numbered};
use crate::text::{sanitize, width};
use crate::tui::app::Screen;
use crate::tui::fake::{self, Stage, said, socket, ticks};
use crate::tui::update::{Effect, Use};

/// Prices asked for and told, pings, a payload cut short, a gap, a Close.
fn talk() -> Vec<Numbered> {
    use MessageForm::{Binary, Broken, Close, Ping, Pong, Text};
    use Side::{Client, Origin};
    let mut cut = said(7, 3_204_000, (Origin, Text), "", br#"{"history": [[1795471200, 12.50], [1795471201, 12.55], [1795471202, 12.61], [1795471203, 12.57]]}"#);
    cut.message.length = 20_000_000;
    cut.message.flags.add(MessageFlags::TRUNCATED);
    vec![
        said(0, 31_000, (Client, Text), "", br#"{"subscribe": ["price", "stock"], "currency": "EUR"}"#),
        said(1, 44_000, (Origin, Text), "", br#"{"ok": true, "session": "8f02c2"}"#),
        said(2, 1_044_000, (Origin, Text), "", br#"{"price": {"id": 7, "amount": 12.50}}"#),
        said(3, 1_046_000, (Origin, Binary), "", b"\x00\x01\x02\xfe\xff"),
        said(4, 2_100_000, (Origin, Ping), "", b"keepalive"),
        said(5, 2_100_400, (Client, Pong), "", b"keepalive"),
        cut,
        said(8, 3_300_000, (Client, Broken), "an unmasked frame (RFC 6455 5.1)", b""),
        said(9, 3_301_000, (Origin, Close), "1002 protocol error", b""),
    ]
}

fn stage(width: u16, height: u16, messages: Vec<Numbered>, open: bool) -> Stage {
    let count = messages.last().map_or(0, |last| last.number + 1);
    let mut stage = Stage::new(width, height, vec![socket(1, count, open)]);
    stage.source.messages.insert(1, messages);
    stage.press("<enter>4");
    stage
}

fn rule(stage: &Stage) -> String {
    stage.screen().lines().nth(2).unwrap_or_default().to_owned()
}

#[test]
fn a_talk_at_every_size() {
    for (columns, lines) in [(80, 24), (140, 40), (40, 8)] {
        let mut stage = stage(columns, lines, talk(), false);
        stage.press("jj");
        insta::assert_snapshot!(format!("messages_{columns}x{lines}"), stage.screen());
    }
    for (columns, lines) in [(80, 24), (40, 8)] {
        let mut stage = stage(columns, lines, talk(), true);
        insta::assert_snapshot!(format!("messages_open_{columns}x{lines}"), stage.screen());
        stage.press("gjj<enter>");
        insta::assert_snapshot!(format!("messages_one_{columns}x{lines}"), stage.screen());
    }
    let mut beside = stage(140, 40, talk(), false);
    beside.press("q<tab>jj");
    insta::assert_snapshot!("messages_beside_140x40", beside.screen());
}

#[test]
fn the_tab_is_named_after_what_it_holds() {
    assert!(stage(140, 40, talk(), false).screen().contains("[4 Messages]"));
    let mut plain = Stage::new(140, 40, vec![fake::passed(1)]);
    plain.press("<enter>4");
    assert!(plain.screen().contains("[4 Body]"), "{}", plain.screen());
}

#[test]
fn a_list_row_counts_what_was_said() {
    let rows = Stage::new(140, 24, vec![socket(1, 142, true), socket(2, 14_200, false)]).screen();
    assert!(rows.contains("↕ 142") && rows.contains("↕14.2k"), "{rows}");
}

#[test]
fn while_open_the_newest_is_followed_until_the_cursor_is_moved_up() {
    let mut stage = stage(80, 24, ticks(100), true);
    assert!(rule(&stage).contains("100/100 messages") && rule(&stage).contains("F: following"));
    stage.source.messages.insert(1, ticks(150));
    stage.change(socket(1, 150, true));
    assert!(rule(&stage).contains("150/150") && stage.screen().contains("tick 149"), "{}", stage.screen());
    stage.press("k");
    stage.source.messages.insert(1, ticks(200));
    stage.change(socket(1, 200, true));
    assert!(rule(&stage).contains("149/200") && rule(&stage).contains("F: staying"), "{}", rule(&stage));
    stage.press("F");
    assert!(rule(&stage).contains("200/200"), "{}", rule(&stage));
    stage.press("kG");
    stage.source.messages.insert(1, ticks(201));
    stage.change(socket(1, 201, true));
    assert!(rule(&stage).contains("201/201"), "to the end is to follow: {}", rule(&stage));
    stage.change(socket(1, 201, false));
    assert!(!rule(&stage).contains("F:"), "what is over has nothing to follow");
}

#[test]
fn what_is_over_is_read_from_its_beginning() {
    let stage = stage(80, 24, ticks(1000), false);
    assert!(rule(&stage).contains("1/1 000 messages") && stage.screen().contains("tick 0"));
}

#[test]
fn of_many_only_those_near_the_view_are_held() {
    let mut stage = stage(80, 24, ticks(50_000), false);
    for keys in ["G", "g", "<pgdn><pgdn>", "<ctrl-d>", "G<pgup>"] {
        stage.press(keys);
        assert!(stage.app.detail.messages.rows.len() <= 200);
        let cursor = stage.app.detail.messages.cursor;
        assert!(stage.screen().contains(&format!("tick {cursor}\n")), "{keys}: {}", stage.screen());
    }
}

#[test]
fn one_message_is_shown_as_bodies_are_and_left_again() {
    let mut stage = stage(80, 24, talk(), false);
    stage.press("jj<enter>");
    let screen = stage.screen();
    assert!(screen.contains("\"amount\": 12.50") && screen.contains("message 2 from the server"), "{screen}");
    stage.press("pp");
    assert!(stage.screen().contains("7b 22 70 72"), "in hex: {}", stage.screen());
    stage.press("q");
    assert_eq!((stage.app.screen(), stage.app.detail.messages.front), (Screen::Detail, Front::List));
    assert_eq!(stage.app.detail.messages.cursor, 2);
    stage.press("j<enter>");
    assert!(stage.screen().contains("00 01 02 fe ff"), "binary is hex: {}", stage.screen());
    stage.press("<esc>q");
    assert_eq!(stage.app.screen(), Screen::List);
}

#[test]
fn a_payload_that_was_cut_says_so_and_one_without_too() {
    let mut stage = stage(80, 24, talk(), false);
    stage.press("Gkk<enter>");
    let screen = stage.screen();
    assert!(screen.contains("B of 20 000 000 B were kept: capture.max_message"), "{screen}");
    stage.press("q");
    stage.press("G<enter>");
    assert!(stage.screen().contains("The message has no payload."), "{}", stage.screen());
}

#[test]
fn a_number_that_is_missing_says_why() {
    let stage = stage(80, 24, talk(), false);
    assert!(stage.screen().contains("  6 found no room on its way to the disk"), "{}", stage.screen());
}

#[test]
fn texts_are_found_both_ways_and_round_the_ends() {
    let mut stage = stage(80, 24, talk(), false);
    stage.press("/keepal");
    stage.work();
    assert_eq!(stage.app.detail.messages.cursor, 4);
    stage.press("<enter>n");
    stage.work();
    assert_eq!(stage.app.detail.messages.cursor, 5);
    stage.press("n");
    stage.work();
    assert_eq!(stage.app.detail.messages.cursor, 4);
    assert!(stage.screen().contains("From the end on to the first."), "{}", stage.screen());
    stage.press("N");
    stage.work();
    assert_eq!(stage.app.detail.messages.cursor, 5, "{}", stage.screen());
    stage.press("/nowhere");
    stage.work();
    assert!(stage.screen().contains("No message holds"), "{}", stage.screen());
    stage.press("<esc>n");
    stage.work();
    assert_eq!(stage.app.detail.messages.cursor, 4, "what was looked for before is looked for again");
}

#[test]
fn a_payload_is_copied_and_paged_whole() {
    let mut stage = stage(80, 24, talk(), false);
    assert_eq!(stage.press("jy"), Some(Effect::OfMessage(1, Use::Copy)));
    assert_eq!(stage.press("<enter>o"), Some(Effect::OfMessage(1, Use::Page)));
    assert_eq!(stage.press("y"), Some(Effect::OfMessage(1, Use::Copy)));
    stage.press("2y");
    assert!(stage.app.acting.menu.is_some(), "elsewhere the menu is offered");
}

#[test]
fn the_whole_body_stands_behind_the_messages_where_it_was_kept() {
    let mut socket = stage(80, 24, talk(), false);
    socket.press("p");
    assert_eq!(socket.app.detail.messages.front, Front::List, "a socket has no body");
    let mut stage = Stage::new(80, 24, vec![fake::events(1, 1)]);
    stage.source.messages.insert(1, ticks(1));
    stage.press("<enter>4p");
    assert!(stage.screen().contains("data: tick 0") && rule(&stage).contains("H: response body"));
    stage.press("q");
    assert!(stage.screen().contains("tick 0"), "{}", stage.screen());
}

#[test]
fn the_wheel_moves_in_the_list() {
    use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
    let mut stage = stage(80, 24, ticks(100), false);
    let kind = MouseEventKind::ScrollDown;
    let turned = MouseEvent { kind, column: 10, row: 10, modifiers: KeyModifiers::NONE };
    crate::tui::update::update(&mut stage.app, crate::tui::update::Event::Mouse(turned));
    assert_eq!(stage.app.detail.messages.cursor, 3);
}

#[test]
fn a_stream_that_said_nothing_yet_waits_for_it() {
    let mut stage = stage(80, 24, Vec::new(), true);
    assert!(stage.screen().contains("Nothing was said yet"), "{}", stage.screen());
    stage.source.messages.insert(1, ticks(1));
    stage.change(socket(1, 1, true));
    assert!(stage.screen().contains("tick 0"), "{}", stage.screen());
}

#[test]
fn nothing_hostile_reaches_the_screen() {
    const HOSTILE: &[u8] =
        b"\x1b[31m\x1b]52;c;aGk=\x07\x9b2J\xe2\x80\xae\xe2\x80\x8b\xcc\x81\x00\x7f\xc2\x9b";
    let text = String::from_utf8_lossy(HOSTILE).into_owned();
    let long = vec![b'x'; GLANCE];
    let form = (Side::Origin, MessageForm::Text);
    let messages = vec![
        said(0, 0, form, &text, text.as_bytes()),
        said(1, u64::MAX, form, &text, HOSTILE),
        said(2, 5, (Side::Client, MessageForm::Part), &text, &long),
    ];
    for (columns, lines) in [(80, 24), (140, 40), (40, 8), (300, 80)] {
        for keys in ["", "j", "<enter>", "j<enter>", "/x1b"] {
            let mut stage = stage(columns, lines, messages.clone(), false);
            stage.press(keys);
            stage.work();
            for cell in &stage.buffer().content {
                assert_eq!(sanitize(cell.symbol()), cell.symbol(), "{keys} at {columns}x{lines}");
            }
            let screen = stage.screen();
            assert!(screen.lines().all(|line| width::columns(line) <= usize::from(columns)), "{screen}");
        }
    }
}
