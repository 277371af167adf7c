package apitokentest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

func testRenew(t *testing.T, s apitoken.Store) {
	_, err := s.Renew(t.Context(), apitoken.NewID(), apitoken.Renewal{Hash: hash("x"), At: start})
	require.ErrorIs(t, err, apitoken.ErrNotFound)

	old := issue(apitoken.KindAPI, "ci")
	child := issue(apitoken.KindAccess, "child", childOf(old))
	other := issue(apitoken.KindAPI, "other")
	create(t, s, old, child, other)
	n := apitoken.Renewal{Hash: hash("new"), At: at(time.Minute), Expires: at(3 * time.Hour)}
	got, err := s.Renew(t.Context(), old.Record.ID, n)
	require.NoError(t, err)

	renewed := apitoken.Issue{Hash: n.Hash, Record: old.Record}
	renewed.Record.Issued, renewed.Record.Expires = n.At, n.Expires
	require.Equal(t, renewed.Record, got, "id, name and scopes are kept")
	require.Equal(t, renewed.Record, look(t, s, renewed))
	_, err = s.Lookup(t.Context(), old.Hash)
	require.ErrorIs(t, err, apitoken.ErrNotFound, "the former secret is unknown")
	requireStates(t, s, apitoken.Revoked, child)
	require.Equal(t, apitoken.WhyRenewed, look(t, s, child).RevokedWhy)
	all, err := listAll(t.Context(), s, apitoken.Query{})
	require.NoError(t, err)
	require.ElementsMatch(t, []apitoken.Record{renewed.Record, other.Record}, all)

	for name, h := range map[string]apitoken.Hash{"its own secret": n.Hash, "another's secret": other.Hash} {
		_, err = s.Renew(t.Context(), old.Record.ID, apitoken.Renewal{Hash: h, At: at(time.Minute)})
		require.ErrorIs(t, err, apitoken.ErrConflict, name)
	}
	_, err = s.Renew(t.Context(), old.Record.ID, apitoken.Renewal{Hash: hash("late"), At: at(4 * time.Hour)})
	require.NoError(t, err, "an expired token lives again, and for ever")
	renewed.Hash = hash("late")
	require.Equal(t, apitoken.Live, look(t, s, renewed).State(at(1e6*time.Hour)))
	create(t, s, issue(apitoken.KindAccess, "a new child", childOf(old)))

	_, err = s.Renew(t.Context(), child.Record.ID, apitoken.Renewal{Hash: hash("x"), At: start})
	require.ErrorIs(t, err, apitoken.ErrInvalid, "an access token is not renewed")
	_, err = s.Revoke(t.Context(), old.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	_, err = s.Renew(t.Context(), old.Record.ID, apitoken.Renewal{Hash: hash("x"), At: start})
	require.ErrorIs(t, err, apitoken.ErrRevoked)
}

func testFirstSecret(t *testing.T, s apitoken.Store) {
	pending := issue(apitoken.KindAPI, "ci", func(r *apitoken.Record) { r.Issued = time.Time{} })
	pending.Hash = apitoken.Hash{}
	create(t, s, pending)
	got, err := s.Get(t.Context(), pending.Record.ID)
	require.NoError(t, err)
	require.Equal(t, pending.Record, got)
	require.Equal(t, apitoken.NoSecret, got.State(start))
	require.ErrorIs(t, s.Create(t.Context(), issue(apitoken.KindAPI, "ci")), apitoken.ErrConflict, "it has its name")
	second := pending
	second.Record.ID, second.Record.Name = apitoken.NewID(), "second"
	create(t, s, second)

	_, err = s.Renew(t.Context(), second.Record.ID, apitoken.Renewal{Hash: hash("late"), At: at(time.Hour), First: true})
	require.ErrorIs(t, err, apitoken.ErrExpired)
	first := apitoken.Renewal{Hash: hash("first"), At: at(time.Minute), Expires: at(time.Hour), First: true}
	got, err = s.Renew(t.Context(), pending.Record.ID, first)
	require.NoError(t, err)
	require.Equal(t, apitoken.Live, got.State(at(time.Minute)))
	first.Hash = hash("second")
	_, err = s.Renew(t.Context(), pending.Record.ID, first)
	require.ErrorIs(t, err, apitoken.ErrConflict, "there is one first time")
	got, err = s.Lookup(t.Context(), hash("first"))
	require.NoError(t, err)
	require.Equal(t, pending.Record.ID, got.ID)
}

// A new secret and the tokens that it is exchanged for are stored together, or
// not at all.
func testRenewAndExchange(t *testing.T, s apitoken.Store) {
	token := issue(apitoken.KindAPI, "ci", func(r *apitoken.Record) { r.Issued = time.Time{} })
	token.Hash = apitoken.Hash{}
	other := issue(apitoken.KindAPI, "other")
	create(t, s, token, other)
	access := issue(apitoken.KindAccess, "access", childOf(token))
	n := apitoken.Renewal{Hash: hash("first"), At: start, Expires: at(time.Hour), First: true}
	for name, c := range map[string]struct {
		next []apitoken.Issue
		want error
	}{
		"another's child":      {[]apitoken.Issue{issue(apitoken.KindAccess, "x", childOf(other))}, apitoken.ErrInvalid},
		"one that outlives it": {[]apitoken.Issue{issue(apitoken.KindAccess, "x", childOf(token), expiring(at(2*time.Hour)))}, apitoken.ErrInvalid},
		"an API token":         {[]apitoken.Issue{issue(apitoken.KindAPI, "x")}, apitoken.ErrInvalid},
		"its own secret":       {[]apitoken.Issue{{Hash: n.Hash, Record: access.Record}}, apitoken.ErrConflict},
		"a secret of others'":  {[]apitoken.Issue{access, {Hash: other.Hash, Record: issue(apitoken.KindAccess, "x").Record}}, apitoken.ErrConflict},
		"too many":             {make([]apitoken.Issue, 5), apitoken.ErrInvalid},
	} {
		n.Next = c.next
		_, err := s.Renew(t.Context(), token.Record.ID, n)
		require.ErrorIs(t, err, c.want, name)
		r, err := s.Get(t.Context(), token.Record.ID)
		require.NoError(t, err)
		require.Equal(t, apitoken.NoSecret, r.State(start), name)
		requireGone(t, s, access)
	}
	n.Next = []apitoken.Issue{access}
	_, err := s.Renew(t.Context(), token.Record.ID, n)
	require.NoError(t, err)
	token.Hash = n.Hash
	requireStates(t, s, apitoken.Live, token, access)

	second := issue(apitoken.KindAccess, "second", childOf(token))
	again := apitoken.Renewal{Hash: hash("again"), At: start, Expires: at(time.Hour)}
	again.Next = []apitoken.Issue{{Hash: n.Hash, Record: second.Record}}
	_, err = s.Renew(t.Context(), token.Record.ID, again)
	require.ErrorIs(t, err, apitoken.ErrConflict, "the former secret does not become another token's")
	again.Next = []apitoken.Issue{second}
	_, err = s.Renew(t.Context(), token.Record.ID, again)
	require.NoError(t, err)
	token.Hash = again.Hash
	requireStates(t, s, apitoken.Live, token, second)
	requireStates(t, s, apitoken.Revoked, access)
	_, err = s.Revoke(t.Context(), token.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	requireStates(t, s, apitoken.Revoked, token, second)
}

func testConsume(t *testing.T, s apitoken.Store) {
	family := apitoken.NewID()
	first := issue(apitoken.KindRefresh, "first", inFamily(family))
	second := issue(apitoken.KindRefresh, "second", inFamily(family))
	access := issue(apitoken.KindAccess, "access", childOf(first))
	_, err := s.Consume(t.Context(), first.Hash, start, second, access)
	require.ErrorIs(t, err, apitoken.ErrNotFound)
	create(t, s, first)
	api := issue(apitoken.KindAPI, "api")
	create(t, s, api)

	for name, c := range map[string]struct {
		hash apitoken.Hash
		now  time.Time
		next []apitoken.Issue
		want error
	}{
		"not a one-time token":  {api.Hash, start, nil, apitoken.ErrInvalid},
		"an API token after it": {first.Hash, start, []apitoken.Issue{issue(apitoken.KindAPI, "x")}, apitoken.ErrInvalid},
		"a child before it":     {first.Hash, start, []apitoken.Issue{issue(apitoken.KindAccess, "x", childOf(second)), second}, apitoken.ErrInvalid},
		"a child's child":       {first.Hash, start, []apitoken.Issue{access, issue(apitoken.KindAccess, "x", childOf(access))}, apitoken.ErrInvalid},
		"another's child":       {first.Hash, start, []apitoken.Issue{issue(apitoken.KindAccess, "x", childOf(api))}, apitoken.ErrInvalid},
		"one that outlives it":  {first.Hash, start, []apitoken.Issue{issue(apitoken.KindAccess, "x", childOf(first), expiring(at(2*time.Hour)))}, apitoken.ErrInvalid},
		"a hash that is there":  {first.Hash, start, []apitoken.Issue{second, {Hash: api.Hash, Record: access.Record}}, apitoken.ErrConflict},
		"an id that is there":   {first.Hash, start, []apitoken.Issue{{Hash: second.Hash, Record: withID(second.Record, api.Record.ID)}}, apitoken.ErrConflict},
		"the same twice":        {first.Hash, start, []apitoken.Issue{second, second}, apitoken.ErrConflict},
		"expired":               {first.Hash, at(time.Hour), []apitoken.Issue{second}, apitoken.ErrExpired},
		"too many":              {first.Hash, start, make([]apitoken.Issue, 5), apitoken.ErrInvalid},
	} {
		_, err := s.Consume(t.Context(), c.hash, c.now, c.next...)
		require.ErrorIs(t, err, c.want, name)
		requireStates(t, s, apitoken.Live, first, api)
		requireGone(t, s, second, access)
	}

	got, err := s.Consume(t.Context(), first.Hash, at(time.Second), second, access)
	require.NoError(t, err)
	require.Equal(t, at(time.Second), got.Used)
	require.Equal(t, got, look(t, s, first))
	requireStates(t, s, apitoken.UsedUp, first)
	requireStates(t, s, apitoken.Live, second, access)
	all, err := listAll(t.Context(), s, apitoken.Query{})
	require.NoError(t, err)
	require.ElementsMatch(t, []apitoken.Record{second.Record, api.Record}, all, "what was used is not listed")

	create(t, s, issue(apitoken.KindAccess, "more", childOf(first)))
	device, let := issue(apitoken.KindDevice, "device"), issue(apitoken.KindRefresh, "let in")
	in := issue(apitoken.KindAccess, "in", childOf(let))
	create(t, s, device)
	_, err = s.Consume(t.Context(), device.Hash, start, let, in)
	require.NoError(t, err, "with a child of a successor")
	_, err = s.Revoke(t.Context(), let.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	requireStates(t, s, apitoken.Revoked, let, in)
	_, err = s.Consume(t.Context(), second.Hash, start)
	require.NoError(t, err, "without successors")
	requireStates(t, s, apitoken.UsedUp, second)
	requireStates(t, s, apitoken.Live, access)
}

func withID(r apitoken.Record, id string) apitoken.Record {
	r.ID = id
	return r
}

func testReuse(t *testing.T, s apitoken.Store) {
	family := apitoken.NewID()
	first := issue(apitoken.KindRefresh, "first", inFamily(family))
	second := issue(apitoken.KindRefresh, "second", inFamily(family))
	third := issue(apitoken.KindRefresh, "third", inFamily(family))
	one, two := issue(apitoken.KindAccess, "one", childOf(first)), issue(apitoken.KindAccess, "two", childOf(second))
	other := issue(apitoken.KindRefresh, "other", inFamily(apitoken.NewID()))
	alone := issue(apitoken.KindDevice, "alone")
	create(t, s, first, other, alone)
	_, err := s.Consume(t.Context(), first.Hash, start, second, one)
	require.NoError(t, err)
	_, err = s.Consume(t.Context(), second.Hash, start, third, two)
	require.NoError(t, err)

	got, err := s.Consume(t.Context(), first.Hash, at(2*time.Hour), issue(apitoken.KindRefresh, "stolen", inFamily(family)))
	require.ErrorIs(t, err, apitoken.ErrReused, "even when it has expired since")
	require.Equal(t, first.Record.ID, got.ID, "the answer names the token")
	require.Equal(t, apitoken.WhyReused, got.RevokedWhy)
	requireStates(t, s, apitoken.Revoked, first, second, third, one, two)
	requireStates(t, s, apitoken.Live, other)
	_, err = s.Lookup(t.Context(), hash("stolen"))
	require.ErrorIs(t, err, apitoken.ErrNotFound)

	for _, i := range []apitoken.Issue{first, third} {
		got, err := s.Consume(t.Context(), i.Hash, start)
		require.ErrorIs(t, err, apitoken.ErrRevoked)
		require.Equal(t, i.Record.ID, got.ID)
	}

	_, err = s.Consume(t.Context(), alone.Hash, start)
	require.NoError(t, err)
	_, err = s.Consume(t.Context(), alone.Hash, start)
	require.ErrorIs(t, err, apitoken.ErrReused)
	requireStates(t, s, apitoken.Revoked, alone)
	requireStates(t, s, apitoken.Live, other)
}
