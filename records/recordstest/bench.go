package recordstest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// BenchEnv is the environment variable with the number of returns of a
// benchmark, a million if it is not set.
const BenchEnv = "SALTERN_BENCH_RETURNS"

// The jobs of the benchmark: ten minions each of five thousand, and a thousand
// jobs for many minions.
const (
	benchMinions = 5000
	benchEach    = 10
	benchBatch   = 50 // jobs of a batch
)

// Bench fills a store, with the rate as a metric, and then prints the median of
// every kind of page. Run it with -benchtime 1x.
func Bench(b *testing.B, s records.Store) {
	b.Helper()
	total := 1_000_000
	if n, err := strconv.Atoi(os.Getenv(BenchEnv)); err == nil {
		total = n
	}
	jobs := total / benchEach
	b.Run("put", func(b *testing.B) {
		for b.Loop() {
			FillMany(b, s, total)
		}
		b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "returns/s")
	})
	size, err := s.Size(b.Context())
	require.NoError(b, err)
	b.Logf("%d jobs, %d returns, about %d MB", size.Jobs, size.Returns, size.Bytes>>20)

	mid := benchStart.Add(time.Duration(jobs/2) * time.Second)
	after := func(q records.Query) records.Query { // a page from the middle
		q.Limit = 1000
		for range 3 {
			page, err := s.Jobs(b.Context(), q)
			require.NoError(b, err)
			if page.Next == "" {
				break
			}
			q.After = page.Next
		}
		q.Limit = 100
		return q
	}
	for _, by := range records.Sorts() {
		q := after(records.Query{Sort: by})
		median(b, "jobs by "+string(by), func(ctx context.Context, _ int) (int, error) { return page(ctx, s, q) })
	}
	for _, f := range []struct {
		name   string
		filter records.Filter
	}{
		{"user", records.Filter{User: "user3"}},
		{"user that is rare", records.Filter{User: "rare"}},
		{"nobody", records.Filter{User: "nobody"}},
		{"function", records.Filter{Fun: "state.f3"}},
		{"functions", records.Filter{Fun: "state.*"}},
		{"functions that are rare", records.Filter{Fun: "rare.*"}},
		{"target", records.Filter{Tgt: "web3*"}},
		{"minion", records.Filter{Minion: minionName(7)}},
		{"minion and user", records.Filter{Minion: minionName(7), User: "user3"}},
		{"failed", records.Filter{States: []records.State{records.Failed}}},
		{"failed or missing", records.Filter{States: []records.State{records.Failed, records.MissingReturns}}},
		{"running", records.Filter{States: []records.State{records.New, records.Running}}},
		{"user and failed", records.Filter{User: "user3", States: []records.State{records.Failed}}},
		{"period", records.Filter{From: mid, To: mid.Add(time.Hour)}},
		{"period and user", records.Filter{From: mid, To: mid.Add(time.Hour), User: "user3"}},
		{"jid", records.Filter{JID: mid.Format("20060102150405")}},
		{"day", records.Filter{JID: mid.Format("20060102")}},
		{"text", records.Filter{Text: "package-77\""}},
		{"text that is rare", records.Filter{Text: "needle"}},
		{"text that is nowhere", records.Filter{Text: "nowhere"}},
		{"text and user", records.Filter{Text: "needle", User: "user3"}},
	} {
		median(b, f.name, func(ctx context.Context, _ int) (int, error) { return page(ctx, s, records.Query{Filter: f.filter}) })
		if f.name == "user" || f.name == "failed" || f.name == "minion" {
			median(b, f.name+" by end", func(ctx context.Context, _ int) (int, error) {
				return page(ctx, s, records.Query{Filter: f.filter, Sort: records.LastEnded})
			})
		}
		median(b, "count of "+f.name, func(ctx context.Context, _ int) (int, error) {
			c, err := s.CountJobs(ctx, f.filter)
			return c.Total, err
		})
	}
	at := func(n int) string { return benchJID(jobs/2 + n) }
	median(b, "one job", func(ctx context.Context, n int) (int, error) {
		j, err := s.Job(ctx, at(n), true)
		return len(j.Minions), err
	})
	median(b, "one return", func(ctx context.Context, n int) (int, error) {
		page, err := s.Returns(ctx, at(n), records.ReturnQuery{Limit: 1})
		if err == nil {
			_, err = s.Return(ctx, at(n), page.Returns[0].Minion)
		}
		return 1, err
	})
	large := benchJID(0)
	for _, outcome := range append(records.Outcomes(), "") {
		median(b, "returns of a large job "+string(outcome), func(ctx context.Context, _ int) (int, error) {
			page, err := s.Returns(ctx, large, records.ReturnQuery{Outcome: outcome, Values: true})
			return len(page.Returns), err
		})
	}
	names := make([]string, 100)
	for i := range names {
		names[i] = minionName(i)
	}
	median(b, "last jobs of 100 minions", func(ctx context.Context, _ int) (int, error) {
		last, err := s.LastJobs(ctx, names)
		return len(last), err
	})
}

