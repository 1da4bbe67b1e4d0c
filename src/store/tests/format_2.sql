-- A capture of format 2 as the hopscope of that time wrote it: its schema, one exchange under way when it
-- was killed, one that was over with a message and a frame, and a connection.

-- A hopscope capture segment, format 2. Open it with any sqlite3, also while it is recorded:
--   sqlite3 -readonly NAME.hop/000001.db 'SELECT id, method, url, status FROM exchanges'
-- Times: `started`, `opened`, `at` of gap: microseconds since the epoch; all others: microseconds since
-- the exchange's first byte. NULL = did not happen, or not known. Texts are UTF-8 (what was not stands as
-- U+FFFD); the bytes as they crossed the socket are in payload.

CREATE TABLE meta(                      -- uuid, format, hopscope, started, ended, marks (how often they changed)
  key TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

-- Narrow: what lists and filters scan. The host stands in the row rather than in a table of hosts:
-- 20 bytes a row against a join in every list and a map without bound in the writer.
CREATE TABLE exchange(
  id INTEGER PRIMARY KEY,               -- rises in the order in which requests began
  started INTEGER NOT NULL,
  client TEXT NOT NULL,                 -- address:port
  scheme TEXT NOT NULL,                 -- http, https
  method TEXT NOT NULL,
  host TEXT NOT NULL,                   -- with the port where it is not the scheme's own
  path TEXT NOT NULL,                   -- and query
  version TEXT NOT NULL,                -- the client's
  status INTEGER,                       -- that the client got
  state INTEGER NOT NULL,               -- 0 open, 1 done, 2 aborted, 3 failed
  request_bytes INTEGER NOT NULL,       -- body bytes that passed
  response_bytes INTEGER NOT NULL,
  duration INTEGER,
  ttfb INTEGER,
  media_type TEXT,
  flags INTEGER NOT NULL,               -- 1 ours, 2 tunnel, 4 intercepted, 8 truncated, 16 retried, 32 replay,
                                        -- 64 unverified, 128 upgraded; by a person: 256 marked, 512 deleted
  parent INTEGER,                       -- replay of
  failure_side TEXT, failure_phase TEXT, failure_kind TEXT, failure_says TEXT,
  messages INTEGER NOT NULL DEFAULT 0   -- that passed within it (format 2)
) STRICT;

-- Only rows under way are in it: a finished exchange, written once, never touches it.
CREATE INDEX exchange_open ON exchange(id) WHERE state = 0;

-- One row an exchange, beside its list row. The bodies stand behind the heads, so that reading those does
-- not walk overflow pages.
CREATE TABLE payload(
  id INTEGER PRIMARY KEY,
  client_connection INTEGER NOT NULL,
  origin_connection INTEGER, origin_reused INTEGER,
  tunnel INTEGER,                       -- the CONNECT exchange it came through
  at_request_head INTEGER, at_resolved INTEGER, at_connected INTEGER, at_secured INTEGER,
  at_request_sent INTEGER, at_request_end INTEGER, at_response_head INTEGER, at_response_sent INTEGER,
  at_response_end INTEGER,
  -- the ledgers, JSON: [[line before | null, line after | null, cause], ...]; line 0 is the start line
  request_edits TEXT, response_edits TEXT,
  -- bodies: bytes that passed, bytes kept, ended as framed?, 1 pressure 2 limit 3 disk,
  -- 0 nowhere 1 here 2 in bodies/ by hash 3 still in bodies/tmp/
  request_length INTEGER NOT NULL, request_kept INTEGER NOT NULL, request_complete INTEGER NOT NULL,
  request_truncated INTEGER, request_place INTEGER NOT NULL, request_hash BLOB, request_trailers BLOB,
  response_length INTEGER NOT NULL, response_kept INTEGER NOT NULL, response_complete INTEGER NOT NULL,
  response_truncated INTEGER, response_place INTEGER NOT NULL, response_hash BLOB, response_trailers BLOB,
  -- the four heads, each up to and with its empty line, as they crossed the socket
  request_received BLOB, request_sent BLOB, response_received BLOB, response_sent BLOB,
  request_body BLOB, response_body BLOB, -- as received: framing removed, codings kept; up to 64 KiB
  -- HTTP/2, JSON: [[at, on the origin's side?, sent by us?, type, flags, stream, length, count, words], ...];
  -- the view frames has them as rows (format 2)
  frames TEXT
) STRICT;

CREATE TABLE interim(                   -- 1xx responses
  exchange INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, forwarded INTEGER NOT NULL,
  head BLOB NOT NULL,
  PRIMARY KEY(exchange, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt(                   -- failed sendings before the one that counted
  exchange INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, connection INTEGER NOT NULL,
  says TEXT NOT NULL,
  PRIMARY KEY(exchange, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE connection(
  id INTEGER PRIMARY KEY,
  side TEXT NOT NULL,                   -- client, origin
  opened INTEGER NOT NULL,
  peer TEXT, local TEXT,                -- address:port
  tls_version TEXT, tls_cipher TEXT, tls_alpn TEXT, tls_sni TEXT, -- tls_version NULL: no TLS
  tls_chain BLOB,                       -- certificate.hash of each, leaf first, 32 bytes apiece
  tls_trusted INTEGER, tls_untrusted TEXT, -- NULL on the client side; the reason where not trusted
  frames TEXT                           -- HTTP/2: those of the connection itself, as in payload (format 2)
) STRICT;

CREATE TABLE certificate(hash BLOB PRIMARY KEY, der BLOB NOT NULL) STRICT; -- BLAKE3 of the DER

CREATE TABLE gap(                       -- exchanges that the disk was too slow for
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, records INTEGER NOT NULL
) STRICT;

CREATE TABLE cause(code INTEGER PRIMARY KEY, clause TEXT NOT NULL, says TEXT NOT NULL) STRICT;
-- What is said within an exchange piece by piece: WebSocket messages, server-sent events, lines of NDJSON,
-- parts, gRPC messages; as they come, while the exchange is open.
-- A rowid table, because the payloads stand in it; one key for both numbers, because an index would be half
-- of a row more: those of exchange 7 are `WHERE id BETWEEN 7 << 32 AND (8 << 32) - 1`, in their order.
-- A number that is missing is a message for which the disk was too slow.
CREATE TABLE message(
  id INTEGER PRIMARY KEY,               -- exchange << 32 | number, from 0
  at INTEGER NOT NULL,                  -- of its last byte, since the exchange's first
  side TEXT NOT NULL,                   -- who sent it: client, origin
  form INTEGER NOT NULL,                -- 1 text, 2 binary, 8 close, 9 ping, 10 pong (RFC 6455), 20 event,
                                        -- 21 comment, 22 line, 23 part, 24 grpc, 255 broken
  flags INTEGER NOT NULL,               -- 1 compressed, 2 fragmented, 4 payload cut, 8 broke off
  wire INTEGER NOT NULL,                -- bytes on the wire, framing included
  length INTEGER NOT NULL,              -- bytes of the payload, decoded; more than payload holds where it is cut
  says TEXT NOT NULL,                   -- an event's name, a part's type, a close code, what is wrong
  payload BLOB NOT NULL                 -- decoded
) STRICT;
-- What a person asks sqlite3 for. Made anew when a capture of an older format is continued.

CREATE VIEW exchanges AS SELECT
  e.id, strftime('%Y-%m-%dT%H:%M:%fZ', e.started / 1e6, 'unixepoch') AS time, e.client, e.method,
  CASE WHEN e.method = 'CONNECT' OR e.host = '' THEN e.host || e.path
       ELSE e.scheme || '://' || e.host || e.path END AS url,
  e.version, e.status,
  CASE e.state WHEN 0 THEN 'open' WHEN 1 THEN 'done' WHEN 2 THEN 'aborted' ELSE 'failed' END AS state,
  e.request_bytes, e.response_bytes, e.duration / 1e3 AS duration_ms, e.ttfb / 1e3 AS ttfb_ms, e.media_type,
  e.failure_side || ' ' || e.failure_phase || ' ' || e.failure_kind || ': ' || e.failure_says AS failure,
  e.flags, e.parent, e.messages FROM exchange e;

CREATE VIEW heads AS SELECT id,
  CAST(request_received AS TEXT) AS request_received, CAST(request_sent AS TEXT) AS request_sent,
  CAST(response_received AS TEXT) AS response_received, CAST(response_sent AS TEXT) AS response_sent
  FROM payload;

CREATE VIEW bodies AS
  SELECT id, 'client' AS side, request_length AS length, request_kept AS kept, request_complete AS complete,
    CAST(request_body AS TEXT) AS text,
    iif(request_hash IS NULL, NULL,
      'bodies/' || substr(lower(hex(request_hash)), 1, 2) || '/' || lower(hex(request_hash))) AS file FROM payload
  UNION ALL
  SELECT id, 'origin', response_length, response_kept, response_complete, CAST(response_body AS TEXT),
    iif(response_hash IS NULL, NULL,
      'bodies/' || substr(lower(hex(response_hash)), 1, 2) || '/' || lower(hex(response_hash))) FROM payload;

CREATE VIEW edits AS
  SELECT p.id, 'client' AS side, j.value ->> 0 AS before, j.value ->> 1 AS after, c.clause, c.says
    FROM payload p, json_each(p.request_edits) j LEFT JOIN cause c ON c.code = j.value ->> 2
  UNION ALL
  SELECT p.id, 'origin', j.value ->> 0, j.value ->> 1, c.clause, c.says
    FROM payload p, json_each(p.response_edits) j LEFT JOIN cause c ON c.code = j.value ->> 2;

-- `WHERE exchange = 7` looks through all; `WHERE id BETWEEN 7 << 32 AND (8 << 32) - 1` finds them by key.
CREATE VIEW messages AS SELECT id, id >> 32 AS exchange, id & 0xffffffff AS number, at / 1e3 AS at_ms, side,
  CASE form WHEN 1 THEN 'text' WHEN 2 THEN 'binary' WHEN 8 THEN 'close' WHEN 9 THEN 'ping' WHEN 10 THEN 'pong'
    WHEN 20 THEN 'event' WHEN 21 THEN 'comment' WHEN 22 THEN 'line' WHEN 23 THEN 'part' WHEN 24 THEN 'grpc'
    ELSE 'broken' END AS form,
  flags, wire, length, says, CAST(payload AS TEXT) AS text FROM message;

-- HTTP/2 frames, those of exchanges and those of connections themselves (RFC 9113 6).
CREATE VIEW frames AS
  WITH every(exchange, connection, number, note) AS (
    SELECT p.id, NULL, j.key, j.value FROM payload p, json_each(p.frames) j
    UNION ALL SELECT NULL, c.id, j.key, j.value FROM connection c, json_each(c.frames) j)
  SELECT exchange, connection, number, (note ->> 0) / 1e3 AS at_ms,
    iif(note ->> 1, 'origin', 'client') AS side, iif(note ->> 2, 'sent', 'received') AS way,
    CASE note ->> 3 WHEN 0 THEN 'DATA' WHEN 1 THEN 'HEADERS' WHEN 2 THEN 'PRIORITY' WHEN 3 THEN 'RST_STREAM'
      WHEN 4 THEN 'SETTINGS' WHEN 5 THEN 'PUSH_PROMISE' WHEN 6 THEN 'PING' WHEN 7 THEN 'GOAWAY'
      WHEN 8 THEN 'WINDOW_UPDATE' WHEN 9 THEN 'CONTINUATION' ELSE note ->> 3 END AS type,
    note ->> 4 AS flags, note ->> 5 AS stream, note ->> 6 AS length, note ->> 7 AS count, note ->> 8 AS says
  FROM every;

INSERT INTO meta VALUES ('uuid', x'00112233445566778899aabbccddeeff'), ('started', 1790000000000000),
  ('format', 2), ('hopscope', '0.1.0');
INSERT INTO cause VALUES (1, 'RFC 9110 7.6.1', 'an old word');
INSERT INTO connection VALUES (1, 'client', 1790000000000000, '127.0.0.1:51234', NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, '[[5,0,0,4,0,0,18,0,""]]');
INSERT INTO exchange VALUES
  (1, 1790000000000000, '127.0.0.1:51234', 'http', 'GET', 'old.test', '/a', 'HTTP/2', 200, 1, 0, 5, 900, 700,
   'text/event-stream', 0, NULL, NULL, NULL, NULL, NULL, 1),
  (2, 1790000001000000, '127.0.0.1:51234', 'http', 'GET', 'old.test', '/b', 'HTTP/1.1', NULL, 0, 0, 0, NULL, NULL,
   NULL, 0, NULL, NULL, NULL, NULL, NULL, 0);
INSERT INTO payload VALUES
  (1, 1, NULL, NULL, NULL, 100, NULL, NULL, NULL, 200, 200, 700, 710, 900, '[[0,0,1]]', NULL,
   0, 0, 1, NULL, 0, NULL, NULL, 5, 5, 1, NULL, 1, NULL, NULL,
   CAST('GET http://old.test/a HTTP/1.1' || x'0d0a0d0a' AS BLOB), CAST('GET /a HTTP/1.1' || x'0d0a0d0a' AS BLOB),
   CAST('HTTP/1.1 200 OK' || x'0d0a0d0a' AS BLOB), CAST('HTTP/1.1 200 OK' || x'0d0a0d0a' AS BLOB), NULL, x'68656c6c6f',
   '[[10,0,0,1,5,1,30,0,""]]'),
  (2, 1, NULL, NULL, NULL, 100, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   0, 0, 1, NULL, 0, NULL, NULL, 0, 0, 0, NULL, 0, NULL, NULL,
   CAST('GET http://old.test/b HTTP/1.1' || x'0d0a0d0a' AS BLOB), NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO message VALUES (1 << 32, 800, 'origin', 20, 0, 13, 5, 'message', x'68656c6c6f');
PRAGMA application_id = 0x686f7053;
PRAGMA user_version = 2;
