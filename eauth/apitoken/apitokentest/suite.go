package apitokentest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Run runs the suite. newStore is called for every part of it and returns an
// empty store, which the suite does not close.
func Run(t *testing.T, newStore func(t *testing.T) apitoken.Store) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, apitoken.Store){
		"create and find":        testCreate,
		"what cannot be kept":    testInvalid,
		"names":                  testNames,
		"parents":                testParents,
		"children":               testChildren,
		"children of exchange":   testChildrenOfExchange,
		"many children":          testManyChildren,
		"crowded history":        testCrowdedHistory,
		"list":                   testList,
		"renew":                  testRenew,
		"first secret":           testFirstSecret,
		"renew and exchange":     testRenewAndExchange,
		"consume":                testConsume,
		"reuse":                  testReuse,
		"revoke":                 testRevoke,
		"unused":                 testUnused,
		"touch":                  testTouch,
		"expiring":               testExpiring,
		"sweep":                  testSweep,
		"documents":              testDocuments,
		"pepper":                 testPepper,
		"once":                   testOnce,
		"failures":               testFailures,
		"watch":                  testWatch,
		"canceled":               testCanceled,
		"random histories":       testHistories,
		"many consume":           testManyConsume,
		"many create a name":     testManyCreate,
		"many renew":             testManyRenew,
		"revoke during look-up":  testRevokeDuringLookup,
		"revoke during exchange": testRevokeDuringExchange,
		"many share":             testManyShare,
	} {
		t.Run(name, func(t *testing.T) { part(t, newStore(t)) })
	}
}

// start is an arbitrary time with microseconds.
var start = time.UnixMicro(1_800_000_000_123_456).UTC()

func at(d time.Duration) time.Time { return start.Add(d) }

var (
	alice = apitoken.Owner{Eauth: "pam", User: "alice"}
	bob   = apitoken.Owner{Eauth: "ldap", User: "bob"}
)

// hash returns a hash in place of a secret's.
func hash(secret string) apitoken.Hash { return sha256.Sum256([]byte(secret)) }

// issue returns a token of alice's with the hash hash(name).
func issue(kind apitoken.Kind, name string, change ...func(*apitoken.Record)) apitoken.Issue {
	r := apitoken.Record{
		ID: apitoken.NewID(), Kind: kind, Name: name, Owner: alice, Profile: apitoken.ProfileNative,
		Scopes: []string{"User"}, Created: start, Issued: start, Expires: at(time.Hour),
		OneTime: kind == apitoken.KindRefresh || kind == apitoken.KindDevice,
	}
	for _, f := range change {
		f(&r)
	}
	return apitoken.Issue{Hash: hash(name), Record: r}
}

func childOf(parent apitoken.Issue) func(*apitoken.Record) {
	return func(r *apitoken.Record) { r.Parent = parent.Record.ID }
}

func inFamily(id string) func(*apitoken.Record) {
	return func(r *apitoken.Record) { r.Family = id }
}

func expiring(t time.Time) func(*apitoken.Record) {
	return func(r *apitoken.Record) { r.Expires = t }
}

func create(t *testing.T, s apitoken.Store, all ...apitoken.Issue) {
	t.Helper()
	for _, i := range all {
		require.NoError(t, s.Create(t.Context(), i))
	}
}

// look looks a token up by its hash and by its id.
func look(t *testing.T, s apitoken.Store, i apitoken.Issue) apitoken.Record {
	t.Helper()
	r, err := s.Lookup(t.Context(), i.Hash)
	require.NoError(t, err)
	again, err := s.Get(t.Context(), i.Record.ID)
	require.NoError(t, err)
	require.Equal(t, r, again)
	return r
}

// requireStates requires a state of tokens at start.
func requireStates(t *testing.T, s apitoken.Store, want apitoken.State, all ...apitoken.Issue) {
	t.Helper()
	for _, i := range all {
		require.Equal(t, want, look(t, s, i).State(start), "%s %s", i.Record.Kind, i.Record.Name)
	}
}

// requireLive requires that each of these tokens is found by its secret, and is
// live.
func requireLive(t *testing.T, s apitoken.Store, all ...apitoken.Issue) {
	t.Helper()
	for _, i := range all {
		r, err := s.Lookup(t.Context(), i.Hash)
		require.NoError(t, err, i.Record.Name)
		require.Equal(t, i.Record.ID, r.ID)
		require.Equal(t, apitoken.Live, r.State(start), i.Record.Name)
	}
}

// requireIDs requires that got are the ids of these tokens, in any order.
func requireIDs(t *testing.T, got []string, all ...apitoken.Issue) {
	t.Helper()
	require.Equal(t, slices.Sorted(slices.Values(ids(all...))), slices.Sorted(slices.Values(got)))
}

func requireGone(t *testing.T, s apitoken.Store, all ...apitoken.Issue) {
	t.Helper()
	for _, i := range all {
		_, err := s.Lookup(t.Context(), i.Hash)
		require.ErrorIs(t, err, apitoken.ErrNotFound, i.Record.Name)
		_, err = s.Get(t.Context(), i.Record.ID)
		require.ErrorIs(t, err, apitoken.ErrNotFound, i.Record.Name)
	}
}

func ids(all ...apitoken.Issue) (ids []string) {
	for _, i := range all {
		ids = append(ids, i.Record.ID)
	}
	return ids
}

// listAll reads all pages of a list.
func listAll(ctx context.Context, s apitoken.Store, q apitoken.Query) (all []apitoken.Record, err error) {
	for {
		page, next, err := s.List(ctx, q)
		all = append(all, page...)
		if err != nil || next == "" {
			return all, err
		}
		if len(page) != q.PageSize() {
			return all, fmt.Errorf("a page of %d has %d tokens and is not the last", q.PageSize(), len(page))
		}
		q.After = next
	}
}
