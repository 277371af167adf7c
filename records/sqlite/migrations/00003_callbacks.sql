-- +goose Up

-- The promise to tell a destination that a job has ended. Times are microseconds.
-- state is 0 reserved (the job is not known yet), 1 waiting, 2 due, 3 delivered,
-- 4 failed. due_at is the time of the next attempt; while one is made, the time at
-- which it counts as lost.
CREATE TABLE callbacks (
    id          TEXT    NOT NULL PRIMARY KEY,
    master      TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    jid         TEXT    NOT NULL DEFAULT '',
    usr         TEXT    NOT NULL,
    eauth       TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    results     INTEGER NOT NULL DEFAULT 0,
    state       INTEGER NOT NULL,
    due_at      INTEGER NOT NULL DEFAULT 0,
    since       INTEGER NOT NULL DEFAULT 0,
    tried       INTEGER NOT NULL DEFAULT 0,
    done        INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    error       TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX callbacks_due     ON callbacks (master, state, due_at) WHERE state <= 2;
CREATE INDEX callbacks_done    ON callbacks (master, done) WHERE state > 2;
CREATE INDEX callbacks_jid     ON callbacks (master, jid);
CREATE INDEX callbacks_usr     ON callbacks (master, usr, created, id);
CREATE INDEX callbacks_created ON callbacks (master, created, id);
