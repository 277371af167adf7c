package bolt

import (
	"bytes"
	"errors"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// add inserts a token, for which a child of the same parent may have to go. It
// returns the id of that where it had not ended.
func (t tables) add(i apitoken.Issue, now time.Time) (crowded []string, err error) {
	if i.Record.Parent != "" {
		if crowded, err = t.makeRoom(i.Record.Parent, now); err != nil {
			return nil, err
		}
	}
	return crowded, t.insert(i)
}

func (t tables) makeRoom(parent string, now time.Time) (crowded []string, err error) {
	entry, live := t.leaver(parent, timeKey(now))
	if entry == nil {
		return nil, nil
	}
	id := tail(entry)
	if live {
		crowded = []string{string(id)}
	}
	i, err := t.get(id)
	if err != nil { // a damaged record is in nobody's way
		return crowded, errors.Join(t.bucket(childrenName).Delete(entry), t.bucket(tokensName).Delete(id))
	}
	return crowded, t.remove(i)
}

// leaver finds the child that goes where a parent has as many as it may have,
// and reports whether it had not ended. The entries come with the oldest first.
func (t tables) leaver(parent string, now []byte) (entry []byte, live bool) {
	var count int
	var oldest, ended, first []byte // first is the end of the one that has ended
	prefix := []byte(parent)
	c := t.bucket(childrenName).Cursor()
	for k, end := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, end = c.Next() {
		if count++; oldest == nil {
			oldest = k
		}
		if len(end) == 0 || bytes.Compare(end, now) > 0 {
			continue
		}
		order := bytes.Compare(end, first)
		if ended == nil || order < 0 || order == 0 && bytes.Compare(tail(k), tail(ended)) < 0 {
			ended, first = k, end
		}
	}
	switch {
	case count < apitoken.MaxChildren:
		return nil, false
	case ended != nil:
		return bytes.Clone(ended), false // what it lies in is written to
	}
	return bytes.Clone(oldest), true
}
