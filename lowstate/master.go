package lowstate

import (
	"context"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Commands are the commands of the master that clients send. *saltmaster.Client
// implements them.
type Commands interface {
	Publish(ctx context.Context, p saltmaster.Publication) (saltmaster.Published, error)
	Runner(ctx context.Context, r saltmaster.RunnerCall) (jid string, err error)
	Wheel(ctx context.Context, w saltmaster.WheelCall) (answer msgpack.Raw, err error)
}

// Bus is the event bus with the returns. *eventbus.Bus is one.
type Bus interface {
	Connected() bool
	Subscribe(jid string) *eventbus.Sub
	Expect(prefix string) *eventbus.Sub
}

var (
	_ Commands = (*saltmaster.Client)(nil)
	_ Bus      = (*eventbus.Bus)(nil)
)

// Master is the master for the clients.
type Master struct {
	Commands Commands
	Bus      Bus
	Cache    jobcache.Cache // its zero value if master_job_cache is not local_cache
	JIDs     *saltmaster.JIDs
	Log      *slog.Logger

	Timeout          time.Duration // timeout: when find_job is first sent for a silent minion
	GatherJobTimeout time.Duration // gather_job_timeout: how long the replies to that may take
	RestTimeout      time.Duration // rest_timeout: how long a runner may take
	Nodegroups       Nodegroups    // nodegroups
	ExtJobCache      string        // ext_job_cache: a returner for every job
	OrderMasters     bool          // order_masters: minions behind syndics may return too
	SyndicWait       time.Duration // syndic_wait: how long other masters may take to name their minions
	FailHard         bool          // failhard: a batch ends when a function fails

	// Verified makes each return be read from Cache, which only the master
	// writes, and never from its event, which only triggers the read. A return
	// that is not written to Cache does not count.
	Verified bool

	// ExpectMinions reports how a minion that did not return is shown: as false
	// up to Salt 3007, as a text from 3008 on, where expect_minions defaults to
	// true. It is called for each job, since masters are upgraded.
	ExpectMinions func() bool

	// ReplacedRunner reports whether the master may have a runner module of
	// this name that is not Salt's own. Nil if there is none.
	ReplacedRunner func(module string) bool

	// NotConnected returns those of the minions that are known to the master
	// and not connected to it. It is nil if connections are not known.
	NotConnected func(minions []string) map[string]bool
}
