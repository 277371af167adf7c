package fleet

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/rpc/method"
)

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

func getPresence(ctx context.Context, c *Call, p getPresenceParams) (any, error) {
	rows := []presenceRow{}
	if strings.Contains(c.api.MasterID, p.MasterID) {
		f, err := c.Fleet(ctx)
		if err != nil {
			return nil, err
		}
		ids := named(f.IDs, p.MinionID, false)
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
		now := method.TimeText(c.X.Start)
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
			n = strings.Compare(method.TextOr(a.Timestamp), method.TextOr(b.Timestamp))
		}
		if p.Reverse {
			return -n
		}
		return n
	})
	return method.PageOf(rows, p.Page, p.Limit), nil
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
