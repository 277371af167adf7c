package jobs

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	q, err := parseQuery("user=u&eauth=pam&client=local&fun=state.*&target=web*&minion=web1&state=new,failed&from=24h"+
		"&to=2026-11-30T00:00:00Z&text=nginx&sort=-end&limit=7&after=x&count=true", now)
	require.NoError(t, err)
	require.Equal(t, query{count: true, Query: records.Query{
		Sort: records.LastEnded, Limit: 7, After: "x", Filter: records.Filter{
			User: "u", Eauth: "pam", Client: "local", Fun: "state.*", Tgt: "web*", Minion: "web1", Text: "nginx",
			States: []records.State{records.New, records.Failed},
			From:   now.Add(-24 * time.Hour), To: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC),
		},
	}}, q)
	for raw, says := range map[string]string{
		"owner=x": `"owner": there is no such parameter`, "user=a&user=b": `"user": it is there twice`, "user=": `"user": it is empty`,
		"sort=best": `"sort": "best" is none of start,`, "state=": `"state": "" is none of new,`, "state=new,": `is none of`,
		"state=missing": `"missing" is none of`, "limit=0": "no number from 1 to 1000", "limit=1001": "no number", "limit=x": "no number",
		"from=yesterday": `"from"`, "to=2026-13-01T00:00:00Z": `"to"`, "from=1h&to=2h": `"to": it is before from`,
		"count=1": "neither true nor false", "%zz": "malformed", "a;b": "malformed", "wait=1s": "no such parameter",
	} {
		_, err := parseQuery(raw, now)
		requireInvalid(t, err, says)
	}
	for raw, says := range map[string]string{
		"state=new": `"new" is none of ok, failed, missing`, "values=yes": "neither", "limit=-1": "no number", "after=": "empty", "x=1": "no such",
	} {
		_, err := parseReturnQuery(raw)
		requireInvalid(t, err, says)
	}
	rq, err := parseReturnQuery("state=failed&limit=3&after=y&values=false")
	require.NoError(t, err)
	require.Equal(t, records.ReturnQuery{Outcome: records.NotOK, Limit: 3, After: "y"}, rq)
	requireInvalid(t, web.NoParams("wait=1s"), "no such parameter")
}

func requireInvalid(t *testing.T, err error, says string) {
	t.Helper()
	e, ok := errors.AsType[*web.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, http.StatusBadRequest, e.Status)
	require.Contains(t, e.Text, says)
}

// Whatever the query string is, it is a query within the bounds, or a 400 of a
// bounded length.
func FuzzParseQuery(f *testing.F) {
	for _, raw := range []string{
		"", "user=a&state=new,failed&limit=10&sort=-end&count=true&from=1h", "state=new,,", "%", "user=a&user=b", "limit=99999999999999999999",
		"from=9999999999w", "to=0001-01-01T00:00:00Z", "after=%00", strings.Repeat("state=", 100),
	} {
		f.Add(raw)
	}
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw, now)
		if err != nil {
			requireInvalid(t, err, "Parameter ")
			require.Less(t, len(err.Error()), 1000)
			return
		}
		require.LessOrEqual(t, q.Limit, records.MaxLimit)
		require.LessOrEqual(t, len(q.Filter.States), len(records.States())+1)
		_, _ = parseReturnQuery(raw)
	})
}
