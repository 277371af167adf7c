package lookup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// testCache is a cachedir.
type testCache struct{ dir string }

func (c testCache) cache() jobcache.Cache {
	return jobcache.Cache{Dir: filepath.Join(c.dir, "jobs"), HashType: "sha256"}
}

func (c testCache) jobDir(jid string) string {
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, "jobs", digest[:2], digest[2:])
}

// job writes the files of a job; their names end in "/" for a folder.
func (c testCache) job(t testing.TB, jid string, files map[string]msgpack.Raw) {
	t.Helper()
	dir := c.jobDir(jid)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "jid"), []byte(jid), 0o600))
	for name, content := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(path, 0o700))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}

// oddJobs are the jobs of TestJobsAgree by their jids. Those with bad in front of
// what they are named for make every list fail, and stand in a cache of their own.
func oddJobs(t testing.TB) map[string]map[string]msgpack.Raw {
	t.Helper()
	p := func(js string) msgpack.Raw { return pack(t, js) }
	load := func(more string) msgpack.Raw {
		return p(`{"fun": "test.ping", "arg": [], "tgt": "*", "tgt_type": "glob", "user": "root"` + more + `}`)
	}
	withJID := func(jid, more string) msgpack.Raw { return load(`, "jid": "` + jid + `"` + more) }
	ret := p(`{"return": true, "retcode": 0, "success": true}`)
	two := p(`["ms-1", "ms-0"]`)
	jobs := map[string]map[string]msgpack.Raw{}
	n := 0
	add := func(more string, files map[string]msgpack.Raw) string {
		n++
		jid := fmt.Sprintf("202611301015%08d", n)
		files[".load.p"] = withJID(jid, more)
		jobs[jid] = files
		return jid
	}
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": ret, "ms-1/return.p": ret})
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": ret})
	add("", map[string]msgpack.Raw{".minions.p": two})
	add("", map[string]msgpack.Raw{".minions.p": p(`[]`)})
	add("", map[string]msgpack.Raw{".minions.p": p(`["z", "a"]`), ".minions.syndic1.p": p(`["b", "a", "ü", "Z", "😀", "ｚ"]`),
		".minions.p.p": p(`["c"]`), "b/return.p": ret})
	add("", map[string]msgpack.Raw{".minions.p": p(`["ms-0"]`), "ms-0/return.p": p(`{"return": {"a": {"result": true}}}`), "ms-0/out.p": p(`"highstate"`)})
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": p(`{"return": 1, "out": "own", "retcode": 3}`), "ms-0/out.p": p(`"nested"`),
		"ms-1/return.p": p(`{"return": 0, "out": "own"}`)})
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": ret, "ms-0/out.p": p(`null`), "ms-1/return.p": p(`{"return": ""}`), "ms-1/out.p": {}})
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": p(`"the old format"`), "ms-1/return.p": p(`{"no return": 1}`), "ms-2/return.p": p(`null`)})
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": {}, "ms-1/": nil, "ms-2/out.p": p(`"x"`), "nocache": {}, ".dot/return.p": ret})
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": append(p(`{"return": 1}`)[:8:8], msgpack.AppendFloat(nil, math.NaN())...)})
	add("", map[string]msgpack.Raw{".minions.p": two,
		"ms-0/return.p": append(p(`{"return": 1}`)[:8:8], 0xc4, 3, 0xff, 0xfe, 'x'), "ms-1/return.p": append(p(`{"return": 1}`)[:8:8], 0xca, 0x3f, 0x8c, 0xcc, 0xcd)})
	add("", map[string]msgpack.Raw{".minions.p": two, "ms-0/return.p": p(`{"return": {"1": [], "": {}, "a": [null, 1.5, -7, 18446744073709551615]}}`),
		"ms-1/return.p": append(p(`{"return": 1}`)[:8:8], 0x82, 1, 2, 0xc0, 3)})
	add(`, "metadata": {"a": "b"}, "kwargs": {"metadata": 1}, "ret": ""`, map[string]msgpack.Raw{".minions.p": two})
	add(`, "kwargs": {"metadata": {"a": "c"}, "delimiter": ":"}`, map[string]msgpack.Raw{".minions.p": two})
	add(`, "kwargs": {"delimiter": ":"}, "arg": ["x", {"__kwarg__": 1, "metadata": 1}, {"__kwarg__": true, "x": 1}, {"__kwarg__": true, "metadata": {"a": "b"}}, {"__kwarg__": true, "metadata": 3}]`,
		map[string]msgpack.Raw{".minions.p": two})
	add(`, "tgt": ["ms-0", "db1"], "tgt_type": "list", "fun": "saltutil.find_job", "arg": ["20261130101500000001"]`, map[string]msgpack.Raw{".minions.p": two})
	add(`, "Minions": ["own"]`, map[string]msgpack.Raw{".minions.p": p(`[]`)})
	add(`, "Minions": ["own"]`, map[string]msgpack.Raw{".minions.p": two})
	add(`, "return": {"fun": "runner.jobs.list_jobs", "return": {"x": 1}}, "id": "m_master"`, map[string]msgpack.Raw{".minions.p": p(`["m_master"]`),
		"m_master/return.p": p(`{"return": {"fun": "runner.jobs.list_jobs", "jid": "1", "return": {}, "success": true}}`)})
	// Long returns stay in their files.
	long := `"` + strings.Repeat(`l\u00f6ng \"line\"\n`, 20_000) + `"`
	add("", map[string]msgpack.Raw{".minions.p": p(`["ms-0", "ms-1", "ms-2", "ms-3"]`),
		"ms-0/return.p": p(`{"return": ` + long + `, "retcode": 0, "success": true}`),
		"ms-1/return.p": p(`{"return": {"a": [` + long + `, {"1": ` + long + `}, 1.5], "b": {}}, "retcode": 3, "out": "own"}`), "ms-1/out.p": p(`"highstate"`),
		"ms-2/return.p": p(`[` + long + `, "the old format"]`), "ms-3/return.p": p(`{"success": ` + long + `, "return": false}`)})

	withTime := func(load msgpack.Raw, key string) msgpack.Raw { // one more value, a time
		b := append(msgpack.AppendMap(nil, load.Len()+1), load[1:]...)
		b = append(msgpack.AppendString(b, key), 0xc7, 24, 78)
		return append(b, "20261130T10:15:00.000000"...)
	}
	jobs["20261130101500000090"] = map[string]msgpack.Raw{".load.p": withTime(withJID("20261130101500000090", ""), "return"), ".minions.p": two}
	jobs["20261130101500000100"] = map[string]msgpack.Raw{}                                                   // no load
	jobs["20261130101500000101"] = map[string]msgpack.Raw{"ms-0/return.p": ret}                               // returns alone
	jobs["20261130101500000102"] = map[string]msgpack.Raw{".load.p": {}, ".minions.p": two}                   // an empty load
	jobs["20261130101500000103"] = map[string]msgpack.Raw{".load.p": p(`{}`), ".minions.p": p(`[]`)}          // falsy
	jobs["20261130101500000104"] = map[string]msgpack.Raw{".load.p": p(`null`), ".minions.p": two}            // None
	jobs["20261130101500000105"] = map[string]msgpack.Raw{".load.p": load(`, "jid": "20261130101500000105"`)} // no list of minions
	jobs["20261130101500000106_123"] = map[string]msgpack.Raw{".load.p": withJID("20261130101500000106_123", ""), ".minions.p": two}
	jobs["short"] = map[string]msgpack.Raw{".load.p": withJID("short", ""), ".minions.p": two}
	jobs["20261130101500000107"] = map[string]msgpack.Raw{".load.p": p(`{"jid": "20261130101500000107"}`), ".minions.p": p(`[]`)}
	jobs["20261130101500000108"] = map[string]msgpack.Raw{".load.p": withJID("20261130101500000001", `, "fun": "twice"`), ".minions.p": p(`[]`)}
	jobs["20261130101500000109"] = map[string]msgpack.Raw{".load.p/": nil}
	jobs["20260030101500000110"] = map[string]msgpack.Raw{".load.p": withJID("20260030101500000110", ""), ".minions.p": two} // month 00
	return jobs
}

