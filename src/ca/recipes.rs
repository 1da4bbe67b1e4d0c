//! How programs are told of the authority, each in its own way: what cures a client that does not trust us.

use std::path::Path;

/// Clients by the beginning of a product in their User-Agent, and how each is told of our authority.
const RECIPES: &[(&str, &str)] = &[
    ("curl/", "curl --cacert {}"),
    ("Wget/", "wget --ca-certificate={}"),
    ("python-requests/", "REQUESTS_CA_BUNDLE={}"),
    ("HTTPie/", "REQUESTS_CA_BUNDLE={}"),
    ("Python-urllib/", "SSL_CERT_FILE={}"),
    ("python-httpx/", "SSL_CERT_FILE={}"),
    ("aiohttp/", "SSL_CERT_FILE={}"),
    ("pip/", "PIP_CERT={}"),
    ("git/", "GIT_SSL_CAINFO={}"),
    ("aws-cli/", "AWS_CA_BUNDLE={}"),
    ("Boto3/", "AWS_CA_BUNDLE={}"),
    ("npm/", "npm_config_cafile={}"),
    ("node", "NODE_EXTRA_CA_CERTS={}"),
    ("undici", "NODE_EXTRA_CA_CERTS={}"),
    ("axios/", "NODE_EXTRA_CA_CERTS={}"),
    ("Deno/", "DENO_CERT={}"),
    ("Go-http-client/", "SSL_CERT_FILE={}"),
    ("Ruby", "SSL_CERT_FILE={}"),
    ("cargo", "CARGO_HTTP_CAINFO={}"),
    ("Java", "import {} into a trust store and name it with -Djavax.net.ssl.trustStore=FILE"),
    ("okhttp/", "import {} into the system's or the app's trust store"),
    ("Mozilla/", "import {} into the browser's authorities (Settings, Certificates)"),
];

/// How the client that sent this User-Agent is told of the authority in the file `ca`.
#[must_use]
pub fn recipe(user_agent: &[u8], ca: &Path) -> Option<String> {
    let agent = String::from_utf8_lossy(user_agent);
    let is_of = |product: &str| agent.split([' ', '(']).any(|part| part.starts_with(product));
    let (_, recipe) = RECIPES.iter().find(|(product, _)| is_of(product))?;
    Some(recipe.replace("{}", &ca.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_does_not_trust_us_gets_its_own_recipe() {
        let ca = Path::new("/c/ca.pem");
        for (agent, says) in [
            ("curl/8.5.0", "curl --cacert /c/ca.pem"),
            ("python-requests/2.32.3", "REQUESTS_CA_BUNDLE=/c/ca.pem"),
            ("Python/3.12 aiohttp/3.9", "SSL_CERT_FILE=/c/ca.pem"),
            ("node", "NODE_EXTRA_CA_CERTS=/c/ca.pem"),
            ("git/2.43.0", "GIT_SSL_CAINFO=/c/ca.pem"),
            ("aws-cli/2.15 md/Botocore", "AWS_CA_BUNDLE=/c/ca.pem"),
            (
                "Mozilla/5.0 (X11) Gecko",
                "import /c/ca.pem into the browser's authorities (Settings, Certificates)",
            ),
        ] {
            assert_eq!(recipe(agent.as_bytes(), ca).as_deref(), Some(says));
        }
        assert_eq!(recipe(b"unheard-of/1", ca), None);
    }
}
