package lowstate

import (
	"strings"
	"time"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// search finds the jid of a wheel function that was just sent to the master by
// its events on the bus.
//
// A master of 3006 or 3007 uses the requested jid, so an event with it is
// certain. One of 3008 chooses the jid, and its events hold only the user, the
// function and its arguments. Such an event counts if it is the only one since
// the command was sent, and if neither another nor a reply follows within some
// time. Otherwise only the reply has the jid.
//
// One error remains: a call of the same user with the same arguments that
// starts while this one waits for a free worker of the master. The reply
// reveals it later, and it is logged.
type search struct {
	call  saltmaster.WheelCall
	user  string
	args  string
	since string    // the time of sending, in the form of event stamps
	found []string  // jids of events that may be of this call
	at    time.Time // of the first of them
	blind bool      // the bus cannot show the jid
}

// searchSettle is how long after such an event another one may make it
// ambiguous. An idle master fires the event of a function's start within
// milliseconds.
const searchSettle = 300 * time.Millisecond

// stampLayout is that of _stamp, without the zone that newer masters add.
const stampLayout = "2006-01-02T15:04:05.000000"

func newSearch(call saltmaster.WheelCall, user string) *search {
	return &search{
		call: call, user: user, args: funArgs(call),
		since: time.Now().UTC().Format(stampLayout),
	}
}

// observe handles an event. certain is true if the call runs with the requested
// jid.
func (s *search) observe(ev eventbus.Event) (certain bool) {
	jid, what, _ := strings.Cut(strings.TrimPrefix(ev.Tag, "salt/wheel/"), "/")
	if jid == s.call.JID {
		return true
	}
	if what == "new" && s.matches(ev.Data) {
		if len(s.found) == 0 {
			s.at = time.Now()
		}
		s.found = append(s.found, jid)
	}
	return false
}

func (s *search) matches(data msgpack.Raw) bool {
	args, ok := data.Lookup("fun_args")
	if !ok || data.LookupStr("fun") != "wheel."+s.call.Fun || data.LookupStr("user") != s.user {
		return false
	}
	if stamp := data.LookupStr("_stamp"); stamp[:min(len(stamp), len(stampLayout))] < s.since {
		return false
	}
	js, err := msgpack.AppendJSON(nil, args)
	return err == nil && string(js) == s.args
}

// settledAt is when settle may be called.
func (s *search) settledAt() time.Time {
	if s.blind || len(s.found) != 1 {
		return time.Now().Add(maxTimeout)
	}
	return s.at.Add(searchSettle)
}

// settle returns the jid, if one was found.
func (s *search) settle(now time.Time) (jid string, ok bool) {
	if s.blind || len(s.found) != 1 || now.Before(s.at.Add(searchSettle)) {
		return "", false
	}
	return s.found[0], true
}
