package recordstest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// fill puts some hundred jobs of all kinds and returns them, the oldest first,
// with their minions.
func fill(t testing.TB, s records.Store) (all []records.Job) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	var b records.Batch
	for n := range 300 {
		d := time.Duration(n) * 7 * time.Minute
		var minions []string
		for _, m := range []string{"web1", "web2", "db1", "db2"} {
			if rng.IntN(2) == 0 {
				minions = append(minions, m)
			}
		}
		j := job(d, minions...)
		j.User, j.Fun, j.Tgt = pick("ops", "dev", "root"), pick("test.ping", "state.apply", "state.sls", "état.été"), pick("*", "web*")
		j.Eauth, j.Client = pick("", "pam"), pick("local", "runner")
		j.Arguments = []byte(fmt.Sprintf(`{"arg":["Package-%d%%_"]}`, n%50))
		b.Jobs = append(b.Jobs, j)
		for _, m := range minions {
			if rng.IntN(3) > 0 {
				r := ret(d, m, rng.IntN(6) > 0)
				r.Time = r.Time.Add(time.Duration(rng.IntN(3)) * time.Second)
				b.Returns = append(b.Returns, r)
			}
		}
		if rng.IntN(2) == 0 {
			b.Ends = append(b.Ends, end(d, d+time.Minute).Ends...)
		}
		if n%30 == 29 {
			put(t, s, b)
			b = records.Batch{}
		}
	}
	for _, e := range dump(t, s) {
		if e.Job != nil {
			all = append(all, *e.Job)
		}
	}
	require.Len(t, all, 300)
	for _, n := range []int{0, 150, 299} {
		require.Equal(t, get(t, s, all[n].JID), all[n])
	}
	return all
}

// selects is what a filter means.
func selects(f records.Filter, j records.Job) bool {
	contains := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(f.Text)) }
	equal := func(want, is string) bool { return want == "" || want == is }
	fun := equal(f.Fun, j.Fun)
	if begin, ok := strings.CutSuffix(f.Fun, "*"); ok {
		fun = strings.HasPrefix(j.Fun, begin)
	}
	return strings.HasPrefix(j.JID, f.JID) && equal(f.User, j.User) && equal(f.Eauth, j.Eauth) && equal(f.Client, j.Client) && fun &&
		equal(f.Tgt, j.Tgt) && (f.Minion == "" || slices.Contains(j.Minions, f.Minion)) &&
		(len(f.States) == 0 || slices.Contains(f.States, j.State)) &&
		(f.From.IsZero() || !j.Start.Before(f.From)) && (f.To.IsZero() || j.Start.Before(f.To)) &&
		(contains(j.Fun) || contains(j.Tgt) || contains(j.User) || contains(string(j.Arguments)))
}

// sorted is what an order means.
func sorted(all []records.Job, by records.Sort) []records.Job {
	name, reverse := strings.CutPrefix(string(by), "-")
	if by == "" {
		name, reverse = "start", true
	}
	end := func(j records.Job) time.Time {
		if j.End.IsZero() {
			return time.Unix(1<<40, 0)
		}
		return j.End
	}
	slices.SortFunc(all, func(a, b records.Job) int {
		n := 0
		switch records.Sort(name) {
		case records.ByEnd:
			n = end(a).Compare(end(b))
		case records.ByUser:
			n = cmp.Compare(a.User, b.User)
		case records.ByFun:
			n = cmp.Compare(a.Fun, b.Fun)
		}
		if n = cmp.Or(n, a.Start.Compare(b.Start)); reverse {
			return -n
		}
		return n
	})
	return all
}

