//! The shell around the pure parts: it owns the terminal, waits, and paints.
//!
//! The terminal is given back on every way out: at the end, on an error, on a panic of this
//! thread, and while suspended. A panic of another thread must not scribble over the
//! screen, so its words are kept and written when the terminal is given back.

use super::app::App;
use super::clipboard::{self, Way};
use super::copy::LIMIT;
use super::detail;
use super::fill::{CHUNK, fill, search};
use super::gravest;
use super::input::Input;
use super::keymap::Keymap;
use super::outside::Visit;
use super::source::{Deed, Source, Wake};
use super::theme::Theme;
use super::update::{Effect, Event, Outside, Program, Use, update};
use crate::exchange::{ExchangeId, Side};
use crate::text::units;
use crate::view;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, MouseEventKind,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{cursor, event, execute, queue, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use std::io::{self, BufWriter, Stdout, Write};
use std::panic::{self, PanicHookInfo};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Paints for data come no closer together than this; keys are painted at once.
const DATA_PAINT: Duration = Duration::from_millis(66);

/// Events are taken in for no longer than this between two paints.
const LONGEST_DRAIN: Duration = Duration::from_millis(33);

/// Rows looked up one by one at a time for a filter …
const SLICE: usize = 1024;
/// … and for how long between two looks at the keys.
const LONGEST_SEARCH: Duration = Duration::from_millis(4);

/// The clocks of what is under way move at this pace, while one is in view.
const TICK: Duration = Duration::from_secs(1);
/// Work that takes long is done for so long between two looks at what was pressed.
const WORK: Duration = Duration::from_millis(8);

/// Panics of other threads that are kept to be told at the end.
const KEPT_PANICS: usize = 16;

/// Shows the interface until the person quits or [`Wake::Stop`] comes, then gives the terminal back.
///
/// The caller has checked that standard input and output are terminals. Changes come over
/// `wakes`; a thread started here puts the person's keys into the same channel. It ends with
/// the process, for a blocking read of the terminal cannot be cut short.
pub fn run(source: Box<dyn Source>, wakes: (Sender<Wake>, Receiver<Wake>), setup: Setup) -> io::Result<()> {
    let (sender, wakes) = wakes;
    let mut screen = Screen::enter(setup.mouse)?;
    let input = Input::start(sender.clone())?;
    let (width, height) = terminal::size()?;
    let mut app = App::new(Rect::new(0, 0, width, height), Theme::from_environment(), source.status());
    app.keymap = setup.keymap;
    let mut shell = Shell {
        app,
        source,
        sender,
        input,
        loading: Some(Loading::default()),
        owed: true,
        painted: None,
        outside_until: None,
        panics: setup.panics,
    };
    shell.work(&mut screen, &wakes)
}

/// Columns of the terminal that this process has, if any.
#[must_use]
pub fn columns() -> Option<usize> {
    terminal::size().ok().map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// How the interface is to be.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Which keys do what.
    pub keymap: Keymap,
    /// Whether the mouse works in it.
    pub mouse: bool,
    /// Panics at the first key, to show that the terminal is given back.
    pub panics: bool,
}

struct Shell {
    app: App,
    source: Box<dyn Source>,
    sender: Sender<Wake>,
    input: Input,
    /// How far the rows that were there before are loaded; `None` once all are.
    loading: Option<Loading>,
    /// Whether something changed since the last paint.
    owed: bool,
    painted: Option<Instant>,
    /// When the last program outside ended: an interrupt from before was meant for it.
    outside_until: Option<Instant>,
    panics: bool,
}

/// A capture being read from the first row to the last, a piece at a time.
#[derive(Clone, Copy, Default)]
struct Loading {
    after: ExchangeId,
    /// Whether the rows are read once more, because changes were left out.
    again: bool,
}

/// What a wake asks for.
enum Asked {
    Nothing,
    Paint,
    Quit,
}

impl Shell {
    fn work(&mut self, screen: &mut Screen, wakes: &Receiver<Wake>) -> io::Result<()> {
        self.paint(screen)?;
        loop {
            let mut now = false;
            let mut next = self.wait(wakes);
            let begun = Instant::now();
            while let Some(wake) = next {
                match self.take(wake, screen)? {
                    Asked::Quit => return Ok(()),
                    Asked::Paint => now = true,
                    Asked::Nothing => {}
                }
                // All that is there is taken in before one paint, but traffic that comes faster
                // than it can be taken in must not keep the screen from changing.
                next = if begun.elapsed() < LONGEST_DRAIN { wakes.try_recv().ok() } else { None };
            }
            self.load_more();
            self.search_more();
            self.work_on();
            if now || self.is_due() {
                self.paint(screen)?;
            }
        }
    }

    /// Blocks until something happens, or until an owed paint is due; not at all while a
    /// capture is being loaded, searched, or a body is worked on.
    fn wait(&mut self, wakes: &Receiver<Wake>) -> Option<Wake> {
        if self.loading.is_some() || self.app.filter.is_working() || self.has_work() {
            return match wakes.try_recv() {
                Ok(wake) => Some(wake),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Wake::Stop),
            };
        }
        let moving = self.app.is_moving() || gravest::waits(&self.app);
        if !self.owed && !moving {
            return Some(wakes.recv().unwrap_or(Wake::Stop));
        }
        let pace = if self.owed { DATA_PAINT } else { TICK };
        let since = self.painted.map_or(pace, |at| at.elapsed());
        match wakes.recv_timeout(pace.saturating_sub(since)) {
            Ok(wake) => Some(wake),
            Err(RecvTimeoutError::Timeout) => {
                self.owed = true;
                None
            }
            Err(RecvTimeoutError::Disconnected) => Some(Wake::Stop),
        }
    }

    fn take(&mut self, wake: Wake, screen: &mut Screen) -> io::Result<Asked> {
        self.app.now = now();
        let (event, at_once) = match wake {
            Wake::Stop => (Event::Stop, true),
            Wake::Interrupt(at) if self.outside_until.is_some_and(|end| at <= end) => {
                return Ok(Asked::Nothing);
            }
            Wake::Interrupt(_) => (Event::Stop, true),
            Wake::Input(event::Event::Key(_)) if self.panics => panic_as_asked(),
            Wake::Changed(changed) => {
                let (summaries, left_out) = changed.take();
                if left_out {
                    self.loading = Some(Loading { after: ExchangeId(0), again: true });
                }
                (Event::Changed(summaries), false)
            }
            Wake::Input(event::Event::Key(key)) => (Event::Key(key), true),
            Wake::Input(event::Event::Resize(width, height)) => {
                // Even to the size it has: what stood beyond a smaller one in between is gone.
                screen.forget();
                (Event::Resize(width, height), true)
            }
            Wake::Told(told) => (Event::Told(told), true),
            Wake::Input(event::Event::Paste(text)) => (Event::Paste(text), true),
            Wake::Input(event::Event::Mouse(mouse)) if mouse.kind == MouseEventKind::Moved => {
                return Ok(Asked::Nothing);
            }
            Wake::Input(event::Event::Mouse(mouse)) => (Event::Mouse(mouse), true),
            Wake::Input(_) => return Ok(Asked::Nothing),
        };
        self.owed = true;
        // Keys that come in one breath act one after the other: each may need what the one before asked for.
        if at_once && self.app.acting.menu.is_some() {
            fill(&mut self.app, self.source.as_ref());
        }
        match update(&mut self.app, event) {
            Some(Effect::Quit) => return Ok(Asked::Quit),
            Some(Effect::Clear) => screen.forget(),
            Some(Effect::Suspend) => screen.suspend()?,
            Some(Effect::Do(deed)) => self.act(deed),
            Some(Effect::Copy { what, bytes, note }) => self.copy(&what, &bytes, &note),
            Some(Effect::Outside(outside)) => self.edit(screen, outside)?,
            Some(Effect::PageBody(side)) => self.page(screen, side)?,
            Some(Effect::OfMessage(number, use_of)) => self.use_message(screen, number, use_of)?,
            None => {}
        }
        Ok(if at_once { Asked::Paint } else { Asked::Nothing })
    }

    /// Has the source do something; the outcome comes back as a wake.
    fn act(&self, deed: Deed) {
        let sender = self.sender.clone();
        // Fails only when nobody is there to be told any more.
        self.source.act(deed, Box::new(move |told| drop(sender.send(Wake::Told(told)))));
    }

    fn copy(&mut self, what: &str, bytes: &[u8], note: &str) {
        let size = units::bytes(bytes.len() as u64);
        let note = if note.is_empty() { String::new() } else { format!("; {note}") };
        self.app.message = Some(match clipboard::copy(Way::from_environment(), bytes, &mut io::stdout()) {
            Ok(None) => format!("copied {what} ({size}B){note}"),
            Ok(Some(path)) => {
                format!("this terminal has no clipboard: {what} ({size}B) is in {}{note}", path.display())
            }
            Err(error) => format!("{what} could not be copied: {error}"),
        });
    }

    /// Has a text edited or shown; what was edited comes back as an event.
    /// A text that cannot be used may be asked for once more: then the editor opens again.
    fn edit(&mut self, screen: &mut Screen, outside: Outside) -> io::Result<()> {
        let mut next = Some(outside);
        while let Some(outside) = next.take() {
            let visit = match Visit::with(&outside.ending, &outside.content) {
                Ok(visit) => visit,
                Err(error) => {
                    self.cannot_write(&error);
                    return Ok(());
                }
            };
            let ran = self.outside(screen, |_| visit.run(outside.program))?;
            let Some(purpose) = outside.back else {
                visit.remove();
                self.app.message = ran.err();
                return Ok(());
            };
            let content = visit.take_back(&outside.content, ran);
            match update(&mut self.app, Event::Edited(purpose, content)) {
                Some(Effect::Outside(again)) => next = Some(again),
                Some(Effect::Do(deed)) => self.act(deed),
                Some(Effect::Copy { what, bytes, note }) => self.copy(&what, &bytes, &note),
                Some(
                    Effect::PageBody(_)
                    | Effect::OfMessage(..)
                    | Effect::Quit
                    | Effect::Suspend
                    | Effect::Clear,
                )
                | None => {}
            }
        }
        Ok(())
    }

    /// Shows a body of the exchange in the detail, codings undone.
    fn page(&mut self, screen: &mut Screen, side: Side) -> io::Result<()> {
        let Some(loaded) = self.app.detail.loaded.as_deref() else { return Ok(()) };
        let octets = match self.source.body(&loaded.exchange, side) {
            Ok(octets) => octets,
            Err(unread) => {
                self.app.message = Some(unread.to_string());
                return Ok(());
            }
        };
        let codings = view::codings_of(&loaded.exchange, side);
        let raw = || Box::new(view::reader(octets.as_ref()));
        let (mut body, undecoded): (Box<dyn io::Read>, _) = match view::decoded(raw(), &codings) {
            Ok(body) => (body, None),
            Err(unknown) => (raw(), Some(unknown.to_string())),
        };
        self.page_bytes(screen, &mut body, undecoded)
    }

    /// Shows bytes, made fit for a terminal; says afterwards what went wrong, else `note`.
    fn page_bytes(
        &mut self,
        screen: &mut Screen,
        bytes: &mut dyn io::Read,
        note: Option<String>,
    ) -> io::Result<()> {
        match Visit::of_body(bytes) {
            Err(error) => {
                self.cannot_write(&error);
                Ok(())
            }
            Ok((visit, broken)) => {
                let ran = self.outside(screen, |_| visit.run(Program::Pager))?;
                visit.remove();
                let broken = broken.map(|error| format!("shown as far as it could be decoded: {error}"));
                self.app.message = ran.err().or(broken).or(note);
                Ok(())
            }
        }
    }

    /// Copies or shows the payload of a message of the exchange in the detail.
    fn use_message(&mut self, screen: &mut Screen, number: u64, how: Use) -> io::Result<()> {
        let Some(id) = self.app.detail.id else { return Ok(()) };
        let payload = match self.source.message(ExchangeId(id), number) {
            Ok(Some(found)) => found.message.payload,
            Ok(None) => {
                self.app.message = Some(format!("message {number} is not in the capture"));
                return Ok(());
            }
            Err(unread) => {
                self.app.message = Some(unread.to_string());
                return Ok(());
            }
        };
        match how {
            Use::Page => return self.page_bytes(screen, &mut &payload[..], None),
            Use::Copy if payload.len() > LIMIT => {
                let size = units::bytes(payload.len() as u64);
                let words = "more than a clipboard takes; o opens it in $PAGER";
                self.app.message = Some(format!("message {number} has {size}B, {words}"));
            }
            Use::Copy => self.copy(&format!("message {number}"), &payload, ""),
        }
        Ok(())
    }

    fn cannot_write(&mut self, error: &io::Error) {
        self.app.message = Some(format!("no file could be made for it: {error}"));
    }

    /// Gives the terminal and the keys to something for a while.
    fn outside<T>(
        &mut self,
        screen: &mut Screen,
        mut act: impl FnMut(&Self) -> Result<T, String>,
    ) -> io::Result<Result<T, String>> {
        if let Err(error) = self.input.stand_back() {
            return Ok(Err(format!("the terminal cannot be given away: {error}")));
        }
        leave();
        let done = act(self);
        self.outside_until = Some(Instant::now());
        enter(screen.mouse)?;
        screen.forget();
        self.input.go_on();
        Ok(done)
    }

    fn load_more(&mut self) {
        let Some(Loading { after, again }) = self.loading else { return };
        self.owed = true;
        match self.source.rows_after(after, CHUNK) {
            Ok(rows) => {
                let last = rows.last().filter(|_| rows.len() == CHUNK).map(|row| row.id);
                self.loading = last.map(|after| Loading { after, again });
                update(&mut self.app, if again { Event::Again(rows) } else { Event::Rows(rows) });
            }
            Err(error) => {
                self.loading = None;
                self.app.message = Some(error.to_string());
            }
        }
    }

    /// Looks for what the filter means, once all rows are there, for no longer than a key may wait.
    fn search_more(&mut self) {
        let begun = Instant::now();
        while self.loading.is_none() && self.app.filter.is_working() && begun.elapsed() < LONGEST_SEARCH {
            self.owed = true;
            search(&mut self.app, self.source.as_ref(), SLICE);
        }
    }

    /// Goes on with the body that is being worked on, and with what the rows in view have wrong.
    fn work_on(&mut self) {
        let begun = Instant::now();
        while self.has_work() && begun.elapsed() < WORK {
            if detail::has_work(&self.app) {
                detail::work(&mut self.app, self.source.as_ref());
            } else {
                gravest::work(&mut self.app, self.source.as_ref());
            }
            self.owed = true;
        }
    }

    fn has_work(&self) -> bool {
        detail::has_work(&self.app) || gravest::has_work(&self.app)
    }

    fn is_due(&self) -> bool {
        self.owed && self.painted.is_none_or(|at| at.elapsed() >= DATA_PAINT)
    }

    fn paint(&mut self, screen: &mut Screen) -> io::Result<()> {
        self.app.now = now();
        self.app.status = self.source.status();
        self.app.detail.tick(self.app.now);
        fill(&mut self.app, self.source.as_ref());
        screen.paint(&self.app)?;
        self.owed = false;
        self.painted = Some(Instant::now());
        Ok(())
    }
}

