package server

import (
	"net/http"
	"sync"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/web"
)

// openStreams bounds how many event streams there are at once of each user, of
// each session or token, and how many of a user's have a view of the jobs and
// minions, which takes memory. It holds what is open now.
type openStreams struct {
	limits  settings.Events
	metrics *metrics

	mu       sync.Mutex
	users    map[sharedUser]int
	views    map[sharedUser]int
	sessions map[string]int
}

func newOpenStreams(limits settings.Events, m *metrics) *openStreams {
	return &openStreams{
		limits: limits, metrics: m,
		users: make(map[sharedUser]int), views: make(map[sharedUser]int), sessions: make(map[string]int),
	}
}

// open takes a place for a stream. The error is a refusal.
func (o *openStreams) open(x *exchange, sess *session.Session, view bool) (done func(), err error) {
	user, key := sharedUser{sess.Eauth, sess.User}, sessionKey(x, sess)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.users[user] >= o.limits.StreamsPerUser:
		return nil, o.refuse("user", "Too many event streams are open for this user")
	case o.sessions[key] >= o.limits.StreamsPerSession:
		return nil, o.refuse("session", "Too many event streams are open for this session or token")
	case view && o.views[user] >= o.limits.ViewsPerUser:
		return nil, o.refuse("view", "Too many formatted event streams are open for this user")
	}
	o.users[user]++
	o.sessions[key]++
	if view {
		o.views[user]++
	}
	return sync.OnceFunc(func() { o.close(user, key, view) }), nil
}

func (o *openStreams) close(user sharedUser, key string, view bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	leave(o.users, user)
	leave(o.sessions, key)
	if view {
		leave(o.views, user)
	}
}

func leave[K comparable](counts map[K]int, k K) {
	if counts[k]--; counts[k] == 0 {
		delete(counts, k)
	}
}

func (o *openStreams) refuse(bound, text string) error {
	o.metrics.streams.WithLabelValues(bound).Inc()
	return &web.Error{Status: http.StatusTooManyRequests, Text: text}
}

// sessionKey tells sessions and tokens apart.
func sessionKey(x *exchange, sess *session.Session) string {
	switch {
	case x.acting != nil:
		return "token " + x.acting.TokenID
	case sess.ID != "":
		return "session " + sess.ID
	}
	return "salt " + sess.Token
}
