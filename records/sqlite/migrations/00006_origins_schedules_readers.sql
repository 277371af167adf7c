-- +goose Up

-- What a job was run from: a saved job, a saved target, a schedule, with the names
-- that these had then. They are empty for most jobs, which are not in the indices.
ALTER TABLE jobs ADD COLUMN job_uuid   TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN job_name   TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN tgt_uuid   TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN tgt_name   TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN sched_uuid TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN sched_name TEXT NOT NULL DEFAULT '';
CREATE INDEX jobs_job_uuid   ON jobs (master, job_uuid, id)   WHERE job_uuid   <> '';
CREATE INDEX jobs_job_name   ON jobs (master, job_name, id)   WHERE job_name   <> '';
CREATE INDEX jobs_tgt_uuid   ON jobs (master, tgt_uuid, id)   WHERE tgt_uuid   <> '';
CREATE INDEX jobs_tgt_name   ON jobs (master, tgt_name, id)   WHERE tgt_name   <> '';
CREATE INDEX jobs_sched_uuid ON jobs (master, sched_uuid, id) WHERE sched_uuid <> '';
CREATE INDEX jobs_sched_name ON jobs (master, sched_name, id) WHERE sched_name <> '';
CREATE INDEX jobs_scheduled  ON jobs (master, id)             WHERE sched_uuid <> '';

-- Schedules: what is run at times. id is a UUID, version is a new one with each change
-- by a user, and times are in microseconds. due_at is the time of the next run, and
-- start_at when that starts; 0 for none. body is JSON.
CREATE TABLE schedules (
    master   TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    usr      TEXT    NOT NULL,
    eauth    TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    job      TEXT    NOT NULL DEFAULT '',
    tgt      TEXT    NOT NULL DEFAULT '',
    enabled  INTEGER NOT NULL,
    saved    INTEGER NOT NULL,
    changed  INTEGER NOT NULL,
    due_at   INTEGER NOT NULL DEFAULT 0,
    start_at INTEGER NOT NULL DEFAULT 0,
    body     TEXT    NOT NULL,
    PRIMARY KEY (master, id)
) WITHOUT ROWID;
CREATE INDEX schedules_start ON schedules (master, start_at) WHERE enabled = 1 AND start_at > 0;

-- Runs of schedules: one row for each time at which one was due and for which a gateway
-- was there, or found it to be missed. state is the number of that in
-- records.RunStates. until is when the claim of a gateway ends.
CREATE TABLE runs (
    master   TEXT    NOT NULL,
    schedule TEXT    NOT NULL,
    due_at   INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    usr      TEXT    NOT NULL,
    eauth    TEXT    NOT NULL,
    cmd      TEXT    NOT NULL,
    fun      TEXT    NOT NULL,
    state    INTEGER NOT NULL,
    jid      TEXT    NOT NULL DEFAULT '',
    why      TEXT    NOT NULL DEFAULT '',
    claimed  INTEGER NOT NULL,
    until    INTEGER NOT NULL DEFAULT 0,
    done     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (master, schedule, due_at)
) WITHOUT ROWID;
CREATE INDEX runs_due     ON runs (master, due_at);
CREATE INDEX runs_claimed ON runs (master, until) WHERE state = 0;

-- Values that users keep by keys. usr and eauth are empty for those of the system.
CREATE TABLE vals (
    master  TEXT    NOT NULL,
    eauth   TEXT    NOT NULL,
    usr     TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    PRIMARY KEY (master, eauth, usr, key)
) WITHOUT ROWID;

-- The roles that see what is saved beside its owner, each between line breaks, in place
-- of whether there are any.
ALTER TABLE saved ADD COLUMN readers TEXT NOT NULL DEFAULT '';
UPDATE saved SET readers = coalesce((
    SELECT char(10) || group_concat(a.key, char(10)) || char(10) FROM json_each(saved.body, '$.access') a
    WHERE (json_extract(a.value, '$.read') OR json_extract(a.value, '$.discover')) AND instr(a.key, char(10)) = 0
), '');
ALTER TABLE saved DROP COLUMN shared;
