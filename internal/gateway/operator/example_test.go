package operator_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/operator"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "saltern-example-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example
	_ = os.WriteFile(filepath.Join(dir, "master"), nil, 0o600)
	_ = os.WriteFile(filepath.Join(dir, "saltern.yaml"), []byte("state_dir: "+dir+"\n"), 0o600)
	conf, err := config.Load(config.Files{MasterDir: dir, Settings: filepath.Join(dir, "saltern.yaml")})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	c, err := operator.Open(ctx, conf, "an example", slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	defer c.Close()
	var out struct{ Tokens []any }
	fmt.Println(c.Do(ctx, "GET", "/v1/tokens", nil, &out), len(out.Tokens))
	// Output:
	// <nil> 0
}
