package callbacks

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// arriving records a job when it is waited for.
type arriving struct {
	store  records.Store
	job    records.Job
	waited []string
}

func (a *arriving) Recorded(ctx context.Context, jid string, _ time.Duration, _ func(records.Job) bool) error {
	a.waited = append(a.waited, jid)
	_, err := a.store.Put(ctx, records.Batch{Jobs: []records.Job{a.job}})
	return err
}

// A job of a moment ago is waited for until it is recorded, whoever may see it.
func TestJobOfAMomentAgo(t *testing.T) {
	t.Parallel()
	jid := strings.Replace(time.Now().UTC().Format("20060102150405.000000"), ".", "", 1)
	for name, c := range map[string]struct {
		jid, user string
		status    int
		waited    bool
	}{
		"the caller's":     {jid, "saltdev", http.StatusCreated, true},
		"of another user":  {jid, "admin", http.StatusNotFound, true},
		"an old one":       {"20251129000054248604", "saltdev", http.StatusNotFound, false},
		"no jid":           {"x", "saltdev", http.StatusNotFound, false},
		"one that is kept": {jidOfSaltdev, "saltdev", http.StatusCreated, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var later *arriving
			g := newEnv(t, func(g *env) {
				later = &arriving{store: g.store, job: records.Job{JID: c.jid, User: c.user, Eauth: "pam", Client: "local", Fun: "test.ping"}}
				g.Waiting = later
			})
			w := g.send(t, http.MethodPost, "/v1/callbacks", `{"jid": "`+c.jid+`", "destination": "ci"}`, saltdev)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Equal(t, c.waited, len(later.waited) > 0)
		})
	}
}
