package masterconf_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

func Example() {
	dir, err := os.MkdirTemp("", "masterconf")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of the example
	if err := os.WriteFile(filepath.Join(dir, "master"), []byte("ret_port: 4606\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	conf, _, err := masterconf.Load(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conf.RequestEndpoint())
	// Output: tcp 127.0.0.1:4606 <nil>
}
