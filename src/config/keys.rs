//! The one table of keys: file, variables, `hopscope config` and the tests of config.toml come from it.

use super::raw::{Misfit, Raw};
use super::units::{show_size, show_time};
use super::{Http2, Insecure, MinTls, Pressure, Reuse, Settings};
use std::path::Path;

/// One setting.
pub struct Key {
    /// Its name with its section, as `limits.head`.
    pub name: &'static str,
    /// Whether its value may hold a password, so that what was written is never repeated.
    pub secret: bool,
    pub(super) set: fn(&mut Settings, &Raw, &Path) -> Result<(), Misfit>,
    show: fn(&Settings) -> String,
}

impl Key {
    /// The variable that sets it: `HOPSCOPE_LIMITS_HEAD`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("HOPSCOPE_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    /// Its value in these settings as TOML; a password in it does not show.
    #[must_use]
    pub fn value(&self, settings: &Settings) -> String {
        (self.show)(settings)
    }

    /// The key of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }
}

const PRESSURES: &[(&str, Pressure)] = &[("drop", Pressure::Drop), ("block", Pressure::Block)];
const HTTP2: &[(&str, Http2)] = &[("mirror", Http2::Mirror), ("off", Http2::Off)];
const MIN_TLS: &[(&str, MinTls)] = &[("1.2", MinTls::Tls12), ("1.3", MinTls::Tls13)];
const REUSES: &[(&str, Reuse)] = &[("pool", Reuse::Pool), ("client", Reuse::Client), ("never", Reuse::Never)];

/// Where an index into a head must fit (`exchange::Edit` counts lines in 16 bits).
const MAX_FIELDS: u64 = 65_000;
const MAX_HEAD: u64 = 64 << 20;
/// A message must fit the store's buffers, which hold twice as much.
const MAX_MESSAGE: u64 = 16 << 20;

/// A segment holds some hundred exchanges at least.
const MIN_SEGMENT: u64 = 1 << 20;

macro_rules! keys {
    ($($name:literal $($secret:ident)? : $set:expr, $show:expr;)+) => {
        /// Every setting, in the order of config.toml.
        pub const KEYS: &[Key] = &[$(Key {
            name: $name,
            secret: keys!(@secret $($secret)?),
            set: $set,
            show: $show,
        },)+];
    };
    (@secret) => { false };
    (@secret secret) => { true };
}

