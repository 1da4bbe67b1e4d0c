//! The rules, by topic. To add one is to add its entry, its check and its two examples.

mod auth;
mod body;
mod caching;
mod conditional;
mod content;
mod cookies;
mod cors;
mod values;
#[cfg(test)]
mod examples;
mod framing;
mod lines;
mod routing;
mod security;
mod structured;

use super::rule::Rule;

/// Every rule, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        framing::RULES,
        lines::RULES,
        routing::RULES,
        caching::RULES,
        cookies::RULES,
        cors::RULES,
        auth::RULES,
        conditional::RULES,
        content::RULES,
        security::RULES,
        structured::RULES,
        values::RULES,
        body::RULES,
    ]
    .into_iter()
    .flatten()
}

/// The rule of that id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
