package rpc

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// TestSilent has a minion that does not return: its command ends when salt would stop
// waiting, although nobody waits; and a minion that works longer than that is waited for.
func TestSilent(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		p := login(t, r, env.User)
		p.returns(t, p.run(t, `{"cmd": "wheel", "fun": "key.gen_accept", "arg": {"arg": ["absent"]}}`), 1)
		defer p.call(t, "minions", "set_minion_key_state", `{"state": "delete", "minions": [["salt", "absent"]]}`)
		longer := p.run(t, `{"cmd": "local", "fun": "test.sleep", "tgt": {"*": {"tgt": ["ms--0", "ms--1"], "tgt_type": "list"}}, "arg": {"arg": [25]}}`)
		jid := p.run(t, `{"cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": ["ms--0", "absent"], "tgt_type": "list"}}}`)
		p.returns(t, jid, 1)
		require.Equal(t, "retrieved", p.state(t, jid))
		require.Eventually(t, func() bool { return p.state(t, jid) == "completed_missing_returns" }, 2*envtest.Patience, 100*time.Millisecond)
		rows := decoded[struct {
			Results []struct {
				MinionID  string `json:"minion_id"`
				HasReturn bool   `json:"has_return"`
			}
		}](t, p.call(t, "cmd", "get_cmd_details", fmt.Sprintf(`{"jid": %q, "has_return": false}`, jid))).Results
		require.Len(t, rows, 1)
		require.Equal(t, "absent", rows[0].MinionID)

		p.returns(t, longer, 2)
		require.Eventually(t, func() bool { return p.state(t, longer) == "completed_all_successful" }, envtest.Patience, 100*time.Millisecond)
	})
}
