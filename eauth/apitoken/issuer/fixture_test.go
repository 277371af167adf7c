package issuer_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a memory store that can fail, and that counts its calls.
type store struct {
	*memory.Store
	down  atomic.Bool
	calls atomic.Int64

	limited atomic.Bool
	writes  atomic.Int64 // how many more succeed while limited is set
}

// failing makes all writes after the first n fail.
func (s *store) failing(n int64) {
	s.writes.Store(n)
	s.limited.Store(true)
}

func (s *store) written() error {
	if s.limited.Load() && s.writes.Add(-1) < 0 {
		return apitoken.ErrUnavailable
	}
	return nil
}

func (s *store) Renew(ctx context.Context, id string, n apitoken.Renewal) (apitoken.Record, error) {
	if err := s.written(); err != nil {
		return apitoken.Record{}, err
	}
	return s.Store.Renew(ctx, id, n)
}

func (s *store) Consume(ctx context.Context, h apitoken.Hash, now time.Time, next ...apitoken.Issue) (apitoken.Record, error) {
	if err := s.written(); err != nil {
		return apitoken.Record{}, err
	}
	return s.Store.Consume(ctx, h, now, next...)
}

func (s *store) gone() error {
	s.calls.Add(1)
	if s.down.Load() {
		return apitoken.ErrUnavailable
	}
	return nil
}

func (s *store) Create(ctx context.Context, i apitoken.Issue) error {
	if err := errors.Join(s.gone(), s.written()); err != nil {
		return err
	}
	return s.Store.Create(ctx, i)
}

func (s *store) Lookup(ctx context.Context, h apitoken.Hash) (apitoken.Record, error) {
	if err := s.gone(); err != nil {
		return apitoken.Record{}, err
	}
	return s.Store.Lookup(ctx, h)
}

func (s *store) Get(ctx context.Context, id string) (apitoken.Record, error) {
	if err := s.gone(); err != nil {
		return apitoken.Record{}, err
	}
	return s.Store.Get(ctx, id)
}

func (s *store) List(ctx context.Context, q apitoken.Query) ([]apitoken.Record, string, error) {
	if err := s.gone(); err != nil {
		return nil, "", err
	}
	return s.Store.List(ctx, q)
}

func (s *store) Document(ctx context.Context, collection, key string) (apitoken.Document, error) {
	if err := s.gone(); err != nil {
		return apitoken.Document{}, err
	}
	return s.Store.Document(ctx, collection, key)
}

func (s *store) Failures(ctx context.Context, key string) (apitoken.Failures, error) {
	if err := s.gone(); err != nil {
		return apitoken.Failures{}, err
	}
	return s.Store.Failures(ctx, key)
}

func (s *store) AddFailure(ctx context.Context, key string, w time.Duration) (apitoken.Failures, error) {
	if err := s.gone(); err != nil {
		return apitoken.Failures{}, err
	}
	return s.Store.AddFailure(ctx, key, w)
}

// town implements Owners and Minter.
type town struct {
	mu     sync.Mutex
	gone   map[string]bool
	groups map[string][]string
	err    error
	minted []string

	// The arguments of the last call of Active.
	last  *issuer.LastLogin
	from  netip.Addr
	freed int
}

func (o *town) Active(
	_ context.Context, owner apitoken.Owner, from netip.Addr, last *issuer.LastLogin,
) (bool, []string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last, o.from = last, from
	if owner.Eauth == "ldap" {
		return !o.gone[owner.User], nil, o.err
	}
	return !o.gone[owner.User] && owner.Eauth == "pam", append([]string{}, o.groups[owner.User]...), o.err
}

// slowTown blocks Active until answer is closed, while slow is set.
type slowTown struct {
	issuer.Owners
	slow          atomic.Bool
	asked, answer chan struct{}
}

func (o *slowTown) Active(
	ctx context.Context, owner apitoken.Owner, from netip.Addr, last *issuer.LastLogin,
) (bool, []string, error) {
	if o.slow.Load() {
		close(o.asked)
		<-o.answer
	}
	return o.Owners.Active(ctx, owner, from, last)
}

