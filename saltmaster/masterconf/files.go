package masterconf

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// files is what the reader needs of a file system. Names are as in package os, not as in io/fs: absolute, and with ".."
// left to the system, which follows links before it goes up.
type files interface {
	Open(name string) (fs.File, error)
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
}

type osFiles struct{}

var _ files = osFiles{}

func (osFiles) Open(name string) (fs.File, error)          { return os.Open(name) }
func (osFiles) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (osFiles) Lstat(name string) (fs.FileInfo, error)     { return os.Lstat(name) }
func (osFiles) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// expandUser replaces a leading ~ or ~name with that user's home folder, and leaves the path alone where there is none.
func expandUser(path string) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	name, rest, _ := strings.Cut(path[1:], "/")
	home := os.Getenv("HOME")
	if name != "" || home == "" {
		u, err := lookupUser(name)
		if err != nil {
			return path
		}
		home = u.HomeDir
	}
	return filepath.Join(home, rest)
}

// lookupUser returns the named user, or the one of this process.
func lookupUser(name string) (*user.User, error) {
	if name == "" {
		return user.Current()
	}
	return user.Lookup(name)
}
