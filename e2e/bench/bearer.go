package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"saltern/e2e/rig"
)

// overBearer is Saltern's main listener, asked with an access token that an
// API token was exchanged for.
func overBearer(ctx context.Context, r *rig.Rig) (over, error) {
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
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	req.Header.Set("Content-Type", kind)
	o.authorize(req)
	resp, err := o.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end below
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("POST %s: %s: %.200s", address, resp.Status, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("POST %s: %w", address, err)
	}
	return nil
}
