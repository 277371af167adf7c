package recordstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// scheduleOf returns a schedule of ops that is due a number of minutes after start.
func scheduleOf(n, minutes int) records.Schedule {
	due := at(time.Duration(minutes) * time.Minute)
	return records.Schedule{
		ID: savedID(n), User: "ops", Eauth: "pam", Name: fmt.Sprint("schedule ", n), Enabled: true, Saved: start,
		Due: due, Start: due.Add(10 * time.Second), Body: json.RawMessage(`{"schedule":{"minutes":5}}`),
	}
}

func putSchedule(t testing.TB, s records.Store, r records.Schedule, reschedule bool) records.Schedule {
	t.Helper()
	got, err := s.PutSchedule(t.Context(), r, reschedule)
	require.NoError(t, err)
	return got
}

// claimed returns a run that a gateway has claimed until a minute later.
func claimed(r records.Schedule) records.Run {
	return records.Run{
		Schedule: r.ID, Due: r.Due, Name: r.Name, User: r.User, Eauth: r.Eauth, Cmd: "local", Fun: "test.ping", State: records.RunClaimed,
		Claimed: r.Start, Until: r.Start.Add(time.Minute),
	}
}

// testSchedules follows schedules from their making to their removal.
func testSchedules(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "another master")
	ctx := t.Context()
	one := putSchedule(t, s, scheduleOf(1, 5), false)
	require.EqualValues(t, 1, one.Version)
	require.False(t, one.Changed.IsZero())
	got, err := s.Schedule(ctx, savedID(1))
	require.NoError(t, err)
	require.Equal(t, one, got)
	_, err = other.Schedule(ctx, savedID(1))
	require.ErrorIs(t, err, records.ErrNotFound)
	_, err = s.PutSchedule(ctx, scheduleOf(1, 5), true)
	require.ErrorIs(t, err, records.ErrConflict, "it is there")

	// What a gateway has claimed meanwhile is not made due again by a change.
	ok, err := s.ClaimRuns(ctx, one, at(10*time.Minute), at(10*time.Minute), []records.Run{claimed(one)})
	require.NoError(t, err)
	require.True(t, ok)
	changed := one
	changed.Name, changed.Job, changed.Tgt, changed.Enabled = "Renamed", savedID(7), savedID(8), false
	changed = putSchedule(t, s, changed, false)
	got, err = s.Schedule(ctx, savedID(1))
	require.NoError(t, err)
	require.Equal(t, at(10*time.Minute), got.Due)
	require.Equal(t, "Renamed", got.Name)
	require.False(t, got.Enabled)
	_, err = s.PutSchedule(ctx, one, true)
	require.ErrorIs(t, err, records.ErrConflict, "it was changed")
	changed.Due, changed.Start = at(time.Hour), at(time.Hour)
	changed = putSchedule(t, s, changed, true)
	require.EqualValues(t, 3, changed.Version)

	two := scheduleOf(2, 1)
	two.User, two.Eauth, two.Name = "dev", "ldap", "A"
	putSchedule(t, s, two, true)
	putSchedule(t, other, scheduleOf(3, 1), true)
	for q, want := range map[records.ScheduleQuery]string{
		{}: "A Renamed", {User: "ops", Eauth: "pam"}: "Renamed", {User: "ops", Eauth: "ldap"}: "", {Job: savedID(7)}: "Renamed", {Tgt: savedID(9)}: "",
	} {
		all, err := s.Schedules(ctx, q)
		require.NoError(t, err)
		var names []string
		for _, r := range all {
			names = append(names, r.Name)
		}
		require.Equal(t, want, strings.Join(names, " "), q)
	}
	all, enabled, err := s.CountSchedules(ctx)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{all, enabled})

	require.NoError(t, s.DeleteSchedule(ctx, savedID(1)))
	require.ErrorIs(t, s.DeleteSchedule(ctx, savedID(1)), records.ErrNotFound)
	runs, err := s.Runs(ctx, records.RunQuery{Schedule: savedID(1)})
	require.NoError(t, err)
	require.Len(t, runs, 1, "runs stay")

	for name, change := range map[string]func(*records.Schedule){
		"uuid": func(r *records.Schedule) { r.ID = "" }, "user": func(r *records.Schedule) { r.User = "" },
		"name":     func(r *records.Schedule) { r.Name = "a\x00" },
		"schedule": func(r *records.Schedule) { r.Body = json.RawMessage(`{"a":"\u0000"}`) },
	} {
		bad := scheduleOf(9, 1)
		change(&bad)
		_, err := s.PutSchedule(ctx, bad, true)
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid, name)
		require.Equal(t, name, invalid.Field)
	}
}