// badJobs each make lists, or the look-up of the job, fail at the master, or be
// otherwise than a reader of msgpack would think.
func badJobs(t testing.TB) map[string]map[string]msgpack.Raw {
	t.Helper()
	p := func(js string) msgpack.Raw { return pack(t, js) }
	ok := func(jid string) msgpack.Raw { return p(`{"fun": "test.ping", "arg": [], "jid": "` + jid + `"}`) }
	one := func(v ...byte) msgpack.Raw { return append(p(`{"return": 1}`)[:8:8], v...) }
	deep := append(msgpack.Raw(strings.Repeat("\x91", 600)), 0xc0)
	jobs := map[string]map[string]msgpack.Raw{}
	n := 0
	add := func(files map[string]msgpack.Raw) {
		n++
		jid := fmt.Sprintf("202611301016%08d", n)
		if files[".load.p"] == nil {
			files[".load.p"] = ok(jid)
		}
		if files[".minions.p"] == nil {
			files[".minions.p"] = p(`["ms-0"]`)
		}
		jobs[jid] = files
	}
	for _, load := range []string{`{"jid": "x", "metadata": null, "fun": null, "tgt": null, "user": null, "arg": []}`, `[]`, `[1]`, `"x"`, `{"fun": "x"}`, `{"jid": 1}`, `{"jid": null}`, `{"jid": "20261330101500000110"}`, `{"jid": "x", "arg": null}`,
		`{"jid": "x", "arg": "abc"}`, `{"jid": "x", "arg": {"a": 1}}`, `{"jid": "x", "kwargs": "has metadata"}`, `{"jid": "x", "kwargs": null}`,
		`{"jid": "x", "fun": ["test.ping", "a"]}`, `{"jid": "x", "tgt": [1]}`, `{"jid": "x", "tgt": 1}`, `{"jid": "x", "metadata": "text"}`, `{"jid": "aaaaaaaaaaaaaaaaaaaa"}`,
		`{"jid": "ääääääääää"}`, `{"jid": "2026 130101500000110"}`} {
		add(map[string]msgpack.Raw{".load.p": p(load)})
	}
	at := msgpack.Raw("\x83\xa3jid\xa1x\xa3arg\x90\xa3tgt")
	for _, v := range []string{"\xc7\x1820261130T10:15:00.000000", "\xc7\x18N20261130T10:15:00.000000", "\xc7\x18N20269930T10:15:00.000000", "\xc7\x02N20", "\xd6\xff\x00\x00\x00\x01",
		"\xc7\x03O\x92\xa1a\x01", "\xd4\x01x"} {
		add(map[string]msgpack.Raw{".load.p": msgpack.Raw(string(at) + v)})
		add(map[string]msgpack.Raw{".load.p": msgpack.Raw("\x83\xa3jid\xa1x\xa3arg\x90\xa6return" + v)})
	}
	add(map[string]msgpack.Raw{".load.p": msgpack.Raw("\x83\xa3jid\xa1x\xa3arg\x90\xa6return\x82\xc4\x01a\x01\xa1a\x02")})
	for _, load := range []string{"\x81", "\xc1", "\x81\xa3jid", "\xc0\xc0", "\x81\xa3jid\xa1\xff", "\x81\x90\xa1x", "\x82\xa3jid\xa1x\xc4\x03jid\xa1y"} {
		add(map[string]msgpack.Raw{".load.p": msgpack.Raw(load)})
	}
	for _, minions := range []string{`null`, `"text"`, `{"a": 1}`, `[1]`, `["a", 1]`, `[null]`, `1`, `[["a"]]`} {
		add(map[string]msgpack.Raw{".minions.p": p(minions)})
	}
	add(map[string]msgpack.Raw{".minions.p": {}})
	add(map[string]msgpack.Raw{".minions.p": {0x91}})
	for _, ret := range []msgpack.Raw{
		{0x81}, {0xc1}, p(`1`), one(), one(0xa1, 0xff), one(0xd4, 78, 1), one(0xd6, 0xff, 0, 0, 0, 1), one(0x81, 0x90, 1), one(0x81, 0xc4, 1, 'a', 1),
		append(one(), deep...), one(1, 1), one(0xc7, 24, 78, '2', '0'), one(0xa3, 0xed, 0xa0, 0x80),
	} {
		add(map[string]msgpack.Raw{"ms-0/return.p": ret})
		add(map[string]msgpack.Raw{"ms-0/return.p": one(1), "ms-0/out.p": ret})
	}
	return jobs
}

