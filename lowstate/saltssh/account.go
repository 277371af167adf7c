package saltssh

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// errNotTheirs means that the output is not a file that salt-ssh has made.
var errNotTheirs = errors.New("the output of salt-ssh is not a file of the user that it ran as")

// account is the user that salt-ssh runs as where that is not the user of this process.
type account struct {
	name, home string
	credential syscall.Credential
}

// account returns the master's user if this process is root and the master is not, or
// else nil. salt-api becomes the master's user when it starts, so that its salt-ssh
// reads no keys and writes no files but those of this user.
func (p *Program) account() (*account, error) {
	if p.opts.User == "" || os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // there is no other user
	}
	u, err := user.Lookup(p.opts.User)
	if err != nil {
		return nil, fmt.Errorf("the user of salt-ssh: %w", err)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("the groups of the user of salt-ssh: %w", err)
	}
	a := &account{name: u.Username, home: u.HomeDir, credential: syscall.Credential{Groups: make([]uint32, len(groups))}}
	ids := map[*uint32]string{&a.credential.Uid: u.Uid, &a.credential.Gid: u.Gid}
	for i, group := range groups {
		ids[&a.credential.Groups[i]] = group
	}
	for to, text := range ids {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("the user of salt-ssh: %w", err)
		}
		*to = uint32(id)
	}
	if a.credential.Uid == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	return a, nil
}

// give makes a directory and what salt-ssh reads in it the user's. The lock stays root's.
func (a *account) give(f folder) error {
	for _, path := range append(f.written(), f.path) { // the directory is the last: until then nobody else enters it
		if err := os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
			return fmt.Errorf("write the configuration of salt-ssh: %w", err)
		}
	}
	return nil
}

// open opens the output. In the directory of another user any file may be there by now,
// or a link to one that this user may not read.
func (a *account) open(path string) (*os.File, error) {
	if a == nil {
		return os.Open(filepath.Clean(path))
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != a.credential.Uid || !info.Mode().IsRegular() {
			err = errNotTheirs
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
