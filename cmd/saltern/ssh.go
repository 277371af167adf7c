package main

import (
	"path/filepath"

	"saltern/eauth/acl"
	"saltern/lowstate"
	"saltern/lowstate/saltssh"
	"saltern/saltmaster/masterconf"
)

// ssh is the client ssh. Its rules are external_auth's too, with the hosts of
// the roster for minions.
func ssh(c *config, m *lowstate.Master) lowstate.Client {
	mc := c.master
	p := saltssh.New(saltssh.Options{
		Program:    c.set.SSH.Program,
		Processes:  c.set.SSH.Processes,
		MasterFile: mc.ConfFile,
		Includes:   saltssh.Includes(mc.ConfFile, option(mc, "default_include"), option(mc, "include")),
		Roster:     text(option(mc, "roster")),
		Rosters:    texts(option(mc, "rosters")),
	})
	return lowstate.SSH(m, lowstate.SSHOptions{
		Program:       p,
		Rules:         acl.New(aclModules(mc), sshACL(mc, p)),
		AllowRawShell: mc.NetapiAllowRawShell,
	})
}

func sshACL(mc *masterconf.Config, p *saltssh.Program) acl.Options {
	return acl.Options{
		PermissiveACL:    mc.PermissiveACL,
		ExpandedMatching: mc.ExpandedAuthMatching,
		KeepACLInToken:   mc.KeepACLInToken,
		Targets:          acl.Accepted(p.Hosts),
	}
}

func option(mc *masterconf.Config, name string) any { v, _ := mc.Option(name); return v }
func text(v any) string                             { s, _ := v.(string); return s }
func texts(v any) (list []string) {
	all, ok := v.([]any)
	if !ok {
		return nil
	}
	for _, e := range all {
		if s, ok := e.(string); ok {
			list = append(list, filepath.Clean(s))
		}
	}
	return list
}
