package server_test

import (
	"context"
	"log/slog"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
)

func Example() {
	_ = func(ctx context.Context, gateway server.Gateway, set *settings.Settings) error {
		srv, err := server.Listen(ctx, server.Config{
			Gateway:   gateway,
			Listeners: []server.ListenerSpec{{Surface: server.Main, Address: "127.0.0.1:8000", TLS: true}},
			Settings:  set,
			Registry:  server.NewRegistry(),
			Log:       slog.Default(),
		})
		if err != nil {
			return err
		}
		return srv.Serve(ctx) // until ctx has ended, and the requests that ran then
	}
}
