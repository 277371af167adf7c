package tokens_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/tokens"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "saltern-example-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example
	_ = os.WriteFile(filepath.Join(dir, "master"), []byte("external_auth: {sharedsecret: {deploy: ['test.*']}}\n"), 0o600)
	_ = os.WriteFile(filepath.Join(dir, "saltern.yaml"), []byte("state_dir: "+dir+"/state\n"), 0o600)
	c, err := config.Load(config.Files{MasterDir: dir, Settings: filepath.Join(dir, "saltern.yaml")})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	s, err := tokens.Open(ctx, c, issuer.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	secret, _, err := s.Create(ctx, issuer.Caller{Operator: true}, issuer.NewToken{
		Name: "ci", Scopes: []string{"User"}, Profile: apitoken.ProfileNative,
		Owner: apitoken.Owner{Eauth: "sharedsecret", User: "deploy"},
	})
	if err != nil {
		panic(err)
	}
	p, ok, err := s.Check(ctx, secret.Reveal(), issuer.Origin{})
	fmt.Println(p.User, ok, err)
	// Output:
	// deploy true <nil>
}
