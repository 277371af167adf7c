package config

import (
	"path/filepath"

	"github.com/saltern-api/saltern/lowstate/saltssh"
)

// SSH returns the options of salt-ssh.
func (c *Config) SSH() saltssh.Options {
	file := c.Master.ConfFile
	return saltssh.Options{
		Program:    c.Settings.SSH.Program,
		Processes:  c.Settings.SSH.Processes,
		MasterFile: file,
		Includes:   saltssh.Includes(file, c.Option("default_include"), c.Option("include")),
		Roster:     rosterKind(c.Option("roster")),
		Rosters:    paths(c.Option("rosters")),
		User:       c.Master.User,
	}
}

// rosterKind returns the master's option roster. With more than one, or a value
// that is not text, the hosts are not those of a file.
func rosterKind(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return "several"
	}
}

// paths returns the texts of a list.
func paths(v any) (list []string) {
	all, _ := v.([]any)
	for _, e := range all {
		if s, ok := e.(string); ok {
			list = append(list, filepath.Clean(s))
		}
	}
	return list
}
