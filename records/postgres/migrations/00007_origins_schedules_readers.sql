-- +goose Up

-- What a job was run from: a saved job, a saved target, a schedule, with the names
-- that these had then. They are empty for most jobs, which are not in the indices.
ALTER TABLE jobs ADD COLUMN job_uuid   TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN job_name   TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN tgt_uuid   TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN tgt_name   TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN sched_uuid TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN sched_name TEXT COLLATE "C" NOT NULL DEFAULT '';
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
    master   TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL,
    usr      TEXT COLLATE "C" NOT NULL,
    eauth    TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    job      TEXT COLLATE "C" NOT NULL DEFAULT '',
    tgt      TEXT COLLATE "C" NOT NULL DEFAULT '',
    enabled  SMALLINT NOT NULL,
    saved    BIGINT NOT NULL,
    changed  BIGINT NOT NULL,
    due_at   BIGINT NOT NULL DEFAULT 0,
    start_at BIGINT NOT NULL DEFAULT 0,
    body     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (master, id)
);
CREATE INDEX schedules_start ON schedules (master, start_at) WHERE enabled = 1 AND start_at > 0;

-- Runs of schedules: one row for each time at which one was due and for which a gateway
-- was there, or found it to be missed. state is the number of that in
-- records.RunStates. until is when the claim of a gateway ends.
CREATE TABLE runs (
    master   TEXT COLLATE "C" NOT NULL,
    schedule TEXT COLLATE "C" NOT NULL,
    due_at   BIGINT NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    usr      TEXT COLLATE "C" NOT NULL,
    eauth    TEXT COLLATE "C" NOT NULL,
    cmd      TEXT COLLATE "C" NOT NULL,
    fun      TEXT COLLATE "C" NOT NULL,
    state    SMALLINT NOT NULL,
    jid      TEXT COLLATE "C" NOT NULL DEFAULT '',
    why      TEXT COLLATE "C" NOT NULL DEFAULT '',
    claimed  BIGINT NOT NULL,
    until    BIGINT NOT NULL DEFAULT 0,
    done     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (master, schedule, due_at)
);
CREATE INDEX runs_due     ON runs (master, due_at);
CREATE INDEX runs_claimed ON runs (master, until) WHERE state = 0;

-- Values that users keep by keys. usr and eauth are empty for those of the system.
CREATE TABLE vals (
    master  TEXT COLLATE "C" NOT NULL,
    eauth   TEXT COLLATE "C" NOT NULL,
    usr     TEXT COLLATE "C" NOT NULL,
    key     TEXT COLLATE "C" NOT NULL,
    value   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (master, eauth, usr, key)
);

-- The roles that see what is saved beside its owner, each between line breaks, in place
-- of whether there are any.
ALTER TABLE saved ADD COLUMN readers TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE saved SET readers = coalesce((
    SELECT chr(10) || string_agg(a.key, chr(10)) || chr(10) FROM jsonb_each(saved.body::jsonb -> 'access') a
    WHERE (a.value ->> 'read' = 'true' OR a.value ->> 'discover' = 'true') AND strpos(a.key, chr(10)) = 0
), '');
ALTER TABLE saved DROP COLUMN shared;
