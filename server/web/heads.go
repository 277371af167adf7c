package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// requestIDHeader is the header with the id of a request.
const requestIDHeader = "X-Request-Id"

// heads have the headers of responses that wait to be written: most are the same but
// for the id, and are kept once.
type heads struct {
	mu   sync.Mutex
	last http.Header
}

// share returns a copy of a header without the id, which is not to be changed.
func (s *heads) share(h http.Header) http.Header {
	id, had := h[requestIDHeader]
	delete(h, requestIDHeader)
	if had {
		defer func() { h[requestIDHeader] = id }()
	}
	if s == nil {
		return h.Clone()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || !maps.EqualFunc(s.last, h, slices.Equal) {
		s.last = h.Clone()
	}
	return s.last
}

// cuts hang the connections of detached responses up when those are cut short.
type cuts struct {
	mu   sync.Mutex
	open map[*Exchange]struct{}
	over bool
	once sync.Once
}

// add adds a response that ends with the base at the latest.
func (c *cuts) add(base context.Context, x *Exchange) {
	if base == nil {
		return
	}
	c.once.Do(func() { context.AfterFunc(base, c.cut) })
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		go x.hangUp() // over TLS, that writes
		return
	}
	if c.open == nil {
		c.open = make(map[*Exchange]struct{})
	}
	c.open[x] = struct{}{}
}

func (c *cuts) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for x := range c.open {
		go x.hangUp() // over TLS, that writes
	}
}

// remove removes a response that has ended.
func (c *cuts) remove(x *Exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, x)
}
