package apitoken

import (
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
)

var (
	// ErrUnavailable says that the store cannot be asked now, which is never a
	// pass. It is an [eauth.ErrUnavailable].
	ErrUnavailable = fmt.Errorf("the token store does not answer: %w", eauth.ErrUnavailable)

	// ErrNotFound says that there is no such token or document.
	ErrNotFound = errors.New("no such token")

	// ErrConflict says that a name, an id, a hash or a version is taken
	// already, or that a secret was issued already.
	ErrConflict = errors.New("taken already")

	// ErrRevoked says that a token, or the parent of one to be made, was
	// revoked.
	ErrRevoked = errors.New("the token was revoked")

	// ErrExpired says that a token, or the parent of one to be made, has had
	// its time.
	ErrExpired = errors.New("the token has expired")

	// ErrReused says that a one-time token was used before. Its family has
	// been revoked by then.
	ErrReused = errors.New("the one-time token was used before")

	// ErrInvalid says that a record or document cannot be kept as it is.
	ErrInvalid = errors.New("not a valid record")
)

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
