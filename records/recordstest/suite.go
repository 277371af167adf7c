package recordstest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// Open opens a store in a database, for a master. The suite calls it several
// times and closes what it returns.
type Open func(t testing.TB, master string) records.Store

// Run runs the suite. A function is called for every part of it, and returns a way
// to open a database: newDatabase an empty one, and migrated one with the tables of
// the newest schema and nothing in them, which takes less time.
func Run(t *testing.T, newDatabase, migrated func(t *testing.T) Open) {
	t.Helper()
	t.Run("first use", func(t *testing.T) { testFirstUse(t, newDatabase(t)) })
	for name, part := range map[string]func(*testing.T, Open){
		"states":               testStates,
		"counts":               testCounts,
		"puts again":           testPutAgain,
		"any order":            testAnyOrder,
		"fields":               testFields,
		"unusual text":         testText,
		"one moment":           testOneMoment,
		"origins":              testOrigins,
		"queries":              testQueries,
		"invalid queries":      testInvalid,
		"count jobs":           testCountJobs,
		"returns":              testReturns,
		"values":               testValues,
		"large pages":          testLargePages,
		"arrivals":             testArrivals,
		"arrivals meanwhile":   testArrivalsMeanwhile,
		"last jobs":            testLastJobs,
		"trim":                 testTrim,
		"trim a large job":     testTrimLarge,
		"export":               testExport,
		"two masters":          testMasters,
		"many gateways":        testGateways,
		"trim while recording": testTrimWhile,
		"canceled":             testCanceled,
		"call-back":            testCallback,
		"call-back limits":     testCallbackLimits,
		"call-back pages":      testCallbackPages,
		"call-backs cleaned":   testCallbackCleaning,
		"call-backs claimed":   testCallbackClaims,
		"saved":                testSaved,
		"saved found":          testFindSaved,
		"saved export":         testSavedExport,
		"saved target":         testSavedTarget,
		"saved at once":        testSavedAtOnce,
		"call-back not tried":  testCallbackNotTried,
		"schedules":            testSchedules,
		"schedule limits":      testScheduleLimits,
		"schedule export":      testScheduleExport,
		"schedule runs":        testScheduleRuns,
		"keys and values":      testKeyValues,
	} {
		t.Run(name, func(t *testing.T) { part(t, migrated(t)) })
	}
}

// open opens a store and closes it at the end of the test.
func open(t testing.TB, o Open, master string) records.Store {
	t.Helper()
	s := o(t, master)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// start is the time of the first job.
var start = time.Date(2026, 11, 22, 13, 34, 9, 55_051_000, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

// jid returns the jid of the job that starts d after start.
func jid(d time.Duration) string {
	t := at(d)
	return t.Format("20060102150405") + fmt.Sprintf("%06d", t.Nanosecond()/1000)
}

// job returns one for these minions.
func job(d time.Duration, minions ...string) records.Job {
	if minions == nil {
		minions = []string{}
	}
	return records.Job{
		JID: jid(d), User: "ops", Eauth: "pam", Client: "local", Fun: "test.ping", Arguments: []byte(`{"arg":["x",1]}`),
		Tgt: "web*", TgtType: "glob", Minions: minions, Start: at(d),
	}
}

// ret returns the return of a minion a second after the start.
func ret(d time.Duration, minion string, ok bool) records.Return {
	r := records.Return{JID: jid(d), Minion: minion, Time: at(d + time.Second), Fun: "test.ping", Success: ok, Value: []byte("\xc3")}
	if !ok {
		r.Retcode = 1
	}
	r.Size = int64(len(r.Value))
	return r
}

func jobs(all ...records.Job) records.Batch       { return records.Batch{Jobs: all} }
func returns(all ...records.Return) records.Batch { return records.Batch{Returns: all} }
func end(d, after time.Duration) records.Batch {
	return records.Batch{Ends: []records.End{{JID: jid(d), Time: at(after)}}}
}

func put(t testing.TB, s records.Store, b records.Batch) records.Changes {
	t.Helper()
	c, err := s.Put(t.Context(), b)
	require.NoError(t, err)
	return c
}

func get(t testing.TB, s records.Store, jid string) records.Job {
	t.Helper()
	j, err := s.Job(t.Context(), jid, true)
	require.NoError(t, err)
	return j
}

// list reads all pages of a query.
func list(ctx context.Context, s records.Reader, q records.Query) (all []records.Job, err error) {
	for {
		page, err := s.Jobs(ctx, q)
		all = append(all, page.Jobs...)
		if err != nil || page.Next == "" {
			return all, err
		}
		if len(page.Jobs) != records.PageSize(q.Limit) {
			return all, fmt.Errorf("a page of %d has %d jobs and is not the last", records.PageSize(q.Limit), len(page.Jobs))
		}
		q.After = page.Next
	}
}

// listReturns reads all pages of the returns of a job.
func listReturns(t testing.TB, s records.Store, jid string, q records.ReturnQuery) (all []records.Return) {
	t.Helper()
	for {
		page, err := s.Returns(t.Context(), jid, q)
		require.NoError(t, err)
		all = append(all, page.Returns...)
		if page.Next == "" {
			return all
		}
		require.NotEmpty(t, page.Returns)
		q.After = page.Next
	}
}

// dump returns everything that a store exports.
func dump(t testing.TB, s records.Store) (all []records.Entry) {
	t.Helper()
	for e, err := range s.Export(t.Context(), time.Time{}, time.Time{}) {
		require.NoError(t, err)
		all = append(all, e)
	}
	return all
}

// Patience is how long a test waits for a server, and Pause how long between two
// attempts.
const (
	Patience = 20 * time.Second
	Pause    = 20 * time.Millisecond
)

// Fill puts some hundred jobs of all kinds, always the same, as the content of a
// database of a released schema.
func Fill(t testing.TB, s records.Store) { t.Helper(); fill(t, s) }

// Filled returns what an empty store exports after [Fill].
func Filled(t *testing.T, empty records.Store) []records.Entry {
	t.Helper()
	fill(t, empty)
	all := dump(t, empty)
	require.NotEmpty(t, all)
	return all
}

// RequireFilled requires that a store has what [Fill] puts, which [Filled] has
// returned of another one, and that it works.
func RequireFilled(t *testing.T, s records.Store, want []records.Entry) {
	t.Helper()
	require.Equal(t, want, dump(t, s))
	require.Equal(t, 1, put(t, s, jobs(job(-time.Hour, "web1"))).Jobs)
	_, err := s.Trim(t.Context(), records.Trim{Jobs: 10})
	require.NoError(t, err)
}
