package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/records/sqlite/sqlitetest"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// rights are those of everyone.
type rights map[role.Permission]bool

func (r rights) May(_ context.Context, c issuer.Caller, p role.Permission) error {
	if c.Principal != nil && !c.Principal.Scopes.May(p) || !r[p] {
		return &issuer.Error{Kind: issuer.Forbidden}
	}
	return nil
}

// env is the API over a database.
type env struct {
	*API
	store records.Store
	front http.Handler
}

// The credentials of an env, whose users are all of pam unless the name says more.
const (
	saltdev, admin, ldap = "session", "admin's", "saltdev of ldap"
	readOnly, webOnly    = "saltern_api_read0123456789abcdefghijklmnopqrstuvwxyzABC", "saltern_api_webs0123456789abcdefghijklmnopqrstuvwxyzABC"
)

func newEnv(t testing.TB, change func(*API)) *env {
	t.Helper()
	store := sqlitetest.Open(t, sqlite.Options{MaxValue: 1000})
	v, tokens := callertest.New()
	users := v.Sessions.(callertest.Sessions)
	users[admin] = &session.Session{ID: admin, User: "admin", Eauth: "pam"}
	users[ldap] = &session.Session{ID: ldap, User: "saltdev", Eauth: "ldap"}
	of := func(r role.Role) *issuer.Principal {
		return &issuer.Principal{TokenID: r.Name, User: "admin", Eauth: "pam", Scopes: role.Compile(role.Options{}, r)}
	}
	tokens.Principals[readOnly] = of(role.Role{Name: "r", Permissions: []role.Permission{role.CmdRead, role.ReturnerRead}})
	tokens.Principals[webOnly] = of(role.Role{Name: "w", ACL: role.ACL{
		"test.ping", acl.Map{{Key: "web*", Value: []any{"state.apply"}}}, acl.Map{{Key: "*", Value: []any{acl.Map{{
			Key: "cmd.run", Value: []any{acl.Map{{Key: "args", Value: []any{"uptime"}}}}}}}}},
		"@jobs",
	}})
	a := &API{
		Records: NewRecords(store), Callers: v, Rights: rights{role.CmdRead: true, role.ReturnerRead: true},
		Rules: acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
			{Key: "admin", Value: []any{"@runner"}}, {Key: "ops", Value: []any{"@jobs"}}, {Key: "saltdev", Value: []any{".*"}},
		}}}, acl.Options{}),
	}
	if change != nil {
		change(a)
	}
	m := web.NewMux(web.Errors(func(x *web.Exchange, _ *http.Request, e *web.Error) {
		x.WriteJSON(e.Status, web.JSON(e.Text))
	}))
	a.Mount(m)
	return &env{API: a, store: store, front: webtest.Front(m)}
}

func (g *env) get(t *testing.T, path, credential string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("X-Auth-Token", credential)
	return webtest.Send(g.front, r)
}

// put records jobs, the n-th of which starts n minutes after the first.
func (g *env) put(t *testing.T, all ...records.Job) {
	t.Helper()
	for n := range all {
		all[n].JID = jidOf(n)
	}
	_, err := g.store.Put(t.Context(), records.Batch{Jobs: all})
	require.NoError(t, err)
}

func jidOf(n int) string { return fmt.Sprintf("20261129%02d%02d54248604", n/60, n%60) }

// timeOf is the start of that job.
func timeOf(n int) string { return fmt.Sprintf("2026-11-29T%02d:%02d:54.248604Z", n/60, n%60) }

type listed struct {
	Jobs []struct {
		JID, User, Fun, State string
		Expected              *int
	}
	Next  string
	Count *struct {
		Total   int
		ByState map[string]int `json:"by_state"`
		More    bool
	}
}

func (g *env) list(t *testing.T, query, credential string) (jids []string, all listed) {
	t.Helper()
	w := g.get(t, "/v1/jobs?"+query, credential)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &all))
	for _, j := range all.Jobs {
		jids = append(jids, j.JID)
	}
	return jids, all
}

