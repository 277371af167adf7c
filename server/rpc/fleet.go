package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/pyglob"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Minions has the minions with an accepted key, as far as a caller sees them. The
// functions are nil where the master has to be asked for what they return. The error is a [*web.Error] of the status 501 or 503 where the master has to be asked.
// *jobs.Reader is one.
type Minions interface {
	Accepted(ctx context.Context, c *caller.Caller) (
		ids []string, connected func() map[string]bool, grains func(id string) (msgpack.Raw, bool), err error)
}

// fleet is the minions with an accepted key: those that the caller sees in the master's
// own files, or those that the master lists to it.
type fleet struct {
	c   *call
	ids []string

	// connected returns which of them are connected, as far as that is known, and
	// grains what finds their cached grains.
	connected func() (map[string]bool, error)
	grains    func() (func(id string) (msgpack.Raw, bool), error)
}

// fleet returns the minions, of the files or else of the master.
func (c *call) fleet(ctx context.Context) (*fleet, error) {
	if c.api.Minions != nil {
		ids, connected, grains, err := c.api.Minions.Accepted(ctx, c.caller())
		switch {
		case err == nil && connected == nil:
			return c.fleetOf(ctx, ids), nil
		case err == nil:
			return &fleet{
				c: c, ids: ids, connected: func() (map[string]bool, error) { return connected(), nil },
				grains: func() (func(string) (msgpack.Raw, bool), error) { return grains, c.takeTurn(ctx) },
			}, nil
		}
		if status := web.ErrorOf(err).Status; status != http.StatusNotImplemented && status != http.StatusServiceUnavailable {
			return nil, err
		}
	}
	k, err := c.keys(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(k.Minions)
	return c.fleetOf(ctx, k.Minions), nil
}

// fleetOf returns minions of which the master says all but their ids.
func (c *call) fleetOf(ctx context.Context, ids []string) *fleet {
	return &fleet{
		c: c, ids: ids, connected: func() (map[string]bool, error) { return c.answering(ctx) },
		grains: func() (func(string) (msgpack.Raw, bool), error) {
			cached, err := c.cachedGrains(ctx, target{json.RawMessage(`"*"`), "glob"})
			return func(id string) (msgpack.Raw, bool) {
				g, ok := cached.Lookup(id)
				return g, ok && g.Kind() == msgpack.Map
			}, err
		},
	}
}

// The grains of many minions are many files. So many calls read them at once, of whoever,
// and so many wait for that.
const (
	readingAtOnce  = 4
	readingWaiting = 100
)

func newReading() *fair.Slots {
	return fair.NewSlots(fair.Options{Slots: readingAtOnce, PerPrefix: readingAtOnce - 1, Queue: readingWaiting})
}

// takeTurn waits until the call may read the grains of minions. It may do so until its
// answer is written.
func (c *call) takeTurn(ctx context.Context) error {
	if c.endTurn != nil {
		return nil
	}
	release, err := c.api.reading.Acquire(ctx, fair.Key{From: fair.PrefixOf(ctx), User: c.caller().Identity().User})
	if errors.Is(err, fair.ErrFull) {
		return &Error{Code: CodeThrottled, Message: "too many calls read the grains of minions: try again", RetryAfter: time.Second}
	}
	c.endTurn = release
	return err
}

// answering returns which minions answer the master, by its own manage.status.
func (c *call) answering(ctx context.Context) (map[string]bool, error) {
	var status struct{ Up, Down []string }
	if err := c.runner(ctx, &status, "manage.status", nil); err != nil {
		return nil, err
	}
	is := make(map[string]bool)
	for _, id := range status.Down {
		is[id] = false
	}
	for _, id := range status.Up {
		is[id] = true
	}
	return is, nil
}

// cachedGrains returns the cached grains of the minions that the master finds for a
// target, by their names.
func (c *call) cachedGrains(ctx context.Context, t target) (msgpack.Raw, error) {
	const fun = "cache.grains"
	answer, err := c.run(ctx, textField("client", "runner"), textField("fun", fun),
		kwargField(map[string]any{"tgt": t.tgt, "tgt_type": t.typ}))
	if err != nil {
		return nil, err
	}
	ret, ok := answer.(lowstate.RunnerReturn)
	if !ok {
		return nil, unexpected(fun, answer)
	}
	grains, err := ret.Return.Raw()
	if err == nil && grains.Kind() != msgpack.Map {
		var none struct{}
		err = decodeReturn(grains, &none, fun)
	}
	return grains, err
}

// in returns those of the minions that a target matches. Globs and lists are looked for
// here, others by the master, in the cached data of the minions.
func (f *fleet) in(ctx context.Context, t target) ([]string, error) {
	var text string
	var list []string
	switch isText := json.Unmarshal(t.tgt, &text) == nil; {
	case t.typ == "glob" && isText, t.typ == "compound" && isText && isPlainGlob(text):
		if g := pyglob.Compile(text); !g.Varies() {
			return keep(f.ids, g.Match), nil
		}
	case t.typ == "list" && isText:
		list = strings.Split(text, ",")
		fallthrough
	case t.typ == "list":
		if !isText {
			textsOf(t.tgt, &list)
		}
		wanted := make(map[string]bool, len(list))
		for _, id := range list {
			wanted[id] = true
		}
		return keep(f.ids, func(id string) bool { return wanted[id] }), nil
	}
	found, err := f.c.cachedGrains(ctx, t)
	if err != nil {
		return nil, err
	}
	matched := make(map[string]bool)
	err = found.Each(func(id, _ msgpack.Raw) error {
		name, _ := id.Str()
		matched[name] = true
		return nil
	})
	return keep(f.ids, func(id string) bool { return matched[id] }), err
}

// isPlainGlob reports whether a compound target is one glob.
func isPlainGlob(text string) bool {
	return text != "" && !strings.ContainsAny(text, "@ \t\r\n()") && !slices.Contains([]string{"and", "or", "not"}, text)
}

func keep(ids []string, is func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !is(id) })
}

// inSaved returns those of the minions that a saved target matches; all for no uuid.
func (f *fleet) inSaved(ctx context.Context, uuid string) ([]string, error) {
	if uuid == "" || strings.EqualFold(uuid, AllMinions) {
		return f.ids, nil
	}
	if f.c.api.Library == nil {
		return nil, &Error{Code: CodeNotFound, Message: "there is no such target"}
	}
	o, err := f.c.seen(ctx, records.SavedTarget, uuid, mayRead)
	if err != nil {
		return nil, err
	}
	t, wrong := parseTarget("tgt", Object(o.Target))
	if wrong != nil {
		return nil, wrong
	}
	return f.in(ctx, t)
}

// named returns those of some minions whose name has a part, or is the whole one.
func named(ids []string, name string, exact bool) []string {
	return keep(ids, func(id string) bool { return !exact && strings.Contains(id, name) || id == name || name == "" })
}
