package env

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// More is what tells another gateway from the first one.
type More struct {
	Master   map[string]any // over the master's configuration, by key, as only this gateway sees it
	CherryPy map[string]any // over rest_cherrypy
	Settings string         // saltern.yaml, in place of Options.Settings
	PAMSlots int            // pam.unproven_slots; 0 is the default
	User     string         // in place of Options.User

	Before *sandbox.Sandbox // another master, whose options Master has; nil is the same one
}

// Another starts one more gateway, before the same master or another one, and with the same PAM
// service. What it keeps is its own. Its Stop leaves the master alone, and has
// to come before that of r.
func (r *Env) Another(ctx context.Context, more More) (_ *Env, err error) {
	o := r.opts
	o.Settings, o.User = more.Settings, more.User
	o.Sandbox.MasterConfig = over(o.Sandbox.MasterConfig, more.Master)
	o.Sandbox.CherryPy = over(o.Sandbox.CherryPy, more.CherryPy)
	second := &Env{Sandbox: r.Sandbox, opts: o, pam: r.pam, pamSlots: more.PAMSlots, shared: true}
	if more.Before != nil {
		second.Sandbox = more.Before
	}
	if second.dir, err = os.MkdirTemp("", "env"); err != nil {
		return nil, fmt.Errorf("env: %w", err)
	}
	if err = second.configure(); err == nil {
		err = second.StartGateway(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, second.Stop(context.WithoutCancel(ctx)))
	}
	return second, nil
}

func over(conf, changes map[string]any) map[string]any {
	all := make(map[string]any, len(conf)+len(changes))
	maps.Copy(all, conf)
	maps.Copy(all, changes)
	return all
}
