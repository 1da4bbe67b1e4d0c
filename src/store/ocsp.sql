
-- What a stapled OCSP response says of a connection's certificate; one without has no row (format 4).
CREATE TABLE ocsp(
  connection INTEGER PRIMARY KEY,
  status TEXT NOT NULL,                 -- good, revoked, unknown; silent: nothing of this certificate
  produced INTEGER, next INTEGER, revoked INTEGER -- seconds since the epoch
) STRICT;
