package saltssh

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// folderPrefix is the prefix of the directories' names.
const folderPrefix = "salt-ssh-"

// lockName is a file in every directory, locked as long as the process that
// created the directory is alive.
const lockName = ".saltern"

// newLock creates the lock file. It gets its name only once it is locked, so
// that it is never found unlocked.
func newLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName+".new"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, lockName)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func tryLock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// Sweep removes what killed processes have left behind: directories with the
// settings of calls, which may include passwords. It reads only directories of
// this user and of the one that salt-ssh runs as, and leaves those of a running process. It returns the number of
// removed ones.
func (p *Program) Sweep() (removed int, err error) {
	parent := p.opts.TempDir
	if parent == "" {
		parent = os.TempDir()
	}
	as, err := p.account()
	if err != nil {
		return 0, fmt.Errorf("sweep the folders of salt-ssh: %w", err)
	}
	owners := []int{os.Geteuid()}
	if as != nil {
		owners = append(owners, int(as.credential.Uid))
	}
	root, err := os.OpenRoot(parent)
	if err != nil {
		return 0, fmt.Errorf("sweep the folders of salt-ssh: %w", err)
	}
	defer root.Close() //nolint:errcheck // it was only read
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return 0, fmt.Errorf("sweep the folders of salt-ssh: %w", err)
	}
	var failed []error
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), folderPrefix) {
			continue
		}
		done, err := sweep(root, e.Name(), owners)
		if err != nil {
			failed = append(failed, fmt.Errorf("sweep the folders of salt-ssh: %w", err))
		}
		if done {
			removed++
		}
	}
	return removed, errors.Join(failed...)
}

// sweep removes a directory, if a process has left it behind.
func sweep(root *os.Root, name string, owners []int) (removed bool, err error) {
	if info, err := root.Lstat(name); err != nil || !isPrivate(info, owners) {
		return false, nil
	}
	lock := filepath.Join(name, lockName)
	if info, err := root.Lstat(lock); err != nil || !info.Mode().IsRegular() {
		return false, nil // not ours, or being created
	}
	f, err := root.OpenFile(lock, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // its process has removed it
	}
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	switch err := tryLock(f); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, nil // its process is alive
	case err != nil:
		return false, err
	}
	return true, root.RemoveAll(name)
}

// isPrivate reports whether a directory is accessible to one of some users only.
func isPrivate(info fs.FileInfo, owners []int) bool {
	if !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && slices.Contains(owners, int(stat.Uid))
}
