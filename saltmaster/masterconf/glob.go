package masterconf

import (
	"path"
	"strings"

	"github.com/saltern-api/saltern/internal/pyglob"
)

// glob finds the names that a pattern of Python's glob module matches. It differs from filepath.Glob: a * does not match
// a leading dot, [!x] negates, a backslash is an ordinary character, and a broken link is a match.
func glob(f files, pattern string) []string { return globIn(f, pattern, false) }

func globIn(f files, pattern string, onlyDirs bool) []string {
	dir, base := path.Split(pattern)
	if trimmed := strings.TrimRight(dir, "/"); trimmed != "" {
		dir = trimmed
	}
	if !hasMagic(pattern) {
		if exists(f, pattern, base == "") {
			return []string{pattern}
		}
		return nil
	}
	dirs := []string{dir}
	if hasMagic(dir) {
		dirs = globIn(f, dir, true)
	}
	var found []string
	for _, d := range dirs {
		prefix := d
		if !strings.HasSuffix(prefix, "/") {
			prefix += "/"
		}
		if !hasMagic(base) {
			if exists(f, prefix+base, base == "") {
				found = append(found, prefix+base)
			}
			continue
		}
		for _, name := range globDir(f, d, base, onlyDirs) {
			found = append(found, prefix+name)
		}
	}
	return found
}

// globDir returns the names in one folder; a folder that cannot be read has none.
func globDir(f files, dir, pattern string, onlyDirs bool) []string {
	g := pyglob.Compile(pattern)
	entries, _ := f.ReadDir(dir)
	var names []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
			continue
		}
		if !g.Match(name) || onlyDirs && !exists(f, dir+"/"+name, true) {
			continue
		}
		names = append(names, name)
	}
	return names
}

func hasMagic(s string) bool { return strings.ContainsAny(s, "*?[") }

// exists looks at the name itself, or at what it links to when it has to be a folder.
func exists(f files, name string, dir bool) bool {
	if dir {
		info, err := f.Stat(name)
		return err == nil && info.IsDir()
	}
	_, err := f.Lstat(name)
	return err == nil
}
