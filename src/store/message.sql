-- What is said within an exchange piece by piece: WebSocket messages, server-sent events, lines of NDJSON,
-- parts, gRPC messages; as they come, while the exchange is open.
-- A rowid table, because the payloads stand in it; one key for both numbers, because an index would be half
-- of a row more: those of exchange 7 are `WHERE id BETWEEN 7 << 32 AND (8 << 32) - 1`, in their order.
-- A number that is missing is a message for which the disk was too slow.
-- Short ones that come together share a row, which says of the first what a row of its own would; `run` tells of
-- each, and which octets of the payload are its own (format 4).
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
  payload BLOB NOT NULL,                -- decoded; of a run all, one behind the other
  run TEXT                              -- [[at,side (1 origin),form,flags,wire,length,from,kept,says],...],
                                        -- numbered from id on; NULL for a lone message
) STRICT;