// calls are asked for each job, with JID in place of its id, and of each cache.
var jobCalls = []string{
	`jobs.list_job ["JID"] {}`, `jobs.list_job [] {"jid": "JID", "ext_source": null, "display_progress": false}`,
	`jobs.lookup_jid ["JID"] {}`, `jobs.lookup_jid ["JID"] {"missing": true}`, `jobs.lookup_jid ["JID", null, false, true] {}`,
	`jobs.lookup_jid [] {"jid": "JID", "returned": false}`, `jobs.lookup_jid ["JID"] {"returned": null, "missing": null}`,
	`jobs.print_job ["JID"] {}`, `jobs.exit_success ["JID"] {}`,
}

var listCalls = []string{
	`jobs.list_jobs [] {}`, `jobs.list_jobs [] {"outputter": "nested"}`, `jobs.list_jobs [] {"outputter": ""}`,
	`jobs.list_jobs [] {"search_function": "test.*"}`, `jobs.list_jobs [] {"search_function": "test.ping , saltutil.*"}`,
	`jobs.list_jobs [] {"search_function": ["twice", "[st]*"]}`, `jobs.list_jobs [] {"search_function": []}`, `jobs.list_jobs [] {"search_function": "nope"}`,
	`jobs.list_jobs [] {"search_target": "ms-*"}`, `jobs.list_jobs [] {"search_target": ["\\*", "db?", "[*]"]}`, `jobs.list_jobs [] {"search_target": "*"}`,
	`jobs.list_jobs [] {"search_metadata": {"a": "b"}}`, `jobs.list_jobs [] {"search_metadata": {"a": "c", "x": "y"}}`, `jobs.list_jobs [] {"search_metadata": {}}`,
	`jobs.list_jobs [] {"search_metadata": {"a": "b"}, "search_function": "test.*", "search_target": "*"}`,
	`jobs.list_jobs_filter [3] {}`, `jobs.list_jobs_filter [0] {}`, `jobs.list_jobs_filter [-1] {}`, `jobs.list_jobs_filter [1000] {}`,
	`jobs.list_jobs_filter [1000, false] {}`, `jobs.list_jobs_filter [] {"count": 5, "filter_find_job": null, "outputter": "x"}`,
	`jobs.last_run [] {}`, `jobs.last_run [] {"function": "saltutil.find_job"}`, `jobs.last_run [] {"target": "db1", "function": "nope"}`,
	`jobs.last_run [] {"metadata": {"a": "b"}}`,
}

