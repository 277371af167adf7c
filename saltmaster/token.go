package saltmaster

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// Token is a Salt token and its owner.
type Token = tokenstore.Record

// GetToken returns the master's data of a Salt token. ok is false when the
// master does not know it.
func (c *Client) GetToken(ctx context.Context, token string) (t Token, ok bool, err error) {
	answer, err := c.do(ctx, appendPair(load("get_token", 1), "token", token))
	if err != nil {
		return Token{}, false, err
	}
	t, ok = tokenstore.Parse(answer)
	return t, ok, nil
}

// MakeToken has the master check a login with one of its eauth modules, and
// make a Salt token for it. ok is false when the master says no.
func (c *Client) MakeToken(ctx context.Context, eauth, username, password string) (t Token, ok bool, err error) {
	return c.MakeTokenFor(ctx, eauth, username, password, 0)
}

// MakeTokenFor is MakeToken with a lifetime, Salt's token_expire.
// The master heeds it where its token_expire_user_override allows that. 0 or
// less stands for none.
func (c *Client) MakeTokenFor(
	ctx context.Context, eauth, username, password string, life time.Duration,
) (t Token, ok bool, err error) {
	n := 3
	if life > 0 {
		n++
	}
	b := load("mk_token", n)
	b = appendPair(b, "eauth", eauth)
	b = appendPair(b, "username", username)
	b = appendPair(b, "password", password)
	if life > 0 {
		b = msgpack.AppendString(b, "token_expire")
		b = appendSeconds(b, life)
	}
	answer, err := c.do(ctx, b)
	if errors.Is(err, ErrUnauthenticated) {
		return Token{}, false, nil
	}
	if err != nil {
		return Token{}, false, err
	}
	t, ok = tokenstore.Parse(answer)
	return t, ok, nil
}

// appendSeconds packs d as callers of Salt write it: whole seconds are an
// integer.
func appendSeconds(b []byte, d time.Duration) []byte {
	if d%time.Second == 0 {
		return msgpack.AppendInt(b, int64(d/time.Second))
	}
	return msgpack.AppendFloat(b, d.Seconds())
}

// authenticationError tells the two meanings apart that the runner and wheel
// commands give to one error class: a token that the master does not know is
// told nothing more, its user, where it does, is named. Of a login the master
// names the user in both.
func authenticationError(name, message string) error {
	switch {
	case !strings.Contains(message, " occurred for user "):
		return ErrUnauthenticated
	case name == "EauthAuthenticationError":
		return ErrNamed
	}
	return ErrUnauthorized
}
