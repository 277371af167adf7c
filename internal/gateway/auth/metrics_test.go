package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := NewMetrics(registry)
	m.Observe("pam", true, nil)
	m.Observe("pam", false, nil)
	m.Observe("made-up", false, errors.New("broken"))
	m.NotTried("pam", "busy")
	m.NotTried("made-up", "busy")
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP saltern_auth_not_tried_total Authentications refused before any backend tried them, by reason: throttled after wrong ones, or busy with others.
# TYPE saltern_auth_not_tried_total counter
saltern_auth_not_tried_total{backend="master",reason="busy"} 0
saltern_auth_not_tried_total{backend="master",reason="throttled"} 0
saltern_auth_not_tried_total{backend="other",reason="busy"} 1
saltern_auth_not_tried_total{backend="pam",reason="busy"} 1
saltern_auth_not_tried_total{backend="pam",reason="throttled"} 0
# HELP saltern_auth_results_total Authentications by backend and result: ok, refused, or error when it could not be found out.
# TYPE saltern_auth_results_total counter
saltern_auth_results_total{backend="other",result="error"} 1
saltern_auth_results_total{backend="pam",result="ok"} 1
saltern_auth_results_total{backend="pam",result="refused"} 1
`), "saltern_auth_results_total", "saltern_auth_not_tried_total"))

	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
}
