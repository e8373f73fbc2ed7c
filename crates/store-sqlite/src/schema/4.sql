-- How much each principal registered, in windows of time.

CREATE TABLE counts (
    principal  TEXT    NOT NULL,
    what       TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (principal, what, since)
) STRICT;
CREATE INDEX counts_expiry ON counts (expires_at);
