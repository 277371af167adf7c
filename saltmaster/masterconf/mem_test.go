package masterconf

import (
	"io/fs"
	"path"
	"strings"
	"testing/fstest"
)

// memFiles is a file system in memory, so that a test can name any file without touching it.
type memFiles struct{ m fstest.MapFS }

var _ files = memFiles{}

func mem(content map[string]string) memFiles {
	m := fstest.MapFS{}
	for name, data := range content {
		m[rel(name)] = &fstest.MapFile{Data: []byte(data), Mode: 0o600}
	}
	return memFiles{m}
}

// rel makes io/fs's kind of name of an absolute one.
func rel(name string) string {
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name != "" {
		return name
	}
	return "."
}

func (f memFiles) Open(name string) (fs.File, error)          { return f.m.Open(rel(name)) }
func (f memFiles) Stat(name string) (fs.FileInfo, error)      { return fs.Stat(f.m, rel(name)) }
func (f memFiles) Lstat(name string) (fs.FileInfo, error)     { return fs.Stat(f.m, rel(name)) }
func (f memFiles) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(f.m, rel(name)) }

// denied is a file system where one file cannot be opened.
type denied struct {
	memFiles
	name string
}

func (f denied) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.memFiles.Open(name)
}
