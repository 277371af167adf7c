package recorder_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// gappy is a tap in which an event without a tag stands for a gap.
type gappy struct{ tap }

func (g gappy) Next(ctx context.Context) (eventbus.Event, error) {
	e, err := g.tap.Next(ctx)
	if err == nil && e.Tag == "" {
		err = eventbus.ErrGap
	}
	return e, err
}

// process is a recorder that runs, and can be started again.
type process struct {
	*recorder.Recorder
	tap  gappy
	stop func()
}

func startRecorder(t *testing.T, m *memory, o recorder.Options) *process {
	o.Log = slog.New(slog.DiscardHandler)
	p := &process{Recorder: recorder.New(m, o), tap: gappy{tap{make(chan eventbus.Event, 1000)}}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx, p.tap); close(done) }()
	p.stop = func() { cancel(); <-done }
	return p
}

func (m *memory) setAway(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

func (m *memory) job(jid string) records.Job {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.jobs[jid]
}

// A note completes the record of its job, whatever comes before and after it.
func TestNotes(t *testing.T) {
	t.Parallel()
	for order, c := range map[string]struct {
		verified bool
		within   time.Duration // after the last step
		unheard  bool          // neither an event nor a file says more
	}{
		"note, event":                               {},
		"event, note":                               {},
		"event, 1s, note":                           {},
		"event, return, 1s, note":                   {},
		"early, event":                              {},
		"early, 10m, event":                         {},
		"early, event, note":                        {},
		"early, note, event":                        {},
		"early, away, event, 1s, note, back":        {within: 5 * time.Second},
		"early, cache, gap":                         {},
		"early, event, restart, note":               {},
		"early, note":                               {unheard: true, within: 7 * time.Second},
		"event, 1h, note":                           {},
		"note, 1h, event":                           {},
		"away, event, note, back":                   {within: 5 * time.Second},
		"away, note, event, back":                   {within: 5 * time.Second},
		"away, event, 1s, note, back":               {within: 5 * time.Second},
		"away, note, 1h, event, 1s, back":           {within: 5 * time.Second},
		"note, cache, gap":                          {},
		"cache, note, gap":                          {},
		"cache, gap, note":                          {within: time.Second},
		"cache, gap, 1s, note":                      {},
		"cache, gap, 1s, note, event":               {},
		"cache, gap, 1s, event, note":               {},
		"away, cache, note, gap, back":              {within: 5 * time.Second},
		"away, cache, gap, 1s, note, back":          {within: 5 * time.Second},
		"gap, note, 1s, cache":                      {within: 20 * time.Second},
		"note, return":                              {unheard: true},
		"return, 1s, note":                          {unheard: true},
		"note":                                      {unheard: true, within: 7 * time.Second},
		"away, note, 1h, back":                      {unheard: true, within: 7 * time.Second},
		"note, restart, cache, gap":                 {},
		"event, note, restart":                      {},
		"event, 1s, note, restart":                  {},
		"away, note, restart, back, cache, gap":     {within: 20 * time.Second},
		"away, event, note, restart, back, cache":   {within: 20 * time.Second},
		"away, note, restart, restart, back, event": {within: 20 * time.Second},
		"note, kill, cache":                         {within: 20 * time.Second},
		"away, event, note, kill, back, cache":      {within: 20 * time.Second},
		"early, kill, event":                        {},
		"note, restart, event":                      {},
		"note, cache, restart":                      {within: 20 * time.Second},
		"away, flood, event, cache, note, back":     {within: 10 * time.Second},
		"away, flood, event, note, cache, back":     {within: 10 * time.Second},
		"away, event, flood, cache, note, back":     {within: 10 * time.Second},
		"cache, note, event, 1s":                    {verified: true},
		"cache, event, 1s, note":                    {verified: true},
		"cache, return, 1s, note":                   {verified: true},
		"event, note, 1s, cache":                    {verified: true, within: 2 * time.Second},
		"cache, note, gap, 1s":                      {verified: true},
		"cache, gap, 1s, note, 1s":                  {verified: true},
	} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			cached, dir := newCached(t), t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				o := recorder.Options{MasterID: "m_master", Cache: cached.cache(), Verified: c.verified, Notes: filepath.Join(dir, "notes")}
				p := startRecorder(t, m, o)
				defer func() { p.stop() }()
				time.Sleep(20 * time.Second) // the job cache was read, and read again
				for step := range strings.SplitSeq(order, ", ") {
					switch step {
					case "note", "early":
						p.Note(recorder.Note{JID: jid, User: "ops", Eauth: "ldap", Client: "local_async", Origin: records.Origin{Job: "a job"}, Sent: step == "note"})
					case "event":
						p.tap.events <- began(jid, `["a"]`)
					case "return":
						p.tap.events <- returned(jid, "a")
					case "cache":
						cached.published(jid, "test.ping", `["a"]`)
						cached.returned(jid, "a", "true")
					case "gap":
						p.tap.events <- eventbus.Event{}
					case "away":
						m.setAway(true)
					case "back":
						m.setAway(false)
					case "restart":
						p.stop()
						p = startRecorder(t, m, o)
					case "kill": // as of a process: what it does until it ends has no effect
						notes, err := os.ReadFile(o.Notes)
						require.NoError(t, err)
						text, had := string(notes), m.job(jid)
						m.setAway(true)
						p.stop()
						m.setAway(strings.Contains(order, "away"))
						require.Equal(t, had, m.job(jid))
						require.NoError(t, os.WriteFile(o.Notes, []byte(text+`{"JID": "torn`), 0o600))
						p = startRecorder(t, m, o)
					case "flood": // no more fits into the queue
						large := strings.Repeat("x", 60_000)
						for n := range 200 {
							p.tap.events <- event("salt/job/20261122133409055052/ret/a",
								`{"cmd": "_return", "jid": "20261122133409055052", "id": "a", "fun": "test.echo", "return": "%d%s"}`, n, large)
						}
						synctest.Wait()
						require.Positive(t, p.Stats().Dropped)
					default:
						d, err := time.ParseDuration(step)
						require.NoError(t, err)
						time.Sleep(d)
					}
					if step != "note" && step != "early" {
						synctest.Wait()
					}
				}
				time.Sleep(max(c.within, 500*time.Millisecond))
				synctest.Wait()
				j := m.job(jid)
				require.Equal(t, []string{"ops", "ldap", "local_async", "a job"}, []string{j.User, j.Eauth, j.Client, j.Origin.Job})
				if !c.unheard {
					require.Equal(t, "test.ping", j.Fun)
					require.Equal(t, []string{"a"}, j.Minions)
				}
				p.stop()
				require.NoFileExists(t, o.Notes, "there are none left")
			})
		})
	}
}

