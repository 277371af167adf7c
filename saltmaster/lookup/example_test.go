package lookup_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/lookup"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func Example() {
	jobs := lookup.NewJobs(jobcache.Cache{Dir: "/nonexistent/jobs", HashType: "sha256"}, nil)
	arg := msgpack.AppendString(msgpack.AppendArray(nil, 1), "20261122133409055051")
	ret, err := jobs.Runner(context.Background(), "jobs.lookup_jid", arg, msgpack.AppendMap(nil, 0))
	v, _ := ret.Raw()
	fmt.Println(v.Len(), err)

	_, err = jobs.Runner(context.Background(), "jobs.list_jobs", msgpack.AppendArray(nil, 0), msgpack.AppendMap(nil, 0))
	fmt.Println(errors.Is(err, lookup.ErrAsk))
	// Output:
	// 0 <nil>
	// true
}
