package fleet

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
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/web"
)

// Minions has the minions with an accepted key, as far as a caller sees them. The
// functions are nil where the master has to be asked for what they return. The error is a [*web.Error] of the status 501 or 503 where the master has to be asked.
// *jobs.Reader is one.
type Minions interface {
	Accepted(ctx context.Context, c *caller.Caller) (
		ids []string, connected func() map[string]bool, grains func(id string) (msgpack.Raw, bool), err error)
}

// Fleet is the minions with an accepted key: those that the caller sees in the master's
// own files, or those that the master lists to it.
type Fleet struct {
	c   *Call
	IDs []string

	// connected returns which of them are connected, as far as that is known, and
	// grains what finds their cached grains.
	connected func() (map[string]bool, error)
	grains    func() (func(id string) (msgpack.Raw, bool), error)
}

// Fleet returns the minions, of the files or else of the master.
func (c *Call) Fleet(ctx context.Context) (*Fleet, error) {
	if c.api.Minions != nil {
		ids, connected, grains, err := c.api.Minions.Accepted(ctx, c.Caller)
		switch {
		case err == nil && connected == nil:
			return c.fleetOf(ctx, ids), nil
		case err == nil:
			return &Fleet{
				c: c, IDs: ids, connected: func() (map[string]bool, error) { return connected(), nil },
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
func (c *Call) fleetOf(ctx context.Context, ids []string) *Fleet {
	return &Fleet{
		c: c, IDs: ids, connected: func() (map[string]bool, error) { return c.answering(ctx) },
		grains: func() (func(string) (msgpack.Raw, bool), error) {
			cached, err := c.cachedGrains(ctx, saved.Target{Tgt: json.RawMessage(`"*"`), Type: "glob"})
			return func(id string) (msgpack.Raw, bool) {
				g, ok := cached[id]
				if !ok || g.Kind() != msgpack.Map || g.Size() > maxGrains {
					return nil, false
				}
				raw, err := g.Raw()
				return raw, err == nil
			}, err
		},
	}
}

// takeTurn waits until the call may read the grains of minions. It may do so until its
// answer is written.
func (c *Call) takeTurn(ctx context.Context) error {
	err := c.TakeTurn(ctx, c.api.Reading)
	if errors.Is(err, fair.ErrFull) {
		return &method.Error{Code: method.CodeThrottled, Message: "too many calls read the grains of minions: try again", RetryAfter: time.Second}
	}
	return err
}

// answering returns which minions answer the master, by its own manage.status.
func (c *Call) answering(ctx context.Context) (map[string]bool, error) {
	var status struct{ Up, Down []string }
	if err := c.Runner(ctx, &status, "manage.status", nil); err != nil {
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

// maxGrains is the most bytes of the grains of one minion that are read.
const maxGrains = 8 << 20

// cachedGrains returns the cached grains of the minions that the master finds for a
// target, by their names. Where they are many they stay in the file that has them.
func (c *Call) cachedGrains(ctx context.Context, t saved.Target) (map[string]msgpack.Section, error) {
	const fun = "cache.grains"
	answer, err := c.Run(ctx, method.TextField("client", "runner"), method.TextField("fun", fun),
		run.KwargField(map[string]any{"tgt": t.Tgt, "tgt_type": t.Type}))
	if err != nil {
		return nil, err
	}
	ret, ok := answer.(lowstate.RunnerReturn)
	if !ok {
		return nil, run.Unexpected(fun, answer)
	}
	grains := ret.Return
	if grains.Kind() != msgpack.Map {
		text, err := run.Whole(grains, fun)
		if err != nil {
			return nil, err
		}
		var none struct{}
		return nil, run.DecodeReturn(text, &none, fun)
	}
	of := make(map[string]msgpack.Section)
	err = grains.Each(func(id msgpack.Raw, v msgpack.Section) error {
		name, _ := id.Str()
		of[name] = v
		return nil
	})
	return of, err
}

// in returns those of the minions that a target matches. Globs and lists are looked for
// here, others by the master, in the cached data of the minions.
func (f *Fleet) in(ctx context.Context, t saved.Target) ([]string, error) {
	var text string
	var list []string
	switch isText := json.Unmarshal(t.Tgt, &text) == nil; {
	case t.Type == "glob" && isText, t.Type == "compound" && isText && isPlainGlob(text):
		if g := pyglob.Compile(text); !g.Varies() {
			return keep(f.IDs, g.Match), nil
		}
	case t.Type == "list" && isText:
		list = strings.Split(text, ",")
		fallthrough
	case t.Type == "list":
		if !isText {
			method.TextsOf(t.Tgt, &list)
		}
		wanted := make(map[string]bool, len(list))
		for _, id := range list {
			wanted[id] = true
		}
		return keep(f.IDs, func(id string) bool { return wanted[id] }), nil
	}
	found, err := f.c.cachedGrains(ctx, t)
	if err != nil {
		return nil, err
	}
	return keep(f.IDs, func(id string) bool {
		_, matches := found[id]
		return matches
	}), nil
}

// isPlainGlob reports whether a compound target is one glob.
func isPlainGlob(text string) bool {
	return text != "" && !strings.ContainsAny(text, "@ \t\r\n()") && !slices.Contains([]string{"and", "or", "not"}, text)
}

func keep(ids []string, is func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !is(id) })
}

// InSaved returns those of the minions that a saved target matches; all for no uuid.
func (f *Fleet) InSaved(ctx context.Context, uuid string) ([]string, error) {
	if uuid == "" || strings.EqualFold(uuid, saved.AllMinions) {
		return f.IDs, nil
	}
	if f.c.Library() == nil {
		return nil, &method.Error{Code: method.CodeNotFound, Message: "there is no such target"}
	}
	o, err := f.c.Seen(ctx, records.SavedTarget, uuid, saved.MayRead)
	if err != nil {
		return nil, err
	}
	t, wrong := saved.ParseTarget("tgt", method.Object(o.Target))
	if wrong != nil {
		return nil, wrong
	}
	return f.in(ctx, t)
}

// named returns those of some minions whose name has a part, or is the whole one.
func named(ids []string, name string, exact bool) []string {
	return keep(ids, func(id string) bool { return !exact && strings.Contains(id, name) || id == name || name == "" })
}
