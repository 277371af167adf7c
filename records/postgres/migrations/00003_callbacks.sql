-- +goose Up

-- The promise to tell a destination that a job has ended. Times are microseconds.
-- state is 0 reserved (the job is not known yet), 1 waiting, 2 due, 3 delivered,
-- 4 failed. due_at is the time of the next attempt; while one is made, the time at
-- which it counts as lost.
CREATE TABLE callbacks (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    master      TEXT COLLATE "C" NOT NULL,
    created     BIGINT NOT NULL,
    jid         TEXT COLLATE "C" NOT NULL DEFAULT '',
    usr         TEXT COLLATE "C" NOT NULL,
    eauth       TEXT COLLATE "C" NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    results     SMALLINT NOT NULL DEFAULT 0,
    state       SMALLINT NOT NULL,
    due_at      BIGINT NOT NULL DEFAULT 0,
    since       BIGINT NOT NULL DEFAULT 0,
    tried       BIGINT NOT NULL DEFAULT 0,
    done        BIGINT NOT NULL DEFAULT 0,
    attempts    BIGINT NOT NULL DEFAULT 0,
    error       TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX callbacks_due     ON callbacks (master, state, due_at) WHERE state <= 2;
CREATE INDEX callbacks_done    ON callbacks (master, done) WHERE state > 2;
CREATE INDEX callbacks_jid     ON callbacks (master, jid);
CREATE INDEX callbacks_usr     ON callbacks (master, usr, created, id);
CREATE INDEX callbacks_created ON callbacks (master, created, id);
