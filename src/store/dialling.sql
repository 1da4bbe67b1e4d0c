
-- How a connection toward an origin came about; one that was taken over has no row (format 3).
CREATE TABLE dialling(
  connection INTEGER PRIMARY KEY,
  parent TEXT,                          -- the parent proxy that was dialled
  host TEXT NOT NULL, found TEXT NOT NULL, -- literal, settings, resolver
  looked_up INTEGER NOT NULL,
  tries TEXT NOT NULL                   -- JSON: [[address, began, took | null, why it failed | null], ...]
) STRICT;
