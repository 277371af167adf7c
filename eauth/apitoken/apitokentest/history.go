package apitokentest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
)

// testHistories runs random calls on the store and on the plain one, whose
// results must be the same.
func testHistories(t *testing.T, s apitoken.Store) {
	const calls = 3000
	h := newHistory(t, s)
	for n := range calls {
		h.now = h.now.Add(time.Duration(h.rand.IntN(120)) * time.Second)
		steps := []func(){h.create, h.create, h.access, h.access, h.consume, h.renew, h.revoke, h.touch, h.find}
		if n%25 == 0 {
			steps = []func(){h.sweep, h.listSome}
		}
		steps[h.rand.IntN(len(steps))]()
	}
	h.list()
	for _, id := range h.tokens {
		h.get(id)
	}
	require.Greater(t, h.done, calls/3, "most calls are refused, which shows little")
}

// history is the state after the calls so far.
type history struct {
	t           *testing.T
	real, plain apitoken.Store
	rand        *rand.Rand
	now         time.Time
	tokens      []string        // ids
	secrets     []apitoken.Hash // of all kinds
	done        int             // calls that succeeded
}

func newHistory(t *testing.T, s apitoken.Store) *history {
	return &history{
		t: t, real: s, plain: memory.New(),
		rand: rand.New(rand.NewPCG(20, 26)), now: start, tokens: []string{apitoken.NewID()},
	}
}

// some returns a random element, more often a recent one.
func some[T any](h *history, all []T) T {
	n := len(all)
	return all[max(h.rand.IntN(n), h.rand.IntN(n))]
}

func (h *history) secret() apitoken.Hash {
	if len(h.secrets) > 0 && h.rand.IntN(50) == 0 {
		return some(h, h.secrets)
	}
	h.secrets = append(h.secrets, hash(fmt.Sprint("secret ", len(h.secrets))))
	return h.secrets[len(h.secrets)-1]
}

func (h *history) token(kind apitoken.Kind) apitoken.Issue {
	i := issue(kind, fmt.Sprint("name ", h.rand.IntN(20)), func(r *apitoken.Record) {
		r.Created, r.Issued = h.now, h.now
		r.Expires = h.now.Add(time.Duration(1+h.rand.IntN(600)) * time.Minute)
		if h.rand.IntN(4) == 0 {
			r.Expires = time.Time{}
		}
		if h.rand.IntN(2) == 0 {
			r.Owner = bob
		}
	})
	i.Hash = h.secret()
	h.tokens = append(h.tokens, i.Record.ID)
	return i
}

func (h *history) create() {
	kinds := []apitoken.Kind{apitoken.KindAPI, apitoken.KindAPI, apitoken.KindRefresh, apitoken.KindDevice}
	i := h.token(some(h, kinds))
	if i.Record.Kind == apitoken.KindRefresh {
		i.Record.Family = i.Record.ID
	}
	if i.Record.Kind == apitoken.KindAPI && h.rand.IntN(8) == 0 {
		i.Record.Issued, i.Hash = time.Time{}, apitoken.Hash{}
	}
	h.same(h.real.Create(h.t.Context(), i), h.plain.Create(h.t.Context(), i))
}

func (h *history) access() {
	parent := some(h, h.tokens)
	i := h.token(apitoken.KindAccess)
	i.Record.Parent = parent
	if h.rand.IntN(8) == 0 {
		i.Record.Parent = ""
	}
	i.Record.Expires = h.now.Add(time.Duration(1+h.rand.IntN(10)) * time.Minute)
	h.same(h.real.Create(h.t.Context(), i), h.plain.Create(h.t.Context(), i))
}

func (h *history) consume() {
	if len(h.secrets) == 0 {
		return
	}
	secret := some(h, h.secrets)
	var next []apitoken.Issue
	if r, err := h.plain.Lookup(h.t.Context(), secret); err == nil && h.rand.IntN(4) > 0 {
		refresh, access := h.token(apitoken.KindRefresh), h.token(apitoken.KindAccess)
		refresh.Record.Family = r.Family
		access.Record.Parent, access.Record.Expires = r.ID, h.now.Add(time.Minute)
		if h.rand.IntN(2) == 0 {
			access.Record.Parent = refresh.Record.ID
		}
		next = append(next, refresh, access)[:1+h.rand.IntN(2)]
	}
	a, errA := h.real.Consume(h.t.Context(), secret, h.now, next...)
	b, errB := h.plain.Consume(h.t.Context(), secret, h.now, next...)
	h.same(errA, errB)
	require.Equal(h.t, b, a)
}

