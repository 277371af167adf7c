package mint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/internal/redact"
)

// retryPause is how long a token whose removal failed is left alone.
const retryPause = time.Second

// remove removes the pendingRemoval tokens from the store. It is called after whatever
// may have pendingRemoval one, without Mint.mu, and does its work although the request
// at whose end it runs may have ended.
func (m *Mint) remove(ctx context.Context) {
	m.mu.Lock()
	tokens := m.pendingRemoval
	m.pendingRemoval = nil
	if !time.Now().Before(m.retryAt) {
		tokens = append(tokens, m.failed...)
		m.failed = nil
	}
	m.mu.Unlock()
	if len(tokens) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := m.removeAll(ctx, tokens); err != nil {
		m.log.WarnContext(ctx, "tokens that are not needed any more could not be removed; trying again later", slog.Any("err", err))
	}
}

// removeAll removes tokens and keeps those that it could not remove. The error
// is the first one.
func (m *Mint) removeAll(ctx context.Context, tokens []string) error {
	var failed []string
	var first error
	for _, token := range tokens {
		if err := m.store.Remove(ctx, token); err != nil {
			failed = append(failed, token)
			if first == nil {
				first = redact.Error(err, token)
			}
		}
	}
	if first == nil {
		return nil
	}
	m.mu.Lock()
	m.failed = append(m.failed, failed...)
	m.retryAt = time.Now().Add(retryPause)
	m.mu.Unlock()
	return fmt.Errorf("remove %d of %d tokens: %w", len(failed), len(tokens), first)
}

// Close removes all tokens that the mint wrote, those in use too, once the
// writes on their way have ended. Grants are worth nothing afterwards. The
// error, which may be ctx's, says that tokens are left.
func (m *Mint) Close(ctx context.Context) error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	err := m.wait(ctx)

	m.mu.Lock()
	tokens := slices.Concat(m.pendingRemoval, m.failed)
	m.pendingRemoval, m.failed = nil, nil
	for t := range m.live {
		tokens = append(tokens, t.value)
	}
	clear(m.live)
	m.mu.Unlock()
	return errors.Join(err, m.removeAll(ctx, tokens))
}

// wait waits for the calls of the store that run on their own. They have a
// time limit each, so the goroutine that waits ends too.
func (m *Mint) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		m.calls.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for tokens being written: %w", ctx.Err())
	}
}
