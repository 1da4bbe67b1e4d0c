//! A capture as the terminal interface reads it, recorded by this process, by another one, or by none:
//! one implementation, so that the same keys do the same everywhere.

use super::again::Sender;
use super::guards::Guards;
use super::saving;
use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Flags, Note, Side, Summary};
use crate::query::{Name, Query};
use crate::store::{self, BodyReader, Found, Numbered, Reader, Search, Seek, Sought, StoreError};
use crate::tui::{Deed, Row, Seeking, Source, Status, Tell, Told, Unread};
use crate::view::Octets;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, SendError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a person does to exchanges.
pub(super) enum Mark {
    /// A flag, set or cleared.
    Flag(Vec<ExchangeId>, Flags, bool),
    /// A note, or none.
    Note(ExchangeId, Option<Note>),
}

/// Hands marks to whoever writes the capture; may take its time.
pub(super) type Marks = Box<dyn Fn(Mark) -> Result<(), StoreError> + Send>;

/// How the proxy stands, asked at each paint.
pub(super) type Standing = Box<dyn Fn() -> Status + Send>;

/// An exchange under way as it stands.
pub(super) type Live = Box<dyn Fn(ExchangeId) -> Option<Exchange> + Send>;

/// A capture being looked at.
pub(super) struct Browse {
    reader: Reader,
    status: Standing,
    /// `None` at the end.
    marks: Option<mpsc::Sender<Marking>>,
    marking: Option<JoinHandle<()>>,
    sender: Sender,
    live: Option<Live>,
    guards: Option<Guards>,
}

/// A mark on its way.
struct Marking {
    mark: Mark,
    tell: Tell,
}

impl Browse {
    /// Looks at a capture. Marks go through one thread: in the order in which they were made, waited for
    /// only at the end, so that the last one is kept too.
    pub(super) fn new(
        reader: Reader,
        status: Standing,
        write: Marks,
        sender: Sender,
    ) -> std::io::Result<Self> {
        let (marks, waiting) = channel::<Marking>();
        let work = move || {
            for Marking { mark, tell } in waiting {
                tell(match write(mark) {
                    Ok(()) => Told::Done(String::new()),
                    Err(error) => Told::Failed(format!("not written to the capture: {error}")),
                });
            }
        };
        let marking = std::thread::Builder::new().name("marks".to_owned()).spawn(work)?;
        Ok(Self {
            reader,
            status,
            marks: Some(marks),
            marking: Some(marking),
            sender,
            live: None,
            guards: None,
        })
    }

    /// Reads exchanges under way as they stand; only in the process that records.
    pub(super) fn with_live(mut self, live: Live) -> Self {
        self.live = Some(live);
        self
    }

    /// Lets clients in and undoes what refusals taught, by these.
    pub(super) fn with_guards(mut self, guards: Guards) -> Self {
        self.guards = Some(guards);
        self
    }

    /// On a thread of its own: another process may have to be asked.
    fn guard(&self, tell: Tell, deed: impl FnOnce(&Guards) -> Result<String, String> + Send + 'static) {
        let Some(guards) = self.guards.clone() else {
            return tell(Told::Failed("nobody records this capture: there is no proxy to tell".to_owned()));
        };
        let work = move || tell(deed(&guards).map_or_else(Told::Failed, Told::Done));
        // Without a thread the process is past doing anything.
        drop(std::thread::Builder::new().name("guards".to_owned()).spawn(work));
    }

    fn mark(&self, mark: Mark, tell: Tell) {
        let Some(marks) = &self.marks else { return };
        if let Err(SendError(Marking { tell, .. })) = marks.send(Marking { mark, tell }) {
            tell(Told::Failed("not written to the capture: the thread for it has ended".to_owned()));
        }
    }
}

impl Drop for Browse {
    fn drop(&mut self) {
        self.marks = None;
        // A panic of it was told where it happened.
        let _ = self.marking.take().map(JoinHandle::join);
    }
}

impl Source for Browse {
    fn rows_after(&self, after: ExchangeId, limit: usize) -> Result<Vec<Row>, Unread> {
        Ok(self.reader.standings(after, limit).map_err(unread)?.iter().map(row).collect())
    }

