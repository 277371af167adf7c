package gateway

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]bool{"on": false, "off": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := settings.Default()
			set.StateDir = t.TempDir()
			set.Audit.Off = off
			set.Audit.Arguments = true
			g := &Gateway{config: &config.Config{Settings: set}}
			reg := prometheus.NewRegistry()
			require.NoError(t, g.openAudit(reg))
			g.audit.Write(t.Context(), audit.OfToken(issuer.Event{What: issuer.Issued}))
			options, lines := g.auditOptions(), "1"
			if off {
				require.Equal(t, server.AuditOptions{}, options)
				lines = "0"
			} else {
				require.Equal(t, server.AuditOptions{Log: g.audit, Arguments: true}, options)
			}
			g.Close()
			n, err := testutil.GatherAndCount(reg)
			require.NoError(t, err)
			require.Equal(t, 3, n)
			require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP saltern_audit_lines_total Lines written to the audit log.
# TYPE saltern_audit_lines_total counter
saltern_audit_lines_total `+lines+`
`), "saltern_audit_lines_total"))
			if off {
				require.NoDirExists(t, filepath.Join(set.StateDir, "audit"))
			}
		})
	}
}
