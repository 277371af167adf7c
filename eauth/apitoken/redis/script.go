package redis

import (
	"context"
	"embed"
	"errors"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

//go:embed lua
var lua embed.FS

// scripts are the operations that must be atomic.
type scripts struct {
	create, lookup, consume, renew, revoke, touch, list, sweep *goredis.Script
	putDocument, documents, deleteDocument, once, addFailure   *goredis.Script
}

func loadScripts() scripts {
	load := func(name string) *goredis.Script {
		common, err := lua.ReadFile("lua/common.lua")
		body, err2 := lua.ReadFile("lua/" + name + ".lua")
		if err := errors.Join(err, err2); err != nil {
			panic(err) // they are part of the program
		}
		bound := fmt.Sprintf("local MAX_CHILDREN = %d\n", apitoken.MaxChildren)
		return goredis.NewScript(bound + string(common) + string(body))
	}
	return scripts{
		create: load("create"), lookup: load("lookup"), consume: load("consume"), renew: load("renew"),
		revoke: load("revoke"), touch: load("touch"), list: load("list"), sweep: load("sweep"),
		putDocument: load("put_document"), documents: load("documents"), deleteDocument: load("delete_document"),
		once: load("once"), addFailure: load("add_failure"),
	}
}

// errReply means that a script returned something invalid.
var errReply = errors.New("an answer that makes no sense")

// run runs a script and returns its reply without the outcome. The reply is
// returned together with an error, too.
func (s *Store) run(ctx context.Context, script *goredis.Script, args ...any) ([]any, error) {
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	reply, err := script.Run(bounded, s.client, []string{s.prefix}, args...).Slice()
	if err != nil {
		return nil, failed(ctx, err)
	}
	if len(reply) == 0 {
		return nil, failed(ctx, errReply)
	}
	return reply[1:], outcome(reply[0])
}

// outcome returns the error for the first word of a reply.
func outcome(word any) error {
	switch word {
	case "ok":
		return nil
	case "not found":
		return apitoken.ErrNotFound
	case "conflict":
		return apitoken.ErrConflict
	case "revoked":
		return apitoken.ErrRevoked
	case "expired":
		return apitoken.ErrExpired
	case "reused":
		return apitoken.ErrReused
	case "invalid":
		return apitoken.ErrInvalid
	}
	return fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errReply)
}

// texts reads a list of texts.
func texts(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errReply)
	}
	out := make([]string, len(list))
	for i, v := range list {
		if out[i], ok = v.(string); !ok {
			return nil, fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errReply)
		}
	}
	return out, nil
}
