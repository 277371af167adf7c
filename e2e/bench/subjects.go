package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/e2e/env"
)

// subjects are those who take turns.
type subjects struct {
	ours, api           over
	bearer              over // ours, with an access token
	oursProcs, apiProcs group
	wire                *wire
}

func newSubjects(ctx context.Context, r *env.Env, w *wire) (*subjects, error) {
	bearer, err := overBearer(ctx, r)
	if err != nil {
		return nil, err
	}
	s := &subjects{ours: overSaltern(r), api: overSaltAPI(r), bearer: bearer, wire: w}
	s.oursProcs, s.apiProcs, err = groupsOf(r)
	return s, err
}

// rows makes a row of each subject that has a call here.
func (s *subjects) rows(auth string, ours, api, wire call) []*row {
	rows := []*row{
		{who: saltern, auth: auth, do: ours, procs: s.oursProcs},
		{who: saltAPI, auth: auth, do: api, procs: s.apiProcs},
		{who: bareWire, auth: auth, do: wire},
	}
	return slices.DeleteFunc(rows, func(r *row) bool { return r.do == nil })
}

func (s *subjects) scenarios() []*scenario {
	ours, api, wire := s.ours, s.api, s.wire
	pam, token := and(withPAM()), and(withToken(wire.token))
	localAsync := func() []*row {
		return slices.Concat(
			s.rows(byPAM, ours.localAsync(pam), api.localAsync(pam), nil),
			s.rows(byAccess, s.bearer.localAsync(""), nil, nil),
			s.rows(byToken, ours.localAsync(token), api.localAsync(token), wire.localAsync))
	}
	local := func() []*row { return s.rows(byToken, ours.local(token), api.local(token), wire.local) }
	runner := func() []*row { return s.rows(byToken, ours.runner(token), api.runner(token), wire.runner) }
	return []*scenario{
		{titleLocalAsync, 1, 10, localAsync()},
		{titleLocalAsync, targetClients, 16, localAsync()},
		{titleLocal, 1, 6, local()},
		{titleLocal, 50, 6, local()},
		{titleRunner, 1, 6, runner()},
		{titleRunner, 4, 6, runner()},
		{titleLogin, 1, 6, s.rows(byPAM, ours.pamCheck(), api.pamLogin(), wire.pamLogin)},
	}
}

// measure runs every scenario and prints each as soon as it is done.
func measure(ctx context.Context, o options, subs *subjects, out io.Writer) (*report, error) {
	rep := &report{before: subs.memory()}
	for _, s := range subs.scenarios() {
		if !strings.Contains(s.String(), o.only) {
			continue
		}
		if err := s.run(ctx, o.times, subs.wire); err != nil {
			return nil, err
		}
		s.print(out)
		rep.scenarios = append(rep.scenarios, s)
	}
	subs.wire.quiet(ctx)
	rep.after = subs.memory()
	return rep, nil
}
