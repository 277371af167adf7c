package lowstate

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// grants returns the token "first" and, when renewed, the given ones.
type grants struct {
	again   string
	err     error
	exposed []string
}

func (g *grants) Token(context.Context) (string, error)         { return "first", nil }
func (g *grants) Renew(context.Context, string) (string, error) { return g.again, g.err }
func (g *grants) Exposed(token string)                          { g.exposed = append(g.exposed, token) }
func (g *grants) Release(context.Context)                       {}

func TestWithAuthority(t *testing.T) {
	t.Parallel()
	unavailable := errors.New("store is away")
	for name, tc := range map[string]struct {
		grant   grants
		answers []error // of the master, for one token after the other
		sent    []string
		want    error
	}{
		"known":          {grants{}, []error{nil}, []string{"first"}, nil},
		"refused":        {grants{again: "second"}, []error{saltmaster.ErrUnauthorized}, []string{"first"}, saltmaster.ErrUnauthorized},
		"lost":           {grants{again: "second"}, []error{saltmaster.ErrLost}, []string{"first"}, saltmaster.ErrLost},
		"timed out":      {grants{again: "second"}, []error{saltmaster.ErrTimeout}, []string{"first"}, saltmaster.ErrTimeout},
		"forgotten":      {grants{again: "second"}, []error{saltmaster.ErrUnauthenticated, nil}, []string{"first", "second"}, nil},
		"forgotten anew": {grants{again: "second"}, []error{saltmaster.ErrUnauthenticated, saltmaster.ErrUnauthenticated}, []string{"first", "second"}, saltmaster.ErrUnauthenticated},
		"no other":       {grants{err: eauth.ErrNoToken}, []error{saltmaster.ErrUnauthenticated}, []string{"first"}, saltmaster.ErrUnauthenticated},
		"cannot renew":   {grants{err: unavailable}, []error{saltmaster.ErrUnauthenticated}, []string{"first"}, unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent []string
			err := withGrant(t.Context(), &tc.grant, func(_ context.Context, as proof) error {
				require.Empty(t, as.login)
				sent = append(sent, as.token)
				return tc.answers[len(sent)-1]
			})
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.sent, sent)
		})
	}
}

// commands is a master with one fixed reply.
type commands struct {
	published saltmaster.Published
	err       error
}

func (c commands) Publish(context.Context, saltmaster.Publication) (saltmaster.Published, error) {
	return c.published, c.err
}

func (c commands) Runner(context.Context, saltmaster.RunnerCall) (string, error) { return "", c.err }

func (c commands) Wheel(context.Context, saltmaster.WheelCall) (msgpack.Raw, error) {
	return nil, c.err
}

// The master fires a refused publication on its bus, token included.
func TestRefusedPublicationExposesItsToken(t *testing.T) {
	t.Parallel()
	for err, exposed := range map[error][]string{
		nil:                           nil,
		saltmaster.ErrUnauthorized:    {"first"},
		saltmaster.ErrLost:            nil,
		saltmaster.ErrUnauthenticated: nil,
	} {
		m, g := testMaster(), &grants{err: eauth.ErrNoToken}
		m.Commands = commands{err: err}
		_, got := m.publish(t.Context(), g, saltmaster.Publication{}, &Record{})
		require.ErrorIs(t, got, err)
		require.Equal(t, exposed, g.exposed)
	}
}

// Minions of other masters return too, and are not known before.
func TestOrderMastersWithoutOwnMinions(t *testing.T) {
	t.Parallel()
	p := saltmaster.Published{JID: "20260101000000000001"}
	m := testMaster()
	m.Commands = commands{published: p}
	done, err := m.publish(t.Context(), &grants{}, saltmaster.Publication{}, &Record{})
	require.NoError(t, err)
	require.Empty(t, done.JID, "no minion matched")

	m.OrderMasters = true
	done, err = m.publish(t.Context(), &grants{}, saltmaster.Publication{}, &Record{})
	require.NoError(t, err)
	require.Equal(t, p.JID, done.JID)
}

func TestReturners(t *testing.T) {
	t.Parallel()
	m := testMaster()
	require.Equal(t, "mysql", m.returners("mysql"))
	m.ExtJobCache = "redis"
	require.Equal(t, "redis", m.returners(""))
	require.Equal(t, "mysql,redis", m.returners("mysql"))
}

