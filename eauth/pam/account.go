package pam

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"

	"github.com/saltern-api/saltern/eauth"
)

// accountsAtOnce is how many accounts are checked at once: each check occupies
// a thread.
const accountsAtOnce = 4

// Accounts checks users with PAM without their passwords: whether an account
// still exists and may be used (pam_acct_mgmt). It is for users with a
// credential of another kind.
//
//	a := pam.NewAccounts(pam.Options{Service: "login"})
//	ok, groups, err := a.Active(ctx, "alice", client)
type Accounts struct {
	login *login
	slots chan struct{}
	ask   func(*question) answer // the function of this package, except in tests
}

// NewAccounts uses all of o but Mint and Guard.
func NewAccounts(o Options) *Accounts {
	return &Accounts{login: New(o).login, slots: make(chan struct{}, accountsAtOnce), ask: askAccount}
}

// Active reports whether a user's account may be used now by a client at an
// address, and returns the user's groups. A user with a locked password may
// not, where this process can read that. An error means that PAM could not
// decide.
func (a *Accounts) Active(ctx context.Context, user string, from netip.Addr) (ok bool, groups []string, err error) {
	c := eauth.Credentials{Username: user, RemoteAddr: from}
	if c.Check() != nil {
		return false, nil, nil
	}
	if ok, err := a.login.allowed(ctx, c, user); !ok || err != nil {
		return false, nil, err
	}
	said, err := a.wait(ctx, user, from)
	if err != nil {
		return false, nil, err
	}
	o := a.login.opts
	switch said.verdict {
	case right:
	case wrong:
		o.Logger.InfoContext(ctx, "PAM refuses the account of a token's owner",
			slog.String("user", user), slog.String("class", said.class))
		return false, nil, nil
	default:
		return false, nil, fmt.Errorf("%w: PAM service %q: %s", eauth.ErrUnavailable, o.Service, said.class)
	}
	if passwordLocked(o.ShadowFile, user) {
		o.Logger.InfoContext(ctx, "the password of a token's owner is locked", slog.String("user", user))
		return false, nil, nil
	}
	if groups, err = o.Groups(ctx, user); err != nil {
		return false, nil, fmt.Errorf("%w: groups of %q: %w", eauth.ErrUnavailable, user, err)
	}
	return true, groups, nil
}

// wait calls PAM, which cannot be stopped: its slot is occupied until PAM
// returns, even if ctx has ended.
func (a *Accounts) wait(ctx context.Context, user string, from netip.Addr) (answer, error) {
	select {
	case a.slots <- struct{}{}:
	case <-ctx.Done():
		return answer{}, fmt.Errorf("ask PAM about an account: %w", ctx.Err())
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-a.slots }()
		o := a.login.opts
		answers <- a.ask(&question{service: o.Service, confDir: o.ConfDir, user: user, rhost: rhost(from)})
	}()
	select {
	case said := <-answers:
		return said, nil
	case <-ctx.Done():
		return answer{}, fmt.Errorf("ask PAM about an account: %w", ctx.Err())
	}
}

// Limits of the file with the passwords. A line is a few hundred bytes.
const (
	maxShadowFile = 64 << 20 // bytes
	maxShadowLine = 64 << 10 // bytes
)

// passwordLocked reports whether a user's password is locked: usermod -L and
// passwd -l put a ! in front of its hash. pam_unix refuses such a password but
// not the account, which may still be used without a password. If the file
// cannot be read, or does not contain the user, the result is false.
func passwordLocked(file, user string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(io.LimitReader(f, maxShadowFile))
	lines.Buffer(nil, maxShadowLine)
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		if name == user {
			return strings.HasPrefix(rest, "!") // the first line of a user counts, as in libc
		}
	}
	return false
}
