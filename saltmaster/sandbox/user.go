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
	"strings"
	"syscall"
)

// capReadSearch is CAP_DAC_READ_SEARCH of capabilities(7): its holder reads what
// only others may read, and writes nothing of theirs.
const capReadSearch = 2

// account is the user of Salt's programs.
type account struct {
	name string
	id   *syscall.Credential // nil is the user of this process
	caps []uintptr           // of the programs; they need root to be given
}

// accountOf looks up a user of the machine, who is to run the Salt in the folder
// salt. Where it lies in a folder that only root may enter, as a Python below /root
// does, the programs may read everything. Their writes need the user's rights.
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
	a := account{name: name, id: id}
	said, err := a.tryPython(salt)
	if err != nil {
		a.caps = []uintptr{capReadSearch}
		said, err = a.tryPython(salt)
	}
	if err != nil {
		return account{}, fmt.Errorf("user %s cannot run Salt in %s, which takes that root starts it: %w %s", name, salt, err, said)
	}
	return a, nil
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

func (a account) tryPython(salt string) (said string, err error) {
	cmd := a.command(filepath.Join(salt, "bin", "python"), "-c", "import salt")
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
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
