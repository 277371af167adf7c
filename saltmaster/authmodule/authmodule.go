package authmodule

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Modules is what a master's configuration says of its eauth modules.
type Modules struct {
	// ACLModule is eauth_acl_module, or "".
	ACLModule string

	// Deciding are modules that decide themselves, according to the operator.
	Deciding []string

	// Dirs are the folders in which the master looks for eauth modules before it looks in Salt itself. Those that are
	// not there hold none.
	Dirs []string

	// OUs reports whether a rule of external_auth for the module ldap is for an OU of the directory: "ldap(OU=...)".
	OUs bool
}

// Says is what a module may say. Its zero value is nothing: the rules of external_auth are all there is.
type Says struct {
	ACL, Process bool
	Why          string // for the operator
}

// stock are the modules of Salt 3006 and 3008 alike, none of which has an acl().
var stock = []string{"auto", "file", "ldap", "pam", "sharedsecret"}

// Says returns what the module may decide about its users. It reads the folders anew.
func (m Modules) Says(module string) Says {
	own, why := m.own(module)
	s := Says{ACL: own, Process: own, Why: why}
	if m.ACLModule != "" {
		s.ACL, s.Why = true, "eauth_acl_module is set"
	}
	if module == "ldap" && m.OUs && !s.Process {
		s.Process, s.Why = true, "external_auth has rules for OUs of the directory"
	}
	return s
}

// own reports whether the module may be another than Salt's own, without an acl().
func (m Modules) own(module string) (own bool, why string) {
	if slices.Contains(m.Deciding, module) {
		return true, "saltern.yaml names it in auth.deciding"
	}
	if !slices.Contains(stock, module) {
		return true, "the eauth module " + module + " may have an acl() or a process_acl()"
	}
	for _, dir := range m.Dirs {
		file, err := replaces(dir, module)
		switch {
		case err != nil:
			return true, "the folder " + dir + " of eauth modules cannot be read"
		case file != "":
			return true, "the eauth module " + module + " may be the one in " + filepath.Join(dir, file)
		}
	}
	return false, ""
}

// replaces finds a file that Salt's loader may take for a module: by its name, or by what it calls itself, which is
// __virtualname__ or what __virtual__ returns.
func replaces(dir, module string) (file string, err error) {
	if !filepath.IsAbs(dir) {
		return "", errors.New("it is relative to where the master was started")
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		name := e.Name()
		base, suffix, _ := strings.Cut(name, ".")
		switch {
		case base == "__init__", base == "__pycache__", base == "":
		case base == module:
			return name, nil
		case e.IsDir():
			if called(filepath.Join(dir, name, "__init__.py")) {
				return name, nil
			}
		case !strings.Contains(suffix, "py") && !strings.HasSuffix(suffix, "so") && !strings.HasSuffix(suffix, "zip"):
		case called(filepath.Join(dir, name)):
			return name, nil
		}
	}
	return "", nil
}

// maxModule is far more than a module has, in bytes.
const maxModule = 1 << 20

// called reports whether a file may call itself otherwise than its name. One that cannot be read may.
func called(path string) bool {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		return true
	}
	defer f.Close() //nolint:errcheck // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, maxModule))
	return err != nil || len(text) == maxModule || bytes.Contains(text, []byte("__virtual"))
}
