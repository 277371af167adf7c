package commands

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestLargeReturns asks for returns larger than the master's event bus
// carries. The bus brings the text VALUE_TRIMMED for them, which is what
// salt-api hands out; the gateway reads them from the job cache. The minion
// has to let them through first: it trims by a max_event_size of its own.
func TestLargeReturns(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			largeReturns(t, suite.Own(t, env.Options{Sandbox: sandbox.Options{
				Salt: salt, Minions: envtest.Minions()[:1], WorkerThreads: envtest.FewWorkers, MinionConfig: map[string]any{"max_event_size": 256 << 20},
			}}))
		})
	}
}

func largeReturns(t *testing.T, r *env.Env) {
	sizes := []int{900 << 10, 3 << 20}
	if envtest.Is3008(t) { // 3006 has trouble of its own with events that size
		sizes = append(sizes, 50<<20)
	}
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%d KiB", size>>10), func(t *testing.T) {
			text := strings.Repeat("0123456789abcde\n", size/16)
			file := filepath.Join(t.TempDir(), "large")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))

			a := envtest.Post(t, r, env.Chunk(env.User, fmt.Sprintf(
				`"client": "local", "tgt": "ms--0", "fun": "file.read", "arg": [%q], "timeout": 60`, file)))
			require.Equal(t, http.StatusOK, a.Status, "%.200s", a.Body)
			require.Equal(t, strconv.Itoa(len(a.Body)), a.Header.Get("Content-Length"))
			var answer struct{ Return []map[string]string }
			require.NoError(t, json.Unmarshal([]byte(a.Body), &answer))
			require.Equal(t, sha256.Sum256([]byte(text)), sha256.Sum256([]byte(answer.Return[0]["ms--0"])))
			t.Logf("peak memory of the gateway, race detector included: %d MiB", peakMemory(t, r.PID())>>20)
		})
	}
}

// peakMemory returns the most memory that a process has had, in bytes.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(b), "VmHWM:")
	require.True(t, ok)
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return kib << 10
}
