package jobs

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/caller"
)

// grainRules counts how often the rules are evaluated for grains.
type grainRules struct {
	Rules
	evaluated *int
}

func (r grainRules) Publish(subject acl.Subject, c acl.Call) acl.Verdict {
	if c.Fun == grainsFun {
		*r.evaluated++
	}
	return r.Rules.Publish(subject, c)
}

// Whose grains a caller may see is found out when they are read, and once.
func TestAcceptedGrains(t *testing.T) {
	t.Parallel()
	evaluated := 0
	g := newMinionsEnv(t, func(a *API) { a.Rules = grainRules{a.Rules, &evaluated} })
	ids, connected, grains, err := NewReader(g.API).Accepted(t.Context(),
		&caller.Caller{Session: &session.Session{ID: "1", User: "minions only", Eauth: "pam"}})
	require.NoError(t, err)
	require.NotEmpty(t, ids)
	before := evaluated // which minions the caller sees
	connected()
	require.Equal(t, before, evaluated)
	for _, id := range ids {
		_, _ = grains(id)
	}
	once := evaluated
	require.Greater(t, once, before)
	for _, id := range ids {
		_, _ = grains(id)
	}
	require.Equal(t, once, evaluated)
}
