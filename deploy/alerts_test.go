package deploy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The rules have the form that Prometheus wants; package e2e finds each figure
// that they ask for on a gateway.
func TestAlerts(t *testing.T) {
	t.Parallel()
	f, err := os.Open("alerts.yml")
	require.NoError(t, err)
	defer f.Close() //nolint:errcheck // it was only read
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	require.NoError(t, d.Decode(&rules))
	require.Len(t, rules.Groups, 1)
	require.NotEmpty(t, rules.Groups[0].Rules)
	seen := make(map[string]bool)
	for _, r := range rules.Groups[0].Rules {
		require.Regexp(t, `^Saltern[A-Z]\w+$`, r.Alert)
		require.False(t, seen[r.Alert], r.Alert)
		seen[r.Alert] = true
		require.Regexp(t, `saltern_|^up\{`, r.Expr)
		for _, pair := range []string{"()", "{}", "[]"} {
			require.Equal(t, strings.Count(r.Expr, pair[:1]), strings.Count(r.Expr, pair[1:]), r.Alert)
		}
		if r.For != "" {
			_, err := time.ParseDuration(r.For)
			require.NoError(t, err, r.Alert)
		}
		require.Contains(t, []string{"info", "warning", "critical"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		for _, label := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"], -1) {
			sums := strings.Contains(r.Expr, "sum")
			require.True(t, !sums || strings.Contains(r.Expr, "by ("+label[1]+")"), "%s: no label %s is left", r.Alert, label[1])
		}
	}
}
