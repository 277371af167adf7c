package waiting

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/caller"
)

// credentials are those that waits end with. Waits of callers with the same one share
// it: thousands may come with one token.
type credentials struct {
	mu   sync.Mutex
	open map[credentialKey]*credential
}

// credentialKey is a credential, the time when it expires, and what is needed of it: the
// owner of a token may be allowed to act from some addresses only.
type credentialKey struct {
	from    Follower
	key     string     // see [caller.Caller.Key]
	addr    netip.Addr // of the client, of a token of the gateway's own
	expires time.Time
	needs   string
}

func keyOf(from Follower, c *caller.Caller, needs []role.Permission) credentialKey {
	k := credentialKey{from: from, key: c.Key()}
	if c != nil && c.Principal != nil {
		k.addr, k.expires = c.From.Addr, c.Principal.Expires
	} else if c != nil && c.Session != nil {
		k.expires = c.Session.Expire
	}
	if len(needs) > 0 {
		var b strings.Builder
		for _, p := range needs {
			b.WriteString(string(p))
			b.WriteByte(' ')
		}
		k.needs = b.String()
	}
	return k
}

// credential is one that waits share.
type credential struct {
	of  *credentials
	key credentialKey

	ctx    context.Context // ends with the credential
	end    func()
	caller *caller.Caller // of the first hold

	holds map[*Hold]func() // what is called at the end, or nil; nil when there are none any more
}

// Hold is the credential of a caller, for something that goes on after the handler of
// its request. It has to be released. Those of callers with the same credential share
// what follows it.
type Hold struct{ shared *credential }

// Hold follows the credential of a caller, as [Jobs.Follow] does. It returns the caller
// as far as it is to be kept for as long.
func (w *Jobs) Hold(from Follower, c *caller.Caller, needs ...role.Permission) (*Hold, *caller.Caller) {
	h := &Hold{}
	h.shared = w.join(h, from, c, needs)
	return h, h.shared.common(c)
}

// Context returns the context that ends with the credential, or when the gateway begins
// to stop. [Cut] returns why it has ended.
func (h *Hold) Context() context.Context { return h.shared.ctx }

// After has f called in a goroutine of its own when the context ends, unless the hold is
// released before, or After is called again. It costs less than [context.AfterFunc].
func (h *Hold) After(f func()) { h.shared.after(h, f) }

// Release ends the hold.
func (h *Hold) Release() { h.shared.leave(h) }

// join adds a hold to the credential of a caller.
func (w *Jobs) join(hold *Hold, from Follower, c *caller.Caller, needs []role.Permission) *credential {
	key := keyOf(from, c, needs)
	if key.key == "" { // of no caller there is nothing to share
		return w.follow(hold, key, from, c, needs)
	}
	w.credentials.mu.Lock()
	if shared := w.credentials.open[key]; shared != nil && shared.ctx.Err() == nil {
		shared.holds[hold] = nil
		w.credentials.mu.Unlock()
		return shared
	}
	w.credentials.mu.Unlock()
	// This may look the credential up. Of two that come at once, each has its own.
	return w.follow(hold, key, from, c, needs)
}

func (w *Jobs) follow(hold *Hold, key credentialKey, from Follower, c *caller.Caller, needs []role.Permission) *credential {
	own := &credential{of: &w.credentials, key: key, caller: c, holds: map[*Hold]func(){hold: nil}}
	own.ctx, own.end = w.Follow(context.Background(), from, c, needs...)
	context.AfterFunc(own.ctx, own.ended)
	if key.key == "" {
		return own
	}
	w.credentials.mu.Lock()
	defer w.credentials.mu.Unlock()
	if w.credentials.open == nil {
		w.credentials.open = make(map[credentialKey]*credential)
	}
	if at := w.credentials.open[key]; at == nil || at.ctx.Err() != nil {
		w.credentials.open[key] = own
	}
	return own
}

// after has f called in a goroutine of its own when the credential has ended.
func (c *credential) after(hold *Hold, f func()) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.ctx.Err() != nil {
		go f()
		return
	}
	c.holds[hold] = f
}

// ended calls what waits.
func (c *credential) ended() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.forget()
	for hold, f := range c.holds {
		if f != nil {
			c.holds[hold] = nil
			go f()
		}
	}
}

// leave removes a hold. The last one ends the credential's context.
func (c *credential) leave(hold *Hold) {
	c.of.mu.Lock()
	delete(c.holds, hold)
	last := len(c.holds) == 0
	if last {
		c.forget()
	}
	c.of.mu.Unlock()
	if last {
		c.end()
	}
}

// forget has no more holds join. The caller holds the lock.
func (c *credential) forget() {
	if c.of.open[c.key] == c {
		delete(c.of.open, c.key)
	}
}

// common returns a caller with the session that the first one has, if it is the same:
// one copy is enough for all of them.
func (c *credential) common(of *caller.Caller) *caller.Caller {
	first := c.caller
	if first == nil || of == nil || first.Session == nil || of.Session == nil || first == of ||
		of.Principal != nil || first.Principal != nil || !reflect.DeepEqual(first.Session, of.Session) {
		return of
	}
	if first.Credential == of.Credential && first.From == of.From && first.User == of.User && first.Eauth == of.Eauth &&
		first.LoggedIn == of.LoggedIn && slices.Equal(first.Groups, of.Groups) {
		return first
	}
	own := *of
	own.Session = first.Session
	return &own
}
