package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/transport"
)

// wire speaks to the master with nothing in between.
type wire struct {
	pool   *reqpool.Pool
	client *saltmaster.Client
	bus    *eventbus.Bus
	jids   saltmaster.JIDs
	token  string // of a user who may do everything

	endBus context.CancelFunc
	bg     sync.WaitGroup
}

// newWire connects as saltern does, with the same bounds.
func newWire(ctx context.Context, r *env.Env) (*wire, error) {
	mc, _, err := masterconf.Load(r.ConfDir())
	if err != nil {
		return nil, fmt.Errorf("bare wire: %w", err)
	}
	pool, err := transport.NewPool(mc, reqpool.Options{})
	if err != nil {
		return nil, fmt.Errorf("bare wire: %w", err)
	}
	w := &wire{pool: pool}
	w.client = saltmaster.New(w.pool, saltmaster.Options{Timeout: requestTimeout})
	network, address := mc.EventBusEndpoint()
	w.bus = eventbus.New(eventbus.Options{
		Network: network, Address: address,
		Log: slog.New(slog.DiscardHandler),
	})
	busCtx, end := context.WithCancel(context.WithoutCancel(ctx))
	w.endBus = end
	w.bg.Go(func() { _ = w.bus.Run(busCtx) })
	if err := w.login(ctx); err != nil {
		w.close()
		return nil, fmt.Errorf("bare wire: %w", err)
	}
	return w, nil
}

// login takes a token of the user whose password the other requests carry, so
// that the master does the same for all.
func (w *wire) login(ctx context.Context) error {
	if err := w.bus.Ready(ctx); err != nil {
		return err
	}
	t, err := w.makeToken(ctx)
	w.token = t.Token
	return err
}

// makeToken has the master check a password, as salt-api does.
func (w *wire) makeToken(ctx context.Context) (saltmaster.Token, error) {
	t, ok, err := w.client.MakeToken(ctx, "pam", env.User, env.User)
	if err == nil && !ok {
		err = saltmaster.ErrUnauthenticated
	}
	return t, err
}

func (w *wire) close() {
	w.endBus()
	w.bg.Wait()
	w.client.Close()
	w.pool.Close()
}

// quiet waits until the master has had nothing to say for a moment: what one
// subject left behind is not to slow down the next.
func (w *wire) quiet(ctx context.Context) {
	const moment, most = 100 * time.Millisecond, 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for before := uint64(0); ctx.Err() == nil; {
		now := w.bus.Stats().Events
		if now == before {
			return
		}
		before = now
		select {
		case <-ctx.Done():
		case <-time.After(moment):
		}
	}
}

func (w *wire) localAsync(ctx context.Context) error {
	return w.publish(ctx, away, w.jids.Next())
}

func (w *wire) publish(ctx context.Context, tgt, jid string) error {
	done, err := w.client.Publish(ctx, saltmaster.Publication{
		Tgt: msgpack.AppendString(nil, tgt), TgtType: "glob",
		Fun: "test.ping", Arg: msgpack.AppendArray(nil, 0), JID: jid, Token: w.token,
	})
	if err != nil {
		return err
	}
	if done.JID != jid || len(done.Minions) != 1 {
		return fmt.Errorf("published to %d minions as %q", len(done.Minions), done.JID)
	}
	return nil
}

func (w *wire) local(ctx context.Context) error {
	jid := w.jids.Next()
	sub := w.bus.Subscribe(jid)
	defer sub.Close()
	if err := w.publish(ctx, minion, jid); err != nil {
		return err
	}
	data, err := next(ctx, sub, "salt/job/"+jid+"/ret/"+minion)
	if err != nil {
		return err
	}
	ret, _ := data.Lookup("return")
	if pong, _ := ret.Bool(); !pong {
		return errors.New("the minion did not return true")
	}
	return nil
}

// run runs a runner and returns its return.
func (w *wire) run(ctx context.Context, c saltmaster.RunnerCall) (msgpack.Raw, error) {
	sub := w.bus.Expect("salt/run/")
	defer sub.Close()
	c.Token = w.token
	jid, err := w.client.Runner(ctx, c)
	if err != nil {
		return nil, err
	}
	sub.Bind(jid)
	data, err := next(ctx, sub, "salt/run/"+jid+"/ret")
	if err != nil {
		return nil, err
	}
	ret, _ := data.Lookup("return")
	return ret, nil
}

func (w *wire) runner(ctx context.Context) error {
	ret, err := w.run(ctx, saltmaster.RunnerCall{
		Fun: "test.arg", Arg: msgpack.AppendString(msgpack.AppendArray(nil, 1), runnerArg), Kwarg: msgpack.AppendMap(nil, 0),
	})
	if err != nil {
		return err
	}
	if _, ok := ret.Lookup("args"); !ok {
		return errors.New("the runner did not return its arguments")
	}
	return nil
}

func (w *wire) pamLogin(ctx context.Context) error {
	_, err := w.makeToken(ctx)
	return err
}

// next waits for the event with this tag.
func next(ctx context.Context, sub *eventbus.Sub, tag string) (msgpack.Raw, error) {
	for {
		event, err := sub.Next(ctx)
		if err != nil {
			return nil, err
		}
		if event.Tag == tag {
			return event.Data, nil
		}
	}
}
