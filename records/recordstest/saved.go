package recordstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// savedJob returns a job of ops with a name.
func savedJob(n int, name string) records.Saved {
	return records.Saved{
		Kind: records.SavedJob, ID: savedID(n), User: "ops", Eauth: "pam", Name: name, Desc: "says " + strings.ToUpper(name),
		Cmd: "local", Fun: "disk.usage", Body: json.RawMessage(`{"arg":{"b":1,"a":["ü"]}}`),
	}
}

func savedID(n int) string { return fmt.Sprintf("60c14cfc-09ca-4b5a-bc76-%012d", n) }

func putSaved(t testing.TB, s records.Store, r records.Saved) records.Saved {
	t.Helper()
	got, err := s.PutSaved(t.Context(), r)
	require.NoError(t, err)
	return got
}

// testSaved follows one saved job.
func testSaved(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "another master")
	ctx := t.Context()
	r := putSaved(t, s, savedJob(1, "Check"))
	require.NotZero(t, r.Version)
	require.False(t, r.Changed.IsZero())
	got, err := s.Saved(ctx, records.SavedJob, savedID(1))
	require.NoError(t, err)
	require.JSONEq(t, string(r.Body), string(got.Body))
	require.Equal(t, r, got)
	_, err = s.Saved(ctx, records.SavedTarget, savedID(1))
	require.ErrorIs(t, err, records.ErrNotFound, "another kind")
	_, err = other.Saved(ctx, records.SavedJob, savedID(1))
	require.ErrorIs(t, err, records.ErrNotFound)
	putSaved(t, other, savedJob(1, "Check"))

	_, err = s.PutSaved(ctx, savedJob(1, "Check"))
	require.ErrorIs(t, err, records.ErrConflict, "it is there")
	changed := r
	changed.Name, changed.Readers = "Checked", []string{"A role", "b"}
	changed = putSaved(t, s, changed)
	require.Greater(t, changed.Version, r.Version)
	_, err = s.PutSaved(ctx, r)
	require.ErrorIs(t, err, records.ErrConflict, "it was changed")
	require.NotErrorIs(t, err, records.ErrUnavailable)
	got, err = s.Saved(ctx, records.SavedJob, savedID(1))
	require.NoError(t, err)
	require.Equal(t, changed, got)

	require.NoError(t, s.DeleteSaved(ctx, records.SavedJob, savedID(1)))
	require.ErrorIs(t, s.DeleteSaved(ctx, records.SavedJob, savedID(1)), records.ErrNotFound)
	_, err = s.PutSaved(ctx, changed)
	require.ErrorIs(t, err, records.ErrConflict, "it is gone")
	again := putSaved(t, s, savedJob(1, "Check"))
	require.Greater(t, again.Version, changed.Version, "another one with this id has none of its versions")
	require.NoError(t, s.DeleteSaved(ctx, records.SavedJob, savedID(1)))
	_, err = other.Saved(ctx, records.SavedJob, savedID(1))
	require.NoError(t, err)

	for name, change := range map[string]func(*records.Saved){
		"kind": func(r *records.Saved) { r.Kind = 7 }, "id": func(r *records.Saved) { r.ID = "" }, "user": func(r *records.Saved) { r.User = "" },
		"name": func(r *records.Saved) { r.Name = "a\x00" }, "desc": func(r *records.Saved) { r.Desc = strings.Repeat("x", records.MaxSavedDesc+1) },
		"body": func(r *records.Saved) { r.Body = json.RawMessage(`{`) }, "fun": func(r *records.Saved) { r.Fun = "\xff" },
	} {
		bad := savedJob(9, "bad")
		change(&bad)
		_, err := s.PutSaved(ctx, bad)
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid, name)
		require.Equal(t, name, invalid.Field)
	}
	bad := savedJob(9, "bad")
	bad.Body = json.RawMessage(`{"a":"\u0000"}`)
	_, err = s.PutSaved(ctx, bad)
	require.Error(t, err)
}

