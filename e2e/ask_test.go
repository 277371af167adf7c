package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// patience is how long a test waits for what must happen on a busy machine.
const patience = 60 * time.Second

const asJSON = "application/json"

// asked is a request; what is left out is a POST of JSON to /.
type asked struct {
	method string
	path   string
	kind   string // Content-Type; "-" is none
	body   string
	header map[string]string
}

// ask sends a request to one of the gateway's base URLs.
func ask(t *testing.T, r *env.Env, base string, q asked) env.Answer {
	t.Helper()
	a, err := q.send(t.Context(), r, base)
	require.NoError(t, err)
	return a
}

// aimed is a request with the base URL that it is for.
type aimed struct {
	asked
	base string
}

// askAll sends many requests, some at a time, and returns their answers in
// order.
func askAll(t *testing.T, r *env.Env, qs []aimed) []env.Answer {
	t.Helper()
	return askSome(t, r, qs, 16)
}

// askSome is askAll with so many at a time.
func askSome(t *testing.T, r *env.Env, qs []aimed, atOnce int) []env.Answer {
	t.Helper()
	answers, errs := make([]env.Answer, len(qs)), make([]error, len(qs))
	var next atomic.Int64
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(qs)); i = next.Add(1) - 1 {
				answers[i], errs[i] = qs[i].send(t.Context(), r, qs[i].base)
			}
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	return answers
}

func (q asked) send(ctx context.Context, r *env.Env, base string) (env.Answer, error) {
	if q.method == "" {
		q.method = http.MethodPost
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, base+"/"+q.path, strings.NewReader(q.body))
	if err != nil {
		return env.Answer{}, err
	}
	switch q.kind {
	case "":
		req.Header.Set("Content-Type", asJSON)
	case "-":
	default:
		req.Header.Set("Content-Type", q.kind)
	}
	for name, value := range q.header {
		req.Header.Set(name, value)
	}
	return r.Do(req)
}

// said is the body of an answer that is one text.
func said(text string) string { return `{"return": ` + strconv.Quote(text) + `}` }

// refused is the body of an answer that is an error. Where salt-api has an HTML
// page the main surface tells the status too; rest_wsgi has none.
func refused(surface string, status int, text string) string {
	if surface == "main" {
		return fmt.Sprintf(`{"status": %d, "return": %s}`, status, strconv.Quote(text))
	}
	return said(text)
}

// surfaces are the gateway's two listeners.
func surfaces(r *env.Env) map[string]string { return map[string]string{"wsgi": r.WSGI, "main": r.Main} }

// dial opens a plain connection to one of the gateway's base URLs, which ends
// with the test.
func dial(t *testing.T, base string) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(base, "://")
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

// quoted is text as JSON.
func quoted(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	require.NoError(t, err)
	return string(b)
}

// metrics is what /metrics shows.
type metrics map[string]*dto.MetricFamily

// scrape reads /metrics, which must be of the form that Prometheus takes.
func scrape(t *testing.T, r *env.Env) metrics {
	t.Helper()
	a := ask(t, r, r.Admin, asked{method: http.MethodGet, path: "metrics", kind: "-"})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.Body))
	require.NoError(t, err)
	return families
}

// sum adds up a family's counters or gauges that have all of the labels, which
// are written name=value.
func (m metrics) sum(name string, labels ...string) float64 {
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

// authentications is how often any backend was asked about credentials.
func authentications(t *testing.T, r *env.Env) float64 {
	t.Helper()
	return scrape(t, r).sum("saltern_auth_results_total")
}

// masterOf speaks to the env's master past the gateway.
func masterOf(t *testing.T, r *env.Env) *saltmaster.Client {
	t.Helper()
	pool := zmtp.NewPool(zmtp.Options{Network: "tcp", Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(r.RetPort()))})
	c := saltmaster.New(pool, saltmaster.Options{})
	t.Cleanup(func() {
		c.Close()
		pool.Close()
	})
	return c
}

func tokenDir(r *env.Env) string { return filepath.Join(r.CacheDir(), "tokens") }

func tokensOf(t *testing.T, r *env.Env) tokenstore.Store {
	s := tokenstore.Store{Dir: tokenDir(r), HashType: "sha256"}
	if is3008(t) {
		s.Layout = tokenstore.Enveloped
	}
	return s
}

// tokenFiles lists everything in the master's token folder.
func tokenFiles(t *testing.T, r *env.Env) []string {
	t.Helper()
	if _, err := os.Stat(tokenDir(r)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fileNames(t, tokenDir(r))
}

// fileNames lists a folder.
func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// added are the elements of now that before has not.
func added(before, now []string) []string {
	known := make(map[string]bool)
	for _, s := range before {
		known[s] = true
	}
	var more []string
	for _, s := range now {
		if !known[s] {
			more = append(more, s)
		}
	}
	return more
}

// inJobCache tells whether the master has published or run a job.
func inJobCache(t *testing.T, r *env.Env, jid string) bool {
	t.Helper()
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	_, err := os.Stat(filepath.Join(r.CacheDir(), "jobs", digest[:2], digest[2:]))
	if err != nil {
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	return err == nil
}
