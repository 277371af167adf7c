package apitoken_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
)

// awayStore is a store that does not respond. Only the calls of a check are
// implemented: any other call ends the test.
type awayStore struct{ apitoken.Store }

func (awayStore) PutDocument(context.Context, string, apitoken.Document) (apitoken.Document, error) {
	return apitoken.Document{}, apitoken.ErrUnavailable
}

// calls are all calls that need a response.
func calls(s apitoken.Store) map[string]func(ctx context.Context) error {
	var hash apitoken.Hash
	now := time.Now()
	return map[string]func(ctx context.Context) error{
		"Create":        func(ctx context.Context) error { return s.Create(ctx, apitoken.Issue{}) },
		"Lookup":        func(ctx context.Context) error { _, err := s.Lookup(ctx, hash); return err },
		"Get":           func(ctx context.Context) error { _, err := s.Get(ctx, "id"); return err },
		"List":          func(ctx context.Context) error { _, _, err := s.List(ctx, apitoken.Query{}); return err },
		"Consume":       func(ctx context.Context) error { _, err := s.Consume(ctx, hash, now); return err },
		"Renew":         func(ctx context.Context) error { _, err := s.Renew(ctx, "id", apitoken.Renewal{}); return err },
		"Revoke":        func(ctx context.Context) error { _, err := s.Revoke(ctx, "id", apitoken.Revocation{}); return err },
		"Touch":         func(ctx context.Context) error { return s.Touch(ctx, "id", apitoken.Use{}) },
		"CountExpiring": func(ctx context.Context) error { _, err := s.CountExpiring(ctx, now, now); return err },
		"Sweep":         func(ctx context.Context) error { _, err := s.Sweep(ctx, now, 0); return err },
		"PutDocument": func(ctx context.Context) error {
			_, err := s.PutDocument(ctx, "roles", apitoken.Document{Key: "k"})
			return err
		},
		"Document":       func(ctx context.Context) error { _, err := s.Document(ctx, "roles", "k"); return err },
		"Documents":      func(ctx context.Context) error { _, err := s.Documents(ctx, "roles", "", 1); return err },
		"DeleteDocument": func(ctx context.Context) error { return s.DeleteDocument(ctx, "roles", "k") },
		"Once":           func(ctx context.Context) error { _, err := s.Once(ctx, "k", time.Hour); return err },
		"Again":          func(ctx context.Context) error { return s.UndoOnce(ctx, "k") },
		"AddFailure":     func(ctx context.Context) error { _, err := s.AddFailure(ctx, "k", time.Hour); return err },
		"Failures":       func(ctx context.Context) error { _, err := s.Failures(ctx, "k"); return err },
		"ClearFailures":  func(ctx context.Context) error { return s.ClearFailures(ctx, "k") },
	}
}

func newPepper(t *testing.T) *apitoken.Pepper {
	t.Helper()
	p, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	return p
}

// No call reaches a store that has not been checked.
func TestCheckedWhileAway(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := apitoken.NewChecked(awayStore{}, newPepper(t), slog.New(slog.NewTextHandler(&log, nil)))
	for name, call := range calls(s) {
		require.ErrorIs(t, call(t.Context()), eauth.ErrUnavailable, name)
	}
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "said once: %s", log.String())
}

// Nor a store with tokens of another pepper.
func TestCheckedOtherPepper(t *testing.T) {
	t.Parallel()
	store := memory.New()
	require.NoError(t, apitoken.CheckPepper(t.Context(), store, newPepper(t)))
	s := apitoken.NewChecked(store, newPepper(t), slog.New(slog.DiscardHandler))
	require.ErrorIs(t, s.Check(t.Context()), apitoken.ErrPepper)
	for name, call := range calls(s) {
		err := call(t.Context())
		require.ErrorIs(t, err, apitoken.ErrPepper, name)
		require.ErrorIs(t, err, apitoken.ErrUnavailable, name)
	}
	require.NoError(t, s.Close())
}

// comingStore responds again after some checks.
type comingStore struct {
	apitoken.Store
	away atomic.Int32
}

func (s *comingStore) PutDocument(ctx context.Context, collection string, d apitoken.Document) (apitoken.Document, error) {
	if s.away.Add(-1) >= 0 {
		return d, apitoken.ErrUnavailable
	}
	return s.Store.PutDocument(ctx, collection, d)
}

func TestCheckedComesBack(t *testing.T) {
	t.Parallel()
	inner := &comingStore{Store: memory.New()}
	inner.away.Store(2)
	var log bytes.Buffer
	s := apitoken.NewChecked(inner, newPepper(t), slog.New(slog.NewTextHandler(&log, nil)))
	for range 2 {
		require.ErrorIs(t, s.Check(t.Context()), apitoken.ErrUnavailable)
	}
	_, err := s.Get(t.Context(), apitoken.NewID())
	require.ErrorIs(t, err, apitoken.ErrNotFound, "the store was asked")
	require.Contains(t, log.String(), "answers now")
	for name, call := range calls(s) {
		require.NotErrorIs(t, call(t.Context()), apitoken.ErrUnavailable, name)
	}
	require.NoError(t, s.Close())
}

// A watcher notices by itself that the store is back.
func TestCheckedWatch(t *testing.T) {
	t.Parallel()
	inner := &comingStore{Store: memory.New()}
	var log bytes.Buffer
	s := apitoken.NewChecked(inner, newPepper(t), slog.New(slog.NewTextHandler(&log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for n := range s.Watch(ctx) {
		require.True(t, n.Recheck)
		break
	}
	require.Negative(t, inner.away.Load(), "it was checked")
}

// A canceled check has no result, and is not logged.
func TestCheckedCanceled(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := apitoken.NewChecked(awayStore{}, newPepper(t), slog.New(slog.NewTextHandler(&log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, s.Check(ctx))
	require.Empty(t, log.String())
}
