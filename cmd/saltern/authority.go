package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"saltern/eauth"
	"saltern/eauth/master"
	"saltern/eauth/mint"
	"saltern/eauth/token"
	"saltern/saltmaster"
)

// authority lends the master's tokens to the rooms of eauth, in the errors
// that those know.
type authority struct{ *saltmaster.Tokens }

var (
	_ mint.Store    = authority{}
	_ token.Store   = authority{}
	_ master.Master = authority{}
)

func (a authority) Check(ctx context.Context) error {
	err := a.Tokens.Check(ctx)
	if errors.Is(err, saltmaster.ErrNotAccepted) {
		return fmt.Errorf("%w: %w", mint.ErrNotAccepted, err)
	}
	return unavailable(err)
}

func (a authority) Write(ctx context.Context, user, module string, groups []string) (string, time.Time, error) {
	t, expire, err := a.Tokens.Write(ctx, user, module, groups)
	return t, expire, unavailable(err)
}

func (a authority) LookupToken(ctx context.Context, t string) (user, module string, expire time.Time, ok bool, err error) {
	user, module, expire, ok, err = a.Tokens.LookupToken(ctx, t)
	return user, module, expire, ok, unavailable(err)
}

func (a authority) MakeToken(ctx context.Context, module, username, password string) (t, user string, ok bool, err error) {
	t, user, ok, err = a.Tokens.MakeToken(ctx, module, username, password)
	return t, user, ok, unavailable(err)
}

// RemoveToken leaves a token to expire where the master's store is out of
// reach: the master has no command to remove one.
func (a authority) RemoveToken(ctx context.Context, t string) error {
	err := a.Remove(ctx, t)
	if errors.Is(err, saltmaster.ErrNotAccepted) {
		return nil
	}
	return err
}

// unavailable marks every failure of the master as one that says nothing
// about the credentials.
func unavailable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", eauth.ErrUnavailable, err)
}
