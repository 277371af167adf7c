package pam

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/guard"
)

// DefaultService is the PAM service that Salt uses by default.
const DefaultService = "login"

// ErrNotBuilt means that this binary was built without PAM.
var ErrNotBuilt = errors.New("built without PAM")

// Mint grants a checked user the authority to act at the master.
type Mint interface {
	Grant(ctx context.Context, user, eauth string, groups []string) (eauth.Grant, error)
}

// Options set up a [Backend]. Mint is required.
type Options struct {
	Service string // Salt's auth.pam.service; DefaultService when empty

	// ConfDir is a directory of PAM services to use in place of the system's,
	// for tests and demonstrations. Empty means the system's.
	ConfDir string

	// AllowRoot lets root log in, and any other user with the user id 0. By
	// default they are refused without calling PAM, so that the password of
	// root cannot be guessed remotely.
	AllowRoot bool

	// UserID returns a user's numeric id, and false for a user that has none;
	// [SystemUserID] when nil.
	UserID func(ctx context.Context, user string) (id string, ok bool, err error)

	// ShadowFile is the file in which [Accounts] looks for locked passwords;
	// /etc/shadow when empty.
	ShadowFile string

	// Groups returns a user's groups for external_auth's "group%" entries;
	// [SystemGroups] when nil. nil groups mean none.
	Groups func(ctx context.Context, user string) ([]string, error)

	Mint   Mint
	Guard  guard.Options
	Logger *slog.Logger // receives the reasons of PAM's refusals; nil discards
}

// Backend checks passwords through PAM.
type Backend struct {
	*guard.Guard
	login *login
}

var _ eauth.Backend = (*Backend)(nil)

// New returns a backend. [Backend.Check] reports whether it can work.
func New(o Options) *Backend {
	if o.Service == "" {
		o.Service = DefaultService
	}
	if o.Groups == nil {
		o.Groups = SystemGroups
	}
	if o.UserID == nil {
		o.UserID = SystemUserID
	}
	if o.ShadowFile == "" {
		o.ShadowFile = shadowFile
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Guard.Logger == nil {
		o.Guard.Logger = o.Logger
	}
	l := &login{opts: o, ask: ask}
	return &Backend{Guard: guard.New(l, o.Guard), login: l}
}

// login is the backend behind the guard.
type login struct {
	opts Options
	ask  func(*question) answer // the function of this package, except in tests
}

// question is the input of one check with libpam. ask empties the password.
type question struct {
	service, confDir string
	user, password   string
	rhost            string // the client's address, or empty
}

// answer is the result of one check with libpam.
type answer struct {
	verdict verdict
	class   string // PAM's name of it: one of few words, for logs
	user    string // the name as PAM has it afterwards; set if right
}

type verdict int

const (
	broken verdict = iota // PAM could not decide
	wrong
	right
)

func (l *login) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	no := eauth.Identity{}
	// No service that prompts for a password accepts an empty one here, since
	// PAM is called with DisallowNullAuthtok; and a service that does not
	// prompt must not let everybody in without a password.
	if c.Token != "" || c.Password == "" {
		return no, false, nil
	}
	if ok, err := l.allowed(ctx, c, c.Username); !ok || err != nil {
		return no, false, err
	}
	q := &question{
		service: l.opts.Service, confDir: l.opts.ConfDir,
		user: c.Username, password: c.Password,
	}
	q.rhost = rhost(c.RemoteAddr)
	a := l.ask(q)
	switch a.verdict {
	case right:
	case wrong:
		l.opts.Logger.InfoContext(ctx, "PAM refused a login",
			slog.String("user", c.Username), slog.String("remote", q.rhost), slog.String("class", a.class))
		return no, false, nil
	default:
		return no, false, fmt.Errorf("%w: PAM service %q: %s", eauth.ErrUnavailable, l.opts.Service, a.class)
	}

	// A module may have mapped the name to another one; then the password was
	// right for that one, to which the same rules apply.
	mapped := eauth.Credentials{Username: a.user}
	if mapped.Check() != nil {
		l.opts.Logger.WarnContext(ctx, "PAM let a login pass under a name that cannot be one", slog.String("user", c.Username))
		return no, false, nil
	}
	if ok, err := l.allowed(ctx, c, a.user); !ok || err != nil {
		return no, false, err
	}
	return l.identity(ctx, c.Eauth, a.user)
}

// rhost returns an address as modules see it in PAM_RHOST; empty where there is
// none.
func rhost(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.Unmap().String()
}

// Allowed reports whether the user of credentials may log in at all, wherever
// the password is checked: root may only with [Options.AllowRoot].
func (b *Backend) Allowed(ctx context.Context, c eauth.Credentials) (bool, error) {
	return b.login.allowed(ctx, c, c.Username)
}

// allowed reports whether user may log in at all. An error wraps
// [eauth.ErrUnavailable].
func (l *login) allowed(ctx context.Context, c eauth.Credentials, user string) (bool, error) {
	if l.opts.AllowRoot {
		return true, nil
	}
	root, err := l.isRoot(ctx, user)
	if !root || err != nil {
		return err == nil, err
	}
	l.opts.Logger.InfoContext(ctx, "a login as root is refused",
		slog.String("user", c.Username), slog.String("remote", c.RemoteAddr.String()))
	return false, nil
}

func (l *login) identity(ctx context.Context, module, user string) (eauth.Identity, bool, error) {
	groups, err := l.opts.Groups(ctx, user)
	if err != nil {
		return eauth.Identity{}, false, fmt.Errorf("%w: groups of %q: %w", eauth.ErrUnavailable, user, err)
	}
	g, err := l.opts.Mint.Grant(ctx, user, module, groups)
	if err != nil {
		return eauth.Identity{}, false, fmt.Errorf("grant a login: %w", err)
	}
	return eauth.Identity{User: user, Eauth: module, Groups: groups, Grant: g}, true, nil
}