    fn summaries(&self, from: ExchangeId, to: ExchangeId) -> Result<Vec<Summary>, Unread> {
        self.reader.summaries(from, to).map_err(unread)
    }

    fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, Unread> {
        // Under way it is read as it stands at this moment, not as it was last written.
        if let Some(exchange) = self.live.as_ref().and_then(|live| live(id)) {
            return Ok(Some(exchange));
        }
        self.reader.exchange(id).map_err(unread)
    }

    fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, Unread> {
        self.reader.connection(id).map_err(unread)
    }

    fn body(&self, exchange: &Exchange, side: Side) -> Result<Arc<dyn Octets>, Unread> {
        self.reader.body(exchange, side).map(BodyReader::octets).map_err(unread)
    }

    fn message_count(&self, id: ExchangeId) -> Result<u64, Unread> {
        self.reader.message_count(id).map_err(unread)
    }

    fn messages(&self, id: ExchangeId, numbers: Range<u64>) -> Result<Vec<Numbered>, Unread> {
        self.reader.messages(id, numbers, usize::MAX).map_err(unread)
    }

    fn message(&self, id: ExchangeId, number: u64) -> Result<Option<Numbered>, Unread> {
        self.reader.message(id, number).map_err(unread)
    }

    fn find_message(&self, id: ExchangeId, seek: &Seek<'_>) -> Result<Sought, Unread> {
        self.reader.find_message(id, seek).map_err(unread)
    }

    fn search(&self, query: &Query, below: Option<ExchangeId>) -> Result<Box<dyn Seeking>, Unread> {
        Ok(Box::new(Search::start(self.reader.path(), query, below).map_err(unread)?))
    }

    fn sift(&self, query: &Query, ids: &[u64]) -> Result<Vec<u64>, Unread> {
        self.reader.sift(query, ids).map_err(unread)
    }

    fn seen(&self, field: Name) -> Result<Vec<(String, u64)>, Unread> {
        self.reader.seen(field).map_err(unread)
    }

    fn act(&self, deed: Deed, tell: Tell) {
        match deed {
            Deed::Flag { ids, flag, on } => self.mark(Mark::Flag(ids, flag, on), tell),
            Deed::Note { id, note } => self.mark(Mark::Note(id, note), tell),
            Deed::Save { id, side, decoded, path } => {
                save(self.reader.path(), (id, side), decoded, path, tell);
            }
            Deed::Intercept(host) => self.guard(tell, move |guards| guards.intercept(&host)),
            Deed::LetIn(client) => self.guard(tell, move |guards| guards.allow(client)),
            deed @ (Deed::Replay(_) | Deed::ReplayBody(..) | Deed::EditText(_)) => {
                self.sender.act(deed, tell);
            }
        }
    }

    fn status(&self) -> Status {
        (self.status)()
    }
}

impl Seeking for Search {
    fn found(&mut self, patience: Duration) -> Result<Found, Unread> {
        self.wait(patience).map_err(unread)
    }
}

/// Writes a body on a thread of its own, with a reader of its own.
fn save(folder: &Path, (id, side): (ExchangeId, Side), decoded: bool, path: PathBuf, tell: Tell) {
    let folder = folder.to_owned();
    let work = move || {
        let read = Reader::open(&folder).and_then(|reader| Ok((reader.exchange(id)?, reader)));
        tell(match read {
            Ok((Some(exchange), reader)) => saving::save(&reader, &exchange, side, decoded, &path),
            Ok((None, _)) => Told::Failed(format!("#{} cannot be read yet", id.0)),
            Err(error) => Told::Failed(error.to_string()),
        });
    };
    // Without a thread the process is past saying anything.
    drop(std::thread::Builder::new().name("save".to_owned()).spawn(work));
}

fn row(standing: &store::Standing) -> Row {
    let store::Standing { id, flags, state, status, failed } = *standing;
    Row::new(id, flags, state, status, failed)
}

fn unread(error: impl std::fmt::Display) -> Unread {
    Unread(error.to_string())
}