// jobs of all kinds, of several users.
func mixed() []records.Job {
	return []records.Job{
		{User: "saltdev", Eauth: "pam", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}},
		{User: "saltdev", Eauth: "ldap", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}},
		{User: "saltdev", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}},
		{User: "admin", Eauth: "pam", Client: "local", Fun: "state.apply", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}},
		{User: "admin", Eauth: "pam", Client: "local", Fun: "state.apply", Tgt: "* and web*", TgtType: "compound", Minions: []string{"web1"}},
		{User: "admin", Eauth: "pam", Client: "local", Fun: "state.apply", Tgt: "* and ( G@os:x or db1 ) and web*", TgtType: "compound", Minions: []string{"web1"}},
		{User: "admin", Eauth: "pam", Client: "local", Fun: "state.apply", Tgt: "* and G@os:x or db1 and web*", TgtType: "compound", Minions: []string{"web1"}},
		{User: "admin", Eauth: "pam", Client: "local", Fun: "cmd.run", Tgt: "*", TgtType: "glob", Arguments: []byte(`{"arg":["uptime"]}`)},
		{User: "admin", Eauth: "pam", Client: "runner", Fun: "runner.jobs.active"},
		{User: "admin", Eauth: "pam", Client: "wheel", Fun: "wheel.key.list_all"},
		{User: "admin", Eauth: "pam", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob"},
		{User: "ops", Eauth: "pam", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob"},
	}
}

// Who sees which jobs, in lists, counts and one by one.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	everyone := []int{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}
	jobsOnly, err := eventstream.NewACL([]eventstream.Rule{{Tags: []string{"salt/job/*"}}})
	require.NoError(t, err)
	noReturns, err := eventstream.NewACL([]eventstream.Rule{{Tags: []string{"salt/job/*/new", "salt/job/*/ret/web*"}}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		credential string
		change     func(*API)
		want       []int
	}{
		"own, and of the system's user":       {saltdev, nil, []int{2, 0}},
		"a user of the same name":             {ldap, nil, []int{1}},
		"everybody's":                         {admin, nil, everyone},
		"everybody's by a token":              {callertest.Secret, nil, everyone},
		"everybody's by a token that reads":   {readOnly, nil, everyone},
		"a token with rules":                  {webOnly, nil, []int{10, 8, 5, 4}},
		"no rules of external_auth":           {admin, func(a *API) { a.Rules = nil }, []int{10, 9, 8, 7, 6, 5, 4, 3}},
		"no rights":                           {admin, func(a *API) { a.Rights = nil }, []int{10, 9, 8, 7, 6, 5, 4, 3}},
		"no right to see returns":             {admin, func(a *API) { a.Rights = rights{role.CmdRead: true} }, []int{10, 9, 8, 7, 6, 5, 4, 3}},
		"as far as events_acl shows them":     {admin, func(a *API) { a.Events = jobsOnly }, everyone},
		"events_acl with some of the returns": {admin, func(a *API) { a.Events = noReturns }, []int{10, 9, 8, 7, 6, 5, 4, 3}},
		"events_acl hides nothing of one's own": {saltdev, func(a *API) {
			a.Events, _ = eventstream.NewACL(nil)
		}, []int{2, 0}},
		"a Salt token sees its own": {admin, func(a *API) {
			a.Callers.(*caller.Resolver).Sessions.(callertest.Sessions)[admin].ID = ""
			a.Rights = loggedIn{}
		}, []int{10, 9, 8, 7, 6, 5, 4, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newEnv(t, c.change)
			g.put(t, mixed()...)
			want := make(map[string]bool)
			var order []string
			for _, n := range c.want {
				want[jidOf(n)] = true
				order = append(order, jidOf(n))
			}
			all, page := g.list(t, "count=true", c.credential)
			require.Equal(t, order, all)
			require.Empty(t, page.Next)
			require.Equal(t, len(order), page.Count.Total)
			var paged []string
			for query := "limit=2"; query != ""; {
				some, page := g.list(t, query, c.credential)
				require.NotEmpty(t, some)
				paged = append(paged, some...)
				if query = ""; page.Next != "" {
					query = "limit=2&after=" + url.QueryEscape(page.Next)
				}
			}
			require.Equal(t, order, paged)
			for n := range mixed() {
				jid := jidOf(n)
				for _, path := range []string{"/v1/jobs/" + jid, "/v1/jobs/" + jid + "/returns"} {
					w := g.get(t, path, c.credential)
					if want[jid] {
						require.Equal(t, http.StatusOK, w.Code, "%s: %s", path, w.Body)
						continue
					}
					unknown := g.get(t, "/v1/jobs/20200101000000000000", c.credential)
					require.Equal(t, http.StatusNotFound, w.Code, "%s: %s", path, w.Body)
					require.Equal(t, unknown.Body.String(), w.Body.String())
				}
			}
		})
	}
}

