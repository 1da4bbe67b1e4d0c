//! Large bodies as files: written as they arrive, hashed on the way, named by what they hold.
//!
//! A body arrives in `bodies/tmp/<id>.<side>`. At its end it gets a second name, `bodies/ab/<hash>`,
//! and loses the first only once its exchange's row is committed: whatever happens in between, either
//! the row or the sweep of the next start finds it. The same bytes seen again are kept once.

use super::error::StoreError;
use super::folder;
use super::inbox::{Done, Inbox};
use crate::exchange::{Body, BodyPlace, ExchangeId, Side, Truncation};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Work for the body writer, in the order in which it was asked for.
pub(super) enum Job {
    /// More bytes of a body.
    Block { id: ExchangeId, side: Side, block: Vec<u8> },
    /// All of a body.
    Whole { id: ExchangeId, side: Side, block: Vec<u8>, done: Done },
    /// No more of them.
    End { id: ExchangeId, side: Side, done: Done },
    /// No more of anything.
    Stop,
}

/// Writes what [`Inbox::body_end`] came to into a body's handle, for the recorder.
pub fn settle(body: &mut Body, outcome: &Result<[u8; 32], StoreError>) {
    match outcome {
        Ok(hash) => body.place = BodyPlace::File(*hash),
        Err(StoreError::BodyCut { kept, hash, .. }) if *kept > 0 => {
            body.place = BodyPlace::File(*hash);
            body.kept = *kept;
            body.truncated = Some(Truncation::Disk);
        }
        Err(_) => {
            body.place = BodyPlace::Nowhere;
            body.kept = 0;
            body.truncated = Some(Truncation::Disk);
        }
    }
}

/// The body-writer thread.
pub(super) struct BodyWriter {
    capture: PathBuf,
    inbox: Arc<Inbox>,
    arriving: HashMap<(ExchangeId, Side), Arriving>,
}

/// A body half way. After a failure nothing more is written; what was is kept.
struct Arriving {
    file: Option<File>,
    hasher: blake3::Hasher,
    kept: u64,
    failure: Option<io::Error>,
}

impl BodyWriter {
    pub(super) fn new(capture: &Path, inbox: Arc<Inbox>) -> Self {
        Self { capture: capture.to_owned(), inbox, arriving: HashMap::new() }
    }

    /// Works until told to stop. Bodies without an end then lie in `bodies/tmp` for the sweep.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            match job {
                Job::Block { id, side, block } => {
                    self.body(id, side).append(&block);
                    self.inbox.release(block.len());
                }
                Job::Whole { id, side, block, done } => {
                    let outcome = self.whole(id, side, &block);
                    self.inbox.release(block.len());
                    done(outcome);
                }
                Job::End { id, side, done } => done(self.end(id, side)),
                Job::Stop => break,
            }
        }
    }

    /// Most bodies are seen again and again: those are looked for before they are written. One that is there gets
    /// its first name once more: retention may remove the last row with it, and it, before the new row is there.
    fn whole(&mut self, id: ExchangeId, side: Side, block: &[u8]) -> Result<[u8; 32], StoreError> {
        let hash = *blake3::hash(block).as_bytes();
        let tmp = tmp_file(&self.capture, id, side);
        if fs::hard_link(body_file(&self.capture, &hash), &tmp).is_ok() {
            return Ok(hash);
        }
        self.body(id, side).append(block);
        self.end(id, side)
    }

    fn body(&mut self, id: ExchangeId, side: Side) -> &mut Arriving {
        let capture = &self.capture;
        self.arriving.entry((id, side)).or_insert_with(|| Arriving::begin(&tmp_file(capture, id, side)))
    }

    fn end(&mut self, id: ExchangeId, side: Side) -> Result<[u8; 32], StoreError> {
        self.body(id, side);
        let Some(body) = self.arriving.remove(&(id, side)) else { return Err(StoreError::Closed) };
        let hash = *body.hasher.finalize().as_bytes();
        let tmp = tmp_file(&self.capture, id, side);
        if let (Some(file), Some(_)) = (&body.file, &body.failure) {
            // The name promises the hash of the content: a block that went in by half must go.
            file.set_len(body.kept).map_err(StoreError::io("cut", &tmp))?;
        }
        if body.file.is_some() && keep(&self.capture, &tmp, &hash)? {
            self.inbox.count_kept(body.kept);
        }
        match body.failure {
            None => Ok(hash),
            Some(source) => Err(StoreError::BodyCut { kept: body.kept, hash, source }),
        }
    }
}

