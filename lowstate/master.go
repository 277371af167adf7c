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
// has them.
type Commands interface {
	Publish(ctx context.Context, p saltmaster.Publication) (saltmaster.Published, error)
	Runner(ctx context.Context, r saltmaster.RunnerCall) (jid string, err error)
	Wheel(ctx context.Context, w saltmaster.WheelCall) (answer msgpack.Raw, err error)
}

// Bus is where returns arrive. *eventbus.Bus is one.
type Bus interface {
	Connected() bool
	Subscribe(jid string) *eventbus.Sub
	Expect(prefix string) *eventbus.Sub
}

var (
	_ Commands = (*saltmaster.Client)(nil)
	_ Bus      = (*eventbus.Bus)(nil)
)

// Master is the master as the clients see it.
type Master struct {
	Commands Commands
	Bus      Bus
	Cache    jobcache.Cache // its zero value when master_job_cache is not local_cache
	JIDs     *saltmaster.JIDs
	Log      *slog.Logger

	Timeout          time.Duration // timeout: when find_job is first sent for a silent minion
	GatherJobTimeout time.Duration // gather_job_timeout: how long it may take to answer that
	RestTimeout      time.Duration // rest_timeout: how long a runner may take
	Nodegroups       Nodegroups    // nodegroups
	ExtJobCache      string        // ext_job_cache: a returner for every job
	OrderMasters     bool          // order_masters: minions behind syndics may return too
	SyndicWait       time.Duration // syndic_wait: how long other masters may take to name theirs
	FailHard         bool          // failhard: a batch ends when a function fails

	// Verified has each return of a minion read from Cache, which the master
	// writes, and never from its event: that says only when to look. A return
	// that does not come to be in Cache did not happen.
	Verified bool

	// ExpectMinions says how a minion that did not return shows: as false up
	// to Salt 3007, as a text from 3008 on, where expect_minions defaults to
	// true. It is called anew for each job, since masters are upgraded.
	ExpectMinions func() bool

	// ReplacedRunner reports whether the master may have a runner module of
	// this name that is not Salt's own. Nil when it has none.
	ReplacedRunner func(module string) bool

	// NotConnected reports whether the master has no connection from a minion
	// that it knows. Nil when that is not known.
	NotConnected func(minions []string) map[string]bool
}
