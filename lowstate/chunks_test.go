package lowstate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// testMaster returns a master with the default options.
func testMaster() *Master {
	return &Master{
		JIDs:    new(saltmaster.JIDs),
		Timeout: 5 * time.Second, GatherJobTimeout: 10 * time.Second, RestTimeout: 300 * time.Second,
		ExpectMinions: func() bool { return true },
		Nodegroups: Nodegroups{
			"web":   {"web1", "web2"},
			"regex": {"web[12]", "db1"},
			"linux": {"G@os:Debian", "or", "G@os:RedHat"},
			"front": {"N@web", "or", "N@linux", "and", "not", "web9"},
			"empty": {},
			"loop":  {"N@pool", "or", "a"},
			"pool":  {"N@loop", "or", "b"},
			"lost":  {"N@gone"},
			"globs": {"web*"},
		},
	}
}

// TestChunks runs the files of testdata/chunks. Each has a client's request
// and, for every chunk, what would be sent to the master; or the answer if the
// request is refused.
//
// SALTERN_UPDATE=1 writes the results to the files.
func TestChunks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/chunks/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(file)
			require.NoError(t, err)
			for i := 0; i+1 < len(ar.Files); i += 2 {
				request, want := ar.Files[i], &ar.Files[i+1]
				require.Equal(t, "request", request.Name)
				got := describe(t.Context(), bytes.TrimSuffix(request.Data, []byte("\n")))
				if os.Getenv("SALTERN_UPDATE") != "" {
					want.Name, want.Data = got.Name, got.Data
					continue
				}
				require.Equal(t, want.Name, got.Name, "%s\n%s", request.Data, got.Data)
				require.Equal(t, string(want.Data), string(got.Data), "%s", request.Data)
			}
			if os.Getenv("SALTERN_UPDATE") != "" {
				require.NoError(t, os.WriteFile(file, txtar.Format(ar), 0o600))
			}
		})
	}
}

// enabled are all clients of this package.
var enabled = []string{
	"local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "wheel", "wheel_async",
}

func describe(ctx context.Context, request []byte) txtar.File {
	g := New(Options{Clients: Clients(testMaster()), Enabled: enabled})
	chunks, err := Parse(nil, request, 20)
	var out bytes.Buffer
	r := g.newRun(Call{Chunks: chunks})
	for i := range r.tasks {
		if admitErr := r.admit(i); err == nil {
			err = admitErr
		}
	}
	if err == nil {
		err = r.prepareAll(ctx)
	}
	if err == nil {
		for _, t := range r.tasks {
			out.WriteString(load(t.job))
		}
	}
	if err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return txtar.File{Name: "unexpected error", Data: []byte(err.Error() + "\n")}
		}
		return txtar.File{Name: status(e.Kind), Data: []byte(e.Text + "\n")}
	}
	return txtar.File{Name: "master", Data: out.Bytes()}
}

func status(k Kind) string {
	return map[Kind]string{BadRequest: "bad request", Unauthenticated: "unauthenticated"}[k]
}

// load prints what a job would send to the master.
func load(job Job) string {
	js := func(v msgpack.Raw) string {
		b, err := msgpack.AppendJSON(nil, v)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	publication := func(p saltmaster.Publication) string {
		fun := p.Fun
		if p.Funs != nil {
			fun = js(p.Funs)
		}
		s := fmt.Sprintf("publish %s %s %s arg=%s", p.TgtType, js(p.Tgt), fun, js(p.Arg))
		if p.Ret != "" {
			s += " ret=" + p.Ret
		}
		if p.JID != "" {
			s += " jid=" + p.JID
		}
		for _, e := range p.Extra {
			s += fmt.Sprintf(" %s=%s", e.Key, js(e.Value))
		}
		return s
	}
	switch j := job.(type) {
	case *asyncJob:
		return publication(j.pub) + "\n"
	case *localJob:
		return fmt.Sprintf("%s, wait timeout=%s gather=%s full=%t expect=%t\n",
			publication(j.pub), j.timeout, j.gather, j.full, j.expect)
	case *batchJob:
		return fmt.Sprintf("%s, batch of 10: %d, of 1000: %d, pause=%s failhard=%t raw=%t, wait timeout=%s gather=%s\n",
			publication(j.pub), j.size.of(10), j.size.of(1000), j.pause, j.failHard, j.raw, j.timeout, j.gather)
	case *subsetJob:
		return fmt.Sprintf("%d that have it: %s", j.size, load(j.localJob))
	case *runnerAsyncJob:
		return fmt.Sprintf("runner_async %s arg=%s kwarg=%s\n", j.call.Fun, js(j.call.Arg), js(j.call.Kwarg))
	case *wheelAsyncJob:
		return "in the background: " + load(&j.wheelJob)
	case *wheelJob:
		return fmt.Sprintf("wheel %s arg=%s kwarg=%s, wait timeout=%s\n",
			j.call.Fun, js(j.call.Arg), js(j.call.Kwarg), j.timeout)
	case *runnerJob:
		return fmt.Sprintf("runner %s arg=%s kwarg=%s, wait timeout=%s full=%t\n",
			j.call.Fun, js(j.call.Arg), js(j.call.Kwarg), j.timeout, j.full)
	}
	return "unknown job"
}