func filters(all []records.Job) map[string]records.Filter {
	return map[string]records.Filter{
		"all":                    {},
		"user":                   {User: "ops"},
		"nobody":                 {User: "nobody"},
		"eauth":                  {Eauth: "pam"},
		"client":                 {Client: "runner"},
		"function":               {Fun: "state.apply"},
		"functions":              {Fun: "state.*"},
		"functions, not ASCII":   {Fun: "état.é*"},
		"all functions":          {Fun: "*"},
		"target":                 {Tgt: "web*"},
		"minion":                 {Minion: "db1"},
		"minion and user":        {Minion: "db1", User: "dev"},
		"no such minion":         {Minion: "db9"},
		"one state":              {States: []records.State{records.MissingReturns}},
		"two states":             {States: []records.State{records.Running, records.Failed}},
		"all states":             {States: records.States()},
		"states of a minion":     {Minion: "web1", States: []records.State{records.Completed, records.Failed}},
		"from":                   {From: all[100].Start},
		"to":                     {To: all[100].Start},
		"period":                 {From: all[50].Start, To: all[200].Start},
		"period of a minion":     {From: all[50].Start, To: all[200].Start, Minion: "web2"},
		"empty period":           {From: all[50].Start, To: all[50].Start},
		"jid":                    {JID: all[10].JID},
		"jid of another":         {JID: all[10].JID + "1"},
		"year":                   {JID: "2026"},
		"part of an hour":        {JID: all[0].JID[:9]},
		"hour":                   {JID: all[0].JID[:10]},
		"minute and more":        {JID: all[0].JID[:13]},
		"no time":                {JID: "2026131"},
		"text":                   {Text: "package-7"},
		"text, upper case":       {Text: "PACKAGE-7"},
		"text that is a pattern": {Text: "7%_"},
		"text with a backslash":  {Text: `\7%`},
		"text with a quote":      {Text: `7%_"]`},
		"text of operators":      {Text: "web* OR"},
		"text with an asterisk":  {Text: "web*"},
		"text of functions":      {Text: "sls"},
		"text, not ASCII":        {Text: "état"},
		"text and user":          {Text: "ping", User: "root"},
		"everything": {User: "ops", Fun: "state.*", Client: "local", Minion: "web1", JID: "2026", Text: "package",
			States: []records.State{records.New, records.Running, records.Completed}},
	}
}

func testQueries(t *testing.T, o Open) {
	s := open(t, o, "")
	all := fill(t, s)
	orders := append(records.Sorts(), "")
	n := 0
	for name, f := range filters(all) {
		// Some filters in every order, and each in two: that of the requests, and
		// another one.
		n++
		for _, by := range orders {
			if by != "" && by != orders[n%len(orders)] && !slices.Contains([]string{"all", "minion", "two states", "text"}, name) {
				continue
			}
			t.Run(name+" by "+string(by), func(t *testing.T) {
				var want []records.Job
				for _, j := range all {
					if selects(f, j) {
						j.Minions = nil
						want = append(want, j)
					}
				}
				got, err := list(t.Context(), s, records.Query{Filter: f, Sort: by, Limit: 17})
				require.NoError(t, err)
				require.Equal(t, sorted(want, by), got)
			})
		}
	}
}

func testCountJobs(t *testing.T, o Open) {
	s := open(t, o, "")
	all := fill(t, s)
	for name, f := range filters(all) {
		want := records.Counts{ByState: map[records.State]int{}}
		for _, j := range all {
			if selects(f, j) {
				want.Total++
				want.ByState[j.State]++
			}
		}
		got, err := s.CountJobs(t.Context(), f)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
		var returned records.ReturnCounts
		for _, j := range all {
			if selects(f, j) {
				returned.Add(j)
			}
		}
		counted, err := s.CountReturns(t.Context(), f)
		require.NoError(t, err)
		require.Equal(t, returned, counted, name)
	}
}

