//! Who may: authentication, cookies, CORS.

use super::framing::METHODS;
use crate::inspect::field::Spec::{Draft, Paper, Rfc, Vendor, W3c, Whatwg};
use crate::inspect::field::Status::{Browsers, Deprecated, Obsoleted, Provisional, Vendor as Custom};
use crate::inspect::field::{Field, Group, Shape, Takes, Word, word};
use crate::inspect::value::{self, ATTRIBUTES, AUTH_WORDS};

const AUTH: Group = Group::Auth;
const COOKIES: Group = Group::Cookies;
const CORS: Group = Group::Cors;

pub(super) static AUTHENTICATION: &[Field] = &[
    AUTH.request("Authorization", Rfc(9110, "11.6.2"), "The client's credentials for the origin server.")
        .secret()
        .read(value::credentials)
        .words(AUTH_WORDS),
    AUTH.response("WWW-Authenticate", Rfc(9110, "11.6.1"), "How to authenticate to get this resource.")
        .list()
        .read(value::challenges)
        .words(AUTH_WORDS),
    AUTH.response(
        "Authentication-Info",
        Rfc(9110, "11.6.3"),
        "What the server adds once authentication succeeded.",
    )
    .in_trailers()
    .list()
    .read(value::auth_info)
    .words(AUTH_WORDS),
    AUTH.request("Proxy-Authorization", Rfc(9110, "11.7.2"), "The client's credentials for the next proxy.")
        .next_proxy()
        .secret()
        .read(value::credentials)
        .words(AUTH_WORDS),
    AUTH.response(
        "Proxy-Authenticate",
        Rfc(9110, "11.7.1"),
        "How to authenticate to the proxy that sent this.",
    )
    .next_proxy()
    .list()
    .read(value::challenges)
    .words(AUTH_WORDS),
    AUTH.response(
        "Proxy-Authentication-Info",
        Rfc(9110, "11.7.3"),
        "What the proxy adds once authentication succeeded.",
    )
    .next_proxy()
    .in_trailers()
    .list()
    .read(value::auth_info)
    .words(AUTH_WORDS),
    AUTH.response(
        "Optional-WWW-Authenticate",
        Rfc(8053, "3"),
        "How one could authenticate, though it works without.",
    )
    .list()
    .read(value::challenges)
    .words(AUTH_WORDS),
    AUTH.response(
        "Authentication-Control",
        Rfc(8053, "4"),
        "What the client should do with its login: where to go, when to forget it.",
    )
    .list(),
    AUTH.request(
        "DPoP",
        Rfc(9449, "4.1"),
        "A proof that the sender holds the key which its token is bound to.",
    )
    .secret(),
    AUTH.response("DPoP-Nonce", Rfc(9449, "8.1"), "A value that the next proof must hold.").read(value::id),
    AUTH.both("Detached-JWS", Rfc(9635, "7.3.3"), "A signature over the body, by the key of a grant.")
        .secret(),
    AUTH.request("Hobareg", Rfc(7486, "6.1.1"), "Whether the key is registered, and when (HOBA)."),
    AUTH.both("Signature", Rfc(9421, "4.2"), "Signatures over parts of the message.")
        .structured(Shape::Dictionary),
    AUTH.both("Signature-Input", Rfc(9421, "4.1"), "What each signature covers, and how it was made.")
        .structured(Shape::Dictionary)
        .words(&[
            word("created", "when it was signed"),
            word("expires", "until when it is good"),
            word("nonce", "a value used once"),
            word("alg", "the algorithm"),
            word("keyid", "which key"),
            word("tag", "what the signature is for"),
            word("@method", "the method"),
            word("@target-uri", "the whole address"),
            word("@authority", "the host"),
            word("@path", "the path"),
            word("@query", "the query"),
            word("@status", "the status"),
        ]),
    AUTH.request(
        "Client-Cert",
        Rfc(9440, "2.2"),
        "The client's certificate, passed on by the proxy that ended its TLS.",
    )
    .structured(Shape::Item),
    AUTH.request("Client-Cert-Chain", Rfc(9440, "2.3"), "The certificates behind the client's own.")
        .structured(Shape::SfList),
    AUTH.request(
        "Concealed-Auth-Export",
        Rfc(9729, "5"),
        "Keys of the TLS connection, passed on so that concealed credentials can be checked.",
    )
    .secret()
    .structured(Shape::Item),
    AUTH.request("Sec-Token-Binding", Rfc(8473, "2"), "A proof that ties tokens to a key of the client.")
        .secret(),
    AUTH.request(
        "Include-Referred-Token-Binding-ID",
        Rfc(8473, "5.3"),
        "Asks the client to show its key for another site too.",
    )
    .read(value::token),
    AUTH.response("Replay-Nonce", Rfc(8555, "6.5.1"), "The value that the next ACME request must hold.")
        .read(value::id),
    AUTH.response(
        "Cert-Not-Before",
        Rfc(8739, "3.3"),
        "From when the short-lived certificate is good (ACME).",
    )
    .read(value::date),
    AUTH.response(
        "Cert-Not-After",
        Rfc(8739, "3.3"),
        "Until when the short-lived certificate is good (ACME).",
    )
    .read(value::date),
    AUTH.both(
        "CTA-Common-Access-Token",
        Paper("CTA-5007"),
        "A token that allows access to media at several CDNs.",
    )
    .status(Provisional)
    .secret(),
    AUTH.both("OSCORE", Rfc(8613, "11.1"), "Says that the body is protected for CoAP's end-to-end security."),
    AUTH.request("X-API-Key", Vendor("Amazon API Gateway"), "The key of the application.").secret(),
    AUTH.request("Api-Key", Vendor("custom"), "The key of the application.").secret(),
    AUTH.request("ApiKey", Vendor("custom"), "The key of the application.").secret(),
    AUTH.request("X-Auth-Token", Vendor("OpenStack"), "The token of a logged-in user or application.")
        .secret(),
    AUTH.request("X-Access-Token", Vendor("custom"), "The token of a logged-in user or application.")
        .secret(),
    AUTH.request("X-TokenAuth", Vendor("custom"), "A token that says who asks.").secret(),
    AUTH.request("X-Token", Vendor("custom"), "A token that says who asks.").secret(),
    AUTH.response(
        "X-Subject-Token",
        Vendor("OpenStack"),
        "The token that was issued, or that is asked about.",
    )
    .secret(),
    AUTH.both(
        "X-CSRF-Token",
        Vendor("Ruby on Rails"),
        "A value that proves the request comes from a page of the site itself.",
    )
    .secret(),
    AUTH.both(
        "X-XSRF-Token",
        Vendor("Angular"),
        "A value that proves the request comes from a page of the site itself.",
    )
    .secret(),
    AUTH.both(
        "X-CSRFToken",
        Vendor("Django"),
        "A value that proves the request comes from a page of the site itself.",
    )
    .secret(),
    AUTH.request("Private-Token", Vendor("GitLab"), "The personal token of a GitLab user.").secret(),
    AUTH.request("Job-Token", Vendor("GitLab"), "The token of a GitLab job.").secret(),
    AUTH.request("X-Vault-Token", Vendor("HashiCorp Vault"), "The token that opens the vault.").secret(),
    AUTH.request(
        "X-Amz-Security-Token",
        Vendor("Amazon Web Services"),
        "The token that goes with keys lent for a time.",
    )
    .secret(),
    AUTH.request("X-Goog-Api-Key", Vendor("Google"), "The key of the application.").secret(),
    AUTH.request("X-Hub-Signature", Vendor("GitHub"), "A SHA-1 signature over the body of a webhook."),
    AUTH.request("X-Hub-Signature-256", Vendor("GitHub"), "A SHA-256 signature over the body of a webhook."),
    AUTH.request("Stripe-Signature", Vendor("Stripe"), "Time and signatures of a webhook.")
        .list()
        .read(value::with_parameters),
    AUTH.request("X-Slack-Signature", Vendor("Slack"), "A signature over the body of a request from Slack."),
    AUTH.request("Bugsnag-Api-Key", Vendor("Bugsnag"), "Which project an error report belongs to.").secret(),
    AUTH.request("X-Sentry-Auth", Vendor("Sentry"), "The key and the version of the reporting client.")
        .secret(),
];

