package apitokentest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

func testRevoke(t *testing.T, s apitoken.Store) {
	v := apitoken.Revocation{At: at(time.Second), Why: "requested"}
	_, err := s.Revoke(t.Context(), apitoken.NewID(), v)
	require.ErrorIs(t, err, apitoken.ErrNotFound)

	api, other := issue(apitoken.KindAPI, "api"), issue(apitoken.KindAPI, "other")
	one, two := issue(apitoken.KindAccess, "one", childOf(api)), issue(apitoken.KindAccess, "two", childOf(api))
	alone, others := issue(apitoken.KindAccess, "alone"), issue(apitoken.KindAccess, "others", childOf(other))
	create(t, s, api, other, one, two, alone, others)

	revoked, err := s.Revoke(t.Context(), one.Record.ID, v)
	require.NoError(t, err)
	require.Equal(t, ids(one), revoked)
	got := look(t, s, one)
	require.Equal(t, v.At, got.Revoked)
	require.Equal(t, v.Why, got.RevokedWhy)
	requireStates(t, s, apitoken.Live, api, other, two, alone, others)

	revoked, err = s.Revoke(t.Context(), api.Record.ID, v)
	require.NoError(t, err)
	requireIDs(t, revoked, api, two) // what was revoked before is not named again
	requireStates(t, s, apitoken.Revoked, api, one, two)
	requireStates(t, s, apitoken.Live, other, alone, others)
	revoked, err = s.Revoke(t.Context(), api.Record.ID, apitoken.Revocation{At: at(time.Hour), Why: "again"})
	require.NoError(t, err)
	require.Empty(t, revoked)
	require.Equal(t, v.At, look(t, s, api).Revoked, "the first time counts")

	family := apitoken.NewID()
	first := issue(apitoken.KindRefresh, "first", inFamily(family))
	second := issue(apitoken.KindRefresh, "second", inFamily(family))
	child, newest := issue(apitoken.KindAccess, "child", childOf(first)), issue(apitoken.KindAccess, "newest", childOf(second))
	create(t, s, first)
	_, err = s.Consume(t.Context(), first.Hash, start, second, child)
	require.NoError(t, err)
	create(t, s, newest)
	revoked, err = s.Revoke(t.Context(), second.Record.ID, v)
	require.NoError(t, err)
	requireIDs(t, revoked, first, second, child, newest)
	requireStates(t, s, apitoken.Revoked, first, second, child, newest)
}

func testUnused(t *testing.T, s apitoken.Store) {
	old := issue(apitoken.KindAPI, "old", expiring(time.Time{}))
	touched := issue(apitoken.KindAPI, "touched", expiring(time.Time{}))
	renewed := issue(apitoken.KindAPI, "renewed", expiring(time.Time{}))
	young := issue(apitoken.KindAPI, "young", expiring(time.Time{}), func(r *apitoken.Record) {
		r.Created, r.Issued = at(time.Hour), at(time.Hour)
	})
	child := issue(apitoken.KindAccess, "child", childOf(old))
	create(t, s, old, touched, renewed, young, child)
	require.NoError(t, s.Touch(t.Context(), touched.Record.ID, apitoken.Use{At: at(time.Hour)}))
	renewal := apitoken.Renewal{Hash: hash("anew"), At: at(time.Hour)}
	_, err := s.Renew(t.Context(), renewed.Record.ID, renewal)
	require.NoError(t, err)
	renewed.Hash = renewal.Hash

	v := apitoken.Revocation{At: at(time.Hour), Why: apitoken.WhyUnused, UnusedSince: start}
	for _, i := range []apitoken.Issue{touched, renewed, young} {
		revoked, err := s.Revoke(t.Context(), i.Record.ID, v)
		require.NoError(t, err)
		require.Empty(t, revoked, i.Record.Name)
	}
	gone, err := apitoken.RevokeUnused(t.Context(), s, start, at(time.Hour))
	require.NoError(t, err)
	require.Len(t, gone, 1)
	require.Equal(t, old.Record, gone[0].Record)
	requireIDs(t, gone[0].Ended, old, child)
	require.Equal(t, apitoken.WhyUnused, look(t, s, old).RevokedWhy)
	requireStates(t, s, apitoken.Revoked, old, child)
	requireStates(t, s, apitoken.Live, touched, renewed, young)
	gone, err = apitoken.RevokeUnused(t.Context(), s, at(time.Hour), at(2*time.Hour))
	require.NoError(t, err)
	require.Len(t, gone, 3)
}

