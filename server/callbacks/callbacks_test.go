package callbacks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/signedpost"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/callback"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/records/sqlite/sqlitetest"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/jobs"
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

// nowhere posts nothing.
type nowhere struct{}

func (nowhere) Post(context.Context, signedpost.Document) error { return nil }

// env is the API over a database, with a job of each user.
type env struct {
	*API
	jobs    *jobs.API
	store   records.Store
	service *callback.Service
	front   http.Handler
}

// The credentials of an env.
const (
	saltdev, admin, ldap = "session", "admin's", "saltdev of ldap"
	webOnly              = "saltern_api_webs0123456789abcdefghijklmnopqrstuvwxyzABC"
)

const (
	jidOfSaltdev = "20261129000054248604"
	jidOfAdmin   = "20261129000154248604"
	jidOfToken   = "20261129000254248604"
)

func newEnv(t *testing.T, change func(*env)) *env {
	t.Helper()
	store := sqlitetest.Open(t, sqlite.Options{})
	_, err := store.Put(t.Context(), records.Batch{Jobs: []records.Job{
		{JID: jidOfSaltdev, User: "saltdev", Eauth: "pam", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob", Minions: []string{}},
		{JID: jidOfAdmin, User: "admin", Eauth: "pam", Client: "local", Fun: "state.apply", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}},
		{JID: jidOfToken, User: "admin", Eauth: "pam", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}},
	}})
	require.NoError(t, err)
	service, err := callback.New(store, callback.Options{Destinations: []callback.Destination{
		{Name: "ci", Post: nowhere{}, Results: true}, {Name: "quiet", Post: nowhere{}},
		{Name: "admins", Post: nowhere{}, May: func(c callback.Caller) bool { return c.User == "admin" }},
	}})
	require.NoError(t, err)
	v, tokens := callertest.New()
	users := v.Sessions.(callertest.Sessions)
	users[admin] = &session.Session{ID: admin, User: "admin", Eauth: "pam"}
	users[ldap] = &session.Session{ID: ldap, User: "saltdev", Eauth: "ldap"}
	tokens.Principals[webOnly] = &issuer.Principal{TokenID: "w", User: "admin", Eauth: "pam", Scopes: role.Compile(role.Options{},
		role.Role{Name: "w", ACL: role.ACL{"test.ping"}})}
	g := &env{store: store, service: service}
	g.jobs = &jobs.API{
		Records: jobs.NewRecords(store), Callers: v, Rights: rights{role.CmdRead: true, role.ReturnerRead: true},
		Rules: acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
			{Key: "admin", Value: []any{"@runner"}}, {Key: "saltdev", Value: []any{".*"}},
		}}}, acl.Options{}),
	}
	g.API = &API{Service: service, Store: store, Callers: v,
		Sees: func(ctx context.Context, c *caller.Caller) Sight { return g.jobs.Sight(ctx, c) }}
	if change != nil {
		change(g)
	}
	m := web.NewMux(web.Errors(func(x *web.Exchange, _ *http.Request, e *web.Error) {
		x.WriteJSON(e.Status, web.JSON(e.Text))
	}))
	g.Mount(m)
	g.front = webtest.Front(m)
	return g
}

