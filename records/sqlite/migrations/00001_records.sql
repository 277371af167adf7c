-- +goose Up

-- A job. id is its start in microseconds since 1970, made unique: the order of
-- ids is the order of starts. Times are microseconds; end_at is the largest
-- integer as long as the job has not ended.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY,
    master       TEXT    NOT NULL,
    jid          TEXT    NOT NULL,
    search       TEXT    NOT NULL DEFAULT '', -- the text that is searched, in lower case
    usr          TEXT    NOT NULL DEFAULT '',
    eauth        TEXT    NOT NULL DEFAULT '',
    client       TEXT    NOT NULL DEFAULT '',
    fun          TEXT    NOT NULL DEFAULT '',
    tgt          TEXT    NOT NULL DEFAULT '',
    tgt_type     TEXT    NOT NULL DEFAULT '',
    state        INTEGER NOT NULL DEFAULT 0,
    end_at       INTEGER NOT NULL DEFAULT 9223372036854775807,
    ended        INTEGER NOT NULL DEFAULT 0, -- when it was said that nothing is waited for
    last_return  INTEGER NOT NULL DEFAULT 0,
    reported     INTEGER NOT NULL DEFAULT 0, -- whether its end was reported
    known        INTEGER NOT NULL DEFAULT 0, -- whether its minions are known
    minions_hash INTEGER NOT NULL DEFAULT 0, -- of the list that was recorded last
    expected     INTEGER NOT NULL DEFAULT 0,
    missing      INTEGER NOT NULL DEFAULT 0,
    returned     INTEGER NOT NULL DEFAULT 0,
    succeeded    INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    bytes        INTEGER NOT NULL DEFAULT 0, -- of the job and its returns, about
    arguments    TEXT    NOT NULL DEFAULT '',
    UNIQUE (master, jid)
);
CREATE INDEX jobs_start ON jobs (master, id);
CREATE INDEX jobs_usr   ON jobs (master, usr, id);
CREATE INDEX jobs_fun   ON jobs (master, fun, id);
CREATE INDEX jobs_tgt   ON jobs (master, tgt, id);
CREATE INDEX jobs_state ON jobs (master, state, id);
CREATE INDEX jobs_end   ON jobs (master, end_at, id);

-- A minion of a job: expected (meant), returned, or both. outcome is 0 missing,
-- 1 ok, 2 failed; coding is 0 as it is, 1 deflate, 2 omitted.
CREATE TABLE returns (
    job     INTEGER NOT NULL,
    minion  TEXT    NOT NULL,
    meant   INTEGER NOT NULL DEFAULT 0,
    outcome INTEGER NOT NULL DEFAULT 0,
    at      INTEGER NOT NULL DEFAULT 0,
    success INTEGER NOT NULL DEFAULT 0,
    retcode INTEGER NOT NULL DEFAULT 0,
    size    INTEGER NOT NULL DEFAULT 0,
    coding  INTEGER NOT NULL DEFAULT 0,
    fun     TEXT    NOT NULL DEFAULT '', -- where it is another than the job's
    value   BLOB,
    PRIMARY KEY (job, minion)
) WITHOUT ROWID;
CREATE INDEX returns_minion  ON returns (minion, job);
CREATE INDEX returns_outcome ON returns (job, outcome, minion) WHERE outcome <> 1;

-- The trigrams of what is searched: of jobs of all masters, by id.
CREATE VIRTUAL TABLE jobs_text USING fts5 (search, content = 'jobs', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');

-- +goose StatementBegin
CREATE TRIGGER jobs_added AFTER INSERT ON jobs BEGIN
    INSERT INTO jobs_text (rowid, search) VALUES (new.id, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER jobs_changed AFTER UPDATE OF search ON jobs WHEN old.search <> new.search BEGIN
    INSERT INTO jobs_text (jobs_text, rowid, search) VALUES ('delete', old.id, old.search);
    INSERT INTO jobs_text (rowid, search) VALUES (new.id, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER jobs_removed AFTER DELETE ON jobs BEGIN
    INSERT INTO jobs_text (jobs_text, rowid, search) VALUES ('delete', old.id, old.search);
END;
-- +goose StatementEnd