pub(super) static COOKIE: &[Field] = &[
    COOKIES
        .request("Cookie", Rfc(6265, "4.2"), "The cookies that the user agent keeps for this address.")
        .secret()
        .read(value::cookies),
    COOKIES
        .response("Set-Cookie", Rfc(6265, "4.1"), "A cookie for the user agent to keep and to send back.")
        .lines()
        .secret()
        .read(value::set_cookie)
        .words(ATTRIBUTES),
    COOKIES
        .request("Cookie2", Rfc(2965, "3.3.5"), "Which version of cookies the client knows; nobody uses it.")
        .status(Obsoleted),
    COOKIES
        .response("Set-Cookie2", Rfc(2965, "3.2"), "A second kind of cookies that browsers never took up.")
        .status(Obsoleted)
        .secret(),
    COOKIES
        .response(
            "Clear-Site-Data",
            W3c("Clear Site Data"),
            "Which kinds of stored data the browser should delete for this site.",
        )
        .list()
        .read(value::tokens_in_quotes)
        .words(&[
            word("cache", "stored responses"),
            word("cookies", "cookies and logins"),
            word("storage", "local storage, databases, service workers"),
            word("executionContexts", "open pages are loaded anew"),
            word("clientHints", "which hints are to be sent"),
            word("prefetchCache", "what was fetched early"),
            word("prerenderCache", "what was rendered early"),
            word("*", "everything"),
        ]),
    COOKIES
        .response(
            "Activate-Storage-Access",
            W3c("Storage Access Headers"),
            "Gives an embedded page its cookies back, by load or retry.",
        )
        .status(Provisional)
        .structured(Shape::Item)
        .words(&[
            word("load", "load the page with its cookies"),
            word("retry", "ask again with the cookies"),
        ]),
    COOKIES
        .request(
            "Sec-Fetch-Storage-Access",
            W3c("Storage Access Headers"),
            "Whether this embedded request may use cookies.",
        )
        .status(Provisional)
        .structured(Shape::Item)
        .words(&[
            word("none", "no cookies"),
            word("inactive", "allowed, but not in use"),
            word("active", "cookies are in use"),
        ]),
    COOKIES
        .response(
            "Set-Login",
            W3c("Login Status API"),
            "Tells the browser whether the user is logged in at this site.",
        )
        .status(Browsers)
        .structured(Shape::Item)
        .words(&[word("logged-in", "the user is logged in"), word("logged-out", "the user is logged out")]),
    COOKIES
        .response(
            "Secure-Session-Registration",
            W3c("Device Bound Session Credentials"),
            "Asks the browser for a key to bind the session to this device.",
        )
        .status(Browsers)
        .structured(Shape::SfList),
    COOKIES
        .both(
            "Secure-Session-Challenge",
            W3c("Device Bound Session Credentials"),
            "A value for the device's key to sign.",
        )
        .status(Browsers)
        .structured(Shape::SfList),
    COOKIES
        .request(
            "Secure-Session-Response",
            W3c("Device Bound Session Credentials"),
            "The challenge, signed by the device's key.",
        )
        .status(Browsers)
        .secret(),
    COOKIES
        .request(
            "Secure-Session-Skipped",
            W3c("Device Bound Session Credentials"),
            "Why a session was not refreshed.",
        )
        .status(Browsers)
        .structured(Shape::SfList),
    COOKIES
        .request(
            "Sec-Secure-Session-Id",
            W3c("Device Bound Session Credentials"),
            "Which bound session is to be refreshed.",
        )
        .status(Browsers)
        .structured(Shape::Item),
];

