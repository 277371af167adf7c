package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Of capabilities(7). With the first a program reads what only others may read. With the
// other one it writes that too; containers mostly have no more to give.
const (
	capReadSearch = 2 // CAP_DAC_READ_SEARCH
	capOverride   = 1 // CAP_DAC_OVERRIDE
)

// account is the user of Salt's programs.
type account struct {
	name string
	id   *syscall.Credential // nil is the user of this process
	caps []uintptr           // of the programs; they need root to be given
}

// accountOf looks up a user of the machine, who is to run the Salt in the folder
// salt. Where it lies in a folder that only root may enter, as a Python below /root
// does, the programs get a capability, and then what they can read and write says
// less than whose their files are.
func accountOf(name, salt string) (account, error) {
	if name == "" {
		me, err := user.Current()
		if err != nil {
			return account{}, fmt.Errorf("current user: %w", err)
		}
		return account{name: me.Username}, nil
	}
	id, err := Credential(name)
	if err != nil {
		return account{}, err
	}
	var errs []error
	for _, caps := range [][]uintptr{nil, {capReadSearch}, {capOverride}} {
		a := account{name: name, id: id, caps: caps}
		err := a.tryPython(salt)
		if err == nil {
			return a, nil
		}
		errs = append(errs, err)
	}
	return account{}, fmt.Errorf("user %s cannot run Salt in %s, which takes that root starts it: %w", name, salt, errors.Join(errs...))
}

// Credential returns the ids of a user of the machine, without further groups.
func Credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// tryPython returns an error when the user cannot run Salt's Python.
func (a account) tryPython(salt string) error {
	cmd := a.command(filepath.Join(salt, "bin", "python"), "-c", "import salt")
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w %s", err, lastLines(out))
	}
	return nil
}

// command returns a program that runs as the user, in a process group of its own.
func (a account) command(program string, args ...string) *exec.Cmd {
	if a.caps != nil {
		// A process has such capabilities from its first exec on: the program itself
		// may be out of reach without.
		args = append([]string{"-c", `exec "$0" "$@"`, program}, args...)
		program = "/bin/sh"
	}
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: a.id, AmbientCaps: a.caps}
	return cmd
}

// own gives a folder with all that is in it to the user.
func (a account) own(dir string) error {
	if a.id == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, int(a.id.Uid), int(a.id.Gid)) //nolint:gosec // nobody else may write there
		}
		if err != nil {
			return fmt.Errorf("give to user %s: %w", a.name, err)
		}
		return nil
	})
}
