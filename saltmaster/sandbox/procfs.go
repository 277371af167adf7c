package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// groupRuns reports whether a process of group pgid is alive and not a zombie.
func groupRuns(pgid int) bool {
	for _, pid := range pids() {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has just ended
		}
		// pid (name) state ppid pgrp ...; the name may hold anything, even ')'.
		_, rest, _ := cutLast(stat, ')')
		f := bytes.Fields(rest)
		if len(f) < 3 || f[0][0] == 'Z' || f[0][0] == 'X' {
			continue
		}
		if group, err := strconv.Atoi(string(f[2])); err == nil && group == pgid {
			return true
		}
	}
	return false
}

// sweep kills processes that left their group, such as a command that a minion
// started in a session of its own. They are known by mark, an environment entry
// that only processes of this sandbox carry.
func sweep(mark string) error {
	var errs []error
	for _, pid := range pids() {
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || pid == os.Getpid() {
			continue // ended, or another user's and so not ours
		}
		if !bytes.Contains(append([]byte{0}, env...), []byte("\x00"+mark+"\x00")) {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("kill stray process %d: %w", pid, err))
		}
	}
	return errors.Join(errs...)
}

func pids() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var all []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

func cutLast(b []byte, sep byte) (before, after []byte, found bool) {
	if i := bytes.LastIndexByte(b, sep); i >= 0 {
		return b[:i], b[i+1:], true
	}
	return b, nil, false
}
