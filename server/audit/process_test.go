package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Another process writes to the file in childEnv, in the way of wayEnv.
const (
	childEnv = "SALTERN_TEST_AUDIT_FILE"
	wayEnv   = "SALTERN_TEST_AUDIT_WAY"
)

// childSize makes the children rotate often.
const childSize = 20000

func child(path string) {
	way := os.Getenv(wayEnv)
	l, err := Open(Options{
		File: path, MaxSize: childSize, Keep: 10000,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err == nil {
		if way == "full" {
			err = untilFull(l)
		} else {
			writeAway(l, way)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// toBeKilled begins the name of a child that writes until it is killed.
const toBeKilled = "killed-"

// writeAway writes entries and prints the id of each that is written.
func writeAway(l *Log, name string) {
	const many = 3000
	for i := 0; i < many || strings.HasPrefix(name, toBeKilled); i++ {
		id := fmt.Sprint(name, i)
		note(l, id)
		if _, err := fmt.Fprintln(os.Stdout, id); err != nil {
			return
		}
	}
}

// start starts a child.
func start(t *testing.T, path, way string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path, wayEnv+"="+way)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, out
}

// A process that is killed at any moment has written what it has reported, and
// later writers are not disturbed.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var told []string
	for i, after := range []int{1, 150, 700, 1600} {
		cmd, out := start(t, path, fmt.Sprint(toBeKilled, i, "-"))
		n := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			told = append(told, lines.Text())
			if n++; n == after {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait())
		require.GreaterOrEqual(t, n, after)
	}
	requireEach(t, path, told, 4)
}

// requireEach requires each request once, and besides them at most more that
// were not reported: each of these may be a torn line, as the kernel may stop the
// write of a process that is killed where two pages meet. The files contain nothing
// else.
func requireEach(t *testing.T, path string, want []string, more int) {
	t.Helper()
	page, err := Find(t.Context(), path, Query{Oldest: true, Limit: MaxLimit})
	require.NoError(t, err)
	require.True(t, page.More)
	got := ids(t, all(t, normal, path, Query{Oldest: true, Limit: MaxLimit}))
	slices.Sort(got)
	require.Len(t, slices.Compact(slices.Clone(got)), len(got), "no line is there twice")
	for _, id := range want {
		_, found := slices.BinarySearch(got, id)
		require.True(t, found, id)
	}
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Greater(t, len(files), 3, "it was rotated")
	var torn []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if line != "\n" && !json.Valid([]byte(line)) { // for a moment another process's line may look torn
				torn = append(torn, fmt.Sprintf("%s: %q", name, line))
			}
		}
	}
	require.LessOrEqual(t, len(got)+len(torn), len(want)+more, torn)
}

// Processes that write to the same files and rotate them do not lose or tear
// each other's lines.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var told []string
	var running []*exec.Cmd
	var outs []io.Reader
	for i := range 2 {
		cmd, out := start(t, path, fmt.Sprint("child-", i, "-"))
		running, outs = append(running, cmd), append(outs, out)
	}
	l, err := Open(Options{File: path, MaxSize: childSize, Keep: 10000})
	require.NoError(t, err)
	own := numbers("own-", 500)
	note(l, own...)
	require.NoError(t, l.Close())
	for i, cmd := range running {
		text, err := io.ReadAll(outs[i])
		require.NoError(t, err)
		told = append(told, strings.Fields(string(text))...)
		require.NoError(t, cmd.Wait())
	}
	require.Len(t, told, 6000)
	requireEach(t, path, append(told, own...), 0)
}

// untilFull writes to a file with a size limit, as on a full disk, and again
// when there is room.
func untilFull(l *Log) error {
	signal.Ignore(syscall.SIGXFSZ)
	const most = 10000
	limit := unix.Rlimit{Cur: most, Max: unix.RLIM_INFINITY}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for i := range 200 {
		note(l, fmt.Sprint("r", i))
	}
	if s := l.Stats(); s.Lost == 0 || s.Written == 0 || s.Lost+s.Written != 200 {
		return fmt.Errorf("on a full disk: %+v", s)
	}
	limit.Cur = unix.RLIM_INFINITY
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	note(l, "again")
	page, err := l.Find(context.Background(), Query{Limit: 3})
	if err != nil {
		return err
	}
	for _, text := range page.Entries {
		fmt.Fprintln(os.Stdout, string(text))
	}
	return nil
}

// A full disk blocks nothing: lines are lost, which is reported, and writing
// goes on when there is room again.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path, wayEnv+"=full")
	var told strings.Builder
	cmd.Stderr = &told
	out, err := cmd.Output()
	require.NoError(t, err, told.String())
	var entries []json.RawMessage
	for line := range strings.Lines(string(out)) {
		entries = append(entries, json.RawMessage(line))
	}
	got := ids(t, entries)
	require.Len(t, got, 3)
	require.Regexp(t, `^lost \d+$`, got[0])
	require.Equal(t, "again", got[1])
	require.Regexp(t, `^r\d+$`, got[2])

	logged := strings.Split(strings.TrimSpace(told.String()), "\n")
	require.Len(t, logged, 2, "once, and once that it is over: %s", told.String())
	require.Contains(t, logged[0], "the audit log cannot be written")
	require.Contains(t, logged[0], "file too large")
	require.Contains(t, logged[1], "is written again")
	require.Contains(t, logged[1], strings.Replace(got[0], " ", "=", 1))
}
