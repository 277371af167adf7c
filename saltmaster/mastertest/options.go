package mastertest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Options says what the master is and knows.
type Options struct {
	// Release is one of Lines, of which the master speaks as the newest release; the default is the last.
	Release string
	// Minions are those whose keys are accepted.
	Minions []Minion
	// Users may log in; nil stands for the user "bench" with the password "secret", which may do everything.
	Users map[string]User
	// Eauth are the names under external_auth; nil stands for "sharedsecret" and "pam".
	Eauth []string
	// Runners and Wheels are functions by name, beside the built-in runner test.arg and wheel key.list_all.
	Runners, Wheels map[string]Function
	// MaxEventSize is the most bytes of an event before its return is cut (1 MiB), as Salt's max_event_size.
	MaxEventSize int
	// JobCache writes the files of Salt's local_cache below CacheDir.
	JobCache bool
	// BarePull makes the master take fired events without a length before them, as the releases up to 3006.25,
	// 3007.14 and 3008.1 do. Without it the master takes them with one.
	BarePull bool
	// TokenExpire is how long a new token lasts (12 h), as Salt's token_expire.
	TokenExpire time.Duration
}

// User may log in. Its rights are those of external_auth: regular expressions of functions, "@runner", "@wheel" or
// "@" and the name of a runner or wheel module.
type User struct {
	Password string
	Perms    []string
}

// Minion is a simulated minion.
type Minion struct {
	ID string
	// Answer makes the returns, of all functions but saltutil.find_job; nil stands for Builtin. It is called in
	// a goroutine of its own and must end with its context.
	Answer func(context.Context, Job) Return
	// Delay is how long each answer takes. Until a job is answered saltutil.find_job, which is always answered at
	// once, finds it.
	Delay time.Duration
	// Silent minions are targeted and never answer anything.
	Silent bool
	// Misses reports for a function that its publications never reach the minion. Nil misses none.
	Misses func(fun string) bool
}

// Job is a publication as a minion receives it.
type Job struct {
	JID, Fun, User, TgtType string
	Tgt                     msgpack.Raw
	Arg                     []msgpack.Raw
	Minion                  string

	fun   msgpack.Raw // as it was published: text, or a list and then Fun is empty
	arg   msgpack.Raw // as it was published
	extra []pair      // what newer masters add
}

// Return is a minion's answer.
type Return struct {
	Return  msgpack.Raw // nil is None
	Retcode int
	Failed  bool   // success is False
	Out     string // the outputter, such as "nested"

	retcodes msgpack.Raw // of a list of functions
}

// Function is a runner or a wheel. A return that is not ok is success False.
type Function func(ctx context.Context, c Call) (ret msgpack.Raw, ok bool)

// Call is what a runner or wheel was called with.
type Call struct {
	JID, Fun, User string
	Arg            []msgpack.Raw
	Kwarg          msgpack.Raw // a map
}

func (o Options) withDefaults() Options {
	if o.Release == "" {
		o.Release = "3008"
	}
	if o.Users == nil {
		o.Users = map[string]User{"bench": {Password: "secret", Perms: []string{".*", "@runner", "@wheel"}}}
	}
	if o.Eauth == nil {
		o.Eauth = []string{"sharedsecret", "pam"}
	}
	if o.MaxEventSize <= 0 {
		o.MaxEventSize = 1 << 20
	}
	if o.TokenExpire <= 0 {
		o.TokenExpire = 12 * time.Hour
	}
	return o
}

// Lines returns the lines of Salt's releases as which the master can speak, the oldest first.
func Lines() []string { return slices.Sorted(maps.Keys(releases)) }

// release is what differs between the lines, as recorded of their newest releases.
type release struct {
	prefixed     bool   // events have a 4-byte length before them
	jidEvent     bool   // a job begins with the event <jid>
	publishEvent bool   // a job has the event salt/job/<jid>/publish
	stampZone    string // end of a _stamp
	tokenSuffix  string // end of a token's file name; with one the token is wrapped in {data, _expires}
	pooled       bool   // requests are routed by content before a worker sees them
	nestedWheel  bool   // a wheel says its events twice, under two jids
	silentRunner bool   // an unknown runner or wheel function says nothing on the bus, and gets another answer
	sockFiles    []string
	jobExtra     []pair // what a publication carries beside its own keys
}

var releases = map[string]release{
	"3006": {
		prefixed: true, jidEvent: true, nestedWheel: true,
		sockFiles: []string{"publish_pull.ipc", "workers.ipc"},
	},
	"3007": {
		jidEvent: true, publishEvent: true, nestedWheel: true,
		sockFiles: []string{"publish_pull.ipc", "workers.ipc"},
	},
	"3008": {
		publishEvent: true, stampZone: "+00:00", tokenSuffix: ".p", pooled: true, silentRunner: true,
		sockFiles: []string{"publish_pull.ipc", "workers.ipc", "workers-default.ipc"},
		jobExtra: []pair{
			{"resource_targets", texts(nil)}, {"pure_resource_target", boolean(false)}, {"minion_is_target", boolean(true)},
		},
	},
}
