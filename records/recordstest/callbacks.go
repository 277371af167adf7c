package recordstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// most are limits that no test reaches by chance.
var most = records.CallbackLimits{User: 1000, Total: 1000}

// callback returns one of the user ops for a job, made d after start.
func callback(id, jid string, d time.Duration) records.Callback {
	return records.Callback{ID: id, JID: jid, User: "ops", Eauth: "pam", Destination: "ci", Created: at(d)}
}

func addCallback(t testing.TB, s records.Store, c records.Callback) {
	t.Helper()
	require.NoError(t, s.AddCallback(t.Context(), c, most))
}

func getCallback(t testing.TB, s records.Store, id string) records.Callback {
	t.Helper()
	c, err := s.Callback(t.Context(), id)
	require.NoError(t, err)
	return c
}

func claim(t testing.TB, s records.Store, now, until time.Duration, limit int) []records.Callback {
	t.Helper()
	all, err := s.ClaimCallbacks(t.Context(), records.CallbackClaim{Now: at(now), Until: at(until), Destinations: []string{"ci"}, Limit: limit})
	require.NoError(t, err)
	slices.SortFunc(all, func(a, b records.Callback) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// testCallback follows one call-back from its promise to its delivery.
func testCallback(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "another master")
	ctx := t.Context()
	c := callback("one", "", 0)
	c.Results = true
	addCallback(t, s, c)
	c.State = records.CallbackReserved
	require.Equal(t, c, getCallback(t, s, "one"))
	require.NoError(t, s.BindCallback(ctx, "one", jid(0)))
	require.ErrorIs(t, s.BindCallback(ctx, "one", jid(time.Second)), records.ErrNotFound, "it has a job")
	require.NoError(t, s.DropCallback(ctx, "one"), "which is only for reserved ones")
	c.State, c.JID = records.CallbackWaiting, jid(0)
	require.Equal(t, c, getCallback(t, s, "one"))

	// The job is not known, and then has not ended.
	wake := func(now time.Duration, jids []string) int {
		t.Helper()
		n, err := s.WakeCallbacks(ctx, jids, at(now))
		require.NoError(t, err)
		return n
	}
	require.Zero(t, wake(time.Minute, nil))
	put(t, s, jobs(job(0, "a", "b")))
	put(t, s, returns(ret(0, "a", true)))
	require.Zero(t, wake(time.Minute, []string{jid(0)}))
	require.Empty(t, claim(t, s, time.Hour, 2*time.Hour, 0))
	put(t, other, end(0, time.Second))
	require.Zero(t, wake(time.Minute, nil), "that was a job of another master")
	put(t, s, returns(ret(0, "b", true)))
	require.Zero(t, wake(time.Minute, []string{jid(time.Second), "", "x\x00"}))
	require.Equal(t, 1, wake(time.Minute, []string{jid(time.Second), jid(0)}))
	require.Zero(t, wake(2*time.Minute, nil), "it was due already")
	c.State, c.Due, c.Since = records.CallbackDue, at(time.Minute), at(time.Minute)
	require.Equal(t, c, getCallback(t, s, "one"))
	counts, err := s.CountCallbacks(ctx)
	require.NoError(t, err)
	require.Equal(t, records.CallbackCounts{Due: 1, Next: at(time.Minute)}, counts)

	// An attempt that is lost, and one that fails.
	require.Empty(t, claim(t, s, 59*time.Second, time.Hour, 0), "it is not due yet")
	c.Due, c.Tried, c.Attempts = at(2*time.Minute), at(time.Minute), 1
	require.Equal(t, []records.Callback{c}, claim(t, s, time.Minute, 2*time.Minute, 0))
	lost := c
	require.Empty(t, claim(t, s, time.Minute+time.Second, time.Hour, 0), "it is claimed")
	c.Due, c.Tried, c.Attempts = at(3*time.Minute), at(2*time.Minute), 2
	require.Equal(t, []records.Callback{c}, claim(t, s, 2*time.Minute, 3*time.Minute, 0))
	lost.State, lost.Done = records.CallbackDelivered, at(time.Hour)
	require.ErrorIs(t, s.SettleCallback(ctx, lost), records.ErrNotFound, "that attempt counts no more")
	c.Due, c.Error = at(10*time.Minute), strings.Repeat("ö", records.MaxCallbackError)
	require.NoError(t, s.SettleCallback(ctx, c))
	c.Error = c.Error[:records.MaxCallbackError]
	require.Equal(t, c, getCallback(t, s, "one"))
	require.Empty(t, claim(t, s, 9*time.Minute, time.Hour, 0))

	// It is delivered, and once more.
	c = claim(t, s, 10*time.Minute, 11*time.Minute, 0)[0]
	c.State, c.Due, c.Done, c.Error = records.CallbackDelivered, time.Time{}, at(11*time.Minute), ""
	require.NoError(t, s.SettleCallback(ctx, c))
	require.ErrorIs(t, s.SettleCallback(ctx, c), records.ErrNotFound)
	require.Equal(t, c, getCallback(t, s, "one"))
	require.Empty(t, claim(t, s, time.Hour, 2*time.Hour, 0))
	require.NoError(t, s.RetryCallback(ctx, "one", at(time.Hour)))
	require.ErrorIs(t, s.RetryCallback(ctx, "one", at(time.Hour)), records.ErrNotFound, "it is due")
	c.State, c.Due, c.Since, c.Done = records.CallbackDue, at(time.Hour), at(time.Hour), time.Time{}
	require.Equal(t, c, getCallback(t, s, "one"))

	// Nothing of it is there for another master, and nothing under another id.
	for _, s := range []records.Store{s, other} {
		for _, id := range []string{"one", "two", "", "x\x00", strings.Repeat("x", 1000)} {
			if id == "one" && s != other {
				continue
			}
			_, err := s.Callback(ctx, id)
			require.ErrorIs(t, err, records.ErrNotFound)
			require.ErrorIs(t, s.RetryCallback(ctx, id, at(0)), records.ErrNotFound)
			require.ErrorIs(t, s.BindCallback(ctx, id, jid(0)), records.ErrNotFound)
			require.ErrorIs(t, s.SettleCallback(ctx, records.Callback{ID: id, State: records.CallbackDelivered, Attempts: 3}), records.ErrNotFound)
			require.NoError(t, s.DropCallback(ctx, id))
		}
	}
	require.Equal(t, c, getCallback(t, s, "one"))
	require.Empty(t, claim(t, other, 10*time.Hour, 20*time.Hour, 0))
}

// testCallbackLimits adds more than may be pending.
func testCallbackLimits(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "another master")
	ctx := t.Context()
	limits := records.CallbackLimits{User: 2, Total: 3}
	add := func(s records.Store, id, user, eauth string) error {
		c := callback(id, jid(0), 0)
		c.User, c.Eauth = user, eauth
		return s.AddCallback(ctx, c, limits)
	}
	require.NoError(t, add(s, "1", "ops", "pam"))
	require.NoError(t, s.AddCallback(ctx, callback("2", "", 0), limits), "reserved ones count too")
	require.ErrorIs(t, add(s, "3", "ops", "pam"), records.ErrTooManyOfUser)
	require.NoError(t, add(s, "3", "ops", "ldap"), "that is another user")
	err := add(s, "4", "dev", "pam")
	require.ErrorIs(t, err, records.ErrTooMany)
	require.NotErrorIs(t, err, records.ErrTooManyOfUser)
	require.NoError(t, add(other, "4", "ops", "pam"))
	require.NoError(t, s.DropCallback(ctx, "2"))
	require.NoError(t, add(s, "2", "ops", "pam"))
	put(t, s, end(0, time.Second))
	_, err = s.WakeCallbacks(ctx, nil, at(0))
	require.NoError(t, err)
	require.ErrorIs(t, add(s, "5", "dev", "pam"), records.ErrTooMany)
	c := claim(t, s, 0, time.Minute, 1)[0]
	c.State = records.CallbackFailed
	require.NoError(t, s.SettleCallback(ctx, c))
	require.NoError(t, add(s, "5", "dev", "pam"), "what has ended does not count")

	for _, c := range []records.Callback{
		{}, callback("", jid(0), 0), callback("x\n", jid(0), 0), callback(strings.Repeat("x", 300), jid(0), 0), callback("6", "x\x00", 0),
	} {
		require.Error(t, s.AddCallback(ctx, c, most))
	}
	require.Error(t, s.AddCallback(ctx, callback("5", jid(0), 0), most), "the id is taken")
}

