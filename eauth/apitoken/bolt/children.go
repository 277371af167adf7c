package bolt

import (
	"bytes"
	"errors"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// add inserts a token, for which a child of the same parent may have to be
// removed. It returns that child's id if it had not ended.
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
	if err != nil { // a damaged record must not block others
		return crowded, errors.Join(t.bucket(childrenName).Delete(entry), t.bucket(tokensName).Delete(id))
	}
	return crowded, t.remove(i)
}

// leaver returns the entry of the child to be removed if a parent has the
// maximum number, and reports whether that child had not ended. The entries are
// in order, the oldest first.
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
		return bytes.Clone(ended), false // the page that holds it will be modified
	}
	return bytes.Clone(oldest), true
}