// testFindSaved has every field of a query.
func testFindSaved(t *testing.T, o Open) {
	s := open(t, o, "")
	for n, change := range []func(*records.Saved){
		func(r *records.Saved) { r.Name = "b%_!" },
		func(r *records.Saved) { r.Name, r.User, r.Readers = "A", "dev", []string{"web ops", "x\ny", "Deploy"} },
		func(r *records.Saved) { r.Name, r.Cmd, r.Fun, r.User = "c", "runner", "State.orch", "dev" },
		func(r *records.Saved) { r.Name, r.Tgt, r.Eauth = "d", savedID(7), "ldap" },
		func(r *records.Saved) { r.Kind, r.Name = records.SavedTarget, "e" },
	} {
		r := savedJob(n, "x")
		change(&r)
		r.Desc = "says " + strings.ToUpper(r.Name)
		putSaved(t, s, r)
	}
	for name, c := range map[string]struct {
		q    records.SavedQuery
		want string
	}{
		"all":              {records.SavedQuery{}, "A b%_! c d"},
		"reversed":         {records.SavedQuery{Reverse: true}, "d c b%_! A"},
		"targets":          {records.SavedQuery{Kind: records.SavedTarget}, "e"},
		"own":              {records.SavedQuery{User: "dev", Eauth: "pam"}, "A c"},
		"own or shared":    {records.SavedQuery{User: "ops", Eauth: "pam", Readers: []string{"no", "web ops"}}, "A b%_!"},
		"another role":     {records.SavedQuery{User: "ops", Eauth: "pam", Readers: []string{"web", "ops", "x", "y", "x\ny", "deploy"}}, "b%_!"},
		"shared":           {records.SavedQuery{Readers: []string{"Deploy"}}, "A"},
		"shared with none": {records.SavedQuery{Readers: []string{"", "a\x00"}}, ""},
		"name":             {records.SavedQuery{Name: "a"}, "A"},
		"the whole name":   {records.SavedQuery{NameIs: "b"}, ""},
		"percent":          {records.SavedQuery{Name: "%_!"}, "b%_!"},
		"underscore":       {records.SavedQuery{Name: "__"}, ""},
		"desc":             {records.SavedQuery{Desc: "SAYS c"}, "c"},
		"cmd":              {records.SavedQuery{Cmd: "runner"}, "c"},
		"fun":              {records.SavedQuery{Fun: "state"}, "c"},
		"id":               {records.SavedQuery{ID: savedID(3)}, "d"},
		"tgt":              {records.SavedQuery{Tgt: savedID(7)}, "d"},
		"tgt or none":      {records.SavedQuery{Tgt: savedID(7), OrNoTgt: true}, "A b%_! c d"},
		"by fun":           {records.SavedQuery{SortBy: records.SavedByFun}, "c b%_! A d"},
		"page":             {records.SavedQuery{Offset: 1, Limit: 2}, "b%_! c"},
		"beyond the pages": {records.SavedQuery{Offset: 10}, ""},
	} {
		if c.q.Kind == 0 {
			c.q.Kind = records.SavedJob
		}
		p, err := s.FindSaved(t.Context(), c.q)
		require.NoError(t, err, name)
		var names []string
		for _, r := range p.Saved {
			names = append(names, r.Name)
		}
		require.Equal(t, c.want, strings.Join(names, " "), name)
		if c.q.Limit == 0 && c.q.Offset == 0 {
			require.Equal(t, len(names), p.Total, name)
		} else {
			require.Equal(t, 4, p.Total, name)
		}
	}
	_, err := s.FindSaved(t.Context(), records.SavedQuery{Kind: records.SavedJob, SortBy: "x"})
	var invalid *records.InvalidError
	require.ErrorAs(t, err, &invalid)
	_, err = s.FindSaved(t.Context(), records.SavedQuery{Kind: records.SavedJob, Readers: make([]string, records.MaxReaders+1)})
	require.ErrorAs(t, err, &invalid)
}

