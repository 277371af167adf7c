package runnerdirs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Dirs are the folders from which a master loads runners beside Salt's own:
// runners in extension_modules, runner_dirs, and runners or _runners in
// module_dirs.
type Dirs []string

// maxSource is how much of a module is looked through, in bytes.
const maxSource = 1 << 20

// MayHave reports whether a module of this name may come from one of the
// folders: a file has the name, or may give it to itself by __virtual__ or
// __virtualname__. What cannot be read may.
func (d Dirs) MayHave(module string) bool {
	for _, dir := range d {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return true
		}
		for _, e := range entries {
			name, _, _ := strings.Cut(e.Name(), ".")
			if name == module || !strings.HasPrefix(name, "__") && calledSo(filepath.Join(dir, e.Name()), module) {
				return true
			}
		}
	}
	return false
}

// calledSo reports whether a module's source may give it a name: it has the
// name as a text, or the source is not there to be read.
func calledSo(path, module string) bool {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "__init__.py")
	}
	if !strings.HasSuffix(path, ".py") {
		return strings.HasSuffix(path, ".so") || strings.HasSuffix(path, ".pyc") || strings.HasSuffix(path, ".pyx")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		return true
	}
	defer f.Close() //nolint:errcheck // it was only read
	source, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err != nil || len(source) > maxSource {
		return true
	}
	return bytes.Contains(source, []byte("__virtual")) &&
		(bytes.Contains(source, []byte(`"`+module+`"`)) || bytes.Contains(source, []byte(`'`+module+`'`)))
}
