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

// retryPause is how long the mint waits before it retries a failed removal.
const retryPause = time.Second

// remove removes the tokens in pendingRemoval from the store. It is called,
// without Mint.mu, after every operation that may have added one, and is not
// stopped by the end of the request's context.
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

// removeAll removes tokens and records those that it could not remove. The
// error is the first one.
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

// Close removes all tokens that the mint wrote, including those in use, once
// the writes in progress have ended. Grants are useless afterwards. The error,
// which may be ctx's, means that tokens are left.
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

// wait waits for the calls of the store in their own goroutines. Each has a
// time limit, so the goroutine that waits ends too.
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
