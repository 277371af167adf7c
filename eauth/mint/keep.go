package mint

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// keep writes a token that is the user's own to keep. Like every write it does
// not end with the request, and where it fails it leaves nothing behind.
func (m *Mint) keep(ctx context.Context, o owner, groups []string, life time.Duration) (eauth.Token, error) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return eauth.Token{}, errClosed
	}
	m.calls.Add(1)
	m.mu.Unlock()
	defer m.calls.Done()

	t, err := m.call(context.WithoutCancel(ctx), o, groups, life)
	if err == nil {
		return t, nil
	}
	if t.Value != "" {
		m.mu.Lock()
		m.pendingRemoval = append(m.pendingRemoval, t.Value)
		m.mu.Unlock()
		m.remove(ctx)
	}
	return eauth.Token{}, err
}
