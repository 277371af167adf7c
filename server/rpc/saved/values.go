package saved

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

func (a *API) kvMethods() []*method.Method {
	served := a.Values != nil
	superuser := []role.Permission{role.Superuser}
	return []*method.Method{
		declare(a, method.About{
			Name: "kv.get_key", Doc: "Return the value that the caller has set for a key.", Returns: "the value, or null", Served: served,
		}, func(ctx context.Context, c *Call, p keyParams) (any, error) {
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
		declare(a, method.About{
			Name: "kv.list_keys", Doc: "Return the keys that the caller has set.", Returns: "a list of texts in their order", Served: served,
		}, func(ctx context.Context, c *Call, _ method.None) (any, error) {
			o, err := c.valueOwner()
			if err != nil {
				return nil, err
			}
			keys, err := c.api.Values.ValueKeys(ctx, o)
			return append([]string{}, keys...), valueError(err)
		}),
		declare(a, method.About{
			Name: "kv.set_key", Doc: "Set the value of a key of the caller's: any JSON, of up to 64 KiB.", Returns: "null", Served: served,
		}, func(ctx context.Context, c *Call, p setKeyParams) (any, error) {
			o, err := c.valueOwner()
			if err != nil {
				return nil, err
			}
			return nil, c.setValue(ctx, o, p)
		}),
		declare(a, method.About{
			Name: "kv.delete_key", Doc: "Remove a key of the caller's.", Returns: "how many were removed, 0 or 1", Served: served,
		}, func(ctx context.Context, c *Call, p keyParams) (any, error) {
			o, err := c.valueOwner()
			if err != nil {
				return nil, err
			}
			return c.deleteValue(ctx, o, p.Key)
		}),
		declare(a, method.About{
			Name: "kv.set_system_key", Doc: "Set the value of a key of the system. No method returns it.", Returns: "null", Needs: superuser, Served: served,
		}, func(ctx context.Context, c *Call, p setKeyParams) (any, error) {
			err := c.setValue(ctx, records.ValueOwner{}, p)
			if err == nil {
				c.Note(issuer.Changed, "system key "+p.Key)
			}
			return nil, err
		}),
		declare(a, method.About{
			Name: "kv.delete_system_key", Doc: "Remove a key of the system.", Returns: "how many were removed, 0 or 1", Needs: superuser, Served: served,
		}, func(ctx context.Context, c *Call, p keyParams) (any, error) {
			n, err := c.deleteValue(ctx, records.ValueOwner{}, p.Key)
			if err == nil && n == 1 {
				c.Note(issuer.Removed, "system key "+p.Key)
			}
			return n, err
		}),
	}
}

type keyParams struct {
	Key string `rpc:"key,required" doc:"The key."`
}

type setKeyParams struct {
	Key   string     `rpc:"key,required" doc:"The key."`
	Value method.Any `rpc:"value" doc:"The value; null without one."`
}

// valueOwner returns the caller as the owner of values. Nobody is the system.
func (c *Call) valueOwner() (records.ValueOwner, error) {
	id := c.Caller.Identity()
	if id.User == "" || id.Eauth == "" {
		return records.ValueOwner{}, &method.Error{Code: method.CodeForbidden, Message: method.TextForbidden}
	}
	return records.ValueOwner{User: id.User, Eauth: id.Eauth}, nil
}

func (c *Call) setValue(ctx context.Context, o records.ValueOwner, p setKeyParams) error {
	value := json.RawMessage(p.Value)
	if len(value) == 0 {
		value = json.RawMessage("null")
	}
	return valueError(c.api.Values.PutValue(ctx, o, p.Key, method.Canonical(method.Object(value))))
}

func (c *Call) deleteValue(ctx context.Context, o records.ValueOwner, key string) (any, error) {
	ok, err := c.api.Values.DeleteValue(ctx, o, key)
	if ok {
		return 1, nil
	}
	return 0, valueError(err)
}

func valueError(err error) error {
	if errors.Is(err, records.ErrTooManyValues) {
		return &method.Error{Code: method.CodeConflict, Message: fmt.Sprintf("there are too many keys: %d of one user, and %d of all", records.MaxValuesOfUser, records.MaxValues)}
	}
	return method.StoreError(err, "key")
}
