package auth_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/gateway/auth"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

func ExampleNew() {
	c := &config.Config{Master: &masterconf.Config{HashType: "sha256"}, Settings: settings.Default()}
	tokens := saltmaster.NewTokens(nil, saltmaster.TokensOptions{})
	log := slog.New(slog.DiscardHandler)
	a := auth.New(c, tokens, auth.NewMetrics(prometheus.NewRegistry()), log)
	defer a.Close(context.Background()) //nolint:errcheck // an example
	_, ok, err := a.NewRequestAuth().AuthenticateNow(context.Background(), eauth.Credentials{Token: "nope"})
	fmt.Println(ok, err)
	// Output:
	// false <nil>
}
