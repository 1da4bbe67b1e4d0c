//! The real binary on a pseudo-terminal: keys in, screen out, and every byte that it wrote.

use crate::support::Sandbox;
use crate::support::client::DEADLINE;
use base64::Engine as _;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// A terminal with hopscope in it, which is killed when the test lets go of it.
pub struct Terminal {
    sandbox: Sandbox,
    pid: u32,
    shared: Arc<Shared>,
    /// `None` once the terminal was closed.
    ends: Option<Ends>,
    /// The line settings from before anything ran, as the system describes them.
    settings: String,
}

/// Our ends of the pseudo-terminal. It is closed when all three are gone.
struct Ends {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    reader: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What came out.
pub struct State {
    parser: vt100::Parser<Clipboard>,
    /// Every byte.
    pub raw: Vec<u8>,
    /// Whether the reader is to end at the next byte.
    hanging_up: bool,
    /// Whether nothing more will come.
    closed: bool,
    /// How the process ended: its code, or 128 when a signal killed it.
    exit: Option<u32>,
}

/// What was put on the terminal's clipboard, in order.
#[derive(Default)]
struct Clipboard(Vec<String>);

impl vt100::Callbacks for Clipboard {
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
        self.0.push(String::from_utf8(bytes).unwrap());
    }
}

impl State {
    /// What was put on the terminal's clipboard, in order.
    pub fn copied(&self) -> &[String] {
        &self.parser.callbacks().0
    }

    /// The screen as it stands.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Its text, line by line.
    pub fn text(&self) -> String {
        self.screen().contents()
    }
}

impl Terminal {
    /// `hopscope` on a free port with folders of its own, on a screen of this size.
    pub fn start(columns: u16, lines: u16) -> Self {
        Self::with(columns, lines, &[], &[])
    }

    /// The same with `words` first on the command line and these variables.
    pub fn with(columns: u16, lines: u16, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        let path = |name: &str| sandbox.path(name).to_str().unwrap().to_owned();
        let (ca, capture) = (path("ca"), path("capture"));
        let flags = ["--listen", "127.0.0.1:0", "--ca-dir", &ca, "--capture", &capture];
        let words = [words, &flags].concat();
        Self::spawn(columns, lines, &words, variables, sandbox)
    }

    /// hopscope with these words alone on its command line.
    pub fn running(columns: u16, lines: u16, words: &[&str]) -> Self {
        Self::spawn(columns, lines, words, &[], Sandbox::new())
    }

    fn spawn(columns: u16, lines: u16, words: &[&str], variables: &[(&str, &str)], sandbox: Sandbox) -> Self {
        let command = command(&sandbox, words, variables);
        Self::attached(sandbox, command, columns, lines)
    }

    /// The same below another program, which gets the command line behind its own words.
    pub fn below(columns: u16, lines: u16, outer: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let mut command = command(&sandbox, &["--listen", "127.0.0.1:0"], &[]);
        let words: Vec<_> = outer.iter().map(Into::into).chain(command.get_argv().clone()).collect();
        *command.get_argv_mut() = words;
        Self::attached(sandbox, command, columns, lines)
    }

