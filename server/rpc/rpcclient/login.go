package rpcclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// login is what the server has given for a name and a password.
type login struct {
	jwt     string
	xsrf    string
	cookies []string // of a server that gives no jwt
}

// header returns the credential of a call.
func (l *login) header() http.Header {
	h := http.Header{}
	if l.jwt != "" {
		h.Set("Authorization", "Bearer "+l.jwt)
		return h
	}
	h.Set("Cookie", strings.Join(l.cookies, "; "))
	h.Set("X-Xsrftoken", l.xsrf)
	return h
}

// loggedIn returns the present login, or a new one if there is none, or if it is one
// that is not valid any more.
func (c *Client) loggedIn(ctx context.Context, ended *login) (*login, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.login != nil && c.login != ended {
		return c.login, nil
	}
	c.login = nil
	l, err := c.logIn(ctx)
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	c.login = l
	return l, nil
}

const loginPath = "/account/login"

// logIn logs in, as programs of SaltStack Config do: an XSRF token first.
func (c *Client) logIn(ctx context.Context) (*login, error) {
	_, header, err := c.sendFor(ctx, http.MethodGet, loginPath, nil, nil)
	if err != nil {
		return nil, err
	}
	l := &login{xsrf: header.Get("X-Xsrftoken")}
	l.take(header)
	name := c.opts.ConfigName
	if name == "" {
		name = "internal"
	}
	body, err := json.Marshal(map[string]string{"username": c.opts.User, "password": c.opts.Password, "config_name": name, "token_type": "jwt"})
	if err != nil {
		return nil, errors.New("encode the password") //nolint:err113 // the cause may quote it
	}
	with := http.Header{"X-Xsrftoken": {l.xsrf}}
	if len(l.cookies) > 0 {
		with.Set("Cookie", strings.Join(l.cookies, "; "))
	}
	text, header, err := c.sendFor(ctx, http.MethodPost, loginPath, body, with)
	if err != nil {
		return nil, err
	}
	l.take(header)
	var got struct {
		JWT  string
		Data struct{ JWT string }
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, errors.New("the answer is not JSON")
	}
	if l.jwt = got.JWT; l.jwt == "" {
		l.jwt = got.Data.JWT
	}
	if l.jwt == "" && len(l.cookies) == 0 {
		return nil, errors.New("the server gave neither a jwt nor a session")
	}
	return l, nil
}

// take takes cookies and the XSRF token from an answer: later ones replace those of the
// same name.
func (l *login) take(header http.Header) {
	for _, c := range (&http.Response{Header: header}).Cookies() {
		if c.Name == "_xsrf" {
			l.xsrf = c.Value
		}
		kept := l.cookies[:0]
		for _, pair := range l.cookies {
			if !strings.HasPrefix(pair, c.Name+"=") {
				kept = append(kept, pair)
			}
		}
		l.cookies = append(kept, c.Name+"="+c.Value)
	}
}
