package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/audit"
)

// read runs the command audit and returns the requests of the printed lines,
// and its standard error.
func (w *world) read(args ...string) (requests, said string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	require.NoError(w.t, auditCommand(w.t.Context(), append(args, w.flags...), stdio{&out, &errs}))
	for _, m := range regexp.MustCompile(`"request_id":"(\w+)"`).FindAllStringSubmatch(out.String(), -1) {
		requests += m[1]
	}
	require.Equal(w.t, len(requests), strings.Count(out.String(), "\n"))
	return requests, errs.String()
}

// openAudit opens the log as a gateway does.
func (w *world) openAudit() *audit.Log {
	w.t.Helper()
	l, err := audit.Open(audit.Options{File: w.auditPath(), MaxSize: 1 << 20, Keep: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(w.t, err)
	return l
}

func (w *world) auditPath() string { return filepath.Join(w.state, "audit", "audit.jsonl") }

func TestAuditCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.openAudit()
	for i, id := range strings.Split("abcdefghij", "") {
		l.Write(t.Context(), audit.Entry{
			Time: time.Now().Add(time.Duration(i-10) * time.Hour), Event: audit.Command, Outcome: audit.OK,
			User: fmt.Sprint("user", i%2), RequestID: id,
		})
	}
	require.NoError(t, l.Close())
	for args, want := range map[string]string{
		"":                            "abcdefghij",
		"--newest":                    "jihgfedcba",
		"--limit 3":                   "hij",
		"--limit 3 --newest":          "jih",
		"--limit 0":                   "abcdefghij",
		"--limit 0 --newest":          "jihgfedcba",
		"--user user1":                "bdfhj",
		"--user user1 --limit 2":      "hj",
		"--since 150m":                "ij",
		"--since 150m --until 90m":    "i",
		"--request c":                 "c",
		"--event command --outcome x": "",
		"--token a --client b":        "",
		"--fun test.ping --limit 0":   "",
	} {
		got, said := w.read(strings.Fields(args)...)
		require.Equal(t, want, got, args)
		require.Empty(t, said)
	}

	for _, args := range []string{"--limit -1", "--limit 100001", "--newest --follow", "everything", "--color", "--until 5"} {
		require.ErrorIs(t, auditCommand(t.Context(), append(strings.Fields(args), w.flags...), stdio{}), errUsage, args)
	}
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		var out bytes.Buffer
		require.NoError(t, auditCommand(t.Context(), args, stdio{out: &out}))
		require.Equal(t, auditUsage, out.String())
	}

	f, err := os.OpenFile(w.auditPath(), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("half a line\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	got, said := w.read("--limit", "1")
	require.Equal(t, "j", got)
	require.Equal(t, "saltern: 1 lines are damaged and were passed over\n", said)
}

// follower is the output of a command that follows the log.
type follower chan string

func (f follower) Write(p []byte) (int, error) {
	f <- string(p)
	return len(p), nil
}

func TestAuditFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.openAudit()
	note := func(id string) {
		l.Write(t.Context(), audit.Entry{Event: audit.Login, Outcome: audit.OK, User: "ops", RequestID: id})
	}
	note("a")
	note("b")
	for _, limit := range []string{"1", "0"} {
		ctx, cancel := context.WithCancel(t.Context())
		out, ended := make(follower, 10), make(chan error, 1)
		go func() {
			ended <- auditCommand(ctx, append([]string{"--follow", "--limit", limit, "--user", "ops"}, w.flags...), stdio{out, out})
		}()
		if limit == "0" {
			require.Contains(t, <-out, `"a"`)
		}
		require.Contains(t, <-out, `"b"`)
		if limit == "0" {
			require.Contains(t, <-out, `"c1"`)
		}
		l.Write(t.Context(), audit.Entry{Event: audit.Login, Outcome: audit.OK, User: "other"})
		note("c" + limit)
		require.Contains(t, <-out, `"c`+limit+`"`)
		cancel()
		require.NoError(t, <-ended)
	}
	require.NoError(t, l.Close())
}
