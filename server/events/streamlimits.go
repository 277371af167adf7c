package events

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Limits bounds the number of concurrent event streams of each user, and of
// each session or token, and how many of a user's streams have a view of the
// jobs and minions, which takes memory. It counts the open streams.
type Limits struct {
	limits  settings.Events
	refused *prometheus.CounterVec

	mu       sync.Mutex
	users    map[sharedUser]int
	views    map[sharedUser]int
	sessions map[string]int
}

// NewLimits returns the bounds, and registers the count of refused streams.
func NewLimits(limits settings.Events, reg prometheus.Registerer) *Limits {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_event_streams_refused_total",
		Help: "Event streams refused, by bound: those of a user, of a session or token, or of a user's formatted ones.",
	}, []string{"bound"})
	for _, bound := range []string{"user", "session", "view"} {
		refused.WithLabelValues(bound)
	}
	reg.MustRegister(refused)
	return &Limits{
		limits: limits, refused: refused,
		users: make(map[sharedUser]int), views: make(map[sharedUser]int), sessions: make(map[string]int),
	}
}

// Open reserves a stream of another API. The error is a *web.Error.
func (o *Limits) Open(sender *caller.Caller) (done func(), err error) { return o.open(sender, false) }

// open reserves a stream. The error is a *web.Error.
func (o *Limits) open(sender *caller.Caller, view bool) (done func(), err error) {
	user, key := sharedUserOf(sender), sender.Key()
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

func (o *Limits) close(user sharedUser, key string, view bool) {
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

func (o *Limits) refuse(bound, text string) error {
	o.refused.WithLabelValues(bound).Inc()
	return &web.Error{Status: http.StatusTooManyRequests, Text: text}
}