// testCallbackPages lists call-backs.
func testCallbackPages(t *testing.T, o Open) {
	s := open(t, o, "")
	var want []records.Callback
	for n := range 30 {
		c := callback(fmt.Sprintf("id-%02d", n), jid(time.Duration(n%3)*time.Second), time.Duration(n/2)*time.Second)
		c.User, c.Destination = []string{"ops", "dev"}[n%2], []string{"ci", "chat", "pager"}[n%3]
		if n == 7 {
			c.JID = ""
		}
		addCallback(t, s, c)
		if c.State = records.CallbackWaiting; n != 7 {
			want = append(want, c)
		}
	}
	put(t, s, end(0, time.Second))
	_, err := s.WakeCallbacks(t.Context(), []string{jid(0)}, at(time.Minute))
	require.NoError(t, err)
	slices.Reverse(want)
	for i := range want {
		if want[i].JID == jid(0) {
			want[i].State, want[i].Due, want[i].Since = records.CallbackDue, at(time.Minute), at(time.Minute)
		}
	}
	for name, c := range map[string]struct {
		q    records.CallbackQuery
		test func(records.Callback) bool
	}{
		"all":            {records.CallbackQuery{}, func(records.Callback) bool { return true }},
		"of a user":      {records.CallbackQuery{User: "dev", Eauth: "pam"}, func(c records.Callback) bool { return c.User == "dev" }},
		"of nobody":      {records.CallbackQuery{User: "dev", Eauth: "ldap"}, func(records.Callback) bool { return false }},
		"of a job":       {records.CallbackQuery{JID: jid(time.Second)}, func(c records.Callback) bool { return c.JID == jid(time.Second) }},
		"to":             {records.CallbackQuery{Destination: "chat"}, func(c records.Callback) bool { return c.Destination == "chat" }},
		"due":            {records.CallbackQuery{State: records.CallbackDue}, func(c records.Callback) bool { return c.State == records.CallbackDue }},
		"waiting for ci": {records.CallbackQuery{State: records.CallbackWaiting, Destination: "ci"}, func(records.Callback) bool { return false }},
	} {
		selected := slices.DeleteFunc(slices.Clone(want), func(w records.Callback) bool { return !c.test(w) })
		for _, limit := range []int{0, 1, 4, len(selected)} {
			c.q.Limit, c.q.After = limit, ""
			var got []records.Callback
			for {
				page, err := s.Callbacks(t.Context(), c.q)
				require.NoError(t, err, name)
				got = append(got, page.Callbacks...)
				if c.q.After = page.Next; page.Next == "" {
					break
				}
				require.Len(t, page.Callbacks, records.PageSize(limit), name)
			}
			require.Len(t, got, len(selected), name)
			require.ElementsMatch(t, selected, got, name)
			require.True(t, slices.IsSortedFunc(got, newer), name)
		}
	}
	for field, q := range map[string]records.CallbackQuery{
		"state": {State: "lost"}, "cursor": {After: "x"}, "jid": {JID: "x\x00"}, "usr": {User: strings.Repeat("x", 2000)},
	} {
		var invalid *records.InvalidError
		_, err := s.Callbacks(t.Context(), q)
		require.ErrorAs(t, err, &invalid, field)
		require.Equal(t, field, invalid.Field)
	}
	all, err := s.ClaimCallbacks(t.Context(), records.CallbackClaim{Now: at(time.Hour), Until: at(2 * time.Hour)})
	require.NoError(t, err)
	require.Empty(t, all, "there are no destinations")
}

