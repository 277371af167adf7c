package presence_test

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/presence"
)

func Example() {
	minions := presence.Minions{CacheDir: "/var/cache/salt/master", PublishPort: 4505}
	away := minions.NotConnected([]string{"web1", "web2"})
	fmt.Println(away["web1"])
}
