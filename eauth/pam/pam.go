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

// ErrNotBuilt says that this binary has no PAM in it.
var ErrNotBuilt = errors.New("built without PAM")

// Mint grants a checked user the authority to act at the master.
type Mint interface {
	Grant(ctx context.Context, user, eauth string, groups []string) (eauth.Grant, error)
}

// Options set up a [Backend]. Mint is required.
type Options struct {
	Service string // Salt's auth.pam.service; DefaultService when empty

	// ConfDir is a folder of PAM services to use in place of the system's,
	// for tests and demonstrations. Empty is the system's.
	ConfDir string

	// AllowRoot lets root log in, and whoever else has the user id 0. By default
	// they are refused without asking PAM: nobody should be able to guess at the
	// password of root from afar.
	AllowRoot bool

	// UserID returns a user's numeric id, and false for a user that has none;
	// [SystemUserID] when nil.
	UserID func(ctx context.Context, user string) (id string, ok bool, err error)

	// ShadowFile is where [Accounts] finds out whether a password is locked;
	// /etc/shadow when empty.
	ShadowFile string

	// Groups lists a user's groups for external_auth's "group%" entries;
	// [SystemGroups] when nil. nil groups are none.
	Groups func(ctx context.Context, user string) ([]string, error)

	Mint   Mint
	Guard  guard.Options
	Logger *slog.Logger // hears why PAM refused; nil discards
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
	ask  func(*question) answer // the one in this package but for tests
}

// question is what libpam is asked. ask empties the password.
type question struct {
	service, confDir string
	user, password   string
	rhost            string // the client's address, or empty
}

// answer is what libpam said.
type answer struct {
	verdict verdict
	class   string // what PAM called it: one of few words, for logs
	user    string // the name as PAM has it afterwards; when right
}

type verdict int

const (
	broken verdict = iota // PAM could not tell
	wrong
	right
)

func (l *login) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	no := eauth.Identity{}
	// No service that asks for a password takes an empty one here, since PAM
	// is told to disallow it, and one that asks for none must not let
	// everybody in who sends none.
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

	// A module may have mapped the name to another one, and then it is that
	// one whose password was right. It is held to the same rules.
	who := eauth.Credentials{Username: a.user}
	if who.Check() != nil {
		l.opts.Logger.WarnContext(ctx, "PAM let a login pass under a name that cannot be one", slog.String("user", c.Username))
		return no, false, nil
	}
	if ok, err := l.allowed(ctx, c, a.user); !ok || err != nil {
		return no, false, err
	}
	return l.identity(ctx, c.Eauth, a.user)
}

// rhost is an address as modules see it in PAM_RHOST; empty where there is none.
func rhost(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.Unmap().String()
}

// Allowed reports whether the user of credentials may log in at all, wherever the
// password is checked: root may not, but with [Options.AllowRoot].
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
