//! Tests of whole screens: keys in, screen out, at the sizes that matter.

use super::fake::{self, Stage};
use crate::exchange::{ExchangeId, Flags};
use crate::text::width;
use ratatui::style::{Color, Modifier};

const SIZES: [(u16, u16); 4] = [(80, 24), (140, 40), (40, 8), (1, 1)];

/// Snapshots of one state at every size.
fn at_every_size(name: &str, stage: impl Fn(u16, u16) -> Stage) {
    for (columns, lines) in SIZES {
        insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), stage(columns, lines).screen());
    }
}

fn pressed(columns: u16, lines: u16, keys: &str) -> Stage {
    let mut stage = Stage::new(columns, lines, fake::varied());
    stage.press(keys);
    stage
}

#[test]
fn the_empty_list_tells_how_to_begin() {
    at_every_size("empty", |columns, lines| Stage::new(columns, lines, Vec::new()));
}

#[test]
fn a_list_of_every_kind_of_row() {
    at_every_size("list", |columns, lines| pressed(columns, lines, ""));
}

#[test]
fn hops_shows_received_beside_sent() {
    at_every_size("hops", |columns, lines| pressed(columns, lines, "g7<enter>"));
}

#[test]
fn hops_of_a_failed_exchange_says_why() {
    // The failed exchange is the eighth row.
    at_every_size("failed", |columns, lines| pressed(columns, lines, "gjjjjjjj7<enter>"));
}

#[test]
fn help_lists_the_keys() {
    at_every_size("help", |columns, lines| pressed(columns, lines, "?"));
}

#[test]
fn the_other_tabs() {
    for (tab, name) in
        [(1, "overview"), (2, "request"), (3, "response"), (4, "body"), (5, "timing"), (6, "tls"), (8, "raw")]
    {
        insta::assert_snapshot!(format!("tab_{name}"), pressed(80, 24, &format!("g{tab}<enter>")).screen());
    }
}

#[test]
fn overview_of_a_failed_exchange_names_the_cure() {
    let screen = pressed(80, 24, "gjjjjjjj1<enter>").screen();
    assert!(screen.contains("connect refused by 127.0.0.1:19081 (origin)"), "{screen}");
    assert!(screen.contains("Is the server running, and on this port?"), "{screen}");
}

#[test]
fn hops_can_show_one_side() {
    let mut stage = pressed(80, 24, "g7H");
    let received = stage.screen();
    assert!(received.contains("received from client 127.0.0.1:51234"), "{received}");
    assert!(received.contains("− X-Trace: 7f3a") && !received.contains("+ Via"), "{received}");
    stage.press("H");
    let sent = stage.screen();
    assert!(sent.contains("+ Via: 1.1 hopscope") && !sent.contains("X-Trace"), "{sent}");
}

#[test]
fn the_filter_being_typed_kept_and_off() {
    at_every_size("filter_typed", |columns, lines| pressed(columns, lines, "g/cart -delete"));
    at_every_size("filter_mistake", |columns, lines| pressed(columns, lines, "g/host:api stauts:5xx"));
    at_every_size("filter_offers", |columns, lines| pressed(columns, lines, "g/host:api sta<down>"));
    at_every_size("filter_kept", |columns, lines| pressed(columns, lines, "/api.shop<enter>"));
    let off = pressed(80, 24, "/api.shop<enter><ctrl-t>").screen();
    assert!(off.contains("/ api.shop") && off.contains("off: ctrl-t turns it on"), "{off}");
}

#[test]
fn nothing_matches_and_the_way_out_is_said() {
    at_every_size("filter_nothing", |columns, lines| pressed(columns, lines, "/nowhere<enter>"));
    let field = pressed(80, 24, "/status:418<enter>").screen();
    assert!(field.contains("No exchange matches “status:418”"), "{field}");
}

#[test]
fn marks_a_range_and_what_is_deleted() {
    at_every_size("marks", |columns, lines| pressed(columns, lines, "gj  jvjj"));
    at_every_size("only_marked", |columns, lines| pressed(columns, lines, "gj  jmM"));
    at_every_size("all_deleted", |columns, lines| pressed(columns, lines, "<ctrl-x>j"));
    let said = pressed(80, 24, "gmjjmD").screen();
    assert!(said.contains("2 rows deleted: u brings back") && said.contains("13 seen"), "{said}");
}

#[test]
fn menus_of_the_filter() {
    at_every_size("menu", |columns, lines| pressed(columns, lines, "gfj"));
}

