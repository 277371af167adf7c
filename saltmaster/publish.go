package saltmaster

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Publication is a command for minions.
type Publication struct {
	Tgt     msgpack.Raw // a string, or an array of strings where TgtType allows it
	TgtType string
	Fun     string
	Funs    msgpack.Raw // in place of Fun: an array of functions, and Arg has an array for each
	Arg     msgpack.Raw // an array; keyword arguments are its last element, marked __kwarg__
	Ret     string      // returners, separated by commas
	JID     string      // always chosen by the caller, which listens for it already
	Token   string
	Login   Login         // in place of Token, where it has an Eauth
	Timeout time.Duration // for syndics, which may take so long to publish it; 0 leaves it to them
	Extra   []Extra       // what else the master passes on: metadata, delimiter, ...
}

// Extra is one more keyword of a publication.
type Extra struct {
	Key   string
	Value msgpack.Raw
}

// Published is what the master made of a publication.
type Published struct {
	JID     string   // "" when no minion matched
	Minions []string // the targeted minions
	Missing []string // minions that a list target names and the master does not know
}

// Publish sends a command to the minions that it targets. It is never sent
// twice.
func (c *Client) Publish(ctx context.Context, p Publication) (Published, error) {
	pairs := 8
	if p.Timeout > 0 {
		pairs++
	}
	b := load("publish", pairs)
	b = appendRaw(b, "tgt", p.Tgt)
	b = appendPair(b, "tgt_type", p.TgtType)
	if p.Funs != nil {
		b = appendRaw(b, "fun", p.Funs)
	} else {
		b = appendPair(b, "fun", p.Fun)
	}
	b = appendRaw(b, "arg", p.Arg)
	b = appendPair(b, "ret", p.Ret)
	b = appendPair(b, "jid", p.JID)
	b = appendPair(b, "user", c.opts.User)
	if p.Timeout > 0 {
		b = appendRaw(b, "to", msgpack.AppendInt(nil, int64((p.Timeout+time.Second-1)/time.Second)))
	}
	b = msgpack.AppendString(b, "kwargs")
	b = msgpack.AppendMap(b, authorityPairs(p.Login)+len(p.Extra))
	b = appendAuthority(b, p.Token, p.Login)
	for _, e := range p.Extra {
		b = appendRaw(b, e.Key, e.Value)
	}

	answer, err := c.do(ctx, b)
	if err != nil {
		return Published{}, err
	}
	return parsePublished(answer)
}

func parsePublished(answer msgpack.Raw) (Published, error) {
	l, ok := answer.Lookup("load")
	if !ok {
		return Published{}, fmt.Errorf("%w: publish without load", ErrProtocol)
	}
	minions, _ := l.Lookup("minions")
	missing, _ := l.Lookup("missing")
	return Published{
		JID:     l.LookupStr("jid"),
		Minions: stringList(minions),
		Missing: stringList(missing),
	}, nil
}

func stringList(v msgpack.Raw) []string {
	var list []string
	_ = v.Elems(func(e msgpack.Raw) error {
		if s, ok := e.Str(); ok {
			list = append(list, s)
		}
		return nil
	})
	return list
}
