package main

import (
	"context"
	"errors"
	"os"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// stand is a master with its minion and a gateway before it, and the bare wire.
type stand struct {
	env  *env.Env
	wire *wire
}

// newStand starts a master of a transport. Only that of zeromq, Salt's default,
// has a salt-api.
func newStand(ctx context.Context, o options, transport string) (_ *stand, err error) {
	s := new(stand)
	s.env, err = env.Start(ctx, env.Options{
		Saltern: o.saltern,
		Sandbox: sandbox.Options{
			Salt: o.salt, Minions: []string{minion}, SaltAPI: transport == "zeromq", Log: os.Stderr, AsInstalled: true,
			// A minion that is slow under load is measured, not asked after.
			MasterConfig: map[string]any{"timeout": 60, "transport": transport},
			MinionConfig: map[string]any{"transport": transport},
		},
	})
	if err != nil {
		return nil, err
	}
	if err = acceptAway(s.env); err == nil {
		s.wire, err = newWire(ctx, s.env)
	}
	if err != nil {
		return nil, errors.Join(err, s.env.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *stand) stop(ctx context.Context) error {
	s.wire.close()
	return s.env.Stop(context.WithoutCancel(ctx))
}

// rows makes the rows of a stand with transport tcp.
func (s *stand) rows(ours, wire call) []*row {
	return []*row{
		{who: salternTCP, auth: byToken, do: ours, procs: group(s.env.PID())},
		{who: wireTCP, auth: byToken, do: wire},
	}
}