#[test]
fn the_first_request_turns_a_check() {
    at_every_size("first_refused", |columns, lines| {
        let mut stage = Stage::new(columns, lines, Vec::new());
        let refused = fake::varied().into_iter().find(|exchange| exchange.summary.id == ExchangeId(18318));
        stage.change(refused.unwrap());
        stage
    });
    at_every_size("empty_chosen", |columns, lines| {
        let mut stage = Stage::new(columns, lines, Vec::new());
        stage.press("jjj");
        stage
    });
}

#[test]
fn a_capture_of_another_process_says_how_it_stands() {
    let mut stage = Stage::new(140, 40, fake::varied());
    stage.app.status.listening.clear();
    stage.app.status.recorder = Some(4711);
    let live = stage.screen();
    assert!(live.starts_with(" hopscope ● 2026-11-23-2200  live, recorded by pid 4711"), "{live}");
    stage.resize(80, 24);
    assert!(stage.screen().starts_with(" hopscope ● 2026-11-23-2200  live  "));
    stage.app.status.recording = false;
    let stored = stage.screen();
    assert!(stored.starts_with(" hopscope ○ 2026-11-23-2200  a stored capture"), "{stored}");
    assert!(!stored.contains("follow ▾") && stored.contains("   open"));
}

/// Every screen there is, over hostile bytes.
const EVERYWHERE: [&str; 17] = [
    "/\u{202e}<enter>",
    "/G",
    "Gf",
    "Gf<enter><ctrl-r>",
    "Gmv<pgup>",
    "G",
    "G1<enter>",
    "G2<enter>",
    "G3<enter>",
    "G4<enter>",
    "G5<enter>",
    "G6<enter>",
    "G7<enter>",
    "G8<enter>",
    "G7H",
    "G<tab>",
    "?",
];

#[test]
fn nothing_captured_reaches_the_terminal_unescaped() {
    for (columns, lines) in [(80, 24), (140, 40), (40, 8), (300, 80)] {
        for keys in EVERYWHERE {
            let buffer = pressed(columns, lines, keys).buffer();
            for cell in &buffer.content {
                let symbol = cell.symbol();
                assert_eq!(crate::text::sanitize(symbol), symbol, "{keys} at {columns}x{lines}");
            }
        }
    }
    assert!(
        pressed(80, 24, "G8<enter>").screen().contains("X-\\x1b]0;owned\\x07: \\u{202e}\\x00\\x7f\\r\\n")
    );
}

#[test]
fn no_line_is_longer_than_the_screen() {
    for (columns, lines) in SIZES {
        for keys in EVERYWHERE {
            let screen = pressed(columns, lines, keys).screen();
            assert!(screen.lines().all(|line| width::columns(line) <= usize::from(columns)), "{screen}");
            assert_eq!(screen.lines().count(), usize::from(lines));
        }
    }
}

#[test]
fn no_size_makes_it_fail_and_small_ones_say_what_is_needed() {
    let mut stage = Stage::new(80, 24, fake::varied());
    for (columns, lines) in (0..50).flat_map(|columns| (0..12).map(move |lines| (columns, lines))) {
        for keys in ["G", "7", "q", "?", "?"] {
            stage.resize(columns, lines);
            stage.press(keys);
            stage.buffer();
        }
    }
    stage.resize(39, 8);
    assert!(stage.screen().contains("too small: 40x8 needed"));
    stage.resize(40, 8);
    assert!(stage.screen().contains("hopscope"));
}

#[test]
fn without_colour_the_selection_is_still_seen() {
    let mut stage = Stage::new(80, 24, fake::varied());
    stage.app.theme.colour = false;
    stage.press("gj");
    let buffer = stage.buffer();
    let row = 4;
    assert_eq!(buffer[(0, row)].symbol(), "▌");
    assert!((0..80).all(|x| buffer[(x, row)].modifier.contains(Modifier::REVERSED)));
    assert!((0..80).all(|x| !buffer[(x, row + 1)].modifier.contains(Modifier::REVERSED)));
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn only_the_sixteen_colours_are_used() {
    let all = pressed(140, 40, "g7").buffer();
    assert!(all.content.iter().all(|cell| !matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_))));
    assert!(all.content.iter().all(|cell| cell.bg == Color::Reset));
}

#[test]
fn a_locale_without_utf8_gets_ascii_in_the_same_places() {
    let mut stage = pressed(80, 24, "g");
    let shapes = stage.screen();
    stage.app.theme.ascii = true;
    let ascii = stage.screen();
    assert!(ascii.is_ascii(), "{ascii}");
    assert!(ascii.contains("304 =") && ascii.contains("502 xus"));
    assert_eq!(shapes.lines().next().map(width::columns), ascii.lines().next().map(width::columns));
}

