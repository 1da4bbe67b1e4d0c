//! FILTER: which exchanges are meant. Today words that must all occur; the language of fields comes
//! to stand here, the same for the list, for commands and for settings.

use crate::exchange::Summary;

/// A filter, read once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
}

impl Query {
    /// Reads words, each of which must occur in method, URL, status or failure, without case.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self { words: text.split_whitespace().map(str::to_lowercase).collect() }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether an exchange is meant.
    #[must_use]
    pub fn matches(&self, summary: &Summary) -> bool {
        if self.is_all() {
            return true;
        }
        let status = summary.status.map(|status| status.to_string()).unwrap_or_default();
        let failure = summary.failure.as_ref().map(|failure| failure.says.as_str()).unwrap_or_default();
        let text =
            [&summary.method, &summary.url(), &status, failure].map(|text| text.to_lowercase()).join(" ");
        self.words.iter().all(|word| text.contains(word))
    }
}
