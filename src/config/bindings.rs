//! `[keys]`: which keys do what in the terminal interface.
//!
//! Here an action and a key are words with their places. What they mean, the interface knows; it
//! complains about one with [`Written::error`], which points at it.

use super::error::{ConfigError, Excerpt, From};
use super::raw::{Misfit, Raw};

/// An action and the keys for it.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The action's name.
    pub action: Written,
    /// Its keys; none takes it off the keyboard.
    pub keys: Vec<Written>,
}

/// A word of the settings and where it stands.
#[derive(Clone, Debug)]
pub struct Written {
    /// The word.
    pub text: String,
    place: From,
    excerpt: Excerpt,
}

impl Binding {
    /// An action's keys as TOML.
    #[must_use]
    pub fn value(&self) -> String {
        let keys: Vec<_> = self.keys.iter().map(|key| super::keys::quoted(&key.text)).collect();
        format!("[{}]", keys.join(", "))
    }

    /// Reads the keys: one text, or a list of them. `word` gives a text its place.
    pub(super) fn read(
        action: Written,
        raw: &Raw,
        word: impl Fn(&Raw, &str) -> Written,
    ) -> Result<Self, Misfit> {
        let members = raw.members()?;
        let keys = members.iter().map(|member| Ok(word(member, member.text()?)));
        Ok(Self { action, keys: keys.collect::<Result<_, Misfit>>()? })
    }
}

impl Written {
    pub(super) fn new(text: &str, place: From, excerpt: Excerpt) -> Self {
        Self { text: text.to_owned(), place, excerpt }
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> &From {
        &self.place
    }

    /// That this word cannot be used.
    #[must_use]
    pub fn error(&self, says: impl Into<String>) -> ConfigError {
        ConfigError { place: self.place.clone(), says: says.into(), excerpt: Some(self.excerpt.clone()) }
    }
}
