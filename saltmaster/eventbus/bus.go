package eventbus

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Errors of [Sub.Next].
var (
	// ErrGap means that events were lost because the connection to the master was down; it is up again.
	ErrGap = errors.New("event bus connection was lost in between")
	// ErrOverflow means that events were lost because more of them waited than Options allow.
	ErrOverflow = errors.New("too many events waited")
	// ErrClosed means that no event will come any more: the Sub was closed, or the bus has ended.
	ErrClosed = errors.New("event subscription is closed")
)

// Options says where the publisher is and sets the bounds. Zero values take the defaults named here.
type Options struct {
	// Network and Address as for net.Dial: "unix" with <sock_dir>/master_event_pub.ipc, or with Salt's
	// ipc_mode "tcp" "tcp" and 127.0.0.1:<tcp_master_pub_port>.
	Network, Address string
	// MaxFrame is the most bytes of one event (64 MiB). A larger one is taken for a broken stream.
	MaxFrame int
	// QueueEvents and QueueBytes bound what waits in one Sub (262144 events, 256 MiB).
	QueueEvents int
	QueueBytes  int64
	// Spool takes what waits in a Sub beyond 4 MiB, or in all of them beyond 64 MiB. Nil keeps all in memory.
	Spool *spool.Store
	// Log has a line for connections made and lost (slog.Default).
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.MaxFrame <= 0 {
		o.MaxFrame = 64 << 20
	}
	if o.QueueEvents <= 0 {
		o.QueueEvents = 1 << 18
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 256 << 20
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Event is one event of the master.
type Event struct {
	// Tag is the event's name, such as salt/job/<jid>/ret/<minion>.
	Tag string
	// Data is what the event carries, in msgpack. It is not checked. Several subs may hold the same bytes, so
	// they must not be changed.
	Data msgpack.Raw
}

// Bus is the one connection to the publisher, and the table of the waiters.
type Bus struct {
	opts Options
	dial func(context.Context) (net.Conn, error)
	up   chan struct{} // closed at the first connection

	connected atomic.Bool
	framing   atomic.Int32
	counts    counters
	waiting   atomic.Int64 // bytes that all Subs hold in memory

	mu     sync.Mutex
	jobs   map[string][]*Sub // by jid
	expect []*Sub            // by prefix
	recent recent
	ended  bool
}

// New makes a bus; Run brings it to life. Subs may be made before that.
func New(opts Options) *Bus {
	opts = opts.withDefaults()
	dialer := net.Dialer{Timeout: dialTimeout}
	return &Bus{
		opts: opts,
		dial: func(ctx context.Context) (net.Conn, error) {
			return dialer.DialContext(ctx, opts.Network, opts.Address)
		},
		up:   make(chan struct{}),
		jobs: make(map[string][]*Sub),
	}
}

// dialTimeout matters only when a stopped master's queue of connections is full.
const dialTimeout = 5 * time.Second

// Connected reports whether the connection is up.
func (b *Bus) Connected() bool { return b.connected.Load() }

// Ready waits until the bus was connected for the first time.
func (b *Bus) Ready(ctx context.Context) error {
	select {
	case <-b.up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Subscribe collects the answer of one job: salt/job/<jid>/ret/*, salt/run/<jid>/*, salt/wheel/<jid>/*, the bare tag
// <jid>, and syndic/*/<jid> and syndic/*/salt/job/<jid>/new. The caller closes the Sub.
func (b *Bus) Subscribe(jid string) *Sub {
	s := newSub(b)
	s.jids = []string{jid}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		s.end()
		return s
	}
	b.jobs[jid] = append(b.jobs[jid], s)
	return s
}

// Expect collects every event whose tag begins with prefix, until [Sub.Bind] narrows it to one job. The caller
// closes the Sub.
func (b *Bus) Expect(prefix string) *Sub { return b.ExpectTrimmed(prefix, nil) }

// ExpectTrimmed is Expect for a Sub that needs only a part of large events, which are not kept for its sake. trim
// returns the event that is queued. It is called by the reader of the bus, so that it must not wait, and must not
// change the event's bytes.
func (b *Bus) ExpectTrimmed(prefix string, trim func(Event) Event) *Sub {
	s := newSub(b)
	s.prefix, s.trim = prefix, trim
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		s.end()
		return s
	}
	b.expect = append(b.expect, s)
	return s
}

// wanting appends the subs that want an event with this tag to dst.
func (b *Bus) wanting(dst []*Sub, tag string) []*Sub {
	if tag == "" {
		return dst // a body without a tag is no event
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if jid := jobOf(tag); jid != "" {
		b.recent.add(jid, tag)
		for _, s := range b.jobs[jid] {
			if strings.HasPrefix(tag, s.prefix) {
				dst = append(dst, s)
			}
		}
	}
	for _, s := range b.expect {
		if strings.HasPrefix(tag, s.prefix) {
			dst = append(dst, s)
		}
	}
	return dst
}

// bind moves an expecting sub to the table of jobs. Its caller holds no lock.
func (b *Bus) bind(s *Sub, jid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.expect, s)
	if i < 0 {
		return // bound already, or closed
	}
	b.expect = slices.Delete(b.expect, i, i+1)
	b.jobs[jid] = append(b.jobs[jid], s)
	s.narrow(jid)
}

func (b *Bus) remove(s *Sub) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.expect, s); i >= 0 {
		b.expect = slices.Delete(b.expect, i, i+1)
		return
	}
	for _, jid := range s.boundTo() {
		subs := b.jobs[jid]
		if i := slices.Index(subs, s); i >= 0 {
			subs = slices.Delete(subs, i, i+1)
		}
		if len(subs) == 0 {
			delete(b.jobs, jid)
			continue
		}
		b.jobs[jid] = subs
	}
}

// follow puts a sub of one job under another one too. Its caller holds no
// lock.
func (b *Bus) follow(s *Sub, jid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended && s.also(jid) {
		b.jobs[jid] = append(b.jobs[jid], s)
	}
}

// each calls f for every sub. The caller holds b.mu.
func (b *Bus) each(f func(*Sub)) {
	for _, s := range b.expect {
		f(s)
	}
	for _, subs := range b.jobs {
		for _, s := range subs {
			f(s)
		}
	}
}

// jobOf returns the jid of a tag that belongs to one job's answer: salt/job/<jid>/ret/<minion>, everything of
// salt/run/<jid>/ and salt/wheel/<jid>/, and the bare <jid> that lists a job's minions, as does what a syndic forwards
// of it. Other tags have none.
func jobOf(tag string) string {
	if strings.HasPrefix(tag, syndicPrefix) {
		return JobOfSyndic(tag)
	}
	if rest, ok := strings.CutPrefix(tag, "salt/job/"); ok {
		jid, what, _ := strings.Cut(rest, "/")
		if strings.HasPrefix(what, "ret/") {
			return jid
		}
		return ""
	}
	rest, ok := strings.CutPrefix(tag, "salt/run/")
	if !ok {
		rest, ok = strings.CutPrefix(tag, "salt/wheel/")
	}
	if ok {
		if jid, _, ok := strings.Cut(rest, "/"); ok {
			return jid
		}
		return ""
	}
	if strings.Contains(tag, "/") {
		return ""
	}
	return tag
}

const syndicPrefix = "syndic/"

// JobOfSyndic returns the jid of a tag that lists the minions of a job behind a syndic: syndic/<syndic>/<jid>, or
// syndic/<syndic>/salt/job/<jid>/new of 3008. There is one more syndic/<syndic>/ before it for each more level of
// masters. It is "" for other tags.
func JobOfSyndic(tag string) string {
	rest, ok := strings.CutPrefix(tag, syndicPrefix)
	if !ok {
		return ""
	}
	rest, isNew := strings.CutSuffix(rest, "/new")
	before, jid, ok := cutLast(rest, "/")
	if isNew {
		before, ok = strings.CutSuffix(before, "/salt/job")
	}
	if !ok || before == "" || len(jid) < 20 || strings.Trim(jid[:20], "0123456789") != "" {
		return ""
	}
	return jid
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
