package apitoken

import (
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
)

var (
	// ErrUnavailable means that the store cannot be reached now; no token is
	// accepted then. It is an [eauth.ErrUnavailable].
	ErrUnavailable = fmt.Errorf("the token store does not answer: %w", eauth.ErrUnavailable)

	// ErrNotFound means that there is no such token or document.
	ErrNotFound = errors.New("no such token")

	// ErrConflict means that a name, an id, a hash or a version is already
	// taken, or that a secret was already issued.
	ErrConflict = errors.New("taken already")

	// ErrRevoked means that a token, or the parent of one to be made, was
	// revoked.
	ErrRevoked = errors.New("the token was revoked")

	// ErrExpired means that a token, or the parent of one to be made, has
	// expired.
	ErrExpired = errors.New("the token has expired")

	// ErrReused means that a one-time token was used before. Its family is
	// already revoked then.
	ErrReused = errors.New("the one-time token was used before")

	// ErrInvalid means that a record or document cannot be stored as it is.
	ErrInvalid = errors.New("not a valid record")
)

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
