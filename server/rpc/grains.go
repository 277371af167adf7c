package rpc

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/web"
)

func fleetMethods() []*Method {
	needs := []role.Permission{role.MinionRead}
	const from = " What the master has on disk of them is read, as GET /v1/minions does; where that cannot be, the master is asked."
	return []*Method{
		method(about{
			name: "minions.get_minion_presence", doc: "Return which minions are connected." + from,
			returns: "`{count, results}`, a row for each minion whose key is accepted: present, lost, or unknown where it cannot be told, or the caller may not know",
			needs:   needs, served: runs,
		}, getPresence),
		method(about{
			name: "minions.get_minion_cache", doc: "Return the cached grains of minions." + from,
			returns: "an object with an object for the master, which has an object with grains for each minion", needs: needs, served: runs,
		}, getMinionCache),
		method(about{
			name: "minions.get_minion_details", doc: "Find minions by their cached grains." + from,
			returns: "`{count, results}`, a row for each minion, with its grains", needs: needs, served: runs,
		}, getMinionDetails),
		method(about{
			name: "minions.get_minion_grain_keys", doc: "Return the names of the grains that minions have." + from, returns: "a list of texts in their order",
			needs: needs, served: runs,
		}, getGrainKeys),
		method(about{
			name: "minions.get_minion_grain_values", doc: "Return the different values of a grain." + from, returns: "a list of values in their order",
			needs: needs, served: runs,
		}, getGrainValues),
	}
}