// elsewhere are calls that only the master answers.
var elsewhere = []string{
	`jobs.list_job [] {}`, `jobs.list_job ["JID", "JID"] {"ext_source": 1}`, `jobs.list_job [123] {}`, `jobs.list_job [null] {}`,
	`jobs.list_job ["JID"] {"nope": 1}`, `jobs.list_job ["JID", null, false, 1] {}`, `jobs.list_job ["JID"] {"ext_source": "mysql"}`,
	`jobs.list_job ["JID"] {"display_progress": true}`, `jobs.lookup_jid ["JID"] {"missing": "yes"}`, `jobs.list_jobs [] {"start_time": "2026"}`,
	`jobs.list_jobs [] {"end_time": "2026"}`, `jobs.list_jobs [] {"search_metadata": "a"}`, `jobs.list_jobs [] {"search_function": 1}`,
	`jobs.list_jobs_filter ["3"] {}`, `jobs.list_jobs_filter [3.0] {}`, `jobs.list_jobs_filter [true] {}`, `jobs.last_run [] {"outputter": "x"}`,
	`jobs.last_run [] {"metadata": "x"}`, `jobs.active [] {}`, `jobs.list_jobs [] {"search_function": " a\u00a0,b"}`,
}

func splitCall(t testing.TB, text, jid string) (fun string, arg, kwarg msgpack.Raw) {
	t.Helper()
	fun, rest, _ := strings.Cut(text, " ")
	rest = strings.ReplaceAll(rest, "JID", jid)
	cut := strings.Index(rest, "] {")
	return fun, pack(t, rest[:cut+1]), pack(t, rest[cut+2:])
}

