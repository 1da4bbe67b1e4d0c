//! The variables that send a program through the proxy and let it trust our authority.

use crate::config::{Except, Parent, Parents};
use std::net::SocketAddr;
use std::path::Path;

/// Name the proxy: upper and lower case, because clients differ in which they read.
pub(super) const PROXY: &[&str] =
    &["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Name hosts that are not to be proxied: emptied.
pub(super) const NO_PROXY: &[&str] = &["NO_PROXY", "no_proxy"];

/// Name a PEM file of roots, each for its own client or language.
pub(super) const ROOTS: &[&str] = &[
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
    "CARGO_HTTP_CAINFO",
    "DENO_CERT",
    "NIX_SSL_CERT_FILE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "BUNDLE_SSL_CA_CERT",
    "PERL_LWP_SSL_CA_FILE",
    "HTTPLIB2_CA_CERTS",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "npm_config_cafile",
];

/// Node reads the proxy variables only when told so (22.21 or newer).
const NODE: &str = "NODE_USE_ENV_PROXY";

/// Java reads options from here, and the proxy from options.
const JAVA: &str = "JAVA_TOOL_OPTIONS";
const JAVA_MARK: &str = "-Dhttp.proxyHost=";

/// Reads a variable of the environment that is to be added to.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Every variable with its value. `NODE_OPTIONS` is left as it is: no option that every
/// version of Node accepts would add anything.
pub(super) fn set(proxy: SocketAddr, bundle: &str, lookup: Lookup<'_>) -> Vec<(&'static str, String)> {
    let url = format!("http://{proxy}");
    let mut all: Vec<_> = PROXY.iter().map(|name| (*name, url.clone())).collect();
    all.extend(NO_PROXY.iter().map(|name| (*name, String::new())));
    all.extend(ROOTS.iter().map(|name| (*name, bundle.to_owned())));
    all.push((NODE, "1".to_owned()));
    all.push((JAVA, java(proxy, lookup)));
    all
}

/// Every variable with what it is to be after our part is taken away; `None` unsets it.
pub(super) fn unset(lookup: Lookup<'_>) -> Vec<(&'static str, Option<String>)> {
    let mut all: Vec<_> =
        [PROXY, NO_PROXY, ROOTS, &[NODE]].concat().into_iter().map(|name| (name, None)).collect();
    let java = lookup(JAVA).map(|options| without_ours(&options)).filter(|options| !options.is_empty());
    all.push((JAVA, java));
    all
}

/// PEM files already named, each once, without our own bundles.
pub(super) fn named_roots(lookup: Lookup<'_>, runtime: &Path) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for path in ROOTS.iter().filter_map(|name| lookup(name)) {
        if !path.is_empty() && !Path::new(&path).starts_with(runtime) && !files.contains(&path) {
            files.push(path);
        }
    }
    files
}

/// The proxies already named, each once: variable and value.
pub(super) fn named_proxies(lookup: Lookup<'_>) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for name in PROXY {
        if let Some(value) = lookup(name).filter(|value| !value.is_empty())
            && !found.iter().any(|(_, known)| *known == value)
        {
            found.push((name, value));
        }
    }
    found
}

/// What becomes of a proxy that was already set: our parent with its `NO_PROXY`, unless one was `given`;
/// and that in one line. `None` when there is none.
pub(super) fn inherited(
    lookup: Lookup<'_>,
    ours: &[SocketAddr],
    given: bool,
) -> Option<(Option<Parents>, String)> {
    let found = named_proxies(lookup);
    let (name, value) = found.iter().find(|(_, value)| !is_ours(value, ours)).or(found.first())?;
    let shown = without_credentials(value);
    if is_ours(value, ours) {
        return Some((None, format!("{name}={shown} is hopscope itself: ignored")));
    }
    if given {
        return Some((None, format!("{name}={shown} is replaced for the command, as --upstream says")));
    }
    Some(match Parent::parse(value) {
        Ok(parent) => {
            let except = NO_PROXY.iter().find_map(|name| lookup(name)).unwrap_or_default();
            let except = except.split(',').filter_map(|host| Except::parse(host.trim())).collect();
            let parents = Parents { proxy: Some(parent), hosts: Vec::new(), except };
            let says =
                format!("{name}={shown} is now hopscope's parent proxy (--upstream direct goes without)");
            (Some(parents), says)
        }
        Err(why) => (None, format!("{name} is replaced for the command and not used as a parent: {why}")),
    })
}