type getPresenceParams struct {
	MasterID string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string `rpc:"minion_id" doc:"A part of the minion's name."`
	Status   string `rpc:"status" enum:"unknown|present|lost" doc:"The status to return."`
	IPv4     string `rpc:"ipv4" doc:"A part of one of the minion's addresses, of its cached grains."`
	Host     string `rpc:"host" doc:"A part of the name of the minion's host, of its cached grains."`
	Separate bool   `rpc:"separate_master_cluster_ids" default:"false" doc:"There are no clusters: this changes nothing."`
	SortBy   string `rpc:"sort_by" enum:"minion|master|status|timestamp" doc:"The column to sort by; the minion without it."`
	Reverse  bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Page     int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit    int    `rpc:"limit" default:"100" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
}

// presenceRow is a row of minions.get_minion_presence.
type presenceRow struct {
	Minion    string  `json:"minion"`
	Master    string  `json:"master"`
	Status    string  `json:"status"`
	Timestamp *string `json:"timestamp"`
}

func getPresence(ctx context.Context, c *call, p getPresenceParams) (any, error) {
	rows := []presenceRow{}
	if strings.Contains(c.api.MasterID, p.MasterID) {
		f, err := c.fleet(ctx)
		if err != nil {
			return nil, err
		}
		ids := named(f.ids, p.MinionID, false)
		if p.IPv4 != "" || p.Host != "" {
			grains, err := f.grains()
			if err != nil {
				return nil, err
			}
			ids, err = look(ctx, ids, grains, func(g msgpack.Raw) bool {
				return hasPart(g, "ipv4", p.IPv4) && hasPart(g, "host", p.Host)
			}, "", false)
			if err != nil {
				return nil, err
			}
		}
		is, err := f.connected()
		if err != nil {
			return nil, err
		}
		now := timeText(c.x.Start)
		for _, id := range ids {
			row := presenceRow{Minion: id, Master: c.api.MasterID, Status: statusOf(is, id)}
			if row.Status == present {
				row.Timestamp = &now
			}
			if p.Status == "" || p.Status == row.Status {
				rows = append(rows, row)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b presenceRow) int {
		n := 0
		switch p.SortBy {
		case "", "minion":
			n = strings.Compare(a.Minion, b.Minion)
		case "status":
			n = strings.Compare(a.Status, b.Status)
		case "timestamp":
			n = strings.Compare(textOr(a.Timestamp), textOr(b.Timestamp))
		}
		if p.Reverse {
			return -n
		}
		return n
	})
	return pageOf(rows, p.Page, p.Limit), nil
}

// present is the status of a minion that is connected.
const present = "present"

func statusOf(connected map[string]bool, id string) string {
	switch is, known := connected[id]; {
	case is:
		return present
	case known:
		return "lost"
	}
	return "unknown"
}

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
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && !isNull(a) && !isNull(b) {
		return cmp.Compare(x, y)
	}
	return bytes.Compare(bytes.TrimLeft(a, `["`), bytes.TrimLeft(b, `["`))
}

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

func getMinionCache(ctx context.Context, c *call, p getMinionCacheParams) (any, error) {
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
	from, to := span(p.Page, p.Limit)
	return streamed(func(out *spool.Spool) error {
		_, _ = fmt.Fprintf(out, `{%s:{`, web.JSON(c.api.MasterID)) // an error stays
		before := ""
		for _, id := range slice(ids, from, to) {
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
func (c *call) chosen(ctx context.Context, name, tgt string, exact bool) (*fleet, []string, func(string) (msgpack.Raw, bool), error) {
	f, err := c.fleet(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	ids, err := f.inSaved(ctx, tgt)
	if err != nil {
		return nil, nil, nil, err
	}
	grains, err := f.grains()
	return f, named(ids, name, exact), grains, err
}

type getMinionDetailsParams struct {
	MasterID string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string `rpc:"minion_id" doc:"A part of the minion's name."`
	TgtUUID  string `rpc:"tgt_uuid" format:"uuid" doc:"A saved target that the minions are in."`
	Grains   Object `rpc:"grains" doc:"The values that grains have, by their names. Of a list one value is enough."`
	SortBy   string `rpc:"sort_by" doc:"A grain to sort by, or master_id; the name of the minion without it."`
	Reverse  bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Page     int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit    int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	File     string `rpc:"response_file" doc:"Not supported: there are no files to download here."`
	Exact    bool   `rpc:"exact_match" default:"false" doc:"The names of the master and the minion are whole ones."`
}

func getMinionDetails(ctx context.Context, c *call, p getMinionDetailsParams) (any, error) {
	if p.File != "" {
		return nil, invalidParameter("response_file", "it is not supported here")
	}
	wanted, err := jsonobject.Parse(p.Grains)
	if err != nil && len(p.Grains) > 0 {
		return nil, invalidParameter("grains", err.Error())
	}
	if len(named([]string{c.api.MasterID}, p.MasterID, p.Exact)) == 0 {
		return page[struct{}]{Results: []struct{}{}}, nil
	}
	f, ids, grains, err := c.chosen(ctx, p.MinionID, p.TgtUUID, p.Exact)
	if err != nil {
		return nil, err
	}
	by := p.SortBy
	switch by {
	case "", "master_id", "minion_id", "id":
		by = ""
		if p.Reverse {
			slices.Reverse(ids)
		}
	}
	var selects func(msgpack.Raw) bool
	if len(wanted) > 0 {
		selects = func(g msgpack.Raw) bool {
			return !slices.ContainsFunc(wanted, func(m jsonobject.Member) bool { return !hasValue(grainOf(g, m.Name), m.Value) })
		}
	}
	if selects != nil || by != "" {
		if ids, err = look(ctx, ids, grains, selects, by, p.Reverse); err != nil {
			return nil, err
		}
	}
	is, err := f.connected()
	if err != nil {
		return nil, err
	}
	from, to := span(p.Page, p.Limit)
	return streamed(func(out *spool.Spool) error {
		_, _ = fmt.Fprintf(out, `{"count":%d,"results":[`, len(ids)) // an error stays
		before := ""
		for _, id := range slice(ids, from, to) {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, _ = fmt.Fprintf(out, `%s{"master_id":%s,"minion_id":%s,"presence":%s,"grains":`, before, web.JSON(c.api.MasterID), web.JSON(id), web.JSON(statusOf(is, id)))
			g, ok := grains(id)
			if !ok {
				g = msgpack.AppendMap(nil, 0)
			}
			if err := lowstate.WriteReturn(out, g); err != nil {
				return err
			}
			if _, err := out.WriteString("}"); err != nil {
				return err
			}
			before = ","
		}
		_, err := out.WriteString("]}")
		return err
	}), nil
}

// hasValue reports whether a grain is a value, or a list with it.
func hasValue(grain, value json.RawMessage) bool {
	var is, wanted any
	if json.Unmarshal(grain, &is) != nil || json.Unmarshal(value, &wanted) != nil {
		return false
	}
	text := web.JSON(wanted)
	if bytes.Equal(web.JSON(is), text) {
		return true
	}
	list, _ := is.([]any)
	return slices.ContainsFunc(list, func(one any) bool { return bytes.Equal(web.JSON(one), text) })
}

type getGrainKeysParams struct {
	MasterID string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string `rpc:"minion_id" doc:"A part of the minion's name."`
	TgtUUID  string `rpc:"tgt_uuid" format:"uuid" doc:"A saved target that the minions are in."`
}

func getGrainKeys(ctx context.Context, c *call, p getGrainKeysParams) (any, error) {
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
func (c *call) eachGrains(ctx context.Context, p getGrainKeysParams, f func(g msgpack.Raw) error) error {
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

func getGrainValues(ctx context.Context, c *call, p getGrainValuesParams) (any, error) {
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
		if size += len(text); size > maxFound {
			return &Error{Code: CodeTooLarge, Message: "the values are too large for one answer: narrow the search"}
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
