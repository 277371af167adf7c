package files_test

import (
	"fmt"

	"github.com/saltern-api/saltern/server/rpc/files"
	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// A path that leads out of the roots is refused before the master sees it.
func Example() {
	master := rpctest.Master{"file_roots.list_roots": `{"base": [{"/srv/salt": {"top.sls": "f"}}], "dev": [{}]}`}
	api := &files.API{Run: &run.API{Saved: new(saved.API), Gateway: master, Authority: master}}
	fmt.Println(rpctest.Do(api.Methods(), "fs.get_envs", `{}`))
	fmt.Println(rpctest.Do(api.Methods(), "fs.get_file", `{"saltenv": "base", "path": "../etc/shadow"}`))
	// Output:
	// ["base","dev"]
	// path: it has empty parts, or . or .. among them
}
