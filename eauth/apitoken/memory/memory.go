package memory

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/internal/local"
)

// Store is a token store in memory.
type Store struct {
	hub      local.Hub
	failures *local.Failures

	mu        sync.RWMutex
	tokens    map[string]*apitoken.Issue // by id
	byHash    map[apitoken.Hash]string
	documents map[place]apitoken.Document
	version   int64 // the last one that was given to a document
	once      map[string]time.Time
}

// place is the key of a document.
type place struct{ collection, key string }

var _ apitoken.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		failures:  local.NewFailures(),
		tokens:    make(map[string]*apitoken.Issue),
		byHash:    make(map[apitoken.Hash]string),
		documents: make(map[place]apitoken.Document),
		once:      make(map[string]time.Time),
	}
}

// Watch yields changes.
func (s *Store) Watch(ctx context.Context) iter.Seq[apitoken.Notice] { return s.hub.Watch(ctx) }

// Close does nothing.
func (s *Store) Close() error { return nil }
