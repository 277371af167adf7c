-- +goose Up

-- A job. id is its start in microseconds since 1970, made unique: the order of
-- ids is the order of starts. Times are microseconds; end_at is the largest
-- integer as long as the job has not ended.
CREATE TABLE jobs (
    id           BIGINT PRIMARY KEY,
    master       TEXT COLLATE "C" NOT NULL,
    jid          TEXT COLLATE "C" NOT NULL,
    search       TEXT COLLATE "C" NOT NULL DEFAULT '', -- the text that is searched, in lower case
    usr          TEXT COLLATE "C" NOT NULL DEFAULT '',
    eauth        TEXT COLLATE "C" NOT NULL DEFAULT '',
    client       TEXT COLLATE "C" NOT NULL DEFAULT '',
    fun          TEXT COLLATE "C" NOT NULL DEFAULT '',
    tgt          TEXT COLLATE "C" NOT NULL DEFAULT '',
    tgt_type     TEXT COLLATE "C" NOT NULL DEFAULT '',
    state        SMALLINT NOT NULL DEFAULT 0,
    end_at       BIGINT NOT NULL DEFAULT 9223372036854775807,
    ended        BIGINT NOT NULL DEFAULT 0, -- when it was said that nothing is waited for
    last_return  BIGINT NOT NULL DEFAULT 0,
    reported     SMALLINT NOT NULL DEFAULT 0, -- whether its end was reported
    known        SMALLINT NOT NULL DEFAULT 0, -- whether its minions are known
    minions_hash BIGINT NOT NULL DEFAULT 0, -- of the list that was recorded last
    expected     BIGINT NOT NULL DEFAULT 0,
    missing      BIGINT NOT NULL DEFAULT 0,
    returned     BIGINT NOT NULL DEFAULT 0,
    succeeded    BIGINT NOT NULL DEFAULT 0,
    failed       BIGINT NOT NULL DEFAULT 0,
    bytes        BIGINT NOT NULL DEFAULT 0, -- of the job and its returns, about
    arguments    TEXT COLLATE "C" NOT NULL DEFAULT '',
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
    job     BIGINT NOT NULL,
    minion  TEXT COLLATE "C" NOT NULL,
    meant   SMALLINT NOT NULL DEFAULT 0,
    outcome SMALLINT NOT NULL DEFAULT 0,
    at      BIGINT NOT NULL DEFAULT 0,
    success SMALLINT NOT NULL DEFAULT 0,
    retcode BIGINT NOT NULL DEFAULT 0,
    size    BIGINT NOT NULL DEFAULT 0,
    coding  SMALLINT NOT NULL DEFAULT 0,
    fun     TEXT COLLATE "C" NOT NULL DEFAULT '', -- where it is another than the job's
    value   BYTEA,
    PRIMARY KEY (job, minion)
);
CREATE INDEX returns_minion  ON returns (minion, job);
CREATE INDEX returns_outcome ON returns (job, outcome, minion) WHERE outcome <> 1;

-- The trigrams of what is searched, where the server has them and the user may
-- use them; without them the text of every job is compared.
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX jobs_text ON jobs USING gin (search gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'texts have no index: %', SQLERRM;
END
$$;
-- +goose StatementEnd
