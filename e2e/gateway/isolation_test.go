package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestWrongLoginsCostOthersNothing keeps as many wrong logins in PAM as one
// address may have there, with others queued behind them, and meanwhile asks as
// users who are right: some were so before, and some log in for the first time,
// each from an address of its own. None of them may have to wait for one that is
// wrong. How much slower they are is only reported: tests assert no times.
func TestWrongLoginsCostOthersNothing(t *testing.T) {
	const wrongLogins = 20
	t.Parallel()
	g := start(t, options{})
	held, release := holdGuessers(t, g)
	users := map[string]string{env.User: envtest.GoodPing, env.ReadOnly: envtest.GoodPing}
	right := func() (took []time.Duration) {
		for user, chunk := range users {
			began := time.Now()
			a := g.post(t, env.Chunk(user, chunk))
			took = append(took, time.Since(began))
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			require.Equal(t, envtest.GoodPingAnswer, a.Body)
		}
		return took
	}
	var before, during []time.Duration
	for range 10 {
		before = append(before, right()...)
	}

	var wrong sync.WaitGroup
	var answered atomic.Int32
	answers := make([]env.Answer, wrongLogins)
	errs := make([]error, wrongLogins)
	for i := range wrongLogins {
		wrong.Go(func() {
			defer answered.Add(1)
			body := fmt.Sprintf(`[{"eauth": "pam", "username": "guesser-%d", "password": "wrong", %s}]`, i, envtest.GoodPing)
			answers[i], errs[i] = g.Post(t.Context(), g.WSGI, body)
		})
	}
	require.Eventually(t, func() bool { return held() == 3 }, envtest.Patience, 50*time.Millisecond, "an address may have three")
	var first []time.Duration
	for i := 2; i < 2+10; i++ {
		during = append(during, right()...)
		began := time.Now()
		a, err := postFrom(t, g, g.WSGI, fmt.Sprintf("127.0.0.%d", i%200+2), env.Chunk(env.User, envtest.GoodPing))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		first = append(first, time.Since(began))
	}
	require.Zero(t, answered.Load(), "wrong logins that were let go")
	release()
	wrong.Wait()
	for i := range wrongLogins {
		require.NoError(t, errs[i])
		require.Equal(t, http.StatusUnauthorized, answers[i].Status)
		require.Equal(t, envtest.TextBody(envtest.TextWrong), answers[i].Body)
	}
	t.Logf("right users: median %v before, %v (%d requests) while %d wrong logins were held; first logins: median %v, at most %v (%d)",
		median(before), median(during), len(during), wrongLogins, median(first), slices.Max(first).Round(time.Millisecond), len(first))
}

// postFrom sends a body from another address of this machine.
func postFrom(t *testing.T, g *running, url, from, body string) (env.Answer, error) {
	client, err := g.Client()
	if err != nil {
		return env.Answer{}, err
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := client.Transport.(*http.Transport)
	transport.DisableKeepAlives, transport.DialContext = true, d.DialContext
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return env.Answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return env.Answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	return env.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(text)}, err
}

// TestTheThrottleTellsNothing guesses from another address at the password of a
// user who is active: once it is slowed down there, the right password and a
// wrong one are answered alike, and the user goes on. So it is with eauth pam,
// which is checked by the gateway, and with one that the master checks.
func TestTheThrottleTellsNothing(t *testing.T) {
	t.Parallel()
	g := start(t, options{settings: "auth: {attempts: 1}\n"})
	for i, who := range []struct{ eauth, user, password string }{
		{"pam", env.User, env.User}, {"sharedsecret", sandbox.UserAll, secret},
	} {
		login := func(from, password string) (a env.Answer) {
			a, err := postFrom(t, g, g.Main+"/login", from,
				fmt.Sprintf(`{"eauth": %q, "username": %q, "password": %q}`, who.eauth, who.user, password))
			if err != nil {
				t.Error(err)
			}
			for _, name := range []string{"X-Request-Id", "Date"} {
				a.Header.Del(name)
			}
			return a
		}
		user := fmt.Sprintf("127.0.2.%d", i)
		require.Equal(t, http.StatusOK, login(user, who.password).Status, who.eauth)
		notTried := func() int {
			return int(envtest.Scrape(t, g.Env).Sum("saltern_auth_not_tried_total", "reason=throttled"))
		}
		throttled := false
		for try := 1; try <= 6 && !throttled; try++ {
			// Three guesses at once are let in on a quiet machine, and the address is refused for two seconds
			// after them. On a busy one that may be over too soon: each further try has one more guess,
			// which doubles the time.
			guesser, before := fmt.Sprintf("127.0.3.%d", 10*i+try), notTried()
			var guessing sync.WaitGroup
			for range 3 {
				guessing.Go(func() { login(guesser, "wrong") })
			}
			guessing.Wait()
			for guesses := 3; guesses-(notTried()-before) < try+2; guesses++ {
				login(guesser, "wrong")
			}
			var right, wrong, users env.Answer
			guessing.Go(func() { right = login(guesser, who.password) })
			guessing.Go(func() { wrong = login(guesser, "wrong as well") })
			guessing.Go(func() { users = login(user, who.password) })
			guessing.Wait()
			require.Equal(t, http.StatusUnauthorized, wrong.Status)
			require.Equal(t, http.StatusOK, users.Status, who.eauth)
			if throttled = right.Status == wrong.Status; throttled {
				require.Equal(t, wrong, right, who.eauth)
			}
		}
		require.True(t, throttled, who.eauth)
	}
}

// holdGuessers has the env's PAM service hold every login of a guesser, until the
// test ends or release is called. held returns how many there are.
func holdGuessers(t *testing.T, g *running) (held func() int, release func()) {
	t.Helper()
	file := filepath.Join(g.writePAM(t, nil), env.PAMService)
	service, err := os.ReadFile(file)
	require.NoError(t, err)
	dir := t.TempDir()
	gate, script := filepath.Join(dir, "gate"), filepath.Join(dir, "hold.sh")
	require.NoError(t, os.WriteFile(gate, nil, 0o600))
	require.NoError(t, os.WriteFile(script, []byte(
		`case $PAM_USER in guesser-*) : >"`+dir+`/held-$$"; while [ -e "`+gate+`" ]; do sleep 0.1; done ;; esac`), 0o600))
	hold := []byte("auth optional pam_exec.so quiet /bin/sh " + script + "\n")
	require.NoError(t, os.WriteFile(file, append(hold, service...), 0o600))
	release = sync.OnceFunc(func() { require.NoError(t, os.Remove(gate)) })
	t.Cleanup(func() {
		release()
		require.NoError(t, os.WriteFile(file, service, 0o600))
	})
	return func() int {
		found, err := filepath.Glob(filepath.Join(dir, "held-*"))
		require.NoError(t, err)
		return len(found)
	}, release
}

func median(of []time.Duration) time.Duration {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2].Round(time.Millisecond)
}
