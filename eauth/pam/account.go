package pam

import (
	"context"
	"fmt"
	"log/slog"

	"saltern/eauth"
)

// accountsAtOnce is how many accounts are asked about at once: each holds a
// thread.
const accountsAtOnce = 4

// Accounts asks PAM about users without their passwords: whether an account is
// still there and may be used (pam_acct_mgmt). It is for who has a credential
// of another kind.
//
//	a := pam.NewAccounts(pam.Options{Service: "login"})
//	ok, groups, err := a.Active(ctx, "alice")
type Accounts struct {
	login *login
	slots chan struct{}
	ask   func(service, confDir, user string) answer // the one in this package but for tests
}

// NewAccounts takes of o what says where PAM is asked, and AllowRoot, Groups
// and Logger. Mint and Guard are not used.
func NewAccounts(o Options) *Accounts {
	return &Accounts{login: New(o).login, slots: make(chan struct{}, accountsAtOnce), ask: askAccount}
}

// Active tells whether a user's account may be used now, and the user's
// groups. An error says that PAM could not tell.
func (a *Accounts) Active(ctx context.Context, user string) (ok bool, groups []string, err error) {
	c := eauth.Credentials{Username: user}
	if c.Check() != nil || !a.login.allowed(ctx, c, user) {
		return false, nil, nil
	}
	said, err := a.wait(ctx, user)
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
	if groups, err = o.Groups(ctx, user); err != nil {
		return false, nil, fmt.Errorf("%w: groups of %q: %w", eauth.ErrUnavailable, user, err)
	}
	return true, groups, nil
}

// wait asks PAM, which cannot be stopped: its slot is taken until it answers,
// whether or not somebody still waits.
func (a *Accounts) wait(ctx context.Context, user string) (answer, error) {
	select {
	case a.slots <- struct{}{}:
	case <-ctx.Done():
		return answer{}, fmt.Errorf("ask PAM about an account: %w", ctx.Err())
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-a.slots }()
		answers <- a.ask(a.login.opts.Service, a.login.opts.ConfDir, user)
	}()
	select {
	case said := <-answers:
		return said, nil
	case <-ctx.Done():
		return answer{}, fmt.Errorf("ask PAM about an account: %w", ctx.Err())
	}
}
