-- Connections that waiters hold.
CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE INDEX connections_expiry ON connections (expires_at);
