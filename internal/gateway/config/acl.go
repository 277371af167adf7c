package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// Rules are the rules of external_auth.
func (c *Config) Rules() *acl.Rules { return aclRules(c.Master) }

func aclRules(mc *masterconf.Config) *acl.Rules { return acl.New(aclModules(mc), aclOptions(mc)) }

// SSHRules are the same for salt-ssh, whose minions are the hosts of a roster.
// hosts lists them; starCompared is [acl.Options]'.
func (c *Config) SSHRules(hosts func() ([]string, error), starCompared func() bool) *acl.Rules {
	mc := c.Master
	o := aclOptions(mc)
	var accepted acl.Targets
	if acceptedAreFiles(mc) {
		accepted = acceptedTargets(mc)
	}
	o.Targets = acl.Roster(accepted, hosts)
	o.StarCompared = starCompared
	return acl.New(aclModules(mc), o)
}

func aclOptions(mc *masterconf.Config) acl.Options {
	o := acl.Options{
		PermissiveACL:    mc.PermissiveACL,
		ExpandedMatching: mc.ExpandedAuthMatching,
		KeepACLInToken:   mc.KeepACLInToken,
	}
	if minionsAreFiles(mc) {
		o.Targets = acceptedTargets(mc)
	}
	return o
}

func acceptedTargets(mc *masterconf.Config) acl.Targets {
	return acl.Accepted(func() ([]string, error) { return acceptedMinions(mc) })
}

// aclModules takes external_auth as it is written: a name that is no text
// counts for Salt, which does not get past it.
func aclModules(mc *masterconf.Config) []acl.Module {
	v, _ := mc.Option("external_auth")
	external, _ := v.(*yaml11.Map)
	var modules []acl.Module
	for item := range external.All() {
		name, ok := item.Key.(string)
		if !ok {
			continue
		}
		rules, _ := aclValue(item.Value).(acl.Map)
		modules = append(modules, acl.Module{Name: name, Rules: rules})
	}
	return modules
}

// aclValue puts mappings into the evaluator's own type.
func aclValue(v any) any {
	switch v := v.(type) {
	case *yaml11.Map:
		m := make(acl.Map, 0, v.Len())
		for item := range v.All() {
			m = append(m, acl.Pair{Key: item.Key, Value: aclValue(item.Value)})
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = aclValue(x)
		}
		return list
	default:
		return v
	}
}

// minionsAreFiles reports whether the minions that a target matches follow from
// the keys in pki_dir and nothing else.
func minionsAreFiles(mc *masterconf.Config) bool {
	v, ok := mc.Option("enable_ssh_minions") // hosts of the roster count, too
	return (!ok || v == false) && acceptedAreFiles(mc)
}

// acceptedAreFiles reports whether the accepted minions that a target matches do.
func acceptedAreFiles(mc *masterconf.Config) bool {
	for option, unset := range map[string]any{
		"keys.cache_driver": "localfs_key", // from Salt 3008 on
		"key_cache":         "",            // a list of its own, which may be older than the keys
		"cluster_id":        nil,
	} {
		if v, ok := mc.Option(option); ok && v != unset {
			return false
		}
	}
	return mc.MinionDataCache // without it, releases differ about compound targets
}

// resourceIndex is where Salt 3008 has the resources that minions manage.
// They answer to targets as minions do.
const resourceIndex = "resources/resource_index.by_id.mmap"

// acceptedMinions returns the ids of the minions whose keys are accepted.
func acceptedMinions(mc *masterconf.Config) ([]string, error) {
	dir := filepath.Join(mc.PKIDir, "minions")
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("accepted minions: %w", err)
	}
	if _, err := os.Stat(filepath.Join(mc.CacheDir, resourceIndex)); err == nil {
		return nil, errors.New("accepted minions: the master has resources beside them")
	}
	var ids []string
	for _, f := range files {
		switch kind := f.Type(); {
		case strings.HasPrefix(f.Name(), "."), kind.IsDir():
		case kind&fs.ModeSymlink != 0: // a minion for Salt 3006 only
			return nil, fmt.Errorf("accepted minions: %s is a symbolic link", filepath.Join(dir, f.Name()))
		case kind.IsRegular():
			ids = append(ids, f.Name())
		}
	}
	return ids, nil
}