func page(ctx context.Context, s records.Store, q records.Query) (int, error) {
	page, err := s.Jobs(ctx, q)
	return len(page.Jobs), err
}

// median reports the median of some calls, in milliseconds, and what the last
// one returned.
func median(b *testing.B, name string, f func(ctx context.Context, n int) (int, error)) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		const calls = 31
		times := make([]time.Duration, calls)
		found := 0
		for i := range times {
			began := time.Now()
			n, err := f(b.Context(), i)
			times[i], found = time.Since(began), n
			require.NoError(b, err)
		}
		slices.Sort(times)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(times[calls/2].Microseconds())/1000, "ms/page")
		b.ReportMetric(float64(found), "records")
	})
}

// benchStart is the start of the first job of the benchmark, one a second.
var benchStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func benchJID(n int) string {
	return benchStart.Add(time.Duration(n)*time.Second).Format("20060102150405") + "000000"
}

func minionName(n int) string { return fmt.Sprintf("minion-%05d.example.com", n%benchMinions) }

// FillMany puts so many returns, ten for each job, in the order in which they come
// from a bus: jobs, and then their returns. The first job is for all minions. Users
// are user0 to user6, functions state.f0 to state.f30.
func FillMany(t testing.TB, s records.Store, returns int) {
	t.Helper()
	jobs := returns / benchEach
	rng := rand.New(rand.NewPCG(1, 2))
	value := make([]byte, 300)
	for i := range value {
		value[i] = byte(rng.UintN(256))
	}
	for first := 0; first < jobs; first += benchBatch {
		var started, returned records.Batch
		for n := first; n < min(first+benchBatch, jobs); n++ {
			many := benchEach
			if n == 0 {
				many = benchMinions
			}
			at := benchStart.Add(time.Duration(n) * time.Second)
			j := records.Job{
				JID: benchJID(n), User: fmt.Sprint("user", n%7), Client: "local", Fun: fmt.Sprint("state.f", n%31), TgtType: "glob",
				Tgt: fmt.Sprintf("web%d*", n%100), Arguments: fmt.Appendf(nil, `{"arg":["package-%d"],"kwarg":{"test":true,"refresh":false}}`, n%1000),
			}
			switch {
			case n%20_000 == 19_999:
				j.User, j.Fun, j.Arguments = "rare", "rare.function", []byte(`["needle"]`)
			case n == jobs/2:
				j.User, j.Arguments = "user3", []byte(`["needle"]`)
			}
			for i := range many {
				m := minionName(n*7 + i*311)
				if n == 0 {
					m = minionName(i)
				}
				j.Minions = append(j.Minions, m)
				if rng.UintN(100) == 0 {
					continue // it does not return
				}
				r := records.Return{JID: j.JID, Minion: m, Time: at.Add(3 * time.Second), Fun: j.Fun, Success: true, Value: value}
				if rng.UintN(50) == 0 {
					r.Retcode = 1
				}
				returned.Returns = append(returned.Returns, r)
			}
			started.Jobs = append(started.Jobs, j)
			if n < jobs-100 {
				returned.Ends = append(returned.Ends, records.End{JID: j.JID, Time: at.Add(time.Minute)})
			}
		}
		for _, batch := range []records.Batch{started, returned} {
			_, err := s.Put(t.Context(), batch)
			require.NoError(t, err)
		}
	}
}
