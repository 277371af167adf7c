package differential

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/saltern-api/saltern/e2e/envtest"
)

// httpRules are the rows of the list that are about many answers at once. Each
// makes of salt-api's answer the one that Saltern has to give, or drops from
// both what is not compared any further; it reports whether there was something
// to do.
var httpRules = map[string]func(q httpStep, api, ours *httpSeen) bool{
	"H1": errorText,
	"H2": func(_ httpStep, api, _ *httpSeen) bool {
		return drop(api, "Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers")
	},
	"H3": sessionCookie,
	"H4": func(_ httpStep, api, ours *httpSeen) bool {
		return api.status == http.StatusUnauthorized && ours.status == api.status &&
			api.headers["Www-Authenticate"] == "" && expect(ours, "Www-Authenticate", "Session")
	},
	"H5": func(_ httpStep, api, _ *httpSeen) bool {
		return api.status != http.StatusMethodNotAllowed && drop(api, "Allow")
	},
	"H6": func(_ httpStep, api, ours *httpSeen) bool {
		return drop(api, "Server") && expect(ours, "Server", "Saltern") && expect(ours, "X-Request-Id", "ID")
	},
	"H7": cacheControl,
	"H8": func(_ httpStep, api, _ *httpSeen) bool { return drop(api, "Event-Credentials") },
	"H9": func(_ httpStep, _, ours *httpSeen) bool { return drop(ours, "Event-Id") },
	"H10": func(_ httpStep, api, _ *httpSeen) bool {
		was := api.body
		if strings.Contains(was, `"return": "Welcome"`) {
			api.body = strings.Replace(was, `"destroy", `, "", 1)
		}
		return api.body != was
	},
	"H39": func(_ httpStep, _, ours *httpSeen) bool {
		return strings.HasPrefix(ours.headers["Location"], "/v1/jobs/") && drop(ours, "Location")
	},
}

// errorText is the row about error pages: what stands in salt-api's is the
// text of an object, in the form that the client accepts.
func errorText(q httpStep, api, ours *httpSeen) bool {
	if api.status < 400 || api.media != "text/html" && api.media != "text/plain" {
		return false
	}
	text := strings.TrimSpace(api.body)
	if strings.HasPrefix(text, "The server encountered an unexpected condition") {
		text = "An unexpected error occurred"
	}
	status, text := `"status": `+strconv.Itoa(api.status), `"return": `+strconv.Quote(text)
	api.media = envtest.JSON
	api.body = "{" + status + ", " + text + "}"
	if ours.media == asYAML && slices.Contains(q.headers, "Accept: "+asYAML) {
		api.media = asYAML
		api.body = "{" + text + ", " + status + "}"
	}
	if q.method == http.MethodHead {
		api.body = ""
	}
	return true
}

// sessionCookie is the row about cookies. Those of Saltern are out of reach of
// scripts and other websites.
func sessionCookie(q httpStep, api, ours *httpSeen) bool {
	path, _, _ := strings.Cut(q.path, "?")
	path = strings.TrimSuffix(path, "/")
	signs := q.method == http.MethodPost && (path == "/login" || path == "/logout")
	dropped := (!signs || api.status != http.StatusOK) && drop(api, "Set-Cookie")
	safe, ok := strings.CutSuffix(ours.headers["Set-Cookie"], " HttpOnly Secure SameSite")
	if ok && signs {
		ours.headers["Set-Cookie"] = safe
	}
	return dropped || ok
}

// cacheControl is the row about Cache-Control: an error may have any, and
// other answers one that is no laxer.
func cacheControl(_ httpStep, api, ours *httpSeen) bool {
	theirs, our := api.headers["Cache-Control"], ours.headers["Cache-Control"]
	if theirs == our {
		return false
	}
	stricter := strings.Contains(our, "no-store") || our == "private" && theirs == ""
	if !stricter && ours.status < 400 {
		return false
	}
	drop(api, "Cache-Control")
	drop(ours, "Cache-Control")
	return true
}

func drop(v *httpSeen, names ...string) (dropped bool) {
	for _, name := range names {
		dropped = dropped || v.headers[name] != ""
		delete(v.headers, name)
	}
	return dropped
}

// expect drops a header that has to be there and to have this value. Otherwise
// it spoils the answer.
func expect(v *httpSeen, name, value string) bool {
	if v.headers[name] != value {
		v.headers[name] = "not " + value
		return false
	}
	return drop(v, name)
}

// shownRules counts how often each rule had something to do.
type shownRules struct {
	mu  sync.Mutex
	ids map[string]int
}

func (s *shownRules) apply(q httpStep, api, ours *httpSeen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = make(map[string]int)
	}
	for id, rule := range httpRules {
		if rule(q, api, ours) {
			s.ids[id]++
		}
	}
}
