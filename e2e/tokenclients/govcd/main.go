// Govcd uses go-vcloud-director as Terraform's provider and others do: it goes
// through the life of an API token and of a service account, and fails at the
// first thing that is not as it should be. It is a module of its own because of
// all that the library needs.
//
//	go run . -url http://127.0.0.1:8000 -user alice -password secret
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/go-vcloud-director/v3/govcd"
	"github.com/vmware/go-vcloud-director/v3/types/v56"
)

func main() {
	log.SetFlags(0)
	at := flag.String("url", "", "the gateway's `URL`")
	user := flag.String("user", "", "who logs in")
	password := flag.String("password", "", "his password")
	org := flag.String("org", "System", "the organization")
	ping := flag.String("ping", "", "a `minion` that each token has answer test.ping")
	flag.Parse()
	if err := run(*at, *user, *password, *org, *ping); err != nil {
		log.Fatal(err)
	}
}

func run(at, user, password, org, minion string) error {
	endpoint, err := url.Parse(at + "/api")
	if err != nil {
		return err
	}
	w := &world{endpoint: *endpoint, site: at, user: user, org: org, minion: minion}
	w.admin = w.client()
	if err := w.client().Authenticate(user, password+"x", org); err == nil || !strings.Contains(err.Error(), "401") {
		return fmt.Errorf("a wrong password: %v", err)
	}
	if err := w.admin.Authenticate(user, password, org); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	if _, err := w.admin.Client.GetSessionInfo(); err != nil {
		return fmt.Errorf("the session: %w", err)
	}
	if err := w.token(); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	if err := w.account(); err != nil {
		return fmt.Errorf("service account: %w", err)
	}
	if err := w.admin.Disconnect(); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	if _, err := w.admin.GetOrgList(); err == nil {
		return errors.New("it is still logged in")
	}
	return nil
}

type world struct {
	endpoint  url.URL
	site      string
	user, org string
	minion    string
	admin     *govcd.VCDClient
}

func (w *world) client() *govcd.VCDClient { return govcd.NewVCDClient(w.endpoint, false) }

