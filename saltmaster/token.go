package saltmaster

import (
	"context"
	"errors"
	"strings"
	"time"

	"saltern/saltmaster/msgpack"
)

// Token is what a Salt token says of its owner.
type Token struct {
	Token  string
	User   string
	Eauth  string
	Groups []string
	Start  time.Time
	Expire time.Time
}

// GetToken asks the master for the data of a Salt token. ok is false when the
// master does not know it.
func (c *Client) GetToken(ctx context.Context, token string) (t Token, ok bool, err error) {
	answer, err := c.do(ctx, appendPair(load("get_token", 1), "token", token))
	if err != nil {
		return Token{}, false, err
	}
	t, ok = ParseToken(answer)
	return t, ok, nil
}

// MakeToken has the master check a login with one of its eauth modules, and
// make a Salt token for it. ok is false when the master says no.
func (c *Client) MakeToken(ctx context.Context, eauth, username, password string) (t Token, ok bool, err error) {
	b := load("mk_token", 3)
	b = appendPair(b, "eauth", eauth)
	b = appendPair(b, "username", username)
	b = appendPair(b, "password", password)
	answer, err := c.do(ctx, b)
	if errors.Is(err, ErrUnauthenticated) {
		return Token{}, false, nil
	}
	if err != nil {
		return Token{}, false, err
	}
	t, ok = ParseToken(answer)
	return t, ok, nil
}

// ParseToken reads the token map that the master keeps and hands out: start,
// expire (seconds), name, eauth, token and perhaps groups.
func ParseToken(m msgpack.Raw) (Token, bool) {
	t := Token{
		Token: lookupString(m, "token"),
		User:  lookupString(m, "name"),
		Eauth: lookupString(m, "eauth"),
	}
	start, _ := m.Lookup("start")
	expire, _ := m.Lookup("expire")
	groups, _ := m.Lookup("groups")
	t.Start = unixTime(start)
	t.Expire = unixTime(expire)
	_ = groups.Elems(func(g msgpack.Raw) error {
		if s, ok := g.Str(); ok {
			t.Groups = append(t.Groups, s)
		}
		return nil
	})
	return t, t.Token != "" && t.User != "" && t.Eauth != "" && !t.Expire.IsZero()
}

func unixTime(v msgpack.Raw) time.Time {
	f, ok := v.Float()
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(int64(f * 1e6))
}

// authenticationError tells the two meanings apart that the runner and wheel
// commands give to one error class: a caller that the master does not know is
// told nothing more, one that it knows is named.
func authenticationError(message string) error {
	if strings.Contains(message, " occurred for user ") {
		return ErrUnauthorized
	}
	return ErrUnauthenticated
}
