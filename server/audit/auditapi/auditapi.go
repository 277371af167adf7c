package auditapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Log finds entries of the audit log. *audit.Log is one.
type Log interface {
	Find(ctx context.Context, q audit.Query) (audit.Page, error)
}

var _ Log = (*audit.Log)(nil)

// Rights returns which callers may read the audit log. *issuer.Service is one.
type Rights interface {
	May(ctx context.Context, c issuer.Caller, p role.Permission) error
}

var _ Rights = (*issuer.Service)(nil)

// Callers identifies the caller of a request. *caller.Resolver is one.
type Callers interface {
	Caller(x *web.Exchange, r *http.Request, all []caller.Credential) (*caller.Caller, error)
}

var _ Callers = (*caller.Resolver)(nil)

// Bounds of reading the audit log over HTTP.
const (
	maxReaders = 2 // at once
	timeout    = 20 * time.Second
)

// Reader reads the audit log, for all listeners. It is safe for concurrent use.
type Reader struct {
	log   Log // nil without a log
	slots chan struct{}
}

// NewReader returns a Reader of log, which may be nil.
func NewReader(log Log) *Reader {
	return &Reader{log: log, slots: make(chan struct{}, maxReaders)}
}

// Find is [Log].Find, with at most maxReaders at once. Errors are those of an API: a 404
// where there is no log.
func (a *Reader) Find(ctx context.Context, q audit.Query) (audit.Page, error) {
	if a.log == nil {
		return audit.Page{}, &web.Error{Status: http.StatusNotFound, Text: "The audit log is off"}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done():
		return audit.Page{}, &web.Error{Status: http.StatusServiceUnavailable, Text: "Too many read the audit log", Err: ctx.Err()}
	}
	page, err := a.log.Find(ctx, q)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return page, &web.Error{Status: http.StatusServiceUnavailable, Text: "Reading the audit log takes too long", Err: err}
	case errors.Is(err, audit.ErrInvalid):
		return page, issuer.Errorf(issuer.Invalid, "%w", err)
	}
	return page, err
}

// API is GET /v1/audit. It is a [web.API]. Its fields are set once.
type API struct {
	Reader  *Reader
	Rights  Rights
	Callers Callers
}

var _ web.API = (*API)(nil)

// Mount adds the API's route.
func (a *API) Mount(m *web.Mux) {
	m.Get("/v1/audit", a.read, web.Wrap(web.Acceptable))
}

// read answers GET /v1/audit. Reading the log is itself logged, but once for all
// pages: otherwise a reader would never reach its end.
func (a *API) read(x *web.Exchange, r *http.Request) error {
	sender, err := a.Callers.Caller(x, r, caller.CredentialsOf(r))
	if err != nil {
		return err
	}
	x.Header().Set("Cache-Control", "no-store")
	if err := a.Rights.May(r.Context(), sender.Issuer(), role.AuditRead); err != nil {
		return err
	}
	q, err := auditQuery(r, time.Now())
	if err != nil {
		return err
	}
	page, err := a.Reader.Find(r.Context(), q)
	if err != nil {
		return err
	}
	if q.After == "" {
		audit.Of(x).Note(audit.Entry{Event: audit.ReadLog})
	}
	answer := struct {
		Entries []json.RawMessage `json:"entries"`
		Next    string            `json:"next,omitempty"`
		Damaged int               `json:"damaged,omitempty"`
	}{Entries: page.Entries, Damaged: page.Damaged}
	if page.More {
		answer.Next = page.Next
	}
	if page.Entries == nil {
		answer.Entries = []json.RawMessage{}
	}
	x.WriteJSON(http.StatusOK, web.JSON(answer))
	return nil
}

// auditQuery reads the parameters of GET /v1/audit. Errors are for the client.
func auditQuery(r *http.Request, now time.Time) (audit.Query, error) {
	var q audit.Query
	for name, values := range r.URL.Query() {
		var err error
		switch value := values[0]; name {
		case "since":
			q.Since, err = audit.ParseTime(value, now)
		case "until":
			q.Until, err = audit.ParseTime(value, now)
		case "user":
			q.User = value
		case "token":
			q.Token = value
		case "event":
			q.Event = value
		case "outcome":
			q.Outcome = value
		case "request":
			q.Request = value
		case "client_request":
			q.ClientRequest = value
		case "client":
			q.Client = value
		case "fun":
			q.Fun = value
		case "after":
			q.After = value
		case "limit":
			q.Limit, err = strconv.Atoi(value)
		case "order":
			if q.Oldest = value == "oldest"; !q.Oldest && value != "newest" {
				err = errors.New("newest or oldest")
			}
		default:
			err = errors.New("there is no such parameter")
		}
		if len(values) > 1 {
			err = errors.New("it is there twice")
		}
		if err != nil {
			return q, issuer.Errorf(issuer.Invalid, "%.80q: %w", name, err)
		}
	}
	return q, nil
}
