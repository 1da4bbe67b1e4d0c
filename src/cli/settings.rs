//! `hopscope config`: the settings in force and where each came from.

use super::args::Config;
use super::door::Out;
use super::exit::{Exit, Outcome};
use super::plan;
use crate::config::{Effective, default_text};
use serde_json::json;

/// Prints them, or the documented default.
pub(super) fn run(typed: &Config) -> Outcome {
    let mut out = Out::stdout();
    if typed.default {
        for line in default_text().lines() {
            out.line(line)?;
        }
    } else {
        let effective = plan::effective(&super::places()?, &typed.proxy.config, &typed.proxy)?;
        for line in if typed.json { records(&effective) } else { lines(&effective) } {
            out.line(line)?;
        }
    }
    out.flush()?;
    Ok(Exit::Ok)
}

/// TOML that could be read back, each line with where its value came from.
fn lines(effective: &Effective) -> Vec<String> {
    let rows: Vec<_> = effective
        .rows()
        .map(|(key, value, from)| (key.name, format!("{} = {value}", leaf(key.name)), from.to_string()))
        .collect();
    let width =
        rows.iter().map(|(_, text, _)| text.chars().count()).filter(|width| *width <= 50).max().unwrap_or(0);
    let mut lines = Vec::new();
    let mut section = "";
    for (name, text, from) in &rows {
        let own = name.split_once('.').map_or("", |(section, _)| section);
        if own != section {
            section = own;
            lines.extend([String::new(), format!("[{section}]")]);
        }
        lines.push(format!("{text:<width$}  # {from}"));
    }
    lines.extend([String::new(), "[keys]".to_owned()]);
    for binding in &effective.settings.keys {
        let text = format!("{} = {}", named(&binding.action.text), binding.value());
        lines.push(format!("{text:<width$}  # {}", binding.action.place()));
    }
    lines
}

fn records(effective: &Effective) -> Vec<String> {
    let record = |(key, value, from): (&crate::config::Key, String, &crate::config::From)| {
        json!({"key": key.name, "value": value, "from": from.to_string()}).to_string()
    };
    let bound = effective.settings.keys.iter().map(|binding| {
        let key = format!("keys.{}", binding.action.text);
        json!({"key": key, "value": binding.value(), "from": binding.action.place().to_string()}).to_string()
    });
    effective.rows().map(record).chain(bound).collect()
}

/// A name as TOML wants it: in quotes where it holds a space.
fn named(name: &str) -> String {
    if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() }
}

fn leaf(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
