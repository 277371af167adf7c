package tokenclients

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Govcd is the program in the folder govcd, which uses go-vcloud-director.
type Govcd struct{ program string }

// BuildGovcd builds it, as make does, with what other tests compile of the standard library.
func BuildGovcd(t *testing.T) Govcd {
	t.Helper()
	g := Govcd{program: filepath.Join(t.TempDir(), "govcd")}
	compile := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", g.program, ".")
	compile.Dir = filepath.Join(top(t), "e2e", "tokenclients", "govcd")
	if out, err := compile.CombinedOutput(); err != nil {
		lacking(t, "go-vcloud-director cannot be built here: "+string(out))
	}
	return g
}

// Run goes through the life of a token and of a service account. The user may
// do everything. Where ping is a minion, each token has it answer test.ping.
func (g Govcd) Run(t *testing.T, s Site, user, password, org, ping string) {
	t.Helper()
	out, err := s.command(t, g.program, "-url", s.URL, "-user", user, "-password", password, "-org", org, "-ping", ping).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