// loggedIn are the rights of users with a session.
type loggedIn struct{}

func (loggedIn) May(_ context.Context, c issuer.Caller, _ role.Permission) error {
	if !c.LoggedIn {
		return &issuer.Error{Kind: issuer.LoginRequired}
	}
	return nil
}

func TestFilters(t *testing.T) {
	t.Parallel()
	g := newEnv(t, nil)
	g.put(t, mixed()...)
	for query, want := range map[string][]int{
		"user=ops":                  {11},
		"user=saltdev&eauth=ldap":   {1},
		"fun=state.*&sort=start":    {3, 4, 5, 6},
		"fun=cmd.run":               {7},
		"client=wheel":              {9},
		"minion=web1&limit=1":       {6},
		"target=*&user=admin":       {10, 7, 3},
		"text=UPTIME":               {7},
		"state=completed":           nil,
		"from=2026-11-29T00:10:00Z": {11, 10},
		"to=2026-11-29T00:01:00Z":   {0},
	} {
		var jids []string
		for _, n := range want {
			jids = append(jids, jidOf(n))
		}
		got, _ := g.list(t, query, admin)
		require.Equal(t, jids, got, query)
	}
	none, all := g.list(t, "user=admin&count=true", saltdev)
	require.Empty(t, none, "a filter for another user")
	require.Zero(t, all.Count.Total)
	for _, credential := range []string{admin, saltdev, ldap, webOnly} {
		for query, says := range map[string]string{
			"after=x": `"after": it is not one of`, "text=ab": `"text"`, "fun=a*b": `"fun"`, "text=" + longText(): "longer than 1024",
			"user=%ff": `it is not text`, "user=nobody&after=x": `"after"`, "user=nobody&fun=a*b": `"fun"`,
		} {
			w := g.get(t, "/v1/jobs?"+query, credential)
			if credential != admin && query == "user=%ff" {
				continue // another's name, whatever it is
			}
			require.Equal(t, http.StatusBadRequest, w.Code, "%s %s", query, w.Body)
			var text string
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &text))
			require.Contains(t, text, says, query)
		}
	}
	for _, path := range []string{
		"/v1/jobs/" + jidOf(3) + "?x=1", "/v1/jobs/" + jidOf(3) + "/returns?state=new", "/v1/jobs/" + jidOf(3) + "/returns?after=!",
		"/v1/jobs/" + jidOf(3) + "/returns/web1?x=1",
	} {
		require.Equal(t, http.StatusBadRequest, g.get(t, path, admin).Code, path)
	}
}

func longText() string { return fmt.Sprintf("%01025d", 0) }

