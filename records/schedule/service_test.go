package schedule_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
)

// made returns a schedule that is saved now.
func made(t *testing.T, name, object string) records.Schedule {
	t.Helper()
	body, err := json.Marshal(schedule.Body{Schedule: json.RawMessage(object), Cmd: "local", Fun: "test.ping"})
	require.NoError(t, err)
	s := records.Schedule{ID: name, Version: 1, User: "ops", Eauth: "pam", Name: name, Enabled: true, Saved: time.Now(), Body: body}
	_, table, err := schedule.Read(s)
	require.NoError(t, err)
	schedule.Next(&s, table, time.Now())
	return s
}

// run runs a service until the returned function is called.
func run(t *testing.T, f *fakeStore, r *runner, change func(*schedule.Service)) (*schedule.Service, func()) {
	t.Helper()
	s := schedule.New(f, schedule.Options{})
	if change != nil {
		change(s)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		s.Run(ctx, r)
		close(done)
	}()
	return s, func() { stop(); <-done }
}

func states(f *fakeStore) (all []string) {
	runs, _ := f.Runs(context.Background(), records.RunQuery{})
	for _, r := range runs {
		all = append(all, r.Due.Format("15:04 ")+string(r.State))
	}
	return all
}

// TestFuturesAgree lets a year pass, and requires that what has fired is what was
// foretold at its beginning, also over both changes of summer time.
func TestFuturesAgree(t *testing.T) {
	t.Parallel()
	for name, object := range map[string]string{
		"left out and repeated": `{"cron":"30 2 * * *","timezone":"Europe/Berlin"}`,
		"some of an hour":       `{"cron":"0,30 1-3 * * SUN","timezone":"America/New_York"}`,
		"each hour":             `{"cron":"15 * * * *","timezone":"Australia/Lord_Howe"}`,
		"interval":              `{"hours":5,"minutes":"7"}`,
		"times of the day":      `{"when":{"daily":["02:15","14:00"],"weekly":{"sun":["03:00"]}},"timezone":"Europe/Berlin","skip_explicit":["2000-05-01"]}`,
		"with a delay":          `{"cron":"0 */6 * * *","splay":{"start":5,"end":3600}}`,
		"within a range":        `{"hours":1,"range":{"start":"22:00","end":"04:00"},"after":"2000-02-01","until":"2000-11-30","timezone":"Europe/Berlin"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := made(t, name, object)
				body, table, err := schedule.Read(s)
				require.NoError(t, err)
				var want []time.Time
				futures, err := schedule.Futures(t.Context(), nil, s, body, table, time.Now(), time.Now().AddDate(1, 0, 0), 100_000)
				require.NoError(t, err)
				for _, f := range futures {
					want = append(want, f.Due)
				}
				f, r := newFake(s), &runner{}
				_, stop := run(t, f, r, func(s *schedule.Service) { s.SetLook(24 * time.Hour) })
				time.Sleep(time.Until(time.Now().AddDate(1, 0, 0)) + time.Second)
				synctest.Wait()
				stop()
				require.Greater(t, len(want), 100)
				require.Equal(t, want, r.times())
				for _, run := range f.runs {
					require.Equal(t, records.RunStarted, run.State)
				}
			})
		})
	}
}

// TestClockAhead has what a clock of another year has put off due again.
func TestClockAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		saved := time.Now()
		off, ended, soon, stopped := made(t, "off", `{"hours":1}`), made(t, "ended", `{"hours":1,"until":"2001-01-01"}`), made(t, "soon", `{"minutes":1}`), made(t, "stopped", `{"hours":1}`)
		over := made(t, "over", `{"once":"2000-01-01T00:00:01"}`)
		for _, s := range []*records.Schedule{&off, &stopped} {
			s.Due = saved.AddDate(36, 0, 0)
			s.Start = s.Due
		}
		for _, s := range []*records.Schedule{&ended, &over} {
			s.Due, s.Start = time.Time{}, time.Time{}
		}
		soon.Due = soon.Due.Add(time.Minute) // its run was begun by a clock that is a little ahead
		soon.Start = soon.Due
		stopped.Enabled = false
		f, r := newFake(off, ended, soon, stopped, over), &runner{}
		_, stop := run(t, f, r, nil)
		time.Sleep(90 * time.Second)
		synctest.Wait()
		require.Empty(t, r.times())
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		ran := make(map[string]int)
		for _, name := range r.names {
			ran[name]++
		}
		require.Equal(t, map[string]int{"off": 1, "ended": 1, "soon": 60}, ran)
	})
}

// Futures ends with what it may look at, and with its context.
func TestFuturesBounded(t *testing.T) {
	t.Parallel()
	s := made(t, "a", `{"cron":"* * * * *","range":{"start":"03:00","end":"03:00"}}`)
	body, table, err := schedule.Read(s)
	require.NoError(t, err)
	now := time.Now()
	looks := timetable.NewLooks(10 * 24 * 60)
	all, err := schedule.Futures(t.Context(), looks, s, body, table, now, now.AddDate(1, 0, 0), 2000)
	require.ErrorIs(t, err, schedule.ErrTooMuch)
	require.NotEmpty(t, all)
	require.Less(t, len(all), 10)
	require.True(t, looks.Over())
	all, err = schedule.Futures(t.Context(), looks, s, body, table, now, now.AddDate(1, 0, 0), 1)
	require.NoError(t, err)
	require.Len(t, all, 1, "what it is due at is known")
	due := s
	require.ErrorIs(t, schedule.NextWithin(looks, &s, table, now), schedule.ErrTooMuch)
	require.Equal(t, due, s)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = schedule.Futures(ctx, nil, s, body, table, now, now.AddDate(1, 0, 0), 2000)
	require.ErrorIs(t, err, context.Canceled)
}

// Two gateways make each run once.
func TestTwoGateways(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, r := newFake(made(t, "a", `{"minutes":1}`), made(t, "b", `{"minutes":7}`)), &runner{}
		one, stopOne := run(t, f, r, nil)
		_, stopTwo := run(t, f, r, nil)
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		stopTwo()
		require.Len(t, r.times(), 60+8)
		all, enabled := one.Counts()
		require.Equal(t, []int{2, 2}, []int{all, enabled})
		time.Sleep(time.Hour)
		synctest.Wait()
		stopOne()
		require.Len(t, r.times(), 120+17)
	})
}

// TestMissed has no gateway for a while: what was due is recorded as missed, and the
// last is run if it is not too late.
func TestMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, r := newFake(made(t, "a", `{"minutes":10}`), made(t, "once", `{"once":"2000-01-01T00:15:00"}`)), &runner{}
		time.Sleep(30*time.Minute + 59*time.Second)
		_, stop := run(t, f, r, nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		stop()
		require.Equal(t, []string{"00:40 started", "00:30 started", "00:20 missed", "00:15 missed", "00:10 missed"}, states(f))
		require.Len(t, r.times(), 2)

		time.Sleep(50*time.Minute + 2*time.Second) // 61 s after 01:30
		_, stop = run(t, f, r, nil)
		synctest.Wait()
		require.Equal(t, "01:30 missed", states(f)[0])

		// Of a long time the last ones are recorded each, and the others counted.
		stop()
		time.Sleep(30 * 24 * time.Hour)
		_, stop = run(t, f, r, nil)
		synctest.Wait()
		stop()
		require.Len(t, r.times(), 2)
		counted := 0
		for _, run := range f.runs {
			var n int
			if _, err := fmt.Sscanf(run.Why, "no gateway was there in time, and so were %d or more times before", &n); err == nil {
				counted += n
			}
		}
		require.Greater(t, counted, 1900)
		require.Less(t, len(f.runs), 60)
	})
}

// TestUnknown loses what came of a run: it is not made again.
func TestUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, r := newFake(made(t, "a", `{"minutes":10}`)), &runner{}
		f.deaf = true
		_, stop := run(t, f, r, nil)
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		require.Equal(t, []string{"00:10 claimed"}, states(f))
		stop() // as if it were killed
		f.set(func() { f.deaf = false })
		_, stop = run(t, f, r, nil)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		stop()
		require.Equal(t, []string{"00:10 unknown"}, states(f))
		require.Len(t, r.times(), 1)
	})
}

// A gateway that stops waits for a run for some seconds, whose outcome is unknown then.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, r := newFake(made(t, "a", `{"minutes":10}`)), &runner{takes: time.Minute - time.Second}
		_, stop := run(t, f, r, nil)
		time.Sleep(10*time.Minute + time.Second)
		began := time.Now()
		stop()
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, []string{"00:10 unknown"}, states(f))
	})
}

// panicking is a runner that panics.
type panicking struct{}

// Run implements schedule.Runner.
func (panicking) Run(context.Context, records.Schedule, time.Time) schedule.Outcome {
	panic("a secret")
}

// TestPanic has runs that panic recorded as unknown, and goes on.
func TestPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(made(t, "a", `{"minutes":10}`))
		var log bytes.Buffer
		s := schedule.New(f, schedule.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { s.Run(ctx, panicking{}) })
		time.Sleep(20*time.Minute + time.Second)
		synctest.Wait()
		stop()
		ended.Wait()
		require.Equal(t, []string{"00:20 unknown", "00:10 unknown"}, states(f))
		require.Contains(t, log.String(), "a run of a schedule panicked")
		require.NotContains(t, log.String(), "secret")
	})
}

// TestSkips leaves out what a user has left out, and what would be too many at once.
func TestSkips(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := made(t, "a", `{"minutes":10,"maxrunning":2}`)
		var b schedule.Body
		require.NoError(t, json.Unmarshal(s.Body, &b))
		b.Skips = []int64{time.Now().Add(20 * time.Minute).Unix()}
		s.Body, _ = json.Marshal(b)
		f, r := newFake(s), &runner{jid: func(n int) string { return fmt.Sprint("jid ", n) }}
		_, stop := run(t, f, r, nil)
		time.Sleep(50*time.Minute + time.Second)
		f.set(func() { f.ended["jid 1"] = true })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		stop()
		require.Equal(t, []string{"01:00 started", "00:50 skipped", "00:40 skipped", "00:30 started", "00:20 skipped", "00:10 started"}, states(f))
		require.Equal(t, "a user has left it out", f.runs[1].Why)
		require.Equal(t, "2 of its runs have not ended", f.runs[3].Why)
	})
}

// A time for which there is a run already does not hold its schedule up.
func TestRunIsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := made(t, "a", `{"minutes":10}`)
		f, r := newFake(s), &runner{}
		f.add(records.Run{Schedule: "a", Due: s.Due, State: records.RunStarted})
		_, stop := run(t, f, r, nil)
		time.Sleep(20*time.Minute + time.Second)
		synctest.Wait()
		stop()
		require.Equal(t, []string{"00:20 started", "00:10 started"}, states(f))
		require.Len(t, r.times(), 1)
	})
}

// TestStoreAway takes the store away for a while, and a schedule that cannot be read.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := made(t, "broken", `{"minutes":5}`)
		broken.Body = json.RawMessage(`{"schedule":{"fun":1}}`)
		f, r := newFake(made(t, "a", `{"minutes":10}`), broken), &runner{}
		s, stop := run(t, f, r, nil)
		time.Sleep(9 * time.Minute)
		f.set(func() { f.down = records.ErrUnavailable })
		s.Wake()
		time.Sleep(80 * time.Second)
		f.set(func() { f.down = nil })
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		require.Equal(t, []string{"00:10 started", "00:05 failed"}, states(f))
		require.True(t, f.schedules["broken"].Due.IsZero())
	})
}

// No more than some runs are made at once.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, r := newFake(), &runner{takes: 20 * time.Second}
		for n := range 20 {
			s := made(t, fmt.Sprint(n), `{"minutes":10}`)
			f.schedules[s.ID] = s
		}
		_, stop := run(t, f, r, nil)
		time.Sleep(10*time.Minute + time.Second)
		require.Len(t, r.times(), 8)
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		require.Len(t, r.times(), 20)
	})
}
