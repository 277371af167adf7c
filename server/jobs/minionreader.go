package jobs

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Accepted returns the minions with an accepted key that /v1/minions shows to the
// caller, in the order of their ids; which of them are connected, as far as that is
// known and the caller may know it; and what returns the cached grains of one that the
// caller may see. These two are nil where only the master can read what it has cached of
// minions. Where only the master can list the keys, or they cannot be read now,
// the error is a *web.Error of the status 501 or 503.
func (r *Reader) Accepted(ctx context.Context, c *caller.Caller) (
	ids []string, connected func() map[string]bool, grains func(id string) (msgpack.Raw, bool), err error,
) {
	if r.api.Minions == nil {
		return nil, nil, nil, &web.Error{Status: http.StatusNotImplemented, Text: "The keys of minions cannot be read here", Err: ErrNoKeys}
	}
	s := r.api.sight(ctx, c)
	if s.id.User == "" {
		return nil, nil, nil, caller.ErrNoPermission()
	}
	see := r.api.minionSight(s)
	all, err := r.api.known(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	ids = idsOf(slices.DeleteFunc(all, func(m minion) bool { return !m.accepted }))
	if !see.keys {
		seen := see.reaches(ids, reachFuns()...)
		ids = slices.DeleteFunc(ids, func(id string) bool { return !seen[id] })
	}
	if !r.api.Minions.Cached() {
		return ids, nil, nil, nil
	}
	connected = func() map[string]bool {
		may, is := see.pings(ids), r.api.Minions.Connected(ids)
		for id := range is {
			if !may[id] {
				delete(is, id)
			}
		}
		return is
	}
	may := sync.OnceValue(func() map[string]bool { return see.grainsOf(ids) }) // many need no grains
	grains = func(id string) (msgpack.Raw, bool) {
		if !may()[id] {
			return nil, false
		}
		return r.api.Minions.Grains(id)
	}
	return ids, connected, grains, nil
}