// The returns of a job, with values that JSON does not have.
func TestReturns(t *testing.T) {
	t.Parallel()
	g := newEnv(t, nil)
	g.put(t, records.Job{User: "saltdev", Eauth: "pam", Client: "local", Fun: "cmd.run", Tgt: "web*", TgtType: "glob",
		Minions: []string{"web1", "web2", "web3", "web4", "a/b"}})
	at := time.Date(2026, 11, 29, 0, 1, 0, 0, time.UTC)
	text := msgpack.AppendString(nil, "é\xff")
	ret := func(minion string, retcode int, value []byte) records.Return {
		return records.Return{JID: jidOf(0), Minion: minion, Time: at, Fun: "cmd.run", Success: retcode == 0, Retcode: retcode, Value: value}
	}
	_, err := g.store.Put(t.Context(), records.Batch{Returns: []records.Return{
		ret("web1", 0, text), ret("web2", 1, msgpack.AppendFloat(nil, 1.5)), ret("web3", 0, msgpack.AppendString(nil, longText())),
		ret("a/b", 0, msgpack.AppendNil(nil)),
	}, Ends: []records.End{{JID: jidOf(0), Time: at}}})
	require.NoError(t, err)
	const (
		web1 = `{"minion":"web1","state":"ok","time":"2026-11-29T00:01:00Z","fun":"cmd.run","success":true,"retcode":0,"size":4,"return":"é` + "�" + `"}`
		web2 = `{"minion":"web2","state":"failed","time":"2026-11-29T00:01:00Z","fun":"cmd.run","success":false,"retcode":1,"size":9,"return":1.5}`
		web3 = `{"minion":"web3","state":"ok","time":"2026-11-29T00:01:00Z","fun":"cmd.run","success":true,"retcode":0,"size":1028,"omitted":true}`
		web4 = `{"minion":"web4","state":"missing"}`
		ab   = `{"minion":"a/b","state":"ok","time":"2026-11-29T00:01:00Z","fun":"cmd.run","success":true,"retcode":0,"size":1,"return":null}`
	)
	base := "/v1/jobs/" + jidOf(0)
	for path, want := range map[string]string{
		"/returns":                           `{"returns": [` + ab + `, ` + web1 + `, ` + web2 + `, ` + web3 + `, ` + web4 + `]}`,
		"/returns?state=failed":              `{"returns": [` + web2 + `]}`,
		"/returns?state=missing":             `{"returns": [` + web4 + `]}`,
		"/returns?state=failed&values=false": `{"returns": [` + web2[:len(web2)-len(`,"return":1.5}`)] + `}]}`,
		"/returns/web1":                      web1, "/returns/web3": web3, "/returns/web4": web4, "/returns/a%2Fb": ab,
	} {
		w := g.get(t, base+path, saltdev)
		require.Equal(t, http.StatusOK, w.Code, "%s: %s", path, w.Body)
		require.Equal(t, want, w.Body.String(), path)
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}
	require.Contains(t, g.get(t, base+"/returns?limit=1", saltdev).Body.String(), `], "next": "`)
	w := g.get(t, base+"/returns/nosuch", saltdev)
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Equal(t, `"The job has no such minion"`, w.Body.String())
	require.Equal(t, `"There is no such job"`, g.get(t, base+"/returns/web1", ldap).Body.String())
	require.JSONEq(t, `{"jid": "`+jidOf(0)+`", "user": "saltdev", "eauth": "pam", "client": "local", "fun": "cmd.run", "tgt": "web*", "tgt_type": "glob",
		"state": "missing_returns", "start": "2026-11-29T00:00:54.248604Z", "end": "2026-11-29T00:01:00Z", "expected": 5, "returned": 4, "succeeded": 3,
		"failed": 1, "minions": ["a/b", "web1", "web2", "web3", "web4"]}`, g.get(t, base, saltdev).Body.String())
}