// testSavedExport has what users have saved exported and imported: what is there stays.
func testSavedExport(t *testing.T, o Open) {
	s, to := open(t, o, ""), open(t, o, "another")
	for n := range 250 {
		r := savedJob(n, fmt.Sprint("job ", n))
		if n%2 == 0 {
			r.Kind, r.Readers = records.SavedTarget, []string{"web ops"}
		}
		putSaved(t, s, r)
	}
	put(t, s, jobs(job(0, "web1")))
	kept := savedJob(1, "is there")
	putSaved(t, to, kept)
	all := dump(t, s)
	each := func(yield func(records.Entry, error) bool) {
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
	sum, err := records.Import(t.Context(), to, each)
	require.NoError(t, err)
	require.Equal(t, records.Changes{Jobs: 1, Saved: 249}, sum)
	sum, err = records.Import(t.Context(), to, each)
	require.NoError(t, err)
	require.Zero(t, sum)
	got, want := dump(t, to), all
	require.Len(t, got, len(want))
	for n, e := range want {
		if e.Saved == nil {
			continue
		}
		if e.Saved.ID == kept.ID && e.Saved.Kind == kept.Kind {
			require.Equal(t, "is there", got[n].Saved.Name)
			continue
		}
		e.Saved.Changed, got[n].Saved.Changed, got[n].Saved.Version = time.Time{}, time.Time{}, e.Saved.Version
		require.Equal(t, e.Saved, got[n].Saved)
	}
	n := 0
	for e, err := range s.Export(t.Context(), start.Add(-time.Hour), time.Time{}) {
		require.NoError(t, err)
		if e.Saved != nil {
			n++
		}
	}
	require.Equal(t, 250, n, "they are of no period")
}

// testSavedTarget removes a target: the jobs that were for it have none then, and
// those who have read them before cannot put it back.
func testSavedTarget(t *testing.T, o Open) {
	s, ctx := open(t, o, ""), t.Context()
	target := savedJob(7, "web")
	target.Kind, target.Cmd, target.Fun = records.SavedTarget, "", ""
	putSaved(t, s, target)
	of, other := savedJob(1, "of it"), savedJob(2, "of another")
	of.Tgt, other.Tgt = target.ID, savedID(8)
	of, other = putSaved(t, s, of), putSaved(t, s, other)

	require.NoError(t, s.DeleteSaved(ctx, records.SavedTarget, target.ID))
	got, err := s.Saved(ctx, records.SavedJob, of.ID)
	require.NoError(t, err)
	require.Empty(t, got.Tgt)
	_, err = s.PutSaved(ctx, of)
	require.ErrorIs(t, err, records.ErrConflict)
	got, err = s.Saved(ctx, records.SavedJob, other.ID)
	require.NoError(t, err)
	require.Equal(t, other, got)
	require.ErrorIs(t, s.DeleteSaved(ctx, records.SavedTarget, target.ID), records.ErrNotFound)
}

// testSavedAtOnce changes one saved job from several goroutines: each version is
// given once.
func testSavedAtOnce(t *testing.T, o Open) {
	s := open(t, o, "")
	first := putSaved(t, s, savedJob(1, "x")).Version
	var wg sync.WaitGroup
	var done atomic.Int64
	for range 8 {
		wg.Go(func() {
			for range 5 {
				r, err := s.Saved(t.Context(), records.SavedJob, savedID(1))
				if err != nil {
					t.Errorf("read: %v", err)
					return
				}
				switch _, err = s.PutSaved(t.Context(), r); {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, records.ErrConflict):
					t.Errorf("change: %v", err)
				}
			}
		})
	}
	wg.Wait()
	r, err := s.Saved(t.Context(), records.SavedJob, savedID(1))
	require.NoError(t, err)
	require.Equal(t, first+done.Load(), r.Version)
}

// SharedBefore is what was saved in the schemas before the column readers.
const SharedBefore = `
INSERT INTO saved (master, kind, id, version, usr, eauth, shared, name, changed, body) VALUES
	('', 1, '60c14cfc-09ca-4b5a-bc76-000000000001', 1, 'ops', 'pam', 1, 'shared', 1,
	 '{"arg":{},"access":{"web ops":{"read":true,"write":false},"writers":{"write":true,"read":false},"Deploy":{"discover":true}}}'),
	('', 1, '60c14cfc-09ca-4b5a-bc76-000000000002', 1, 'ops', 'pam', 0, 'own', 1, '{"arg":{}}');
`

// RequireShared requires that a store has what [SharedBefore] put, with its readers.
func RequireShared(t *testing.T, s records.Store) {
	t.Helper()
	for name, want := range map[string]int{"web ops": 1, "Deploy": 1, "writers": 0, "web": 0} {
		p, err := s.FindSaved(t.Context(), records.SavedQuery{Kind: records.SavedJob, Readers: []string{name}})
		require.NoError(t, err)
		require.Equal(t, want, p.Total, name)
	}
	all, err := s.FindSaved(t.Context(), records.SavedQuery{Kind: records.SavedJob})
	require.NoError(t, err)
	require.Len(t, all.Saved, 2)
	require.Empty(t, all.Saved[0].Readers)
	require.ElementsMatch(t, []string{"web ops", "Deploy"}, all.Saved[1].Readers)
}
