package mint

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/internal/redact"
)

// write is one call of the store that writes a token, for which any number of
// requests wait.
type write struct {
	groups  []string
	waiters int           // guarded by Mint.mu
	done    chan struct{} // closed, under Mint.mu, when token and err are set
	token   *token
	err     error
}

// start begins a write for p. Mint.mu is held. forgotten means that the master
// did not accept the last token: one was removed by hand, or the master has
// changed and may not accept any of ours now.
func (m *Mint) start(ctx context.Context, o owner, p *place, groups []string, forgotten bool) {
	wr := &write{groups: groups, done: make(chan struct{})}
	p.write = wr
	m.calls.Go(func() {
		// The write is for all requests that wait, and its result must be
		// recorded: it does not stop with the request that began it.
		ctx := context.WithoutCancel(ctx)
		if forgotten {
			m.usable.doubt()
		}
		t, err := m.call(ctx, o, groups, 0)
		m.finish(p, wr, t.Value, t.Expire, err)
		m.remove(ctx)
	})
}

func (m *Mint) call(ctx context.Context, o owner, groups []string, life time.Duration) (eauth.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	t, err := m.store.Write(ctx, o.user, o.eauth, groups, life)
	switch {
	case err != nil:
		return t, fmt.Errorf("write a token: %w", redact.Error(err, t.Value))
	case t.Value == "":
		return t, errors.New("write a token: the store returned none")
	case !time.Now().Before(t.Expire):
		return t, errors.New("write a token: it has expired already")
	}
	return t, nil
}

// finish stores the written token in its place.
func (m *Mint) finish(p *place, wr *write, value string, expire time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer close(wr.done)
	p.write = nil
	if err == nil && m.closed {
		err = errClosed
	}
	if err != nil {
		wr.err = err
		if value != "" {
			m.pendingRemoval = append(m.pendingRemoval, value)
		}
		return
	}

	t := &token{value: value, groups: wr.groups, renewAt: renewal(time.Now(), expire), refs: wr.waiters}
	m.live[t] = struct{}{}
	wr.token = t
	if p.gone {
		m.scheduleRemoval(t) // used by the requests that wait for it, but not kept
		return
	}
	m.scheduleRemoval(p.token)
	p.token = t
}

// renewal returns when a token is replaced: five minutes before it expires, or
// in the last tenth of its life if that is shorter.
func renewal(now, expire time.Time) time.Time {
	return expire.Add(-min(expire.Sub(now)/10, 5*time.Minute))
}

// abandon ends the wait of one request for a write.
func (m *Mint) abandon(ctx context.Context, wr *write) {
	m.mu.Lock()
	select {
	case <-wr.done: // at the same moment: the token has one use counted
		m.mu.Unlock()
		if wr.token != nil {
			m.release(ctx, wr.token)
		}
	default:
		wr.waiters--
		m.mu.Unlock()
	}
}
