//! The fields of the language: one table that the parser, the completion, the help, the sentence and the
//! tests read. A new field is a line here and an arm in `texts.rs` or `row.rs`.

use super::kinds::{Choice, Kind, Level};

/// Which field a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described by its line of the table")]
pub enum Name {
    Any,
    Id,
    Status,
    Method,
    Host,
    Domain,
    Port,
    Server,
    Path,
    Url,
    Scheme,
    Version,
    Type,
    Size,
    Time,
    Wait,
    Start,
    Is,
    From,
    Client,
    Error,
    Header,
    Cookie,
    SetCookie,
    Param,
    Body,
    Json,
    Ws,
    Hop,
    Finding,
    Severity,
    Note,
    Tag,
}

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Which.
    pub key: Name,
    /// As it is printed.
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    /// What its values are.
    pub kind: Kind,
    /// Whether `req.` and `res.` may stand before it.
    pub sided: bool,
    /// What stands behind its dot: `None` nothing, else what it is called, and whether it may be left out.
    pub part: Option<(&'static str, bool)>,
    /// What must be known of an exchange to decide on it.
    pub level: Level,
    /// For help and completion.
    pub words: &'static str,
    /// Examples of values, apart by blanks.
    pub examples: &'static str,
    /// How it is said, and its contrary, before the value.
    pub says: (&'static str, &'static str),
}

macro_rules! fields {
    ($($key:ident $name:literal $aliases:tt, $kind:expr, $sides:ident, $part:expr, $level:ident,
       $words:literal, $examples:literal, $says:literal / $not:literal;)+) => {
        /// Every field that can be named.
        pub static FIELDS: &[Field] = &[$(Field {
            key: Name::$key,
            name: $name,
            aliases: &$aliases,
            kind: $kind,
            sided: fields!(@sides $sides),
            part: $part,
            level: Level::$level,
            words: $words,
            examples: $examples,
            says: ($says, $not),
        },)+];
    };
    (@sides both) => { true };
    (@sides none) => { false };
}

const TEXT: Kind = Kind::Text { caseless: false };
const CASELESS: Kind = Kind::Text { caseless: true };

fields! {
    Status "status" ["status-code", "code"], Kind::Status, none, None, Row,
        "response code", "404 4xx 400..499 >=500", "got" / "did not get";
    Method "method" [], CASELESS, none, None, Row,
        "request method", "get post,put", "used" / "did not use";
    Host "host" ["hostname"], CASELESS, none, None, Row,
        "host, with a port that is not the scheme's own", "api *.cdn.test", "went to a host" / "did not go to a host";
    Domain "domain" [], Kind::Domain, none, None, Row,
        "a domain and its subdomains", "shop.test", "went to" / "did not go to";
    Path "path" [], TEXT, none, None, Row,
        "path without the query", "/v1/items/* cart", "have a path" / "do not have a path";
    Url "url" [], TEXT, none, None, Row,
        "whole URL", "cart ~/items\\/\\d+$/", "have a URL" / "do not have a URL";
    Param "param" [], Kind::Value, none, Some(("a parameter's name", true)), Row,
        "query parameter", "page>10 q:*", "have a parameter" / "do not have a parameter";
    Type "type" ["mime-type", "mime"], CASELESS, both, None, Row,
        "media type of the answer", "json image/*", "have a type" / "do not have a type";
    Size "size" ["bodysize"], Kind::Bytes, both, None, Row,
        "octets of the answer's body (req.size: the request's)", ">10k 1MB..", "have a body" / "do not have a body";
    Time "time" ["duration"], Kind::Span, none, None, Row,
        "first to last byte", ">1s 100ms..2s", "took" / "did not take";
    Wait "wait" ["ttfb"], Kind::Span, none, None, Row,
        "until the answer began", ">500ms", "waited" / "did not wait";
    Start "start" ["started"], Kind::Moment, none, None, Row,
        "when it began (UTC)", "-5m 10:30..10:45 2026-11-23", "began" / "did not begin";
    Is "is" [], Kind::Choice(IS), none, None, Row,
        "how it stands", "error pending ws asset", "" / "";
    From "from" [], Kind::Choice(FROM), none, None, Row,
        "whose answer it is", "hopscope origin", "" / "";
    Scheme "scheme" [], Kind::Choice(SCHEMES), none, None, Row,
        "http or https", "https", "used" / "did not use";
    Version "version" ["httpversion", "proto"], CASELESS, none, None, Row,
        "the client's version", "HTTP/1.1 http/2", "used a version" / "did not use a version";
    Client "client" ["src"], CASELESS, none, None, Row,
        "the client's address and port", "127.0.0.1", "came from" / "did not come from";
    Server "server" ["dst"], CASELESS, none, None, Row,
        "host and port, the port always", "api.shop.test:443", "went to a server" / "did not go to a server";
    Port "port" [], Kind::Number, none, None, Row,
        "the origin's port", "8080 8000..8999", "went to port" / "did not go to port";
    Error "error" [], CASELESS, none, None, Row,
        "failure in words", "refused tls timed-out", "failed with words" / "did not fail with words";
    Header "header" [], Kind::Value, both, Some(("a field's name", true)), Heads,
        "header field, of either side", "x-id:* cache-control:no-store", "have a header" / "do not have a header";
    Cookie "cookie" [], Kind::Value, none, Some(("a cookie's name", true)), Heads,
        "cookie that was sent", "sid:* sid=abc123", "sent a cookie" / "did not send a cookie";
    SetCookie "set-cookie" [], Kind::Value, none, Some(("a cookie's name", true)), Heads,
        "cookie that was set", "sid:*", "were given a cookie" / "were not given a cookie";
    Body "body" [], TEXT, both, None, Bodies,
        "text in a body, codings undone", "\"out of stock\" ~/err(or)?/", "have a body" / "do not have a body";
    Json "json" [], Kind::Value, both, Some(("a path", true)), Bodies,
        "value in a JSON body", "user.roles:admin items[0].price>10", "have in JSON" / "do not have in JSON";
    Ws "ws" ["message", "websocket"], TEXT, both, None, Messages,
        "text of a message", "price", "have a message" / "do not have a message";
    Hop "hop" [], CASELESS, none, Some(("added, removed or changed", true)), Heads,
        "field that we changed on its way", "removed:keep-alive added:via", "had a field" / "did not have a field";
    Finding "finding" ["lint"], CASELESS, none, None, Heads,
        "remark of the header inspector", "cookie-no-secure", "have a finding" / "do not have a finding";
    Severity "severity" [], Kind::Scale(SEVERITIES), none, None, Heads,
        "gravest remark of the header inspector", ">=warn", "have findings" / "do not have findings";
    Note "note" ["comment"], TEXT, none, None, Row,
        "your note", "slow *", "have a note" / "do not have a note";
    Tag "tag" ["marker"], CASELESS, none, None, Row,
        "tag: a word of your note that begins with #", "todo", "have a tag" / "do not have a tag";
    Id "id" [], Kind::Number, none, None, Row,
        "number of the exchange, also #18300..18320", "18313 18300..18320", "have number" / "do not have number";
    Any "text" [], TEXT, none, None, Row,
        "method, URL, status, type, failure, client and note; what bare words mean", "cart ~/cart|basket/", "contain" / "do not contain";
}

