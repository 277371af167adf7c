package lowstate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
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

	// IsSyndic reports whether an id is that of a syndic that has returned to
	// the master. Nil if there is none.
	IsSyndic func(id string) bool

	FailHard bool // failhard: a batch ends when a function fails

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

	// Lookups answers some functions from the master's files. Nil sends all to
	// the master.
	Lookups Lookups

	// NotConnected returns those of the minions that are known to the master
	// and not connected to it. It is nil if connections are not known.
	NotConnected func(minions []string) map[string]bool
}

// proof is a command's credentials for the master: a token, or else a login.
type proof struct {
	token string
	login saltmaster.Login
}

// withGrant sends a command with the caller's token. If the master does not accept the token, though the gateway
// expected it to, the command is sent once more, with another token of the grant: a command that was refused for its
// token was not run.
//
// If the grant is the caller's own credentials, they are sent once, and send may go on after ctx has ended and
// withGrant has returned. So send must use only the context that it is given, and must not touch data that others
// may read then.
func withGrant(ctx context.Context, grant eauth.Grant, send func(ctx context.Context, as proof) error) error {
	if h, ok := grant.(*eauth.CredentialGrant); ok {
		return h.Carry(ctx, func(ctx context.Context, c eauth.Credentials) (eauth.Verdict, error) {
			err := send(ctx, proof{login: saltmaster.Login{Eauth: c.Eauth, Username: c.Username, Password: c.Password}})
			return verdict(err), err
		})
	}
	if grant == nil {
		return ErrUnauthenticated
	}
	token, err := grant.Token(ctx)
	if err != nil {
		return err
	}
	err = send(ctx, proof{token: token})
	if !errors.Is(err, saltmaster.ErrUnauthenticated) {
		return err
	}
	again, renewErr := grant.Renew(ctx, token)
	switch {
	case errors.Is(renewErr, eauth.ErrNoToken):
		return err
	case renewErr != nil:
		return renewErr
	}
	return send(ctx, proof{token: again})
}

// verdict returns what the master's reply to a command means for the credentials in it. A reply that names a user is
// the same for a wrong password and for a runner or wheel function that the user may not call.
func verdict(err error) eauth.Verdict {
	switch {
	case err == nil:
		return eauth.Right
	case errors.Is(err, saltmaster.ErrUnauthenticated):
		return eauth.Wrong
	case errors.Is(err, saltmaster.ErrNamed):
		return eauth.Unclear
	case errors.Is(err, saltmaster.ErrUnauthorized):
		return eauth.Right
	default:
		return eauth.NoVerdict
	}
}