    fn attached(sandbox: Sandbox, command: CommandBuilder, columns: u16, lines: u16) -> Self {
        let size = PtySize { rows: lines, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let settings = settings(pair.master.as_ref());
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shared = Arc::new(Shared::new(columns, lines));
        let reading = (pair.master.try_clone_reader().unwrap(), Arc::clone(&shared));
        let reader = thread::spawn(move || read(reading.0, &reading.1));
        let (pid, waiting) = (child.process_id().unwrap(), Arc::clone(&shared));
        thread::spawn(move || {
            let status = child.wait().unwrap();
            let code = if status.signal().is_some() { 128 } else { status.exit_code() };
            waiting.change(|state| state.exit = Some(code));
        });
        let writer = pair.master.take_writer().unwrap();
        let ends = Some(Ends { master: pair.master, writer, reader });
        Self { sandbox, pid, shared, ends, settings }
    }

    /// The sandbox that it runs in.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The capture that it records into.
    pub fn capture(&self) -> PathBuf {
        self.sandbox.path("capture")
    }

    /// The certificate of its authority.
    pub fn certificate(&self) -> PathBuf {
        self.sandbox.path("ca/ca.pem")
    }

    /// Types.
    pub fn press(&mut self, keys: &str) {
        let writer = &mut self.ends.as_mut().unwrap().writer;
        writer.write_all(keys.as_bytes()).and_then(|()| writer.flush()).unwrap();
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, lines: u16) {
        self.shared.change(|state| state.parser.set_size(whole(lines), whole(columns)));
        let size = PtySize { rows: lines, cols: columns, ..PtySize::default() };
        self.ends.as_ref().unwrap().master.resize(size).unwrap();
    }

    /// Waits until the screen shows all of these.
    pub fn shows(&self, texts: &[&str]) -> String {
        let what = format!("{texts:?} on the screen");
        self.wait(&what, |state| {
            let text = state.text();
            texts.iter().all(|wanted| text.contains(wanted)).then_some(text)
        })
    }

    /// Waits until the top line says where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.wait("an address on top", |state| {
            let text = state.text();
            text.lines().next()?.split_whitespace().find_map(|word| word.parse().ok())
        })
    }

    /// Looks at what came out so far.
    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Sends a signal, `-TERM` and the like.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.pid.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Closes the terminal as a window is closed.
    pub fn hang_up(&mut self) {
        self.shared.change(|state| state.hanging_up = true);
        // Any output lets the reader see that it is to end; a redraw makes some.
        self.press("\u{c}");
        let ends = self.ends.take().unwrap();
        ends.reader.join().unwrap();
    }

    /// Waits for the end; the process's exit code.
    pub fn ended(&self) -> u32 {
        let open = self.ends.is_some();
        self.wait("the end", |state| state.exit.filter(|_| state.closed || !open))
    }

    /// Asserts that the terminal was given back as it was.
    pub fn assert_given_back(&self) {
        self.look(|state| {
            let screen = state.screen();
            assert!(!screen.alternate_screen(), "the alternate screen was not left");
            assert!(!screen.hide_cursor(), "the cursor is still hidden");
            assert!(!screen.bracketed_paste(), "bracketed paste is still on");
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
            let wrote = |bytes: &[u8]| state.raw.windows(bytes.len()).any(|window| window == bytes);
            assert!(wrote(b"\x1b[?1049h"), "it was never entered: {}", state.raw.escape_ascii());
        });
        assert_eq!(settings(self.ends.as_ref().unwrap().master.as_ref()), self.settings);
    }

    /// Whether the line is in raw mode.
    pub fn is_raw(&self) -> bool {
        settings(self.ends.as_ref().unwrap().master.as_ref()) != self.settings
    }

    /// Waits until `found` finds something in what came out; fails the test, showing the screen, if it never does.
    pub fn wait<T>(&self, what: &str, mut found: impl FnMut(&State) -> Option<T>) -> T {
        let mut value = None;
        let state = self.shared.lock();
        let state = self
            .shared
            .changed
            .wait_timeout_while(state, DEADLINE, |state| {
                value = found(state);
                value.is_none()
            })
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        value.unwrap_or_else(|| {
            panic!("no {what} within {DEADLINE:?}; exit {:?}; the screen:\n{}", state.exit, state.text())
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.look(|state| state.exit.is_none()) {
            let _ = Command::new("kill").args(["-KILL", &self.pid.to_string()]).status();
            let state = self.shared.lock();
            // Its folder goes next: it must not write there any more.
            drop(self.shared.changed.wait_timeout_while(state, DEADLINE, |state| state.exit.is_none()));
        }
    }
}

impl Shared {
    fn new(columns: u16, lines: u16) -> Self {
        let parser = vt100::Parser::new_with_callbacks(whole(lines), whole(columns), 0, Clipboard::default());
        let state = State { parser, raw: Vec::new(), hanging_up: false, closed: false, exit: None };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let value = change(&mut self.lock());
        self.changed.notify_all();
        value
    }
}

/// Feeds what comes out into the screen until the terminal is closed.
fn read(mut output: Box<dyn Read + Send>, shared: &Shared) {
    let mut bytes = [0; 16 * 1024];
    loop {
        let length = output.read(&mut bytes).unwrap_or(0);
        let ends = shared.change(|state| {
            state.parser.process(&bytes[..length]);
            state.raw.extend_from_slice(&bytes[..length]);
            state.closed = length == 0;
            state.closed || state.hanging_up
        });
        if ends {
            return;
        }
    }
}

/// The sandbox's process rules, as the pseudo-terminal takes a command.
fn command(sandbox: &Sandbox, words: &[&str], variables: &[(&str, &str)]) -> CommandBuilder {
    let typed = sandbox.hopscope(words);
    let mut command = CommandBuilder::new(typed.get_program());
    command.args(typed.get_args());
    command.cwd(typed.get_current_dir().unwrap());
    for (name, value) in typed.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        }
    }
    for name in ["NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE"] {
        command.env_remove(name);
    }
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")].iter().chain(variables) {
        command.env(name, value);
    }
    command
}

fn settings(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn whole(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).unwrap()
}
