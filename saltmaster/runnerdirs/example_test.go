package runnerdirs_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/saltmaster/runnerdirs"
)

func Example() {
	dir, err := os.MkdirTemp("", "runners")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of the example
	if err := os.WriteFile(filepath.Join(dir, "jobs.py"), nil, 0o600); err != nil {
		fmt.Println(err)
		return
	}
	dirs := runnerdirs.Dirs{dir}
	fmt.Println(dirs.MayHave("jobs"), dirs.MayHave("manage"))
	// Output: true false
}
