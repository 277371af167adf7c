package gateway

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server"
)

// logins returns the same result for every login.
type logins struct {
	server.Sessions
	ok  bool
	err error
}

func (l logins) Login(_ context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	if !l.ok || l.err != nil {
		return nil, false, l.err
	}
	return &session.Session{User: c.Username, Eauth: c.Eauth, Groups: []string{"web"}}, true, nil
}

func (l logins) Token(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	return l.Login(ctx, c)
}

func TestGroupsAreRecordedAtALogin(t *testing.T) {
	t.Parallel()
	ways := map[string]func(ctx context.Context, s groupRecorder) (*session.Session, bool, error){
		"login": func(ctx context.Context, s groupRecorder) (*session.Session, bool, error) {
			return s.Login(ctx, eauth.Credentials{Eauth: "ldap", Username: "alice"})
		},
		"token": func(ctx context.Context, s groupRecorder) (*session.Session, bool, error) {
			return s.Token(ctx, eauth.Credentials{Eauth: "ldap", Username: "alice"})
		},
	}
	for _, row := range []struct {
		name   string
		logins logins
		hangs  bool // the store of tokens
		fails  error
		want   []string // whose groups are stored
	}{
		{name: "right", logins: logins{ok: true}, want: []string{"alice ldap web"}},
		{name: "wrong", logins: logins{}},
		{name: "not known now", logins: logins{ok: true, err: eauth.ErrUnavailable}},
		{name: "the store is away", logins: logins{ok: true}, fails: errors.New("no store"), want: []string{"alice ldap web"}},
		{name: "the store hangs", logins: logins{ok: true}, hangs: true, want: []string{"alice ldap web"}},
	} {
		for way, login := range ways {
			t.Run(row.name+" "+way, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var stored []string
					began := time.Now()
					s := groupRecorder{Sessions: row.logins, log: slog.New(slog.DiscardHandler)}
					s.seen = func(ctx context.Context, user, module string, groups []string) error {
						stored = append(stored, user+" "+module+" "+groups[0])
						if row.hangs {
							<-ctx.Done()
							return ctx.Err()
						}
						return row.fails
					}
					_, ok, err := login(t.Context(), s)
					require.Equal(t, row.logins.err, err)
					require.Equal(t, row.logins.ok && row.logins.err == nil, ok)
					require.Equal(t, row.want, stored)
					require.LessOrEqual(t, time.Since(began), recordTimeout)
				})
			})
		}
	}
}
