package config_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/gateway/config"
)

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "saltern-example-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example
	_ = os.WriteFile(filepath.Join(dir, "master"), []byte("netapi_enable_clients: [local]\nrest_wsgi: {port: 8001}\n"), 0o600)
	_ = os.WriteFile(filepath.Join(dir, "saltern.yaml"), []byte("state_dir: "+dir+"\n"), 0o600)
	c, err := config.Load(config.Files{MasterDir: dir, Settings: filepath.Join(dir, "saltern.yaml")})
	fmt.Println(err)
	for _, line := range c.Summary() {
		fmt.Println(line)
	}
	// Output:
	// <nil>
	// listen: http://127.0.0.1:8001 as wsgi
	// listen: http://[::1]:8001 as wsgi
}