func (h *history) renew() {
	id := some(h, h.tokens)
	n := apitoken.Renewal{Hash: h.secret(), At: h.now, Expires: h.now.Add(time.Hour), First: h.rand.IntN(3) == 0}
	if h.rand.IntN(2) == 0 {
		access := h.token(apitoken.KindAccess)
		access.Record.Parent, access.Record.Expires = id, h.now.Add(time.Duration(1+h.rand.IntN(90))*time.Minute)
		n.Next = append(n.Next, access)
	}
	a, errA := h.real.Renew(h.t.Context(), id, n)
	b, errB := h.plain.Renew(h.t.Context(), id, n)
	h.same(errA, errB)
	require.Equal(h.t, b, a)
}

func (h *history) revoke() {
	id := some(h, h.tokens)
	v := apitoken.Revocation{At: h.now, Why: "requested"}
	if h.rand.IntN(2) == 0 {
		v.UnusedSince = h.now.Add(-time.Duration(h.rand.IntN(60)) * time.Minute)
	}
	a, errA := h.real.Revoke(h.t.Context(), id, v)
	b, errB := h.plain.Revoke(h.t.Context(), id, v)
	h.same(errA, errB)
	require.Equal(h.t, slices.Sorted(slices.Values(b)), slices.Sorted(slices.Values(a)))
}

func (h *history) touch() {
	id := some(h, h.tokens)
	u := apitoken.Use{At: h.now, Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(h.rand.IntN(256))}), Agent: "curl"}
	h.same(h.real.Touch(h.t.Context(), id, u), h.plain.Touch(h.t.Context(), id, u))
}

func (h *history) find() {
	h.get(some(h, h.tokens))
	if len(h.secrets) == 0 {
		return
	}
	secret := some(h, h.secrets)
	a, errA := h.real.Lookup(h.t.Context(), secret)
	b, errB := h.plain.Lookup(h.t.Context(), secret)
	h.same(errA, errB)
	require.Equal(h.t, b, a)
}

func (h *history) get(id string) {
	a, errA := h.real.Get(h.t.Context(), id)
	b, errB := h.plain.Get(h.t.Context(), id)
	h.same(errA, errB)
	require.Equal(h.t, b, a)
}

// list reads all tokens in each of several ways.
func (h *history) list() { h.listBy(queries()...) }

// listSome reads them in one of these ways.
func (h *history) listSome() { h.listBy(some(h, queries())) }

func queries() []apitoken.Query {
	return []apitoken.Query{{}, {Limit: 7}, {Owner: &alice}, {Owner: &bob, Limit: 3}}
}

func (h *history) listBy(queries ...apitoken.Query) {
	for _, q := range queries {
		a, errA := listAll(h.t.Context(), h.real, q)
		b, errB := listAll(h.t.Context(), h.plain, q)
		require.NoError(h.t, errors.Join(errA, errB))
		require.Equal(h.t, b, a)
	}
	a, errA := h.real.CountExpiring(h.t.Context(), h.now, h.now.Add(5*time.Hour))
	b, errB := h.plain.CountExpiring(h.t.Context(), h.now, h.now.Add(5*time.Hour))
	require.NoError(h.t, errors.Join(errA, errB))
	require.Equal(h.t, b, a)
}

func (h *history) sweep() {
	keep := time.Duration(h.rand.IntN(6)) * time.Hour
	a, errA := h.real.Sweep(h.t.Context(), h.now, keep)
	b, errB := h.plain.Sweep(h.t.Context(), h.now, keep)
	require.NoError(h.t, errors.Join(errA, errB))
	require.Equal(h.t, b, a)
}

// same requires that two calls returned the same error for a token.
func (h *history) same(a, b error) {
	h.t.Helper()
	answers := []error{
		apitoken.ErrNotFound, apitoken.ErrConflict, apitoken.ErrInvalid,
		apitoken.ErrRevoked, apitoken.ErrExpired, apitoken.ErrReused,
	}
	at := func(err error) int {
		if err == nil {
			return len(answers)
		}
		return slices.IndexFunc(answers, func(answer error) bool { return errors.Is(err, answer) })
	}
	require.Equal(h.t, at(b), at(a), "%v, and not %v", a, b)
	require.NotEqual(h.t, -1, at(a), "%v", a)
	if a == nil {
		h.done++
	}
}