// TestSwappedCaller makes the handlers drop the caller, or replace it: they show
// less then, never more.
func TestSwappedCaller(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		swap func(*caller.Caller) *caller.Caller
		jobs []string // nil for a 401
	}{
		"as it is":  {func(c *caller.Caller) *caller.Caller { return c }, []string{jidOf(10), jidOf(8), jidOf(5), jidOf(4)}},
		"forgotten": {func(*caller.Caller) *caller.Caller { return nil }, nil},
		"anonymous": {func(*caller.Caller) *caller.Caller { return new(caller.Caller) }, nil},
		"no principal": {func(c *caller.Caller) *caller.Caller {
			c.Principal = nil
			return c
		}, nil},
		"renamed": {func(c *caller.Caller) *caller.Caller {
			c.User, c.LoggedIn = "saltdev", true
			return c
		}, []string{jidOf(10), jidOf(8), jidOf(5), jidOf(4)}},
		"with a session": {func(c *caller.Caller) *caller.Caller {
			c.Session = &session.Session{ID: "1", User: "saltdev", Eauth: "pam"}
			return c
		}, []string{jidOf(10), jidOf(8), jidOf(5), jidOf(4)}},
		"without scopes": {func(c *caller.Caller) *caller.Caller {
			p := *c.Principal
			p.Scopes = role.Compile(role.Options{})
			c.Principal = &p
			return c
		}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newEnv(t, func(a *API) { a.Callers = swapped{a.Callers, c.swap} })
			g.put(t, mixed()...)
			if c.jobs == nil {
				for _, path := range []string{"", "/" + jidOf(10), "/" + jidOf(10) + "/returns", "/" + jidOf(10) + "/returns/web1"} {
					require.Equal(t, http.StatusUnauthorized, g.get(t, "/v1/jobs"+path, webOnly).Code, path)
				}
				return
			}
			got, _ := g.list(t, "", webOnly)
			require.ElementsMatch(t, c.jobs, got)
		})
	}
	t.Run("no credential", func(t *testing.T) {
		t.Parallel()
		g := newEnv(t, nil)
		require.Equal(t, http.StatusUnauthorized, g.get(t, "/v1/jobs", "").Code)
		require.Equal(t, http.StatusUnauthorized, g.get(t, "/v1/jobs/"+jidOf(0), "wrong").Code)
	})
}

type swapped struct {
	Callers
	swap func(*caller.Caller) *caller.Caller
}

func (s swapped) Caller(x *web.Exchange, r *http.Request, all []caller.Credential) (*caller.Caller, error) {
	c, err := s.Callers.Caller(x, r, all)
	if err != nil {
		return nil, err
	}
	return s.swap(c), nil
}

// failing is a store that cannot be used.
type failing struct {
	records.Reader
	err error
}

func (f failing) Jobs(context.Context, records.Query) (records.JobPage, error) {
	return records.JobPage{}, f.err
}

func (f failing) Job(context.Context, string, bool) (records.Job, error) { return records.Job{}, f.err }

// A database that is away is a 503, which other errors are not.
func TestAway(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		fmt.Errorf("x: %w", records.ErrUnavailable): http.StatusServiceUnavailable, records.ErrFull: http.StatusServiceUnavailable,
		errors.New("secret"): http.StatusInternalServerError,
	} {
		g := newEnv(t, func(a *API) { a.Records = NewRecords(failing{err: err}) })
		for _, path := range []string{"", "/1", "/1/returns", "/1/returns/web1"} {
			w := g.get(t, "/v1/jobs"+path, saltdev)
			require.Equal(t, want, w.Code)
			require.NotContains(t, w.Body.String(), "secret")
			if want == http.StatusServiceUnavailable {
				require.NotEmpty(t, w.Header().Get("Retry-After"))
				require.Contains(t, w.Body.String(), "cannot be reached now")
			}
		}
	}
}

// many has any number of jobs of the same user.
type many struct{ records.Reader }

func (many) Jobs(_ context.Context, q records.Query) (records.JobPage, error) {
	page := records.JobPage{Next: "next"}
	for range records.PageSize(q.Limit) {
		page.Jobs = append(page.Jobs, records.Job{JID: jidOf(0), User: "saltdev", Eauth: "pam"})
	}
	return page, nil
}

// A search through jobs that the caller does not see ends.
func TestTooMany(t *testing.T) {
	t.Parallel()
	s := sight{scopes: role.Compile(role.Options{})}
	s.id.User, s.id.Eauth = "saltdev", "pam"
	_, err := s.find(t.Context(), many{}, query{})
	requireInvalid(t, err, "narrow the search")
	counts, err := s.count(t.Context(), many{}, records.Filter{})
	require.NoError(t, err)
	require.True(t, counts.More)
	require.Zero(t, counts.Total)
}
