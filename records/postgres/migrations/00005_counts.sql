-- +goose Up

-- With the state in it, the jobs of a user or function are counted in the index
-- alone.
DROP INDEX jobs_usr;
CREATE INDEX jobs_usr ON jobs (master, usr, id, state);
DROP INDEX jobs_fun;
CREATE INDEX jobs_fun ON jobs (master, fun, id, state);