// More notes than are kept while the database is away are all recorded.
func TestManyNotes(t *testing.T) {
	t.Parallel()
	const n = 18_000 // more than are kept until their jobs are seen, and less than the queue has room for in memory
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.away = true
		p := startRecorder(t, m, recorder.Options{})
		defer func() { p.stop() }()
		for i := range n {
			p.Note(recorder.Note{JID: fmt.Sprintf("20261122133409%06d", i), User: "ops", Eauth: "ldap", Client: "local_async", Sent: true})
		}
		time.Sleep(time.Minute)
		m.setAway(false)
		time.Sleep(time.Minute)
		jobs, _ := m.recorded()
		require.Len(t, jobs, n)
		require.Zero(t, p.Stats().Dropped)
	})
}

// What was missed is read from the job cache although notes of newer jobs are
// recorded.
func TestFillBeforeNotes(t *testing.T) {
	t.Parallel()
	const known, missed = "20261122133409055051", "20261122143409055051"
	cached := newCached(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)))
		m := newMemory()
		start := func(jid string) time.Time {
			at, ok := records.StartOf(jid)
			require.True(t, ok)
			return at
		}
		for _, jid := range []string{"20261122153409055051", "20261122153309055051"} {
			m.open = append(m.open, records.Job{JID: jid, Start: start(jid), Eauth: "ldap"}) // of notes
		}
		m.open = append(m.open, records.Job{JID: known, Start: start(known), Known: true})
		cached.published(missed, "test.ping", `["a"]`)
		require.NoError(t, os.Chtimes(cached.master.JobDir(missed), start(missed), start(missed)))
		p := startRecorder(t, m, recorder.Options{Cache: cached.cache()})
		defer func() { p.stop() }()
		time.Sleep(time.Second)
		require.Equal(t, "test.ping", m.job(missed).Fun)
	})
}

