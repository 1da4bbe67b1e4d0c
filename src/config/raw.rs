//! A value as it was written, before a key gives it a meaning: from TOML, a variable or a flag.
//!
//! Every text knows its place, so that a complaint can point at one member of a list.

use super::networks::Place;
use super::units::{parse_size, parse_time};
use super::{ClientCertificate, Except, HostAddress, HostRoots, Parent};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeValue;

/// A written value with its place in the text it came from.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) span: Range<usize>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Text(String),
    Switch(bool),
    List(Vec<Raw>),
    /// Variables and flags have no types: the key decides how to read them.
    Untyped(String),
    Other(&'static str),
}

/// Why a value does not fit its key.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) says: String,
    pub(crate) span: Range<usize>,
}

/// Where `lan` and `docker` listen unless they say otherwise.
const PORT: &str = "8080";

type Fit<T> = Result<T, Misfit>;

impl Raw {
    pub(crate) fn from_toml(value: &toml::Spanned<DeValue<'_>>) -> Self {
        let form = match value.get_ref() {
            DeValue::String(text) => Form::Text(text.to_string()),
            // Numbers are kept as text: `size` and `count` read them.
            DeValue::Integer(number) if number.radix() == 10 => Form::Text(number.as_str().to_owned()),
            DeValue::Boolean(on) => Form::Switch(*on),
            DeValue::Array(items) => Form::List(items.iter().map(Self::from_toml).collect()),
            other => Form::Other(other.type_str()),
        };
        Self { span: value.span(), form }
    }

    pub(crate) fn untyped(text: &str) -> Self {
        Self { span: 0..text.len(), form: Form::Untyped(text.to_owned()) }
    }

    /// Several values of a repeated flag, joined by commas for messages.
    pub(crate) fn repeated(values: &[String]) -> Self {
        Self::untyped(&values.join(","))
    }

    pub(crate) fn misfit<T>(&self, says: impl Into<String>) -> Fit<T> {
        Err(Misfit { says: says.into(), span: self.span.clone() })
    }

    pub(crate) fn text(&self) -> Fit<&str> {
        match &self.form {
            Form::Text(text) | Form::Untyped(text) => Ok(text),
            Form::Switch(_) => self.misfit("a text in quotes is expected here, not true or false"),
            Form::List(_) => self.misfit("one value is expected here, not a list"),
            Form::Other(kind) => self.misfit(format!("a text in quotes is expected here, not a {kind}")),
        }
    }

    pub(crate) fn switch(&self) -> Fit<bool> {
        match &self.form {
            Form::Switch(on) => Ok(*on),
            Form::Text(text) | Form::Untyped(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Ok(true),
                "false" | "off" | "no" | "0" => Ok(false),
                _ => self.misfit("true or false is expected here"),
            },
            Form::List(_) | Form::Other(_) => self.misfit("true or false is expected here"),
        }
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Fit<T> {
        let text = self.text()?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(*value);
        }
        let known: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        self.misfit(format!("{text:?} is not one of {}", known.join(", ")))
    }

    pub(crate) fn size(&self) -> Fit<u64> {
        let text = self.text()?;
        parse_size(text).map_or_else(
            || self.misfit(format!("{text:?} is not a size: write 65536, \"64KiB\" or \"16MB\"")),
            Ok,
        )
    }

    pub(crate) fn size_within(&self, range: std::ops::RangeInclusive<u64>) -> Fit<usize> {
        let size = self.size()?;
        match usize::try_from(size) {
            Ok(fits) if range.contains(&size) => Ok(fits),
            _ => self.misfit(format!("must lie between {} and {}", range.start(), range.end())),
        }
    }

    pub(crate) fn time(&self) -> Fit<Duration> {
        let text = self.text()?;
        parse_time(text).map_or_else(
            || {
                self.misfit(format!(
                    "{text:?} is not a time: write \"300ms\", \"5s\", \"2m\", \"1h\" or \"30d\""
                ))
            },
            Ok,
        )
    }

    pub(crate) fn time_above_zero(&self) -> Fit<Duration> {
        let time = self.time()?;
        if time.is_zero() { self.misfit("must be more than zero") } else { Ok(time) }
    }

    /// An address to listen on, or what `lan`, `docker`, `lan:PORT` and `docker:PORT` mean on this machine.
    pub(crate) fn addresses(&self) -> Fit<Vec<SocketAddr>> {
        let text = self.text()?;
        if let Ok(address) = text.parse() {
            return Ok(vec![address]);
        }
        let (word, port) = text.split_once(':').unwrap_or((text, PORT));
        match (Place::from_word(word), port.parse()) {
            (Some(place), Ok(port)) => self.of_this_machine(place, port),
            _ => self.misfit(format!(
                "{text:?} is not ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:0, nor lan or docker"
            )),
        }
    }

