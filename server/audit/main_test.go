package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain also runs the child processes of tests.
func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		child(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// openLog opens a log in a directory of its own.
func openLog(t *testing.T, change func(*Options)) *Log {
	t.Helper()
	o := Options{File: filepath.Join(t.TempDir(), "audit", "audit.jsonl")}
	if change != nil {
		change(&o)
	}
	l, err := Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// note writes entries with these request ids.
func note(l *Log, requests ...string) {
	for _, id := range requests {
		l.Write(context.Background(), Entry{Event: Command, Outcome: OK, User: "ops", RequestID: id})
	}
}

// ids returns the requests of entries, or the event of an entry without one.
func ids(t *testing.T, entries []json.RawMessage) []string {
	t.Helper()
	all := []string{}
	for _, text := range entries {
		var e Entry
		require.NoError(t, json.Unmarshal(text, &e), string(text))
		if e.RequestID == "" {
			e.RequestID = fmt.Sprint(e.Event, " ", e.Count)
		}
		all = append(all, e.RequestID)
	}
	return all
}

// all returns everything that matches, over pages of any size.
func all(t *testing.T, f finder, path string, q Query) []json.RawMessage {
	t.Helper()
	entries, err := pages(f, path, q)
	require.NoError(t, err)
	return entries
}

func pages(f finder, path string, q Query) (entries []json.RawMessage, err error) {
	const many = 100000
	for range many {
		page, err := f.find(context.Background(), path, q)
		if err != nil {
			return nil, err
		}
		entries = append(entries, page.Entries...)
		if !page.More {
			return entries, nil
		}
		q.After = page.Next
	}
	return nil, errors.New("it has no end")
}

var normal = finder{block: readBlock, scan: maxScan}

func (l *Log) found(t *testing.T, q Query) []string {
	t.Helper()
	return ids(t, all(t, normal, l.opts.File, q))
}

func numbers(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

// files returns the names in the log's directory.
func (l *Log) files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(l.opts.File))
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimPrefix(e.Name(), "audit.jsonl"))
	}
	return names
}
