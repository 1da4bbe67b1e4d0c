//! One line of the arithmetic behind a verdict.

use crate::inspect::field::Spec;
use serde::{Serialize, Serializer};

/// A fact or a test, with where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// In words. May repeat bytes of the message: sanitise before it meets a terminal.
    pub says: String,
    /// Of a test, whether it passes; `None` for a plain fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passes: Option<bool>,
    /// Where it is written.
    #[serde(serialize_with = "in_words", skip_serializing_if = "Option::is_none")]
    pub cite: Option<Spec>,
}

impl Step {
    /// A fact.
    pub(super) fn fact(says: impl Into<String>, cite: Spec) -> Self {
        Self { says: says.into(), passes: None, cite: Some(cite) }
    }

    /// A fact that needs no document.
    pub(super) fn plain(says: impl Into<String>) -> Self {
        Self { says: says.into(), passes: None, cite: None }
    }

    /// A test and its outcome.
    pub(super) fn test(passes: bool, says: impl Into<String>, cite: Spec) -> Self {
        Self { says: says.into(), passes: Some(passes), cite: Some(cite) }
    }
}

#[expect(clippy::ref_option, reason = "the form that serde calls")]
fn in_words<S: Serializer>(cite: &Option<Spec>, serializer: S) -> Result<S::Ok, S::Error> {
    match cite {
        Some(cite) => serializer.collect_str(cite),
        None => serializer.serialize_none(),
    }
}