    fn of_this_machine(&self, place: Place, port: u16) -> Fit<Vec<SocketAddr>> {
        let all = place.addresses();
        if all.is_empty() {
            return self.misfit(match place {
                Place::Lan => "this machine has no address in a private network: write its address itself",
                Place::Docker => "this machine has no bridge of Docker (docker0): is Docker running?",
            });
        }
        Ok(all.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    /// A name and the address it stands for, as `shop.test=127.0.0.1`.
    pub(crate) fn host_address(&self) -> Fit<HostAddress> {
        let text = self.text()?;
        let pair = text.split_once('=').and_then(|(name, address)| Some((name, address.parse().ok()?)));
        match pair {
            Some((name, address)) if is_host(name) => Ok(HostAddress { name: name.to_lowercase(), address }),
            _ => self.misfit(format!("{text:?} is not NAME=ADDRESS, as shop.test=127.0.0.1")),
        }
    }

    /// A parent proxy; `None` for the words that say that there is none.
    pub(crate) fn parent(&self) -> Fit<Option<Parent>> {
        match self.text()? {
            "" | "direct" => Ok(None),
            text => Parent::parse(text).map(Some).or_else(|says| self.misfit(says)),
        }
    }

    /// A host pattern and its parent proxy, as `*.corp.test=http://proxy:3128`.
    pub(crate) fn host_parent(&self) -> Fit<(String, Option<Parent>)> {
        match self.text()?.split_once('=') {
            Some((host, parent)) if is_host(host) => {
                let parent = Self { span: self.span.clone(), form: Form::Text(parent.to_owned()) };
                Ok((host.to_lowercase(), parent.parent()?))
            }
            _ => self.misfit("HOST=URL is expected here, as *.corp.test=http://proxy:3128 or db.test=direct"),
        }
    }

    /// A host that a parent proxy is not for.
    pub(crate) fn except(&self) -> Fit<Except> {
        let text = self.text()?;
        Except::parse(text)
            .map_or_else(|| self.misfit(format!("{text:?} is not a host, .domain, host:port or network")), Ok)
    }

    /// Hosts and a file for them, as `*.shop.test=roots.pem`.
    pub(crate) fn host_roots(&self, base: &Path) -> Fit<HostRoots> {
        let (host, file) = self.host_file("HOST=FILE, as *.shop.test=roots.pem")?;
        Ok(HostRoots { host, roots: base.join(file) })
    }

    /// Hosts and a certificate for them, as `*.shop.test=client.pem` or `*.shop.test=client.crt;client.key`.
    pub(crate) fn client_certificate(&self, base: &Path) -> Fit<ClientCertificate> {
        let form = "HOST=FILE or HOST=CERTIFICATE;KEY, as *.shop.test=client.pem";
        let (host, files) = self.host_file(form)?;
        let (certificate, key) = match files.split_once(';') {
            None => (files, None),
            Some((certificate, key)) if !certificate.is_empty() && !key.is_empty() => {
                (certificate, Some(key))
            }
            Some(_) => return self.misfit(format!("{files:?} is not {form}")),
        };
        Ok(ClientCertificate {
            host,
            certificate: base.join(certificate),
            key: key.map(|key| base.join(key)),
        })
    }

    fn host_file(&self, form: &str) -> Fit<(String, &str)> {
        let text = self.text()?;
        match text.split_once('=') {
            Some((host, file)) if is_host(host) && !file.is_empty() => Ok((host.to_lowercase(), file)),
            _ => self.misfit(format!("{text:?} is not {form}")),
        }
    }

    /// A network as `192.168.1.0/24`; an address alone is a network of one.
    pub(crate) fn network(&self) -> Fit<IpNet> {
        let text = self.text()?;
        let lone = || text.parse::<IpAddr>().ok().map(IpNet::from);
        match text.parse().ok().or_else(lone) {
            Some(network) => Ok(network),
            None => self.misfit(format!("{text:?} is not a network, as 192.168.1.0/24 or fd00::/8")),
        }
    }

    pub(crate) fn path(&self, base: &Path) -> Fit<PathBuf> {
        match self.text()? {
            "" => self.misfit("a path is expected here"),
            text => Ok(base.join(text)),
        }
    }

    /// The members of a list; a lone text is a list of one, an untyped one is split at commas.
    pub(crate) fn members(&self) -> Fit<Vec<Self>> {
        match &self.form {
            Form::List(items) => Ok(items.clone()),
            Form::Text(_) => Ok(vec![self.clone()]),
            Form::Untyped(text) => Ok(split_at_commas(text)),
            Form::Switch(_) | Form::Other(_) => self.misfit("a list is expected here: [\"…\", \"…\"]"),
        }
    }

    /// The members of a list of host patterns.
    pub(crate) fn hosts(&self) -> Fit<Vec<String>> {
        self.members()?.iter().map(Self::host).collect()
    }

    fn host(&self) -> Fit<String> {
        let text = self.text()?;
        if !is_host(text) {
            return self.misfit(format!("{text:?} is not a host or a pattern such as *.example.org"));
        }
        Ok(text.to_lowercase())
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '@'))
}

fn split_at_commas(text: &str) -> Vec<Raw> {
    let mut from = 0;
    let mut members = Vec::new();
    for part in text.split(',') {
        let lead = part.len() - part.trim_start().len();
        let trimmed = part.trim();
        if !trimmed.is_empty() {
            let start = from + lead;
            members.push(Raw { span: start..start + trimmed.len(), form: Form::Untyped(trimmed.to_owned()) });
        }
        from += part.len() + 1;
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_know_their_places() {
        let members = Raw::untyped("a, bc,,d").members().unwrap();
        let spans: Vec<_> = members.iter().map(|m| m.span.clone()).collect();
        assert_eq!(spans, [0..1, 3..5, 7..8]);
    }
}
