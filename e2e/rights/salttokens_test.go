package rights

import (
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
		made := watchTokens(t, r, env.User, "pam")
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
		require.Equal(t, mine, made(), "there never was another one of the user's")
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
		made := watchTokens(t, r, sandbox.UserAll, "sharedsecret")
		logins := envtest.Authentications(t, r)
		chunk := func(rest string) string {
			return fmt.Sprintf(`{"eauth": "sharedsecret", "username": %q, "password": %q, %s}`, sandbox.UserAll, r.Secret(), rest)
		}
		sleep := chunk(`"client": "local", "tgt": "ms--0", "fun": "test.sleep", "arg": [3], "timeout": 1, "gather_job_timeout": 5`)
		a := envtest.Post(t, r, `[`+sleep+`, `+chunk(envtest.GoodPing)+`, `+chunk(`"client": "runner", "fun": "test.arg"`)+`]`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Contains(t, a.Body, `[{"ms--0": true}, {"ms--0": true}, `)
		require.InDelta(t, 1, envtest.Authentications(t, r)-logins, 0)
		require.Len(t, made(), 1)
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

// watchTokens reads each file that appears in the master's token folder. The function that it returns ends that, and
// returns the files of tokens that are user's and were made with eauth, those that are gone again included. A self-check's
// tokens, of which there may be any number, are not the user's.
func watchTokens(t *testing.T, r *env.Env, user, eauth string) func() []string {
	t.Helper()
	require.NoError(t, os.MkdirAll(envtest.TokenDir(r), 0o700))
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	require.NoError(t, err)
	queue := os.NewFile(uintptr(fd), "inotify")
	t.Cleanup(func() { _ = queue.Close() })
	_, err = unix.InotifyAddWatch(fd, envtest.TokenDir(r), unix.IN_MOVED_TO)
	require.NoError(t, err)
	last := t.TempDir() // what appears here is behind all tokens in the queue
	_, err = unix.InotifyAddWatch(fd, last, unix.IN_CREATE)
	require.NoError(t, err)

	names, store, ended := []string(nil), envtest.TokensOf(t, r), make(chan error, 1)
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := queue.Read(buf)
			for _, name := range tokenFile.FindAllString(string(buf[:n]), -1) {
				record, err := store.Read(strings.TrimSuffix(name, ".p"))
				if err == nil && record.User == user && record.Eauth == eauth {
					names = append(names, name)
				}
			}
			if err != nil || strings.Contains(string(buf[:n]), "last") {
				ended <- err
				return
			}
		}
	}()
	return func() []string {
		require.NoError(t, os.Mkdir(filepath.Join(last, "last"), 0o700))
		require.NoError(t, <-ended)
		return names
	}
}
