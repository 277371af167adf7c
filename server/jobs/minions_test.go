package jobs

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
)

// files are some minions: web1, web2, db1 and db2 are accepted, and db2 has a denied
// key besides. web1 and db1 are connected; of db2 nothing is cached.
type files struct {
	err      error
	uncached bool
}

func (f files) Cached() bool { return !f.uncached }

func (f files) Keys(context.Context) (map[string][]string, error) {
	return map[string][]string{
		"minions": {"db1", "db2", "web1", "web2"}, "minions_pre": {"new1"}, "minions_rejected": {"bad1"}, "minions_denied": {"db2"},
		"local": {"master.pem", "master.pub"},
	}, f.err
}

func (f files) Grains(id string) (msgpack.Raw, bool) {
	if f.uncached {
		return nil, false
	}
	b := msgpack.AppendString(msgpack.AppendString(msgpack.AppendMap(nil, 1), "os"), "Debian on "+id)
	return b, id != "db2"
}

func (f files) Connected(ids []string) map[string]bool {
	if f.uncached {
		return nil
	}
	is := make(map[string]bool)
	for _, id := range ids {
		if id != "db2" {
			is[id] = strings.HasSuffix(id, "1")
		}
	}
	return is
}

// Tokens of ops, who may do everything: one that sees minions, and one that may ping
// web servers only.
const (
	seesMinions = "saltern_api_mini0123456789abcdefghijklmnopqrstuvwxyzABC"
	pingsWeb    = "saltern_api_ping0123456789abcdefghijklmnopqrstuvwxyzABC"
	ofGrains    = "saltern_api_grai0123456789abcdefghijklmnopqrstuvwxyzABC"
)

// newMinionsEnv returns an env with callers of many kinds.
func newMinionsEnv(t *testing.T, change func(*API)) *env {
	t.Helper()
	return newEnv(t, func(a *API) {
		users := a.Callers.(*caller.Resolver).Sessions.(callertest.Sessions)
		of := func(name string, rules ...any) acl.Pair {
			users[name] = &session.Session{ID: name, User: name, Eauth: "pam"}
			return acl.Pair{Key: name, Value: rules}
		}
		on := func(target string, funs ...any) acl.Map { return acl.Map{{Key: target, Value: funs}} }
		a.Rules = acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
			of("all", ".*", "@wheel", "@runner"), of("minions only", ".*"), of("keys only", "@wheel"), of("keys by name", on("@wheel", "key.list_all")),
			of("web", on("web*", ".*")), of("web by two rules", on("web1", "test.ping"), on("web2", "grains.items")), of("pings", "test.ping"),
			of("grains", "grains.items"), of("presence", on("@runner", "manage.present"), "grains.items"),
			of("cached", "test.ping", on("@runner", "cache.grains")), of("other", "state.apply"), of("runners", "@runner"),
			of("unknown", on("G@os:Debian", "test.ping")), of("ops", ".*", "@wheel", "@runner"),
			of("owner", "@runner", "test.ping"),
		}}}, acl.Options{Targets: acl.Accepted(func() ([]string, error) { return []string{"db1", "db2", "web1", "web2"}, nil })})
		principals := a.Callers.(*caller.Resolver).Tokens.(*callertest.Tokens).Principals
		token := func(owner string, r role.Role) *issuer.Principal {
			return &issuer.Principal{TokenID: owner, User: owner, Eauth: "pam", Scopes: role.Compile(role.Options{}, r)}
		}
		principals[seesMinions] = token("ops", role.Role{Name: "m", Permissions: []role.Permission{role.MinionRead}})
		principals[pingsWeb] = token("ops", role.Role{Name: "p", ACL: role.ACL{acl.Map{{Key: "web*", Value: []any{"test.ping"}}}}})
		principals[ofGrains] = token("owner", role.Role{Name: "g", Permissions: []role.Permission{role.MinionRead}})
		a.Minions = files{}
		if change != nil {
			change(a)
		}
	})
}

type listedMinions struct {
	Minions []struct {
		ID        string
		Keys      []string
		Connected *bool
		LastJob   *struct{ JID string } `json:"last_job"`
	}
	Next string
}

// show returns the minions of a list: id, then the states of its keys, then whether
// it is connected.
func (l listedMinions) show() (all []string) {
	for _, m := range l.Minions {
		s := m.ID
		if len(m.Keys) > 0 {
			s += " " + strings.Join(m.Keys, "+")
		}
		if m.Connected != nil {
			s += map[bool]string{true: " up", false: " down"}[*m.Connected]
		}
		all = append(all, s)
	}
	return all
}

func (g *env) minions(t *testing.T, query, credential string) (l listedMinions) {
	t.Helper()
	w := g.get(t, "/v1/minions?"+query, credential)
	require.Equal(t, http.StatusOK, w.Code, "%s: %s", credential, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &l))
	return l
}

func (l listedMinions) ids() (ids []string) {
	for _, m := range l.Minions {
		ids = append(ids, m.ID)
	}
	return ids
}

