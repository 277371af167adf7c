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

// Rules returns the rules of external_auth.
func (c *Config) Rules() *acl.Rules { return aclRules(c.Master) }

func aclRules(mc *masterconf.Config) *acl.Rules { return acl.New(aclModules(mc), aclOptions(mc)) }

// SSHRules returns the rules for salt-ssh, whose minions are the hosts of a
// roster. hosts lists them; starCompared is that of [acl.Options].
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

// aclModules converts external_auth. In the rules, a name that is not text is
// kept, since Salt stops at it.
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

// aclValue converts mappings to the type of the evaluator.
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

// minionsAreFiles reports whether the minions that a target matches depend only
// on the keys in pki_dir.
func minionsAreFiles(mc *masterconf.Config) bool {
	v, ok := mc.Option("enable_ssh_minions") // hosts of the roster are minions, too
	return (!ok || v == false) && acceptedAreFiles(mc)
}

// acceptedAreFiles reports this for the accepted minions alone.
func acceptedAreFiles(mc *masterconf.Config) bool {
	for option, unset := range map[string]any{
		"keys.cache_driver": "localfs_key", // from Salt 3008 on
		"key_cache":         "",            // a separate list, which may be older than the keys
		"cluster_id":        nil,
	} {
		if v, ok := mc.Option(option); ok && v != unset {
			return false
		}
	}
	return mc.MinionDataCache // without it, releases differ about compound targets
}

// resourceIndex is Salt 3008's file of the resources that minions manage.
// Targets match them like minions.
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
