package apitokentest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// bornAt sets the creation time of a token.
func bornAt(t time.Time) func(*apitoken.Record) {
	return func(r *apitoken.Record) { r.Created, r.Issued = t, t }
}

// fill gives a parent the maximum number of children, the oldest first.
func fill(t *testing.T, s apitoken.Store, parent apitoken.Issue) []apitoken.Issue {
	t.Helper()
	children := make([]apitoken.Issue, apitoken.MaxChildren)
	for n := range children {
		children[n] = issue(apitoken.KindAccess, fmt.Sprint("child ", n, " of ", parent.Record.ID), childOf(parent),
			bornAt(at(time.Duration(n)*time.Microsecond)))
		if n == len(children)/2 {
			children[n].Record.Expires = at(time.Minute)
		}
	}
	create(t, s, children...)
	return children
}

func testChildren(t *testing.T, s apitoken.Store) {
	parent, other := issue(apitoken.KindAPI, "parent"), issue(apitoken.KindAPI, "other")
	others := issue(apitoken.KindAccess, "others", childOf(other), bornAt(at(-time.Hour)))
	alone := issue(apitoken.KindAccess, "alone", bornAt(at(-time.Hour)))
	create(t, s, parent, other, others, alone)
	watch := Watch(t, s)
	children := fill(t, s, parent)
	add := func(name string, now time.Time) {
		t.Helper()
		i := issue(apitoken.KindAccess, name, childOf(parent), bornAt(now))
		create(t, s, i)
		requireStates(t, s, apitoken.Live, i)
		children = append(children, i)
	}
	gone := func(n int) {
		t.Helper()
		requireGone(t, s, children[n])
		children = append(children[:n], children[n+1:]...)
	}

	add("one more", at(time.Second))
	watch.Revoked(children[0].Record.ID)
	gone(0)

	short := apitoken.MaxChildren/2 - 1
	add("while all live", at(time.Minute-time.Microsecond))
	watch.Revoked(children[0].Record.ID)
	gone(0)
	short--
	require.ErrorIs(t, s.Create(t.Context(), issue(apitoken.KindAccess, "others", childOf(parent))), apitoken.ErrConflict)
	requireLive(t, s, children...)
	add("when one has expired", at(time.Minute))
	gone(short)

	_, err := s.Revoke(t.Context(), children[7].Record.ID, apitoken.Revocation{At: at(time.Minute), Why: "requested"})
	require.NoError(t, err)
	watch.Revoked(children[7].Record.ID)
	add("when one was revoked", at(time.Minute))
	gone(7)

	_, err = s.Revoke(t.Context(), children[8].Record.ID, apitoken.Revocation{At: at(time.Minute), Why: "requested"})
	require.NoError(t, err)
	watch.Revoked(children[8].Record.ID)
	n, err := s.Sweep(t.Context(), at(time.Minute), time.Hour)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	gone(8)
	add("when one was swept", at(time.Minute))
	requireLive(t, s, children...)
	add("and more", at(time.Minute))
	watch.Revoked(children[0].Record.ID) // and none of those that had ended
	gone(0)

	requireStates(t, s, apitoken.Live, others, alone)
	revoked, err := s.Revoke(t.Context(), parent.Record.ID, apitoken.Revocation{At: at(time.Minute), Why: "requested"})
	require.NoError(t, err)
	requireIDs(t, revoked, append(children, parent)...)
	n, err = s.Sweep(t.Context(), at(time.Minute), 0)
	require.NoError(t, err)
	require.Equal(t, apitoken.MaxChildren+1, n, "the parent is not kept by what was removed before")
}

// The tokens that a consumed or renewed token is exchanged for are bounded,
// too.
func testChildrenOfExchange(t *testing.T, s apitoken.Store) {
	once, api := issue(apitoken.KindRefresh, "once"), issue(apitoken.KindAPI, "api")
	create(t, s, once, api)
	children := fill(t, s, once)
	watch := Watch(t, s)
	next := issue(apitoken.KindRefresh, "next")
	of := func(parent apitoken.Issue, name string) apitoken.Issue {
		return issue(apitoken.KindAccess, name, childOf(parent), bornAt(at(time.Second)))
	}
	one, two, three := of(once, "one"), of(once, "two"), of(next, "three")
	_, err := s.Consume(t.Context(), once.Hash, at(time.Second), one, next, two, three)
	require.NoError(t, err)
	watch.Revoked(ids(children[:2]...)...)
	requireGone(t, s, children[:2]...)
	requireLive(t, s, children[2:]...)
	requireStates(t, s, apitoken.Live, one, two, three)

	children = fill(t, s, api)
	n := apitoken.Renewal{Hash: hash("anew"), At: at(time.Second), Expires: at(time.Hour)}
	n.Next = []apitoken.Issue{of(api, "four"), of(api, "five")}
	_, err = s.Renew(t.Context(), api.Record.ID, n)
	require.NoError(t, err)
	watch.Revoked(append(ids(children...), api.Record.ID)...)
	requireStates(t, s, apitoken.Live, n.Next...)
	revoked, err := s.Revoke(t.Context(), api.Record.ID, apitoken.Revocation{At: at(time.Second), Why: "requested"})
	require.NoError(t, err)
	requireIDs(t, revoked, append(n.Next, api)...)
}

func testManyChildren(t *testing.T, s apitoken.Store) { ManyChildren(t, s) }

// ManyChildren exchanges one token in many goroutines at once, in all these
// gateways, which share a store.
func ManyChildren(t *testing.T, gateways ...apitoken.Store) {
	t.Helper()
	s := gateways[0]
	parent := issue(apitoken.KindAPI, "parent")
	create(t, s, parent)
	children := fill(t, s, parent)
	more := make([]apitoken.Issue, many)
	for n := range more {
		more[n] = issue(apitoken.KindAccess, fmt.Sprint("more ", n), childOf(parent), bornAt(at(time.Second)))
	}
	counts := race(t, []error{nil}, func(n int) error { return gateways[n%len(gateways)].Create(t.Context(), more[n]) })
	require.Equal(t, []int{many}, counts)
	requireGone(t, s, children[:many]...)
	want := append(children[many:], more...)
	requireLive(t, s, want...)
	revoked, err := s.Revoke(t.Context(), parent.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	requireIDs(t, revoked, append(want, parent)...)
}

// testCrowdedHistory is a random history of a parent with the maximum number of
// children, in which all stores remove the same children.
func testCrowdedHistory(t *testing.T, s apitoken.Store) {
	h := newHistory(t, s)
	parent := issue(apitoken.KindAPI, "parent", expiring(time.Time{}))
	h.tokens = nil
	h.same(h.real.Create(t.Context(), parent), h.plain.Create(t.Context(), parent))
	for n := range apitoken.MaxChildren + 200 {
		h.now = h.now.Add(time.Duration(h.rand.IntN(3)) * time.Second) // some have the same time
		child := h.token(apitoken.KindAccess)
		child.Record.Parent = parent.Record.ID
		if h.rand.IntN(2) == 0 {
			child.Record.Expires = h.now.Add(time.Duration(1+h.rand.IntN(4000)) * time.Second)
		}
		h.same(h.real.Create(t.Context(), child), h.plain.Create(t.Context(), child))
		if n%20 == 0 {
			h.revoke()
			h.find()
		}
	}
	left := 0
	for _, id := range h.tokens {
		h.get(id)
		if _, err := h.plain.Get(t.Context(), id); err == nil {
			left++
		}
	}
	require.Equal(t, apitoken.MaxChildren, left)
	h.sweep()
	for _, id := range h.tokens {
		h.get(id)
	}
}
