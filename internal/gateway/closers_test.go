package gateway

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// The last opened is closed first, each once, even if one fails.
func TestClosers(t *testing.T) {
	t.Parallel()
	failed := errors.New("the disk is full")
	for name, c := range map[string]struct {
		fails  string // the one that cannot be closed
		logged string
	}{
		"all good":   {},
		"the first":  {"a", "a: the disk is full"},
		"in between": {"b", "b: the disk is full"},
		"the last":   {"c", "c: the disk is full"},
	} {
		var all closers
		var closed string
		for _, name := range []string{"a", "b", "c"} {
			all.add(name, func() error {
				closed += name
				if name == c.fails {
					return failed
				}
				return nil
			})
		}
		all.addFunc("d", func() { closed += "d" })
		var log logBuffer
		all.close(log.logger())
		require.Equal(t, "dcba", closed, name)
		require.Contains(t, log.String(), c.logged, name)
		require.Equal(t, c.logged == "", log.String() == "", name)
		all.close(log.logger())
		require.Equal(t, "dcba", closed, "%s: not again", name)
	}
}
