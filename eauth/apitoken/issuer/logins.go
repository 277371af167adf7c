package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// LastLogin is the last login of a token's owner at one of the gateways that
// share the store.
type LastLogin struct {
	Groups []string // which the user was in
}

// loginStore keeps the last logins of owners of tokens in the store.
type loginStore struct {
	store apitoken.Documents
	now   func() time.Time
}

// loginsCollection is where the store has them.
const loginsCollection = "owner-groups"

// loginPrecision is how far the time of a login may be off: not every login of
// a program that logs in for each of its requests is written down.
const loginPrecision = time.Hour

// ownerLogin is what is kept of an owner.
type ownerLogin struct {
	Groups []string `json:"groups"`

	// Login tells that the user has logged in; Since is when, or else when the
	// first token of the user was seen.
	Login bool      `json:"login"`
	Since time.Time `json:"since,omitzero"`

	version int64
}

// known is nil for a user who was not seen to log in.
func (l ownerLogin) known() *LastLogin {
	if !l.Login {
		return nil
	}
	return &LastLogin{Groups: l.Groups}
}

// UnmarshalJSON also reads what was kept before there was a time: the groups
// alone.
func (l *ownerLogin) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		l.Login = true
		return json.Unmarshal(b, &l.Groups)
	}
	type plain ownerLogin
	return json.Unmarshal(b, (*plain)(l))
}

func loginKey(o apitoken.Owner) string { return o.Eauth + "/" + o.User }

// last returns the last login of an owner, or the zero one.
func (b *loginStore) last(ctx context.Context, o apitoken.Owner) (l ownerLogin, err error) {
	d, err := b.store.Document(ctx, loginsCollection, loginKey(o))
	if errors.Is(err, apitoken.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(d.Value, &l); err != nil {
		return l, fmt.Errorf("read the last login of a token's owner: %w", err)
	}
	l.version = d.Version
	return l, nil
}

// note writes a login down, of somebody new only with first. changed tells
// whether tokens of the user may act in another way from then on.
func (b *loginStore) note(ctx context.Context, o apitoken.Owner, groups []string, first bool) (changed bool, err error) {
	was, err := b.last(ctx, o)
	if err != nil || was.version == 0 && !first {
		return false, err
	}
	is := ownerLogin{
		Groups: slices.Compact(slices.Sorted(slices.Values(groups))), Login: true,
		Since: apitoken.Micro(b.now()), version: was.version,
	}
	changed = !was.Login || !slices.Equal(was.Groups, is.Groups)
	if !changed && is.Since.Sub(was.Since) < loginPrecision {
		return false, nil
	}
	return changed, b.put(ctx, o, is)
}

// begin has the time of an owner begin who was not seen to log in.
func (b *loginStore) begin(ctx context.Context, o apitoken.Owner, l ownerLogin) error {
	l.Since = apitoken.Micro(b.now())
	return b.put(ctx, o, l)
}

func (b *loginStore) put(ctx context.Context, o apitoken.Owner, l ownerLogin) error {
	value, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write the last login of a token's owner: %w", err)
	}
	_, err = b.store.PutDocument(ctx, loginsCollection, apitoken.Document{Key: loginKey(o), Version: l.version, Value: value})
	if errors.Is(err, apitoken.ErrConflict) {
		return nil // another login was faster
	}
	return err
}
