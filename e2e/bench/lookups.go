package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// manyJobs is how many jobs the cache has when they are listed.
const manyJobs = 10_000

// knownJob is the id of the one that is looked up, with the return of one
// minion.
const knownJob = "20261130101500000000"

// plantJobs returns a function that writes jobs into the master's cache, as the
// master itself does, in place of those of the scenarios before.
func plantJobs(r *env.Env, n int) func() error {
	return func() error {
		cache := filepath.Join(r.CacheDir(), "jobs")
		before, err := os.ReadDir(cache)
		if err != nil {
			return fmt.Errorf("bench: read the job cache: %w", err)
		}
		for _, top := range before {
			if err := os.RemoveAll(filepath.Join(cache, top.Name())); err != nil {
				return fmt.Errorf("bench: empty the job cache: %w", err)
			}
		}
		for i := range n {
			if err := plantJob(cache, fmt.Sprintf("202611301015%08d", i)); err != nil {
				return fmt.Errorf("bench: write a job: %w", err)
			}
		}
		return nil
	}
}

func plantJob(cache, jid string) error {
	load := fmt.Sprintf(`{"cmd": "publish", "fun": "state.apply", "arg": ["web", {"__kwarg__": true, "test": true}], "tgt": "web*",
		"tgt_type": "glob", "user": %q, "jid": %q, "ret": "", "kwargs": {"delimiter": ":", "show_timeout": true}}`, env.User, jid)
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	dir := filepath.Join(cache, digest[:2], digest[2:])
	if err := os.MkdirAll(filepath.Join(dir, minion), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "jid"), []byte(jid), 0o600); err != nil {
		return err
	}
	for name, text := range map[string]string{
		".load.p": load, ".minions.p": `["` + minion + `"]`, minion + "/return.p": `{"return": true, "retcode": 0, "success": true}`,
	} {
		b, err := msgpack.AppendFromJSON(nil, []byte(text))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (o over) lookup(credentials string) call {
	return o.post(o.url, `[{"client":"runner","fun":"jobs.lookup_jid","jid":"`+knownJob+`"`+credentials+`}]`,
		`{"return": [{"`+minion+`": true}]}`)
}

func (o over) listJobs(credentials string) call {
	return o.post(o.url, `[{"client":"runner","fun":"jobs.list_jobs"`+credentials+`}]`, `"`+knownJob+`": {"Function": "state.apply"`)
}

func (w *wire) lookup(ctx context.Context) error {
	ret, err := w.run(ctx, saltmaster.RunnerCall{
		Fun: "jobs.lookup_jid", Arg: msgpack.AppendString(msgpack.AppendArray(nil, 1), knownJob), Kwarg: msgpack.AppendMap(nil, 0),
	})
	if err == nil && ret.Len() != 1 {
		err = fmt.Errorf("the job has %d returns", ret.Len())
	}
	return err
}

// listJobs takes the end of the runner for its answer: the bus does not carry
// the whole list.
func (w *wire) listJobs(ctx context.Context) error {
	_, err := w.run(ctx, saltmaster.RunnerCall{Fun: "jobs.list_jobs", Arg: msgpack.AppendArray(nil, 0), Kwarg: msgpack.AppendMap(nil, 0)})
	return err
}
