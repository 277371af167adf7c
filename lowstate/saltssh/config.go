package saltssh

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// ErrNoKey means that ssh_priv is not a file. salt-ssh would create one there.
var ErrNoKey = errors.New("ssh_priv is not a file")

// ErrNoRoster means that roster_file is in none of the operator's directories.
var ErrNoRoster = errors.New("roster_file is in none of the folders of the master's rosters")

// folder is the configuration of one run. Only this process writes to it.
type folder struct {
	path string
	lock *os.File
}

func newFolder(parent string) (folder, error) {
	path, err := os.MkdirTemp(parent, folderPrefix) // 0700
	if err != nil {
		return folder{}, fmt.Errorf("make a folder for salt-ssh: %w", err)
	}
	f := folder{path: path}
	if f.lock, err = newLock(path); err != nil {
		f.remove()
		return folder{}, fmt.Errorf("lock the folder for salt-ssh: %w", err)
	}
	return f, nil
}

func (f folder) file(name string) string { return filepath.Join(f.path, name) }

func (f folder) output() string { return f.file("output") }

// written returns the paths of the files that write writes.
func (f folder) written() []string {
	return []string{f.file("master"), f.file("client.conf"), f.file("Saltfile")}
}

func (f folder) remove() {
	_ = os.RemoveAll(f.path)
	_ = f.lock.Close()
}

// write writes the files that salt-ssh reads: a main file that includes the
// master's and then has our settings, and an empty Saltfile, so that salt-ssh
// looks for no other. JSON is YAML.
//
// config_dir and conf_file still refer to the master's configuration, for code
// that looks for files beside it: the roster, and the keys of the gpg renderer.
func (f folder) write(o Options, settings map[string]any) error {
	maps.Copy(settings, map[string]any{
		"config_dir":  filepath.Dir(o.MasterFile),
		"conf_file":   o.MasterFile,
		"static":      true,
		"output":      "json",
		"output_file": f.output(),
		"log_level":   "quiet",
	})
	main := map[string]any{
		"default_include": []string{quotedGlob(o.MasterFile)},
		"include":         append(append([]string{}, o.Includes...), quotedGlob(f.file("client.conf"))),
	}
	for name, v := range map[string]any{"master": main, "client.conf": settings, "Saltfile": map[string]any{}} {
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("write the configuration of salt-ssh: %w", err)
		}
		if err := os.WriteFile(f.file(name), b, 0o600); err != nil {
			return fmt.Errorf("write the configuration of salt-ssh: %w", err)
		}
	}
	return nil
}

// settings returns Salt's options for one call.
func (o Options) settings(c Call) (map[string]any, error) {
	set := map[string]any{"jid": c.JID, "raw_shell": c.RawShell}
	maps.Copy(set, c.Settings.values)
	if c.Settings.priv != "" && c.Settings.priv != "agent-forwarding" {
		if info, err := os.Stat(c.Settings.priv); err != nil || !info.Mode().IsRegular() {
			return nil, ErrNoKey
		}
	}
	if c.Settings.roster != "" {
		path, err := o.rosterFile(c.Settings.roster)
		if err != nil {
			return nil, err
		}
		set["roster_file"] = path
	}
	if c.Timeout > 0 {
		set["timeout"] = int64(math.Ceil(c.Timeout.Seconds()))
	}
	return set, nil
}

// rosterFile finds a roster in the operator's directories. salt-api accepts any
// path if there is none, and renders that file.
func (o Options) rosterFile(name string) (string, error) {
	name = strings.Trim(name, "/")
	if !filepath.IsLocal(name) {
		return "", ErrNoRoster
	}
	for _, dir := range o.Rosters {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", ErrNoRoster
}

// Includes returns the patterns of the master's default_include and include, as
// configured (nil if not), as patterns that do not depend on the directory of
// the file that names them.
func Includes(masterFile string, defaultInclude, include any) []string {
	if defaultInclude == nil {
		defaultInclude = "master.d/*.conf" // Salt's default
	}
	var patterns []string
	for _, option := range []any{defaultInclude, include} {
		list, ok := option.([]any)
		if !ok {
			list = []any{option}
		}
		for _, v := range list {
			pattern, _ := v.(string)
			if pattern == "" {
				continue
			}
			if !filepath.IsAbs(pattern) && !strings.HasPrefix(pattern, "~") {
				pattern = quotedGlob(filepath.Dir(masterFile)) + "/" + pattern
			}
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// quotedGlob returns a pattern of Python's glob that matches one path.
func quotedGlob(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}
