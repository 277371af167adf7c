package bolt

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// List returns a page of tokens. A page begins after an entry of the index.
func (s *Store) List(_ context.Context, q apitoken.Query) (page []apitoken.Record, next string, err error) {
	after, err := hex.DecodeString(q.After)
	if err != nil {
		return nil, "", apitoken.ErrInvalid
	}
	name, prefix := listName, []byte(nil)
	if q.Owner != nil {
		name, prefix = byOwnerName, ownerKey(*q.Owner)
	}
	err = s.view(func(t tables) error {
		c := t.bucket(name).Cursor()
		for k, _ := c.Seek(slices.Concat(prefix, after)); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			if entry := k[len(prefix):]; bytes.Equal(entry, after) {
				continue
			}
			if len(page) == q.PageSize() {
				next = hex.EncodeToString(after)
				return nil
			}
			i, err := t.get(tail(k))
			if err != nil {
				return err
			}
			page = append(page, i.Record)
			after = bytes.Clone(k[len(prefix):])
		}
		return nil
	})
	return page, next, err
}

// CountExpiring counts the tokens that end in that time.
func (s *Store) CountExpiring(_ context.Context, from, to time.Time) (n int, err error) {
	err = s.view(func(t tables) error {
		for range t.ends(classListed, timeKey(apitoken.Micro(from).Add(time.Microsecond)), to) {
			n++
		}
		return nil
	})
	return n, err
}

// ends iterates over the entries of a class, beginning at one and up to a time.
func (t tables) ends(class byte, from []byte, to time.Time) func(yield func(entry []byte) bool) {
	return func(yield func(entry []byte) bool) {
		last := slices.Concat([]byte{class}, timeKey(to))
		c := t.bucket(endsName).Cursor()
		for k, _ := c.Seek(slices.Concat([]byte{class}, from)); k != nil; k, _ = c.Next() {
			if bytes.Compare(k[:min(len(last), len(k))], last) > 0 || !yield(k[1:]) {
				return
			}
		}
	}
}

// sweepMost bounds one transaction of Sweep, for which others wait.
const sweepMost = 1000

// Sweep removes tokens that have ended, children before their parents.
func (s *Store) Sweep(ctx context.Context, now time.Time, keep time.Duration) (removed int, err error) {
	if err := s.sweepOnce(time.Now()); err != nil {
		return 0, err
	}
	long := now.Add(-keep)
	for _, part := range []struct {
		class byte
		until time.Time
	}{{classBrief, now}, {classListed, long}, {classEnded, long}} {
		n, err := s.sweepClass(ctx, part.class, part.until)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

func (s *Store) sweepClass(ctx context.Context, class byte, until time.Time) (removed int, err error) {
	for from := []byte(nil); ; {
		var entries [][]byte
		err := s.update(func(t tables) error {
			for entry := range t.ends(class, from, until) {
				entries = append(entries, bytes.Clone(entry))
				if len(entries) == sweepMost {
					break
				}
			}
			n, err := t.removeAll(class, entries)
			removed += n
			if err == nil && n == 0 {
				return errUnchanged
			}
			return err
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || len(entries) < sweepMost {
			return removed, err
		}
		from = append(entries[sweepMost-1], 0) // those left over have children
	}
}

// removeAll removes the tokens of these entries, except those that have
// children. An entry without a record, or with a damaged one, is removed too.
func (t tables) removeAll(class byte, entries [][]byte) (removed int, err error) {
	for _, entry := range entries {
		id := tail(entry)
		if t.hasUnder(childrenName, string(id)) {
			continue
		}
		i, err := t.get(id)
		if err != nil {
			err = errors.Join(
				t.bucket(endsName).Delete(append([]byte{class}, entry...)), t.bucket(tokensName).Delete(id),
			)
		} else {
			err = t.remove(i)
		}
		if err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

func (t tables) remove(i apitoken.Issue) error { return errors.Join(t.forget(i), t.dropName(i.Record)) }
