package recordstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// testStates has the batches of a job, and what the job is after each.
func testStates(t *testing.T, o Open) {
	s := open(t, o, "")
	type step struct {
		batch records.Batch
		state records.State
		end   time.Time
		ended bool // reported by this step
	}
	second, minute := time.Second, time.Minute
	unknown := job(0)
	unknown.Minions = nil
	for n, c := range []struct {
		name  string
		steps func(d time.Duration) []step
	}{
		{"all return", func(d time.Duration) []step {
			return []step{
				{jobs(job(d, "web1", "web2")), records.New, time.Time{}, false},
				{returns(ret(d, "web1", true)), records.Running, time.Time{}, false},
				{returns(ret(d, "web2", true)), records.Completed, at(d + second), true},
				{end(d, d+minute), records.Completed, at(d + second), false},
			}
		}},
		{"one fails", func(d time.Duration) []step {
			return []step{
				{jobs(job(d, "web1", "web2")), records.New, time.Time{}, false},
				{returns(ret(d, "web1", false)), records.Running, time.Time{}, false},
				{returns(ret(d, "web2", true)), records.Failed, at(d + second), true},
			}
		}},
		{"one does not return, and then does", func(d time.Duration) []step {
			return []step{
				{jobs(job(d, "web1", "web2")), records.New, time.Time{}, false},
				{returns(ret(d, "web1", true)), records.Running, time.Time{}, false},
				{end(d, d+minute), records.MissingReturns, at(d + minute), true},
				{end(d, d+2*minute), records.MissingReturns, at(d + minute), false},
				{returns(ret(d, "web2", true)), records.Completed, at(d + second), false},
			}
		}},
		{"nobody returns", func(d time.Duration) []step {
			return []step{{jobs(job(d, "web1")), records.New, time.Time{}, false}, {end(d, d+minute), records.MissingReturns, at(d + minute), true}}
		}},
		{"for nobody", func(d time.Duration) []step {
			return []step{{jobs(job(d)), records.Completed, at(d), true}}
		}},
		{"minions unknown", func(d time.Duration) []step {
			j := unknown
			j.JID = jid(d)
			return []step{
				{jobs(j), records.New, time.Time{}, false},
				{returns(ret(d, "web1", true)), records.Running, time.Time{}, false},
				{end(d, d+minute), records.Completed, at(d + minute), true},
				{returns(ret(d, "web2", false)), records.Failed, at(d + minute), false},
			}
		}},
		{"minions unknown, nobody returns", func(d time.Duration) []step {
			return []step{{end(d, d+minute), records.MissingReturns, at(d + minute), true}}
		}},
		{"a return of another minion", func(d time.Duration) []step {
			return []step{
				{jobs(job(d, "web1")), records.New, time.Time{}, false},
				{returns(ret(d, "db1", true)), records.Running, time.Time{}, false},
				{returns(ret(d, "web1", true)), records.Completed, at(d + second), true},
			}
		}},
		{"all at once", func(d time.Duration) []step {
			b := jobs(job(d, "web1"))
			b.Returns = []records.Return{ret(d, "web1", true)}
			return []step{{b, records.Completed, at(d + second), true}}
		}},
		{"more minions later", func(d time.Duration) []step {
			return []step{
				{jobs(job(d, "web1")), records.New, time.Time{}, false},
				{returns(ret(d, "web1", true)), records.Completed, at(d + second), true},
				{jobs(job(d, "web2")), records.Running, time.Time{}, false},
				{returns(ret(d, "web2", true)), records.Completed, at(d + second), false},
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := time.Duration(n) * time.Hour
			for i, step := range c.steps(d) {
				changes := put(t, s, step.batch)
				j := get(t, s, jid(d))
				require.Equal(t, step.state, j.State, "step %d", i)
				require.Equal(t, step.end, j.End, "step %d", i)
				require.Equal(t, step.state.Ended(), !j.End.IsZero(), "step %d", i)
				if step.ended {
					require.Equal(t, []string{jid(d)}, changes.Ended, "step %d", i)
				} else {
					require.Empty(t, changes.Ended, "step %d", i)
				}
			}
		})
	}
}

func testCounts(t *testing.T, o Open) {
	s := open(t, o, "")
	require.Equal(t, records.Changes{Jobs: 1}, put(t, s, jobs(job(0, "a", "b", "c", "d"))))
	require.Equal(t, records.Changes{Returns: 3}, put(t, s, returns(ret(0, "a", true), ret(0, "b", false), ret(0, "x", true))))
	j := get(t, s, jid(0))
	require.Equal(t, []int{4, 3, 2, 1}, []int{j.Expected, j.Returned, j.Succeeded, j.Failed})
	require.True(t, j.Known)
	require.Equal(t, []string{"a", "b", "c", "d"}, j.Minions)

	size, err := s.Size(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, size.Jobs)
	require.EqualValues(t, 5, size.Returns)
	require.Positive(t, size.Bytes)
}

func testPutAgain(t *testing.T, o Open) {
	s := open(t, o, "")
	b := records.Batch{
		Jobs:    []records.Job{job(0, "web1", "web2"), job(time.Hour, "web1")},
		Returns: []records.Return{ret(0, "web1", true), ret(0, "web1", true), ret(0, "web2", true), ret(2*time.Hour, "web1", true)},
		Ends:    end(time.Hour, 2*time.Hour).Ends,
	}
	require.Equal(t, records.Changes{Jobs: 3, Returns: 3, Ended: []string{jid(0), jid(time.Hour)}}, put(t, s, b))
	before := dump(t, s)
	size, err := s.Size(t.Context())
	require.NoError(t, err)
	for range 2 {
		require.Zero(t, put(t, s, b))
	}
	// What a minion returned first is what it returned.
	other := ret(0, "web1", false)
	other.Value, other.Time = []byte("\xc2"), at(time.Hour)
	require.Zero(t, put(t, s, returns(other)))
	require.Equal(t, before, dump(t, s))
	after, err := s.Size(t.Context())
	require.NoError(t, err)
	require.Equal(t, size, after)
	require.Zero(t, put(t, s, records.Batch{}))
}

// testAnyOrder puts the same events in different orders.
func testAnyOrder(t *testing.T, o Open) {
	parts := []records.Batch{
		jobs(job(0, "a", "b", "c")), returns(ret(0, "a", true)), returns(ret(0, "b", false)), end(0, time.Minute), returns(ret(0, "c", true)),
	}
	var want []records.Entry
	for n, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {1, 2, 0, 4, 3}, {3, 0, 1, 2, 4}} {
		s := open(t, o, fmt.Sprint("master", n))
		reported := 0
		for _, i := range order {
			reported += len(put(t, s, parts[i]).Ended)
		}
		require.Equal(t, 1, reported)
		got := dump(t, s)
		got[0].Job.Master, got[0].Job.Start = "", time.Time{} // each master's has a moment of its own
		if want == nil {
			want = got
		}
		require.Equal(t, want, got)
	}
}

