package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options says what to start. Only Salt is required.
type Options struct {
	// Salt is the virtual environment that holds Salt, such as .work/salt-3008.5.
	Salt string

	// Dir holds all state. Empty means a temporary folder that Stop removes; a
	// folder given here stays. It must be short (at most 60 bytes), because Salt
	// puts Unix sockets below it and their paths end at 107 bytes.
	Dir string

	// Minions are the minion ids to start.
	Minions []string

	// MasterConfig is merged over the master's configuration by top-level key.
	// A nil value removes the key.
	MasterConfig map[string]any

	// MinionConfig is the same for every minion.
	MinionConfig map[string]any

	// SyndicOf is the sandbox of a master with order_masters: a salt-syndic
	// connects the new master to it, under the id of MasterConfig. That master
	// has to be stopped later.
	SyndicOf *Sandbox

	// SaltAPI starts salt-api with rest_cherrypy as plain HTTP on loopback.
	SaltAPI bool

	// CherryPy is merged over the rest_cherrypy section of salt-api.
	CherryPy map[string]any

	// WorkerThreads is Salt's worker_threads. Zero keeps Salt's own default.
	WorkerThreads int

	// PAMServiceDir holds the PAM service files that the master's pam eauth reads
	// in place of the machine's, see WritePAMService. Empty means the machine's.
	PAMServiceDir string

	// User is a user of the machine that runs Salt, and that owns all that Salt writes;
	// it takes root. Empty means the user of this process.
	User string

	// PythonPath is a folder of Python modules for Salt beside those of Salt's
	// environment. Empty means none.
	PythonPath string

	// AsInstalled runs Salt's programs as they are, for measurements and for
	// people. Otherwise their loaders remember which module files there are, which
	// changes no answer and takes a third of the time, see launcher.py.
	AsInstalled bool

	// Log gets one line per step, for the person at the terminal. Nil is silent.
	Log io.Writer
}

// Sandbox is a running Salt. Its methods may be called from any goroutine, but
// those that start and stop parts take turns.
type Sandbox struct {
	opts    Options
	salt    string // absolute Options.Salt
	account account
	dir     string
	ownDir  bool
	ports   ports
	secret  string
	mark    string // environment entry that every process of this sandbox carries
	guard   *guard

	mu      sync.Mutex
	master  *process
	minions []*process
	api     *process
	syndic  *process
}

// Start brings everything up and returns when the master answers, every minion
// has answered test.ping and salt-api serves. When it fails, or ctx ends first,
// whatever had been started is stopped, and the error carries the end of the
// log of the part that failed.
func Start(ctx context.Context, opts Options) (_ *Sandbox, err error) {
	s, err := prepare(opts)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}
	}()

	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	if s.guard, err = startGuard(s.mark, s.tempDir()); err != nil {
		return nil, err
	}
	s.logf("starting a private Salt master (%s) and %d minions", filepath.Base(s.salt), len(opts.Minions))
	if err := s.startMaster(); err != nil {
		return nil, err
	}
	for _, id := range opts.Minions {
		if err := s.startMinion(id); err != nil {
			return nil, err
		}
	}
	if opts.SaltAPI {
		if s.api, err = s.spawn("salt-api", "salt-api", "-c", s.path("api")); err != nil {
			return nil, err
		}
	}
	if err := s.awaitReady(ctx); err != nil {
		return nil, err
	}
	if opts.SyndicOf != nil {
		if err := s.startSyndic(ctx); err != nil {
			return nil, err
		}
	}
	s.logf("Salt is ready after %.1f s", time.Since(began).Seconds())
	return s, nil
}

// prepare makes the folder, picks the ports and writes the configuration.
func prepare(opts Options) (*Sandbox, error) {
	salt, err := filepath.Abs(opts.Salt)
	if err != nil {
		return nil, fmt.Errorf("salt folder: %w", err)
	}
	if _, err := Version(salt); err != nil {
		return nil, err
	}
	s := &Sandbox{opts: opts, salt: salt, secret: randomText()}
	if s.account, err = accountOf(opts.User, salt); err != nil {
		return nil, err
	}
	if s.ports, err = freePorts(); err != nil {
		return nil, err
	}
	if err = s.makeDir(); err == nil {
		err = s.writeAll()
	}
	if err == nil {
		err = s.account.own(s.dir)
	}
	if err != nil {
		if s.ownDir {
			err = errors.Join(err, os.RemoveAll(s.dir))
		}
		return nil, err
	}
	return s, nil
}

// Stop ends every process of the sandbox, with SIGTERM first and SIGKILL for
// what is left after a second or when ctx ends, and removes the
// temporary folder. Where there is one, nothing that a process still has to write
// is kept, and SIGKILL comes at once. It may be called more than once.
func (s *Sandbox) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append([]*process{s.api, s.syndic, s.master}, s.minions...)
	grace := stopGrace
	if s.ownDir {
		grace = 0
	}
	err := stopAll(ctx, grace, all...)
	s.api, s.syndic, s.master, s.minions = nil, nil, nil, nil
	err = errors.Join(err, sweep(s.mark))
	s.guard.release()
	if s.ownDir {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// FileRoot returns the folder that minions get their states and files from.
func (s *Sandbox) FileRoot() string { return s.path("srv") }

// Dir returns the folder that holds all state.
func (s *Sandbox) Dir() string { return s.dir }

// ConfDir returns the folder that holds the file named master, as `saltern
// serve -c` and Salt's own commands want it.
func (s *Sandbox) ConfDir() string { return s.path("conf") }

// MasterLog returns the path of the master's log.
func (s *Sandbox) MasterLog() string { return s.path("log", "master") }

// Secret returns the password of every sharedsecret user. It differs from
// sandbox to sandbox, since anyone with it may run any command as this user.
func (s *Sandbox) Secret() string { return s.secret }

// RetPort returns the TCP port of the master's request channel on 127.0.0.1.
func (s *Sandbox) RetPort() int { return s.ports.ret }

// PublishPort returns the TCP port on which the master publishes to minions.
func (s *Sandbox) PublishPort() int { return s.ports.publish }

// SockDir returns the folder of the master's Unix sockets (Salt's sock_dir).
func (s *Sandbox) SockDir() string { return s.path("sock") }

// CacheDir returns the master's cachedir: its job cache and its tokens.
func (s *Sandbox) CacheDir() string { return s.path("cache") }

// SaltAPIURL returns where salt-api listens, such as http://127.0.0.1:21001,
// or "" if it was not requested.
func (s *Sandbox) SaltAPIURL() string {
	if !s.opts.SaltAPI {
		return ""
	}
	return fmt.Sprintf("http://127.0.0.1:%d", s.ports.api)
}

func (s *Sandbox) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// tempDir is the folder to remove in the end, or "" if it is the caller's.
func (s *Sandbox) tempDir() string {
	if !s.ownDir {
		return ""
	}
	return s.dir
}

func (s *Sandbox) logf(format string, args ...any) {
	if s.opts.Log != nil {
		_, _ = fmt.Fprintf(s.opts.Log, format+"\n", args...)
	}
}