#[test]
fn opened_connects_are_hidden_and_the_title_says_so() {
    let mut stage = Stage::new(80, 24, fake::varied());
    assert!(stage.screen().contains("1 CONNECT hidden") && !stage.screen().contains("18306"));
    stage.press(".g");
    assert!(stage.screen().contains("1 CONNECT shown") && stage.screen().contains("18306 CONN"));
    stage.press(".");
    assert!(!stage.screen().contains("18306"));
}

#[test]
fn what_came_while_not_following_is_counted() {
    let mut stage = pressed(80, 24, "k");
    for id in 19000..19312 {
        stage.change(fake::passed(id));
    }
    assert!(stage.screen().contains("▾ 312 new"));
    stage.press("F");
    assert!(stage.screen().contains("follow ▾") && stage.screen().contains("▌  19311"));
}

#[test]
fn a_capture_that_cannot_be_read_is_said_and_the_list_goes_on() {
    let mut stage = Stage::new(80, 24, (1..=100).map(fake::passed).collect());
    stage.source.broken = true;
    stage.press("g");
    let screen = stage.screen();
    assert!(screen.contains("the capture could not be read: disk I/O error\\x1b[2J"), "{screen}");
    stage.source.broken = false;
    stage.press("j");
    assert!(!stage.screen().contains("could not be read") && stage.screen().contains("▌     2 GET"));
}

#[test]
fn losses_are_said_in_the_header() {
    let mut stage = Stage::new(140, 40, fake::varied());
    (stage.app.status.cut_bodies, stage.app.status.lost_records) = (1, 2);
    assert!(stage.screen().contains("2 not recorded  1 body cut"));
    stage.app.status.cut_messages = 3;
    assert!(stage.screen().contains("2 not recorded  3 messages cut  1 body cut"), "{}", stage.screen());
}

#[test]
fn an_exchange_under_way_grows_while_it_is_read() {
    let mut stage = Stage::new(80, 24, Vec::new());
    let mut exchange = fake::passed(1);
    exchange.summary.state = crate::exchange::State::Open;
    (exchange.heads.response_received, exchange.heads.response_sent) = (None, None);
    exchange.response_edits.clear();
    stage.change(exchange);
    stage.press("7G");
    assert!(stage.screen().contains("No response yet."), "{}", stage.screen());
    stage.change(fake::passed(1));
    stage.press("G");
    assert!(stage.screen().contains("+ Via: 1.1 hopscope"), "{}", stage.screen());
}

#[test]
fn a_tunnel_says_that_nothing_was_read() {
    let mut tunnel = fake::with(1, |summary| {
        "CONNECT".clone_into(&mut summary.method);
        summary.path.clear();
        summary.flags = Flags::TUNNEL;
    });
    (tunnel.heads.request_sent, tunnel.heads.response_received) = (None, None);
    let mut stage = Stage::new(80, 24, vec![tunnel]);
    stage.press("7");
    let screen = stage.screen();
    assert!(screen.contains("CONNECT is for the proxy alone"), "{screen}");
    assert!(screen.contains("hopscope opened the tunnel itself"), "{screen}");
}

#[test]
fn only_visible_rows_are_fetched() {
    let many = (1..=5000).map(fake::passed).collect();
    let mut stage = Stage::new(80, 24, many);
    for keys in ["g", "G", "<pgup>", "<ctrl-u>", "gjjjj"] {
        stage.press(keys);
        let height = usize::from(stage.app.list_places().rows.height);
        assert!(stage.app.list.summaries.len() <= height + 1, "{keys}");
        assert!(stage.app.list.index.window(stage.app.list.top, height).iter().all(|id| {
            stage.app.list.summaries.get(id).is_some_and(|summary| summary.id == ExchangeId(*id))
        }));
    }
}

#[test]
fn what_stands_over_a_screen() {
    at_every_size("palette", |columns, lines| pressed(columns, lines, ":"));
    at_every_size("palette_found", |columns, lines| pressed(columns, lines, "<enter>:re"));
    at_every_size("copy", |columns, lines| pressed(columns, lines, "gjy"));
    at_every_size("copy_line", |columns, lines| pressed(columns, lines, "gjyl<down>"));
    at_every_size("save", |columns, lines| pressed(columns, lines, "gjb"));
}

#[test]
fn help_found_by_words() {
    at_every_size("help_found", |columns, lines| pressed(columns, lines, "?/page"));
}
