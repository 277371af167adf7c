package saltmaster

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// RunnerCall is a runner function for the master to run.
type RunnerCall struct {
	Fun   string
	Arg   msgpack.Raw // an array
	Kwarg msgpack.Raw // a map
	Token string
	Login Login // in place of Token, where it has an Eauth
}

// Runner starts a runner and returns the jid under which the master runs it.
// The arguments travel as the pair of arg and kwarg, which is the only form
// that the argument rules of external_auth look into. It is never sent twice.
func (c *Client) Runner(ctx context.Context, r RunnerCall) (jid string, err error) {
	b := load("runner", 2+authorityPairs(r.Login))
	b = appendPair(b, "fun", r.Fun)
	b = msgpack.AppendString(b, "kwarg")
	b = msgpack.AppendMap(b, 2)
	b = appendRaw(b, "arg", r.Arg)
	b = appendRaw(b, "kwarg", r.Kwarg)
	b = appendAuthority(b, r.Token, r.Login)

	answer, err := c.do(ctx, b)
	if err != nil {
		return "", err
	}
	jid = answer.LookupStr("jid")
	if jid == "" {
		return "", fmt.Errorf("%w: runner without jid", ErrProtocol)
	}
	return jid, nil
}
