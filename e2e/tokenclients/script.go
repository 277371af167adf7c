package tokenclients

import (
	"cmp"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The script that the manual has its readers run, as it stands there.
//
//go:embed seed.sh
var script string

// What its readers put in place of their own.
const (
	scriptServer  = "https://ssc-gateway.mgmt.cloud.vmware.com"
	scriptConsole = "https://console.cloud.vmware.com"
	scriptToken   = "<api-token>"
)

// Said is what the script has come to.
type Said struct {
	Access string // $BEARER_TOKEN
	XSRF   string // $XSRFTOKEN
	Answer string // what its last command printed
}

// Script runs the manual's script with an API token. Nothing of it is changed
// but the two URLs and the token; a line behind it prints its variables.
func (s Site) Script(t *testing.T, token string) Said {
	t.Helper()
	for _, program := range []string{"bash", "curl", "grep", "awk"} {
		if _, err := exec.LookPath(program); err != nil {
			lacking(t, "there is no "+program+" here")
		}
	}
	for _, part := range []string{scriptServer, scriptConsole, scriptToken} {
		require.Equal(t, 1, strings.Count(script, part), part)
	}
	text := strings.NewReplacer(scriptServer, s.URL, scriptConsole, cmp.Or(s.Console, s.URL), scriptToken, token).Replace(script)
	file := filepath.Join(t.TempDir(), "script") // no token in anybody's arguments
	const variables = `printf '\n%s\n%s' "$BEARER_TOKEN" "$XSRFTOKEN"` + "\n"
	require.NoError(t, os.WriteFile(file, []byte(text+variables), 0o600))
	cmd := s.command(t, "bash", file)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "%s", errs.String())
	lines := strings.Split(string(out), "\n")
	require.GreaterOrEqual(t, len(lines), 3, "%s\n%s", out, errs.String())
	n := len(lines) - 2
	return Said{Answer: strings.Join(lines[:n], "\n"), Access: lines[n], XSRF: lines[n+1]}
}
