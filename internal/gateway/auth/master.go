package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/mint"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Master is the master's token store for the packages of eauth, in the errors
// that those know.
type Master struct{ *saltmaster.Tokens }

var (
	_ mint.Store    = Master{}
	_ token.Store   = Master{}
	_ master.Master = Master{}

	_ session.Tokens = Master{}
)

// Check is that of mint.Store.
func (m Master) Check(ctx context.Context) error {
	err := m.Tokens.Check(ctx)
	if errors.Is(err, saltmaster.ErrNotAccepted) {
		return fmt.Errorf("%w: %w", mint.ErrNotAccepted, err)
	}
	return unavailable(err)
}

// Write is that of mint.Store.
func (m Master) Write(
	ctx context.Context, user, module string, groups []string, life time.Duration,
) (eauth.Token, error) {
	t, err := m.Tokens.Write(ctx, user, module, groups, life)
	if err != nil {
		return eauth.Token{}, unavailable(err)
	}
	return ofMaster(t)
}

// LookupToken is that of token.Store.
func (m Master) LookupToken(ctx context.Context, value string) (eauth.Token, bool, error) {
	return answered(m.Tokens.LookupToken(ctx, value))
}

// MakeToken is that of master.Master.
func (m Master) MakeToken(
	ctx context.Context, module, username, password string, life time.Duration,
) (eauth.Token, bool, error) {
	return answered(m.Tokens.MakeToken(ctx, module, username, password, life))
}

// answered is the master's answer about a token.
func answered(found saltmaster.Token, ok bool, err error) (eauth.Token, bool, error) {
	if !ok || err != nil {
		return eauth.Token{}, false, unavailable(err)
	}
	t, err := ofMaster(found)
	return t, err == nil, err
}

// ofMaster translates a token. One whose auth_list cannot be read is refused:
// without it the token would seem to have none, and to allow something else.
func ofMaster(t saltmaster.Token) (eauth.Token, error) {
	out := eauth.Token{
		Value: t.Token, User: t.User, Eauth: t.Eauth, Groups: t.Groups, Start: t.Start, Expire: t.Expire,
	}
	if t.AuthList == nil {
		return out, nil
	}
	list, err := msgpack.AppendJSON(nil, t.AuthList)
	if err != nil {
		return eauth.Token{}, fmt.Errorf("%w: auth_list of a token: %w", eauth.ErrUnavailable, err)
	}
	if !json.Valid(list) { // NaN
		return eauth.Token{}, fmt.Errorf("%w: auth_list of a token: not JSON", eauth.ErrUnavailable)
	}
	out.AuthList = list
	return out, nil
}

// RemoveToken leaves a token to expire where the master's store is out of
// reach: the master has no command to remove one.
func (m Master) RemoveToken(ctx context.Context, t string) error {
	err := m.Remove(ctx, t)
	if errors.Is(err, saltmaster.ErrNotAccepted) {
		return nil
	}
	return err
}

// Local reports whether a lookup reads the master's store itself.
func (m Master) Local() bool {
	_, local := m.Written()
	return local
}

// unavailable marks every failure of the master as one that says nothing
// about the credentials.
func unavailable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", eauth.ErrUnavailable, err)
}
