package envtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// Patience is how long a test waits for what must happen on a busy machine.
const Patience = 60 * time.Second

// JSON is the media type of most requests.
const JSON = "application/json"

// Request is a request; what is left out is a POST of JSON to /.
type Request struct {
	Method string
	Path   string
	Kind   string // Content-Type; "-" is none
	Body   string
	Header map[string]string
}

// Send sends a request to one of the gateway's base URLs.
func Send(t *testing.T, r *env.Env, base string, q Request) env.Answer {
	t.Helper()
	a, err := q.Send(t.Context(), r, base)
	require.NoError(t, err)
	return a
}

// Aimed is a request with the base URL that it is for.
type Aimed struct {
	Request
	Base string
}

// SendAll sends many requests, some at a time, and returns their answers in
// order.
func SendAll(t *testing.T, r *env.Env, qs []Aimed) []env.Answer {
	t.Helper()
	return SendSome(t, r, qs, 16)
}

// SendSome is SendAll with so many at a time.
func SendSome(t *testing.T, r *env.Env, qs []Aimed, atOnce int) []env.Answer {
	t.Helper()
	answers, errs := make([]env.Answer, len(qs)), make([]error, len(qs))
	var next atomic.Int64
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(qs)); i = next.Add(1) - 1 {
				answers[i], errs[i] = qs[i].Send(t.Context(), r, qs[i].Base)
			}
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	return answers
}

// Send sends it to one of the gateway's base URLs.
func (q Request) Send(ctx context.Context, r *env.Env, base string) (env.Answer, error) {
	if q.Method == "" {
		q.Method = http.MethodPost
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.Method, base+"/"+q.Path, strings.NewReader(q.Body))
	if err != nil {
		return env.Answer{}, err
	}
	switch q.Kind {
	case "":
		req.Header.Set("Content-Type", JSON)
	case "-":
	default:
		req.Header.Set("Content-Type", q.Kind)
	}
	for name, value := range q.Header {
		req.Header.Set(name, value)
	}
	return r.Do(req)
}

// TextBody is the body of an answer that is one text.
func TextBody(text string) string { return `{"return": ` + strconv.Quote(text) + `}` }

// ErrorBody is the body of an answer that is an error. Where salt-api has an HTML
// page the main surface has the status too; rest_wsgi has none.
func ErrorBody(surface string, status int, text string) string {
	if surface == "main" {
		return fmt.Sprintf(`{"status": %d, "return": %s}`, status, strconv.Quote(text))
	}
	return TextBody(text)
}

// Surfaces are the gateway's two listeners.
func Surfaces(r *env.Env) map[string]string { return map[string]string{"wsgi": r.WSGI, "main": r.Main} }

// Quoted is text as JSON.
func Quoted(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	require.NoError(t, err)
	return string(b)
}

// Sum adds up a family's counters or gauges that have all of the labels, which
// are written name=value.
func (m Metrics) Sum(name string, labels ...string) float64 {
	var total float64
	for _, one := range m[name].GetMetric() {
		have := make(map[string]bool)
		for _, l := range one.GetLabel() {
			have[l.GetName()+"="+l.GetValue()] = true
		}
		fits := true
		for _, l := range labels {
			fits = fits && have[l]
		}
		if fits {
			total += one.GetCounter().GetValue() + one.GetGauge().GetValue()
		}
	}
	return total
}
