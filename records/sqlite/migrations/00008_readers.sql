-- +goose Up

-- The roles that see what is saved beside its owner, each between line breaks, in place
-- of whether there are any.
ALTER TABLE saved ADD COLUMN readers TEXT NOT NULL DEFAULT '';
UPDATE saved SET readers = coalesce((
    SELECT char(10) || group_concat(a.key, char(10)) || char(10) FROM json_each(saved.body, '$.access') a
    WHERE (json_extract(a.value, '$.read') OR json_extract(a.value, '$.discover')) AND instr(a.key, char(10)) = 0
), '');
ALTER TABLE saved DROP COLUMN shared;
