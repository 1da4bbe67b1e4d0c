
-- More of what a connection's TLS settled; one without TLS has no row (format 3).
CREATE TABLE handshake(
  connection INTEGER PRIMARY KEY,
  "group" TEXT,                         -- of the key exchange
  resumed INTEGER NOT NULL,             -- an earlier session went on: the chain is that one's
  took INTEGER,                         -- from the hello to the end of the handshake
  stapled INTEGER NOT NULL,             -- an OCSP response came with the chain
  client_certificate TEXT,              -- NULL: not asked for; withheld, given
  hello BLOB                            -- the ClientHello as it crossed the socket, record headers included
) STRICT;
