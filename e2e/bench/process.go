package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/saltern-api/saltern/e2e/env"
)

// group is a gateway's process group: each is started in one of its own. Zero
// is none.
type group int

// groupsOf finds the gateways of a env.
func groupsOf(r *env.Env) (saltern, saltAPI group, err error) {
	text, err := os.ReadFile(filepath.Join(r.Dir(), "run", "api.pid"))
	if err != nil {
		return 0, 0, fmt.Errorf("salt-api: %w", err)
	}
	api, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, 0, fmt.Errorf("salt-api's process id: %w", err)
	}
	return group(r.PID()), group(api), nil
}

// read calls f with the file of that name of each process in the group.
func (g group) read(name string, f func(text []byte)) {
	if g == 0 {
		return
	}
	paths, _ := filepath.Glob("/proc/[0-9]*/" + name)
	for _, path := range paths {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if of, err := syscall.Getpgid(pid); err != nil || of != int(g) {
			continue
		}
		if text, err := os.ReadFile(path); err == nil { // else it has just ended
			f(text)
		}
	}
}

// memory is what is resident, in bytes: now, of that without the pages of files
// (of the program's own above all, which the system can drop), and at most.
type memory struct{ now, own, peak int64 }

func (g group) memory() (m memory) {
	g.read("status", func(text []byte) {
		m.now += statusBytes(text, "VmRSS:")
		m.own += statusBytes(text, "RssAnon:")
		m.peak += statusBytes(text, "VmHWM:")
	})
	return m
}

// statusBytes reads a line such as "VmRSS:	  1234 kB".
func statusBytes(status []byte, key string) int64 {
	for line := range bytes.Lines(status) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[0]) == key {
			n, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return n << 10
		}
	}
	return 0
}

// cpu is the processor time that the group's processes have used.
func (g group) cpu() (d time.Duration) {
	g.read("stat", func(text []byte) { d += statTime(text) })
	return d
}

// statTime adds a process's utime and stime, the 14th and 15th field of its
// stat file, in hundredths of a second. The second field is its name in
// brackets and may hold anything.
func statTime(stat []byte) time.Duration {
	const tick = 10 * time.Millisecond
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(string(f[11]), 10, 64)
	system, _ := strconv.ParseInt(string(f[12]), 10, 64)
	return time.Duration(user+system) * tick
}
