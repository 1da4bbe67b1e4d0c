
-- What a person wrote on exchanges; those have 8192 in their flags. Made with the first note where an earlier
-- hopscope began the capture.
CREATE TABLE IF NOT EXISTS note(exchange INTEGER PRIMARY KEY, says TEXT NOT NULL) STRICT;
