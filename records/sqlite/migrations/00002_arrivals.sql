-- +goose Up

-- The order in which the returns of a job were recorded: each has a larger
-- arrival than those before it, and 0 if it was recorded by an older schema.
ALTER TABLE jobs ADD COLUMN arrivals INTEGER NOT NULL DEFAULT 0; -- the last one
ALTER TABLE returns ADD COLUMN arrival INTEGER NOT NULL DEFAULT 0;
CREATE INDEX returns_arrival ON returns (job, arrival, minion) WHERE outcome <> 0;