macro_rules! choices {
    ($($word:literal $aliases:tt $says:literal / $not:literal, $words:literal;)+) => {
        &[$(Choice { word: $word, aliases: &$aliases, says: ($says, $not), words: $words },)+]
    };
}

/// What may stand behind `is:`.
static IS: &[Choice] = choices! {
    "error" [] "failed" / "did not fail", "failed, or was cut short";
    "pending" [] "wait for their answer" / "do not wait for their answer", "under way, no answer yet";
    "running" ["open", "streaming"] "are under way" / "are not under way", "under way";
    "done" [] "are complete" / "are not complete", "both messages complete";
    "aborted" [] "were cut short by the client" / "were not cut short by the client", "cut short by the client";
    "failed" [] "ended in a failure" / "did not end in a failure", "ended in a failure";
    "unanswered" [] "have no answer" / "have an answer", "no answer, yet or ever";
    "asset" [] "fetched an asset" / "did not fetch an asset", "style, script, image or font";
    "ws" ["websocket", "upgraded"] "switched protocols" / "did not switch protocols", "switched to WebSocket or another protocol";
    "replay" [] "are replays" / "are not replays", "sent again by you";
    "marked" [] "are marked" / "are not marked", "marked by you";
    "noted" ["commented"] "have a note" / "have no note", "with a note of yours";
    "deleted" ["hidden"] "are deleted" / "are not deleted", "deleted by you";
    "secure" ["https"] "used TLS" / "did not use TLS", "https";
    "tunnel" [] "are tunnels relayed unread" / "are no tunnels relayed unread", "a tunnel relayed unread";
    "learned" [] "are tunnels left alone after refusals" / "are no tunnels left alone after refusals", "a tunnel left alone after its client's refusals";
    "intercepted" [] "are tunnels that were opened" / "are no tunnels that were opened", "a CONNECT whose TLS was opened";
    "truncated" [] "have a body that is not whole here" / "have whole bodies", "a body is not whole in the capture";
    "retried" [] "were sent more than once" / "were sent once", "sent more than once";
    "unverified" [] "went to an origin that is not trusted" / "did not go to an origin that is not trusted", "the origin's certificate is not trusted";
};

/// What may stand behind `from:`.
static FROM: &[Choice] = choices! {
    "hopscope" ["us", "ours"] "were answered by hopscope" / "were not answered by hopscope", "an answer that we made";
    "origin" [] "were answered by the origin" / "were not answered by the origin", "an answer of the origin";
};

static SCHEMES: &[Choice] = choices! {
    "http" [] "" / "", "plain";
    "https" [] "" / "", "over TLS";
};

/// In rising order.
static SEVERITIES: &[Choice] = choices! {
    "info" ["i"] "" / "", "a fact";
    "warn" ["warning", "w"] "" / "", "works, but surprises";
    "error" ["e"] "" / "", "breaks a rule that a recipient acts on";
};

/// The field that has this name or another name of it; case does not matter.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| {
        std::iter::once(&field.name).chain(field.aliases).any(|known| known.eq_ignore_ascii_case(name))
    })
}

impl Name {
    /// Its line of the table.
    #[must_use]
    pub fn field(self) -> &'static Field {
        static LAST: &Field = &FIELDS[FIELDS.len() - 1];
        FIELDS.iter().find(|field| field.key == self).unwrap_or(LAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_there_once_and_in_small_letters() {
        let mut seen = BTreeSet::new();
        for field in FIELDS {
            for name in std::iter::once(&field.name).chain(field.aliases) {
                assert!(seen.insert(*name), "{name} twice");
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            }
            assert_eq!(field.key.field().name, field.name);
            assert!(!field.words.is_empty() && !field.examples.is_empty(), "{}", field.name);
        }
    }
}