#[expect(clippy::panic, reason = "shows that the terminal is given back")]
fn panic_as_asked() -> ! {
    panic!("asked for by --demo-panic")
}

/// The terminal while it is ours; given back when dropped.
struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    /// Whether what stands on it is unknown, and is to be cleared and drawn whole.
    forgotten: bool,
    mouse: bool,
    hook: Hook,
}

impl Screen {
    fn enter(mouse: bool) -> io::Result<Self> {
        let output = BufWriter::with_capacity(1 << 16, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(output))?;
        // Made first, so that whatever was entered is left when a later step fails.
        let screen = Self { terminal, forgotten: false, mouse, hook: Hook::set() };
        enter(mouse)?;
        Ok(screen)
    }

    fn paint(&mut self, app: &App) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        if std::mem::take(&mut self.forgotten) {
            self.clear()?;
        }
        self.terminal.draw(|frame| super::draw(app, frame.buffer_mut()))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Stops this process as ctrl-z does elsewhere, and takes the terminal again when it is
    /// continued. A shell sends the signal, as raising one here would need unsafe code; it goes to the
    /// whole job, as from a terminal. So the shell stops too, and what waits for its end here cannot take
    /// the terminal back before this process has really stopped.
    fn suspend(&mut self) -> io::Result<()> {
        leave();
        let stopped = Command::new("sh").args(["-c", "kill -TSTP 0"]).stdin(Stdio::null()).status();
        enter(self.mouse)?;
        self.forget();
        stopped.map(|_| ())
    }

