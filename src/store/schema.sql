-- A hopscope capture segment, format 4. Open it with any sqlite3, also while it is recorded:
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
                                        -- 64 unverified, 128 upgraded, 4096 learned; by a person: 256 marked,
                                        -- 512 deleted, 8192 noted
  parent INTEGER,                       -- replay of
  failure_side TEXT, failure_phase TEXT, failure_kind TEXT, failure_says TEXT,
  messages INTEGER NOT NULL DEFAULT 0   -- that passed within it (format 2)
) STRICT;

-- Only rows under way are in it: a finished exchange, written once, never touches it.
CREATE INDEX exchange_open ON exchange(id) WHERE state = 0;

-- What went wrong is what is looked for most. In the order of the numbers, so that the newest come first (format 3).
CREATE INDEX exchange_failed ON exchange(id, status, host) WHERE status >= 400;

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
  -- bodies: bytes that passed, bytes kept, ended as framed?, 1 pressure 2 limit 3 disk 4 imported so,
  -- 0 nowhere 1 here 2 in bodies/ by hash 3 still in bodies/tmp/
  request_length INTEGER NOT NULL, request_kept INTEGER NOT NULL, request_complete INTEGER NOT NULL,
  request_truncated INTEGER, request_place INTEGER NOT NULL, request_hash BLOB, request_trailers BLOB,
  response_length INTEGER NOT NULL, response_kept INTEGER NOT NULL, response_complete INTEGER NOT NULL,
  response_truncated INTEGER, response_place INTEGER NOT NULL, response_hash BLOB, response_trailers BLOB,
  -- the four heads, each up to and with its empty line, as they crossed the socket
  request_received BLOB, request_sent BLOB, response_received BLOB, response_sent BLOB,
  request_body BLOB, response_body BLOB, -- as received: framing removed, codings kept; up to 32 KiB
  -- HTTP/2, JSON: [[at, on the origin's side?, sent by us?, type, flags, stream, length, count, words], ...];
  -- the view frames has them as rows (format 2)
  frames TEXT,
  -- In a packed segment, instead of the four heads, and of the bodies that it makes smaller: zstd over, for
  -- each, its length in 4 bytes (little-endian, ffffffff for NULL), then all bytes. The frame names its
  -- dictionary. `hopscope sql` shows them as if they stood above (format 3)
  packed_heads BLOB, packed_bodies BLOB
) STRICT;

-- Which large bodies are still referred to, once what referred to them first has gone (format 3).
CREATE INDEX payload_request_file ON payload(request_hash) WHERE request_hash IS NOT NULL;
CREATE INDEX payload_response_file ON payload(response_hash) WHERE response_hash IS NOT NULL;

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
  tls_version TEXT, tls_cipher TEXT, tls_alpn TEXT, tls_sni TEXT, -- tls_version NULL: no TLS, '': only offered
  tls_chain BLOB,                       -- certificate.hash of each, leaf first, 32 bytes apiece
  tls_trusted INTEGER, tls_untrusted TEXT, -- NULL on the client side; the reason where not trusted
  frames TEXT                           -- HTTP/2: those of the connection itself, as in payload (format 2)
) STRICT;

CREATE TABLE certificate(hash BLOB PRIMARY KEY, der BLOB NOT NULL) STRICT; -- BLAKE3 of the DER

CREATE TABLE gap(                       -- exchanges that the disk was too slow for
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, records INTEGER NOT NULL
) STRICT;

CREATE TABLE segment(                   -- those of the capture up to this one (format 3)
  number INTEGER PRIMARY KEY,           -- 2 is 000002.db, and 000002.1.db once it was written anew
  exchange INTEGER NOT NULL,            -- no exchange in it has a lower number, none before it a higher or equal one
  connection INTEGER NOT NULL,          -- connections with a lower number are copies from those before
  ended INTEGER                         -- when the last exchange in it was over; NULL: some may be under way
) STRICT;

CREATE TABLE dictionary(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT; -- of zstd, by the number in its frames

CREATE TABLE cause(code INTEGER PRIMARY KEY, clause TEXT NOT NULL, says TEXT NOT NULL) STRICT;
