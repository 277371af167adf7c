package saltmaster_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// What a real master makes of the tokens that it makes and that are written for
// it.
func TestTokensOfRealMasters(t *testing.T) {
	for version, salt := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			sb, err := sandbox.Start(t.Context(), sandbox.Options{Salt: salt, WorkerThreads: 2, MasterConfig: map[string]any{
				"keep_acl_in_token":          true,
				"token_expire_user_override": map[string]any{"sharedsecret": []string{sandbox.UserAll}},
			}})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, sb.Stop(context.Background())) })
			pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: fmt.Sprint("127.0.0.1:", sb.RetPort())})
			defer pool.Close()
			client := saltmaster.New(pool, saltmaster.Options{})
			defer client.Close()
			cache := filepath.Join(sb.Dir(), "cache")
			tokens := saltmaster.NewTokens(client, saltmaster.TokensOptions{
				TokenDir: filepath.Join(cache, "tokens"), CacheDir: cache, HashType: "sha256", Life: 12 * time.Hour,
				Log:           slog.New(slog.DiscardHandler),
				MayChooseLife: func(_, user string) bool { return user == sandbox.UserAll },
			})
			login := func(user string, life time.Duration) saltmaster.Token {
				t.Helper()
				made, ok, err := tokens.MakeToken(t.Context(), "sharedsecret", user, sb.Secret(), life)
				require.NoError(t, err)
				require.True(t, ok)
				return made
			}
			known := func(token string) bool {
				t.Helper()
				_, ok, err := client.GetToken(t.Context(), token)
				require.NoError(t, err)
				return ok
			}
			require.NoError(t, tokens.Check(t.Context()))

			for life, want := range map[time.Duration]time.Duration{
				0: 12 * time.Hour, time.Hour: time.Hour, 90500 * time.Millisecond: 90500 * time.Millisecond,
			} {
				made := login(sandbox.UserAll, life)
				require.Equal(t, want, made.Expire.Sub(made.Start).Round(time.Second/10), life)
				require.True(t, made.AuthList.IsNil(), "it has an auth_list, and that is None")
				found, ok, err := tokens.LookupToken(t.Context(), made.Token)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, made, found, "the file says what the master answered")

				require.NoError(t, tokens.RemoveHashed(t.Context(), sha256.Sum256([]byte(made.Token))))
				require.False(t, known(made.Token))

				written, err := tokens.Write(t.Context(), sandbox.UserAll, "sharedsecret", []string{"ops"}, life)
				require.NoError(t, err)
				require.Equal(t, want, written.Expire.Sub(written.Start))
				found, ok, err = client.GetToken(t.Context(), written.Token)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, written, found)
				require.NoError(t, tokens.Remove(t.Context(), written.Token))
				require.False(t, known(written.Token))
			}
			made := login(sandbox.UserTestOnly, time.Hour)
			require.Equal(t, 12*time.Hour, made.Expire.Sub(made.Start).Round(time.Second), "this user may not choose")
		})
	}
}