// newer compares two call-backs by their age.
func newer(a, b records.Callback) int {
	if n := b.Created.Compare(a.Created); n != 0 {
		return n
	}
	return strings.Compare(b.ID, a.ID)
}

// testCallbackCleaning removes what is too old.
func testCallbackCleaning(t *testing.T, o Open) {
	s := open(t, o, "")
	ctx := t.Context()
	for n := range 10 {
		d := time.Duration(n) * time.Hour
		put(t, s, jobs(job(d)))
		addCallback(t, s, callback(fmt.Sprint("done-", n), jid(d), d))
		addCallback(t, s, callback(fmt.Sprint("waiting-", n), jid(d+time.Minute), d))
		addCallback(t, s, callback(fmt.Sprint("reserved-", n), "", d))
	}
	_, err := s.WakeCallbacks(ctx, nil, at(0))
	require.NoError(t, err)
	require.Equal(t, 10, func() int {
		counts, err := s.CountCallbacks(ctx)
		require.NoError(t, err)
		return counts.Due
	}())
	for n, c := range claim(t, s, time.Hour, 2*time.Hour, 0) {
		c.State, c.Done = records.CallbackDelivered, at(time.Duration(n)*time.Hour)
		require.NoError(t, s.SettleCallback(ctx, c))
	}
	clean := func(c records.CallbackCleaning) records.CallbackCleaned {
		t.Helper()
		done, err := s.CleanCallbacks(ctx, c)
		require.NoError(t, err)
		return done
	}
	require.Zero(t, clean(records.CallbackCleaning{Now: at(0)}))
	require.Equal(t, records.CallbackCleaned{Removed: 3}, clean(records.CallbackCleaning{Reserved: at(3 * time.Hour)}))
	require.Equal(t, records.CallbackCleaned{Failed: 2},
		clean(records.CallbackCleaning{Now: at(20 * time.Hour), Waiting: at(2 * time.Hour), WhyWaiting: "too late"}))
	c := getCallback(t, s, "waiting-1")
	require.Equal(t, records.CallbackFailed, c.State)
	require.Equal(t, "too late", c.Error)
	require.Equal(t, at(20*time.Hour), c.Done)
	require.Equal(t, records.CallbackCleaned{Removed: 4}, clean(records.CallbackCleaning{Done: at(4 * time.Hour)}))
	require.Equal(t, records.CallbackCleaned{Removed: 5}, clean(records.CallbackCleaning{Keep: 3}))
	require.Zero(t, clean(records.CallbackCleaning{Keep: 3}))
	getCallback(t, s, "done-9")
	_, err = s.Callback(ctx, "done-8")
	require.ErrorIs(t, err, records.ErrNotFound)
}

