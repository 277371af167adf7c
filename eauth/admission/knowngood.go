package admission

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/internal/mark"
	"github.com/saltern-api/saltern/internal/lru"
)

// known remembers which credentials were right lately, and from where. Only
// right ones are added, so guesses cannot evict others.
type known struct {
	opts  Options
	users *lru.Cache[user, []good]
}

type user struct{ eauth, name string }

// good is credentials that were right, from one prefix.
type good struct {
	mark   mark.Mark
	from   netip.Prefix
	at     time.Time // of the last check
	misses []uint64  // the beginnings of their marks, see [Queue.AllowThrottled]
}

func newKnown(o Options) *known {
	return &known{opts: o, users: lru.New[user, []good](o.Remember)}
}

func userOf(c eauth.Credentials) user { return user{c.Eauth, c.Username} }

// list returns a user's entries that have not aged out, the least recently used first.
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
// never leaves the process, so the time of their comparison reveals nothing.
func (k *known) has(c eauth.Credentials, m mark.Mark) bool {
	if !prefixOf(c).IsValid() {
		return false
	}
	all := k.list(c)
	k.set(c, all)
	return slices.ContainsFunc(all, func(g good) bool { return g.mark == m })
}

// add remembers credentials. It returns false where they cannot be remembered,
// for want of an address.
func (k *known) add(c eauth.Credentials, m mark.Mark, forgive bool) bool {
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

func (k *known) remove(c eauth.Credentials, m mark.Mark) {
	all := k.list(c)
	k.set(c, slices.DeleteFunc(all, func(g good) bool { return g.mark == m }))
}

// miss counts a wrong attempt against what is known of the user and the prefix,
// unless the same was made before: a program that goes on with an old password
// does not guess. It returns false, for [Queue.AllowThrottled].
func (k *known) miss(c eauth.Credentials, m mark.Mark) bool {
	from, all, id := prefixOf(c), k.list(c), binary.LittleEndian.Uint64(m[:])
	for i := range all {
		if all[i].from == from && !slices.Contains(all[i].misses, id) {
			all[i].misses = append(all[i].misses, id)
		}
	}
	k.set(c, slices.DeleteFunc(all, func(g good) bool { return len(g.misses) > k.opts.Misses }))
	return false
}

// markOf returns the mark of credentials, address prefix included.
func markOf(key *mark.Key, c eauth.Credentials) mark.Mark {
	return key.Of(c.Username, c.Password, c.Eauth, prefixOf(c).String())
}
