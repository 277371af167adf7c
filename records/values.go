package records

import (
	"context"
	"encoding/json"
	"errors"
)

// Values is the part of a [Store] for values that users keep by keys.
type Values interface {
	// Value returns the value of a key, or an [ErrNotFound].
	Value(ctx context.Context, o ValueOwner, key string) (json.RawMessage, error)

	// PutValue sets the value of a key. Errors of what cannot be kept are an
	// [*InvalidError], and those of the bounds an [ErrTooManyValues].
	PutValue(ctx context.Context, o ValueOwner, key string, value json.RawMessage) error

	// DeleteValue removes a key, and returns whether it was there.
	DeleteValue(ctx context.Context, o ValueOwner, key string) (bool, error)

	// ValueKeys returns the keys of an owner in their order.
	ValueKeys(ctx context.Context, o ValueOwner) ([]string, error)
}

// ValueOwner is whose values these are. The zero one is the system.
type ValueOwner struct{ User, Eauth string }

// The bounds of values.
const (
	MaxValues       = 20_000
	MaxValuesOfUser = 500
	MaxValueKey     = 255      // bytes
	MaxValueSize    = 64 << 10 // bytes
)

// ErrTooManyValues means that there are [MaxValues] already, or [MaxValuesOfUser] of
// the owner's.
var ErrTooManyValues = errors.New("there are too many values")