// testCallbackNotTried gives up what is due for too long.
func testCallbackNotTried(t *testing.T, o Open) {
	s := open(t, o, "")
	c := callback("one", jid(0), 0)
	c.Destination = "not there any more"
	put(t, s, jobs(job(0)))
	addCallback(t, s, c)
	_, err := s.WakeCallbacks(t.Context(), nil, at(time.Hour))
	require.NoError(t, err)
	require.Empty(t, claim(t, s, time.Hour, 2*time.Hour, 0))
	for _, step := range []struct{ now, due, failed time.Duration }{{2, 1, 0}, {0, 2, 0}, {2, 2, 1}, {2, 2, 0}} {
		done, err := s.CleanCallbacks(t.Context(), records.CallbackCleaning{
			Now: at(step.now * time.Hour), Due: at(step.due * time.Hour), WhyDue: "never tried",
		})
		require.NoError(t, err)
		require.Equal(t, records.CallbackCleaned{Failed: int(step.failed)}, done)
	}
	c = getCallback(t, s, "one")
	require.Equal(t, records.CallbackFailed, c.State)
	require.Equal(t, "never tried", c.Error)
}

// testCallbackClaims has several gateways claim the same call-backs at once, while
// others are added and jobs end.
func testCallbackClaims(t *testing.T, o Open) {
	const gateways, many = 3, 40
	var stores []records.Store
	for range gateways {
		stores = append(stores, open(t, o, ""))
	}
	var mu sync.Mutex
	claimed := make(map[string]int)
	var group sync.WaitGroup
	failed := make(chan error, gateways+1)
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	group.Go(func() {
		for n := range many {
			d := time.Duration(n) * time.Second
			if err := stores[0].AddCallback(ctx, callback(fmt.Sprint(n), jid(d), 0), most); err != nil {
				failed <- err
				return
			}
			if _, err := stores[n%gateways].Put(ctx, jobs(job(d))); err != nil {
				failed <- err
				return
			}
		}
	})
	for _, s := range stores {
		group.Go(func() {
			for ctx.Err() == nil {
				_, err := s.WakeCallbacks(ctx, nil, at(0))
				var all []records.Callback
				if err == nil {
					all, err = s.ClaimCallbacks(ctx, records.CallbackClaim{Now: at(0), Until: at(time.Hour), Destinations: []string{"ci"}, Limit: 5})
				}
				for _, c := range all {
					c.State, c.Done = records.CallbackDelivered, at(0)
					err = errors.Join(err, s.SettleCallback(ctx, c))
				}
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				for _, c := range all {
					claimed[c.ID]++
				}
				isDone := len(claimed) == many
				mu.Unlock()
				if isDone {
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(Pause): // SQLite gives its turns to whoever asks most often
				}
			}
		})
	}
	group.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	require.Len(t, claimed, many)
	for id, n := range claimed {
		require.Equal(t, 1, n, id)
	}
}
