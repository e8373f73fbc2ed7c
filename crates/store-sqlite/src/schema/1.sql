-- Times are microseconds since 1970, for order and comparison only; the
-- documents have them in full.

CREATE TABLE versions (last INTEGER NOT NULL) STRICT;
INSERT INTO versions (last) VALUES (0);

CREATE TABLE jobs (
    arn         TEXT    NOT NULL PRIMARY KEY,
    version     INTEGER NOT NULL,
    phase       TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    document    TEXT    NOT NULL
) STRICT;
CREATE INDEX jobs_recorded ON jobs (recorded_at, arn);
CREATE INDEX jobs_phase ON jobs (phase, recorded_at, arn);
CREATE INDEX jobs_kind ON jobs (kind, recorded_at, arn);
CREATE INDEX jobs_expiry ON jobs (expires_at);

CREATE TABLE job_runs (
    run TEXT NOT NULL,
    arn TEXT NOT NULL REFERENCES jobs (arn) ON DELETE CASCADE,
    PRIMARY KEY (run, arn)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_runs_arn ON job_runs (arn);

CREATE TABLE waits (
    arn        TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    due_at     INTEGER,
    expires_at INTEGER NOT NULL,
    document   TEXT    NOT NULL,
    PRIMARY KEY (arn, id)
) STRICT;
CREATE INDEX waits_due ON waits (due_at, arn, id, expires_at) WHERE due_at IS NOT NULL;
CREATE INDEX waits_expiry ON waits (expires_at);

-- AUTOINCREMENT: the number of a message that is gone is never another's.
CREATE TABLE queue (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    visible_at INTEGER NOT NULL,
    receives   INTEGER NOT NULL,
    doorbell   TEXT    NOT NULL
) STRICT;
CREATE INDEX queue_visible ON queue (visible_at, id);
