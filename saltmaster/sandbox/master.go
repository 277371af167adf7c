package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

var errNoMaster = errors.New("sandbox: the master is not running")

// StopMaster ends the master as `systemctl stop` would and leaves the minions
// and salt-api running.
func (s *Sandbox) StopMaster(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return errNoMaster
	}
	err := stopAll(ctx, masterGrace, s.master)
	s.master = nil
	return errors.Join(err, s.awaitPorts(ctx))
}

// KillMaster ends every process of the master at once with SIGKILL.
func (s *Sandbox) KillMaster() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return errNoMaster
	}
	err := s.master.kill()
	s.master = nil
	return errors.Join(err, s.awaitPorts(context.Background()))
}

// awaitPorts waits until nothing listens on the master's ports any more. The
// last threads of a killed process hold its sockets for a moment longer than
// the process is seen to live.
func (s *Sandbox) awaitPorts(ctx context.Context) error {
	for _, port := range []int{s.ports.ret, s.ports.publish} {
		if !waitFor(ctx, killGrace, func() bool { return !listening(ctx, port) }) {
			return fmt.Errorf("sandbox: port %d of the ended master still accepts connections", port)
		}
	}
	return nil
}

func listening(ctx context.Context, port int) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// StartMaster starts a stopped or killed master on its old ports and returns
// when it and all minions answer again.
func (s *Sandbox) StartMaster(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master != nil {
		return errors.New("sandbox: the master is already running")
	}
	if err := s.startMaster(); err != nil {
		return err
	}
	return s.awaitReady(ctx)
}

// PauseMaster freezes every process of the master with SIGSTOP: its ports still
// accept connections, but nothing answers.
func (s *Sandbox) PauseMaster() error { return s.signalMaster(syscall.SIGSTOP) }

// ResumeMaster lets a paused master go on.
func (s *Sandbox) ResumeMaster() error { return s.signalMaster(syscall.SIGCONT) }

func (s *Sandbox) signalMaster(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return errNoMaster
	}
	if err := s.master.signal(sig); err != nil {
		return fmt.Errorf("signal the master: %w", err)
	}
	return nil
}

// startMaster starts the master's processes and does not wait for them.
func (s *Sandbox) startMaster() (err error) {
	s.master, err = s.spawn("master", "salt-master", "-c", s.ConfDir())
	return err
}
