package bolt

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// tables are the buckets, within one transaction. The indexes have their
// content in the key, so that a cursor reads it in order; each entry ends in
// the id of its token.
type tables struct{ tx *bbolt.Tx }

// The names of the buckets, with key and value.
var (
	tokensName    = []byte("tokens")    // id: hash, record
	hashesName    = []byte("hashes")    // hash: id
	namesName     = []byte("names")     // owner and name: id
	listName      = []byte("list")      // created, id
	byOwnerName   = []byte("by-owner")  // owner, created, id
	childrenName  = []byte("children")  // parent, created, id: end, if there is one
	familiesName  = []byte("families")  // family, id
	endsName      = []byte("ends")      // class, end, id
	documentsName = []byte("documents") // collection, 0, key: version, value
	onceName      = []byte("once")      // key: until

	allNames = [][]byte{
		tokensName, hashesName, namesName, listName, byOwnerName, childrenName, familiesName, endsName,
		documentsName, onceName,
	}
)

// The classes of ends, which are swept after different times.
const (
	classBrief  = 'b' // tokens that are not listed
	classListed = 'l' // listed tokens that were neither revoked nor used up
	classEnded  = 'e' // formerly listed tokens that were revoked or used up
)

func (t tables) bucket(name []byte) *bbolt.Bucket { return t.tx.Bucket(name) }

// index is one entry of an index.
type index struct {
	name, key, value []byte
}

// listed reports whether List returns the token.
func listed(r apitoken.Record) bool {
	return r.Kind.Lasting() && r.Revoked.IsZero() && r.Used.IsZero()
}

func class(r apitoken.Record) byte {
	switch {
	case !r.Kind.Lasting():
		return classBrief
	case listed(r):
		return classListed
	}
	return classEnded
}

// indexes returns the index entries of a token.
func indexes(r apitoken.Record) (all []index) {
	id := []byte(r.ID)
	if listed(r) {
		created := slices.Concat(timeKey(r.Created), id)
		all = append(all, index{name: listName, key: created},
			index{name: byOwnerName, key: slices.Concat(ownerKey(r.Owner), created)})
	}
	if r.Parent != "" {
		all = append(all, index{childrenName, slices.Concat([]byte(r.Parent), timeKey(r.Created), id), endKey(r)})
	}
	if r.Family != "" {
		all = append(all, index{name: familiesName, key: []byte(r.Family + r.ID)})
	}
	if end := endKey(r); end != nil {
		all = append(all, index{name: endsName, key: slices.Concat([]byte{class(r)}, end, id)})
	}
	return all
}

// get returns the token with this id.
func (t tables) get(id []byte) (apitoken.Issue, error) {
	b := t.bucket(tokensName).Get(id)
	if b == nil {
		return apitoken.Issue{}, apitoken.ErrNotFound
	}
	return decode(b)
}

// lookup returns the token with this hash.
func (t tables) lookup(h apitoken.Hash) (apitoken.Issue, error) {
	id := t.bucket(hashesName).Get(h[:])
	if id == nil {
		return apitoken.Issue{}, apitoken.ErrNotFound
	}
	i, err := t.get(id)
	if err == nil && !i.Hash.Equal(h) {
		err = apitoken.ErrNotFound
	}
	return i, err
}

// insert adds a token. It does not check the name.
func (t tables) insert(i apitoken.Issue) error {
	taken := t.bucket(tokensName).Get([]byte(i.Record.ID)) != nil
	if taken || !i.Hash.IsZero() && t.bucket(hashesName).Get(i.Hash[:]) != nil {
		return apitoken.ErrConflict
	}
	return t.put(i)
}

// replace overwrites a token with its new state.
func (t tables) replace(old, i apitoken.Issue) error {
	if err := t.forget(old); err != nil {
		return err
	}
	return t.put(i)
}

// put writes a token with its indexes.
func (t tables) put(i apitoken.Issue) error {
	b, err := encode(i)
	if err != nil {
		return err
	}
	id := []byte(i.Record.ID)
	for _, x := range indexes(i.Record) {
		err = errors.Join(err, t.bucket(x.name).Put(x.key, x.value))
	}
	if !i.Hash.IsZero() {
		err = errors.Join(err, t.bucket(hashesName).Put(i.Hash[:], id))
	}
	return errors.Join(err, t.bucket(tokensName).Put(id, b))
}

// forget removes what put wrote.
func (t tables) forget(i apitoken.Issue) (err error) {
	for _, x := range indexes(i.Record) {
		err = errors.Join(err, t.bucket(x.name).Delete(x.key))
	}
	if !i.Hash.IsZero() {
		err = errors.Join(err, t.bucket(hashesName).Delete(i.Hash[:]))
	}
	return errors.Join(err, t.bucket(tokensName).Delete([]byte(i.Record.ID)))
}

// takeName assigns an API token its name, unless another one has it.
func (t tables) takeName(r apitoken.Record, now time.Time) error {
	if r.Kind != apitoken.KindAPI {
		return nil
	}
	key, id := nameKey(r), []byte(r.ID)
	if holder := t.bucket(namesName).Get(key); holder != nil && !bytes.Equal(holder, id) {
		other, err := t.get(holder)
		if err != nil && !errors.Is(err, apitoken.ErrNotFound) {
			return err
		}
		state := other.Record.State(now)
		if err == nil && state != apitoken.Revoked && state != apitoken.Expired {
			return apitoken.ErrConflict
		}
	}
	return t.bucket(namesName).Put(key, id)
}

// dropName frees the name, if this token has it.
func (t tables) dropName(r apitoken.Record) error {
	key := nameKey(r)
	if r.Kind != apitoken.KindAPI || !bytes.Equal(t.bucket(namesName).Get(key), []byte(r.ID)) {
		return nil
	}
	return t.bucket(namesName).Delete(key)
}

// idsUnder returns the ids of the entries with this prefix.
func (t tables) idsUnder(name []byte, prefix string) (ids []string) {
	c := t.bucket(name).Cursor()
	for k, _ := c.Seek([]byte(prefix)); bytes.HasPrefix(k, []byte(prefix)); k, _ = c.Next() {
		ids = append(ids, string(tail(k)))
	}
	return ids
}

// hasUnder reports whether there is an entry with this prefix.
func (t tables) hasUnder(name []byte, prefix string) bool {
	k, _ := t.bucket(name).Cursor().Seek([]byte(prefix))
	return bytes.HasPrefix(k, []byte(prefix))
}

// tail returns the id at the end of an entry.
func tail(entry []byte) []byte { return entry[max(0, len(entry)-idSize):] }
