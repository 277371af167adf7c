package rpc_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/fleet"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// keysAlone are minions of whose keys alone there are files.
type keysAlone struct{ fleet.Minions }

func (k keysAlone) Accepted(ctx context.Context, c *caller.Caller) (
	ids []string, connected func() map[string]bool, grains func(id string) (msgpack.Raw, bool), err error,
) {
	ids, _, _, err = k.Minions.Accepted(ctx, c)
	return ids, nil, nil, err
}

// idsOf returns the minions of an answer: rows, or the keys of an object.
func idsOf(t *testing.T, ret json.RawMessage) (ids []string) {
	t.Helper()
	var page struct {
		Results []struct {
			Minion   string
			MinionID string `json:"minion_id"`
		}
	}
	require.NoError(t, json.Unmarshal(ret, &page))
	for _, row := range page.Results {
		ids = append(ids, row.Minion+row.MinionID)
	}
	return ids
}

// The minions of the master's files are found without the master, and those that only
// the master has are the same.
func TestFleet(t *testing.T) {
	t.Parallel()
	const none = "60c14cfc-09ca-4b5a-bc76-000000000003" // gone*
	for name, change := range map[string]func(*rpc.API){
		"files": nil, "keys alone": func(a *rpc.API) { a.Minions = keysAlone{a.Minions} }, "master": func(a *rpc.API) { a.Minions = nil },
	} {
		e := newEnv(t, change)
		e.save(t)
		admin := e.by(t, "admin")
		for method, cases := range map[string]map[string][]string{
			"minions.get_minion_presence": {
				`{}`: {"web1", "web2"}, `{"reverse":true}`: {"web2", "web1"}, `{"status":"lost"}`: {"web2"}, `{"status":"unknown"}`: nil, `{"ipv4":"10.0.0.2"}`: {"web1"}, `{"ipv4":"127."}`: {"web1", "web2"},
				`{"host":"web1"}`: {"web1"}, `{"host":"x"}`: nil, `{"sort_by":"status"}`: {"web2", "web1"}, `{"sort_by":"timestamp"}`: {"web2", "web1"}, `{"limit":1,"page":1}`: {"web2"},
				`{"master_id":"x"}`: nil, `{"minion_id":"b1"}`: {"web1"},
			},
			"minions.get_minion_details": {
				`{}`: {"web1", "web2"}, `{"grains":{"os":"Ubuntu","num_cpus":4}}`: {"web2"}, `{"grains":{"roles":"db"}}`: {"web2"}, `{"grains":{"roles":["db","web"]}}`: {"web2"},
				`{"grains":{"os":"U"}}`: nil, `{"sort_by":"num_cpus"}`: {"web2", "web1"}, `{"sort_by":"os","reverse":"true"}`: {"web2", "web1"}, `{"sort_by":"master_id","reverse":true}`: {"web2", "web1"},
				`{"minion_id":"web"}`: {"web1", "web2"}, `{"minion_id":"web","exact_match":true}`: nil, `{"minion_id":"web1","exact_match":true,"master_id":"salt"}`: {"web1"}, `{"master_id":"sal","exact_match":true}`: nil,
				`{"tgt_uuid":"` + none + `"}`: nil, `{"tgt_uuid":"` + saved.AllMinions + `"}`: {"web1", "web2"}, `{"limit":"1","page":"1"}`: {"web2"},
			},
		} {
			for kwarg, want := range cases {
				require.Equal(t, want, idsOf(t, e.must(t, admin, method, kwarg)), "%s %s %s", name, method, kwarg)
			}
		}
		for kwarg, want := range map[string]string{
			`{}`:                           `{"salt":{"web1":{"grains":` + grainsOf["web1"] + `},"web2":{"grains":` + grainsOf["web2"] + `}}}`,
			`{"sort_by":"ipv4","limit":1}`: `{"salt":{"web2":{"grains":` + grainsOf["web2"] + `}}}`, `{"sort_by":"presence","reverse":true,"limit":1}`: `{"salt":{"web1":{"grains":` + grainsOf["web1"] + `}}}`,
			`{"sort_by":"minion","reverse":true,"limit":1}`: `{"salt":{"web2":{"grains":` + grainsOf["web2"] + `}}}`, `{"page":7}`: `{"salt":{}}`, `{"master_id":"x"}`: `{}`,
		} {
			require.JSONEq(t, want, string(e.must(t, admin, "minions.get_minion_cache", kwarg)), kwarg)
		}
		require.JSONEq(t, `["host","ipv4","num_cpus","os","roles","saltversion"]`, string(e.must(t, admin, "minions.get_minion_grain_keys", `{}`)))
		require.JSONEq(t, `["Debian","Ubuntu"]`, string(e.must(t, admin, "minions.get_minion_grain_values", `{"key":"os"}`)))
		require.JSONEq(t, `[]`, string(e.must(t, admin, "minions.get_minion_grain_values", `{"key":"no such"}`)))
		for kwarg, want := range map[string]string{
			`{"tgt":{"*":{"tgt":"*"}}}`: `["web1","web2"]`, `{"tgt":{"*":{"tgt":"web[!1]"}}}`: `["web2"]`, `{"tgt":{"*":{"tgt":"*1","tgt_type":"compound"}}}`: `["web1"]`,
			`{"tgt":{"*":{"tgt":["web2","x"],"tgt_type":"list"}}}`: `["web2"]`, `{"tgt":{"*":{"tgt":"web2,x","tgt_type":"list"}}}`: `["web2"]`,
			`{"tgt":{"*":{"tgt":"G@os:Ubuntu","tgt_type":"compound"}}}`: `["web2"]`, `{"tgt":{"a":{"tgt":"nobody"},"b":{"tgt":"no one"}}}`: ``, `{"tgt_uuid":"` + none + `"}`: `[]`,
			`{"tgt":{"*":{"tgt":"*"}},"tgt_uuid":"` + none + `"}`: ``,
		} {
			if want == "" {
				require.Equal(t, 4001, e.call(t, admin, "tgt.get_target_group_minions", kwarg).code())
				continue
			}
			require.JSONEq(t, `{"salt":`+want+`}`, string(e.must(t, admin, "tgt.get_target_group_minions", kwarg)), kwarg)
		}
		if name == "files" {
			e.master.calls = nil
			bob := e.by(t, "bob") // who has no wheel functions and no runners
			require.Len(t, idsOf(t, e.must(t, bob, "minions.get_minion_details", `{}`)), 2)
			require.JSONEq(t, `{"salt":["web1"]}`, string(e.must(t, bob, "tgt.get_target_group_minions", `{"tgt":{"*":{"tgt":"web1"}}}`)))
			require.Empty(t, e.master.calls, "the master was not asked")
		}
	}
}

// The grains of many minions are read in turn, and what needs none waits for nobody.
func TestGrainsInTurn(t *testing.T) {
	t.Parallel()
	turns := fair.NewSlots(fair.Options{Slots: 1})
	e := newEnv(t, func(a *rpc.API) { a.SetReading(turns) })
	admin := e.by(t, "admin")
	methods := map[string]string{
		"minions.get_minion_cache": `{}`, "minions.get_minion_details": `{"sort_by":"os"}`, "minions.get_minion_grain_keys": `{}`,
		"minions.get_minion_grain_values": `{"key":"os"}`, "minions.get_minion_presence": `{"host":"web"}`,
	}
	release, err := turns.Acquire(t.Context(), fair.Key{})
	require.NoError(t, err)
	for name, kwarg := range methods {
		got := e.call(t, admin, name, kwarg)
		require.Equal(t, 4290, got.code(), name)
		require.Equal(t, 1, got.Error.Detail.RetryAfter, name)
	}
	e.must(t, admin, "minions.get_minion_presence", `{}`)
	e.must(t, admin, "tgt.get_target_group_minions", `{"tgt":{"*":{"tgt":"*"}}}`)
	release()
	for name, kwarg := range methods {
		e.must(t, admin, name, kwarg)
	}
}
