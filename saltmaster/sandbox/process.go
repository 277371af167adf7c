package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	stopGrace   = time.Second      // for all parts at once when the sandbox ends; an idle minion needs five
	masterGrace = 20 * time.Second // for a master that is to shut down properly
	killGrace   = 10 * time.Second // for the kernel to be done with killed processes
	pollEvery   = 20 * time.Millisecond
)

// process is one started program and everything it forked: they share a process
// group whose number is the program's pid.
type process struct {
	name string
	log  string
	pid  int
	done chan struct{} // closed once the program itself has been reaped
}

// spawn starts a program of the virtual environment in a process group of its
// own. What it prints goes to log/<name>.out.
func (s *Sandbox) spawn(name, program string, args ...string) (*process, error) {
	logPath := s.path("log", name+".out")
	out, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = out.Close() }() // the program has its own copy

	python := filepath.Join(s.salt, "bin", "python")
	line := append([]string{filepath.Join(s.salt, "bin", program)}, args...)
	if !s.opts.AsInstalled {
		line = append([]string{s.launcher()}, line...)
	}
	cmd := s.account.command(python, line...)
	cmd.Dir = s.dir
	cmd.Env = s.environ()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, log: logPath, pid: cmd.Process.Pid, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
	}()
	return p, nil
}

// environ is this process's environment without what would leak into Salt, and
// with the mark by which sweep finds strays.
func (s *Sandbox) environ() []string {
	var env []string
	for _, e := range os.Environ() {
		key, _, _ := strings.Cut(e, "=")
		switch {
		case strings.HasPrefix(key, "SALT_"), strings.HasPrefix(key, "PYTHON"),
			key == "NOTIFY_SOCKET", key == "LD_PRELOAD":
		case s.account.id != nil && key == "HOME": // that of another user
		default:
			env = append(env, e)
		}
	}
	if s.opts.PythonPath != "" {
		env = append(env, "PYTHONPATH="+s.opts.PythonPath)
	}
	return append(env, s.mark,
		"SPT_NOENV=1", // Salt's process titles must not overwrite the environment
		"PYTHONUNBUFFERED=1",
	)
}

// exited reports whether the program itself has ended.
func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// signal sends sig to the whole group. A group that is gone is no error.
func (p *process) signal(sig syscall.Signal) error {
	err := syscall.Kill(-p.pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// kill ends the group with SIGKILL and waits until nothing of it runs.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	if !waitFor(context.Background(), killGrace, func() bool { return !p.running() }) {
		return fmt.Errorf("%s survived SIGKILL", p.name)
	}
	return nil
}

// running reports whether any member of the group still runs. Dead members that
// no parent reaps, as in a container without an init, do not count.
func (p *process) running() bool {
	return !p.exited() || groupRuns(p.pid)
}

// stopAll sends SIGTERM to all parts, and kills what has not ended after grace or at
// the end of ctx. Nil parts are skipped.
func stopAll(ctx context.Context, grace time.Duration, all ...*process) error {
	var errs []error
	var live []*process
	for _, p := range all {
		if p == nil {
			continue
		}
		live = append(live, p)
		errs = append(errs, p.signal(syscall.SIGTERM), p.signal(syscall.SIGCONT))
	}
	waitFor(ctx, grace, func() bool {
		for _, p := range live {
			if p.running() {
				return false
			}
		}
		return true
	})
	for _, p := range live {
		if p.running() {
			errs = append(errs, p.kill())
		}
	}
	return errors.Join(errs...)
}

// waitFor polls until done, for at most limit or until ctx ends.
func waitFor(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return done()
		case <-tick.C:
		}
	}
	return true
}
