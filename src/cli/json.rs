//! Exchanges as JSON. The names of the fields are a contract; `hopscope help json` documents them.

use super::format::timestamp;
use crate::diff::{Comparison, Item, Message};
use crate::exchange::{
    Body, Cause, Connection, Edit, Exchange, ExchangeId, Failure, FrameNote, Head, Heads, Interim,
    MessageKind, Note, Side, Spoken, Summary, Tunnelled,
};
use crate::store::Numbered;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

/// What `hopscope help json` prints.
pub(super) const HELP: &str = "\
JSON lines: one object per line, fields in this order, names stable.

An exchange (serve --json, ls --json):
  id              number, rising in the order in which requests began
  ts              when the request began to arrive, RFC 3339, UTC, microseconds
  client          the client's address and port
  scheme          http or https
  method          as the client wrote it
  url             the whole URL; for CONNECT the authority
  host            host, with the port when it is not the scheme's own
  version         the client's version: HTTP/1.1
  status          the status that the client got, or null
  state           open, done, aborted (by the client) or failed
  request_bytes   body bytes received from the client
  response_bytes  body bytes received from the origin
  messages        messages within it that passed: WebSocket, events, lines, parts, gRPC
  duration_us     from the request's first byte to the response's end, microseconds, or null
  ttfb_us         to the response head, microseconds, or null
  type            the answer's media type without parameters, or null
  failure         {\"side\",\"phase\",\"kind\",\"says\"} or null
  flags           words: ours (hopscope answered), tunnel, intercepted, truncated, retried, replay,
                  unverified, upgraded, marked, hidden, noted, learned (left alone after refusals of the
                  certificate), decoded, request decoded (bodies that stand so in an import),
                  partial (of an import that lists headers and may lack some, as a HAR)
  parent          the exchange that this one replays, or null
  note            a person's note, or null; its words that begin with # are tags

show --json adds:
  heads           for each of request_received, request_sent, response_received, response_sent:
                  {\"start\",\"lines\"} or null; bytes that are not UTF-8 stand as U+FFFD
                  (show --part raw has the exact bytes); of HTTP/2 lines has the pseudo-fields too, from
                  which start is made
  interim         1xx answers before the answer, each {\"at_us\",\"sent\",\"start\",\"lines\"}: when, since the request
                  began, and whether it was passed on
  edits           {\"request\",\"response\"}: each change {\"before\",\"after\",\"cause\",\"clause\"}; before and
                  after are line numbers (0 = start line) in the head received and sent, or null
  bodies          {\"request\",\"response\"}: {\"length\",\"kept\",\"complete\",\"truncated\",\"trailers\"}; each trailer
                  line {\"line\",\"sent\",\"cause\",\"clause\"}
  timing          microseconds since the request began, for each phase that ended
  connections     {\"client\",\"origin\"}: {\"id\",\"peer\",\"local\",\"dialling\",\"tls\"} or null; tls as below, or null;
                  dialling, toward origins: {\"parent\",\"host\",\"found\" (literal, settings or resolver),
                  \"looked_up_us\",\"tries\": [{\"address\",\"began_us\",\"took_us\",\"failed\"}]}
  tunnelled       of a tunnel relayed unread, else null: {\"why\" (off, named, not-named, learned, protocol,
                  server-first or offer), \"says\", \"first\" (who spoke first: client or origin), \"spoken\" (tls,
                  http/1, http/2, ssh, smtp, imap, pop3, ftp, postgres, mysql, redis, mqtt, vnc or unknown),
                  \"client_ended_us\", \"origin_ended_us\"}: when each said that it sends no more

show --part tls --json: connections alone. Of TLS
    version       TLSv1.3, or null where only an offer is known: the handshake failed, or was not ours
    cipher        the cipher suite
    group         of the key exchange, or null where none took part
    alpn          the protocol agreed on, or null
    sni           the server name asked for, or null
    resumed       whether an earlier session went on
    handshake_us  from the hello to the end of the handshake, microseconds, or null
    trusted       whether the origin's certificate is trusted; null on the client's side
    untrusted     why it is not, or null
    stapled       whether an OCSP response came with the chain
    ocsp          what it says, or null: {\"status\" (good, revoked, unknown; silent: nothing of this certificate),
                  \"produced\",\"next\",\"revoked\"}: seconds since the epoch, or null
    client_certificate  given or withheld where the server asked for one, else null
    chain         certificates, leaf first; one that cannot be read has its sha256 alone:
    subject       whose it is
    issuer        who signed it
    self_signed   whether it did so itself
    names         DNS names and addresses that it is for
    not_before    valid from, RFC 3339
    not_after     valid until
    key           as EC P-256 or RSA 2048 bits
    weak_key      whether that is too weak to be trusted
    signature     how it was signed
    sha256        its fingerprint
    hello         the ClientHello (the client's, or hopscope's to the origin), or null:
    ja4           its JA4
    ja3           its JA3
    ja3_text      what ja3 is the MD5 of
    versions      offered, as ciphers, groups, signatures and extensions: names in the order of the hello
    ciphers       cipher suites
    groups        for the key exchange
    signatures    signature schemes
    extensions    extensions

export --to json: as show --json, and
  content         {\"request\",\"response\"}: {\"text\" or \"base64\",\"decoded\",\"trouble\"}: the body, its content
                  codings undone where decoded is true; trouble says why they are not
  said            its messages, each as below
Secrets are covered: each stands as hidden- and twelve digits, the same for the same secret.

captures ls --json: one object a capture
  name, path      as it is named, and where it lies
  written         when it was last written to
  bytes           on disk, bodies included
  exchanges       how many, or null when it cannot be read
  recorded        whether a process records into it now
  pinned          whether retention leaves it alone

show --part messages --json: one object a message
  exchange        the exchange's number
  number          its number there, from 0; one that is missing found no room on its way to the disk
  at_us           its last byte, microseconds since the request began
  side            who sent it: client or origin
  form            text, binary, close, ping, pong, event, comment, line, part, grpc or broken
  wire            bytes on the wire, framing included
  length          bytes of its payload, decoded
  kept            bytes of it in the capture
  says            an event's name, a part's type, a close code with its reason, what is wrong
  flags           words: compressed, fragmented, cut (not all is kept), broke off (its end never came)
  text            the payload that was kept, when it is UTF-8, else null
  base64          the payload that was kept, when it is not, else null

show --part frames --json: one object a frame, or a run of DATA frames
  of              exchange, or connection: of the connection itself
  id              the number of that
  at_us           microseconds since it began
  side            on which side of the hop: client or origin
  sent            whether hopscope sent it
  frame           the name of its type (RFC 9113 6)
  flags           names of its flags
  stream          its stream; 0 is the connection
  length          bytes of payload, of a run together
  count           how many frames this stands for
  says            settings, an error code, a priority, an increment

diff --json: one object
  left, right     the two exchanges, as above
  changes         how many things differ
  expected        how many of them were to be expected
  equal           whether nothing else differs
  messages        for each {\"message\",\"body_as\",\"notes\",\"changes\",\"more\"}: message is request or response;
                  each change {\"where\",\"left\",\"right\",\"expected\"}: where is a part of the start line, a
                  field, a JSON path, ...; expected is the reason, or null; more counts changes beyond these

lint --to json: one object per header block, or per exchange of a capture or HAR file; the latter as
show --part findings --json
  id              the block's own, or the exchange's number, or the place in the file
  url             of an exchange
  findings        each {\"lint\",\"severity\",\"line\",\"field\",\"span\",\"says\",\"cure\",\"cite\"}: lint names the rule,
                  severity is error, warn or info; line 0 is the start line, 1 the first of the block's lines;
                  span is from and to in bytes of that line (characters where all are below U+0100); of an exchange
                  also message: request-received, request-sent, response-received or response-sent
  fields          each line: {\"line\",\"name\",\"known\",\"means\"}: means says what the field is for, or null; of an
                  exchange the heads as received, with message
  verdicts        what follows from it, of a response together with its request; a topic is left out where there is
                  nothing to say. Each holds says (a sentence) and steps, each {\"says\",\"passes\",\"cite\"}, and:
    cache         store_private, store_shared: whether a browser's, a shared cache may store it; age, fresh_private,
                  fresh_shared: seconds, on arrival and of its whole life; source_private, source_shared: s-maxage,
                  max-age, expires, guess or none; guess: seconds of the customary guess; validate_first (no-cache),
                  never_fits (Vary: *), must_revalidate; stale_while_revalidate, stale_if_error; fresh_until
    cookies       a list: name, line, fate (stored, deleted or rejected), reason (of DevTools' SetCookieBlockedReason),
                  expires, host_only, looks_like_login; sent_cookies: names, bytes
    cors          kind (same-origin, simple, preflighted or preflight), allowed, credentials, errors (of DevTools'
                  CorsError), cures
    conditional   expected (the status that follows from the validators), status; range: asked, got, of
    auth          credentials, each {\"field\",\"scheme\",\"expires\",\"expired\"}; challenges; refused
    framing       end (no-body, length, chunked, close, stream, switched or unknown), length; so is request_framing
    negotiation   key (what Vary names), unasked; transport: https_until, subdomains, offers
    websocket     opens, protocol; path: stops, each {\"of\",\"version\",\"name\"}
    redirect      method, to; api: left, until, next
  links           of show --part findings: exchanges that belong together, each {\"id\",\"tie\",\"says\"}

config --json: {\"key\",\"value\",\"from\"}, value as TOML.
";

#[derive(Serialize)]
struct Row<'a> {
    id: u64,
    ts: String,
    client: &'a str,
    scheme: &'a str,
    method: &'a str,
    url: String,
    host: &'a str,
    version: &'a str,
    status: Option<u16>,
    state: &'a str,
    request_bytes: u64,
    response_bytes: u64,
    messages: u64,
    duration_us: Option<u64>,
    ttfb_us: Option<u64>,
    #[serde(rename = "type")]
    media_type: Option<&'a str>,
    failure: Option<Trouble<'a>>,
    flags: Vec<&'static str>,
    parent: Option<u64>,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Trouble<'a> {
    side: &'a str,
    phase: &'a str,
    kind: &'a str,
    says: &'a str,
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    heads: Value,
    interim: Vec<Value>,
    edits: Value,
    bodies: Value,
    timing: Value,
    connections: Value,
    tunnelled: Value,
}

/// One exchange as one line of JSON.
pub(super) fn row(summary: &Summary) -> serde_json::Result<String> {
    serde_json::to_string(&Row::of(summary))
}

/// Everything but the bodies.
pub(super) fn whole(
    exchange: &Exchange,
    client: Option<&Connection>,
    origin: Option<&Connection>,
) -> serde_json::Result<String> {
    serde_json::to_string(&Whole {
        row: Row::of(&exchange.summary),
        heads: heads(&exchange.heads),
        interim: exchange.interim.iter().map(interim).collect(),
        edits: json!({"request": edits(&exchange.request_edits), "response": edits(&exchange.response_edits)}),
        bodies: json!({"request": body(&exchange.request_body), "response": body(&exchange.response_body)}),
        timing: timing(exchange),
        connections: json!({"client": client.map(super::show::connection), "origin": origin.map(super::show::connection)}),
        tunnelled: exchange.tunnelled.as_deref().map_or(Value::Null, tunnelled),
    })
}

fn tunnelled(tunnel: &Tunnelled) -> Value {
    json!({
        "why": tunnel.why.as_str(),
        "says": tunnel.says,
        "first": tunnel.first.map(Side::as_str),
        "spoken": tunnel.spoken.map(Spoken::as_str),
        "client_ended_us": tunnel.client_ended,
        "origin_ended_us": tunnel.origin_ended,
    })
}

#[derive(Serialize)]
struct Said<'a> {
    exchange: u64,
    number: u64,
    at_us: u64,
    side: &'a str,
    form: &'a str,
    wire: u64,
    length: u64,
    kept: u64,
    says: &'a str,
    flags: Vec<&'static str>,
    text: Option<&'a str>,
    base64: Option<String>,
}

/// One message of an exchange, with its payload, as one line of JSON.
pub(super) fn message(exchange: ExchangeId, numbered: &Numbered) -> serde_json::Result<String> {
    let message = &numbered.message;
    let text = std::str::from_utf8(&message.payload).ok();
    serde_json::to_string(&Said {
        exchange: exchange.0,
        number: numbered.number,
        at_us: message.at,
        side: message.side.as_str(),
        form: message.form.as_str(),
        wire: message.wire,
        length: message.length,
        kept: numbered.kept,
        says: &message.says,
        flags: message.flags.words().collect(),
        text,
        base64: text.is_none().then(|| BASE64.encode(&message.payload)),
    })
}

#[derive(Serialize)]
struct Framed<'a> {
    of: &'a str,
    id: u64,
    at_us: u64,
    side: &'a str,
    sent: bool,
    frame: &'a str,
    flags: Vec<&'static str>,
    stream: u32,
    length: u64,
    count: u32,
    says: &'a str,
}

/// One frame of an exchange or of a connection as one line of JSON.
pub(super) fn frame((of, id): (&str, u64), frame: &FrameNote) -> serde_json::Result<String> {
    serde_json::to_string(&Framed {
        of,
        id,
        at_us: frame.at,
        side: frame.side.as_str(),
        sent: frame.sent,
        frame: &frame.name(),
        flags: frame.flag_names().collect(),
        stream: frame.stream,
        length: frame.length,
        count: frame.count,
        says: &frame.says,
    })
}

#[derive(Serialize)]
struct Compared<'a> {
    left: Row<'a>,
    right: Row<'a>,
    changes: usize,
    expected: usize,
    equal: bool,
    messages: Vec<ComparedMessage<'a>>,
}

#[derive(Serialize)]
struct ComparedMessage<'a> {
    message: &'a str,
    body_as: &'a str,
    notes: Vec<&'a str>,
    changes: Vec<Change>,
    more: usize,
}

#[derive(Serialize)]
struct Change {
    #[serde(rename = "where")]
    place: String,
    left: Option<String>,
    right: Option<String>,
    expected: Option<&'static str>,
}

/// Two exchanges and what differs between them.
pub(super) fn comparison(
    (left, right): (&Summary, &Summary),
    comparison: &Comparison,
) -> serde_json::Result<String> {
    let counts = comparison.counts();
    serde_json::to_string(&Compared {
        left: Row::of(left),
        right: Row::of(right),
        changes: counts.changes,
        expected: counts.expected,
        equal: comparison.is_equal(),
        messages: comparison.messages.iter().map(ComparedMessage::of).collect(),
    })
}

impl<'a> ComparedMessage<'a> {
    fn of(message: &'a Message) -> Self {
        Self {
            message: message.name(),
            body_as: message.body_as,
            notes: message.notes.iter().map(|(_, note)| note.as_str()).collect(),
            changes: message.changes().map(Change::of).collect(),
            more: message.more,
        }
    }
}

impl Change {
    fn of(item: &Item) -> Self {
        let text = |bytes: &Option<bytes::Bytes>| {
            bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        Self {
            place: item.place.words(),
            left: text(&item.left),
            right: text(&item.right),
            expected: item.expected,
        }
    }
}

impl<'a> Row<'a> {
    fn of(summary: &'a Summary) -> Self {
        Self {
            id: summary.id.0,
            ts: timestamp(summary.started),
            client: &summary.client,
            scheme: summary.scheme.as_str(),
            method: &summary.method,
            url: summary.url(),
            host: &summary.host,
            version: &summary.version,
            status: summary.status,
            state: summary.state.as_str(),
            request_bytes: summary.request_bytes,
            response_bytes: summary.response_bytes,
            messages: summary.messages,
            duration_us: summary.duration,
            ttfb_us: summary.ttfb,
            media_type: summary.media_type.as_deref(),
            failure: summary.failure.as_ref().map(Trouble::of),
            flags: summary.flags.words().collect(),
            parent: summary.parent.map(|parent| parent.0),
            note: summary.note.as_ref().map(Note::as_str),
        }
    }
}

impl<'a> Trouble<'a> {
    fn of(failure: &'a Failure) -> Self {
        Self {
            side: failure.side.as_str(),
            phase: failure.phase.as_str(),
            kind: failure.kind.as_str(),
            says: &failure.says,
        }
    }
}

fn heads(heads: &Heads) -> Value {
    let one = |kind| {
        heads.of(kind).map(|raw| {
            let (start, lines) = head(raw);
            json!({"start": start, "lines": lines})
        })
    };
    MessageKind::ALL.iter().map(|kind| (kind.as_str().replace('-', "_"), json!(one(*kind)))).collect()
}

/// Its start line and its field lines.
fn head(raw: &Bytes) -> (String, Vec<String>) {
    let head = Head::parse(raw.clone());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(head.start_line()), head.fields().map(|field| text(field.line)).collect())
}

fn interim(interim: &Interim) -> Value {
    let (start, lines) = head(&interim.head);
    json!({"at_us": interim.at, "sent": interim.forwarded, "start": start, "lines": lines})
}

fn edits(edits: &[Edit]) -> Vec<Value> {
    let one = |edit: &Edit| {
        json!({
            "before": edit.before,
            "after": edit.after,
            "cause": edit.cause.says(),
            "clause": edit.cause.clause(),
        })
    };
    edits.iter().map(one).collect()
}

fn body(body: &Body) -> Value {
    json!({
        "length": body.length,
        "kept": body.kept,
        "complete": body.complete,
        "truncated": body.truncated.map(crate::exchange::Truncation::says),
        "trailers": body.trailer_lines().map(trailer).collect::<Vec<_>>(),
    })
}

/// A line of a trailer section; one that was not sent on says why.
fn trailer((line, withheld): (&[u8], Option<Cause>)) -> Value {
    json!({
        "line": String::from_utf8_lossy(line),
        "sent": withheld.is_none(),
        "cause": withheld.map(Cause::says),
        "clause": withheld.map(Cause::clause),
    })
}

fn timing(exchange: &Exchange) -> Value {
    super::show::phases(&exchange.timing).map(|(name, at)| (name.replace(' ', "_"), json!(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{exchange, failed, plain};
    use super::*;

    #[test]
    fn field_names_are_the_contract() {
        insta::assert_snapshot!(row(&plain()).unwrap(), @r#"{"id":18,"ts":"2023-11-15T10:20:30.123456Z","client":"127.0.0.1:50000","scheme":"https","method":"GET","url":"https://shop.test/cart?id=7","host":"shop.test","version":"HTTP/1.1","status":200,"state":"done","request_bytes":0,"response_bytes":1234,"messages":0,"duration_us":34000,"ttfb_us":30000,"type":"application/json","failure":null,"flags":[],"parent":null,"note":null}"#);
        let failed: Value = serde_json::from_str(&row(&failed()).unwrap()).unwrap();
        assert_eq!(failed["failure"]["kind"], "refused");
        assert_eq!(failed["flags"], json!(["ours"]));
    }

    #[test]
    fn help_names_every_field() {
        let whole: Value = serde_json::from_str(&whole(&exchange(), None, None).unwrap()).unwrap();
        for name in whole.as_object().unwrap().keys() {
            assert!(HELP.contains(&format!("\n  {name} ")), "{name}");
        }
        assert_eq!(whole["heads"]["request_sent"]["lines"][2], "Via: 1.1 hopscope");
        assert_eq!(whole["edits"]["request"][0]["clause"], "RFC 9110 7.6.1");
    }
}
