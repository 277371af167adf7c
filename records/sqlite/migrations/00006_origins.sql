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