func testFields(t *testing.T, o Open) {
	s := open(t, o, "")
	put(t, s, returns(ret(0, "web1", true)))
	require.Equal(t, records.Job{
		JID: jid(0), Fun: "test.ping", Start: start, State: records.Running, Returned: 1, Succeeded: 1,
	}, get(t, s, jid(0)))

	// Another gateway, which did not start the job, knows less of it.
	seen := job(0, "web2", "web1")
	seen.Eauth, seen.Client, seen.Start = "", "", time.Time{}
	put(t, s, jobs(seen))
	started := job(0, "web1", "web2")
	started.User, started.Arguments = "somebody", []byte(`{}`)
	put(t, s, jobs(started))

	// The gateway that started it knows the client, of which events have the kind.
	noted := records.Job{JID: jid(0), Client: "local_async"}
	put(t, s, jobs(noted))
	put(t, s, jobs(started))
	want := job(0, "web1", "web2")
	want.Client = "local_async"
	want.State, want.Known, want.Expected, want.Returned, want.Succeeded = records.Running, true, 2, 1, 1
	require.Equal(t, want, get(t, s, jid(0)))

	j, err := s.Job(t.Context(), jid(0), false)
	require.NoError(t, err)
	want.Minions = nil
	require.Equal(t, want, j)
	for _, none := range []string{jid(time.Hour), "", "\x00", "\xff", strings.Repeat("1", 300)} {
		_, err = s.Job(t.Context(), none, true)
		require.ErrorIs(t, err, records.ErrNotFound)
	}
}

