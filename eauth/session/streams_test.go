package session

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
)

// The goroutine whose last stream has gone may be at its round still when the
// next stream begins another one: then two look at the same tokens. It is for
// the race detector.
func TestTwoRoundsAtOnce(t *testing.T) {
	t.Parallel()
	for name, round := range map[string]func(*streams, context.Context){"local": (*streams).round, "remote": (*streams).remoteRound} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const tokens = remoteAtOnce
			var mu sync.Mutex
			looks := make(map[string]int)
			find := func(_ context.Context, token string) (eauth.Token, bool, error) {
				mu.Lock()
				defer mu.Unlock()
				looks[token]++
				return eauth.Token{}, true, nil
			}
			s := newStreams(find, func() bool { return false })
			for i := range tokens {
				forget := s.add(fmt.Sprint("token", i), time.Now().Add(time.Hour), func(error) {})
				defer forget()
			}
			var rounds sync.WaitGroup
			for range 2 {
				rounds.Go(func() {
					for range 50 {
						round(s, t.Context())
					}
				})
			}
			rounds.Wait()
			require.Len(t, looks, tokens)
			for _, n := range looks {
				require.Equal(t, 100, n)
			}
		})
	}
}
