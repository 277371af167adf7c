package apitokentest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

func testCreate(t *testing.T, s apitoken.Store) {
	full := issue(apitoken.KindAPI, "full")
	full.Record = apitoken.Record{
		ID: full.Record.ID, Kind: apitoken.KindAPI, Name: "naïve \"name\"\n", Profile: apitoken.ProfileVCD,
		Owner:  apitoken.Owner{ServiceAccount: apitoken.NewID()},
		Scopes: []string{"Superuser", "nur lesen"}, Created: start, Issued: at(time.Second), Expires: at(time.Hour),
		ClientID: "client", SoftwareID: "software", Org: "System", Remind: "ops@example.com",
	}
	requireGone(t, s, full)
	create(t, s, full)
	require.Equal(t, full.Record, look(t, s, full))

	endless := issue(apitoken.KindAPI, "endless", expiring(time.Time{}), func(r *apitoken.Record) { r.Scopes = nil })
	create(t, s, endless)
	require.Equal(t, endless.Record, look(t, s, endless))

	far := issue(apitoken.KindRefresh, "far", expiring(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)))
	create(t, s, far)
	require.Equal(t, far.Record, look(t, s, far))

	precise := issue(apitoken.KindAccess, "precise", func(r *apitoken.Record) {
		r.Created = r.Created.Add(999).In(time.FixedZone("east", 3600))
		r.Scopes = []string{}
	})
	create(t, s, precise)
	got := look(t, s, precise)
	require.Equal(t, start, got.Created, "times are cut to a microsecond")
	require.Nil(t, got.Scopes)

	for name, i := range map[string]apitoken.Issue{
		"the same":      full,
		"the same id":   {Hash: hash("other"), Record: endless.Record},
		"the same hash": {Hash: full.Hash, Record: issue(apitoken.KindAPI, "other").Record},
	} {
		require.ErrorIs(t, s.Create(t.Context(), i), apitoken.ErrConflict, name)
	}
	require.Equal(t, full.Record, look(t, s, full))
	_, err := s.Lookup(t.Context(), apitoken.Hash{})
	require.ErrorIs(t, err, apitoken.ErrNotFound)
	for _, id := range []string{"", "x", strings.Repeat("x", 40_000), "*"} {
		_, err := s.Get(t.Context(), id)
		require.ErrorIs(t, err, apitoken.ErrNotFound)
	}
}

func testInvalid(t *testing.T, s apitoken.Store) {
	parent := issue(apitoken.KindAPI, "parent")
	create(t, s, parent)
	for name, change := range map[string]func(*apitoken.Issue){
		"no id":                   func(i *apitoken.Issue) { i.Record.ID = "" },
		"another id":              func(i *apitoken.Issue) { i.Record.ID = "one" },
		"no kind":                 func(i *apitoken.Issue) { i.Record.Kind = "" },
		"no name":                 func(i *apitoken.Issue) { i.Record.Name = "" },
		"a name that is no text":  func(i *apitoken.Issue) { i.Record.Name = "\xff" },
		"a name with a zero byte": func(i *apitoken.Issue) { i.Record.Name = "a\x00b" },
		"a long name":             func(i *apitoken.Issue) { i.Record.Name = strings.Repeat("x", 513) },
		"many scopes":             func(i *apitoken.Issue) { i.Record.Scopes = make([]string, 65) },
		"nobody's":                func(i *apitoken.Issue) { i.Record.Owner = apitoken.Owner{} },
		"no eauth":                func(i *apitoken.Issue) { i.Record.Owner.Eauth = "" },
		"two owners":              func(i *apitoken.Issue) { i.Record.Owner.ServiceAccount = "x" },
		"no beginning":            func(i *apitoken.Issue) { i.Record.Created = time.Time{} },
		"over before it began":    func(i *apitoken.Issue) { i.Record.Expires = i.Record.Created },
		"a secret without a time": func(i *apitoken.Issue) { i.Record.Issued = time.Time{} },
		"no secret":               func(i *apitoken.Issue) { i.Hash = apitoken.Hash{} },
		"revoked":                 func(i *apitoken.Issue) { i.Record.Revoked = start },
		"used":                    func(i *apitoken.Issue) { i.Record.LastUsed = apitoken.Use{At: start} },
		"a one-time API token":    func(i *apitoken.Issue) { i.Record.OneTime = true },
		"an API token's parent":   func(i *apitoken.Issue) { i.Record.Parent = parent.Record.ID },
		"an API token's family":   func(i *apitoken.Issue) { i.Record.Family = parent.Record.ID },
	} {
		i := issue(apitoken.KindAPI, "token")
		change(&i)
		require.ErrorIs(t, s.Create(t.Context(), i), apitoken.ErrInvalid, name)
		requireGone(t, s, issue(apitoken.KindAPI, "token"))
	}
	_, err := s.Renew(t.Context(), parent.Record.ID, apitoken.Renewal{At: start})
	require.ErrorIs(t, err, apitoken.ErrInvalid, "a renewal without a secret")
	_, _, err = s.List(t.Context(), apitoken.Query{After: "%"})
	require.ErrorIs(t, err, apitoken.ErrInvalid)
}

