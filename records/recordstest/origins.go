package recordstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// testOrigins has what jobs were run from, and finds jobs by it.
func testOrigins(t *testing.T, o Open) {
	s := open(t, o, "")
	origins := map[int]records.Origin{
		1: {Job: "j1", JobName: "nightly", Tgt: "t1", TgtName: "web"},
		2: {Job: "j1", JobName: "nightly, renamed", Sched: "s1", SchedName: "at night"},
		3: {Tgt: "t1", TgtName: "web"},
		4: {Job: "j2", JobName: "nightly", Sched: "s2", SchedName: "at noon"},
	}
	for n := range 6 {
		d := time.Duration(n) * time.Minute
		put(t, s, jobs(job(d, "web1"))) // its event may come first, and says nothing of it
		j := records.Job{JID: jid(d), Origin: origins[n]}
		put(t, s, jobs(j))
		put(t, s, jobs(records.Job{JID: jid(d), Origin: records.Origin{Job: "another"}}))
		want := origins[n]
		if n == 0 || n == 5 {
			want = records.Origin{Job: "another"}
		}
		require.Equal(t, want, get(t, s, jid(d)).Origin)
	}
	put(t, open(t, o, "another master"), jobs(records.Job{JID: jid(0), Origin: origins[1]}))
	yes, no := true, false
	for want, f := range map[string]records.OriginFilter{
		"[2 1]":         {Job: "j1"},
		"[4 1]":         {JobNames: []string{"nightly"}},
		"[4 2 1]":       {JobNames: []string{"nightly", "x", "nightly, renamed"}},
		"[3 1]":         {Tgt: "t1"},
		"[1]":           {TgtNames: []string{"web"}, Job: "j1"},
		"[4]":           {Sched: "s2"},
		"[2]":           {SchedNames: []string{"at night"}},
		"[4 2]":         {Scheduled: &yes},
		"[5 3 1 0]":     {Scheduled: &no},
		"[]":            {Job: "%"},
		"[5 4 3 2 1 0]": {},
	} {
		var got []int
		all, err := list(t.Context(), s, records.Query{Filter: records.Filter{Origin: f}, Limit: 2})
		require.NoError(t, err)
		for _, j := range all {
			got = append(got, int(j.Start.Sub(start)/time.Minute))
		}
		require.Equal(t, want, fmt.Sprint(got))
		counts, err := s.CountJobs(t.Context(), records.Filter{Origin: f})
		require.NoError(t, err)
		require.Equal(t, len(got), counts.Total)
	}
	for _, f := range []records.OriginFilter{{Job: strings.Repeat("x", 2000)}, {TgtNames: []string{"a\x00"}}, {SchedNames: make([]string, 200)}} {
		_, err := s.Jobs(t.Context(), records.Query{Filter: records.Filter{Origin: f}})
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid)
	}

	// What is exported has it, and what is imported.
	want := dump(t, s)
	_, err := s.Trim(t.Context(), records.Trim{Before: at(time.Hour)})
	require.NoError(t, err)
	_, err = records.Import(t.Context(), s, func(yield func(records.Entry, error) bool) {
		for _, e := range want {
			if !yield(e, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	require.Equal(t, want, dump(t, s))
	require.Equal(t, origins[2], get(t, s, jid(2*time.Minute)).Origin)
	put(t, s, jobs(records.Job{JID: jid(time.Hour), Origin: records.Origin{JobName: strings.Repeat("ü", 1000)}}))
	require.Equal(t, strings.Repeat("ü", 256), get(t, s, jid(time.Hour)).Origin.JobName)
}
