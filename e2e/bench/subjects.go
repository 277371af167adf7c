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
	env                 *env.Env
	tcp                 *stand
}

func newSubjects(ctx context.Context, r *env.Env, w *wire, tcp *stand) (*subjects, error) {
	bearer, err := overBearer(ctx, r)
	if err != nil {
		return nil, err
	}
	s := &subjects{ours: overSaltern(r), api: overSaltAPI(r), bearer: bearer, wire: w, env: r, tcp: tcp}
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
	tcp, tcpWire, tcpToken := overSaltern(s.tcp.env), s.tcp.wire, and(withToken(s.tcp.wire.token))
	pam, eauth, token := and(withPAM()), and(withEauth(s.env)), and(withToken(wire.token))
	localAsync := func() []*row {
		return slices.Concat(
			s.rows(byPAM, ours.localAsync(pam), api.localAsync(pam), nil),
			s.rows(byEauth, ours.localAsync(eauth), api.localAsync(eauth), nil),
			s.rows(byAccess, s.bearer.localAsync(""), nil, nil),
			s.rows(byToken, ours.localAsync(token), api.localAsync(token), wire.localAsync),
			s.tcp.rows(tcp.localAsync(tcpToken), tcpWire.localAsync))
	}
	local := func() []*row {
		return append(s.rows(byToken, ours.local(token), api.local(token), wire.local), s.tcp.rows(tcp.local(tcpToken), tcpWire.local)...)
	}
	runner := func() []*row {
		return append(s.rows(byToken, ours.runner(token), api.runner(token), wire.runner), s.tcp.rows(tcp.runner(tcpToken), tcpWire.runner)...)
	}
	lookup := func() []*row { return s.rows(byToken, ours.lookup(token), api.lookup(token), wire.lookup) }
	listJobs := s.rows(byToken, ours.listJobs(token), api.listJobs(token), wire.listJobs)
	return []*scenario{
		{title: titleLocalAsync, clients: 1, rounds: 10, rows: localAsync()},
		{title: titleLocalAsync, clients: 8, rounds: 16, rows: localAsync()},
		{title: titleLocal, clients: 1, rounds: 6, rows: local()},
		{title: titleLocal, clients: 50, rounds: 6, rows: local()},
		{title: titleRunner, clients: 1, rounds: 6, rows: runner()},
		{title: titleRunner, clients: 4, rounds: 6, rows: runner()},
		{title: titleLogin, clients: 1, rounds: 6, rows: s.rows(byPAM, ours.pamCheck(), api.pamLogin(), wire.pamLogin)},
		{title: titleLookup, clients: 1, rounds: 6, rows: lookup(), prepare: plantJobs(s.env, 1)},
		{title: titleLookup, clients: 4, rounds: 6, rows: lookup()},
		// The last one: the jobs stay in the cache.
		{title: titleListJobs, clients: 1, rounds: 6, rows: listJobs, prepare: plantJobs(s.env, manyJobs)},
	}
}

// quiet waits until both masters have had nothing to say for a moment.
func (s *subjects) quiet(ctx context.Context) {
	s.wire.quiet(ctx)
	s.tcp.wire.quiet(ctx)
}

// measure runs every scenario and prints each as soon as it is done.
func measure(ctx context.Context, o options, subs *subjects, out io.Writer) (*report, error) {
	rep := &report{before: subs.memory()}
	for _, s := range subs.scenarios() {
		if !strings.Contains(s.String(), o.only) {
			continue
		}
		if err := s.run(ctx, o.times, subs); err != nil {
			return nil, err
		}
		s.print(out)
		rep.scenarios = append(rep.scenarios, s)
	}
	subs.quiet(ctx)
	rep.after = subs.memory()
	return rep, nil
}