func testExpiring(t *testing.T, s apitoken.Store) {
	var all []apitoken.Issue
	for n := 1; n <= 10; n++ {
		i := issue(apitoken.KindAPI, fmt.Sprint(n), expiring(at(time.Duration(n)*24*time.Hour)))
		all = append(all, i)
		create(t, s, i, issue(apitoken.KindAccess, fmt.Sprint("access ", n), childOf(i)))
	}
	create(t, s, issue(apitoken.KindAPI, "endless", expiring(time.Time{})))
	count := func(from, to int, want int) {
		t.Helper()
		n, err := s.CountExpiring(t.Context(), at(time.Duration(from)*24*time.Hour), at(time.Duration(to)*24*time.Hour))
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	count(0, 7, 7)
	count(0, 30, 10)
	count(3, 7, 4)
	count(11, 30, 0)
	_, err := s.Revoke(t.Context(), all[4].Record.ID, apitoken.Revocation{At: at(48 * time.Hour), Why: "requested"})
	require.NoError(t, err)
	count(0, 7, 6)
	_, err = s.Renew(t.Context(), all[5].Record.ID,
		apitoken.Renewal{Hash: hash("new"), At: start, Expires: at(20 * 24 * time.Hour)})
	require.NoError(t, err)
	count(0, 7, 5)
	count(10, 20, 1)
}

func testSweep(t *testing.T, s apitoken.Store) {
	const keep = 30 * 24 * time.Hour
	sweep := func(after time.Duration, want int) {
		t.Helper()
		n, err := s.Sweep(t.Context(), at(after), keep)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	endless := issue(apitoken.KindAPI, "endless", expiring(time.Time{}))
	ended := issue(apitoken.KindAPI, "ended", expiring(at(2*time.Hour)))
	access := issue(apitoken.KindAccess, "access", childOf(ended))
	device := issue(apitoken.KindDevice, "device")
	used := issue(apitoken.KindRefresh, "used", expiring(time.Time{}))
	long := issue(apitoken.KindAccess, "long", childOf(used), expiring(at(keep+2*time.Hour)))
	revoked := issue(apitoken.KindAPI, "revoked", expiring(time.Time{}))
	create(t, s, endless, ended, access, device, used, revoked)
	_, err := s.Consume(t.Context(), used.Hash, start, long)
	require.NoError(t, err)
	_, err = s.Consume(t.Context(), device.Hash, at(time.Minute))
	require.NoError(t, err)

	sweep(time.Minute-time.Microsecond, 0)
	sweep(time.Minute, 1)
	requireGone(t, s, device)
	sweep(time.Hour-time.Microsecond, 0)
	sweep(time.Hour, 1)
	requireGone(t, s, access)
	_, err = s.Revoke(t.Context(), revoked.Record.ID, apitoken.Revocation{At: at(3 * time.Hour), Why: "requested"})
	require.NoError(t, err)

	sweep(keep+2*time.Hour-time.Microsecond, 0)
	look(t, s, used) // its child keeps it, so that it can be revoked
	sweep(keep+2*time.Hour, 3)
	requireGone(t, s, ended, used, long)
	sweep(keep+3*time.Hour, 1)
	requireGone(t, s, revoked)
	sweep(1000*24*time.Hour, 0)
	all, err := listAll(t.Context(), s, apitoken.Query{})
	require.NoError(t, err)
	require.Equal(t, []apitoken.Record{endless.Record}, all)

	again := issue(apitoken.KindAPI, "ended") // a swept token must leave no trace
	create(t, s, again, issue(apitoken.KindAccess, "access", childOf(again)))

	const many = 1100 // more than are removed in one step
	for n := range many {
		create(t, s, issue(apitoken.KindAccess, fmt.Sprint("many ", n), expiring(at(1001*24*time.Hour))))
	}
	sweep(1001*24*time.Hour, many+2)
}