// asked returns the arguments of the last call of Active.
func (o *town) asked() (from netip.Addr, last *issuer.LastLogin) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.from, o.last
}

func (o *town) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

func (o *town) Grant(_ context.Context, user, module string, groups []string) (eauth.Grant, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.minted = append(o.minted, user+"/"+module)
	return &grant{o}, nil
}

type grant struct{ *town }

func (*grant) Token(context.Context) (string, error)         { return "5a17", nil }
func (*grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (*grant) Exposed(string)                                {}
func (g *grant) Release(context.Context)                     { g.set(func() { g.freed++ }) }

// env is a service with its dependencies, in a synctest bubble.
type env struct {
	*testing.T
	*issuer.Service
	store  *store
	town   *town
	pepper *apitoken.Pepper

	mu     sync.Mutex
	events []issuer.Event
}

// with runs a test with a service.
func with(t *testing.T, change func(*issuer.Options), test func(r *env)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		pepper, err := apitoken.LoadPepper(dir)
		require.NoError(t, err)
		r := &env{T: t, store: &store{Store: memory.New()}, pepper: pepper,
			town: &town{gone: make(map[string]bool), groups: make(map[string][]string)}}
		r.Service = r.another(change)
		defer r.Close()
		test(r)
	})
}

// another returns the service of another gateway with the same store.
func (r *env) another(change func(*issuer.Options)) *issuer.Service {
	o := issuer.Options{Store: r.store, Pepper: r.pepper, Owners: r.town, Mint: r.town, Notify: r.note}
	if change != nil {
		change(&o)
	}
	s, err := issuer.New(o)
	require.NoError(r, err)
	synctest.Wait()
	return s
}

func (r *env) note(_ context.Context, e issuer.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// told returns the events since its last call, as "what" or "what:why".
func (r *env) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, e := range r.events {
		what := e.What
		if e.Why != "" {
			what += ":" + e.Why
		}
		all = append(all, what)
	}
	r.events = nil
	return all
}

// ended returns the names of the tokens that were revoked for a reason, since the
// last call of told.
func (r *env) ended(why string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, e := range r.events {
		if e.What == issuer.Revoked && e.Why == why {
			all = append(all, e.Token.Name)
		}
	}
	return all
}

var (
	here  = issuer.Origin{Addr: netip.MustParseAddr("192.0.2.7"), Agent: "curl/8"}
	there = issuer.Origin{Addr: netip.MustParseAddr("198.51.100.9")}
)

// user returns a caller with a login.
func user(name string, groups ...string) issuer.Caller {
	return issuer.Caller{User: name, Eauth: "pam", Groups: groups, LoggedIn: true, From: here}
}

var operator = issuer.Caller{Operator: true}

// create creates a token, and requires that this succeeds.
func (r *env) create(c issuer.Caller, change func(*issuer.NewToken)) (string, apitoken.Record) {
	r.Helper()
	n := issuer.NewToken{Name: "ci", Scopes: []string{"Superuser"}, Profile: apitoken.ProfileNative}
	if change != nil {
		change(&n)
	}
	secret, record, err := r.Create(r.Context(), c, n)
	require.NoError(r, err)
	return secret.Reveal(), record
}

func (r *env) exchange(secret string) *issuer.Exchange {
	r.Helper()
	x, err := r.Exchange(r.Context(), secret, issuer.Request{Profile: apitoken.ProfileNative, From: here})
	require.NoError(r, err)
	return x
}

// good reports whether a secret is valid.
func (r *env) good(s *issuer.Service, secret string) bool {
	r.Helper()
	p, ok, err := s.Check(r.Context(), secret, here)
	require.NoError(r, err)
	require.Equal(r, ok, p != nil)
	return ok
}

func (r *env) principal(secret string) *issuer.Principal {
	r.Helper()
	p, ok, err := r.Check(r.Context(), secret, here)
	require.NoError(r, err)
	require.True(r, ok)
	return p
}

func names(records []apitoken.Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, r.Name)
	}
	slices.Sort(all)
	return all
}
