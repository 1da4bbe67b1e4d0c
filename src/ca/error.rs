//! What can be wrong with the CA, in words that say what to do.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

const REMAKE: &str = "to make a new CA, remove both files; clients must then trust the new one";

/// The authority cannot be used. Each says what happened, why, and what to do, in one or two lines.
#[derive(Debug, Error)]
pub enum CaError {
    /// `ca.pem` is there, `ca.key` is not.
    #[error(
        "{certificate} has no ca.key beside it, and without its key it can sign nothing\n\
         put the key back; {REMAKE}"
    )]
    KeyMissing {
        /// The half that is there.
        certificate: String,
    },
    /// `ca.key` is there, `ca.pem` is not.
    #[error("{key} has no ca.pem beside it: the certificate is missing\nput it back; {REMAKE}")]
    CertificateMissing {
        /// The half that is there.
        key: String,
    },
    /// A file is there but cannot be read.
    #[error("cannot read {}: {why}\nmake it readable for this user, or name another folder with --ca-dir", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// A file is not what its name says.
    #[error("{} holds no usable {what}: {why}\nput the right file back; {REMAKE}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The two halves do not belong together.
    #[error(
        "{certificate} and ca.key beside it do not belong together: the key is another certificate's\n{REMAKE}"
    )]
    Mismatch {
        /// The certificate.
        certificate: String,
    },
    /// The CA's time is over.
    #[error("{certificate} expired on {expired}\n{REMAKE}")]
    Expired {
        /// The certificate.
        certificate: String,
        /// The day, `2024-01-02`.
        expired: String,
    },
    /// The folder or its files cannot be made.
    #[error("cannot keep a CA in {}: {why}\nmake the folder writable, or name another with --ca-dir", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// No certificate can name this.
    #[error("no certificate can name {name:?}: it is neither a host name nor an address")]
    Name {
        /// As it was asked for.
        name: String,
    },
    /// The cryptography refused.
    #[error("cannot sign a certificate: {0}")]
    Signing(String),
}

impl From<rcgen::Error> for CaError {
    fn from(error: rcgen::Error) -> Self {
        Self::Signing(error.to_string())
    }
}

impl From<rustls::Error> for CaError {
    fn from(error: rustls::Error) -> Self {
        Self::Signing(error.to_string())
    }
}
