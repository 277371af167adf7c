package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/saltern-api/saltern/e2e/env"
)

// overBearer is Saltern's main listener, asked with an access token that an
// API token was exchanged for.
func overBearer(ctx context.Context, r *env.Env) (over, error) {
	o := newOver(r.Main)
	client, err := r.Client()
	if err != nil {
		return o, err
	}
	o.client.Transport.(*http.Transport).TLSClientConfig = client.Transport.(*http.Transport).TLSClientConfig
	o.bearer, err = accessToken(ctx, o, r.Main)
	return o, err
}

// accessToken goes the way of a program's owner and then of the program.
func accessToken(ctx context.Context, o over, base string) (string, error) {
	var session struct {
		Return []struct{ Token string }
	}
	if err := o.fetch(ctx, base+"/login", "application/json", `{`+withPAM()+`}`, &session); err != nil {
		return "", err
	}
	if len(session.Return) != 1 {
		return "", fmt.Errorf("bench: a login has %d answers", len(session.Return))
	}
	o.bearer = session.Return[0].Token
	var made struct{ Token string }
	if err := o.fetch(ctx, base+"/v1/tokens", "application/json", `{"name": "bench", "scopes": ["Superuser"]}`, &made); err != nil {
		return "", err
	}
	o.bearer = ""
	var access struct {
		Token string `json:"access_token"`
	}
	form := url.Values{"api_token": {made.Token}}.Encode()
	err := o.fetch(ctx, base+"/csp/gateway/am/api/auth/api-tokens/authorize", "application/x-www-form-urlencoded", form, &access)
	return access.Token, err
}

// fetch posts a body and reads the answer into out.
func (o over) fetch(ctx context.Context, address, kind, body string, out any) error {
	answer, err := o.send(ctx, address, kind, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("POST %s: %w", address, err)
	}
	return nil
}