// testScheduleLimits makes as many schedules as a user may have.
func testScheduleLimits(t *testing.T, o Open) {
	s, ctx := open(t, o, ""), t.Context()
	for n := range records.MaxSchedulesOfUser {
		putSchedule(t, s, scheduleOf(n, 1), true)
	}
	_, err := s.PutSchedule(ctx, scheduleOf(1000, 1), true)
	require.ErrorIs(t, err, records.ErrTooManySchedules)
	others := scheduleOf(1000, 1)
	others.User = "dev"
	putSchedule(t, s, others, true)
	due, _, err := s.DueSchedules(ctx, at(time.Hour))
	require.NoError(t, err)
	require.NotEmpty(t, due)
	require.Less(t, len(due), 100)
}

// testScheduleExport has schedules exported and imported: what is there stays, and what is
// not is not enabled, so that it is not run twice.
func testScheduleExport(t *testing.T, o Open) {
	s, to := open(t, o, ""), open(t, o, "another")
	ctx := t.Context()
	one := scheduleOf(1, 5)
	one.Job, one.Tgt = savedID(7), savedID(8)
	one = putSchedule(t, s, one, true)
	kept := putSchedule(t, s, scheduleOf(2, 5), true)
	never := scheduleOf(3, 1)
	never.Due, never.Start = time.Time{}, time.Time{}
	putSchedule(t, s, never, true)
	there := putSchedule(t, to, scheduleOf(2, 7), true)
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, e := range dump(t, s) {
		require.NoError(t, lines.Encode(e))
	}
	for _, want := range []records.Changes{{Schedules: 2}, {}} {
		read := json.NewDecoder(bytes.NewReader(text.Bytes()))
		sum, err := records.Import(ctx, to, func(yield func(records.Entry, error) bool) {
			for read.More() {
				var e records.Entry
				if err := read.Decode(&e); !yield(e, err) {
					return
				}
			}
		})
		require.NoError(t, err)
		require.Equal(t, want, sum)
	}
	due, _, err := to.DueSchedules(ctx, at(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []records.Schedule{there}, due)
	got, err := to.Schedule(ctx, one.ID)
	require.NoError(t, err)
	require.False(t, got.Enabled)
	got.Enabled, got.Changed = true, one.Changed
	require.Equal(t, one, got)

	sum, err := records.Import(ctx, s, func(yield func(records.Entry, error) bool) { yield(records.Entry{Schedule: &kept}, nil) })
	require.NoError(t, err)
	require.Zero(t, sum)
	got, err = s.Schedule(ctx, kept.ID)
	require.NoError(t, err)
	require.True(t, got.Enabled, "it is where it comes from")
}

// testScheduleRuns follows runs.
func testScheduleRuns(t *testing.T, o Open) {
	s, ctx := open(t, o, ""), t.Context()
	late, soon := putSchedule(t, s, scheduleOf(1, 5), true), putSchedule(t, s, scheduleOf(2, 2), true)
	off := scheduleOf(3, 1)
	off.Enabled = false
	putSchedule(t, s, off, true)
	never := scheduleOf(4, 1)
	never.Due, never.Start = time.Time{}, time.Time{}
	putSchedule(t, s, never, true)

	due, next, err := s.DueSchedules(ctx, at(time.Minute))
	require.NoError(t, err)
	require.Empty(t, due)
	require.Equal(t, soon.Start, next)
	due, next, err = s.DueSchedules(ctx, late.Start)
	require.NoError(t, err)
	require.Equal(t, []records.Schedule{soon, late}, due)
	require.True(t, next.IsZero())

	// One gateway claims a time, whoever asks for it.
	var claims atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			ok, err := s.ClaimRuns(ctx, soon, at(7*time.Minute), at(7*time.Minute), []records.Run{claimed(soon)})
			if err != nil {
				t.Errorf("claim: %v", err)
			}
			if ok {
				claims.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, claims.Load())
	again := soon
	again.Due = at(7 * time.Minute)
	ok, err := s.ClaimRuns(ctx, again, at(9*time.Minute), at(9*time.Minute), []records.Run{claimed(soon)})
	require.NoError(t, err)
	require.False(t, ok, "there is a run for this time")
	got, err := s.Schedule(ctx, soon.ID)
	require.NoError(t, err)
	require.Equal(t, at(7*time.Minute), got.Due, "nothing is changed then")
	other := late
	other.Version++
	ok, err = s.ClaimRuns(ctx, other, at(9*time.Minute), at(9*time.Minute), nil)
	require.NoError(t, err)
	require.False(t, ok, "it was changed meanwhile")

	missed := claimed(late)
	missed.State, missed.Why, missed.Until, missed.Done = records.RunMissed, "no gateway was there", time.Time{}, late.Start
	second := claimed(late)
	second.Due = late.Due.Add(time.Second)
	ok, err = s.ClaimRuns(ctx, late, time.Time{}, time.Time{}, []records.Run{missed, second})
	require.NoError(t, err)
	require.True(t, ok)

	// The claim of one ends, and the other one is settled.
	done := second
	done.State, done.JID, done.Fun, done.Done = records.RunStarted, jid(0), "test.arg", at(time.Hour)
	require.NoError(t, s.SettleRun(ctx, done))
	require.ErrorIs(t, s.SettleRun(ctx, done), records.ErrNotFound, "it has ended")
	lost, err := s.LoseRuns(ctx, soon.Start.Add(59*time.Second), "its gateway ended")
	require.NoError(t, err)
	require.Empty(t, lost)
	lost, err = s.LoseRuns(ctx, soon.Start.Add(time.Hour), "its gateway ended")
	require.NoError(t, err)
	require.Len(t, lost, 1)
	slow := lost[0]
	require.Equal(t, records.RunUnknown, slow.State)
	lost, err = s.LoseRuns(ctx, soon.Start.Add(time.Hour), "its gateway ended")
	require.NoError(t, err)
	require.Empty(t, lost)

	texts := func(all []records.Run, err error) (text string) {
		require.NoError(t, err)
		for _, r := range all {
			text += fmt.Sprintf("%s/%s/%s ", r.Name[len("schedule "):], r.State, r.Due.Sub(start))
		}
		return strings.TrimSpace(text)
	}
	for want, q := range map[string]records.RunQuery{
		"1/started/5m1s 1/missed/5m0s 2/unknown/2m0s": {},
		"1/missed/5m0s":                {State: records.RunMissed},
		"1/started/5m1s":               {From: at(301 * time.Second), User: "ops", Eauth: "pam"},
		"2/unknown/2m0s":               {To: at(2 * time.Minute)},
		"1/missed/5m0s 2/unknown/2m0s": {Offset: 1},
		"":                             {User: "dev"},
	} {
		require.Equal(t, want, texts(s.Runs(ctx, q)))
	}
	require.Equal(t, "1/started/5m1s", texts(s.Runs(ctx, records.RunQuery{Schedule: late.ID, Limit: 1})))
	last, err := s.LastRuns(ctx, []string{late.ID, soon.ID, savedID(9)})
	require.NoError(t, err)
	require.Len(t, last, 2)
	counts, err := s.MissedRuns(ctx, []string{late.ID, soon.ID, savedID(9), "\x00"})
	require.NoError(t, err)
	require.Equal(t, map[string]int{late.ID: 1, soon.ID: 1}, counts)
	counts, err = s.MissedRuns(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, counts)
	all, err := s.Runs(ctx, records.RunQuery{State: records.RunStarted})
	require.NoError(t, err)
	require.Equal(t, []records.Run{done}, all)

	// A gateway that was slow says what came of a run whose claim has ended.
	slow.State, slow.JID, slow.Why, slow.Done = records.RunStarted, jid(0), "", at(time.Hour)
	require.NoError(t, s.SettleRun(ctx, slow))

	n, err := s.TrimRuns(ctx, at(5*time.Minute), true)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	n, err = s.TrimRuns(ctx, at(5*time.Minute), false)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, "1/started/5m1s 1/missed/5m0s", texts(s.Runs(ctx, records.RunQuery{})))
}

