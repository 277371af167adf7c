package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
)

func kvMethods() []*Method {
	served := func(a *API) bool { return a.Values != nil }
	superuser := []role.Permission{role.Superuser}
	return []*Method{
		method(about{
			name: "kv.get_key", doc: "Return the value that the caller has set for a key.", returns: "the value, or null", served: served,
		}, func(ctx context.Context, c *call, p keyParams) (any, error) {
			o, err := c.valueOwner()
			if err != nil {
				return nil, err
			}
			value, err := c.api.Values.Value(ctx, o, p.Key)
			if errors.Is(err, records.ErrNotFound) {
				return nil, nil
			}
			return value, valueError(err)
		}),
		method(about{
			name: "kv.list_keys", doc: "Return the keys that the caller has set.", returns: "a list of texts in their order", served: served,
		}, func(ctx context.Context, c *call, _ none) (any, error) {
			o, err := c.valueOwner()
			if err != nil {
				return nil, err
			}
			keys, err := c.api.Values.ValueKeys(ctx, o)
			return append([]string{}, keys...), valueError(err)
		}),
		method(about{
			name: "kv.set_key", doc: "Set the value of a key of the caller's: any JSON, of up to 64 KiB.", returns: "null", served: served,
		}, func(ctx context.Context, c *call, p setKeyParams) (any, error) {
			o, err := c.valueOwner()
			if err != nil {
				return nil, err
			}
			return nil, c.setValue(ctx, o, p)
		}),
		method(about{
			name: "kv.delete_key", doc: "Remove a key of the caller's.", returns: "how many were removed, 0 or 1", served: served,
		}, func(ctx context.Context, c *call, p keyParams) (any, error) {
			o, err := c.valueOwner()
			if err != nil {
				return nil, err
			}
			return c.deleteValue(ctx, o, p.Key)
		}),
		method(about{
			name: "kv.set_system_key", doc: "Set the value of a key of the system. No method returns it.", returns: "null", needs: superuser, served: served,
		}, func(ctx context.Context, c *call, p setKeyParams) (any, error) {
			err := c.setValue(ctx, records.ValueOwner{}, p)
			if err == nil {
				c.note(issuer.Changed, "system key "+p.Key)
			}
			return nil, err
		}),
		method(about{
			name: "kv.delete_system_key", doc: "Remove a key of the system.", returns: "how many were removed, 0 or 1", needs: superuser, served: served,
		}, func(ctx context.Context, c *call, p keyParams) (any, error) {
			n, err := c.deleteValue(ctx, records.ValueOwner{}, p.Key)
			if err == nil && n == 1 {
				c.note(issuer.Removed, "system key "+p.Key)
			}
			return n, err
		}),
	}
}

type keyParams struct {
	Key string `rpc:"key,required" doc:"The key."`
}

type setKeyParams struct {
	Key   string `rpc:"key,required" doc:"The key."`
	Value Any    `rpc:"value" doc:"The value; null without one."`
}

// valueOwner returns the caller as the owner of values. Nobody is the system.
func (c *call) valueOwner() (records.ValueOwner, error) {
	id := c.caller().Identity()
	if id.User == "" || id.Eauth == "" {
		return records.ValueOwner{}, &Error{Code: CodeForbidden, Message: textForbidden}
	}
	return records.ValueOwner{User: id.User, Eauth: id.Eauth}, nil
}

func (c *call) setValue(ctx context.Context, o records.ValueOwner, p setKeyParams) error {
	value := json.RawMessage(p.Value)
	if len(value) == 0 {
		value = json.RawMessage("null")
	}
	return valueError(c.api.Values.PutValue(ctx, o, p.Key, canonical(Object(value))))
}

func (c *call) deleteValue(ctx context.Context, o records.ValueOwner, key string) (any, error) {
	ok, err := c.api.Values.DeleteValue(ctx, o, key)
	if ok {
		return 1, nil
	}
	return 0, valueError(err)
}

func valueError(err error) error {
	if errors.Is(err, records.ErrTooManyValues) {
		return &Error{Code: CodeConflict, Message: fmt.Sprintf("there are too many keys: %d of one user, and %d of all", records.MaxValuesOfUser, records.MaxValues)}
	}
	return libraryError(err, "key")
}
