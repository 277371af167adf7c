package masterconf

import (
	"io/fs"
	"maps"
	"sync"
	"syscall"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// Changed reports whether the files say something else than they did when they
// were loaded: a master that was started since may have another configuration.
// While no file was touched, it only looks at their times.
func (c *Config) Changed() bool { return c.origin.changed(c) }

// origin is the files that a configuration was read from, and the folders that
// were listed for it. A nil one never changes.
type origin struct {
	files files

	mu    sync.Mutex
	seen  map[string]stamp
	other map[string]stamp // with another content, as last read
}

func (o *origin) changed(c *Config) bool {
	if o == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.are(o.seen) {
		return false
	}
	if o.other != nil && o.are(o.other) {
		return true
	}
	rep, w := &report{}, watch(o.files)
	l := loader{files: w, rep: rep, left: maxIncluded}
	if options := l.load(c.ConfFile); rep.err() != nil || !yaml11.Equal(options, c.options) {
		o.other = w.seen
		return true
	}
	o.seen = w.seen // touched, and the same
	return false
}

// are reports whether files and folders are as they were seen.
func (o *origin) are(seen map[string]stamp) bool {
	for name, before := range seen {
		if stampOf(o.files, name) != before {
			return false
		}
	}
	return true
}

// stamp is the state of a file or a folder. Its zero value stands for one that
// is not there.
type stamp struct {
	there       bool
	mode        fs.FileMode
	inode       uint64
	size, mtime int64
	ctime       syscall.Timespec
}

func stampOf(f files, name string) stamp {
	info, err := f.Stat(name)
	if err != nil {
		return stamp{}
	}
	s := stamp{there: true, mode: info.Mode(), size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode, s.ctime = st.Ino, st.Ctim
	}
	return s
}

// watched notes the state of each file before it is read, and of each folder
// before it is listed.
type watched struct {
	files
	seen map[string]stamp
}

func watch(f files) watched { return watched{f, make(map[string]stamp)} }

func (w watched) note(name string) {
	if _, ok := w.seen[name]; !ok {
		w.seen[name] = stampOf(w.files, name)
	}
}

func (w watched) Open(name string) (fs.File, error) {
	w.note(name)
	return w.files.Open(name)
}

func (w watched) Stat(name string) (fs.FileInfo, error) {
	w.note(name)
	return w.files.Stat(name)
}

func (w watched) Lstat(name string) (fs.FileInfo, error) {
	w.note(name)
	return w.files.Lstat(name)
}

func (w watched) ReadDir(name string) ([]fs.DirEntry, error) {
	w.note(name)
	return w.files.ReadDir(name)
}

// origin returns what was seen.
func (w watched) origin() *origin { return &origin{files: w.files, seen: maps.Clone(w.seen)} }
