package gateway

import (
	"errors"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/netapi"
)

// busReturns has the returns of jobs as the event bus has them.
type busReturns struct{ bus *eventbus.Bus }

var _ netapi.Returns = busReturns{}

// Of implements [netapi.Returns].
func (b busReturns) Of(jid string) netapi.Returning {
	prefix := "salt/job/" + jid + "/ret/"
	s := b.bus.ExpectTrimmed(prefix, func(e eventbus.Event) eventbus.Event {
		return eventbus.Event{Tag: e.Tag, Data: msgpack.AppendNil(nil)} // only the minion is looked at
	})
	s.Bind(jid) // events of other jobs do not pass by it
	return returning{prefix, s}
}

type returning struct {
	prefix string
	*eventbus.Sub
}

// TryNext implements [netapi.Returning].
func (r returning) TryNext() (minion string, err error, ok bool) {
	e, err, ok := r.Sub.TryNext()
	if errors.Is(err, eventbus.ErrGap) || errors.Is(err, eventbus.ErrOverflow) {
		err = netapi.ErrMissed
	}
	return strings.TrimPrefix(e.Tag, r.prefix), err, ok
}
