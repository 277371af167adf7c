package mastertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

// Master is a running stand-in. Its methods may be called from many goroutines.
type Master struct {
	opts    Options
	release release
	dir     string
	peer    *peertest.Peer
	bus     *publisher
	pull    *puller
	minions map[string]Minion

	patterns sync.Map // compiled expressions of permissions and targets, which are few

	faultsMu sync.Mutex
	faults   Faults

	mu      sync.Mutex
	lastJID time.Time
	running map[string]Job // by jid and minion, while a minion works on it
	counts  map[string]int // requests by cmd
	last    map[string]msgpack.Raw
	started bool

	life context.Context // ends with Close
	end  context.CancelFunc
	jobs sync.WaitGroup
}

// Start starts a master that listens on a free loopback port and on a bus in a folder of its own. The test's end
// closes it.
func Start(t testing.TB, opts Options) *Master {
	t.Helper()
	m, err := launch(opts)
	if err != nil {
		t.Fatalf("mastertest: %v", err)
	}
	t.Cleanup(func() {
		m.Close()
		_ = os.RemoveAll(m.dir)
	})
	return m
}

func launch(opts Options) (*Master, error) {
	opts = opts.withDefaults()
	release, ok := releases[opts.Release]
	if !ok {
		return nil, fmt.Errorf("release %q is not known", opts.Release)
	}
	dir, err := os.MkdirTemp("", "mt") // short: it holds the path of a unix socket
	if err != nil {
		return nil, err
	}
	m := &Master{
		opts:    opts,
		release: release,
		dir:     dir,
		minions: make(map[string]Minion),
		running: make(map[string]Job),
		counts:  make(map[string]int),
		last:    make(map[string]msgpack.Raw),
	}
	for _, minion := range opts.Minions {
		m.minions[minion.ID] = minion
	}
	for _, sub := range []string{m.SockDir(), m.TokenDir(), m.CacheDir(), m.ConfDir()} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, err
		}
	}
	for _, name := range release.sockFiles {
		if err := os.WriteFile(filepath.Join(m.SockDir(), name), nil, 0o600); err != nil {
			return nil, err
		}
	}
	m.bus = &publisher{path: m.BusPath()}
	m.pull = &puller{path: m.PullPath(), bare: opts.BarePull, take: m.fired}
	// The port of another server may be free for the moment in which that is restarted.
	for range 10 {
		port, err := freeport.Find() // it is still free after a Close
		if err != nil {
			return nil, err
		}
		m.peer = peertest.New(peertest.Options{Wire: zmtptest.New, Network: "tcp", Address: fmt.Sprint("127.0.0.1:", port)}, m.handle)
		err = m.start()
		if err == nil {
			return m, m.writeConfig()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
	}
	return nil, errors.New("no free port on 127.0.0.1")
}

func (m *Master) start() error {
	life, end := context.WithCancel(context.Background())
	m.mu.Lock()
	m.life, m.end = life, end
	m.mu.Unlock()
	if err := m.peer.Start(); err != nil {
		end()
		return err
	}
	if err := m.bus.start(); err != nil {
		m.peer.Stop()
		end()
		return err
	}
	if err := m.pull.start(); err != nil {
		m.bus.stop()
		m.peer.Stop()
		end()
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.started = true
	return nil
}

// Close stops listening, closes every connection and ends what the minions do.
func (m *Master) Close() {
	m.mu.Lock()
	started := m.started
	m.started = false
	end := m.end
	m.mu.Unlock()
	if !started {
		return
	}
	end()
	m.peer.Stop()
	m.pull.stop()
	m.bus.stop()
	m.jobs.Wait()
}

// Restart starts the master again at the same places, after Close or instead of it. Tokens are kept, running jobs
// are not.
func (m *Master) Restart() error {
	m.Close()
	return m.start()
}

// Addr is the request channel's host and port.
func (m *Master) Addr() string { return m.peer.Addr() }

// SockDir is Salt's sock_dir.
func (m *Master) SockDir() string { return filepath.Join(m.dir, "sock") }

// BusPath is where events are published: a unix socket.
func (m *Master) BusPath() string { return filepath.Join(m.SockDir(), "master_event_pub.ipc") }

// PullPath is where others fire events: a unix socket.
func (m *Master) PullPath() string { return filepath.Join(m.SockDir(), "master_event_pull.ipc") }

// CacheDir is Salt's cachedir.
func (m *Master) CacheDir() string { return filepath.Join(m.dir, "cache") }

// TokenDir is Salt's token_dir.
func (m *Master) TokenDir() string { return filepath.Join(m.CacheDir(), "tokens") }

// ConfDir holds a master config file that leads a gateway here.
func (m *Master) ConfDir() string { return filepath.Join(m.dir, "conf") }

// Config is what that file says; more may be added to it and written elsewhere.
func (m *Master) Config() map[string]any {
	var host, port string
	if i := len(m.Addr()) - 6; i > 0 { // host:NNNNN
		host, port = m.Addr()[:i], m.Addr()[i+1:]
	}
	eauth := make(map[string]any)
	for _, name := range m.opts.Eauth {
		users := make(map[string]any)
		for user, u := range m.opts.Users {
			users[user] = u.Perms
		}
		eauth[name] = users
	}
	return map[string]any{
		"interface":     host,
		"ret_port":      json.Number(port),
		"root_dir":      m.dir,
		"sock_dir":      m.SockDir(),
		"cachedir":      m.CacheDir(),
		"token_dir":     m.TokenDir(),
		"external_auth": eauth,
	}
}

func (m *Master) writeConfig() error {
	b, err := json.MarshalIndent(m.Config(), "", " ") // JSON is YAML
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(m.ConfDir(), "master"), b, 0o600)
}

// Subscribers is how many are connected to the bus. An event reaches those that are when it is fired.
func (m *Master) Subscribers() int { return m.bus.count() }

// Subscriptions is how many have connected to the bus so far. One that connects again may be counted here before the
// end of its former connection is seen.
func (m *Master) Subscriptions() int { return m.bus.total() }

// Count is how many requests with this cmd arrived; "" counts those without one.
func (m *Master) Count(cmd string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[cmd]
}

// Last is the load of the last request with this cmd.
func (m *Master) Last(cmd string) msgpack.Raw {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last[cmd]
}

// Fire says an event. data is a map; it gets no _stamp.
func (m *Master) Fire(tag string, data msgpack.Raw) {
	m.bus.send(appendEvent(nil, m.release.prefixed, tag, data))
}

// stamp is the time as the master's events give it.
func (m *Master) stamp() pair {
	return pair{"_stamp", text(time.Now().UTC().Format("2006-01-02T15:04:05.000000") + m.release.stampZone)}
}

// newJID makes a job id that was not made before.
func (m *Master) newJID() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(m.lastJID) {
		now = m.lastJID.Add(time.Microsecond)
	}
	m.lastJID = now
	s := now.Format("20060102150405.000000")
	return s[:14] + s[15:]
}

// lifetime ends with Close.
func (m *Master) lifetime() context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.life
}
