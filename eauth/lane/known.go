package lane

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/lru"
)

// known is which credentials were right lately, and from where. Only right ones
// get in, so strangers cannot push others out.
type known struct {
	opts  Options
	users *lru.Cache[user, []good]
}

type user struct{ eauth, name string }

// good is credentials that were right, from one prefix.
type good struct {
	mark   mark
	from   netip.Prefix
	at     time.Time // of the last check
	misses []uint64  // the beginnings of their marks, see [Lanes.Pass]
}

func newKnown(o Options) *known {
	return &known{opts: o, users: lru.New[user, []good](o.Remember)}
}

func userOf(c eauth.Credentials) user { return user{c.Eauth, c.Username} }

// list returns what counts of a user now, the longest unused first.
func (k *known) list(c eauth.Credentials) []good {
	all, _ := k.users.Get(userOf(c))
	return slices.DeleteFunc(all, func(g good) bool { return time.Since(g.at) > k.opts.Age })
}

func (k *known) set(c eauth.Credentials, all []good) {
	if len(all) == 0 {
		k.users.Delete(userOf(c))
		return
	}
	k.users.Put(userOf(c), all)
}

// has reports whether credentials are known. Marks are made with a key that
// nobody has, so the time of their comparison tells nothing.
func (k *known) has(c eauth.Credentials, m mark) bool {
	if !prefixOf(c).IsValid() {
		return false
	}
	all := k.list(c)
	k.set(c, all)
	return slices.ContainsFunc(all, func(g good) bool { return g.mark == m })
}

// add makes credentials known, and reports whether they can be.
func (k *known) add(c eauth.Credentials, m mark, forgive bool) bool {
	from := prefixOf(c)
	if !from.IsValid() {
		return false
	}
	g := good{mark: m, from: from, at: time.Now()}
	all := k.list(c)
	if i := slices.IndexFunc(all, func(g good) bool { return g.mark == m }); i >= 0 {
		g.misses = all[i].misses
		all = slices.Delete(all, i, i+1)
	}
	if forgive {
		g.misses = nil
	}
	if all = append(all, g); len(all) > k.opts.Prefixes {
		all = slices.Delete(all, 0, 1)
	}
	k.set(c, all)
	return true
}

func (k *known) remove(c eauth.Credentials, m mark) {
	all := k.list(c)
	k.set(c, slices.DeleteFunc(all, func(g good) bool { return g.mark == m }))
}

// miss counts a wrong try against what is known of the user and the prefix,
// unless it was made before: a program that goes on with an old password does
// not guess. It returns false, for [Lanes.Pass].
func (k *known) miss(c eauth.Credentials, m mark) bool {
	from, all, id := prefixOf(c), k.list(c), binary.LittleEndian.Uint64(m[:])
	for i := range all {
		if all[i].from == from && !slices.Contains(all[i].misses, id) {
			all[i].misses = append(all[i].misses, id)
		}
	}
	k.set(c, slices.DeleteFunc(all, func(g good) bool { return len(g.misses) > k.opts.Misses }))
	return false
}