func testInvalid(t *testing.T, o Open) {
	s := open(t, o, "")
	fill(t, s)
	page, err := s.Jobs(t.Context(), records.Query{Limit: 5})
	require.NoError(t, err)
	next := page.Next
	returnPage, err := s.Returns(t.Context(), page.Jobs[0].JID, records.ReturnQuery{})
	require.NoError(t, err)
	require.Empty(t, returnPage.Next)
	for want, q := range map[string]records.Query{
		"sort":   {Sort: "name"},
		"cursor": {After: "x"},
		"user":   {Filter: records.Filter{User: "\xff"}},
		"minion": {Filter: records.Filter{Minion: strings.Repeat("x", 2000)}},
		"jid":    {Filter: records.Filter{JID: "\x00"}},
		"fun":    {Filter: records.Filter{Fun: "a*b"}},
		"state":  {Filter: records.Filter{States: []records.State{"done"}}},
		"text":   {Filter: records.Filter{Text: "ab"}},
		"to":     {Filter: records.Filter{From: at(1), To: start}},
	} {
		_, err := s.Jobs(t.Context(), q)
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid, want)
		require.Equal(t, want, invalid.Field)
		if q.Sort == "" && q.After == "" {
			_, err = s.CountJobs(t.Context(), q.Filter)
			require.ErrorAs(t, err, &invalid, want)
		}
	}
	for _, after := range []string{next + "x", next[1:], strings.Repeat("A", 10_000), "bnVsbA", "e30", "W10"} {
		_, err := s.Jobs(t.Context(), records.Query{After: after})
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid, after)
		_, err = s.Returns(t.Context(), page.Jobs[0].JID, records.ReturnQuery{After: after})
		require.ErrorAs(t, err, &invalid, after)
	}
	for _, q := range []records.ReturnQuery{{Outcome: "lost"}, {After: next}} {
		_, err = s.Returns(t.Context(), page.Jobs[0].JID, q)
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid)
	}
	_, err = s.Jobs(t.Context(), records.Query{Sort: records.ByStart, After: next})
	var invalid *records.InvalidError
	require.ErrorAs(t, err, &invalid, "the cursor of another order")
	_, err = s.LastJobs(t.Context(), make([]string, records.MaxLimit+1))
	require.ErrorAs(t, err, &invalid)
}

func testReturns(t *testing.T, o Open) {
	s := open(t, o, "")
	var minions []string
	var b records.Batch
	want := make(map[records.Outcome][]string)
	for n := range 250 {
		m := fmt.Sprintf("minion-%03d", n)
		minions = append(minions, m)
		outcome := records.Outcomes()[n%3]
		want[outcome] = append(want[outcome], m)
		want[""] = append(want[""], m)
		if outcome != records.Missing {
			b.Returns = append(b.Returns, ret(0, m, outcome == records.OK))
		}
	}
	b.Jobs = []records.Job{job(0, minions...)}
	put(t, s, b)
	for _, outcome := range append(records.Outcomes(), "") {
		for _, limit := range []int{1, 50, 1000} {
			var got []string
			for _, r := range listReturns(t, s, jid(0), records.ReturnQuery{Outcome: outcome, Limit: limit}) {
				require.Empty(t, r.Value)
				require.True(t, outcome == "" || r.Outcome() == outcome)
				got = append(got, r.Minion)
			}
			require.Equal(t, want[outcome], got, "%s %d", outcome, limit)
		}
	}
	r, err := s.Return(t.Context(), jid(0), "minion-001")
	require.NoError(t, err)
	require.Equal(t, ret(0, "minion-001", false), r)
	r, err = s.Return(t.Context(), jid(0), "minion-002")
	require.NoError(t, err)
	require.Equal(t, records.Return{JID: jid(0), Minion: "minion-002", Missing: true}, r)
	for _, none := range [][2]string{{jid(0), "nobody"}, {jid(time.Hour), "minion-001"}, {jid(0), "\x00"}} {
		_, err = s.Return(t.Context(), none[0], none[1])
		require.ErrorIs(t, err, records.ErrNotFound)
	}
	_, err = s.Returns(t.Context(), jid(time.Hour), records.ReturnQuery{})
	require.ErrorIs(t, err, records.ErrNotFound)
}

