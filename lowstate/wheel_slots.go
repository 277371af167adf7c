package lowstate

import (
	"context"
	"fmt"
	"sync"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// wheelsAtOnce bounds the concurrent wheel functions on the master. Each holds
// one of the master's workers, of which there are five by default, and one of
// the gateway's connections until its end.
const wheelsAtOnce = 4

// wheels are the wheel functions that are running on the master.
type wheels struct {
	places chan struct{}

	mu    sync.Mutex
	alike map[string]*alike
}

func newWheels() *wheels {
	return &wheels{places: make(chan struct{}, wheelsAtOnce), alike: make(map[string]*alike)}
}

// acquire waits for a place; release returns it.
func (w *wheels) acquire(ctx context.Context) error {
	select {
	case w.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *wheels) release() { <-w.places }

// alike are the calls that look the same on the bus: the same function with
// the same arguments for the same user.
type alike struct {
	likeness string
	starting chan struct{} // held by the call that is searching for its jid
	users    int           // guarded by wheels.mu

	mu       sync.Mutex
	open     int // calls whose jid is unknown until their end
	openedAt int // how many of them there have been
}

// likeness returns the part of a call that the bus shows.
func likeness(call saltmaster.WheelCall, user string) string {
	return user + "\x00" + call.Fun + "\x00" + funArgs(call)
}

// funArgs returns a call's fun_args in the form of events, in JSON.
func funArgs(call saltmaster.WheelCall) string {
	n := call.Arg.Len()
	hasKwarg := call.Kwarg.Len() > 0
	args := msgpack.AppendArray(nil, n+btoi(hasKwarg))
	_ = call.Arg.Elems(func(e msgpack.Raw) error {
		args = append(args, e...)
		return nil
	})
	if hasKwarg {
		args = append(args, call.Kwarg...)
	}
	js, err := msgpack.AppendJSON(nil, args)
	if err != nil {
		return fmt.Sprintf("%x", args)
	}
	return string(js)
}

// enter returns the calls that are alike. Each enter needs a leave.
func (w *wheels) enter(likeness string) *alike {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.alike[likeness]
	if a == nil {
		a = &alike{likeness: likeness, starting: make(chan struct{}, 1)}
		w.alike[likeness] = a
	}
	a.users++
	return a
}

func (w *wheels) leave(a *alike) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.users--; a.users == 0 {
		delete(w.alike, a.likeness)
	}
}

// begin and end enclose a call whose jid is unknown in between.
func (a *alike) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open++
	a.openedAt++
}

func (a *alike) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open--
}

// quiet returns a function that reports whether no call like this one has been
// open since.
func (a *alike) quiet() func() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	open, opened := a.open, a.openedAt
	return func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return open == 0 && a.openedAt == opened
	}
}
