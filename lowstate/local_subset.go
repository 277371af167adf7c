package lowstate

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// localSubset is the client local_subset: it runs a function on some of the
// minions that have it, chosen at random.
type localSubset struct{ *Master }

func (localSubset) Name() string { return "local_subset" }

func (l localSubset) Prepare(c Chunk) (Job, error) {
	job, err := local(l).Prepare(c)
	if err != nil {
		return nil, err
	}
	size, err := c.subset()
	return &subsetJob{localJob: job.(*localJob), size: size}, err
}

// defaultSubset is the default of LocalClient.cmd_subset.
const defaultSubset = 3

// subset returns the number of minions. The older of its two names takes
// precedence, as in Salt.
func (c Chunk) subset() (int, error) {
	for _, key := range []string{"sub", "subset"} {
		v, ok := c.given(key)
		if !ok {
			continue
		}
		n, ok := number(v)
		if !ok {
			return 0, errors.New(key + " must be a number")
		}
		return int(max(1, min(n, 1<<31))), nil // at least one minion, as in Salt
	}
	return defaultSubset, nil
}

type subsetJob struct {
	*localJob
	size int
}

// Run lists the functions of all minions first, as LocalClient does. If none
// has the function it is published nevertheless, so that the master checks
// whether the caller may call it.
func (j *subsetJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	able, err := j.able(ctx, grant)
	if err != nil {
		return nil, err
	}
	rand.Shuffle(len(able), func(a, b int) { able[a], able[b] = able[b], able[a] })
	j.pub.Tgt, j.pub.TgtType = stringArray(able[:min(j.size, len(able))]), "list"
	return j.localJob.Run(ctx, grant, rec)
}

// able returns the minions that have the function, or all functions of a list.
func (j *subsetJob) able(ctx context.Context, grant eauth.Grant) ([]string, error) {
	var able []string
	list := *j.localJob
	list.pub = query(j.pub, "sys.list_functions")
	_, err := list.collect(ctx, grant, &Record{}, func(id string, r result) error {
		if hasAll(r.ret, j.pub) {
			able = append(able, id)
		}
		return nil
	})
	return able, err
}

func hasAll(functions msgpack.Raw, p saltmaster.Publication) bool {
	if functions.Kind() != msgpack.Array {
		return false
	}
	wanted := map[string]bool{p.Fun: true}
	if p.Funs != nil {
		wanted = make(map[string]bool)
		_ = p.Funs.Elems(func(e msgpack.Raw) error {
			name, _ := e.Str()
			wanted[name] = true
			return nil
		})
	}
	_ = functions.Elems(func(e msgpack.Raw) error {
		name, _ := e.Str()
		delete(wanted, name)
		return nil
	})
	return len(wanted) == 0
}
