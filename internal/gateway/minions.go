package gateway

import (
	"context"
	"log/slog"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/presence"
	"github.com/saltern-api/saltern/server/jobs"
)

// minionFiles has the minions as the master's own files have them.
type minionFiles struct {
	lookups *lookups // nil, or without keys, where only the master can list them
	cache   *presence.Minions
}

var _ jobs.Minions = (*minionFiles)(nil)

// newMinionFiles returns the minions of the master's files.
func (g *Gateway) newMinionFiles() *minionFiles {
	f := &minionFiles{lookups: g.lookups}
	minions, err := g.config.MinionCache()
	if err == nil {
		f.cache = &minions
	} else {
		g.log.Info("the grains of minions are not read here, nor which are connected", slog.Any("reason", err))
	}
	return f
}

// Keys implements [jobs.Minions].
func (f *minionFiles) Keys(ctx context.Context) (map[string][]string, error) {
	l := f.lookups
	switch {
	case l == nil || l.keys == nil || l.noRelease():
		return nil, jobs.ErrNoKeys
	case !l.answers() || l.config.MayReplaceKeys() || !l.sameConfig():
		return nil, jobs.ErrKeysAway
	}
	ret, err := l.keys.Wheel("key.list_all", msgpack.AppendArray(nil, 0), msgpack.AppendMap(nil, 0))
	if !l.answered(ctx, "key.list_all", err) {
		return nil, jobs.ErrKeysAway
	}
	lists := make(map[string][]string)
	err = ret.Each(func(name, ids msgpack.Raw) error {
		list, _ := name.Str()
		lists[list] = []string{}
		return ids.Elems(func(id msgpack.Raw) error {
			s, _ := id.Str()
			lists[list] = append(lists[list], s)
			return nil
		})
	})
	return lists, err
}

// Cached implements [jobs.Minions].
func (f *minionFiles) Cached() bool { return f.cache != nil }

// Grains implements [jobs.Minions].
func (f *minionFiles) Grains(id string) (msgpack.Raw, bool) {
	if f.cache == nil {
		return nil, false
	}
	return f.cache.Grains(id)
}

// Connected implements [jobs.Minions].
func (f *minionFiles) Connected(ids []string) map[string]bool {
	if f.cache == nil {
		return nil
	}
	return f.cache.Connected(ids)
}
