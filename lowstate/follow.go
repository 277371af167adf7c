package lowstate

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
)

// FollowAfter returns when a waiting caller would first look for silent minions: the
// master's timeout. It is 0 without the client local.
func (g *Gateway) FollowAfter() time.Duration {
	l, ok := g.clients["local"].(local)
	if !ok {
		return 0
	}
	return l.Timeout
}

// Follow waits as LocalClient does for minions that have not returned for a job which
// was sent before, FollowAfter ago or longer: as long as saltutil.find_job, sent with
// the caller's authority, says that one of them works on it. So the records of the job
// end when LocalClient would give up. What the minions return is dropped here.
func (g *Gateway) Follow(ctx context.Context, a Authority, jid string, minions []string) error {
	l, ok := g.clients["local"].(local)
	switch {
	case !ok || len(minions) == 0:
		return nil
	case !l.Bus.Connected():
		return saltmaster.ErrDown
	}
	id := a.Identity
	if id == nil {
		if !eauth.WellFormedToken(a.Token, g.hashType) {
			return ErrUnauthenticated
		}
		session := g.auth.NewRequestAuth()
		defer session.Release(context.WithoutCancel(ctx))
		found, err := authenticate(ctx, session.Authenticate, eauth.Credentials{Token: a.Token})
		if err != nil {
			return err
		}
		id = &found
	}
	j := &localJob{Master: l.Master, pub: saltmaster.Publication{JID: jid}, timeout: l.Timeout, gather: l.GatherJobTimeout}
	sub := j.Bus.Subscribe(jid)
	defer sub.Close()
	w := newWait(j, id.Grant, sub, saltmaster.Published{JID: jid, Minions: minions})
	w.results.each = func(string, result) error { return nil }
	w.findJobAt = time.Now()
	w.pending.allUntil(w.findJobAt.Sub(w.begin))
	return w.run(ctx)
}