fn is_ours(url: &str, ours: &[SocketAddr]) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let host = url.host_str().map(|host| host.trim_matches(['[', ']']).replace("localhost", "127.0.0.1"));
    let port = url.port_or_known_default();
    ours.iter().any(|address| host == Some(address.ip().to_string()) && port == Some(address.port()))
}

fn without_credentials(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            // A URL that cannot hold a user has none to take away.
            let _ = parsed.set_username("").and_then(|()| parsed.set_password(None));
            parsed.to_string()
        }
        Ok(_) => url.to_owned(),
        Err(_) => url.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

fn java(proxy: SocketAddr, lookup: Lookup<'_>) -> String {
    let (host, port) = (proxy.ip(), proxy.port());
    let before = lookup(JAVA).map(|options| without_ours(&options)).unwrap_or_default();
    let space = if before.is_empty() { "" } else { " " };
    format!(
        "{before}{space}{JAVA_MARK}{host} -Dhttp.proxyPort={port} -Dhttps.proxyHost={host} -Dhttps.proxyPort={port} \
         -Dhttp.nonProxyHosts="
    )
}

/// Our options stand at the end, so that what stood before is what precedes them.
fn without_ours(options: &str) -> String {
    options.split(JAVA_MARK).next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SocketAddr {
        "127.0.0.1:8080".parse().unwrap()
    }

    #[test]
    fn java_options_are_added_to_once_and_taken_away_again() {
        let first = |name: &str| (name == JAVA).then(|| "-Xmx1g".to_owned());
        let once = java(address(), &first);
        assert!(once.starts_with("-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8080 "));
        let again = |name: &str| (name == JAVA).then(|| once.clone());
        assert_eq!(java(address(), &again), once);
        assert!(unset(&again).contains(&(JAVA, Some("-Xmx1g".to_owned()))));
        assert!(unset(&|_| None).contains(&(JAVA, None)));
    }

    #[test]
    fn whatever_is_set_is_unset() {
        let set: Vec<_> = set(address(), "/b.pem", &|_| None).into_iter().map(|(name, _)| name).collect();
        let unset: Vec<_> = unset(&|_| None).into_iter().map(|(name, _)| name).collect();
        assert_eq!(set, unset);
    }

    #[test]
    fn roots_already_named_are_kept_but_our_own_are_not() {
        let lookup = |name: &str| match name {
            "SSL_CERT_FILE" | "CURL_CA_BUNDLE" => Some("/corp.pem".to_owned()),
            "PIP_CERT" => Some("/run/hopscope/7.pem".to_owned()),
            _ => None,
        };
        assert_eq!(named_roots(&lookup, Path::new("/run/hopscope")), ["/corp.pem"]);
    }

    #[test]
    fn a_proxy_already_set_is_named_without_its_password() {
        let lookup = |name: &str| (name == "HTTPS_PROXY").then(|| "http://u:pw@proxy.corp:3128".to_owned());
        let (parents, said) = inherited(&lookup, &[], false).unwrap();
        assert_eq!(parents.unwrap().proxy.unwrap().to_string(), "http://***@proxy.corp:3128");
        assert!(said.starts_with("HTTPS_PROXY=http://proxy.corp:3128/ is now hopscope's parent"), "{said}");
        let (parents, said) = inherited(&lookup, &[], true).unwrap();
        assert!(
            parents.is_none() && said.ends_with("is replaced for the command, as --upstream says"),
            "{said}"
        );
        let ours = |name: &str| (name == "http_proxy").then(|| "http://localhost:8080".to_owned());
        let (parents, said) = inherited(&ours, &[address()], false).unwrap();
        assert_eq!(said, "http_proxy=http://localhost:8080 is hopscope itself: ignored");
        assert!(parents.is_none() && inherited(&|_| None, &[], false).is_none());
    }

    #[test]
    fn a_parent_brings_its_exceptions_and_one_that_is_none_is_said() {
        let lookup = |name: &str| match name {
            "ALL_PROXY" => Some("socks5h://127.0.0.1:1080".to_owned()),
            "no_proxy" => Some("localhost, .corp.test".to_owned()),
            _ => None,
        };
        let parents = inherited(&lookup, &[], false).unwrap().0.unwrap();
        assert_eq!(
            parents.except.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["localhost", "corp.test"]
        );
        let bad = |name: &str| (name == "ALL_PROXY").then(|| "socks4://u:pw@h".to_owned());
        let (parents, said) = inherited(&bad, &[], false).unwrap();
        assert!(parents.is_none() && said.contains("socks5://") && !said.contains("pw"), "{said}");
    }
}