func testNames(t *testing.T, s apitoken.Store) {
	ci := issue(apitoken.KindAPI, "ci")
	create(t, s, ci)
	again := func(secret string, change ...func(*apitoken.Record)) apitoken.Issue {
		i := issue(apitoken.KindAPI, "ci", change...)
		i.Hash = hash(secret)
		return i
	}
	require.ErrorIs(t, s.Create(t.Context(), again("second")), apitoken.ErrConflict)
	create(t, s, again("bob's", func(r *apitoken.Record) { r.Owner = bob }))
	create(t, s, again("access", func(r *apitoken.Record) { r.Kind = apitoken.KindAccess }))
	create(t, s, again("refresh", func(r *apitoken.Record) { r.Kind = apitoken.KindRefresh }))

	_, err := s.Revoke(t.Context(), ci.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	second := again("second")
	create(t, s, second)
	require.ErrorIs(t, s.Create(t.Context(), again("third")), apitoken.ErrConflict)

	early := again("third", func(r *apitoken.Record) {
		r.Created, r.Expires = at(time.Hour-time.Microsecond), at(2*time.Hour)
	})
	require.ErrorIs(t, s.Create(t.Context(), early), apitoken.ErrConflict, "it has not expired yet")
	third := again("third", func(r *apitoken.Record) { r.Created, r.Expires = at(time.Hour), at(2*time.Hour) })
	create(t, s, third)
	_, err = s.Renew(t.Context(), second.Record.ID, apitoken.Renewal{Hash: hash("renewed"), At: at(time.Hour)})
	require.ErrorIs(t, err, apitoken.ErrConflict, "an expired token cannot take back its name")

	_, err = s.Revoke(t.Context(), second.Record.ID, apitoken.Revocation{At: at(time.Hour), Why: "requested"})
	require.NoError(t, err)
	fourth := again("fourth", func(r *apitoken.Record) { r.Created, r.Expires = at(time.Hour), at(3*time.Hour) })
	require.ErrorIs(t, s.Create(t.Context(), fourth), apitoken.ErrConflict,
		"what lost its name cannot give it up for another")
	_, err = s.Sweep(t.Context(), at(150*time.Minute), 0)
	require.NoError(t, err)
	fourth.Record.Created = at(150 * time.Minute)
	create(t, s, fourth)
}

func testParents(t *testing.T, s apitoken.Store) {
	parent := issue(apitoken.KindAPI, "parent")
	child := issue(apitoken.KindAccess, "child", childOf(parent))
	require.ErrorIs(t, s.Create(t.Context(), child), apitoken.ErrNotFound)
	create(t, s, parent, child)
	require.Equal(t, child.Record, look(t, s, child))

	for name, c := range map[string]struct {
		change func(*apitoken.Record)
		want   error
	}{
		"outlives":        {expiring(at(2 * time.Hour)), apitoken.ErrInvalid},
		"never ends":      {expiring(time.Time{}), apitoken.ErrInvalid},
		"too late":        {func(r *apitoken.Record) { r.Created, r.Expires = at(time.Hour), at(2*time.Hour) }, apitoken.ErrExpired},
		"of a child":      {childOf(child), apitoken.ErrInvalid},
		"a refresh token": {func(r *apitoken.Record) { r.Kind = apitoken.KindRefresh }, apitoken.ErrInvalid},
	} {
		other := issue(apitoken.KindAccess, "other", childOf(parent), c.change)
		require.ErrorIs(t, s.Create(t.Context(), other), c.want, name)
		requireGone(t, s, other)
	}
	_, err := s.Revoke(t.Context(), parent.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	require.ErrorIs(t, s.Create(t.Context(), issue(apitoken.KindAccess, "late", childOf(parent))), apitoken.ErrRevoked)

	endless := issue(apitoken.KindAPI, "endless", expiring(time.Time{}))
	create(t, s, endless, issue(apitoken.KindAccess, "of endless", childOf(endless), expiring(time.Time{})))
}

func testList(t *testing.T, s apitoken.Store) {
	page, next, err := s.List(t.Context(), apitoken.Query{})
	require.NoError(t, err)
	require.Empty(t, page)
	require.Empty(t, next)

	var want, bobs []apitoken.Record
	for n := range 25 {
		i := issue(apitoken.KindAPI, fmt.Sprint("token ", n), func(r *apitoken.Record) {
			r.Created = at(time.Duration(n/5) * time.Second) // some have the same time
			if n%3 == 0 {
				r.Owner = bob
			}
		})
		create(t, s, i, issue(apitoken.KindAccess, fmt.Sprint("access ", n), func(r *apitoken.Record) { r.Owner = bob }))
		want = append(want, i.Record)
		if n%3 == 0 {
			bobs = append(bobs, i.Record)
		}
	}
	for _, limit := range []int{0, 1, 2, 5, 24, 25, 26, 5000} {
		all, err := listAll(t.Context(), s, apitoken.Query{Limit: limit})
		require.NoError(t, err)
		require.ElementsMatch(t, want, all, "limit %d", limit)
		for n := range all[1:] {
			require.False(t, all[n+1].Created.Before(all[n].Created), "the oldest comes first")
		}
		all, err = listAll(t.Context(), s, apitoken.Query{Limit: limit, Owner: &bob})
		require.NoError(t, err)
		require.ElementsMatch(t, bobs, all, "limit %d", limit)
	}

	page, next, err = s.List(t.Context(), apitoken.Query{Limit: 10})
	require.NoError(t, err)
	for _, r := range page { // the entry after which the next page begins is removed
		_, err := s.Revoke(t.Context(), r.ID, apitoken.Revocation{At: start, Why: "requested"})
		require.NoError(t, err)
	}
	rest, err := listAll(t.Context(), s, apitoken.Query{Limit: 10, After: next})
	require.NoError(t, err)
	require.ElementsMatch(t, want, append(page, rest...))
	all, err := listAll(t.Context(), s, apitoken.Query{})
	require.NoError(t, err)
	require.Equal(t, rest, all, "what was revoked is not listed")

	nobody := apitoken.Owner{ServiceAccount: "none"}
	all, err = listAll(t.Context(), s, apitoken.Query{Owner: &nobody})
	require.NoError(t, err)
	require.Empty(t, all)
}

func testTouch(t *testing.T, s apitoken.Store) {
	token := issue(apitoken.KindAPI, "token")
	require.ErrorIs(t, s.Touch(t.Context(), token.Record.ID, apitoken.Use{At: start}), apitoken.ErrNotFound)
	create(t, s, token)
	use := func(after time.Duration, addr, agent string) apitoken.Use {
		return apitoken.Use{At: at(after), Addr: netip.MustParseAddr(addr), Agent: agent}
	}
	for _, c := range []struct{ use, want apitoken.Use }{
		{use(0, "192.0.2.1", "curl/8"), use(0, "192.0.2.1", "curl/8")},
		{use(59*time.Second, "192.0.2.2", "curl/8"), use(0, "192.0.2.1", "curl/8")},
		{use(time.Minute, "2001:db8::1", "a\nb\xff"), use(time.Minute, "2001:db8::1", "a?b?")},
		{use(-time.Hour, "192.0.2.1", "a late one"), use(time.Minute, "2001:db8::1", "a?b?")},
		{use(time.Hour, "fe80::1%eth0", strings.Repeat("x", 5000)), use(time.Hour, "fe80::1%eth0", strings.Repeat("x", 200))},
		{apitoken.Use{At: at(2 * time.Hour)}, apitoken.Use{At: at(2 * time.Hour)}},
	} {
		require.NoError(t, s.Touch(t.Context(), token.Record.ID, c.use))
		require.Equal(t, c.want, look(t, s, token).LastUsed)
	}
	_, err := s.Revoke(t.Context(), token.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	requireStates(t, s, apitoken.Revoked, token)
}
