package sandbox

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// pamLauncher makes Salt's PAM helper read its service files from one folder.
//
//go:embed pam_launcher.py
var pamLauncher []byte

func (s *Sandbox) pamPython() string { return s.path("run", "pam-python") }

// writePAMPython writes the program that Salt's auth.pam.python names. It has
// to be a script: Salt resolves symbolic links, so the environment's own python
// would become the system's, which has no Salt.
func (s *Sandbox) writePAMPython() error {
	python := filepath.Join(s.salt, "bin", "python")
	script := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\"\n", quote(python))
	if s.opts.PAMServiceDir != "" {
		dir, err := filepath.Abs(s.opts.PAMServiceDir)
		if err != nil {
			return fmt.Errorf("PAM service folder: %w", err)
		}
		launcher := s.path("run", "pam_launcher.py")
		if err := os.WriteFile(launcher, pamLauncher, 0o600); err != nil {
			return fmt.Errorf("write PAM launcher: %w", err)
		}
		script = fmt.Sprintf("#!/bin/sh\nexec %s %s %s \"$@\"\n", quote(python), quote(launcher), quote(dir))
	}
	if err := os.WriteFile(s.pamPython(), []byte(script), 0o700); err != nil { //nolint:gosec // Salt executes it
		return fmt.Errorf("write PAM launcher: %w", err)
	}
	return nil
}

// WritePAMService writes a PAM service file into dir whose users and passwords
// are exactly those given: no user of the machine can log in through it, and
// they need not exist on the machine. It needs pam_matrix, which Debian's
// package libpam-wrapper brings.
func WritePAMService(dir, service string, users map[string]string) error {
	module, err := pamMatrix()
	if err != nil {
		return err
	}
	db := filepath.Join(dir, service+".passdb")
	var lines strings.Builder
	for name, password := range users {
		if strings.ContainsAny(name+password, ":\n\x00") {
			return errors.New("a PAM user or password holds a colon, a line end or NUL")
		}
		fmt.Fprintf(&lines, "%s:%s:%s\n", name, password, service)
	}
	if err := os.WriteFile(db, []byte(lines.String()), 0o600); err != nil {
		return fmt.Errorf("write PAM users: %w", err)
	}
	var text strings.Builder
	for _, kind := range []string{"auth", "account", "password", "session"} {
		fmt.Fprintf(&text, "%s required %s passdb=%s\n", kind, module, db)
	}
	if err := os.WriteFile(filepath.Join(dir, service), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write PAM service: %w", err)
	}
	return nil
}

func pamMatrix() (string, error) {
	for _, pattern := range []string{"/usr/lib/*/pam_wrapper/pam_matrix.so", "/usr/lib*/pam_wrapper/pam_matrix.so"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0], nil
		}
	}
	return "", errors.New("pam_matrix.so is not installed (make deps installs it; Debian: libpam-wrapper)")
}

// quote makes text one word of a POSIX shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
