//! ctrl-z and back, below a shell with job control: the terminal is the shell's in between.

use super::terminal::Terminal;
use super::{ANSWER, ask};
use crate::support::origin::Origin;

/// Runs what stands behind it as a job, reads a line when that stops, and takes it to the front again.
const SHELL: &str = "set -m; \"$@\"; echo \"stopped $?\"; read -r line; echo \"read <$line>\"; read -r line; fg >/dev/null; echo \"ended $?\"";

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let origin = Origin::answering(ANSWER);
    let mut terminal = Terminal::below(80, 24, &["bash", "-c", SHELL, "bash"]);
    let proxy = terminal.address();
    ask(proxy, origin.address(), "/done", "");
    terminal.shows(&["/done", " 200 "]);
    terminal.press("\u{1a}");
    terminal.shows(&["stopped 148"]);
    assert!(!terminal.look(|state| state.screen().alternate_screen() || state.screen().hide_cursor()));
    assert_eq!(terminal.look(|state| state.screen().mouse_protocol_mode()), vt100::MouseProtocolMode::None);
    terminal.press("a line for the shell jjq?\r");
    terminal.shows(&["read <a line for the shell jjq?>"]);
    terminal.press("\r");
    terminal.shows(&["hopscope", "/done", "enter open"]);
    terminal.press("7");
    terminal.shows(&["[7 Hops]"]);
    ask(proxy, origin.address(), "/again", "");
    terminal.press("\u{3}");
    terminal.shows(&["ended 0"]);
    terminal.assert_given_back();
}