pub(super) static CROSS_ORIGIN: &[Field] = &[
    CORS.request("Origin", Rfc(6454, "7"), "The scheme, host and port of the page that asks.")
        .read(value::origin),
    CORS.response(
        "Access-Control-Allow-Origin",
        Whatwg("Fetch"),
        "Which origin's pages may read this response.",
    )
    .read(value::origin),
    CORS.response(
        "Access-Control-Allow-Credentials",
        Whatwg("Fetch"),
        "Whether pages may read it that asked with cookies or a login.",
    )
    .read(value::text)
    .words(&[word("true", "credentials are allowed")]),
    CORS.response(
        "Access-Control-Allow-Methods",
        Whatwg("Fetch"),
        "Methods that a page of another origin may use.",
    )
    .list()
    .read(value::tokens)
    .words(METHODS),
    CORS.response(
        "Access-Control-Allow-Headers",
        Whatwg("Fetch"),
        "Request fields that a page of another origin may set.",
    )
    .list()
    .read(value::names),
    CORS.response(
        "Access-Control-Expose-Headers",
        Whatwg("Fetch"),
        "Response fields that a page of another origin may read.",
    )
    .list()
    .read(value::names),
    CORS.response(
        "Access-Control-Max-Age",
        Whatwg("Fetch"),
        "How long the answer to a preflight may be remembered.",
    )
    .read(value::seconds),
    CORS.request(
        "Access-Control-Request-Method",
        Whatwg("Fetch"),
        "The method that the request after this preflight will have.",
    )
    .read(value::token)
    .words(METHODS),
    CORS.request(
        "Access-Control-Request-Headers",
        Whatwg("Fetch"),
        "The fields that the request after this preflight will carry.",
    )
    .list()
    .read(value::names),
    CORS.request(
        "Access-Control-Request-Private-Network",
        W3c("Private Network Access"),
        "Asks whether a public page may reach this private network.",
    )
    .status(Custom)
    .words(&[word("true", "permission is asked for")]),
    CORS.response(
        "Access-Control-Allow-Private-Network",
        W3c("Private Network Access"),
        "Whether a public page may reach this private network.",
    )
    .status(Custom)
    .words(&[word("true", "permission is given")]),
    CORS.response(
        "Timing-Allow-Origin",
        W3c("Resource Timing"),
        "Which origins may see the exact timing of this response.",
    )
    .status(Provisional)
    .list()
    .read(value::origins),
    CORS.response("Cross-Origin-Resource-Policy", Whatwg("Fetch"), "Which pages may embed this resource.")
        .read(value::token)
        .words(&[
            word("same-origin", "pages of this very origin only"),
            word("same-site", "pages of this site"),
            word("cross-origin", "all pages"),
        ]),
    CORS.request(
        "Access-Control",
        W3c("Access Control for Cross-site Requests"),
        "CORS as it was before CORS.",
    )
    .status(Obsoleted),
    CORS.request(
        "Method-Check",
        W3c("Access Control for Cross-site Requests"),
        "A preflight's method, before CORS.",
    )
    .status(Obsoleted),
    CORS.response(
        "Method-Check-Expires",
        W3c("Access Control for Cross-site Requests"),
        "How long a preflight's answer held, before CORS.",
    )
    .status(Obsoleted),
    CORS.request(
        "Referer-Root",
        W3c("Access Control for Cross-site Requests"),
        "The asking page's origin, before CORS.",
    )
    .status(Obsoleted)
    .read(value::uri),
];

