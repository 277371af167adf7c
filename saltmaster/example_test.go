package saltmaster_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// A publication with the caller's own token. The jid is chosen before, so that
// its returns can be waited for.
func Example() {
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: "127.0.0.1:4506"})
	defer pool.Close()
	master := saltmaster.New(pool, saltmaster.Options{User: "root"})
	defer master.Close()
	published, err := master.Publish(context.Background(), saltmaster.Publication{
		Tgt: msgpack.AppendString(nil, "*"), TgtType: "glob",
		Fun: "test.ping", Arg: msgpack.AppendArray(nil, 0),
		JID: new(saltmaster.JIDs).Next(), Token: "the caller's Salt token",
	})
	fmt.Println(published.Minions, err)
}
