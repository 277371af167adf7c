package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
)

// There is one demo per user at a time, which its directory marks as running.
func demoDir() string {
	return filepath.Join(os.TempDir(), "saltern-demo-"+strconv.Itoa(os.Getuid()))
}

// demoLog returns the log of a detached demo's output.
func demoLog() string { return demoDir() + ".log" }

// makeDemoDir creates the directory with the demo's process id.
func makeDemoDir() (string, error) {
	dir := demoDir()
	if pid, ok := demoProcess(); ok {
		return "", fmt.Errorf("a demo runs already, as process %d: end it with make demo-stop", pid)
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	return dir, os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(os.Getpid())), 0o600)
}

// demoProcess finds the running demo.
func demoProcess() (pid int, ok bool) {
	b, err := os.ReadFile(filepath.Join(demoDir(), "pid"))
	if err != nil {
		return 0, false
	}
	if pid, err = strconv.Atoi(string(b)); err != nil || pid <= 1 {
		return 0, false
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return pid, err == nil && strings.Contains(string(line), "\x00demo\x00")
}

// detachDemo starts the demo as a process of its own, and prints its output
// until it is ready.
func detachDemo(ctx context.Context, salt string, std stdio) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	_ = os.Remove(demoLog())
	log, err := os.OpenFile(demoLog(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer log.Close()                                 //nolint:errcheck // written by the demo itself
	cmd := exec.Command(self, "demo", "--salt", salt) //nolint:gosec // this very program
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := follow(ctx, log.Name(), ended, std); err != nil {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return err
	}
	fmt.Fprintf(std.out, "\nIt goes on as process %d and writes to %s. End it with: make demo-stop\n", cmd.Process.Pid, log.Name())
	return nil
}

// follow prints a growing file up to the line about the demo being ready.
func follow(ctx context.Context, name string, ended <-chan error, std stdio) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadString('\n')
		fmt.Fprint(std.out, line)
		if strings.HasPrefix(line, "The demo is ready") {
			return nil
		}
		if err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return errors.Join(errors.New("the demo ended before it was ready"), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stopDemo stops the demo and waits until it has cleaned up.
func stopDemo(ctx context.Context, std stdio) error {
	pid, ok := demoProcess()
	if !ok {
		_, err := fmt.Fprintln(std.out, "no demo runs")
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("demo: stop process %d: %w", pid, err)
	}
	for {
		_, err := os.Stat(demoDir())
		if _, runs := demoProcess(); !runs && errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(demoLog())
			_, err := fmt.Fprintln(std.out, "the demo has ended")
			return err
		}
		if err := pause.For(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
