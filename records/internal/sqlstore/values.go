package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// ofOwner returns the conditions for the values of an owner.
func (s *Store) ofOwner(is *sqlbuilder.Cond, o records.ValueOwner) []string {
	return []string{is.Equal("master", s.opts.Master), is.Equal("eauth", o.Eauth), is.Equal("usr", o.User)}
}

func keepsOwner(o records.ValueOwner) bool {
	return o == (records.ValueOwner{}) || isName(o.User) && isName(o.Eauth)
}

func isValueKey(key string) bool { return isName(key) && len(key) <= records.MaxValueKey }

// Value implements [records.Values].
func (s *Store) Value(ctx context.Context, o records.ValueOwner, key string) (json.RawMessage, error) {
	if !keepsOwner(o) || !isValueKey(key) {
		return nil, records.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select("value").From("vals").Where(s.ofOwner(&q.Cond, o)...).Where(q.Equal("key", key))
	var text string
	err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&text) })
	if err == nil && text == "" {
		err = records.ErrNotFound
	}
	if err != nil {
		return nil, s.failure(ctx, err)
	}
	return json.RawMessage(text), nil
}

// PutValue implements [records.Values].
func (s *Store) PutValue(ctx context.Context, o records.ValueOwner, key string, value json.RawMessage) error {
	switch {
	case !keepsOwner(o):
		return &records.InvalidError{Field: "user", Why: "it cannot be kept"}
	case !isValueKey(key):
		return &records.InvalidError{Field: "key", Why: "it is empty, too long, or cannot be kept"}
	case !json.Valid(value) || !isText(string(value)) || strings.Contains(string(value), `\u0000`) || len(value) > records.MaxValueSize:
		return &records.InvalidError{Field: "value", Why: "it is too large, or cannot be kept"}
	}
	there := sqlbuilder.NewUpdateBuilder()
	there.Update("vals").Set(there.Assign("value", string(value))).Where(s.ofOwner(&there.Cond, o)...).Where(there.Equal("key", key))
	if err := s.changeOne(ctx, there); !errors.Is(err, records.ErrNotFound) {
		return err
	}
	switch ok, err := s.roomForValue(ctx); {
	case err != nil:
		return err
	case !ok:
		return records.ErrTooManyValues
	}
	q := sqlbuilder.InsertInto("vals").Cols("master", "eauth", "usr", "key", "value").
		Values(s.opts.Master, o.Eauth, o.User, key, string(value)).
		SQL("ON CONFLICT (master, eauth, usr, key) DO UPDATE SET value = excluded.value")
	own := sqlbuilder.NewSelectBuilder()
	own.Select("count(*)").From("vals").Where(s.ofOwner(&own.Cond, o)...)
	var tooMany error
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var n int
		text, args := own.BuildWithFlavor(s.engine.Flavor)
		if err := tx.QueryRowContext(ctx, text, args...).Scan(&n); err != nil {
			return err
		}
		if tooMany = nil; n >= records.MaxValuesOfUser {
			tooMany = records.ErrTooManyValues
			return nil
		}
		_, err := s.exec(ctx, tx, q)
		return err
	})
	return errors.Join(err, tooMany)
}

// roomForValue reports whether there may be another value. To count all takes a while: a
// gateway adds an eighth of what there may be before it counts again, so that up to eight
// of them keep the bound.
func (s *Store) roomForValue(ctx context.Context) (bool, error) {
	if s.valueRoom.Add(-1) >= 0 {
		return true, nil
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select("count(*)").From("vals").Where(q.Equal("master", s.opts.Master))
	var n int64
	if err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&n) }); err != nil {
		return false, s.failure(ctx, err)
	}
	s.valueRoom.Store((records.MaxValues - n) / 8)
	return n < records.MaxValues, nil
}

// DeleteValue implements [records.Values].
func (s *Store) DeleteValue(ctx context.Context, o records.ValueOwner, key string) (bool, error) {
	if !keepsOwner(o) || !isValueKey(key) {
		return false, nil
	}
	q := sqlbuilder.NewDeleteBuilder()
	q.DeleteFrom("vals").Where(s.ofOwner(&q.Cond, o)...).Where(q.Equal("key", key))
	var n int64
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		n, err = s.exec(ctx, tx, q)
		return err
	})
	return n > 0, err
}

// ValueKeys implements [records.Values].
func (s *Store) ValueKeys(ctx context.Context, o records.ValueOwner) (keys []string, err error) {
	if !keepsOwner(o) {
		return nil, nil
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select("key").From("vals").Where(s.ofOwner(&q.Cond, o)...).OrderByAsc("key").Limit(2 * records.MaxValuesOfUser)
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, s.failure(ctx, err)
}
