package envtest

import (
	"net/http"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// Metrics is what /metrics shows.
type Metrics map[string]*dto.MetricFamily

// Scrape reads /metrics, which must be of the form that Prometheus takes.
func Scrape(t *testing.T, r *env.Env) Metrics {
	t.Helper()
	a := Send(t, r, r.Admin, Request{Method: http.MethodGet, Path: "metrics", Kind: "-"})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.Body))
	require.NoError(t, err)
	return families
}

// Authentications is how often credentials were put to any backend.
func Authentications(t *testing.T, r *env.Env) float64 {
	t.Helper()
	return Scrape(t, r).Sum("saltern_auth_results_total")
}
