package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server"
)

func TestNoAuditLog(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	require.NoError(t, os.WriteFile(w.files.Settings, []byte("state_dir: "+w.state+"\naudit: {file: \"off\"}\n"), 0o600))
	c := w.config()
	l, err := openAudit(c, nil)
	require.NoError(t, err)
	require.Nil(t, l)
	require.Equal(t, server.AuditOptions{}, auditOptions(c, l))
	toldTo(l)(t.Context(), issuer.Event{What: issuer.Issued})
	notify, end := auditCommands(c, slog.New(slog.DiscardHandler))
	notify(t.Context(), issuer.Event{What: issuer.Issued})
	end()
	_, err = c.AuditLog()
	require.ErrorContains(t, err, "the audit log is off")
	require.NoDirExists(t, filepath.Join(w.state, "audit"))
}

func TestAuditMetrics(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	l, err := openAudit(w.config(), nil)
	require.NoError(t, err)
	reg := prometheus.NewRegistry()
	registerAuditMetrics(reg, l)
	toldTo(l)(t.Context(), issuer.Event{What: issuer.Issued})
	require.NoError(t, l.Close())
	n, err := testutil.GatherAndCount(reg)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP saltern_audit_lines_total Lines written to the audit log.
# TYPE saltern_audit_lines_total counter
saltern_audit_lines_total 1
`), "saltern_audit_lines_total"))
}
