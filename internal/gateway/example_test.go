package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/gateway"
	"github.com/saltern-api/saltern/internal/gateway/config"
)

func ExampleNew() {
	dir, err := os.MkdirTemp("", "saltern-example-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example
	_ = os.WriteFile(filepath.Join(dir, "master"), []byte("root_dir: "+dir+"\n"), 0o600)
	_ = os.WriteFile(filepath.Join(dir, "saltern.yaml"), []byte(
		"state_dir: "+dir+"/state\nlisten: [{address: '127.0.0.1:0'}]\nadmin: {listen: 'off'}\n"), 0o600)
	c, err := config.Load(config.Files{MasterDir: dir, Settings: filepath.Join(dir, "saltern.yaml")})
	if err != nil {
		panic(err)
	}
	g, err := gateway.New(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	defer g.Close()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	fmt.Println(len(g.Addrs()), "listener")
	stop() // as a SIGTERM does
	fmt.Println(<-ended)
	// Output:
	// 1 listener
	// <nil>
}