    /// Has the next paint draw every cell.
    fn forget(&mut self) {
        self.forgotten = true;
    }

    /// Clears what stands on the screen. Not by ratatui's `clear`, which asks the terminal where
    /// its cursor is: the answer would go to the thread that reads keys, and never come.
    fn clear(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
        self.hook.unset();
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    terminal::enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    if mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) }
}

/// Undoes [`enter`] and an unfinished paint. Goes on whatever fails: there is no other way to
/// tell anyone than the terminal itself. Raw mode ends first: who sees the shell's screen again may type
/// at once, and lines must end as lines.
fn leave() {
    let _ = terminal::disable_raw_mode();
    let mut out = io::stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
}

type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync + 'static>;

/// The panic hook while the terminal is ours.
struct Hook {
    before: Arc<PanicHook>,
    kept: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    fn set() -> Self {
        let before: Arc<PanicHook> = Arc::new(panic::take_hook());
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (then, keep, ours) = (Arc::clone(&before), Arc::clone(&kept), thread::current().id());
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == ours {
                leave();
                then(info);
            } else {
                let mut kept: std::sync::MutexGuard<'_, Vec<String>> =
                    keep.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() < KEPT_PANICS {
                    kept.push(info.to_string());
                }
            }
        }));
        Self { before, kept }
    }

    /// Puts the hook before back, and tells what it would have told.
    fn unset(&self) {
        if !thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
        for words in self.kept.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            for line in words.lines() {
                let _ = writeln!(io::stderr(), "{}", crate::text::sanitize(line));
            }
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
