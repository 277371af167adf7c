package gateway

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// walkVariable is how many requests a process of [TestWalk] sends.
const walkVariable = "SALTERN_WALK"

// TestWalk counts the functions that each POST / with a pam chunk goes through, by
// package:
//
//	go test ./e2e/gateway -run TestWalk -v -covermode=atomic -coverpkg=./...
//
// It is what a process that sends 21 requests has executed at least 20 times more
// often than one that sends a single request. So neither the start nor what is done
// once is counted.
func TestWalk(t *testing.T) {
	if testing.CoverMode() == "" {
		t.Skip("it is for -covermode=atomic -coverpkg=./...")
	}
	if n, err := strconv.Atoi(os.Getenv(walkVariable)); err == nil {
		walk(t, n)
		return
	}
	dir := t.TempDir()
	once := executions(t, filepath.Join(dir, "once"), 1)
	often := executions(t, filepath.Join(dir, "often"), 21)
	profile := bytes.NewBufferString("mode: set\n")
	for _, block := range slices.Sorted(maps.Keys(often)) {
		walked := 0
		if often[block]-once[block] >= 20 {
			walked = 1
		}
		fmt.Fprintf(profile, "%s %d\n", block, walked)
	}
	file := filepath.Join(dir, "walked")
	require.NoError(t, os.WriteFile(file, profile.Bytes(), 0o600))
	functions, err := exec.CommandContext(t.Context(), "go", "tool", "cover", "-func="+file).Output()
	require.NoError(t, err)

	packages := make(map[string][]string)
	line := regexp.MustCompile(`^github\.com/[^/]+/[^/]+/(.*)/[^/]+\.go:\d+:\s+(\S+)\s+(\d+\.\d)%$`)
	for l := range strings.Lines(string(functions)) {
		m := line.FindStringSubmatch(strings.TrimSpace(l))
		if m != nil && m[3] != "0.0" && !isOfTests(m[1]) {
			packages[m[1]] = append(packages[m[1]], m[2])
		}
	}
	total := 0
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		total += len(packages[pkg])
		t.Logf("%3d %s: %s", len(packages[pkg]), pkg, strings.Join(packages[pkg], " "))
	}
	t.Logf("%d functions in %d packages", total, len(packages))
	require.NotZero(t, total)
}

// walk sends n requests to a gateway.
func walk(t *testing.T, n int) {
	t.Helper()
	g := start(t, options{})
	body := fmt.Sprintf(`[{"client": "local", "tgt": "*", "fun": "test.ping", "eauth": "pam", "username": %q, "password": %[1]q}]`, env.User)
	for range n {
		a := g.ask(t, g.Main, envtest.Request{Body: body})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
	}
}

// executions returns how often a process that sends n requests executes each block.
func executions(t *testing.T, profile string, n int) map[string]int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWalk$", "-test.coverprofile="+profile)
	cmd.Env = append(os.Environ(), walkVariable+"="+strconv.Itoa(n))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(profile)
	require.NoError(t, err)
	counts := make(map[string]int)
	for l := range strings.Lines(string(text)) {
		block, count, ok := cutLast(strings.TrimSpace(l))
		if !ok {
			continue
		}
		counts[block], err = strconv.Atoi(count)
		require.NoError(t, err)
	}
	return counts
}

// cutLast cuts a line of a profile before its last number. ok is false for the first
// line.
func cutLast(line string) (before, last string, ok bool) {
	i := strings.LastIndexByte(line, ' ')
	if i < 0 || strings.HasPrefix(line, "mode:") {
		return "", "", false
	}
	return line[:i], line[i+1:], true
}

// isOfTests reports whether a package is none of the gateway's.
func isOfTests(pkg string) bool {
	return strings.HasPrefix(pkg, "e2e/") || strings.HasSuffix(pkg, "test") || strings.HasPrefix(pkg, "saltmaster/sandbox")
}
