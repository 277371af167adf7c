package gateway

import (
	"log/slog"
	"path/filepath"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// ssh is the client ssh. Its rules are external_auth's too, with the hosts of
// the roster for minions.
func ssh(c *Config, m *lowstate.Master, tokens *saltmaster.Tokens) lowstate.Client {
	mc := c.master
	p := saltssh.New(saltssh.Options{
		Program:    c.set.SSH.Program,
		Processes:  c.set.SSH.Processes,
		MasterFile: mc.ConfFile,
		Includes:   saltssh.Includes(mc.ConfFile, option(mc, "default_include"), option(mc, "include")),
		Roster:     rosterKind(option(mc, "roster")),
		Rosters:    texts(option(mc, "rosters")),
	})
	sweepSSH(p, m.Log)
	return lowstate.SSH(m, lowstate.SSHOptions{
		Program:       p,
		Rules:         acl.New(aclModules(mc), sshACL(mc, p, func() bool { return !isFrom3008(mc, tokens) })),
		Open:          c.set.SSH.Options,
		AllowRawShell: mc.NetapiAllowRawShell,
	})
}

func sshACL(mc *masterconf.Config, p *saltssh.Program, starCompared func() bool) acl.Options {
	o := aclOptions(mc)
	var accepted acl.Targets
	if acceptedAreFiles(mc) {
		accepted = acceptedTargets(mc)
	}
	o.Targets = acl.Roster(accepted, p.Hosts)
	o.StarCompared = starCompared
	return o
}

// sweepSSH removes what a gateway that was killed left of its calls.
func sweepSSH(p *saltssh.Program, log *slog.Logger) {
	removed, err := p.Sweep()
	if err != nil {
		log.Warn("folders of earlier calls of salt-ssh could not all be removed", slog.Any("error", err))
	}
	if removed > 0 {
		log.Info("removed the folders of calls of salt-ssh whose gateway was killed", slog.Int("folders", removed))
	}
}

// rosterKind is the master's option roster. The hosts of more than one, or of
// what is no text, are not those of a file.
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

func option(mc *masterconf.Config, name string) any { v, _ := mc.Option(name); return v }
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
