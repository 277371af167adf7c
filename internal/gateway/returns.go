package gateway

import (
	"context"
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
	return returning{prefix, b.bus.ExpectTrimmed(prefix, func(e eventbus.Event) eventbus.Event {
		return eventbus.Event{Tag: e.Tag, Data: msgpack.AppendNil(nil)} // only the minion is looked at
	})}
}

type returning struct {
	prefix string
	*eventbus.Sub
}

// Next implements [netapi.Returning].
func (r returning) Next(ctx context.Context) (minion string, err error) {
	e, err := r.Sub.Next(ctx)
	if errors.Is(err, eventbus.ErrGap) || errors.Is(err, eventbus.ErrOverflow) {
		err = netapi.ErrMissed
	}
	return strings.TrimPrefix(e.Tag, r.prefix), err
}
