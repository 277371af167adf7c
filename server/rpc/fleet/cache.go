package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// look reads the cached grains of some minions, of each once: it takes a file or two. It
// returns those that are wanted, all without wanted, and sorts them by a grain, if there
// is one; equals are in the order of their names. The error is that of ctx.
func look(
	ctx context.Context, ids []string, grains func(string) (msgpack.Raw, bool), wanted func(msgpack.Raw) bool, by string, reverse bool,
) ([]string, error) {
	keys := make(map[string]json.RawMessage)
	ids = keep(ids, func(id string) bool {
		if ctx.Err() != nil {
			return false
		}
		g, ok := grains(id)
		if wanted != nil && (!ok || !wanted(g)) {
			return false
		}
		if by != "" {
			keys[id] = grainOf(g, by)
		}
		return true
	})
	if by != "" && ctx.Err() == nil {
		slices.SortStableFunc(ids, func(a, b string) int {
			if n := compareJSON(keys[a], keys[b]); n != 0 {
				if reverse {
					return -n
				}
				return n
			}
			return strings.Compare(a, b)
		})
	}
	return ids, ctx.Err()
}

type getMinionCacheParams struct {
	MasterID string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string `rpc:"minion_id" doc:"A part of the minion's name."`
	TgtUUID  string `rpc:"tgt_uuid" format:"uuid" doc:"A saved target that the minions are in."`
	SortBy   string `rpc:"sort_by" default:"alter_time" enum:"alter_time|minion|master|saltversion|osfullname|ipv4|ipv6|presence" doc:"The order of the minions. The time of a change is not known: then it is that of their names."`
	Page     int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit    int    `rpc:"limit" default:"100" min:"-1" doc:"The minions of a page; 0 and -1 stand for all."`
	Reverse  bool   `rpc:"reverse" default:"false" doc:"The largest first."`
}

func getMinionCache(ctx context.Context, c *Call, p getMinionCacheParams) (any, error) {
	if !strings.Contains(c.api.MasterID, p.MasterID) {
		return struct{}{}, nil
	}
	f, ids, grains, err := c.chosen(ctx, p.MinionID, p.TgtUUID, false)
	if err != nil {
		return nil, err
	}
	switch p.SortBy {
	case "saltversion", "osfullname", "ipv4", "ipv6":
		if ids, err = look(ctx, ids, grains, nil, p.SortBy, p.Reverse); err != nil {
			return nil, err
		}
	case "presence":
		is, err := f.connected()
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(ids, func(a, b string) int {
			n := strings.Compare(statusOf(is, a), statusOf(is, b))
			if p.Reverse {
				return -n
			}
			return n
		})
	default:
		if p.Reverse {
			slices.Reverse(ids)
		}
	}
	from, to := method.Span(p.Page, p.Limit)
	return method.Streamed(func(out *spool.Spool) error {
		_, _ = fmt.Fprintf(out, `{%s:{`, web.JSON(c.api.MasterID)) // an error stays
		before := ""
		for _, id := range method.Slice(ids, from, to) {
			if err := ctx.Err(); err != nil {
				return err
			}
			g, ok := grains(id)
			if !ok {
				continue
			}
			_, _ = fmt.Fprintf(out, `%s%s:{"grains":`, before, web.JSON(id))
			if err := lowstate.WriteReturn(out, g); err != nil {
				return err
			}
			if _, err := out.WriteString("}"); err != nil {
				return err
			}
			before = ","
		}
		_, err := out.WriteString("}}")
		return err
	}), nil
}

// chosen returns the minions with a name in a saved target, and what finds the grains of
// those of which some are cached.
func (c *Call) chosen(ctx context.Context, name, tgt string, exact bool) (*Fleet, []string, func(string) (msgpack.Raw, bool), error) {
	f, err := c.Fleet(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	ids, err := f.InSaved(ctx, tgt)
	if err != nil {
		return nil, nil, nil, err
	}
	grains, err := f.grains()
	return f, named(ids, name, exact), grains, err
}
