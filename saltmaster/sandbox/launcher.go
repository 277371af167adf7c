package sandbox

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// launcherScript runs Salt's programs unless Options.AsInstalled is set.
//
//go:embed launcher.py
var launcherScript []byte

// titleRoom is how long the title of a program can be, which ps shows.
const titleRoom = 250

// launcher is a running launcherScript: a process that has loaded Salt's modules,
// and of which Salt's programs are forks. It has the environment, the user and the
// working directory that they get.
type launcher struct {
	cmd  *exec.Cmd
	conn net.Conn // requests to it, and what it reports
	log  string
	gone chan struct{} // closed once it reports no more

	mu       sync.Mutex
	requests int
	started  map[int]chan *process // by the number of the request
	running  map[int]*process      // by pid
}

// startLauncher starts the script, and does not wait until it has loaded the modules.
func (s *Sandbox) startLauncher() (*launcher, error) {
	out, err := s.output("launcher")
	if err != nil {
		return nil, fmt.Errorf("start launcher: %w", err)
	}
	defer func() { _ = out.Close() }() // the launcher has a copy of it
	conn, theirs, err := socketpair()
	if err != nil {
		return nil, fmt.Errorf("start launcher: %w", err)
	}
	defer func() { _ = theirs.Close() }() // of this too
	l := &launcher{
		cmd:  s.command(out, s.path("run", "launcher.py"), filepath.Join(s.ConfDir(), "master"), strings.Repeat("-", titleRoom)),
		conn: conn, log: out.Name(), gone: make(chan struct{}),
		started: make(map[int]chan *process), running: make(map[int]*process),
	}
	l.cmd.Stdin = theirs
	if err := l.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start launcher: %w", err), conn.Close())
	}
	go l.read()
	return l, nil
}

// socketpair returns the two ends of a connection, of which the second is for
// another process.
func socketpair() (net.Conn, *os.File, error) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	first, second := os.NewFile(uintptr(ends[0]), "launcher"), os.NewFile(uintptr(ends[1]), "launcher")
	defer func() { _ = first.Close() }() // conn is a copy of it
	conn, err := net.FileConn(first)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("socketpair: %w", err), second.Close())
	}
	return conn, second, nil
}

// read notes what the launcher reports, until it is gone.
func (l *launcher) read() {
	defer close(l.gone)
	for lines := bufio.NewScanner(l.conn); lines.Scan(); {
		var number, pid int
		if _, err := fmt.Sscanf(lines.Text(), "started %d %d", &number, &pid); err == nil {
			l.noteStart(number, pid)
		} else if _, err := fmt.Sscanf(lines.Text(), "ended %d", &pid); err == nil {
			l.noteEnd(pid)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.running { // nothing is known of them any more
		close(p.done)
	}
}

func (l *launcher) noteStart(number, pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &process{pid: pid, done: make(chan struct{})}
	l.running[pid] = p
	l.started[number] <- p // which has room for it
	delete(l.started, number)
}

func (l *launcher) noteEnd(pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.running[pid].done)
	delete(l.running, pid)
}

// start starts a program of which the output is appended to the file out. It waits
// until the launcher has loaded Salt's modules. When ctx ends first, the program may
// be started all the same.
func (l *launcher) start(ctx context.Context, out string, line []string) (*process, error) {
	started := make(chan *process, 1)
	l.mu.Lock()
	l.requests++
	number := l.requests
	l.started[number] = started
	l.mu.Unlock()
	request := []any{number, out}
	for _, word := range line {
		request = append(request, word)
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("request to the launcher: %w", err)
	}
	if _, err := l.conn.Write(append(text, '\n')); err != nil {
		return nil, fmt.Errorf("the launcher has ended%s: %w", tail(l.log), err)
	}
	select {
	case p := <-started:
		return p, nil
	case <-l.gone:
		return nil, fmt.Errorf("the launcher has ended%s", tail(l.log))
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// stop ends the launcher. What it has started goes on.
func (l *launcher) stop() {
	if l == nil {
		return
	}
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
	_ = l.conn.Close()
	<-l.gone
}
