package rights

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestOneTokenFile puts a user's requests on the gateway, many at once: they
// share one token file, which is gone when the gateway is.
func TestOneTokenFile(t *testing.T) {
	const requests, atOnce = 200, 20
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		require.NoError(t, r.StopGateway(t.Context()))
		envtest.RestoreGateway(t, r)
		before := envtest.TokenFiles(t, r)
		made := watchTokens(t, r)
		require.NoError(t, r.StartGateway(t.Context()))

		client, err := r.Client()
		require.NoError(t, err)
		defer client.CloseIdleConnections()
		answers := make(chan string, requests)
		var load sync.WaitGroup
		for range atOnce {
			load.Go(func() {
				for range requests / atOnce {
					answers <- status(client, r.WSGI, env.Chunk(env.User, `"client": "local_async", "tgt": "nobody", "fun": "test.ping"`))
				}
			})
		}
		load.Wait()
		close(answers)
		for a := range answers {
			require.Equal(t, "200 OK", a)
		}
		mine := envtest.Added(before, envtest.TokenFiles(t, r))
		require.Len(t, mine, 1)
		ever := made()
		require.Contains(t, ever, mine[0])
		// The self-check writes one for each layout that it tries.
		require.LessOrEqual(t, len(envtest.Added(mine, ever)), 2, "there never was another one of the user's")
		record, err := envtest.TokensOf(t, r).Read(strings.TrimSuffix(mine[0], ".p"))
		require.NoError(t, err)
		require.Equal(t, env.User, record.User)
		require.Equal(t, "pam", record.Eauth)
		info, err := os.Stat(filepath.Join(envtest.TokenDir(r), mine[0]))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

		// Another user has another one.
		require.Equal(t, http.StatusOK, envtest.Post(t, r, env.Chunk(env.ReadOnly, envtest.GoodPing)).Status)
		require.Len(t, envtest.Added(before, envtest.TokenFiles(t, r)), 2)

		require.NoError(t, r.StopGateway(t.Context()))
		require.Empty(t, envtest.Added(before, envtest.TokenFiles(t, r)))
	})
}

// TestTokenRemovedByHand takes the user's token away under a gateway that
// counts on it: the request is answered, with a new one.
func TestTokenRemovedByHand(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		for _, chunk := range []string{
			envtest.GoodPing,
			`"client": "local_async", "tgt": "ms--0", "fun": "test.ping"`,
			`"client": "runner", "fun": "test.arg"`,
		} {
			require.Equal(t, http.StatusOK, envtest.Post(t, r, env.Chunk(env.User, envtest.GoodPing)).Status)
			old := envtest.TokensOfUser(t, r, env.User)
			require.NotEmpty(t, old)
			for _, token := range old {
				require.NoError(t, envtest.TokensOf(t, r).Remove(token))
			}
			a := envtest.Post(t, r, env.Chunk(env.User, chunk))
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			again := envtest.TokensOfUser(t, r, env.User)
			require.Len(t, again, 1)
			require.NotContains(t, old, again[0])
		}
	})
}

// TestSaltToken gives the gateway tokens that the master made.
func TestSaltToken(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		made, ok, err := envtest.MasterOf(t, r).MakeToken(t.Context(), "sharedsecret", sandbox.UserAll, r.Secret())
		require.NoError(t, err)
		require.True(t, ok)
		before := envtest.TokenFiles(t, r)
		for _, chunk := range []string{
			envtest.GoodPing,
			`"client": "local_async", "tgt": "ms--0", "fun": "test.ping"`,
			`"client": "runner", "fun": "test.arg"`,
		} {
			for surface, base := range envtest.Surfaces(r) {
				a := envtest.Send(t, r, base, envtest.Request{Body: `[{"token": "` + made.Token + `", ` + chunk + `}]`})
				require.Equal(t, http.StatusOK, a.Status, "%s: %s", surface, a.Body)
			}
		}
		require.Contains(t, strings.Join(envtest.TokenFiles(t, r), " "), made.Token, "the caller's token stays")
		require.Empty(t, envtest.Added(before, envtest.TokenFiles(t, r)), "no other is made") // an earlier test's may have gone

		require.NoError(t, envtest.TokensOf(t, r).Remove(made.Token))
		a := envtest.Post(t, r, `[{"token": "`+made.Token+`", `+envtest.GoodPing+`}]`)
		require.Equal(t, http.StatusUnauthorized, a.Status)
		require.Equal(t, envtest.TextBody(envtest.TextWrong), a.Body)
	})
}

// TestOneAuthenticationPerRequest sends a request of several chunks, whose
// waiting takes several rounds of find_job, with credentials that only the
// master can check: it checks them once, and its token is taken back.
func TestOneAuthenticationPerRequest(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		before := envtest.TokenFiles(t, r)
		made := watchTokens(t, r)
		logins := envtest.Authentications(t, r)
		chunk := func(rest string) string {
			return fmt.Sprintf(`{"eauth": "sharedsecret", "username": %q, "password": %q, %s}`, sandbox.UserAll, r.Secret(), rest)
		}
		sleep := chunk(`"client": "local", "tgt": "ms--0", "fun": "test.sleep", "arg": [3], "timeout": 1, "gather_job_timeout": 5`)
		a := envtest.Post(t, r, `[`+sleep+`, `+chunk(envtest.GoodPing)+`, `+chunk(`"client": "runner", "fun": "test.arg"`)+`]`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Contains(t, a.Body, `[{"ms--0": true}, {"ms--0": true}, `)
		require.InDelta(t, 1, envtest.Authentications(t, r)-logins, 0)
		// Its token, and perhaps those of a self-check that an earlier test
		// has caused: one for each layout.
		files := len(made())
		require.Positive(t, files)
		require.LessOrEqual(t, files, 3)
		require.Eventually(t, func() bool { return len(envtest.Added(before, envtest.TokenFiles(t, r))) == 0 },
			10*time.Second, 50*time.Millisecond, "a token stays behind")
	})
}

// status sends a lowstate and returns the answer's status line, or the error.
func status(client *http.Client, url, body string) string {
	resp, err := client.Post(url, envtest.JSON, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	_ = resp.Body.Close()
	return resp.Status
}

// tokenFile is the name of a token's file, which appears by being renamed.
var tokenFile = regexp.MustCompile(`[0-9a-f]{64}(\.p)?`)

// watchTokens watches the master's token folder. The function returns the
// names of the token files that have appeared since it was last called, those
// that are gone again included.
func watchTokens(t *testing.T, r *env.Env) func() []string {
	t.Helper()
	require.NoError(t, os.MkdirAll(envtest.TokenDir(r), 0o700))
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	_, err = unix.InotifyAddWatch(fd, envtest.TokenDir(r), unix.IN_MOVED_TO)
	require.NoError(t, err)
	return func() []string {
		buf := make([]byte, 64<<10)
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		require.NoError(t, err)
		return tokenFile.FindAllString(string(buf[:n]), -1)
	}
}
