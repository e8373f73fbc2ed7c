-- Fair shares of the queue: messages are taken in the order of their turns, and each
-- message of a job has a later turn than the job's message before.
ALTER TABLE queue ADD COLUMN job TEXT NOT NULL DEFAULT '';
ALTER TABLE queue ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
DROP INDEX queue_visible;
CREATE INDEX queue_turn ON queue (turn, id);
CREATE INDEX queue_job ON queue (job, turn);

-- When the sweep last ran.
CREATE TABLE heartbeat (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    version  INTEGER NOT NULL,
    document TEXT    NOT NULL
) STRICT;