func testText(t *testing.T, o Open) {
	s := open(t, o, "")
	j := records.Job{
		JID: "my job/1", User: "a\x00b\xff", Fun: strings.Repeat("é", 400), Tgt: strings.Repeat("x", 5000), Client: "local",
		Arguments: []byte("not JSON \xff\x00"), Minions: []string{"ok", "", "a\x00b", "\xff", strings.Repeat("m", 256)},
		Start: start.Add(17), // nanoseconds are cut
	}
	long := job(time.Hour, "ok")
	long.Arguments = []byte(`"` + strings.Repeat("<", 20_000) + `"`)
	require.Equal(t, records.Changes{Jobs: 2}, put(t, s, jobs(j, long)))
	got := get(t, s, "my job/1")
	require.Equal(t, "a\ufffdb\ufffd", got.User)
	require.Equal(t, strings.Repeat("é", 256), got.Fun)
	require.Len(t, got.Tgt, 1024)
	require.JSONEq(t, `"not JSON \ufffd\ufffd"`, string(got.Arguments))
	require.Equal(t, []string{"ok"}, got.Minions)
	require.Equal(t, start, got.Start)
	require.Less(t, len(get(t, s, jid(time.Hour)).Arguments), 40_000)

	c := put(t, s, records.Batch{
		Jobs:    []records.Job{{}, {JID: "\xff"}, {JID: strings.Repeat("1", 256)}, {JID: "a\nb"}},
		Returns: []records.Return{{JID: "x"}, {Minion: "x"}, {JID: "x", Minion: "a\x00"}, {JID: "x", Minion: "y", Missing: true}},
		Ends:    []records.End{{JID: "x"}, {Time: start}},
	})
	require.Equal(t, records.Changes{Invalid: 10}, c)
	require.Len(t, dump(t, s), 2)
}

// testOneMoment has jobs that start in the same microsecond.
func testOneMoment(t *testing.T, o Open) {
	s := open(t, o, "")
	var want []string
	for n := range 20 {
		j := job(0, "web1")
		j.JID += fmt.Sprintf("_%02d", n)
		want = append(want, j.JID)
		require.Equal(t, 1, put(t, s, jobs(j)).Jobs)
	}
	var batch records.Batch
	for n := range 20 {
		j := job(time.Hour, "web1")
		j.JID += fmt.Sprintf("_%02d", n)
		want = append(want, j.JID)
		batch.Jobs = append(batch.Jobs, j)
	}
	require.Equal(t, 20, put(t, s, batch).Jobs)
	all, err := list(t.Context(), s, records.Query{Sort: records.ByStart, Limit: 7})
	require.NoError(t, err)
	var got []string
	for _, j := range all {
		got = append(got, j.JID)
	}
	require.ElementsMatch(t, want, got)

	// Very many are no reason to stop: jids of one moment can be made up. Here they
	// are more than there are attempts at finding an id.
	batch = records.Batch{}
	for n := range 250 {
		j := job(2*time.Hour, "web1")
		j.JID += fmt.Sprintf("_%04d", n)
		batch.Jobs = append(batch.Jobs, j)
	}
	require.Equal(t, 250, put(t, s, batch).Jobs)
	j := job(2*time.Hour, "web1")
	j.JID += "_more"
	require.Equal(t, 1, put(t, s, jobs(j)).Jobs)
	size, err := s.Size(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 291, size.Jobs)
}
