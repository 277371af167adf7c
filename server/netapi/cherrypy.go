package netapi

import (
	"cmp"
	"net/http"
	"path"
	"strings"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/openapi"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// CherryPy is the API of rest_cherrypy. It is a [web.API]. Its fields are set
// once.
type CherryPy struct {
	Calls

	Sessions Sessions
	Perms    func(*session.Session) []byte // the permissions of a session, as JSON
	Tokens   Tokens                        // nil if there are none
	Hooks    Hooks                         // nil if events cannot be fired
	Formats  *format.Decoder
	Traffic  *web.Traffic
	URLs     web.URLs
	ACL      *caller.ACL   // api_acl; nil if there is none
	Waiting  *waiting.Jobs // nil if no request waits for a job
	Returns  Returns       // where jobs are not recorded

	// NoSessions removes /login, /logout, /minions and /jobs, as
	// enable_sessions: False does.
	NoSessions bool

	WebhookURL         string // webhook_url; "" stands for /hook
	WebhookDisableAuth bool   // webhook_disable_auth
	StatsDisableAuth   bool   // stats_disable_auth
}

var _ web.API = (*CherryPy)(nil)

// Mount adds the routes.
func (s *CherryPy) Mount(m *web.Mux) {
	m = m.With(web.Errors(WriteError), web.Identify(s.Resolver.Identifies))
	get := func(pattern string, h web.Handler) { m.Get(pattern, web.Acceptable(h)) }
	post := func(pattern string, h web.Handler) { m.Handle(http.MethodPost, pattern, web.Acceptable(h)) }

	get("/", s.welcome)
	post("/", s.post)
	get("/run", s.welcome)
	post("/run", s.runChunks)
	get("/token", s.welcome)
	post("/token", s.token)
	get("/keys", s.keys)
	get("/keys/{mid}", s.keys)
	m.Handle(http.MethodPost, "/keys", s.makeKeys)
	get("/stats", s.stats)
	m.Handle(http.MethodGet, "/openapi.yaml", description)
	if !s.NoSessions {
		get("/login", s.pleaseLogIn)
		post("/login", s.login)
		post("/logout", s.logout)
		get("/minions", s.minions)
		get("/minions/{mid}", s.minions)
		post("/minions", s.startJobs)
		get("/jobs", s.jobs)
		get("/jobs/{jid}", s.jobs)
		get("/jobs/{jid}/{timeout}", s.jobs) // the timeout has no effect, as in salt-api
		post("/jobs", s.post)
	}
	hook := path.Clean("/" + cmp.Or(s.WebhookURL, "hook"))
	post(hook, s.hook)
	post(hook+"/*", s.hook)
}

// description answers GET /openapi.yaml.
func description(x *web.Exchange, _ *http.Request) error {
	x.WriteBody("application/yaml", http.StatusOK, openapi.Document())
	return nil
}

// endpoint returns the name of a request's path in the table of package role.
func (s *CherryPy) endpoint(r *http.Request) string {
	pattern := web.Pattern(r)
	hook := path.Clean("/" + s.WebhookURL)
	if rest, ok := strings.CutPrefix(pattern, hook); s.WebhookURL != "" && ok && (rest == "" || rest == "/*") {
		return "/hook" + rest
	}
	return pattern
}

// authorize requires a valid credential outside of the body. It returns its
// caller, and the authority, which must be released.
func (s *CherryPy) authorize(x *web.Exchange, r *http.Request) (*caller.Caller, lowstate.Authority, func(), error) {
	return s.Resolver.Authorize(x, r, caller.CredentialsOf(r), s.endpoint(r))
}
