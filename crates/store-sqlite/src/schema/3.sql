-- Jobs are known by their ARN's key, which is in lower case but for a pipeline
-- step's name; waits by job, id and owner. An owner of '' is that of a wait whose
-- document is of version 1: it keeps that key until its life is over.

CREATE TABLE jobs_2 (
    arn         TEXT    NOT NULL PRIMARY KEY,
    version     INTEGER NOT NULL,
    phase       TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    document    TEXT    NOT NULL
) STRICT;
-- Of two that differ in case alone, the one that was recorded last.
INSERT OR IGNORE INTO jobs_2
    SELECT CASE instr(arn, '/step/') WHEN 0 THEN lower(arn)
               ELSE lower(substr(arn, 1, instr(arn, '/step/'))) || substr(arn, instr(arn, '/step/') + 1)
           END,
           version, phase, kind, recorded_at, expires_at, document
    FROM jobs ORDER BY recorded_at DESC;

CREATE TABLE job_runs_2 (
    run TEXT NOT NULL,
    arn TEXT NOT NULL REFERENCES jobs_2 (arn) ON DELETE CASCADE,
    PRIMARY KEY (run, arn)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO job_runs_2
    SELECT runs.value, jobs_2.arn FROM jobs_2, json_each(jobs_2.document, '$.runs') AS runs;

CREATE TABLE waits_2 (
    arn        TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    due_at     INTEGER,
    expires_at INTEGER NOT NULL,
    document   TEXT    NOT NULL,
    PRIMARY KEY (arn, id, owner)
) STRICT;
INSERT OR IGNORE INTO waits_2
    SELECT CASE instr(arn, '/step/') WHEN 0 THEN lower(arn)
               ELSE lower(substr(arn, 1, instr(arn, '/step/'))) || substr(arn, instr(arn, '/step/') + 1)
           END,
           id, '', version, due_at, expires_at, document
    FROM waits ORDER BY expires_at DESC;

DROP TABLE job_runs;
DROP TABLE jobs;
DROP TABLE waits;
ALTER TABLE jobs_2 RENAME TO jobs;
ALTER TABLE job_runs_2 RENAME TO job_runs;
ALTER TABLE waits_2 RENAME TO waits;

CREATE INDEX jobs_recorded ON jobs (recorded_at, arn);
CREATE INDEX jobs_phase ON jobs (phase, recorded_at, arn);
CREATE INDEX jobs_kind ON jobs (kind, recorded_at, arn);
CREATE INDEX jobs_expiry ON jobs (expires_at);
CREATE INDEX job_runs_arn ON job_runs (arn);
CREATE INDEX waits_due ON waits (due_at, arn, id, owner, expires_at) WHERE due_at IS NOT NULL;
CREATE INDEX waits_expiry ON waits (expires_at);
