package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// over is how a gateway is reached: over plain HTTP with kept-alive
// connections.
type over struct {
	client *http.Client
	url    string // where lowstates go
	login  string // where a login goes, of salt-api
	bearer string // an access token, in place of credentials in the chunk
}

func newOver(url string) over {
	return over{url: url, client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 100,
		// Below the 10 s after which CherryPy closes a connection, perhaps at
		// the moment when the next request is sent.
		IdleConnTimeout: 5 * time.Second,
	}}}
}

func overSaltern(r *env.Env) over { return newOver(r.WSGI) }

func overSaltAPI(r *env.Env) over {
	o := newOver(r.SaltAPIURL() + "/run")
	o.login = r.SaltAPIURL() + "/login"
	return o
}

// post returns a call that sends body and wants an answer with every one of
// these texts in it.
func (o over) post(url, body string, want ...string) call {
	return func(ctx context.Context) error {
		answer, err := o.send(ctx, url, "application/json", body)
		if err != nil {
			return err
		}
		for _, w := range want {
			if !strings.Contains(string(answer), w) {
				return fmt.Errorf("POST %s: %.200s", url, answer)
			}
		}
		return nil
	}
}

// send posts a body and returns the answer, if it is a good one.
func (o over) send(ctx context.Context, url, kind, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	req.Header.Set("Content-Type", kind)
	o.authorize(req)
	resp, err := o.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end below
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("POST %s: %s: %.200s", url, resp.Status, answer)
	}
	return answer, err
}

func (o over) authorize(req *http.Request) {
	if o.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+o.bearer)
	}
}

// The credentials of a chunk: a password that is checked for each request, or
// a Salt token; or neither, beside a bearer token.
func withPAM() string { return fmt.Sprintf(`"eauth":"pam","username":%q,"password":%[1]q`, env.User) }

// withEauth is a name and a password for the eauth module sharedsecret, which
// the master checks: salt-api for each request, Saltern as long as auth.reuse
// says.
func withEauth(r *env.Env) string {
	return fmt.Sprintf(`"eauth":"sharedsecret","username":%q,"password":%q`, sandbox.UserAll, r.Secret())
}

// and joins credentials to what stands before them.
func and(credentials string) string { return "," + credentials }

func withToken(token string) string { return fmt.Sprintf(`"token":%q`, token) }

// runnerArg is what the runner is to give back.
const runnerArg = "bench"

func (o over) localAsync(credentials string) call {
	return o.post(o.url, `[{"client":"local_async","tgt":"`+away+`","fun":"test.ping"`+credentials+`}]`,
		`{"return": [{"jid": "`, `"minions": ["`+away+`"]`)
}

func (o over) local(credentials string) call {
	return o.post(o.url, `[{"client":"local","tgt":"`+minion+`","fun":"test.ping"`+credentials+`}]`,
		`{"return": [{"`+minion+`": true}]}`)
}

func (o over) runner(credentials string) call {
	return o.post(o.url, `[{"client":"runner","fun":"test.arg","arg":["`+runnerArg+`"]`+credentials+`}]`,
		`{"return": [{"args": ["`+runnerArg+`"]`)
}

// pamLogin asks salt-api for a session.
func (o over) pamLogin() call {
	return o.post(o.login, `{`+withPAM()+`}`, `"token": "`)
}

// pamCheck has Saltern check a password, and then send the cheapest command
// there is: to a minion that does not exist, so that nothing is published.
func (o over) pamCheck() call {
	return o.post(o.url, `[{"client":"local_async","tgt":"nobody","fun":"test.ping"`+and(withPAM())+`}]`,
		`{"return": [{}]}`)
}
