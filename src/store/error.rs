//! What can go wrong with a capture, each with what happened, why, and what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a capture could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is there.
    #[error("there is no capture at {}: check the path", .0.display())]
    Absent(PathBuf),
    /// No capture of that name is kept.
    #[error("no capture is called \"{name}\" in {}: the names there are the folders that end in .hop", folder.display())]
    Unknown {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The path is taken by something else.
    #[error("{} is not a capture ({why}): name another path; nothing was changed", path.display())]
    NotACapture {
        /// The path.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// The database is damaged, or not readable by us.
    #[error("the capture {} cannot be read: it is damaged or not yours; \
        `sqlite3 SEGMENT .recover` saves what can be saved of each {}/*.db, and another --capture records anew", .path.display(), .path.display())]
    Unreadable {
        /// The capture.
        path: PathBuf,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// A later hopscope wrote it.
    #[error("{} has format {format}, and this hopscope reads up to {ours}: a newer hopscope opens it", path.display())]
    Newer {
        /// The capture.
        path: PathBuf,
        /// Its format.
        format: i64,
        /// The newest format that we know.
        ours: i64,
    },
    /// Another process writes to it.
    #[error("{} is being recorded by {}: stop that one first, or record into another --capture", path.display(), holder(*pid))]
    Recorded {
        /// The capture.
        path: PathBuf,
        /// The process that holds it, where known.
        pid: Option<u32>,
    },
    /// The file system refused.
    #[error("could not {doing} {}: {}", path.display(), advice(source))]
    Io {
        /// Verb and object.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// `SQLite` refused.
    #[error("could not {doing} the capture {}", path.display())]
    Sql {
        /// Verb.
        doing: &'static str,
        /// The capture.
        path: PathBuf,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// A row does not hold what its format promises.
    #[error("exchange {id} in the capture is damaged: its {what} cannot be read")]
    Damaged {
        /// Exchange or connection number.
        id: u64,
        /// The column.
        what: &'static str,
    },
    /// A large body could be written only in part.
    #[error("a body could be kept only up to {kept} bytes: {}", advice(source))]
    BodyCut {
        /// Bytes on disk.
        kept: u64,
        /// Their BLAKE3, under which they are kept.
        hash: [u8; 32],
        /// What the system says.
        source: io::Error,
    },
    /// A body's file is gone from the capture.
    #[error("the body is no longer in the capture: {} is missing", .0.display())]
    BodyGone(PathBuf),
    /// The disk is behind, and a mark found no room.
    #[error("the disk is too slow at the moment, and the mark was not written: try again")]
    Behind,
    /// The end came before somebody had read what was to be written over.
    #[error(
        "the last words on {0} exchanges could not be written: another program reads their segment without a \
        pause; they stand in the capture as they were"
    )]
    Unwritten(usize),
    /// The disk did not take in time what waited at the end.
    #[error(
        "gave up writing to the capture {} after {}: the disk is too slow; what is there can be read, and a longer \
         capture.close_timeout waits for more", path.display(), seconds(*after)
    )]
    GaveUp {
        /// The capture.
        path: PathBuf,
        /// How long it was waited.
        after: Duration,
    },
    /// The recording has ended.
    #[error("the recording has ended")]
    Closed,
    /// No folder to keep captures in.
    #[error("no place to keep captures: neither XDG_DATA_HOME nor HOME is set; name one with --capture PATH")]
    NoDataFolder,
    /// Nobody answers on the capture's control socket.
    #[error("nobody is recording {}", .0.display())]
    NotRecorded(PathBuf),
    /// The recording process answered something else.
    #[error("the process that records answered what this hopscope does not understand: {0}")]
    Answer(String),
    /// Control sockets are not available here.
    #[error("the control socket {} cannot be made: {why}; recording goes on without it", path.display())]
    NoSocket {
        /// Where it would be.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
}

impl StoreError {
    /// An [`StoreError::Io`] in the making.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// An error of `SQLite`, told apart into damage and the rest.
    pub(super) fn sql(doing: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase, PermissionDenied};
        move |source| match source.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase | CannotOpen | PermissionDenied) => {
                Self::Unreadable { path: path.to_owned(), source }
            }
            _ => Self::Sql { doing, path: path.to_owned(), source },
        }
    }
}

impl StoreError {
    /// As one of `SQLite`, where only that can be told of.
    pub(super) fn into_sql(self) -> rusqlite::Error {
        match self {
            Self::Sql { source, .. } | Self::Unreadable { source, .. } => source,
            other => rusqlite::Error::UserFunctionError(Box::new(other)),
        }
    }
}

fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{} ms", time.as_millis()),
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

fn advice(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("{source}: make room, or lower capture.retain_bytes")
        }
        io::ErrorKind::PermissionDenied => format!("{source}: choose a folder that is yours with --capture"),
        _ => source.to_string(),
    }
}