// testKeyValues keeps values by keys.
func testKeyValues(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "another master")
	ctx := t.Context()
	ops, dev := records.ValueOwner{User: "ops", Eauth: "pam"}, records.ValueOwner{User: "dev", Eauth: "pam"}
	for key, value := range map[string]string{"a": `null`, "b": `{"x": [1, "ü"]}`, "Ä ": `"text"`} {
		require.NoError(t, s.PutValue(ctx, ops, key, json.RawMessage(value)))
		got, err := s.Value(ctx, ops, key)
		require.NoError(t, err)
		require.Equal(t, value, string(got))
	}
	require.NoError(t, s.PutValue(ctx, ops, "a", json.RawMessage(`2`)))
	require.NoError(t, s.PutValue(ctx, records.ValueOwner{}, "a", json.RawMessage(`3`)))
	keys, err := s.ValueKeys(ctx, ops)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "Ä "}, keys)
	for _, of := range []records.Store{s, other} {
		_, err = of.Value(ctx, dev, "a")
		require.ErrorIs(t, err, records.ErrNotFound)
	}
	ok, err := s.DeleteValue(ctx, dev, "a")
	require.NoError(t, err)
	require.False(t, ok)
	ok, err = s.DeleteValue(ctx, ops, "a")
	require.NoError(t, err)
	require.True(t, ok)
	got, err := s.Value(ctx, records.ValueOwner{}, "a")
	require.NoError(t, err)
	require.Equal(t, `3`, string(got))

	var invalid *records.InvalidError
	require.ErrorAs(t, s.PutValue(ctx, ops, "", json.RawMessage(`1`)), &invalid)
	require.ErrorAs(t, s.PutValue(ctx, ops, strings.Repeat("x", 256), json.RawMessage(`1`)), &invalid)
	require.ErrorAs(t, s.PutValue(ctx, ops, "x", json.RawMessage(`"`+strings.Repeat("x", records.MaxValueSize)+`"`)), &invalid)
	require.ErrorAs(t, s.PutValue(ctx, ops, "x", json.RawMessage(`"\u0000"`)), &invalid)
	require.ErrorAs(t, s.PutValue(ctx, records.ValueOwner{User: "x"}, "x", json.RawMessage(`1`)), &invalid)
	for n := range records.MaxValuesOfUser {
		require.NoError(t, s.PutValue(ctx, dev, fmt.Sprint(n), json.RawMessage(`1`)))
	}
	require.ErrorIs(t, s.PutValue(ctx, dev, "more", json.RawMessage(`1`)), records.ErrTooManyValues)
	require.NoError(t, s.PutValue(ctx, dev, "7", json.RawMessage(`2`)), "one that is there")
}
