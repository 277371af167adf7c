package cgroup_test

import (
	"fmt"
	"testing/fstest"

	"github.com/saltern-api/saltern/internal/cgroup"
)

func Example() {
	root := fstest.MapFS{
		"proc/self/cgroup":    {Data: []byte("0::/system.slice/saltern.service\n")},
		"proc/self/mountinfo": {Data: []byte("30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")},
		"sys/fs/cgroup/system.slice/saltern.service/memory.max": {Data: []byte("536870912\n")},
	}
	limit, ok, err := cgroup.MemoryLimit(root)
	fmt.Println(limit>>20, ok, err)
	// Output: 512 true <nil>
}
