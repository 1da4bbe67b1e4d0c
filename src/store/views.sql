-- What a person asks sqlite3 for. Made anew when a capture of an older format is continued.

CREATE VIEW exchanges AS SELECT
  e.id, strftime('%Y-%m-%dT%H:%M:%fZ', e.started / 1e6, 'unixepoch') AS time, e.client, e.method,
  CASE WHEN e.method = 'CONNECT' OR e.host = '' THEN e.host || e.path
       ELSE e.scheme || '://' || e.host || e.path END AS url,
  e.version, e.status,
  CASE e.state WHEN 0 THEN 'open' WHEN 1 THEN 'done' WHEN 2 THEN 'aborted' ELSE 'failed' END AS state,
  e.request_bytes, e.response_bytes, e.duration / 1e3 AS duration_ms, e.ttfb / 1e3 AS ttfb_ms, e.media_type,
  e.failure_side || ' ' || e.failure_phase || ' ' || e.failure_kind || ': ' || e.failure_says AS failure,
  e.flags, e.parent, e.messages, (SELECT n.says FROM note n WHERE n.exchange = e.id) AS note FROM exchange e;

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
  SELECT p.id, 'client' AS side, iif(j.value ->> 3, 'trailers', 'head') AS part,
    j.value ->> 0 AS before, j.value ->> 1 AS after, c.clause, c.says
    FROM payload p, json_each(p.request_edits) j LEFT JOIN cause c ON c.code = j.value ->> 2
  UNION ALL
  SELECT p.id, 'origin', iif(j.value ->> 3, 'trailers', 'head'), j.value ->> 0, j.value ->> 1, c.clause, c.says
    FROM payload p, json_each(p.response_edits) j LEFT JOIN cause c ON c.code = j.value ->> 2;

-- `WHERE exchange = 7` looks through all; `WHERE id BETWEEN 7 << 32 AND (8 << 32) - 1` finds them by the key of
-- their row, which several may share.
CREATE VIEW messages AS
  WITH every(id, number, at, side, form, flags, wire, length, says, payload) AS (
    SELECT id, id & 0xffffffff, at, side, form, flags, wire, length, says, payload FROM message WHERE run IS NULL
    UNION ALL
    SELECT m.id, (m.id & 0xffffffff) + j.key, j.value ->> 0, iif(j.value ->> 1, 'origin', 'client'), j.value ->> 2,
      j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 8,
      substr(m.payload, 1 + (j.value ->> 6), j.value ->> 7) FROM message m, json_each(m.run) j)
  SELECT id, id >> 32 AS exchange, number, at / 1e3 AS at_ms, side,
    CASE form WHEN 1 THEN 'text' WHEN 2 THEN 'binary' WHEN 8 THEN 'close' WHEN 9 THEN 'ping' WHEN 10 THEN 'pong'
      WHEN 20 THEN 'event' WHEN 21 THEN 'comment' WHEN 22 THEN 'line' WHEN 23 THEN 'part' WHEN 24 THEN 'grpc'
      ELSE 'broken' END AS form,
    flags, wire, length, says, CAST(payload AS TEXT) AS text FROM every;

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
