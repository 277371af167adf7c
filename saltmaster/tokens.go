package saltmaster

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// ErrNotAccepted means that the master does not accept tokens that are written
// into its store from outside: another user, another driver, another host.
var ErrNotAccepted = errors.New("salt master does not accept written tokens")

// Tokens makes, finds and removes Salt tokens: in the master's own store on
// disk where that is seen to work, over the wire otherwise.
type Tokens struct {
	client *Client
	stores []tokenstore.Store
	life   time.Duration
	log    *slog.Logger

	mayChoose func(eauth, user string) bool

	store     atomic.Pointer[tokenstore.Store] // the one that the master was seen to read
	elsewhere atomic.Bool                      // it was seen to read none
}

// TokensOptions are the master's settings that say where its tokens are.
type TokensOptions struct {
	TokenDir string        // token_dir: Salt 3006 and 3007
	CacheDir string        // cachedir: Salt 3008 keeps them in its folder tokens
	HashType string        // hash_type
	Life     time.Duration // token_expire
	Log      *slog.Logger

	// MayChooseLife is token_expire_user_override: whether a user may choose
	// another lifetime. nil is no.
	MayChooseLife func(eauth, user string) bool
}

// NewTokens returns the tokens of the master that client speaks to.
func NewTokens(client *Client, o TokensOptions) *Tokens {
	return &Tokens{
		client: client,
		life:   o.Life,
		log:    o.Log,

		mayChoose: o.MayChooseLife,
		stores: []tokenstore.Store{
			{Dir: o.CacheDir + "/tokens", Layout: tokenstore.Enveloped, HashType: o.HashType},
			{Dir: o.TokenDir, Layout: tokenstore.Flat, HashType: o.HashType},
		},
	}
}

// probeUser is the name in the token of the self-check. The token gives
// nothing: it lives for seconds and its eauth is none that a master has.
const probeUser = "saltern-self-check"

// Check writes a token in each known layout and looks it up at the master. The
// first that it knows is the layout to use from then on. ErrNotAccepted is
// final until the master changes; any other error is not an answer, and leaves
// the layout as it was.
func (t *Tokens) Check(ctx context.Context) error {
	for _, s := range t.stores {
		ok, err := t.try(ctx, s)
		if err != nil {
			return err
		}
		if ok {
			t.store.Store(&s)
			t.elsewhere.Store(false)
			return nil
		}
	}
	t.store.Store(nil)
	t.elsewhere.Store(true)
	return ErrNotAccepted
}

func (t *Tokens) try(ctx context.Context, s tokenstore.Store) (bool, error) {
	now := time.Now()
	r := tokenstore.Record{Token: s.NewToken(), User: probeUser, Eauth: probeUser, Start: now, Expire: now.Add(time.Minute)}
	if err := s.Write(r); err != nil {
		t.log.Debug("token store cannot be written", slog.Any("layout", s.Layout), slog.Any("error", err))
		return false, nil
	}
	_, known, err := t.client.GetToken(ctx, r.Token)
	return known, errors.Join(err, s.Remove(r.Token))
}

// Written reports whether the master was seen to accept written tokens, and in
// which layout.
func (t *Tokens) Written() (tokenstore.Layout, bool) {
	if s := t.store.Load(); s != nil {
		return s.Layout, true
	}
	return 0, false
}

// Elsewhere reports whether the master was seen not to accept written tokens: it
// keeps its own elsewhere, or in files that this process may not write.
func (t *Tokens) Elsewhere() bool { return t.elsewhere.Load() }

// Write puts a token for user into the master's store. life is what the user
// asks for; it counts as it would at the master, and 0 or less stands for none.
func (t *Tokens) Write(_ context.Context, user, eauth string, groups []string, life time.Duration) (Token, error) {
	s := t.store.Load()
	if s == nil {
		return Token{}, ErrNotAccepted
	}
	if life <= 0 || t.mayChoose == nil || !t.mayChoose(eauth, user) {
		life = t.life
	}
	now := time.Now().Truncate(time.Microsecond) // which is what a file holds
	r := Token{Token: s.NewToken(), User: user, Eauth: eauth, Groups: groups, Start: now, Expire: now.Add(life)}
	if err := s.Write(r); err != nil {
		return Token{}, err
	}
	return r, nil
}

// Remove takes a token back. Without access to the store it is left to
// expire: the master has no command for it.
func (t *Tokens) Remove(_ context.Context, token string) error {
	s := t.store.Load()
	if s == nil {
		return ErrNotAccepted
	}
	return s.Remove(token)
}

// RemoveHashed is Remove for a token of which only the SHA-256 is known.
func (t *Tokens) RemoveHashed(_ context.Context, sum [sha256.Size]byte) error {
	s := t.store.Load()
	if s == nil {
		return ErrNotAccepted
	}
	return s.RemoveHashed(sum)
}

// LookupToken returns the owner of a token: from the store if that is in reach, from
// the master otherwise. ok is false when the master would not know it.
func (t *Tokens) LookupToken(ctx context.Context, token string) (found Token, ok bool, err error) {
	s := t.store.Load()
	if s == nil {
		return t.client.GetToken(ctx, token)
	}
	found, err = s.Read(token)
	if errors.Is(err, tokenstore.ErrNotFound) {
		return Token{}, false, nil
	}
	if err != nil {
		return Token{}, false, fmt.Errorf("token store: %w", err)
	}
	return found, true, nil
}

// MakeToken has the master check a login and returns the token that it made;
// see [Client.MakeTokenFor].
func (t *Tokens) MakeToken(
	ctx context.Context, eauth, username, password string, life time.Duration,
) (made Token, ok bool, err error) {
	return t.client.MakeTokenFor(ctx, eauth, username, password, life)
}

// RemoveToken is Remove, for tokens that the master made.
func (t *Tokens) RemoveToken(ctx context.Context, token string) error {
	return t.Remove(ctx, token)
}
