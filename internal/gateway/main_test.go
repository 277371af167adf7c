package gateway

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/gateway/config"
)

func TestMain(m *testing.M) {
	if os.Getenv(childMaster) != "" {
		if err := runChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// testConfig returns a configuration with its state in a directory of its own,
// and a listener on a free loopback port. master is the text of the master's
// file.
func testConfig(t *testing.T, master, settings string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(master), 0o600))
	file := filepath.Join(dir, "saltern.yaml")
	if !strings.Contains(settings, "admin") {
		settings += "admin: {listen: 'off'}\n"
	}
	require.NoError(t, os.WriteFile(file, []byte("state_dir: "+dir+"/state\n"+settings), 0o600))
	c, err := config.Load(config.Files{MasterDir: dir, Settings: file})
	require.NoError(t, err)
	return c
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(b, nil)) }