func (g *env) send(t *testing.T, method, path, body, credential string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if credential != "" {
		r.Header.Set("X-Auth-Token", credential)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return webtest.Send(g.front, r)
}

// add promises a call-back.
func (g *env) add(t *testing.T, jid, destination, credential string) (made shown) {
	t.Helper()
	w := g.send(t, http.MethodPost, "/v1/callbacks", `{"jid": "`+jid+`", "destination": "`+destination+`"}`, credential)
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	require.Equal(t, "/v1/callbacks/"+made.ID, w.Header().Get("Location"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	return made
}

func (g *env) list(t *testing.T, query, credential string) (ids []string, page shownPage) {
	t.Helper()
	w := g.send(t, http.MethodGet, "/v1/callbacks?"+query, "", credential)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
	for _, c := range page.Callbacks {
		ids = append(ids, c.ID)
	}
	return ids, page
}

func TestCallback(t *testing.T) {
	t.Parallel()
	g := newEnv(t, nil)
	made := g.add(t, jidOfSaltdev, "ci", saltdev)
	require.Equal(t, records.CallbackWaiting, made.State)
	require.WithinDuration(t, time.Now(), made.Created, time.Minute)
	want := made
	want.ID, want.Created = "", time.Time{}
	require.Equal(t, shown{JID: jidOfSaltdev, Destination: "ci", User: "saltdev", Eauth: "pam", Results: true, State: records.CallbackWaiting}, want)
	require.False(t, g.add(t, jidOfSaltdev, "quiet", saltdev).Results)

	w := g.send(t, http.MethodPost, "/v1/callbacks/"+made.ID+"/deliver", "", saltdev)
	require.Equal(t, http.StatusConflict, w.Code, w.Body)
	ctx := t.Context()
	n, err := g.store.WakeCallbacks(ctx, nil, time.Now())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	claimed, err := g.store.ClaimCallbacks(ctx, records.CallbackClaim{Now: time.Now(), Until: time.Now().Add(time.Minute), Destinations: []string{"ci"}})
	require.NoError(t, err)
	claimed[0].State, claimed[0].Error = records.CallbackFailed, "the answer is 503"
	claimed[0].Done = time.Now()
	require.NoError(t, g.store.SettleCallback(ctx, claimed[0]))
	w = g.send(t, http.MethodGet, "/v1/callbacks/"+made.ID, "", saltdev)
	require.Equal(t, http.StatusOK, w.Code)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	require.Equal(t, "the answer is 503", made.Error)
	require.Equal(t, 1, made.Attempts)
	require.NotNil(t, made.Tried)
	require.NotNil(t, made.Done)
	require.Nil(t, made.Next)
	w = g.send(t, http.MethodPost, "/v1/callbacks/"+made.ID+"/deliver", "", saltdev)
	require.Equal(t, http.StatusAccepted, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"state":"due"`)
}

// Who sees which call-backs, and may make them.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	jobsOnly, err := eventstream.NewACL([]eventstream.Rule{{Tags: []string{"salt/job/*/new", "salt/job/*/ret/web*"}}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		credential string
		change     func(*env)
		want       []string // of whose jobs
	}{
		"own":                       {saltdev, nil, []string{jidOfSaltdev}},
		"a user of the same name":   {ldap, nil, nil},
		"everybody's":               {admin, nil, []string{jidOfSaltdev, jidOfAdmin, jidOfToken}},
		"no rules of external_auth": {admin, func(g *env) { g.jobs.Rules = nil }, []string{jidOfAdmin, jidOfToken}},
		"no rights":                 {admin, func(g *env) { g.jobs.Rights = rights{} }, []string{jidOfAdmin, jidOfToken}},
		"events_acl":                {admin, func(g *env) { g.jobs.Events = jobsOnly }, []string{jidOfAdmin, jidOfToken}},
		"a token with rules":        {webOnly, nil, []string{jidOfToken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newEnv(t, c.change)
			ids := map[string]string{
				jidOfSaltdev: g.add(t, jidOfSaltdev, "ci", saltdev).ID,
				jidOfAdmin:   g.add(t, jidOfAdmin, "admins", admin).ID,
				jidOfToken:   g.add(t, jidOfToken, "ci", webOnly).ID,
			}
			var want []string
			for _, jid := range c.want {
				want = append(want, ids[jid])
			}
			got, _ := g.list(t, "", c.credential)
			require.ElementsMatch(t, want, got)
			var paged []string
			for query := "limit=1"; query != ""; {
				some, page := g.list(t, query, c.credential)
				paged = append(paged, some...)
				if query = ""; page.Next != "" {
					query = "limit=1&after=" + url.QueryEscape(page.Next)
				}
			}
			require.ElementsMatch(t, want, paged)
			for jid, id := range ids {
				sees := false
				for _, w := range c.want {
					sees = sees || w == jid
				}
				get := g.send(t, http.MethodGet, "/v1/callbacks/"+id, "", c.credential)
				deliver := g.send(t, http.MethodPost, "/v1/callbacks/"+id+"/deliver", "", c.credential)
				add := g.send(t, http.MethodPost, "/v1/callbacks", `{"jid": "`+jid+`", "destination": "ci"}`, c.credential)
				if sees {
					require.Equal(t, http.StatusOK, get.Code)
					require.NotEqual(t, http.StatusNotFound, deliver.Code)
					require.Equal(t, http.StatusCreated, add.Code, add.Body)
					continue
				}
				unknown := g.send(t, http.MethodGet, "/v1/callbacks/x", "", c.credential)
				require.Equal(t, http.StatusNotFound, get.Code)
				require.Equal(t, unknown.Body.String(), get.Body.String())
				require.Equal(t, http.StatusNotFound, deliver.Code)
				require.Equal(t, http.StatusNotFound, add.Code)
				none := g.send(t, http.MethodPost, "/v1/callbacks", `{"jid": "20200101000000000000", "destination": "ci"}`, c.credential)
				require.Equal(t, none.Body.String(), add.Body.String())
			}
		})
	}
	t.Run("others' are not for the caller to deliver", func(t *testing.T) {
		t.Parallel()
		g := newEnv(t, nil)
		id := g.add(t, jidOfSaltdev, "ci", saltdev).ID
		require.Equal(t, http.StatusUnauthorized, g.send(t, http.MethodPost, "/v1/callbacks/"+id+"/deliver", "", admin).Code)
	})
}

// What was returned is for destinations only as far as the caller sees it.
func TestResults(t *testing.T) {
	t.Parallel()
	some, err := eventstream.NewACL([]eventstream.Rule{{Tags: []string{"*"}}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		credential string
		change     func(*env)
		want       bool
	}{
		"own":             {saltdev, nil, true},
		"another's":       {admin, nil, true},
		"with events_acl": {admin, func(g *env) { g.jobs.Events = some }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, newEnv(t, c.change).add(t, jidOfSaltdev, "ci", c.credential).Results)
		})
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	g := newEnv(t, nil)
	g.add(t, jidOfSaltdev, "ci", saltdev)
	const path = "/v1/callbacks"
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"unknown destination":     {http.MethodPost, path, `{"jid": "` + jidOfSaltdev + `", "destination": "hunter2"}`, 400, `there is no destination "hunter2"`},
		"not for the caller":      {http.MethodPost, path, `{"jid": "` + jidOfSaltdev + `", "destination": "admins"}`, 400, `there is no destination "admins"`},
		"another's job":           {http.MethodPost, path, `{"jid": "` + jidOfAdmin + `", "destination": "ci"}`, 404, "There is no such job"},
		"no job":                  {http.MethodPost, path, `{"jid": "x\u0000", "destination": "ci"}`, 404, "There is no such job"},
		"no jid":                  {http.MethodPost, path, `{"destination": "ci"}`, 400, "jid is missing"},
		"no destination":          {http.MethodPost, path, `{"jid": "` + jidOfSaltdev + `"}`, 400, "destination is missing"},
		"a URL":                   {http.MethodPost, path, `{"jid": "` + jidOfSaltdev + `", "destination": "ci", "url": "https://evil.example/"}`, 400, `there is no key "url"`},
		"wrong type":              {http.MethodPost, path, `{"jid": 1, "destination": "ci"}`, 400, "jid: a number"},
		"no object":               {http.MethodPost, path, `[]`, 400, "not a JSON object"},
		"twice":                   {http.MethodPost, path, `{"jid": "1", "jid": "2"}`, 400, "twice"},
		"too large":               {http.MethodPost, path, `{"jid": "` + strings.Repeat("x", 5000) + `"}`, 413, ""},
		"no JSON":                 {http.MethodPost, path, ``, 415, "application/json"},
		"unknown parameter":       {http.MethodPost, path + "?x=1", `{}`, 400, `"x": there is no such parameter`},
		"unknown filter":          {http.MethodGet, path + "?owner=x", "", 400, `"owner": there is no such parameter`},
		"empty filter":            {http.MethodGet, path + "?jid=", "", 400, `"jid": it is empty`},
		"filter twice":            {http.MethodGet, path + "?jid=1&jid=2", "", 400, `"jid": it is there twice`},
		"unknown state":           {http.MethodGet, path + "?state=lost", "", 400, `"lost" is none of waiting, due, delivered, failed`},
		"a state that is not one": {http.MethodGet, path + "?state=reserved", "", 400, `"reserved" is none of`},
		"limit":                   {http.MethodGet, path + "?limit=201", "", 400, `no number from 1 to 200`},
		"malformed cursor":        {http.MethodGet, path + "?after=x", "", 400, `"after": it is not one of`},
		"malformed query":         {http.MethodGet, path + "?%zz", "", 400, "malformed"},
		"unknown id":              {http.MethodGet, path + "/x", "", 404, "There is no such call-back"},
		"parameter of an id":      {http.MethodGet, path + "/x?y=z", "", 400, "no such parameter"},
		"deliver unknown":         {http.MethodPost, path + "/x/deliver", "", 404, "There is no such call-back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := g.send(t, c.method, c.path, c.body, saltdev)
			require.Equal(t, c.status, w.Code, w.Body)
			var text string
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &text))
			require.Contains(t, text, c.says)
			require.NotContains(t, text, "nowhere")
		})
	}
}

// A reserved call-back is not shown, and nothing of others.
func TestReserved(t *testing.T) {
	t.Parallel()
	g := newEnv(t, nil)
	p, err := g.service.Reserve(t.Context(), callback.Caller{User: "saltdev", Eauth: "pam"}, "ci")
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, g.send(t, http.MethodGet, "/v1/callbacks/"+p.ID(), "", saltdev).Code)
	ids, _ := g.list(t, "", saltdev)
	require.Empty(t, ids)
	ids, _ = g.list(t, "user=admin", saltdev)
	require.Empty(t, ids)
	p.Keep(t.Context(), jidOfSaltdev)
	ids, _ = g.list(t, "state=waiting&destination=ci&jid="+jidOfSaltdev, saltdev)
	require.Equal(t, []string{p.ID()}, ids)
}

// TestSwappedCaller makes the handlers drop the caller, or replace it: they show
// less then, never more.
func TestSwappedCaller(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		swap   func(*caller.Caller) *caller.Caller
		status int
	}{
		"as it is":  {func(c *caller.Caller) *caller.Caller { return c }, http.StatusOK},
		"forgotten": {func(*caller.Caller) *caller.Caller { return nil }, http.StatusUnauthorized},
		"anonymous": {func(*caller.Caller) *caller.Caller { return new(caller.Caller) }, http.StatusUnauthorized},
		"no principal": {func(c *caller.Caller) *caller.Caller {
			c.Principal = nil
			return c
		}, http.StatusUnauthorized},
		"without scopes": {func(c *caller.Caller) *caller.Caller {
			p := *c.Principal
			p.Scopes = role.Compile(role.Options{})
			c.Principal = &p
			return c
		}, http.StatusNotFound},
		"renamed": {func(c *caller.Caller) *caller.Caller {
			p := *c.Principal
			p.User = "saltdev"
			c.Principal = &p
			return c
		}, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newEnv(t, nil)
			id := g.add(t, jidOfToken, "ci", webOnly).ID
			g.Callers = swapped{g.Callers, c.swap}
			require.Equal(t, c.status, g.send(t, http.MethodGet, "/v1/callbacks/"+id, "", webOnly).Code)
			add := g.send(t, http.MethodPost, "/v1/callbacks", `{"jid": "`+jidOfToken+`", "destination": "ci"}`, webOnly)
			list := g.send(t, http.MethodGet, "/v1/callbacks", "", webOnly)
			deliver := g.send(t, http.MethodPost, "/v1/callbacks/"+id+"/deliver", "", webOnly)
			if c.status == http.StatusOK {
				require.Equal(t, http.StatusCreated, add.Code)
				return
			}
			require.Equal(t, c.status, add.Code)
			require.Equal(t, c.status, deliver.Code)
			require.NotContains(t, list.Body.String(), id)
		})
	}
	t.Run("no credential", func(t *testing.T) {
		t.Parallel()
		g := newEnv(t, nil)
		for _, credential := range []string{"", "wrong"} {
			require.Equal(t, http.StatusUnauthorized, g.send(t, http.MethodGet, "/v1/callbacks", "", credential).Code)
			require.Equal(t, http.StatusUnauthorized, g.send(t, http.MethodPost, "/v1/callbacks", "{}", credential).Code)
		}
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

// failing is a service that cannot promise anything.
type failing struct{ err error }

func (f failing) Add(context.Context, callback.Caller, string, string, bool) (records.Callback, error) {
	return records.Callback{}, f.err
}
func (f failing) Retry(context.Context, string) error { return f.err }

func TestNotPromised(t *testing.T) {
	t.Parallel()
	for err, status := range map[error]int{
		records.ErrTooManyOfUser: http.StatusTooManyRequests, records.ErrTooMany: http.StatusServiceUnavailable,
		records.ErrFull: http.StatusServiceUnavailable, errors.New("secret"): http.StatusInternalServerError,
	} {
		g := newEnv(t, func(g *env) { g.Service = failing{err} })
		w := g.send(t, http.MethodPost, "/v1/callbacks", `{"jid": "`+jidOfSaltdev+`", "destination": "ci"}`, saltdev)
		require.Equal(t, status, w.Code, w.Body)
		require.NotContains(t, w.Body.String(), "secret")
		require.Equal(t, status != http.StatusInternalServerError, w.Header().Get("Retry-After") != "")
	}
}

// Whatever the query string is, it is a query within the bounds, or a 400 of a
// bounded length.
func FuzzParseQuery(f *testing.F) {
	for _, raw := range []string{"", "user=a&state=due&limit=10&after=x", "state=new,,", "%", "jid=a&jid=b", "limit=99999999999999999999"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			e, ok := errors.AsType[*web.Error](err)
			require.True(t, ok)
			require.Equal(t, http.StatusBadRequest, e.Status)
			require.Less(t, len(e.Text), 1000)
			return
		}
		require.LessOrEqual(t, q.Limit, maxLimit)
		require.NotEqual(t, records.CallbackReserved, q.State)
	})
}
