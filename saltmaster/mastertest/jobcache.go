package mastertest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// JobDir is where the job cache keeps a job: Salt's local_cache with hash_type sha256.
func (m *Master) JobDir(jid string) string {
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	return filepath.Join(m.CacheDir(), "jobs", digest[:2], digest[2:])
}

func (m *Master) saveJob(load msgpack.Raw, user, jid string, minions []string) {
	if !m.opts.JobCache {
		return
	}
	get := func(key string) pair { return pair{key, mustLookup(load, key)} }
	dir := m.JobDir(jid)
	writeFile(filepath.Join(dir, "jid"), []byte(jid))
	writeFile(filepath.Join(dir, ".minions.p"), texts(minions))
	writeFile(filepath.Join(dir, ".load.p"), object(get("cmd"), get("tgt"), get("fun"), get("arg"), get("tgt_type"),
		get("ret"), pair{"jid", text(jid)}, pair{"user", text(user)}))
}

func (m *Master) saveReturn(job Job, r Return) {
	if !m.opts.JobCache {
		return
	}
	dir := filepath.Join(m.JobDir(job.JID), job.Minion)
	writeFile(filepath.Join(dir, "return.p"), object(pair{"return", r.Return}, pair{"retcode", number(int64(r.Retcode))},
		pair{"success", boolean(!r.Failed)}))
	if r.Out == "" {
		return
	}
	out := func() { writeFile(filepath.Join(dir, "out.p"), text(r.Out)) }
	delay := m.currentFaults().OutDelay
	if delay == 0 {
		out()
		return
	}
	ctx := m.lifetime()
	m.jobs.Go(func() {
		if pause.For(ctx, delay) == nil {
			out()
		}
	})
}

// writeFile appears at once or not at all, as the master's own files do. An error has no reader; a
// test that needs the file misses it.
func writeFile(path string, content []byte) {
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	if os.WriteFile(path+".new", content, 0o600) == nil {
		_ = os.Rename(path+".new", path)
	}
}
