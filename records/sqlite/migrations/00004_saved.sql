-- +goose Up

-- What users have saved to run or use again: jobs and targets. kind is 1 a job, 2 a
-- target. id is a UUID, changed is in microseconds, and version is a new one with
-- each change. shared is 1 where an access list names others than the owner. body is
-- JSON.
CREATE TABLE saved (
    master  TEXT    NOT NULL,
    kind    INTEGER NOT NULL,
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL,
    usr     TEXT    NOT NULL,
    eauth   TEXT    NOT NULL,
    shared  INTEGER NOT NULL DEFAULT 0,
    name    TEXT    NOT NULL DEFAULT '',
    descr   TEXT    NOT NULL DEFAULT '',
    cmd     TEXT    NOT NULL DEFAULT '',
    fun     TEXT    NOT NULL DEFAULT '',
    tgt     TEXT    NOT NULL DEFAULT '',
    changed INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (master, kind, id)
) WITHOUT ROWID;
CREATE INDEX saved_owner ON saved (master, kind, usr, eauth, name);
CREATE INDEX saved_name  ON saved (master, kind, name, id);
CREATE INDEX saved_tgt   ON saved (master, kind, tgt);
