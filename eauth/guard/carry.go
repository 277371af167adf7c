package guard

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/internal/pause"
)

var _ eauth.Carrier = (*Guard)(nil)

// Carry sends credentials to the master in a command, under the same rules as a check. The slot is kept until send
// returns, even if the client disconnects, so that a disconnect does not make a guess free. If the response reveals
// nothing about the credentials, since the master uses the same words for wrong credentials and for a missing right,
// the inner backend checks them, so that a guess is counted.
func (g *Guard) Carry(
	ctx context.Context, c eauth.Credentials, send func(ctx context.Context) (eauth.Verdict, error),
) (eauth.Verdict, error) {
	start := time.Now()
	v, err := g.carry(ctx, c, send)
	if v == eauth.Wrong {
		_ = pause.For(ctx, g.delay-time.Since(start))
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

// send calls send under a deadline of its own: the end of ctx does not stop it, and a shorter timeout of the client's,
// which may be a field of a chunk, does not apply.
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

// settle records the verdict of a command.
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

// clear determines whether the credentials of a command that was refused with err were wrong.
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
