-- +goose Up

-- The roles that see what is saved beside its owner, each between line breaks, in place
-- of whether there are any.
ALTER TABLE saved ADD COLUMN readers TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE saved SET readers = coalesce((
    SELECT chr(10) || string_agg(a.key, chr(10)) || chr(10) FROM jsonb_each(saved.body::jsonb -> 'access') a
    WHERE (a.value ->> 'read' = 'true' OR a.value ->> 'discover' = 'true') AND strpos(a.key, chr(10)) = 0
), '');
ALTER TABLE saved DROP COLUMN shared;