impl Arriving {
    fn begin(tmp: &Path) -> Self {
        let (file, failure) = match folder::private_file(tmp) {
            Ok(file) => (Some(file), None),
            Err(error) => (None, Some(error)),
        };
        Self { file, hasher: blake3::Hasher::new(), kept: 0, failure }
    }

    fn append(&mut self, block: &[u8]) {
        let (Some(file), None) = (&mut self.file, &self.failure) else { return };
        match file.write_all(block) {
            Ok(()) => {
                self.hasher.update(block);
                self.kept += block.len() as u64;
            }
            Err(error) => self.failure = Some(error),
        }
    }
}

/// Where a body arrives.
pub(super) fn tmp_file(capture: &Path, id: ExchangeId, side: Side) -> PathBuf {
    folder::tmp(capture).join(format!("{}.{}", id.0, side.as_str()))
}

/// Where a finished body lies.
pub(super) fn body_file(capture: &Path, hash: &[u8; 32]) -> PathBuf {
    let hex = blake3::Hash::from_bytes(*hash).to_hex();
    folder::bodies(capture).join(hex.get(..2).unwrap_or_default()).join(hex.as_str())
}

/// What the name of a large body ends in while it is looked whether anything refers to it.
pub(super) const LEAVING: &str = "leaving";

/// The large bodies of a capture.
pub(super) fn hashes(capture: &Path) -> Vec<[u8; 32]> {
    let of = |name: std::ffi::OsString| blake3::Hash::from_hex(name.to_str()?).ok();
    kept(capture).filter_map(|(file, _)| of(file.file_name()?.to_owned())).map(Into::into).collect()
}

/// Gives those their names back that a process that was killed had put aside. How many bytes of large bodies there
/// are.
pub(super) fn put_back(capture: &Path) -> u64 {
    kept(capture)
        .map(|(file, bytes)| {
            if file.extension().is_some_and(|ending| ending == LEAVING) {
                // What cannot be named is no body that a row knows.
                let _ = fs::rename(&file, file.with_extension(""));
            }
            bytes
        })
        .sum()
}

/// The files of large bodies, and how long they are.
fn kept(capture: &Path) -> impl Iterator<Item = (PathBuf, u64)> {
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let tmp = folder::tmp(capture);
    let folders = entries(folder::bodies(capture)).map(|entry| entry.path()).filter(move |path| *path != tmp);
    let files = folders.filter(|path| path.is_dir()).flat_map(entries);
    files.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len())))
}

/// Gives an arrived body its lasting name beside the first one; whether it had none yet.
pub(super) fn keep(capture: &Path, tmp: &Path, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let file = body_file(capture, hash);
    if file.exists() {
        return Ok(false);
    }
    if let Some(parent) = file.parent() {
        folder::private_dir(parent).map_err(StoreError::io("make", parent))?;
    }
    match fs::hard_link(tmp, &file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // File systems without a second name for a file.
        Err(_) => fs::rename(tmp, &file).map(|()| true).map_err(StoreError::io("name", &file)),
    }
}

/// Takes the first name away once the row is safe. Retention may have removed the last row with the same body
/// meanwhile, and its file: then it gets its lasting name once more.
pub(super) fn forget_tmp(capture: &Path, id: ExchangeId, side: Side, hash: &[u8; 32]) {
    let tmp = tmp_file(capture, id, side);
    // What stays for whatever reason is swept at the next start.
    if keep(capture, &tmp, hash).is_ok() {
        let _ = fs::remove_file(tmp);
    }
}
