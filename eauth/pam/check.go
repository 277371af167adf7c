package pam

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// systemDirs are the directories where libpam looks for services; which of them
// it uses is fixed when it is built.
var systemDirs = []string{"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d", "/usr/local/etc/pam.d"}

// shadowFile holds the passwords that pam_unix checks.
const shadowFile = "/etc/shadow"

// Check returns an error if logins cannot work, since PAM is not built in or
// the service does not exist. It is called when the gateway starts, and logs a
// warning if this process can check its own user's password only.
func (b *Backend) Check() error {
	o := b.login.opts
	if strings.ContainsAny(o.Service, "/\x00") {
		return fmt.Errorf("PAM service %q: not a plain name", o.Service)
	}
	if err := canStart(o.Service, o.ConfDir); err != nil {
		return fmt.Errorf("PAM service %q: %w", o.Service, err)
	}
	// libpam uses the service "other" for one that is missing, which usually
	// denies everybody. That is a configuration error, which is reported at
	// the start.
	if err := findService(o.Service, o.ConfDir); err != nil {
		return fmt.Errorf("PAM service %q: %w", o.Service, err)
	}
	if o.ConfDir == "" && os.Geteuid() != 0 && syscall.Access(shadowFile, 4 /* R_OK */) != nil {
		b.login.opts.Logger.Warn("this process can check its own user's password only, not those of others: "+
			"on Debian, run it with the supplementary group shadow, elsewhere as root or with SSSD (saltstack/salt issue 64275)",
			slog.String("cannot_read", shadowFile), slog.Int("uid", os.Geteuid()))
	}
	return nil
}

func findService(service, confDir string) error {
	name := strings.ToLower(service) // as libpam does
	dirs := systemDirs
	if confDir != "" {
		dirs = []string{confDir}
	}
	for _, dir := range dirs {
		_, err := os.Stat(filepath.Join(dir, name))
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("find its file: %w", err)
		}
	}
	if confDir == "" && inPamConf(name) {
		return nil
	}
	return fmt.Errorf("no such file in %s", strings.Join(dirs, ", "))
}

// inPamConf looks for the service in the one file of old systems.
func inPamConf(name string) bool {
	data, err := os.ReadFile("/etc/pam.conf")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.EqualFold(fields[0], name) {
			return true
		}
	}
	return false
}
