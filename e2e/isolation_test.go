package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"saltern/e2e/rig"
)

// TestWrongLoginsCostOthersNothing keeps twenty wrong logins in PAM, which
// holds each for two seconds, and meanwhile asks as users who are right. How
// much slower those are is only reported: tests assert no times.
func TestWrongLoginsCostOthersNothing(t *testing.T) {
	const wrongLogins = 20
	eachRelease(t, func(t *testing.T, r *rig.Rig) {
		delayFailures(t, r)
		users := map[string]string{rig.User: goodPing, rig.ReadOnly: goodPing}
		right := func() (took []time.Duration) {
			for user, chunk := range users {
				began := time.Now()
				a := post(t, r, rig.Chunk(user, chunk))
				took = append(took, time.Since(began))
				require.Equal(t, http.StatusOK, a.Status, a.Body)
				require.Equal(t, goodPingAnswer, a.Body)
			}
			return took
		}
		var before, during []time.Duration
		for range 10 {
			before = append(before, right()...)
		}

		var wrong sync.WaitGroup
		var answered atomic.Int32
		answers := make([]rig.Answer, wrongLogins)
		errs := make([]error, wrongLogins)
		for i := range wrongLogins {
			wrong.Go(func() {
				defer answered.Add(1)
				body := fmt.Sprintf(`[{"eauth": "pam", "username": "guesser-%d", "password": "wrong", %s}]`, i, goodPing)
				answers[i], errs[i] = r.Post(t.Context(), r.WSGI, body)
			})
		}
		for answered.Load() < wrongLogins {
			during = append(during, right()...)
		}
		wrong.Wait()
		for i := range wrongLogins {
			require.NoError(t, errs[i])
			require.Equal(t, http.StatusUnauthorized, answers[i].Status)
			require.Equal(t, said(textWrong), answers[i].Body)
		}
		// The wrong ones take five rounds in their four slots. A user who had to
		// wait for one of them would get one answer a round.
		require.Greater(t, len(during), 10, "right answers while wrong logins were in PAM")
		t.Logf("right users: median %v before, %v (%d requests) while %d wrong logins were held",
			median(before), median(during), len(during), wrongLogins)
	})
}

// delayFailures has the rig's PAM service hold every failure for two seconds,
// until the test ends.
func delayFailures(t *testing.T, r *rig.Rig) {
	t.Helper()
	file := filepath.Join(r.PAMDir(), rig.PAMService)
	service, err := os.ReadFile(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.WriteFile(file, service, 0o600)) })
	delay := []byte("auth optional pam_faildelay.so delay=2000000\n")
	require.NoError(t, os.WriteFile(file, append(delay, service...), 0o600))
}

func median(of []time.Duration) time.Duration {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2].Round(time.Millisecond)
}
