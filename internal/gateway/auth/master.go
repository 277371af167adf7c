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

// Master is the master's token store for the packages of eauth, with their
// errors.
type Master struct{ *saltmaster.Tokens }

var (
	_ mint.Store    = Master{}
	_ token.Store   = Master{}
	_ master.Master = Master{}

	_ session.Tokens = Master{}
)

// Check implements mint.Store.
func (m Master) Check(ctx context.Context) error {
	err := m.Tokens.Check(ctx)
	if errors.Is(err, saltmaster.ErrNotAccepted) {
		return fmt.Errorf("%w: %w", mint.ErrNotAccepted, err)
	}
	return unavailable(err)
}

// Write implements mint.Store.
func (m Master) Write(
	ctx context.Context, user, module string, groups []string, life time.Duration,
) (eauth.Token, error) {
	t, err := m.Tokens.Write(ctx, user, module, groups, life)
	if err != nil {
		return eauth.Token{}, unavailable(err)
	}
	return ofMaster(t)
}

// LookupToken implements token.Store.
func (m Master) LookupToken(ctx context.Context, value string) (eauth.Token, bool, error) {
	return answered(m.Tokens.LookupToken(ctx, value))
}

// MakeToken implements master.Master.
func (m Master) MakeToken(
	ctx context.Context, module, username, password string, life time.Duration,
) (eauth.Token, bool, error) {
	return answered(m.Tokens.MakeToken(ctx, module, username, password, life))
}

// answered converts the master's reply about a token.
func answered(found saltmaster.Token, ok bool, err error) (eauth.Token, bool, error) {
	if !ok || err != nil {
		return eauth.Token{}, false, unavailable(err)
	}
	t, err := ofMaster(found)
	return t, err == nil, err
}

// ofMaster converts a token. One whose auth_list cannot be decoded is refused:
// without the list it would have other rights.
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

// RemoveToken removes a token if the master's store is accessible. Otherwise
// the token is left to expire, since the master has no command to remove one.
func (m Master) RemoveToken(ctx context.Context, t string) error {
	err := m.Remove(ctx, t)
	if errors.Is(err, saltmaster.ErrNotAccepted) {
		return nil
	}
	return err
}

// Local reports whether a lookup reads the master's store directly.
func (m Master) Local() bool {
	_, local := m.Written()
	return local
}

// unavailable marks every failure of the master as one that is no verdict on
// the credentials.
func unavailable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", eauth.ErrUnavailable, err)
}
