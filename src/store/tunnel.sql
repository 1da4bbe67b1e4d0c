
-- A CONNECT whose tunnel was relayed unread (format 4).
CREATE TABLE tunnel(
  exchange INTEGER PRIMARY KEY,
  why TEXT NOT NULL,                    -- off, named, not-named, learned, protocol, server-first, offer
  says TEXT,                            -- more of that in words
  first TEXT,                           -- who spoke first: client, origin
  spoken TEXT,                          -- what: tls, http/1, http/2, ssh, smtp ...; unknown
  client_ended INTEGER, origin_ended INTEGER -- when each said that it sends no more
) STRICT;