// TestJobsAgree compares look-ups in odd caches with Salt's own code.
func TestJobsAgree(t *testing.T) {
	t.Parallel()
	type asked struct {
		text, got string
		must      bool
	}
	var calls []saltCall
	var all []asked
	ask := func(c testCache, j *Jobs, text, jid string, must bool) {
		fun, arg, kwarg := splitCall(t, text, jid)
		got := ""
		ret, err := j.Runner(t.Context(), fun, arg, kwarg)
		if err == nil {
			v, err := ret.Raw()
			require.NoError(t, err)
			got = asJSON(t, v)
		} else {
			require.ErrorIs(t, err, ErrAsk, text)
		}
		calls = append(calls, saltCall{Fun: fun, Arg: encoded(arg), Kwarg: encoded(kwarg), CacheDir: c.dir})
		all = append(all, asked{strings.ReplaceAll(text, "JID", jid), got, must})
	}
	odd := testCache{t.TempDir()}
	jobs := NewJobs(odd.cache(), nil)
	oddOnes := oddJobs(t) // made once: long returns are in them
	for jid, files := range oddOnes {
		odd.job(t, jid, files)
	}
	notOurs := map[string]bool{ // where Salt's runner fails, too, or nearly so
		"20261130101500000102": true, "20261130101500000104": true, "20261130101500000105": true, "20261130101500000018": true,
	}
	for jid := range oddOnes {
		for _, text := range jobCalls {
			ask(odd, jobs, text, jid, !notOurs[jid])
		}
	}
	for _, jid := range []string{"20200101000000000000", "", "abc", "../../x", "20201301000000000000", "-", "2020010100000000000012345"} {
		for _, text := range jobCalls {
			ask(odd, jobs, text, jid, jid != "20201301000000000000")
		}
	}
	for range 2 { // from the files, and as they are kept
		for _, text := range listCalls {
			ask(odd, jobs, text, "", true)
		}
	}
	for jid, files := range badJobs(t) {
		c := testCache{t.TempDir()}
		c.job(t, jid, files)
		c.job(t, "20261130101500000001", oddOnes["20261130101500000001"])
		j := NewJobs(c.cache(), nil)
		for _, text := range jobCalls {
			ask(c, j, text, jid, false)
		}
		for _, text := range listCalls {
			ask(c, j, text, "", false)
		}
	}
	eachSalt(t, calls, func(t *testing.T, _ bool, answers []saltAnswer) {
		ours := 0
		for i, a := range all {
			want := answers[i].json(t)
			if a.got != "" {
				ours++
				assert.Equal(t, want, a.got, "%s: %s", a.text, answers[i].Raised)
			} else {
				assert.False(t, a.must && want != "", "%s is left to the master, which says %.300s %s", a.text, want, answers[i].Raised)
			}
		}
		t.Logf("%d of %d are answered from files", ours, len(all))
		require.Greater(t, ours, 500)
	})
}