// Clients see nothing of unexpected errors.
func TestFailure(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		kind Kind
		text string
	}{
		{saltmaster.ErrUnauthenticated, Unauthenticated, textUnauthenticated},
		{saltmaster.ErrUnauthorized, Unauthorized, textUnauthorized},
		{saltmaster.ErrDown, Unavailable, textMasterDown},
		{saltmaster.ErrLost, Unavailable, textConnectionBroken},
		{saltmaster.ErrTimeout, Timeout, textMessageTimedOut},
		{context.DeadlineExceeded, Timeout, textMessageTimedOut},
		{eauth.ErrBusy, Unavailable, "Too many logins at once."},
		{eauth.ErrUnavailable, Unavailable, "Authentication is not available."},
		{errors.Join(eauth.ErrUnavailable, saltmaster.ErrTimeout), Timeout, textMessageTimedOut},
		{&saltmaster.RefusedError{Name: "SaltInvocationError", Message: "Check syntax."}, BadRequest, "Check syntax."},
		{&saltmaster.RefusedError{Message: "Some exception handling minion payload"}, Internal, textUnexpected},
		{errors.New("open /secret: permission denied"), Internal, textUnexpected},
	} {
		e, ok := errors.AsType[*Error](failure(tc.err))
		require.True(t, ok)
		require.Equal(t, tc.kind, e.Kind, "%v", tc.err)
		require.Equal(t, tc.text, e.Text, "%v", tc.err)
		require.ErrorIs(t, e, tc.err)
		require.Contains(t, e.Error(), tc.err.Error(), "the log has it all")
	}
	require.ErrorIs(t, failure(context.Canceled), context.Canceled)
	own := badRequest("chunk 0: tgt is missing")
	require.Same(t, own, failure(own))
	require.Equal(t, own.Text, own.Error())
}

func TestSilentMinionsThatAreNotConnected(t *testing.T) {
	t.Parallel()
	m := testMaster()
	m.NotConnected = func(ids []string) map[string]bool {
		require.Equal(t, []string{"gone"}, ids)
		return map[string]bool{"gone": true}
	}
	job := &localJob{Master: m, pub: saltmaster.Publication{JID: "20260101000000000001"}, expect: true}
	w := newWait(job, nil, nil, saltmaster.Published{Minions: []string{"gone", "here"}})
	w.pending.remove("here")
	require.NoError(t, w.results.add("here", result{ret: msgpack.InMemory(msgpack.AppendBool(nil, true))}))
	require.JSONEq(t, `{"here": true, "gone": "Minion did not return. [Not connected]"}`, string(w.answer().JSON()))
}

// Minions behind syndics are named by events; that syndics themselves are silent is no news.
func TestMinionsOfSyndics(t *testing.T) {
	t.Parallel()
	const jid = "20260101000000000001"
	silent := textNoResponse + jid
	for expect, want := range map[bool]map[string]any{
		true:  {"low-0": true, "dead-0": silent, "ghost": silent, "below": false},
		false: {"low-0": true, "ghost": silent, "below": false},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := testMaster()
			m.OrderMasters, m.SyndicWait = true, 5*time.Second
			m.IsSyndic = func(id string) bool { return id == "below" }
			job := &localJob{
				Master: m, pub: saltmaster.Publication{JID: jid}, expect: expect, timeout: 5 * time.Second, gather: 10 * time.Second,
			}
			w := newWait(job, nil, nil, saltmaster.Published{JID: jid, Minions: []string{"below"}, Missing: []string{"ghost", "low-0"}})
			require.Equal(t, 5*time.Second, time.Until(w.othersUntil()))
			for _, ev := range []eventbus.Event{
				{Tag: "syndic/below/" + jid, Data: mastertest.JSON(`{"minions": ["low-0", "dead-0", 7]}`)},
				{Tag: "salt/job/" + jid + "/ret/low-0", Data: mastertest.JSON(`{"id": "low-0", "return": true, "jid": "` + jid + `"}`)},
			} {
				require.NoError(t, w.event(t.Context(), ev))
			}
			require.Equal(t, []string{"below", "dead-0"}, w.sortedPending())
			var got map[string]any
			require.NoError(t, json.Unmarshal(w.answer().JSON(), &got))
			require.Equal(t, want, got)
		})
	}
}

// As long as no minion is known, a whole round is waited for the first one.
func TestSlowSyndics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := testMaster()
		m.OrderMasters, m.SyndicWait = true, 5*time.Second
		w := newWait(&localJob{Master: m, timeout: 5 * time.Second, gather: 10 * time.Second}, nil, nil, saltmaster.Published{})
		require.Equal(t, 20*time.Second, time.Until(w.othersUntil()))
		w.announced(eventbus.Event{Data: mastertest.JSON(`{"minions": ["low-0"]}`)})
		require.Equal(t, 5*time.Second, time.Until(w.othersUntil()))
	})
}