// The file of notes stays small, and one that cannot be written keeps no one waiting.
func TestNotesFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, file := newMemory(), filepath.Join(dir, "notes")
		p := startRecorder(t, m, recorder.Options{Notes: file})
		synctest.Wait()
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm())
		const n = 70_000 // lines of 93 bytes
		for i := range n {
			if i%5000 == 0 {
				time.Sleep(time.Second)
			}
			p.Note(recorder.Note{JID: fmt.Sprintf("20261122133409%06d", i), User: "ops", Eauth: "ldap", Client: "local_async", Sent: true})
		}
		info, err = os.Stat(file)
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(5<<20))
		p.stop()
		jobs, _ := m.recorded()
		require.Equal(t, n, len(jobs)) //nolint:testifylint // the list is long
		require.NoFileExists(t, file)

		p = startRecorder(t, m, recorder.Options{Notes: filepath.Join(dir, "none", "notes")})
		p.Note(recorder.Note{JID: jid, User: "ops", Eauth: "ldap", Client: "local_async", Sent: true})
		p.stop()
		require.Equal(t, "ldap", m.job(jid).Eauth)
	})
}

// What cannot be read of the file of notes costs only itself, and no text makes a
// line of its own that cannot be read again.
func TestOddNotesFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const other, third = "20261122133409055052", "20261122133409055053"
		m, file := newMemory(), filepath.Join(dir, "notes")
		line := func(jid, fun string) string {
			return fmt.Sprintf(`{"JID":%q,"User":"ops","Eauth":"ldap","Client":"local_async","Fun":%q,"Sent":true}`, jid, fun)
		}
		text := line(jid, "x") + "\n" + line(third, strings.Repeat("f", 200_000)) + "\nno JSON\n" + line(other, "x") + "\n" + line(third, "x")[:50]
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		p := startRecorder(t, m, recorder.Options{Notes: file})
		for _, id := range []string{jid, other, third} {
			p.tap.events <- began(id, `["a"]`)
		}
		time.Sleep(time.Minute)
		require.Equal(t, "ldap", m.job(jid).Eauth)
		require.Equal(t, "ldap", m.job(other).Eauth)
		require.Empty(t, m.job(third).Eauth)

		m.setAway(true)
		const long, after = "20261122133409055054", "20261122133409055055"
		p.Note(recorder.Note{JID: long, User: "ops", Eauth: "ldap", Client: "local_async", Fun: strings.Repeat("ü", 200_000), Sent: true})
		p.Note(recorder.Note{JID: after, User: "ops", Eauth: "ldap", Client: "local_async", Sent: true})
		p.stop()
		m.setAway(false)
		p = startRecorder(t, m, recorder.Options{Notes: file})
		p.tap.events <- began(long, `["a"]`)
		p.tap.events <- began(after, `["a"]`)
		time.Sleep(time.Minute)
		p.stop()
		require.Equal(t, "ldap", m.job(long).Eauth)
		require.Equal(t, "ldap", m.job(after).Eauth)
	})
}

// A job that may have been refused is not recorded, nor one that looks for others.
func TestUnrecordedNotes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := startRecorder(t, m, recorder.Options{})
		p.Note(recorder.Note{JID: jid, User: "ops", Eauth: "ldap", Client: "local_async"})
		time.Sleep(2 * time.Hour)
		p.tap.events <- began(jid, `["a"]`)
		time.Sleep(time.Second)
		p.stop()
		require.Empty(t, m.job(jid).Eauth, "it was forgotten: the jid is that of another job, or it took very long")
		p = startRecorder(t, m, recorder.Options{})
		p.Note(recorder.Note{JID: "20261122133409055098", User: "ops", Eauth: "ldap", Client: "local_async"})
		p.Note(recorder.Note{JID: "20261122133409055099", User: "ops", Eauth: "ldap", Client: "local", Fun: "saltutil.find_job", Sent: true})
		p.stop()
		jobs, _ := m.recorded()
		require.Equal(t, []string{jid}, jobs)
	})
}
