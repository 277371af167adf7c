package jobs

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

// Bounds of reading the records over HTTP.
const (
	maxReaders = 16 // at once
	timeout    = 20 * time.Second
)

// Records reads the records, for all listeners. It is safe for concurrent use.
type Records struct {
	reader records.Reader
	slots  chan struct{}
}

// NewRecords returns a Records that reads from a store.
func NewRecords(reader records.Reader) *Records {
	return &Records{reader: reader, slots: make(chan struct{}, maxReaders)}
}

// settler is a reader that may wait before each read. Settled waits once for all those
// after it, which the reader that it returns does.
type settler interface {
	Settled(ctx context.Context) records.Reader
}

// read calls f with the store, at most maxReaders at once, of which none waits for what
// is about to be recorded. Errors are for the client, and an [records.ErrNotFound] is
// returned as it is.
func (s *Records) read(ctx context.Context, f func(ctx context.Context, from records.Reader) error) error {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	from := s.reader
	if settles, ok := from.(settler); ok {
		from = settles.Settled(within)
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-within.Done():
		return &web.Error{Status: http.StatusServiceUnavailable, Text: "Too many read the records", Err: within.Err()}
	}
	err := f(within, from)
	if ctx.Err() == nil && within.Err() != nil && err != nil {
		return &web.Error{Status: http.StatusServiceUnavailable, Text: "Reading the records takes too long", Err: err}
	}
	if bad, ok := errors.AsType[*records.InvalidError](err); ok {
		return web.InvalidParam(paramOf(bad.Field), bad.Why)
	}
	if errors.Is(err, records.ErrUnavailable) {
		return &web.Error{Status: http.StatusServiceUnavailable,
			Text: "The records cannot be reached now; commands run all the same", Err: err}
	}
	return err
}

func errNoJob() error {
	return &web.Error{Status: http.StatusNotFound, Text: "There is no such job"}
}

func errNoReturn() error {
	return &web.Error{Status: http.StatusNotFound, Text: "The job has no such minion"}
}