keys! {
    "listen": |s, raw, _| {
        let members = raw.members()?;
        if members.is_empty() {
            return raw.misfit("at least one address is needed");
        }
        let all: Vec<Vec<_>> = members.iter().map(Raw::addresses).collect::<Result<_, _>>()?;
        s.listen = all.concat();
        Ok(())
    }, |s| list(s.listen.iter());
    "ca_dir": |s, raw, base| put(&mut s.ca_dir, raw.path(base)), |s| quoted(s.ca_dir.display());
    "pseudonym": |s, raw, _| put(&mut s.pseudonym, pseudonym(raw)), |s| quoted(&s.pseudonym);
    "via": |s, raw, _| put(&mut s.via, raw.switch()), |s| s.via.to_string();
    "auth" secret: |s, raw, _| put(&mut s.auth, credentials(raw)), |s| quoted(s.auth.as_ref().map_or("", |_| "(hidden)"));
    "allow": |s, raw, _| put(&mut s.allow, raw.members()?.iter().map(Raw::network).collect()), |s| list(s.allow.iter());
    "allow_open": |s, raw, _| put(&mut s.allow_open, raw.switch()), |s| s.allow_open.to_string();
    "intercept.enabled": |s, raw, _| put(&mut s.intercept.enabled, raw.switch()),
        |s| s.intercept.enabled.to_string();
    "intercept.tunnel": |s, raw, _| put(&mut s.intercept.tunnel, raw.hosts()), |s| list(s.intercept.tunnel.iter());
    "intercept.only": |s, raw, _| put(&mut s.intercept.only, raw.hosts()), |s| list(s.intercept.only.iter());
    "intercept.http2": |s, raw, _| put(&mut s.intercept.http2, raw.word(HTTP2)), |s| word(HTTP2, &s.intercept.http2);
    "intercept.min_tls": |s, raw, _| put(&mut s.intercept.min_tls, raw.word(MIN_TLS)),
        |s| word(MIN_TLS, &s.intercept.min_tls);
    "intercept.learn": |s, raw, _| put(&mut s.intercept.learn, raw.switch()), |s| s.intercept.learn.to_string();
    "intercept.learn_after": |s, raw, _| {
        let count = raw.size_within(1..=1_000)?;
        s.intercept.learn_after = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(())
    }, |s| s.intercept.learn_after.to_string();
    "intercept.learn_for": |s, raw, _| put(&mut s.intercept.learn_for, raw.time_above_zero()),
        |s| quoted(show_time(s.intercept.learn_for));
    "origin.ca": |s, raw, base| {
        put(&mut s.origin.ca, raw.members()?.iter().map(|member| member.path(base)).collect())
    }, |s| list(s.origin.ca.iter().map(|path| path.display()));
    "origin.ca_for": |s, raw, base| {
        put(&mut s.origin.ca_for, raw.members()?.iter().map(|member| member.host_roots(base)).collect())
    }, |s| list(s.origin.ca_for.iter());
    "origin.client_certificates": |s, raw, base| {
        let all = raw.members()?.iter().map(|member| member.client_certificate(base)).collect();
        put(&mut s.origin.client_certificates, all)
    }, |s| list(s.origin.client_certificates.iter());
    "origin.min_tls": |s, raw, _| put(&mut s.origin.min_tls, raw.word(MIN_TLS)), |s| word(MIN_TLS, &s.origin.min_tls);
    "origin.insecure": |s, raw, _| put(&mut s.origin.insecure, insecure(raw)), |s| match &s.origin.insecure {
        Insecure::None => "false".to_owned(),
        Insecure::All => "true".to_owned(),
        Insecure::Hosts(hosts) => list(hosts.iter()),
    };
    "origin.reuse": |s, raw, _| put(&mut s.origin.reuse, raw.word(REUSES)), |s| word(REUSES, &s.origin.reuse);
    "origin.hosts": |s, raw, _| {
        put(&mut s.origin.hosts, raw.members()?.iter().map(Raw::host_address).collect())
    }, |s| list(s.origin.hosts.iter());
    "upstream.proxy" secret: |s, raw, _| put(&mut s.parents.proxy, raw.parent()),
        |s| quoted(s.parents.proxy.as_ref().map(ToString::to_string).unwrap_or_default());
    "upstream.for" secret: |s, raw, _| {
        put(&mut s.parents.hosts, raw.members()?.iter().map(Raw::host_parent).collect())
    }, |s| list(s.parents.hosts.iter().map(|(host, parent)| match parent {
        Some(parent) => format!("{host}={parent}"),
        None => format!("{host}=direct"),
    }));
    "upstream.except": |s, raw, _| {
        put(&mut s.parents.except, raw.members()?.iter().map(Raw::except).collect())
    }, |s| list(s.parents.except.iter());
    "limits.connections": |s, raw, _| put(&mut s.limits.connections, raw.size_within(1..=1_000_000)),
        |s| s.limits.connections.to_string();
    "limits.client_connections": |s, raw, _| put(&mut s.limits.client_connections, raw.size_within(1..=1_000_000)),
        |s| s.limits.client_connections.to_string();
    "limits.wrong_credentials": |s, raw, _| {
        let count = raw.size_within(1..=u64::from(u32::MAX))?;
        s.limits.wrong_credentials = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(())
    }, |s| s.limits.wrong_credentials.to_string();
    "limits.streams": |s, raw, _| put(&mut s.limits.streams, raw.size_within(1..=1_000_000)),
        |s| s.limits.streams.to_string();
    "limits.idle_frames": |s, raw, _| {
        let count = raw.size_within(1..=u64::from(u32::MAX))?;
        s.limits.idle_frames = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(())
    }, |s| s.limits.idle_frames.to_string();
    "limits.head": |s, raw, _| put(&mut s.limits.head, raw.size_within(1_024..=MAX_HEAD)),
        |s| quoted(show_size(s.limits.head as u64));
    "limits.fields": |s, raw, _| put(&mut s.limits.fields, raw.size_within(1..=MAX_FIELDS)),
        |s| s.limits.fields.to_string();
    "limits.head_timeout": |s, raw, _| put(&mut s.limits.head_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.head_timeout));
    "limits.idle_timeout": |s, raw, _| put(&mut s.limits.idle_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.idle_timeout));
    "limits.write_timeout": |s, raw, _| put(&mut s.limits.write_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.write_timeout));
    "limits.body_timeout": |s, raw, _| put(&mut s.limits.body_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.body_timeout));
    "limits.consent_timeout": |s, raw, _| put(&mut s.limits.consent_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.consent_timeout));
    "limits.connect_timeout": |s, raw, _| put(&mut s.limits.connect_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.connect_timeout));
    "limits.tls_timeout": |s, raw, _| put(&mut s.limits.tls_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.tls_timeout));
    "limits.response_timeout": |s, raw, _| put(&mut s.limits.response_timeout, raw.time_above_zero()),
        |s| quoted(show_time(s.limits.response_timeout));
    "limits.drain_timeout": |s, raw, _| put(&mut s.limits.drain_timeout, raw.time()),
        |s| quoted(show_time(s.limits.drain_timeout));
    "limits.pool": |s, raw, _| put(&mut s.limits.pool, raw.size_within(0..=100_000)), |s| s.limits.pool.to_string();
    "limits.pool_idle": |s, raw, _| put(&mut s.limits.pool_idle, raw.time()),
        |s| quoted(show_time(s.limits.pool_idle));
    "capture.enabled": |s, raw, _| put(&mut s.capture.enabled, raw.switch()), |s| s.capture.enabled.to_string();
    "capture.path": |s, raw, base| put(&mut s.capture.path, unless(raw, "", |raw| raw.path(base))),
        |s| quoted(s.capture.path.as_deref().unwrap_or(Path::new("")).display());
    "capture.pressure": |s, raw, _| put(&mut s.capture.pressure, raw.word(PRESSURES)),
        |s| word(PRESSURES, &s.capture.pressure);
    "capture.max_body": |s, raw, _| put(&mut s.capture.max_body, unless(raw, "unlimited", Raw::size)),
        |s| quoted(s.capture.max_body.map_or("unlimited".to_owned(), show_size));
    "capture.max_message": |s, raw, _| put(&mut s.capture.max_message, raw.size_within(0..=MAX_MESSAGE)),
        |s| quoted(show_size(s.capture.max_message as u64));
    "capture.unsaved": |s, raw, _| put(&mut s.capture.unsaved, raw.size_within(65_536..=1 << 40)),
        |s| quoted(show_size(s.capture.unsaved as u64));
    "capture.close_timeout": |s, raw, _| put(&mut s.capture.close_timeout, raw.time()),
        |s| quoted(show_time(s.capture.close_timeout));
    "capture.segment": |s, raw, _| put(&mut s.capture.segment, raw.size_within(MIN_SEGMENT..=1 << 40).map(|size| size as u64)),
        |s| quoted(show_size(s.capture.segment));
    "capture.pack": |s, raw, _| put(&mut s.capture.pack, raw.switch()), |s| s.capture.pack.to_string();
    "capture.retain_bytes": |s, raw, _| put(&mut s.capture.retain_bytes, raw.size()),
        |s| quoted(show_size(s.capture.retain_bytes));
    "capture.retain_age": |s, raw, _| put(&mut s.capture.retain_age, raw.time()),
        |s| quoted(show_time(s.capture.retain_age));
    "capture.retain_count": |s, raw, _| put(&mut s.capture.retain_count, unless(raw, "unlimited", Raw::size)),
        |s| s.capture.retain_count.map_or(quoted("unlimited"), |count| count.to_string());
    "replay.confirm": |s, raw, _| put(&mut s.replay.confirm, raw.switch()), |s| s.replay.confirm.to_string();
    "screen.mouse": |s, raw, _| put(&mut s.screen.mouse, raw.switch()), |s| s.screen.mouse.to_string();
}

