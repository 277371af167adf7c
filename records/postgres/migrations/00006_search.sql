-- +goose Up

-- Trigrams that are not in the index yet are few: all of them are looked through for
-- each text, and while they are many the planner leaves the index alone.
ALTER INDEX IF EXISTS jobs_text SET (gin_pending_list_limit = 256);
