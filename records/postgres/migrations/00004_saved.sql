-- +goose Up

-- What users have saved to run or use again: jobs and targets. kind is 1 a job, 2 a
-- target. id is a UUID, changed is in microseconds, and version is a new one with
-- each change. shared is 1 where an access list names others than the owner. body is
-- JSON.
CREATE TABLE saved (
    master  TEXT COLLATE "C" NOT NULL,
    kind    SMALLINT NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    usr     TEXT COLLATE "C" NOT NULL,
    eauth   TEXT COLLATE "C" NOT NULL,
    shared  SMALLINT NOT NULL DEFAULT 0,
    name    TEXT COLLATE "C" NOT NULL DEFAULT '',
    descr   TEXT COLLATE "C" NOT NULL DEFAULT '',
    cmd     TEXT COLLATE "C" NOT NULL DEFAULT '',
    fun     TEXT COLLATE "C" NOT NULL DEFAULT '',
    tgt     TEXT COLLATE "C" NOT NULL DEFAULT '',
    changed BIGINT NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (master, kind, id)
);
CREATE INDEX saved_owner ON saved (master, kind, usr, eauth, name);
CREATE INDEX saved_name  ON saved (master, kind, name, id);
CREATE INDEX saved_tgt   ON saved (master, kind, tgt);