// Who sees which minions, and what of them.
func TestWhoSeesMinions(t *testing.T) {
	t.Parallel()
	var (
		everything = []string{"bad1 rejected", "db1 accepted up", "db2 accepted+denied", "new1 pending", "web1 accepted up", "web2 accepted down"}
		keys       = []string{"bad1 rejected", "db1 accepted", "db2 accepted+denied", "new1 pending", "web1 accepted", "web2 accepted"}
		accepted   = []string{"db1 up", "db2", "web1 up", "web2 down"}
		web        = []string{"web1 up", "web2 down"}
	)
	g := newMinionsEnv(t, nil)
	for credential, c := range map[string]struct {
		list   []string
		grains []string // the minions whose grains are shown
	}{
		"all":              {everything, []string{"db1", "web1", "web2"}},
		seesMinions:        {everything, []string{"db1", "web1", "web2"}},
		"minions only":     {accepted, []string{"db1", "web1", "web2"}},
		"keys only":        {keys, nil},
		"keys by name":     {keys, nil},
		"web":              {web, []string{"web1", "web2"}},
		"web by two rules": {[]string{"web1 up", "web2"}, []string{"web2"}},
		"pings":            {accepted, nil},
		"grains":           {[]string{"db1", "db2", "web1", "web2"}, []string{"db1", "web1", "web2"}},
		"presence":         {accepted, []string{"db1", "web1", "web2"}},
		"cached":           {accepted, []string{"db1", "web1", "web2"}},
		ofGrains:           {accepted, nil}, // its owner would use cache.grains, which its scopes do not have
		"other":            {nil, nil},
		"runners":          {nil, nil},
		"unknown":          {nil, nil},
		ldap:               {nil, nil},
	} {
		t.Run(credential, func(t *testing.T) {
			require.Equal(t, c.list, g.minions(t, "", credential).show())
			var paged []string
			for query := "limit=1"; query != ""; {
				l := g.minions(t, query, credential)
				require.LessOrEqual(t, len(l.Minions), 1)
				paged = append(paged, l.show()...)
				if query = ""; l.Next != "" {
					query = "limit=1&after=" + url.QueryEscape(l.Next)
				}
			}
			require.Equal(t, c.list, paged)
			for _, id := range []string{"bad1", "db1", "db2", "new1", "web1", "web2", "ghost"} {
				w := g.get(t, "/v1/minions/"+id, credential)
				seen := slices.ContainsFunc(c.list, func(s string) bool { return s == id || strings.HasPrefix(s, id+" ") })
				if !seen {
					require.Equal(t, http.StatusNotFound, w.Code, id)
					require.JSONEq(t, `"There is no such minion"`, w.Body.String())
					continue
				}
				require.Equal(t, http.StatusOK, w.Code, id)
				var one struct{ Grains map[string]string }
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &one))
				if slices.Contains(c.grains, id) {
					require.Equal(t, map[string]string{"os": "Debian on " + id}, one.Grains)
				} else {
					require.NotContains(t, w.Body.String(), "grains", id)
				}
			}
		})
	}
	for _, path := range []string{"/v1/minions", "/v1/minions/web1"} {
		require.Equal(t, http.StatusForbidden, g.get(t, path, pingsWeb).Code, "without minion-read")
		require.Equal(t, http.StatusUnauthorized, g.get(t, path, "wrong").Code)
		require.Equal(t, http.StatusUnauthorized, g.get(t, path, "").Code)
	}
}

func TestMinionFilters(t *testing.T) {
	t.Parallel()
	g := newMinionsEnv(t, nil)
	for query, want := range map[string]string{
		"id=web*": "web1 web2", "id=web1": "web1", "id=*": "bad1 db1 db2 new1 web1 web2", "id=we": "", "key=pending": "new1", "key=denied": "db2",
		"connected=true": "db1 web1", "connected=false": "web2", "connected=true&id=db*": "db1", "key=rejected&connected=false": "",
		"grain=os:debian*": "db1 web1 web2", "grain=os:Debian+on+web1": "web1", "grain=os:Debian": "", "grain=kernel:*": "", "grain=os:*&connected=false": "web2",
	} {
		require.Equal(t, want, strings.Join(g.minions(t, query, "all").ids(), " "), query)
	}
	require.Empty(t, g.minions(t, "key=denied", "minions only").Minions, "the state of a key is not found out by a filter")
	require.Empty(t, g.minions(t, "connected=true", "grains").Minions, "nor is whether a minion is connected")
	require.Empty(t, g.minions(t, "connected=true", "keys only").Minions)
	require.Empty(t, g.minions(t, "grain=os:*", "pings").Minions, "nor what its grains are")
	require.Empty(t, g.minions(t, "grain=os:*", "keys only").Minions)
	require.Len(t, g.minions(t, "grain=os:*", "cached").Minions, 3)
	for query, says := range map[string]string{
		"key=gone": `"gone" is none of accepted, pending, rejected, denied`, "connected=yes": "neither true nor false", "limit=0": "no number from 1",
		"after=!": "not one of a former page", "after=": "not one of a former page", "id=": "no id", "id=w*b": "no id", "os=x": "no such parameter",
		"grain=os": "no grain and a value", "grain=:x": "no grain and a value", "grain=os:": "no grain and a value", "last_job_state=gone": "none of",
		"last_job_from=x": "neither a time", "last_job_from=2026-11-30T00:00:00Z&last_job_to=2026-11-29T00:00:00Z": "before last_job_from",
	} {
		w := g.get(t, "/v1/minions?"+query, "all")
		require.Equal(t, http.StatusBadRequest, w.Code, query)
		var text string
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &text))
		require.Contains(t, text, says)
	}
	require.Equal(t, http.StatusBadRequest, g.get(t, "/v1/minions/web1?x=1", "all").Code)
}

