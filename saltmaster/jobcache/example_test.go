package jobcache_test

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
)

func Example() {
	cache := jobcache.Cache{Dir: "/nonexistent/jobs", HashType: "sha256"}
	_, ok, err := cache.Return("20261122133409055051", "web1")
	fmt.Println(ok, err)
	// Output: false <nil>
}
