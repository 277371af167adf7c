package lowstate

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// verifying makes a gateway read returns only from the job cache.
func (b *before) verifying() *before {
	b.gateway.clients["local"].(local).Verified = true // all clients share one Master
	return b
}

func TestVerifiedThroughFaults(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]mastertest.Faults{
		"healthy":                 {},
		"the cache comes later":   {CacheDelay: 100 * time.Millisecond},
		"returns come early":      {EarlyReturns: true},
		"early, the cache later":  {EarlyReturns: true, CacheDelay: 50 * time.Millisecond},
		"returns come twice":      {DuplicateReturns: true},
		"returns are cut":         {TrimReturns: true},
		"cut, and the cache late": {TrimReturns: true, CacheDelay: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRelease(t, one("web1"), func(t *testing.T, b *before) {
				b.verifying().Fail(func(f *mastertest.Faults) { *f = faults })
				b.require(`{"web1": true}`, ping)
				b.require(`{"web1": {"ret": "é", "retcode": 0, "jid": "20260101000000000001"}}`,
					`"client": "local", "tgt": "web1", "fun": "test.echo", "arg": ["é"], "full_return": true, "jid": "20260101000000000001"`)
				b.require(`{"web1": true}`, `"client": "local_batch", "tgt": "*", "fun": "test.ping"`)
				got, err := b.call(`"client": "local_batch", "tgt": "*", "fun": "test.ping", "raw": true`)
				require.NoError(t, err)
				require.Regexp(t, `^\{"data": \{"id": "web1", "return": true, "retcode": 0, "jid": "\d{20}"\}, `+
					`"tag": "salt/job/\d{20}/ret/web1"\}$`, got, "nothing of the event")
				require.Zero(t, b.bus.Stats().Subscribers, "nobody listens any more")
			})
		})
	}
}

// TestVerifiedOutputter is about what the master writes after the return.
func TestVerifiedOutputter(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"at once": 0, "later": 150 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := gatewayBefore(t, mastertest.Options{JobCache: true, Minions: []mastertest.Minion{{
				ID: "web1", Answer: func(context.Context, mastertest.Job) mastertest.Return {
					return mastertest.Return{Return: msgpack.AppendBool(nil, true), Out: "highstate"}
				},
			}}}).verifying()
			b.Fail(func(f *mastertest.Faults) { f.OutDelay = delay })
			b.require(`{"web1": {"ret": true, "out": "highstate", "retcode": 0, "jid": "20260101000000000001"}}`,
				ping+`, "full_return": true, "jid": "20260101000000000001"`)
		})
	}
}

// TestForgedReturnOfAnother is about an event in the name of another minion: it
// counts as a return in one mode, and not in the other.
func TestForgedReturnOfAnother(t *testing.T) {
	t.Parallel()
	forged, err := msgpack.AppendFromJSON(nil, []byte(`{"id": "web1", "jid": "20260101000000000001", "return": "forged", "retcode": 0}`))
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		verified bool
		minion   mastertest.Minion
		timeout  string
		want     string
	}{
		"bus":                 {false, mastertest.Minion{ID: "web1", Delay: time.Hour}, "60", `{"web1": "forged"}`},
		"verified":            {true, mastertest.Minion{ID: "web1", Delay: 500 * time.Millisecond}, "60", `{"web1": true}`},
		"bus, a silent one":   {false, mastertest.Minion{ID: "web1", Silent: true}, "60", `{"web1": "forged"}`},
		"verified, and it is": {true, mastertest.Minion{ID: "web1", Silent: true}, "1", `{"web1": false}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := gatewayBefore(t, mastertest.Options{JobCache: true, Minions: []mastertest.Minion{tc.minion}})
			if tc.verified {
				b.verifying()
			}
			answered := make(chan struct{})
			fired := make(chan struct{})
			go func() {
				defer close(fired)
				for {
					b.Fire("salt/job/20260101000000000001/ret/web1", msgpack.Raw(forged))
					select {
					case <-answered:
						return
					case <-time.After(10 * time.Millisecond):
					}
				}
			}()
			b.require(tc.want, `"client": "local", "tgt": "*", "fun": "test.ping", "jid": "20260101000000000001", `+
				`"timeout": `+tc.timeout+`, "gather_job_timeout": 0.2, "expect_minions": false`)
			close(answered)
			<-fired
		})
	}
}

// TestVerifiedWithoutCache shows that a return that is not in the job cache
// does not count.
func TestVerifiedWithoutCache(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "web1"}}}).verifying()
	b.require(`{"web1": false}`, ping+`, "timeout": 0.05, "gather_job_timeout": 0.05, "expect_minions": false`)
}

// TestVerifiedBehindASyndic is about minions that are unknown before.
func TestVerifiedBehindASyndic(t *testing.T) {
	t.Parallel()
	o := one("web1")
	o.Minions = append(o.Minions, mastertest.Minion{ID: "far1"}, mastertest.Minion{ID: "far2"})
	b := gatewayBefore(t, o).verifying()
	m := b.gateway.clients["local"].(local).Master
	m.OrderMasters, m.SyndicWait = true, 3*time.Second
	const jid = "20260101000000000001"
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b.Count("publish") == 0 {
			time.Sleep(time.Millisecond)
		}
		forged, _ := msgpack.AppendFromJSON(nil, []byte(`{"id": "far2", "jid": "`+jid+`", "return": "forged"}`))
		b.Fire("salt/job/"+jid+"/ret/far2", msgpack.Raw(forged))
		b.Return(mastertest.Job{JID: jid, Minion: "far1", Fun: "test.ping"}, mastertest.Return{Return: msgpack.AppendBool(nil, true)})
	}()
	got, err := b.call(`"client": "local", "tgt": "web1", "fun": "test.ping", "jid": "` + jid + `", "expect_minions": false`)
	require.NoError(t, err)
	<-done
	require.JSONEq(t, `{"web1": true, "far1": true}`, got)
}