// A minion's last job is shown to whoever sees that job.
func TestLastJob(t *testing.T) {
	t.Parallel()
	g := newMinionsEnv(t, nil)
	g.put(t, records.Job{User: "web", Eauth: "pam", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob", Minions: []string{"web1", "db1"}},
		records.Job{User: "all", Eauth: "pam", Client: "local", Fun: "cmd.run", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}})
	for credential, want := range map[string]string{"all": jidOf(1), "web": "", "pings": ""} {
		l := g.minions(t, "id=web1", credential)
		require.Len(t, l.Minions, 1)
		if last := l.Minions[0].LastJob; want == "" {
			require.Nil(t, last, credential)
		} else {
			require.Equal(t, want, last.JID)
		}
	}
	require.Equal(t, jidOf(0), g.minions(t, "id=db1", "all").Minions[0].LastJob.JID)
	for query, want := range map[string]string{
		"last_job_state=new": "db1 web1", "last_job_state=failed,new": "db1 web1", "last_job_state=completed": "", "last_job_state=new&id=web*": "web1",
		"last_job_from=" + timeOf(0): "db1 web1", "last_job_from=" + timeOf(1): "web1", "last_job_to=" + timeOf(1): "db1", "last_job_to=" + timeOf(0): "",
		"last_job_state=new&limit=1": "db1", "last_job_state=new&grain=os:*web1": "web1",
	} {
		require.Equal(t, want, strings.Join(g.minions(t, query, "all").ids(), " "), query)
	}
	require.Empty(t, g.minions(t, "last_job_state=new&id=web1", "web").Minions, "a job that is not seen is not found out by a filter")
	require.JSONEq(t, `{"id": "web1", "connected": true, "grains": {"os": "Debian on web1"}}`, g.get(t, "/v1/minions/web1", "web").Body.String())
}

func TestMinionsAway(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{ErrNoKeys: http.StatusNotImplemented, ErrKeysAway: http.StatusServiceUnavailable} {
		g := newMinionsEnv(t, func(a *API) { a.Minions = files{err: err} })
		for _, path := range []string{"", "/web1"} {
			w := g.get(t, "/v1/minions"+path, "all")
			require.Equal(t, want, w.Code)
			require.NotContains(t, w.Body.String(), "web2")
		}
	}
}

// Without the cached data of minions no filter by it finds none of them.
func TestMinionsUncached(t *testing.T) {
	t.Parallel()
	g := newMinionsEnv(t, func(a *API) { a.Minions = files{uncached: true} })
	require.Equal(t, []string{"db1", "db2", "web1", "web2"}, g.minions(t, "key=accepted", "all").ids())
	for _, query := range []string{"connected=true", "connected=false", "grain=os:Debian*"} {
		w := g.get(t, "/v1/minions?"+query, "all")
		require.Equal(t, http.StatusNotImplemented, w.Code, query)
		require.NotContains(t, w.Body.String(), "web2")
	}
}

// TestSwappedCallerOfMinions makes the handlers drop the caller, or replace it: they
// show less then, never more.
func TestSwappedCallerOfMinions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		swap   func(*caller.Caller) *caller.Caller
		status int
		n      int
	}{
		"as it is":  {func(c *caller.Caller) *caller.Caller { return c }, 200, 4},
		"forgotten": {func(*caller.Caller) *caller.Caller { return nil }, 401, 0},
		"anonymous": {func(*caller.Caller) *caller.Caller { return new(caller.Caller) }, 401, 0},
		"no principal": {func(c *caller.Caller) *caller.Caller {
			c.Principal = nil
			return c
		}, 401, 0},
		"renamed": {func(c *caller.Caller) *caller.Caller {
			c.User, c.LoggedIn = "all", true
			return c
		}, 200, 4},
		"with a session": {func(c *caller.Caller) *caller.Caller {
			c.Session = &session.Session{ID: "1", User: "all", Eauth: "pam"}
			return c
		}, 200, 4},
		"without scopes": {func(c *caller.Caller) *caller.Caller {
			p := *c.Principal
			p.Scopes = role.Compile(role.Options{})
			c.Principal = &p
			return c
		}, 403, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newMinionsEnv(t, func(a *API) { a.Callers = swapped{a.Callers, c.swap} })
			for _, path := range []string{"/v1/minions", "/v1/minions/web1"} {
				require.Equal(t, c.status, g.get(t, path, ofGrains).Code, path)
			}
			if c.status == 200 {
				require.Len(t, g.minions(t, "", ofGrains).Minions, c.n)
			}
		})
	}
}
