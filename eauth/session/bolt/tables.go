package bolt

import (
	"bytes"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"github.com/saltern-api/saltern/eauth/session"
)

// tables are the buckets, within one transaction. The indexes have their
// content in the key, so that a cursor reads it in order.
type tables struct{ tx *bbolt.Tx }

// The names of the buckets, with key and value.
var (
	sessionsName = []byte("sessions") // key: record
	byUserName   = []byte("by-user")  // user, start, key
	byTokenName  = []byte("by-token") // token, key
	byEndName    = []byte("by-end")   // expire, key
	deniedName   = []byte("denied")   // token: until
	byUntilName  = []byte("by-until") // until, token

	allNames = [][]byte{sessionsName, byUserName, byTokenName, byEndName, deniedName, byUntilName}
)

func (t tables) sessions() *bbolt.Bucket { return t.tx.Bucket(sessionsName) }
func (t tables) byUser() *bbolt.Bucket   { return t.tx.Bucket(byUserName) }
func (t tables) byToken() *bbolt.Bucket  { return t.tx.Bucket(byTokenName) }
func (t tables) byEnd() *bbolt.Bucket    { return t.tx.Bucket(byEndName) }
func (t tables) denied() *bbolt.Bucket   { return t.tx.Bucket(deniedName) }
func (t tables) byUntil() *bbolt.Bucket  { return t.tx.Bucket(byUntilName) }

// index is one entry of an index.
type index struct {
	bucket *bbolt.Bucket
	key    []byte
}

// indexes returns the index entries of a session.
func (t tables) indexes(r session.Record) []index {
	return []index{
		{t.byUser(), join(r.User[:], timeKey(r.Start), r.Key[:])},
		{t.byToken(), join(r.Token[:], r.Key[:])},
		{t.byEnd(), join(timeKey(r.Expire), r.Key[:])},
	}
}

func (t tables) put(r session.Record) error {
	for _, x := range t.indexes(r) {
		if err := x.bucket.Put(x.key, nil); err != nil {
			return err
		}
	}
	return t.sessions().Put(r.Key[:], encode(r))
}

// get returns false where there is no such session.
func (t tables) get(key []byte) (session.Record, bool, error) {
	b := t.sessions().Get(key)
	if b == nil {
		return session.Record{}, false, nil
	}
	r, err := decode(key, b)
	return r, err == nil, err
}

func (t tables) remove(r session.Record) error {
	for _, x := range t.indexes(r) {
		if err := x.bucket.Delete(x.key); err != nil {
			return err
		}
	}
	return t.sessions().Delete(r.Key[:])
}

// removeAll removes the sessions of these entries of an index, and returns
// them. An entry without a record, or with a damaged one, is removed too.
func (t tables) removeAll(from *bbolt.Bucket, entries [][]byte) (removed []session.Record, err error) {
	for _, entry := range entries {
		key := tail(entry)
		if r, ok, _ := t.get(key); ok {
			removed = append(removed, r)
			err = t.remove(r)
		} else {
			err = errors.Join(from.Delete(entry), t.sessions().Delete(key))
		}
		if err != nil {
			return nil, err
		}
	}
	return removed, nil
}

func (t tables) deny(token session.Hash, until time.Time) error {
	if err := t.allow(token[:]); err != nil {
		return err
	}
	at := timeKey(until)
	if err := t.byUntil().Put(join(at, token[:]), nil); err != nil {
		return err
	}
	return t.denied().Put(token[:], at)
}

// allow removes a denial.
func (t tables) allow(token []byte) error {
	if until := t.denied().Get(token); until != nil {
		if err := t.byUntil().Delete(join(until, token)); err != nil {
			return err
		}
	}
	return t.denied().Delete(token)
}

// withPrefix copies the entries of an index that begin with prefix.
func withPrefix(b *bbolt.Bucket, prefix []byte) (entries [][]byte) {
	c := b.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		entries = append(entries, bytes.Clone(k))
	}
	return entries
}

// until copies the entries of an index whose time is not after now, at most as
// many as most.
func until(b *bbolt.Bucket, now time.Time, most int) (entries [][]byte) {
	last := timeKey(now)
	c := b.Cursor()
	for k, _ := c.First(); k != nil && len(entries) < most; k, _ = c.Next() {
		if bytes.Compare(k[:min(timeSize, len(k))], last) > 0 {
			break
		}
		entries = append(entries, bytes.Clone(k))
	}
	return entries
}

// tail returns the hash at the end of an entry.
func tail(entry []byte) []byte { return entry[max(0, len(entry)-hashSize):] }
