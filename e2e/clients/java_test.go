package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// javaClient is the folder into which make test-clients has built java/.
func javaClient(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SALTERN_JAVA_CLIENT")
	if dir == "" {
		t.Skip("SALTERN_JAVA_CLIENT is not set, so SUSE's Java client is not tested (make test-clients builds it and sets the variable)")
	}
	return dir
}

// Calls of java/, in their order. Those of the websocket need one.
var (
	javaLogin     = []string{"login"}
	javaWebsocket = []string{"events", "callAsync over events", "events of an unknown token"}
	javaCalls     = []string{
		"local", "run", "callAsync", "callAsync without a minion", "batch", "runner", "runner async", "jobs",
		"wheel", "wheel async", "password", "stats", "logout", "wrong password",
	}
)

// TestJava runs the calls of SUSE's salt-netapi-client, see java/.
func TestJava(t *testing.T) {
	dir := javaClient(t)
	eachTarget(t, func(t *testing.T, g target) {
		websocket := !g.api || hasWS4py(t, g.salt)
		want := append([]string(nil), javaLogin...)
		if websocket {
			want = append(want, javaWebsocket...)
		}
		want = append(want, javaCalls...)

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
			"-cp", filepath.Join(dir, "classes")+":"+filepath.Join(dir, "lib", "*"),
			"clients.Main", g.url, env.User, env.User, "PAM", strconv.FormatBool(websocket), strconv.FormatBool(!g.api))
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		require.NoError(t, err, "%s%s", out, errs.String())

		var ran []string
		for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
			var check struct{ Name, Wrong string }
			require.NoError(t, json.Unmarshal(lines.Bytes(), &check), lines.Text())
			ran = append(ran, check.Name)
			t.Run(check.Name, func(t *testing.T) { require.Empty(t, check.Wrong) })
		}
		require.Equal(t, want, ran)
	})
}

// hasWS4py reports whether a virtual environment holds ws4py, without which
// salt-api has no websockets.
func hasWS4py(t *testing.T, salt string) bool {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(salt, "lib/python3*/site-packages/ws4py"))
	require.NoError(t, err)
	return len(found) > 0
}