// token is the life of an API token.
func (w *world) token() error {
	made, err := w.admin.CreateToken(w.org, "ci")
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if _, err := w.admin.CreateToken(w.org, "ci"); err == nil {
		return errors.New("there are two of one name")
	}
	first, err := made.GetInitialApiToken()
	if err != nil {
		return fmt.Errorf("the first grant: %w", err)
	}
	if first.RefreshToken == "" || first.AccessToken == "" {
		return fmt.Errorf("the first grant lacks a token: %+v", first.TokenType)
	}
	if _, err := made.GetInitialApiToken(); err == nil || !strings.Contains(err.Error(), "invalid_grant - ") {
		return fmt.Errorf("the first grant again: %v", err)
	}

	program := w.client()
	if err := program.SetToken(w.org, govcd.ApiTokenHeader, first.RefreshToken); err != nil {
		return fmt.Errorf("use: %w", err)
	}
	about, err := program.SetApiToken(w.org, first.RefreshToken)
	if err != nil {
		return fmt.Errorf("use: %w", err)
	}
	if about.RefreshToken != "" || about.ExpiresIn != 2592000 || about.TokenType != "Bearer" {
		return fmt.Errorf("use: %s token for %d s", about.TokenType, about.ExpiresIn)
	}
	if _, err := program.GetOrgByName(w.org); err != nil {
		return fmt.Errorf("use: %w", err)
	}
	if err := w.ping(program); err != nil {
		return err
	}
	if _, err := program.CreateToken(w.org, "more"); err == nil || !strings.Contains(err.Error(), "access_denied") {
		return fmt.Errorf("a token makes a token: %v", err)
	}
	if _, err := program.GetAllTokens(nil); err == nil {
		return errors.New("a token sees tokens")
	}
	if err := w.client().SetToken(w.org, govcd.ApiTokenHeader, strings.ToUpper(first.RefreshToken)); err == nil {
		return errors.New("a token that is none is taken")
	}

	found, err := w.admin.GetTokenByNameAndUsername("ci", w.user)
	if err != nil {
		return fmt.Errorf("find: %w", err)
	}
	if found.Token.ID != made.Token.ID || found.Token.Owner.Name != w.user || found.Token.Type != "REFRESH" {
		return fmt.Errorf("find: %+v", found.Token)
	}
	if _, err := w.admin.GetTokenByNameAndUsername("other", w.user); !govcd.ContainsNotFound(err) {
		return fmt.Errorf("find what there is not: %v", err)
	}
	if err := found.Delete(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if _, err := w.admin.GetTokenById(made.Token.ID); !govcd.ContainsNotFound(err) {
		return fmt.Errorf("after it was deleted: %v", err)
	}
	if _, err := program.GetOrgList(); err == nil {
		return errors.New("its access token has outlived it")
	}
	return nil
}

// account is the life of a service account.
func (w *world) account() error {
	made, err := w.admin.CreateServiceAccount(w.org, "robot", "urn:vcloud:role:System%20Administrator",
		"12345678-1234-1234-1234-1234567890ab", "1.0", "https://example.com")
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	org, err := w.admin.GetOrgByName(w.org)
	if err != nil {
		return fmt.Errorf("org: %w", err)
	}
	if found, err := org.GetServiceAccountByName("robot"); err != nil || found.ServiceAccount.ID != made.ServiceAccount.ID {
		return fmt.Errorf("find: %w", err)
	}
	made, err = made.Update(&types.ServiceAccount{
		SoftwareID: made.ServiceAccount.SoftwareID, SoftwareVersion: "2.0", Role: made.ServiceAccount.Role,
		URI: made.ServiceAccount.URI, Org: made.ServiceAccount.Org,
	})
	if err != nil || made.ServiceAccount.SoftwareVersion != "2.0" {
		return fmt.Errorf("update: %w", err)
	}
	if err := w.letIn(made); err != nil {
		return err
	}
	if err := made.Revoke(); err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	if err := w.is(made, "CREATED"); err != nil {
		return err
	}
	if err := made.Delete(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if _, err := org.GetServiceAccountById(made.ServiceAccount.ID); !govcd.ContainsNotFound(err) {
		return fmt.Errorf("after it was deleted: %v", err)
	}
	return nil
}

// letIn goes from a device code to the second refresh token.
func (w *world) letIn(made *govcd.ServiceAccount) error {
	if err := w.is(made, "CREATED"); err != nil {
		return err
	}
	if err := made.Authorize(); err != nil {
		return fmt.Errorf("authorize: %w", err)
	}
	if _, err := made.GetInitialApiToken(); err == nil || !strings.Contains(err.Error(), "authorization_pending - ") {
		return fmt.Errorf("before it was granted: %v", err)
	}
	if err := w.is(made, "REQUESTED"); err != nil {
		return err
	}
	if err := made.Grant(); err != nil {
		return fmt.Errorf("grant: %w", err)
	}
	if err := w.is(made, "GRANTED"); err != nil {
		return err
	}
	first, err := made.GetInitialApiToken()
	if err != nil {
		return fmt.Errorf("the first token: %w", err)
	}
	if err := w.is(made, "ACTIVE"); err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "govcd")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the folder for temporary files
	file := filepath.Join(dir, "token.json")
	if err := govcd.SaveServiceAccountToFile(file, "test", first); err != nil {
		return err
	}
	robot := w.client()
	for range 2 { // each time the file gets the next token
		if err := robot.SetServiceAccountApiToken(w.org, file); err != nil {
			return fmt.Errorf("use: %w", err)
		}
	}
	if _, err := robot.GetOrgList(); err != nil {
		return fmt.Errorf("use: %w", err)
	}
	return w.ping(robot)
}

// ping runs a command of Salt's with the headers that the library makes.
func (w *world) ping(c *govcd.VCDClient) error {
	if w.minion == "" {
		return nil
	}
	at, err := url.Parse(w.site + "/")
	if err != nil {
		return err
	}
	body := fmt.Sprintf(`[{"client": "local", "tgt": %q, "fun": "test.ping"}]`, w.minion)
	req := c.Client.NewRequest(nil, http.MethodPost, *at, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json") // it speaks of XML otherwise
	resp, err := c.Client.Http.Do(req)
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end below
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	if want := fmt.Sprintf(`{"return": [{%q: true}]}`, w.minion); string(answer) != want {
		return fmt.Errorf("ping: %s: %s", resp.Status, answer)
	}
	return nil
}

// is checks the status of a service account.
func (w *world) is(a *govcd.ServiceAccount, status string) error {
	if err := a.Refresh(); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if a.ServiceAccount.Status != status {
		return fmt.Errorf("it is %s, not %s", a.ServiceAccount.Status, status)
	}
	return nil
}
