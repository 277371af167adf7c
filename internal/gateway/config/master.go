package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/saltern-api/saltern/eauth/pam"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/runnerdirs"
)

// Option returns an option of the master's file as written; nil if it is
// missing.
func (c *Config) Option(name string) any { return option(c.Master, name) }

func option(mc *masterconf.Config, name string) any { v, _ := mc.Option(name); return v }

// folders returns an option that is a list of directories, or one directory.
func folders(mc *masterconf.Config, name string) []string {
	switch v := option(mc, name).(type) {
	case string:
		return []string{v}
	case []any:
		dirs := make([]string, len(v))
		for i, e := range v {
			dirs[i] = fmt.Sprint(e)
		}
		return dirs
	}
	return nil
}

// RunnerDirs returns the directories from which the master loads runners
// besides Salt's own.
func (c *Config) RunnerDirs() runnerdirs.Dirs { return moduleDirs(c.Master, "runners", "runner_dirs") }

// moduleDirs returns the directories from which the master loads modules of a
// kind besides Salt's own; own is the option that lists some.
func moduleDirs(mc *masterconf.Config, kind, own string) runnerdirs.Dirs {
	dirs := runnerdirs.Dirs{filepath.Join(mc.ExtensionModules, kind)}
	dirs = append(dirs, folders(mc, own)...)
	for _, dir := range folders(mc, "module_dirs") {
		dirs = append(dirs, filepath.Join(dir, kind), filepath.Join(dir, "_"+kind))
	}
	return dirs
}

// Nodegroups returns the master's nodegroups, each as the words of its
// expression.
func (c *Config) Nodegroups() lowstate.Nodegroups {
	groups := make(lowstate.Nodegroups)
	for item := range c.Master.Nodegroups.All() {
		name := fmt.Sprint(item.Key)
		switch definition := item.Value.(type) {
		case string:
			groups[name] = strings.Fields(definition)
		case []any:
			groups[name] = make([]string, len(definition))
			for i, word := range definition {
				groups[name][i] = fmt.Sprint(word)
			}
		}
	}
	return groups
}

// ProcessUser returns the user name in publish requests, as in those of Salt's
// own clients.
func (c *Config) ProcessUser() string {
	me, err := user.Current()
	if err != nil {
		return c.Master.User
	}
	return me.Username
}

// Eauths returns the names of the eauth modules in external_auth.
func (c *Config) Eauths() []string {
	var names []string
	for _, m := range c.Master.ExternalAuth {
		names = append(names, m.Name)
	}
	return names
}

// PAM returns how accounts of the eauth pam are checked, at a login and
// afterwards.
func (c *Config) PAM() pam.Options {
	return pam.Options{
		Service:   c.Master.AuthPAMService,
		ConfDir:   c.Settings.PAM.ConfDir,
		AllowRoot: c.Settings.PAM.AllowRoot || namesUser(c.Master, "pam", "root"),
	}
}

// namesUser reports whether external_auth contains a user by name: not by a
// pattern, a group or a star.
func namesUser(mc *masterconf.Config, module, user string) bool {
	m, _ := mc.ExternalAuth.Module(module)
	return slices.ContainsFunc(m.Rules, func(r masterconf.EauthRule) bool { return r.Name == user })
}

// checkEventBus returns an error if this process may never connect to the
// master's event bus: its user is neither the master's nor root. That the bus is
// not there yet is none.
func checkEventBus(mc *masterconf.Config) error {
	network, path := mc.EventBusEndpoint()
	if network != "unix" || !errors.Is(unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS), fs.ErrPermission) {
		return nil
	}
	return fmt.Errorf("sock_dir: %s: permission denied; run Saltern as the master's user or as root", path)
}