// TestJobsElsewhere has the calls that are left to the master.
func TestJobsElsewhere(t *testing.T) {
	t.Parallel()
	c := testCache{t.TempDir()}
	const jid = "20261130101500000001"
	c.job(t, jid, oddJobs(t)[jid])
	j := NewJobs(c.cache(), nil)
	for _, text := range elsewhere {
		fun, arg, kwarg := splitCall(t, text, jid)
		_, err := j.Runner(t.Context(), fun, arg, kwarg)
		require.ErrorIs(t, err, ErrAsk, text)
	}
	gone := NewJobs(jobcache.Cache{Dir: filepath.Join(c.dir, "none"), HashType: "sha256"}, nil)
	_, err := gone.Runner(t.Context(), "jobs.list_jobs", pack(t, "[]"), pack(t, "{}"))
	require.ErrorIs(t, err, ErrAsk)
}

// TestListFollowsFiles has jobs come, change and go.
func TestListFollowsFiles(t *testing.T) {
	t.Parallel()
	c := testCache{t.TempDir()}
	jid := func(n int) string { return fmt.Sprintf("202611301015%08d", n) }
	load := func(n int, fun string) msgpack.Raw {
		return pack(t, `{"jid": "`+jid(n)+`", "fun": "`+fun+`", "arg": []}`)
	}
	j := NewJobs(c.cache(), nil)
	list := func() string {
		ret, err := j.Runner(t.Context(), "jobs.list_jobs_filter", pack(t, "[9]"), pack(t, "{}"))
		require.NoError(t, err)
		var funs []string
		require.NoError(t, ret.Elems(func(v msgpack.Section) error {
			job, err := v.Raw()
			funs = append(funs, job.LookupStr("Function"))
			return err
		}))
		return strings.Join(funs, " ")
	}
	c.job(t, jid(1), map[string]msgpack.Raw{".load.p": load(1, "a")})
	require.Equal(t, "a", list())
	c.job(t, jid(2), map[string]msgpack.Raw{".load.p": load(2, "b")})
	require.Equal(t, "a b", list())
	// The master replaces a file by another one of the same name.
	fresh := filepath.Join(c.dir, "fresh")
	require.NoError(t, os.WriteFile(fresh, load(1, "c"), 0o600))
	require.NoError(t, os.Rename(fresh, filepath.Join(c.jobDir(jid(1)), ".load.p")))
	require.Equal(t, "c b", list())
	require.NoError(t, os.RemoveAll(c.jobDir(jid(1))))
	require.Equal(t, "b", list())
}

func TestSettle(t *testing.T) {
	t.Parallel()
	c := testCache{t.TempDir()}
	const jid = "20261130101500000001"
	c.job(t, jid, map[string]msgpack.Raw{".load.p": pack(t, `{"jid": "`+jid+`", "fun": "x", "arg": []}`), ".minions.p": pack(t, `["a"]`)})
	var settled []string
	j := NewJobs(c.cache(), func(_ context.Context, jid string) error {
		settled = append(settled, jid)
		return nil
	})
	for _, text := range append([]string{`jobs.last_run [] {}`}, jobCalls...) {
		fun, arg, kwarg := splitCall(t, text, jid)
		settled = nil
		_, err := j.Runner(t.Context(), fun, arg, kwarg)
		require.NoError(t, err)
		require.Equal(t, []string{jid}, settled, text)
	}
	stop := errors.New("stop")
	j = NewJobs(c.cache(), func(context.Context, string) error { return stop })
	_, err := j.Runner(t.Context(), "jobs.list_job", pack(t, `["1"]`), pack(t, `{}`))
	require.ErrorIs(t, err, stop)
	require.ErrorIs(t, err, ErrAsk)
}
