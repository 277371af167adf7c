package cgroup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// noLimit is the value from which on version 1 has no limit: it writes the largest number of pages.
const noLimit = int64(1) << 60

// maxFile bounds the bytes read of a file.
const maxFile = 1 << 20

// MemoryLimit returns the smallest limit in bytes of the groups of this process, including their parents. root is the
// root of the file system, such as os.DirFS("/"). ok is false if there is no limit, or no control group at all. An
// error is returned for a file that exists and cannot be read.
func MemoryLimit(root fs.FS) (limit int64, ok bool, err error) {
	groups, err := ownGroups(root)
	if err != nil || groups == (own{}) {
		return 0, false, err
	}
	mounts, err := read(root, "proc/self/mountinfo")
	if err != nil {
		return 0, false, err
	}
	for line := range lines(mounts) {
		m, isMount := parseMount(line)
		group, file := groups.in(m)
		if !isMount || group == "" {
			continue
		}
		for _, dir := range m.dirs(group) {
			n, limited, err := readLimit(root, path.Join(dir, file))
			if err != nil {
				return 0, false, err
			}
			if limited && (!ok || n < limit) {
				limit, ok = n, true
			}
		}
	}
	return limit, ok, nil
}

// own are the groups of this process, by version; empty if it is in none with a memory
// controller.
type own struct{ v1, v2 string }

func ownGroups(root fs.FS) (o own, err error) {
	text, err := read(root, "proc/self/cgroup")
	for line := range lines(text) {
		id, rest, _ := strings.Cut(line, ":")
		controllers, group, ok := strings.Cut(rest, ":")
		switch {
		case !ok || !strings.HasPrefix(group, "/"):
		case id == "0" && controllers == "":
			o.v2 = group
		case hasWord(controllers, "memory"):
			o.v1 = group
		}
	}
	return o, err
}

// in returns the group of this process below a mount, and the file with its limit.
func (o own) in(m mount) (group, file string) {
	switch {
	case m.kind == "cgroup2":
		return o.v2, "memory.max"
	case m.kind == "cgroup" && hasWord(m.options, "memory"):
		return o.v1, "memory.limit_in_bytes"
	}
	return "", ""
}

func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// mount is a line of mountinfo (proc_pid_mountinfo(5)).
type mount struct {
	root    string // the mounted directory of the file system
	point   string // the mount point
	kind    string
	options string // of the file system
}

func parseMount(line string) (m mount, ok bool) {
	before, after, ok := strings.Cut(line, " - ")
	left, right := strings.Fields(before), strings.Fields(after)
	if !ok || len(left) < 5 || len(right) < 3 {
		return m, false
	}
	return mount{root: unescape(left[3]), point: unescape(left[4]), kind: right[0], options: right[2]}, true
}

// unescape decodes the kernel's escapes, such as \040.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// dirs returns the directories of a group and of its parents, as far as they
// are mounted. For a group that is not below the mounted directory, as in a
// container, it is the mount point.
func (m mount) dirs(group string) []string {
	point := path.Clean(m.point)
	below, ok := strings.CutPrefix(path.Clean(group), strings.TrimSuffix(path.Clean(m.root), "/"))
	if !ok || strings.Contains(group, "..") || below != "" && below[0] != '/' {
		return []string{point}
	}
	all := []string{point}
	dir := point
	for part := range strings.SplitSeq(below, "/") {
		if part != "" {
			dir = path.Join(dir, part)
			all = append(all, dir)
		}
	}
	return all
}

func readLimit(root fs.FS, name string) (limit int64, ok bool, err error) {
	text, err := read(root, name)
	if err != nil || text == nil {
		return 0, false, err
	}
	word := strings.TrimSpace(string(text))
	if word == "max" {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < 0 {
		return 0, false, fmt.Errorf("read a memory limit: %s has no number in it", name)
	}
	return n, n < noLimit, nil
}

// read returns a file by its absolute path, or nil if there is none.
func read(root fs.FS, name string) ([]byte, error) {
	name = strings.TrimPrefix(path.Clean(name), "/")
	if !fs.ValidPath(name) {
		return nil, nil
	}
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a memory limit: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read a memory limit: %w", err)
	}
	return text, nil
}

func lines(text []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		s := bufio.NewScanner(bytes.NewReader(text))
		for s.Scan() {
			if !yield(s.Text()) {
				return
			}
		}
	}
}