fn put<T>(place: &mut T, value: Result<T, Misfit>) -> Result<(), Misfit> {
    *place = value?;
    Ok(())
}

/// `None` for one word, what `read` makes of any other.
fn unless<T>(raw: &Raw, none: &str, read: impl Fn(&Raw) -> Result<T, Misfit>) -> Result<Option<T>, Misfit> {
    if raw.text()? == none { Ok(None) } else { read(raw).map(Some) }
}

fn insecure(raw: &Raw) -> Result<Insecure, Misfit> {
    if let Ok(all) = raw.switch() {
        return Ok(if all { Insecure::All } else { Insecure::None });
    }
    let hosts = raw.hosts()?;
    Ok(if hosts.is_empty() { Insecure::None } else { Insecure::Hosts(hosts) })
}

/// A pseudonym is a token (RFC 9110 7.6.3, 5.6.2).
fn pseudonym(raw: &Raw) -> Result<String, Misfit> {
    let text = raw.text()?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || !text.bytes().all(token) {
        return raw.misfit("a name for Via holds letters, digits and !#$%&'*+-.^_`|~ only");
    }
    Ok(text.to_owned())
}

/// RFC 7617 2: no colon in the user, no control characters in either. The text is never repeated.
fn credentials(raw: &Raw) -> Result<Option<String>, Misfit> {
    let text = raw.text()?;
    match text.split_once(':') {
        _ if text.is_empty() => Ok(None),
        _ if text.contains(|c: char| c.is_control()) => raw.misfit("credentials hold no control characters"),
        Some((user, _)) if !user.is_empty() => Ok(Some(text.to_owned())),
        _ => raw.misfit("credentials are written USER:PASS"),
    }
}

