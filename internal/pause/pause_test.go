package pause_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/pause"
)

func TestFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d, ends, want time.Duration // ends: when the context does
		err           error
	}{
		"a time":                  {time.Minute, time.Hour, time.Minute, nil},
		"the context ends":        {time.Hour, time.Minute, time.Minute, context.DeadlineExceeded},
		"the context has ended":   {time.Hour, 0, 0, context.DeadlineExceeded},
		"no time":                 {0, time.Minute, 0, nil},
		"a time that is over":     {-time.Second, time.Minute, 0, nil},
		"no time, and it is over": {0, 0, 0, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.ends)
				defer cancel()
				began := time.Now()
				require.Equal(t, c.err, pause.For(ctx, c.d))
				require.Equal(t, c.want, time.Since(began))
			})
		})
	}
}