func testValues(t *testing.T, o Open) {
	s := open(t, o, "")
	rng := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 20_000)
	for i := range random {
		random[i] = byte(rng.UintN(256))
	}
	values := map[string][]byte{
		"short":         []byte("\x81\xa1a\xc0"),
		"none":          nil,
		"zeros":         make([]byte, 60_000),
		"random":        random,
		"text":          []byte(strings.Repeat("installed: nginx 1.22.1-9\n", 100)),
		"just kept":     random[:511],
		"just squeezed": make([]byte, 512),
	}
	var b records.Batch
	for name, v := range values {
		r := ret(0, name, true)
		r.Fun, r.Value, r.Size = "other.function", v, 0
		b.Returns = append(b.Returns, r)
	}
	large := ret(0, "large", true)
	large.Value = make([]byte, 1<<20)
	omitted := ret(0, "omitted", false)
	omitted.Value, omitted.Omitted, omitted.Size, omitted.Retcode = nil, true, 5<<20, -7
	b.Returns = append(b.Returns, large, omitted)
	put(t, s, b)
	for name, v := range values {
		r, err := s.Return(t.Context(), jid(0), name)
		require.NoError(t, err)
		require.Equal(t, v, r.Value, name)
		require.EqualValues(t, len(v), r.Size)
		require.False(t, r.Omitted)
		require.Equal(t, "other.function", r.Fun)
	}
	for name, size := range map[string]int64{"large": 1 << 20, "omitted": 5 << 20} {
		r, err := s.Return(t.Context(), jid(0), name)
		require.NoError(t, err)
		require.True(t, r.Omitted)
		require.Empty(t, r.Value)
		require.Equal(t, size, r.Size)
	}
	for _, r := range listReturns(t, s, jid(0), records.ReturnQuery{Values: true}) {
		if v, ok := values[r.Minion]; ok {
			require.Equal(t, v, r.Value)
		}
		require.Equal(t, r.Minion != "omitted", r.Outcome() == records.OK)
	}
}

func testLargePages(t *testing.T, o Open) {
	s := open(t, o, "")
	value := make([]byte, 64<<10)
	const full = records.MaxPageBytes / (64 << 10)
	var b records.Batch
	for n := range 2*full + 10 {
		r := ret(0, fmt.Sprintf("m%03d", n), true)
		r.Value = value
		b.Returns = append(b.Returns, r)
	}
	put(t, s, b)
	page, err := s.Returns(t.Context(), jid(0), records.ReturnQuery{Values: true, Limit: 1000})
	require.NoError(t, err)
	require.Len(t, page.Returns, full)
	require.Len(t, listReturns(t, s, jid(0), records.ReturnQuery{Values: true, Limit: 1000}), 2*full+10)
	page, err = s.Returns(t.Context(), jid(0), records.ReturnQuery{Limit: 1000})
	require.NoError(t, err)
	require.Len(t, page.Returns, 2*full+10)
}

func testLastJobs(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "another master")
	put(t, s, jobs(job(0, "web1", "web2", "web3")))
	put(t, s, jobs(job(time.Hour, "web1")))
	put(t, s, returns(ret(0, "web2", false), ret(2*time.Hour, "web2", true)))
	put(t, other, jobs(job(3*time.Hour, "web1", "web4")))
	last, err := s.LastJobs(t.Context(), []string{"web3", "web1", "web2", "web4", "web1", "", "\x00"})
	require.NoError(t, err)
	require.Len(t, last, 3)
	for n, want := range []struct {
		minion, jid string
		outcome     records.Outcome
	}{
		{"web3", jid(0), records.Missing}, {"web1", jid(time.Hour), records.Missing}, {"web2", jid(2 * time.Hour), records.OK},
	} {
		require.Equal(t, want.minion, last[n].Minion)
		require.Equal(t, want.jid, last[n].Job.JID)
		require.Equal(t, want.minion, last[n].Return.Minion)
		require.Equal(t, want.outcome, last[n].Return.Outcome())
		require.Empty(t, last[n].Return.Value)
	}
	last, err = s.LastJobs(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, last)
	many := make([]string, records.MaxLimit)
	for i := range many {
		many[i] = fmt.Sprint("web", i)
	}
	last, err = s.LastJobs(t.Context(), many)
	require.NoError(t, err)
	require.Len(t, last, 3)
}