pub(super) static SECURITY: &[Field] = &[
    SEC.response(
        "Strict-Transport-Security",
        Rfc(6797, "6.1"),
        "From now on the browser asks this host over TLS only.",
    )
    .read(value::settings)
    .words(&[
        word("max-age", "remembered for so long").takes(Takes::Seconds).at(Rfc(6797, "6.1.1")),
        word("includeSubDomains", "for all hosts below this one too")
            .takes(Takes::Nothing)
            .at(Rfc(6797, "6.1.2")),
        word("preload", "the site agrees to be on the list that browsers ship")
            .takes(Takes::Nothing)
            .at(Vendor("hstspreload.org")),
    ]),
    SEC.response(
        "Content-Security-Policy",
        W3c("Content Security Policy 3"),
        "What the page may load, run and send, and who may frame it.",
    )
    .list()
    .read(value::csp)
    .words(value::CSP),
    SEC.response(
        "Content-Security-Policy-Report-Only",
        W3c("Content Security Policy 3"),
        "A policy that is only tried: violations are reported, nothing is stopped.",
    )
    .list()
    .read(value::csp)
    .words(value::CSP),
    SEC.response(
        "X-Content-Security-Policy",
        Vendor("Mozilla"),
        "Content-Security-Policy as old browsers knew it.",
    )
    .read(value::csp)
    .words(value::CSP),
    SEC.response("X-WebKit-CSP", Vendor("WebKit"), "Content-Security-Policy as old browsers knew it.")
        .read(value::csp)
        .words(value::CSP),
    SEC.response(
        "X-Content-Type-Options",
        Whatwg("Fetch"),
        "nosniff: believe Content-Type, do not guess from the bytes.",
    )
    .read(value::token)
    .words(&[word("nosniff", "the declared type holds, whatever the bytes look like")]),
    SEC.response("X-Frame-Options", Whatwg("HTML"), "Who may show this page in a frame.")
        .read(value::words)
        .words(&[
            word("DENY", "nobody"),
            word("SAMEORIGIN", "pages of this origin only"),
            word("ALLOW-FROM", "an origin; browsers gave it up, so nobody is kept out"),
            word("ALLOWALL", "not a value that browsers know: nobody is kept out"),
        ]),
    SEC.response(
        "X-XSS-Protection",
        Vendor("Microsoft"),
        "A filter against script injection that browsers gave up.",
    )
    .status(Browsers)
    .read(value::settings)
    .words(&[
        word("0", "the filter is off"),
        word("1", "the filter is on"),
        word("mode", "block: the page is not shown at all"),
        word("report", "where it is reported"),
    ]),
    SEC.response(
        "Referrer-Policy",
        W3c("Referrer Policy"),
        "How much of this page's address goes along when it asks for others.",
    )
    .list()
    .read(value::tokens)
    .words(&[
        word("no-referrer", "nothing"),
        word("no-referrer-when-downgrade", "the whole address, but nothing from TLS to plain"),
        word("same-origin", "the whole address, within this origin only"),
        word("origin", "the origin only"),
        word("strict-origin", "the origin only, and nothing from TLS to plain"),
        word("origin-when-cross-origin", "the whole address within this origin, else the origin"),
        word(
            "strict-origin-when-cross-origin",
            "the whole address within this origin, else the origin, nothing from TLS to plain",
        ),
        word("unsafe-url", "the whole address, to everybody"),
    ]),
    SEC.response(
        "Permissions-Policy",
        W3c("Permissions Policy"),
        "Which abilities of the browser this page and its frames may use.",
    )
    .status(Provisional)
    .structured(Shape::Dictionary),
    SEC.response(
        "Permissions-Policy-Report-Only",
        W3c("Permissions Policy"),
        "A permissions policy that is only tried.",
    )
    .status(Browsers)
    .structured(Shape::Dictionary),
    SEC.response("Feature-Policy", W3c("Feature Policy"), "Permissions-Policy before it got that name.")
        .status(Browsers)
        .list()
        .read(value::feature_policy),
    SEC.response("Document-Policy", W3c("Document Policy"), "Limits that the page sets for itself.")
        .status(Custom)
        .structured(Shape::Dictionary),
    SEC.response(
        "Cross-Origin-Opener-Policy",
        Whatwg("HTML"),
        "Whether this page shares a window group with pages of other origins.",
    )
    .structured(Shape::Item)
    .words(OPENER),
    SEC.response(
        "Cross-Origin-Opener-Policy-Report-Only",
        Whatwg("HTML"),
        "An opener policy that is only tried.",
    )
    .structured(Shape::Item)
    .words(OPENER),
    SEC.response(
        "Cross-Origin-Embedder-Policy",
        Whatwg("HTML"),
        "Whether everything embedded must agree to be embedded.",
    )
    .structured(Shape::Item)
    .words(EMBEDDER),
    SEC.response(
        "Cross-Origin-Embedder-Policy-Report-Only",
        Whatwg("HTML"),
        "An embedder policy that is only tried.",
    )
    .structured(Shape::Item)
    .words(EMBEDDER),
    SEC.response(
        "Document-Isolation-Policy",
        W3c("Document Isolation Policy"),
        "Isolates this page without asking its windows and frames.",
    )
    .status(Browsers)
    .structured(Shape::Item)
    .words(&[
        word("isolate-and-require-corp", "everything embedded must agree"),
        word("isolate-and-credentialless", "other origins are asked without cookies"),
        word("none", "not isolated"),
    ]),
    SEC.response(
        "Origin-Agent-Cluster",
        Whatwg("HTML"),
        "Whether this origin's pages are kept apart from others of the same site.",
    )
    .structured(Shape::Item),
    SEC.response(
        "Integrity-Policy",
        W3c("Subresource Integrity"),
        "Which kinds of content must carry a digest.",
    )
    .status(Browsers)
    .structured(Shape::Dictionary)
    .words(INTEGRITY),
    SEC.response(
        "Integrity-Policy-Report-Only",
        W3c("Subresource Integrity"),
        "An integrity policy that is only tried.",
    )
    .status(Browsers)
    .structured(Shape::Dictionary)
    .words(INTEGRITY),
    SEC.response(
        "Connection-Allowlist",
        W3c("Connection Allowlists"),
        "The only addresses that this page may connect to.",
    )
    .status(Browsers)
    .structured(Shape::SfList),
    SEC.response(
        "Connection-Allowlist-Report-Only",
        W3c("Connection Allowlists"),
        "A list of allowed connections that is only tried.",
    )
    .status(Browsers)
    .structured(Shape::SfList),
    SEC.response(
        "Expect-CT",
        Rfc(9163, "2.1"),
        "Asked browsers to insist on certificate transparency, which they now do anyway.",
    )
    .status(Deprecated)
    .list()
    .read(value::directives)
    .words(&[
        word("max-age", "remembered for so long").takes(Takes::Seconds),
        word("enforce", "refuse connections without it"),
        word("report-uri", "where failures are reported"),
    ]),
    SEC.response(
        "Public-Key-Pins",
        Rfc(7469, "2.1"),
        "The only keys that this host's certificates may have; browsers gave it up.",
    )
    .read(value::settings)
    .words(PINS),
    SEC.response(
        "Public-Key-Pins-Report-Only",
        Rfc(7469, "2.1"),
        "Pinned keys that are only tried; browsers gave it up.",
    )
    .read(value::settings)
    .words(PINS),
    SEC.request(
        "Upgrade-Insecure-Requests",
        W3c("Upgrade Insecure Requests"),
        "The browser would rather have the page over TLS.",
    )
    .status(Browsers)
    .read(value::yes),
    SEC.response(
        "X-Download-Options",
        Vendor("Microsoft"),
        "noopen: Internet Explorer must not open the download by itself.",
    )
    .read(value::token),
    SEC.response(
        "X-Permitted-Cross-Domain-Policies",
        Vendor("Adobe"),
        "Which policy files Flash and Acrobat may follow.",
    )
    .read(value::token),
    SEC.response("X-Robots-Tag", Vendor("Google"), "What search engines may do with this resource.")
        .list()
        .read(value::tokens_loose)
        .words(&[
            word("noindex", "not to be listed"),
            word("nofollow", "its links are not to be followed"),
            word("none", "neither listed nor followed"),
            word("noarchive", "no stored copy to be shown"),
            word("nosnippet", "no excerpt to be shown"),
            word("all", "no restriction"),
        ]),
    SEC.request(
        "Sec-GPC",
        W3c("Global Privacy Control"),
        "The user does not want personal data sold or shared.",
    )
    .status(Provisional)
    .read(value::yes),
    SEC.request(
        "DNT",
        W3c("Tracking Preference Expression"),
        "The user does not want to be tracked; given up, because few listened.",
    )
    .status(Browsers)
    .read(value::yes),
    SEC.response(
        "P3P",
        W3c("P3P 1.0"),
        "What the site does with personal data, in codes for Internet Explorer.",
    )
    .status(Obsoleted),
];

