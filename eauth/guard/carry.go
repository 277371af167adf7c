package guard

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
)

var _ eauth.Carrier = (*Guard)(nil)

// Carry lets credentials go to the master in a command, under the rules by which they would be checked. The slot is kept
// until send returns, even where the caller leaves: whoever hangs up does not guess for free. Where the answer tells
// nothing of the credentials, since the master says "not you" and "not this" in the same words, the inner backend is
// asked about them, so that it counts.
func (g *Guard) Carry(
	ctx context.Context, c eauth.Credentials, send func(ctx context.Context) (eauth.Verdict, error),
) (eauth.Verdict, error) {
	start := time.Now()
	v, err := g.carry(ctx, c, send)
	if v == eauth.Wrong {
		sleep(ctx, g.delay-time.Since(start))
	}
	return v, err
}

func (g *Guard) carry(
	ctx context.Context, c eauth.Credentials, send func(ctx context.Context) (eauth.Verdict, error),
) (eauth.Verdict, error) {
	t, ok, err := g.admit(ctx, c)
	switch {
	case err != nil:
		return eauth.NoVerdict, err
	case !ok:
		return eauth.Wrong, eauth.ErrWrong
	}
	type answer struct {
		verdict eauth.Verdict
		err     error
	}
	came := make(chan answer, 1)
	go func() {
		v, err := g.send(ctx, send)
		if v == eauth.Unclear {
			v, err = g.clear(context.WithoutCancel(ctx), c, err)
		}
		g.settle(t, v)
		came <- answer{v, err}
	}()
	select {
	case a := <-came:
		return a.verdict, a.err
	case <-ctx.Done():
		return eauth.NoVerdict, fmt.Errorf("authenticate: %w", context.Cause(ctx))
	}
}

// send calls send without the caller's end, but not without one: no patience of the caller's, which may be a field of a
// chunk, makes it shorter.
func (g *Guard) send(
	ctx context.Context, send func(ctx context.Context) (eauth.Verdict, error),
) (v eauth.Verdict, err error) {
	end := time.Now().Add(g.timeout)
	if later, ok := ctx.Deadline(); ok && later.After(end) {
		end = later
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			v, err = eauth.NoVerdict, g.panicked(p)
		}
	}()
	return send(ctx)
}

// settle notes what the answer to a command tells.
func (g *Guard) settle(t attempt, v eauth.Verdict) {
	switch v {
	case eauth.Right:
		g.observe(OK)
		g.done(t, admission.Right)
	case eauth.Wrong:
		g.observe(Wrong)
		g.done(t, admission.Wrong)
	default:
		g.observe(Error)
		g.done(t, admission.Unknown)
	}
}

// clear finds out whether the credentials were wrong that came with a command which was refused with err.
func (g *Guard) clear(ctx context.Context, c eauth.Credentials, err error) (eauth.Verdict, error) {
	a := g.ask(ctx, c)
	switch {
	case a.err != nil:
		return eauth.NoVerdict, a.err
	case !a.ok:
		return eauth.Wrong, eauth.ErrWrong
	}
	a.id.Grant.Release(ctx)
	return eauth.Right, err
}
