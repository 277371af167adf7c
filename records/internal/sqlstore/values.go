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
	q := sqlbuilder.InsertInto("vals").Cols("master", "eauth", "usr", "key", "value").
		Values(s.opts.Master, o.Eauth, o.User, key, string(value)).
		SQL("ON CONFLICT (master, eauth, usr, key) DO UPDATE SET value = excluded.value")
	var tooMany error
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var total, own, there int
		count := sqlbuilder.NewSelectBuilder()
		mine := "usr = " + count.Var(o.User) + " AND eauth = " + count.Var(o.Eauth)
		count.Select("count(*)", "CAST(coalesce(sum(CASE WHEN "+mine+" THEN 1 ELSE 0 END), 0) AS BIGINT)",
			"CAST(coalesce(sum(CASE WHEN "+mine+" AND key = "+count.Var(key)+" THEN 1 ELSE 0 END), 0) AS BIGINT)").
			From("vals").Where(count.Equal("master", s.opts.Master))
		text, args := count.BuildWithFlavor(s.engine.Flavor)
		if err := tx.QueryRowContext(ctx, text, args...).Scan(&total, &own, &there); err != nil {
			return err
		}
		if tooMany = nil; there == 0 && (own >= records.MaxValuesOfUser || total >= records.MaxValues) {
			tooMany = records.ErrTooManyValues
			return nil
		}
		_, err := s.exec(ctx, tx, q)
		return err
	})
	return errors.Join(err, tooMany)
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
