package admission

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth"
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
	mark   mark
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
func (k *known) has(c eauth.Credentials, m mark) bool {
	if !prefixOf(c).IsValid() {
		return false
	}
	all := k.list(c)
	k.set(c, all)
	return slices.ContainsFunc(all, func(g good) bool { return g.mark == m })
}

// add remembers credentials. It returns false where they cannot be remembered,
// for want of an address.
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

// miss counts a wrong attempt against what is known of the user and the prefix,
// unless the same was made before: a program that goes on with an old password
// does not guess. It returns false, for [Queue.AllowThrottled].
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

// mark identifies credentials without revealing them.
type mark [sha256.Size]byte

// secret is the key under which marks are made. It is new in every process and
// never leaves it, so a mark in a core dump cannot be tried against a list of
// passwords without the key beside it, and is worth nothing anywhere else.
type secret [sha256.Size]byte

func newSecret() (s secret) {
	_, _ = rand.Read(s[:]) // never fails: crypto/rand ends the process instead
	return s
}

// mark returns the HMAC of the fields and the address prefix, with a NUL between
// them, which none of them can contain: [eauth.Credentials.Check] refuses it.
func (s *secret) mark(c eauth.Credentials) (m mark) {
	h := hmac.New(sha256.New, s[:])
	for i, field := range []string{c.Username, c.Password, c.Eauth, prefixOf(c).String()} {
		if i > 0 {
			_, _ = h.Write([]byte{0})
		}
		_, _ = io.WriteString(h, field)
	}
	h.Sum(m[:0])
	return m
}