const SEC: Group = Group::Security;

const OPENER: &[Word] = &[
    word("unsafe-none", "shared with everybody"),
    word("same-origin", "shared within this origin only"),
    word("same-origin-allow-popups", "windows that this page opens stay joined"),
    word("noopener-allow-popups", "never joined with whoever opened it"),
    word("report-to", "the endpoint for reports"),
];
const EMBEDDER: &[Word] = &[
    word("unsafe-none", "anything may be embedded"),
    word("require-corp", "what is embedded must allow it"),
    word("credentialless", "other origins are asked without cookies"),
    word("report-to", "the endpoint for reports"),
];
const INTEGRITY: &[Word] = &[
    word("blocked-destinations", "the kinds of content that must carry a digest"),
    word("sources", "where the digest may stand"),
    word("endpoints", "where violations are reported"),
];
const PINS: &[Word] = &[
    word("pin-sha256", "the digest of a key"),
    word("max-age", "remembered for so long").takes(Takes::Seconds),
    word("includeSubDomains", "for all hosts below this one too"),
    word("report-uri", "where failures are reported"),
];

pub(super) static DRAFTS: &[Field] = &[
    AUTH.both(
        "Sec-Private-State-Token",
        W3c("Private State Token API"),
        "Tokens that show trust without showing who one is.",
    )
    .status(Browsers)
    .secret(),
    AUTH.request(
        "Sec-Private-State-Token-Crypto-Version",
        W3c("Private State Token API"),
        "Which cryptography these tokens use.",
    )
    .status(Browsers)
    .read(value::word_or_string),
    AUTH.response(
        "Sec-Private-State-Token-Lifetime",
        W3c("Private State Token API"),
        "How long the record of a token holds.",
    )
    .status(Browsers)
    .read(value::seconds),
    AUTH.request(
        "Sec-Redemption-Record",
        W3c("Private State Token API"),
        "Records of tokens that were redeemed.",
    )
    .status(Browsers)
    .secret(),
    AUTH.response(
        "RateLimit",
        Draft("draft-ietf-httpapi-ratelimit-headers"),
        "How much of each quota is left, and for how long it must last.",
    )
    .status(Custom)
    .structured(Shape::SfList)
    .words(&[
        word("r", "how many requests are left"),
        word("t", "after so many seconds there is more"),
        word("pk", "what the quota counts by"),
    ]),
    AUTH.response(
        "RateLimit-Policy",
        Draft("draft-ietf-httpapi-ratelimit-headers"),
        "The quotas that hold here.",
    )
    .status(Custom)
    .structured(Shape::SfList)
    .words(&[
        word("q", "how many requests are allowed"),
        word("w", "in so many seconds"),
        word("qu", "what is counted"),
        word("pk", "what the quota counts by"),
    ]),
    AUTH.response(
        "RateLimit-Limit",
        Draft("draft-ietf-httpapi-ratelimit-headers-03"),
        "How many requests are allowed in the window.",
    )
    .status(Custom),
    AUTH.response(
        "RateLimit-Remaining",
        Draft("draft-ietf-httpapi-ratelimit-headers-03"),
        "How many requests are left in the window.",
    )
    .status(Custom)
    .read(value::number),
    AUTH.response(
        "RateLimit-Reset",
        Draft("draft-ietf-httpapi-ratelimit-headers-03"),
        "In how many seconds the window begins anew.",
    )
    .status(Custom)
    .read(value::seconds),
];