fn word<T: PartialEq>(words: &[(&str, T)], value: &T) -> String {
    quoted(words.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word))
}

fn list(items: impl Iterator<Item = impl std::fmt::Display>) -> String {
    format!("[{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
}

pub(super) fn quoted(text: impl std::fmt::Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_unique_and_regular() {
        let names: std::collections::BTreeSet<_> = KEYS.iter().map(Key::variable).collect();
        assert_eq!(names.len(), KEYS.len());
        assert!(names.contains("HOPSCOPE_LIMITS_HEAD_TIMEOUT"));
    }

    #[test]
    fn secrets_are_never_shown() {
        let settings = Settings { auth: Some("user:hunter2".to_owned()), ..Settings::default() };
        let shown = Key::named("auth").unwrap().value(&settings);
        assert_eq!(shown, "\"(hidden)\"");
    }

    #[test]
    fn what_is_shown_reads_back() {
        for key in KEYS {
            let shown = key.value(&Settings::default());
            let text = format!("value = {shown}");
            let table = toml::de::DeTable::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", key.name));
            let raw = Raw::from_toml(&table.get_ref()["value"]);
            let mut settings = Settings::default();
            (key.set)(&mut settings, &raw, Path::new(""))
                .unwrap_or_else(|e| panic!("{}: {}", key.name, e.says));
            assert_eq!(key.value(&settings), shown, "{}", key.name);
        }
    }
}
