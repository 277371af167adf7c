package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

func TestFind(t *testing.T) {
	t.Parallel()
	l := openLog(t, nil)
	behind := func(id string) map[string]string { return map[string]string{"currentContext.refreshTokenId": id} }
	for i, e := range []Entry{
		{Event: Login, Outcome: Denied, ClaimedUser: "ops", RequestID: "guess", ClientRequestID: "login"},
		{Event: Login, Outcome: OK, User: "ops", RequestID: "login"},
		{Event: "issued", Outcome: OK, User: "ops", TokenID: "api", Owner: apitoken.Owner{Eauth: "pam", User: "ci"}, RequestID: "issued"},
		{Event: "exchanged", Outcome: OK, User: "ci", TokenID: "api", Others: []string{"access"}, AdditionalProperties: behind("api"), RequestID: "exchanged"},
		{Event: Command, Outcome: OK, User: "ci", TokenID: "access", AdditionalProperties: behind("api"), Client: "local", Fun: "test.ping,state.apply", RequestID: "run"},
		{Event: Command, Outcome: Denied, User: "ci", TokenID: "access", AdditionalProperties: behind("api"), Client: "runner", Fun: "manage.up", RequestID: "denied"},
		{Event: Command, Outcome: OK, User: "bö\u009bb", Client: "local", Fun: "test.ping", RequestID: "odd"},
		{Event: Hook, Outcome: OK, Subject: "ops ci api access command local test.ping", RequestID: "hook"},
	} {
		e.Time = noon.Add(time.Duration(i) * time.Minute)
		l.Write(t.Context(), e)
	}
	for name, c := range map[string]struct {
		query Query
		want  string
	}{
		"all":               {Query{}, "hook odd denied run exchanged issued login guess"},
		"oldest":            {Query{Oldest: true}, "guess login issued exchanged run denied odd hook"},
		"user":              {Query{User: "ops"}, "issued login guess"},
		"owner":             {Query{User: "ci"}, "denied run exchanged issued"},
		"odd user":          {Query{User: "bö\u009bb"}, "odd"},
		"part of a user":    {Query{User: "op"}, ""},
		"token":             {Query{Token: "api"}, "denied run exchanged issued"},
		"access token":      {Query{Token: "access"}, "denied run exchanged"},
		"event":             {Query{Event: Command}, "odd denied run"},
		"outcome":           {Query{Outcome: Denied}, "denied guess"},
		"request":           {Query{Request: "login"}, "login"},
		"client_request":    {Query{ClientRequest: "login"}, "guess"},
		"client":            {Query{Client: "local"}, "odd run"},
		"fun":               {Query{Fun: "test.ping"}, "odd run"},
		"fun of a list":     {Query{Fun: "state.apply"}, "run"},
		"the list":          {Query{Fun: "test.ping,state.apply"}, "run"},
		"several":           {Query{Event: Command, User: "ci", Outcome: OK}, "run"},
		"since":             {Query{Since: noon.Add(5 * time.Minute)}, "hook odd denied"},
		"until":             {Query{Until: noon.Add(time.Minute)}, "guess"},
		"between":           {Query{Since: noon.Add(time.Minute), Until: noon.Add(3*time.Minute + time.Microsecond)}, "exchanged issued login"},
		"another time zone": {Query{Since: noon.Add(7 * time.Minute).In(time.FixedZone("", -7*3600))}, "hook"},
		"too late":          {Query{Since: noon.AddDate(1, 0, 0)}, ""},
		"too early":         {Query{Until: noon.AddDate(-1, 0, 0)}, ""},
		"no such":           {Query{Request: "RUN"}, ""},
	} {
		for _, limit := range []int{0, 1, 2, 3} {
			c.query.Limit = limit
			require.Equal(t, c.want, strings.Join(l.found(t, c.query), " "), "%s, %d", name, limit)
		}
	}
	page, err := l.Find(t.Context(), Query{Limit: 2})
	require.NoError(t, err)
	require.True(t, page.More)
	require.Equal(t, []string{"hook", "odd"}, ids(t, page.Entries))

	for name, q := range map[string]Query{
		"limit": {Limit: MaxLimit + 1}, "less": {Limit: -1}, "after": {After: "x"}, "half": {After: "1"}, "negative": {After: "1.-2"},
	} {
		_, err := l.Find(t.Context(), q)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Find(canceled, Query{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestFindNothing(t *testing.T) {
	t.Parallel()
	for _, oldest := range []bool{true, false} {
		page, err := Find(t.Context(), filepath.Join(t.TempDir(), "none", "audit.jsonl"), Query{Oldest: oldest})
		require.NoError(t, err)
		require.Empty(t, page.Entries)
		require.False(t, page.More)
		_, err = parsePlace(page.Next)
		require.NoError(t, err)
	}
}

// A reader that continues at the last place gets what was written since, also
// if the file was rotated meanwhile, or ended within a line.
func TestFollow(t *testing.T) {
	t.Parallel()
	l := openLog(t, func(o *Options) { o.MaxSize = 1000 })
	var got []string
	q := Query{Oldest: true}
	read := func() {
		t.Helper()
		for more := true; more; {
			page, err := l.Find(t.Context(), q)
			require.NoError(t, err)
			got = append(got, ids(t, page.Entries)...)
			q.After, more = page.Next, page.More
		}
	}
	read()
	want := numbers("r", 100)
	for i, id := range want {
		note(l, id)
		if i%7 == 0 {
			read()
			require.Equal(t, want[:i+1], got)
		}
	}
	read()
	line := string(Entry{Time: noon, Event: Login, Outcome: OK, RequestID: "slow"}.line())
	for i := range len(line) {
		f, err := os.OpenFile(l.opts.File, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteString(line[i : i+1])
		require.NoError(t, err)
		require.NoError(t, f.Close())
		read()
	}
	require.Equal(t, append(want, "slow"), got)

	end, err := End(l.opts.File)
	require.NoError(t, err)
	require.Equal(t, end, q.After)
	note(l, "late")
	require.Equal(t, []string{"late"}, l.found(t, Query{Oldest: true, After: end}))
	require.Equal(t, "slow", l.found(t, Query{After: end})[0])
}

// Files that are too old are not opened.
func TestFindByFileTimes(t *testing.T) {
	t.Parallel()
	l := openLog(t, func(o *Options) { o.MaxSize = 200 })
	start := time.Now().Add(-1000 * time.Hour)
	want := numbers("r", 20)
	for i, id := range want {
		l.Write(t.Context(), Entry{Time: start.Add(time.Duration(i) * 10 * time.Hour), Event: Login, Outcome: OK, RequestID: id})
	}
	files, err := openFileSet(l.opts.File)
	require.NoError(t, err)
	defer files.close()
	for _, n := range files.forward()[:len(files.numbers)] {
		b, err := files.open(n)
		require.NoError(t, err)
		text, err := os.ReadFile(b.f.Name())
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		var e Entry
		require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &e))
		require.NoError(t, os.Chtimes(b.f.Name(), e.Time, e.Time))
	}
	from, to := start.Add(50*time.Hour), start.Add(100*time.Hour)
	for _, oldest := range []bool{true, false} {
		got := l.found(t, Query{Since: from, Until: to, Oldest: oldest})
		slices.Sort(got)
		require.Equal(t, want[5:10], got)
		page, err := finder{block: 100, scan: 1000}.find(t.Context(), l.opts.File, Query{Since: from, Until: to, Oldest: oldest, After: "1.0"})
		require.NoError(t, err)
		require.Equal(t, !oldest, len(page.Entries) == 0)
	}
}

// One page does not read everything.
func TestFindIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	line := Entry{Time: noon, Event: Hook, Outcome: OK, Subject: strings.Repeat("x", 900)}.line()
	require.NoError(t, os.WriteFile(path, bytes.Repeat(line, 500), 0o600))
	for _, oldest := range []bool{true, false} {
		page, err := finder{block: 1000, scan: 10000}.find(t.Context(), path, Query{User: "nobody", Oldest: oldest})
		require.NoError(t, err)
		require.Empty(t, page.Entries)
		require.True(t, page.More)
	}
	huge := Entry{Time: noon, Event: Hook, Outcome: OK, Arguments: json.RawMessage(`"` + strings.Repeat("x", maxArguments-10) + `"`)}.line()
	require.NoError(t, os.WriteFile(path, bytes.Repeat(huge, 1000), 0o600))
	page, err := Find(t.Context(), path, Query{Limit: MaxLimit})
	require.NoError(t, err)
	require.Less(t, len(page.Entries), 600)
	require.True(t, page.More)
}

// FuzzFind reads any two files: both directions, with pages and blocks of any
// size, find the same entries, and only JSON.
func FuzzFind(f *testing.F) {
	one := string(Entry{Time: noon, Event: Login, Outcome: OK, User: "ops"}.line())
	two := string(Entry{Time: noon.Add(time.Hour), Event: Command, Outcome: Denied, User: "bö\u009b", TokenID: "a"}.line())
	f.Add(one+two, two, "ops", 1, 7)
	f.Add(one[:20]+two, "\n\n"+one+"{}\n"+two[:9], "", 2, 64)
	f.Add(strings.Repeat("x", 300)+"\n"+one, strings.Repeat("y", 5000), "", 1, 16)
	f.Add("null\n[]\n{\"event\": \"\u0085x\", \"time\":\t5}\n", "{\"event\":\t\"x\"}\n{\"event\":\"\xff\"}\n", "", 1, 300)
	f.Fuzz(func(t *testing.T, old, current, user string, limit, block int) {
		if limit < 1 || limit > MaxLimit || block < 1 || block > 1<<16 {
			return
		}
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		require.NoError(t, os.WriteFile(numbered(path, 3), []byte(old), 0o600))
		require.NoError(t, os.WriteFile(path, []byte(current), 0o600))
		q := Query{User: user, Oldest: true}
		want := all(t, normal, path, q)
		for _, text := range want {
			require.True(t, json.Valid(text), "%q", text)
			require.NotContains(t, string(text), "\n")
			require.NotContains(t, string(text), "\u0085")
		}
		small := finder{block: block, scan: int64(block)}
		q.Limit = limit
		require.Equal(t, want, all(t, small, path, q))
		q.Oldest = false
		got := all(t, small, path, q)
		slices.Reverse(got)
		require.Equal(t, want, got)
		require.Equal(t, len(want), len(all(t, normal, path, Query{User: user})))
	})
}

// FuzzLines reads any file with a small bound to its lines.
func FuzzLines(f *testing.F) {
	f.Add("a\nbb\n\nlonger than this\nc\nrest", 3, 5)
	f.Add(strings.Repeat("x", 100)+"\ny\n", 7, 4)
	f.Fuzz(func(t *testing.T, text string, block, most int) {
		if block < 1 || block > 1000 || most < 1 || most > 1000 {
			return
		}
		var want []string
		end := strings.LastIndexByte(text, '\n') + 1
		for line := range strings.Lines(text[:end]) {
			if line = strings.TrimSuffix(line, "\n"); line != "" && len(line) <= most {
				want = append(want, line)
			}
		}
		l := lines{r: strings.NewReader(text), block: block, most: most}
		var got []string
		last := int64(0)
		require.NoError(t, l.forward(0, func(s span) bool {
			require.Greater(t, s.next, last)
			if last = s.next; len(s.line) > 0 {
				got = append(got, string(s.line))
			}
			return true
		}))
		require.Equal(t, want, got)
		got, last = nil, int64(len(text))+1
		require.NoError(t, l.backward(int64(len(text)), func(s span) bool {
			require.LessOrEqual(t, s.next, last)
			if last = s.next; len(s.line) > 0 {
				got = append(got, string(s.line))
			}
			return true
		}))
		slices.Reverse(got)
		require.Equal(t, want, got)
	})
}

// FuzzPlace parses places sent by clients.
func FuzzPlace(f *testing.F) {
	f.Add("3.17")
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlace(text)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		if p != nil {
			again, err := parsePlace(p.String())
			require.NoError(t, err)
			require.Equal(t, p, again)
		}
	})
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2026-11-22T12:00:00.000005+01:00": noon, "1s": noon.Add(-time.Second), "90m": noon.Add(-90 * time.Minute),
		"24h": noon.Add(-24 * time.Hour), "0d": noon, "2w": noon.AddDate(0, 0, -14),
	} {
		got, err := ParseTime(text, noon)
		require.NoError(t, err)
		require.True(t, want.Equal(got), "%s: %s", text, got)
	}
	for _, text := range []string{"", "h", "-1h", "1.5h", "1y", "yesterday", "99999999999h", "2000000w", "2026-11-22", "+1h"} {
		_, err := ParseTime(text, noon)
		require.ErrorIs(t, err, ErrInvalid, text)
	}
}
