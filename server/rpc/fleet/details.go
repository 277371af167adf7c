package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

type getMinionDetailsParams struct {
	MasterID string        `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string        `rpc:"minion_id" doc:"A part of the minion's name."`
	TgtUUID  string        `rpc:"tgt_uuid" format:"uuid" doc:"A saved target that the minions are in."`
	Grains   method.Object `rpc:"grains" doc:"The values that grains have, by their names. Of a list one value is enough."`
	SortBy   string        `rpc:"sort_by" doc:"A grain to sort by, or master_id; the name of the minion without it."`
	Reverse  bool          `rpc:"reverse" default:"false" doc:"The largest first."`
	Page     int           `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit    int           `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	File     string        `rpc:"response_file" doc:"Not supported: there are no files to download here."`
	Exact    bool          `rpc:"exact_match" default:"false" doc:"The names of the master and the minion are whole ones."`
}

func getMinionDetails(ctx context.Context, c *Call, p getMinionDetailsParams) (any, error) {
	if p.File != "" {
		return nil, method.InvalidParameter("response_file", "it is not supported here")
	}
	wanted, err := jsonobject.Parse(p.Grains)
	if err != nil && len(p.Grains) > 0 {
		return nil, method.InvalidParameter("grains", err.Error())
	}
	if len(named([]string{c.api.MasterID}, p.MasterID, p.Exact)) == 0 {
		return method.Page[struct{}]{Results: []struct{}{}}, nil
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
	from, to := method.Span(p.Page, p.Limit)
	return method.Streamed(func(out *spool.Spool) error {
		_, _ = fmt.Fprintf(out, `{"count":%d,"results":[`, len(ids)) // an error stays
		before := ""
		for _, id := range method.Slice(ids, from, to) {
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
