package fleet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// hasPart reports whether a grain, or one of its values, has a part.
func hasPart(grains msgpack.Raw, name, part string) bool {
	if part == "" {
		return true
	}
	v, ok := grains.Lookup(name)
	if !ok {
		return false
	}
	contains := func(v msgpack.Raw) bool {
		text, ok := v.Str()
		return ok && strings.Contains(strings.ToLower(text), strings.ToLower(part))
	}
	found := contains(v)
	if v.Kind() == msgpack.Array {
		_ = v.Elems(func(e msgpack.Raw) error {
			found = found || contains(e)
			return nil
		})
	}
	return found
}

// grainOf returns a grain as JSON; null without it.
func grainOf(grains msgpack.Raw, name string) json.RawMessage {
	v, ok := grains.Lookup(name)
	if !ok {
		return json.RawMessage("null")
	}
	return lowstate.AppendReturn(nil, v)
}

// compareJSON compares two values: numbers by their size, all else by its text.
func compareJSON(a, b json.RawMessage) int {
	var x, y float64
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && !method.IsNull(a) && !method.IsNull(b) {
		return cmp.Compare(x, y)
	}
	return bytes.Compare(bytes.TrimLeft(a, `["`), bytes.TrimLeft(b, `["`))
}

type getGrainKeysParams struct {
	MasterID string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string `rpc:"minion_id" doc:"A part of the minion's name."`
	TgtUUID  string `rpc:"tgt_uuid" format:"uuid" doc:"A saved target that the minions are in."`
}

func getGrainKeys(ctx context.Context, c *Call, p getGrainKeysParams) (any, error) {
	names := make(map[string]bool)
	err := c.eachGrains(ctx, p, func(g msgpack.Raw) error {
		return g.Each(func(key, _ msgpack.Raw) error {
			if name, ok := key.Str(); ok {
				names[name] = true
			}
			return nil
		})
	})
	all := make([]string, 0, len(names))
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all, err
}

// eachGrains calls f with the cached grains of some minions.
func (c *Call) eachGrains(ctx context.Context, p getGrainKeysParams, f func(g msgpack.Raw) error) error {
	if !strings.Contains(c.api.MasterID, p.MasterID) {
		return nil
	}
	_, ids, grains, err := c.chosen(ctx, p.MinionID, p.TgtUUID, false)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		if g, ok := grains(id); ok {
			if err := f(g); err != nil {
				return err
			}
		}
	}
	return nil
}

type getGrainValuesParams struct {
	Key      string `rpc:"key,required" doc:"The name of the grain."`
	MasterID string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string `rpc:"minion_id" doc:"A part of the minion's name."`
	TgtUUID  string `rpc:"tgt_uuid" format:"uuid" doc:"A saved target that the minions are in."`
}

// maxValues bounds the values of a grain, in bytes.
const maxValues = 16 << 20

func getGrainValues(ctx context.Context, c *Call, p getGrainValuesParams) (any, error) {
	values := make(map[string]bool)
	size := 0
	err := c.eachGrains(ctx, getGrainKeysParams{p.MasterID, p.MinionID, p.TgtUUID}, func(g msgpack.Raw) error {
		v, ok := g.Lookup(p.Key)
		if !ok {
			return nil
		}
		text := string(lowstate.AppendReturn(nil, v))
		if values[text] {
			return nil
		}
		if size += len(text); size > maxValues {
			return &method.Error{Code: method.CodeTooLarge, Message: "the values are too large for one answer: narrow the search"}
		}
		values[text] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make([]json.RawMessage, 0, len(values))
	for text := range values {
		all = append(all, json.RawMessage(text))
	}
	slices.SortFunc(all, func(a, b json.RawMessage) int {
		if n := compareJSON(a, b); n != 0 {
			return n
		}
		return bytes.Compare(a, b)
	})
	return all, nil
}
