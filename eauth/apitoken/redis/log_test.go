package redis

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := newLogger(slog.New(slog.NewTextHandler(&out, nil)))
		lines := func() int { return strings.Count(out.String(), "\n") }
		for n := range 100 {
			l.Printf(t.Context(), "no dial: %d", n)
		}
		require.Equal(t, 1, lines())
		require.Contains(t, out.String(), `message="no dial: 0"`)
		l.Printf(t.Context(), "another")
		require.Equal(t, 2, lines())
		time.Sleep(logEvery)
		l.Printf(t.Context(), "no dial: %d", 100)
		require.Equal(t, 3, lines())
		for n := range 10 * logKinds {
			l.due(fmt.Sprint(n), time.Now())
		}
		require.LessOrEqual(t, len(l.logged), logKinds)
	})
}
